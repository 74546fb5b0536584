/*
 * tally - one pass over a table: rows, missing fields, moments, distinct values, and tests of each field.
 *
 * Sums are added chunk by chunk in file order: the same bits for any number of threads.
 */
#ifndef CD4ML_EVAL_TALLY_H
#define CD4ML_EVAL_TALLY_H

#include "csv/chunk.h"

enum { EVAL_MAX_DISTINCT = 1 << 20, EVAL_TALLY_TEXT = 80 };

/** What is to be known of a column. A field that is missing counts as missing and nowhere else. */
struct eval_tally_column {
	const char *name; /* borrowed */
	bool numbers; /* mean, sd, min, max are asked for */
	bool distinct; /* n_distinct is asked for; more than EVAL_MAX_DISTINCT is an error */
	/* results */
	uint64_t n_missing;
	uint64_t n_numbers; /* fields that are numbers */
	double mean, m2; /* of them; m2: sum of squared distances from the mean */
	double low, high;
	uint64_t n_distinct;
	bool varies; /* two fields that are not missing differ as texts */
};

/** A value that a field is compared with: a text, or a number if `is_number` (then 1.0 is 1). */
struct eval_value {
	const char *text;
	double number;
	bool is_number;
};

/** A test of each field of a column: is it one of `values`, or (n_values 0) a number in [low, high]? */
struct eval_tally_test {
	size_t column; /* index into the columns */
	const struct eval_value *values; /* [n_values] */
	size_t n_values;
	double low, high;
	/* results; a missing field fails */
	uint64_t n_pass, n_fail;
	uint64_t first_line; /* of the first that failed */
	char first_text[EVAL_TALLY_TEXT]; /* it, cut */
};

struct eval_tally {
	struct eval_tally_column *columns; /* [n_columns] */
	size_t n_columns;
	struct eval_tally_test *tests; /* [n_tests] */
	size_t n_tests;
	uint64_t n_rows; /* result */
};

/** Runs over the table at `path` and fills the results. Columns that are not there are an error. */
int eval_tally_run(struct eval_tally *t, const char *path, const struct csv_dialect *d,
	struct pool *pool, struct progress *progress, struct err *e) MUST_CHECK;
/** Standard deviation of the column's numbers (n in the denominator); NAN without any. */
double eval_tally_sd(const struct eval_tally_column *c);

#endif
