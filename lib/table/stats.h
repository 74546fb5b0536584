/*
 * stats - what the columns of a table hold: one pass over all rows on all threads, in memory that
 * does not grow with the rows.
 *
 * Per column: how many values are of which type, the range of its numbers, lengths, the distinct
 * values with their counts while they are few, an estimate of their number when they are many
 * (HyperLogLog, Flajolet et al. 2007, of 2^13 registers: within 3 %), and whether it only counts
 * the rows. What comparisons of two tables need is here: shares of values, and the range for
 * histograms. The same for any number of threads.
 */
#ifndef CD4ML_TABLE_STATS_H
#define CD4ML_TABLE_STATS_H

#include "csv/chunk.h"
#include "table/dict.h"

enum { TABLE_SKETCH_BITS = 13 };

struct table_stats_col {
	char *name;
	uint64_t n_missing;
	/* Each value that is there is one of these: */
	uint64_t n_int, n_fraction, n_nan, n_inf, n_bool, n_date, n_datetime, n_other;
	uint64_t n_zero_led; /* of n_int: with a leading zero, 007: not a quantity */
	uint64_t n_bad_utf8;
	double min, max; /* of n_int and n_fraction; min > max: none */
	uint64_t min_length, max_length; /* characters */
	struct table_dict values; /* all distinct ones, unless there are more than max_values */
	uint64_t *counts; /* [values.n] */
	size_t cap_counts;
	bool has_more; /* then `values` and `counts` are not used */
	double n_distinct; /* exact, or an estimate with has_more */
	bool is_row_number; /* whole numbers, each one more than the one in the row before */
	double first, last; /* for that */
	uint8_t sketch[1 << TABLE_SKETCH_BITS];
};

struct table_stats {
	struct table_stats_col *cols; /* [n_cols] */
	size_t n_cols;
	uint64_t n_rows;
};

struct table_stats_options {
	const struct csv_dialect *dialect;
	uint32_t max_values;
	struct opt_list all_values; /* columns to keep all values of, up to 100000 */
	struct progress *progress;
};

/** Reads all files, which have the same columns by name, as one table. */
struct table_stats *table_stats_collect(const char *const *paths, size_t n_paths,
	const struct table_stats_options *o, struct pool *pool, struct err *e) MUST_CHECK;
void table_stats_free(struct table_stats *s);
/** Values that are there. */
uint64_t table_stats_present(const struct table_stats *s, const struct table_stats_col *c);

#endif
