/*
 * schema_json - members of a schema's JSON, read or refused with their place. Private to lib/table/schema*.c.
 *
 * What is not there leaves the value as it was. Errors are ERR_INPUT, but for memory.
 */
#ifndef CD4ML_TABLE_SCHEMA_JSON_H
#define CD4ML_TABLE_SCHEMA_JSON_H

#include "base/jdoc.h"
#include "table/schema.h"

/** Where we are, for messages. */
struct schema_place {
	const char *where; /* "schema.json: field 3 'age'" */
	struct diag *diag;
	struct err *e;
};

/** Sets the error, the place before it. -1. */
int table_schema_json_fail(const struct schema_place *at, const char *fmt, ...) PRINTF_LIKE(2, 3);
/** The word of a severity up to `last`. */
int table_schema_json_get_severity(const struct schema_place *at, json_t *o, const char *key,
	enum table_severity last, enum table_severity *severity) MUST_CHECK;
/** A list of texts, in place of what is in `t`. `has` (NULL: not asked for): it is there. */
int table_schema_json_get_texts(const struct schema_place *at, json_t *o, const char *key,
	struct table_texts *t, bool *has) MUST_CHECK;
/** A whole number from 0. */
int table_schema_json_get_count(
	const struct schema_place *at, json_t *o, const char *key, uint64_t *v) MUST_CHECK;

/** Adds a copy. */
int table_texts_add(struct table_texts *t, const char *text, struct err *e) MUST_CHECK;
void table_texts_release(struct table_texts *t);

#endif
