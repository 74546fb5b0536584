/*
 * jdoc - JSON documents: jansson with limits, typed access, errors with a place, stable printing.
 *
 * Values are jansson's `json_t`, borrowed unless said otherwise (json_decref() what you own).
 * base/ydoc reads and writes YAML as the same values.
 */
#ifndef CD4ML_BASE_JDOC_H
#define CD4ML_BASE_JDOC_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum { JDOC_MAX_BYTES = 1 << 30 };

/** Parses a whole text; duplicated keys are refused, depth is limited. Owned by the caller. Errors: name:line. */
json_t *jdoc_parse(struct slice text, const char *name, struct err *e) MUST_CHECK;
/** Reads a file ("-" for standard input). Owned by the caller. Errors: name:line. */
json_t *jdoc_load(const char *path, struct err *e) MUST_CHECK;
/** The same for a document of another format: base/ydoc, base/tdoc. */
typedef json_t *jdoc_parser(struct slice text, const char *name, struct err *e);
json_t *jdoc_read(const char *path, jdoc_parser *parse, struct err *e) MUST_CHECK;

/*
 * Typed access to members of an object. `where` names the object in messages ("schema.json: field 3").
 * A missing member is an error, unless the function ends in `_or`.
 */
json_t *jdoc_get_object(json_t *o, const char *key, const char *where, struct err *e) MUST_CHECK;
json_t *jdoc_get_array(json_t *o, const char *key, const char *where, struct err *e) MUST_CHECK;
const char *jdoc_get_text(json_t *o, const char *key, const char *where, struct err *e) MUST_CHECK;
/** 0 or -1. A missing member leaves `*v` as it was with `_or`; a member of another type is always an error. */
int jdoc_get_int(
	json_t *o, const char *key, const char *where, int64_t *v, struct err *e) MUST_CHECK;
int jdoc_get_number(
	json_t *o, const char *key, const char *where, double *v, struct err *e) MUST_CHECK;
int jdoc_get_int_or(
	json_t *o, const char *key, const char *where, int64_t *v, struct err *e) MUST_CHECK;
int jdoc_get_number_or(
	json_t *o, const char *key, const char *where, double *v, struct err *e) MUST_CHECK;
int jdoc_get_bool_or(
	json_t *o, const char *key, const char *where, bool *v, struct err *e) MUST_CHECK;
int jdoc_get_text_or(
	json_t *o, const char *key, const char *where, const char **v, struct err *e) MUST_CHECK;
/** Refuses members that are not in the NULL-terminated list, naming the nearest known one. */
int jdoc_check_keys(
	json_t *o, const char *const *known, const char *where, struct err *e) MUST_CHECK;

enum jdoc_style {
	JDOC_LINE, /* one line, ", " and ": " as Python's json.dumps; ASCII only, \uXXXX */
	JDOC_SORTED, /* the same with keys sorted at all levels: json.dumps(v, sort_keys=True), byte for byte */
	JDOC_PRETTY, /* indented by two blanks, members in their order, UTF-8, a newline at the end */
};
/** Adds the text of `v`. Doubles as Python's repr writes them (0.1, 1e+17, 10.0): the shortest that reads back. */
void jdoc_format(struct buf *b, const json_t *v, enum jdoc_style style);
/** Adds a double as Python's repr writes it; NaN, Infinity and -Infinity where JSON has no word. */
void jdoc_format_real(struct buf *b, double v);
/** Adds a JSON string with quotes, in ASCII as JDOC_LINE does. Malformed UTF-8 becomes U+FFFD. */
void jdoc_format_text(struct buf *b, struct slice s);
/** Writes the document to a file (see base/output for the flags). */
int jdoc_save(const char *path, const json_t *v, enum jdoc_style style, unsigned flags,
	struct err *e) MUST_CHECK;

#endif
