/*
 * pointer - a .dvc file, exactly in DVC's form, with all in it that we do not know.
 *
 *	outs:
 *	- md5: b1946ac92492d2347c6235b4d2611184
 *	  size: 6
 *	  hash: md5
 *	  path: hello.txt
 *
 * Without `hash: md5` it is a legacy one of DVC 1 and 2 (cas/id.h).
 */
#ifndef CD4ML_CAS_POINTER_H
#define CD4ML_CAS_POINTER_H

#include <jansson.h>
#include <stdbool.h>

#include "cas/id.h"

/** An output as a .dvc file or dvc.lock names it. */
struct cas_out {
	char *path; /* relative to the root */
	bool has_id; /* false: never added or run */
	struct cas_content content; /* size and n_files are -1 when not stated */
	bool cache, push; /* both true unless stated */
	const char *remote; /* its own remote, NULL: the default; borrowed from the document */
};

struct cas_pointer {
	char *file; /* the .dvc file, relative to root */
	json_t *doc; /* the whole document */
	struct cas_out *outs;
	size_t n_outs;
	bool is_import; /* it has deps: brought by `dvc import` */
	bool is_stage; /* it has a command, as DVC 0 and 1 wrote them */
	bool frozen;
};

/** Reads the text of `file`. Errors carry the name. cas_pointer_free(). */
struct cas_pointer *cas_pointer_parse(
	struct slice text, const char *file, struct err *e) MUST_CHECK;
/** Reads root/`file`. */
struct cas_pointer *cas_pointer_load(const char *root, const char *file, struct err *e) MUST_CHECK;
/** A new one for the output `path` (relative to root): the file is path.dvc. */
struct cas_pointer *cas_pointer_new(const char *path, struct err *e) MUST_CHECK;
/** NULL is fine. */
void cas_pointer_free(struct cas_pointer *p);
/** Sets what output `i` holds, in the DVC 3 form; what else is said about it stays. */
int cas_pointer_set(
	struct cas_pointer *p, size_t i, const struct cas_content *c, struct err *e) MUST_CHECK;
/** Where an output was brought from: the one dep of a .dvc file that DVC calls an import. */
struct cas_source {
	const char *path; /* a url, or a path: absolute, or relative to the .dvc file's folder */
	const char *key; /* by what it is known: "md5", "etag" or "checksum"; NULL: by nothing */
	const char *value;
	int64_t size, n_files; /* n_files -1: of a file */
};
/** Makes it an import from there, frozen, as DVC writes it; what it said besides outs is gone. */
int cas_pointer_set_source(
	struct cas_pointer *p, const struct cas_source *s, struct err *e) MUST_CHECK;
/** Adds the text of the file. */
int cas_pointer_format(const struct cas_pointer *p, struct buf *b, struct err *e) MUST_CHECK;
/** Writes root/file, synced; a file with the same bytes is left alone. */
int cas_pointer_save(const struct cas_pointer *p, const char *root, struct err *e) MUST_CHECK;

/*
 * One entry of outs or deps as in .dvc files and dvc.lock: {md5, size, nfiles, isexec, hash, path}.
 */
/** Reads it; `*has_id` tells if there was a hash. `where` names it in messages. */
int cas_pointer_read_entry(json_t *entry, const char *where, struct cas_content *c, bool *has_id,
	struct err *e) MUST_CHECK;

#endif
