/*
 * column - a whole table in memory, by columns: numbers as float, text as codes of a dictionary.
 *
 * A column's type is decided by all of its values: number if each that is not missing parses as
 * one, else text. "nan" (in any case) is a number that is missing: programs that write floats
 * leave it behind, and one must not turn a column of numbers into categories; "inf" is a number
 * too. Files are read on all threads: once as a rule, and a second time for columns whose first
 * rows looked like numbers. A pipe is kept in memory for that. Codes are given in order of first
 * appearance, the same for any number of threads. Where a row stands is kept too, for messages.
 */
#ifndef CD4ML_TABLE_COLUMN_H
#define CD4ML_TABLE_COLUMN_H

#include <stdint.h>

#include "csv/chunk.h"

enum table_type { TABLE_NUMBER, TABLE_TEXT };
#define TABLE_MISSING UINT32_MAX /* the code of a missing text; a missing number is NAN */

struct table_column {
	char *name;
	enum table_type type;
	bool is_int; /* all numbers are whole */
	float *numbers; /* [n_rows] TABLE_NUMBER: decimal to double to float, as xgboost's users get it */
	uint32_t *codes; /* [n_rows] TABLE_TEXT */
	struct slice *texts; /* [n_texts] value of each code */
	uint32_t n_texts;
	uint64_t n_missing;
};

struct table {
	size_t n_rows, n_cols;
	struct table_column *cols;
	void *memory; /* private: where texts live, and where rows stand */
};

struct table_options {
	const struct csv_dialect *dialect;
	const char *const *keep; /* NULL-terminated names of the columns to read; NULL: all */
	const char *const *drop; /* NULL-terminated names not to read; must exist. NULL: none */
	const char *const
		*as_text; /* NULL-terminated names read as text even if all values are numbers */
	struct progress *progress;
};

/** Reads the rows of all files (same columns by name, order as in the first). table_free(). */
struct table *table_load(const char *const *paths, size_t n_paths, const struct table_options *o,
	struct pool *pool, struct err *e) MUST_CHECK;
void table_free(struct table *t);
#define TABLE_NO_ROW SIZE_MAX
/** Puts the row's file and line before the message; of TABLE_NO_ROW the first file alone. Returns -1. */
int table_err_at(const struct table *t, size_t row, struct err *e);
/** Index of the column, or -1 with the nearest name proposed. */
int table_find(const struct table *t, const char *name, struct err *e) MUST_CHECK;

#endif
