/*
 * schema - what a table must look like: a Frictionless Table Schema with our `check` objects.
 *
 * The file is JSON as https://datapackage.org/standard/table-schema/ says: fields (name, type,
 * constraints), missingValues, fieldsMatch, primaryKey, uniqueKeys. What Table Schema lacks stands
 * in one object `check` for each field and one for the schema:
 *
 *	field:  presence {minFraction, minCount}, domainMass, distinct {minimum, maximum}, allowNaN,
 *	        allowInfinity, environments [..], drift and skew {lInfinity, jensenShannon,
 *	        normalizedAbsoluteDifference}, severity "error" | "warning"
 *	schema: rows {minimum, maximum, driftRatio [lo, hi]}, environments [..],
 *	        newColumns "error" | "warning" | "ignore"
 *
 * Members that are not known are left alone (other programs have theirs), except in `check` and
 * among the constraints: what would be ignored there would be a check that never fails.
 */
#ifndef CD4ML_TABLE_SCHEMA_H
#define CD4ML_TABLE_SCHEMA_H

#include "base/diag.h"
#include "table/dict.h"

enum table_kind {
	TABLE_KIND_ANY,
	TABLE_KIND_STRING,
	TABLE_KIND_INTEGER,
	TABLE_KIND_NUMBER,
	TABLE_KIND_BOOLEAN,
	TABLE_KIND_DATE,
	TABLE_KIND_DATETIME,
	TABLE_KIND_TIME,
	TABLE_KIND_YEAR,
};

enum table_severity { TABLE_ERROR, TABLE_WARNING, TABLE_IGNORE };

/** How the columns of data and schema must agree; the names are Table Schema's. */
enum table_match {
	TABLE_MATCH_EQUAL, /* the same columns; also "exact", which adds their order */
	TABLE_MATCH_EXACT,
	TABLE_MATCH_SUBSET, /* the data may have more */
	TABLE_MATCH_SUPERSET, /* the data may have fewer */
	TABLE_MATCH_PARTIAL, /* at least one in common */
};

struct table_texts {
	char **items; /* [n] */
	size_t n, cap;
};

bool table_texts_has(const struct table_texts *t, struct slice text);

/** Thresholds of a comparison with other data; NAN: not compared. */
struct table_distance {
	double l_infinity, jensen_shannon, normalized_difference;
};

struct table_field {
	char *name;
	enum table_kind kind;
	char *format; /* of a date; NULL for "any": what num_parse_date reads */
	struct table_texts yes, no; /* of a boolean */
	struct table_texts missing; /* its own missingValues */
	bool has_missing;
	/* constraints */
	bool required, unique;
	double minimum, maximum; /* numbers; days since 1970 of a date; NAN: none */
	bool exclusive_minimum, exclusive_maximum;
	uint64_t min_length, max_length; /* characters; UINT64_MAX: none */
	char *pattern; /* of the whole value; POSIX extended, translated; NULL: none */
	bool has_domain;
	struct table_dict domain; /* `enum`, as table_field_key() writes values */
	/* check */
	double min_fraction; /* 0: none */
	uint64_t min_count; /* 0: none */
	double domain_mass; /* share that must be in the domain; 1 */
	uint64_t min_distinct, max_distinct; /* UINT64_MAX: none */
	bool allow_nan, allow_infinity;
	struct table_texts environments;
	bool has_environments;
	struct table_distance drift, skew;
	enum table_severity severity;
};

/** Columns of which the values together occur once. Those of the primary key are required. */
struct table_key {
	size_t *fields; /* [n] */
	size_t n;
	bool is_primary;
};

struct table_schema {
	struct table_field *fields; /* [n_fields] */
	size_t n_fields, cap_fields;
	struct table_texts missing;
	enum table_match match;
	struct table_key *keys; /* [n_keys] */
	size_t n_keys, cap_keys;
	uint64_t min_rows, max_rows; /* UINT64_MAX: no maximum */
	double drift_ratio[2]; /* NAN: none */
	struct table_texts environments;
	enum table_severity new_columns;
};

/**
 * Reads a schema. A mistake in it is ERR_INPUT with its place; what we cannot check (a type that
 * is not known, foreign keys) is a warning to `diag`.
 */
struct table_schema *table_schema_load(
	const char *path, struct diag *diag, struct err *e) MUST_CHECK;
struct table_schema *table_schema_parse(
	struct slice text, const char *name, struct diag *diag, struct err *e) MUST_CHECK;
void table_schema_free(struct table_schema *s);
/** Index of a field, or SIZE_MAX. */
size_t table_schema_find(const struct table_schema *s, const char *name);

/**
 * The form in which values of a field are compared with its domain: numbers by value (07 and 7.0
 * are 7), all else by bytes. Into the emptied `b` if it is another form.
 */
struct slice table_field_key(const struct table_field *f, struct slice value, struct buf *b);
/** Is the field expected in this environment (NULL: all are)? */
bool table_field_is_in(const struct table_field *f, const char *environment);
/** "INT", "FLOAT", "STRING", ... as messages name types. */
const char *table_field_type(const struct table_field *f);

#endif
