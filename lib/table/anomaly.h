/*
 * anomaly - what can be wrong with a table, by TFDV's names and in its words, and what was found.
 */
#ifndef CD4ML_TABLE_ANOMALY_H
#define CD4ML_TABLE_ANOMALY_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "table/schema.h"

enum table_anomaly {
	TABLE_SCHEMA_MISSING_COLUMN,
	TABLE_SCHEMA_NEW_COLUMN,
	TABLE_COLUMN_ORDER, /* ours, as all that TFDV does not have */
	TABLE_NOT_PRESENT,
	TABLE_LOW_FRACTION_PRESENT,
	TABLE_LOW_NUMBER_PRESENT,
	TABLE_UNEXPECTED_DATA_TYPE,
	TABLE_INT_NOT_INT,
	TABLE_FLOAT_NOT_FLOAT,
	TABLE_BOOL_UNEXPECTED,
	TABLE_INT_SMALL,
	TABLE_INT_BIG,
	TABLE_FLOAT_SMALL,
	TABLE_FLOAT_BIG,
	TABLE_FLOAT_NAN,
	TABLE_FLOAT_INF,
	TABLE_ENUM_UNEXPECTED,
	TABLE_ENUM_INVALID_UTF8,
	TABLE_LOW_UNIQUE,
	TABLE_HIGH_UNIQUE,
	TABLE_VALUE_PATTERN,
	TABLE_VALUE_LENGTH,
	TABLE_VALUE_DUPLICATE,
	TABLE_KEY_DUPLICATE,
	TABLE_ROW_SHAPE,
	TABLE_DATASET_LOW_EXAMPLES,
	TABLE_DATASET_HIGH_EXAMPLES,
	TABLE_N_ANOMALIES,
};

/** "INT_TYPE_SMALL_INT". */
const char *table_anomaly_name(enum table_anomaly a);
/** "Out-of-range values". */
const char *table_anomaly_short(enum table_anomaly a);

/** One anomaly of one column. */
struct table_finding {
	const char *column; /* "" for the table */
	enum table_anomaly anomaly;
	enum table_severity severity;
	const char *detail; /* "unexpectedly small value: -5 (row 2)" */
	uint64_t count; /* rows that have it; 0 where rows do not count */
	double share; /* of all rows */
	uint64_t row, line; /* of the first one, the header counted; 0: none */
	const char *value; /* an example; NULL: none */
};

struct table_findings {
	struct table_finding
		*list; /* [n]: the table's, then by the columns of the data, then missing ones */
	size_t n, cap;
	struct arena texts;
	uint64_t n_rows;
	size_t n_cols;
	char **cols; /* [n_cols] */
};

#define TABLE_FINDINGS_INIT \
	{                   \
		0           \
	}

void table_findings_release(struct table_findings *f);
/** Adds a copy of `one`, its detail from the format. */
int table_findings_add(struct table_findings *f, struct table_finding one, struct err *e,
	const char *fmt, ...) PRINTF_LIKE(4, 5) MUST_CHECK;
size_t table_findings_count(const struct table_findings *f, enum table_severity severity);

#endif
