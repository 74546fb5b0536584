/*
 * schema_field - one field of a schema, from its JSON. Private to lib/table/schema*.c.
 */
#ifndef CD4ML_TABLE_SCHEMA_FIELD_H
#define CD4ML_TABLE_SCHEMA_FIELD_H

#include "table/schema_json.h"

/** Reads the object `o` and adds its field to `s`. 0, or -1 with the place, and a part of a field that `s` owns. */
int table_schema_field_read(
	const struct schema_place *at, struct table_schema *s, json_t *o) MUST_CHECK;

#endif
