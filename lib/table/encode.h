/*
 * encode - fits an encoder to a table while writing the encoded table, or applies a stored one.
 *
 * Output: the groups of columns of the encoder in its order; then the columns that the encoder does
 * not know, in the order of the input (unless it was fitted with --keep). Of a column D come, as
 * the rules say, D itself, or D_year, D_month, D_day; D_count; D_target_mean; D_VALUE for each
 * value; D_parts and D_PART for each part. What no rule touches passes byte for byte.
 *
 * A missing value takes the rule's fill, before anything is made of it; a fill that is no date
 * stands for each part of the date. Without a fill it stays missing: it passes as it is, and what is
 * made of it is empty, but for the zeros of values and parts.
 *
 * In the output of a fit the mean of a target does not know the row's own: the rows are cut into
 * folds by chance (a function of seed and row number), and each takes the mean over the rows of the
 * other folds, drawn to the mean of these (cross-fitting, as scikit-learn's TargetEncoder does in
 * fit_transform). The encoder gets the means over all rows. Sums are made in the order of the rows.
 *
 * A pipe can be fitted too: what is read is kept in a compact form (codes, and the bytes of the
 * other columns) until all rows have been seen, above `memory` bytes in a temporary file that has
 * no name.
 */
#ifndef CD4ML_TABLE_ENCODE_H
#define CD4ML_TABLE_ENCODE_H

#include "base/diag.h"
#include "base/output.h"
#include "csv/chunk.h"
#include "table/encoder.h"

struct table_encode_options {
	const struct csv_dialect *dialect;
	struct progress *progress;
	struct diag *diag;
	/* What follows is for fitting. */
	struct opt_list fill; /* COL=VALUE */
	const char *fill_text; /* for the columns in which some value is not a number; NULL: none */
	const char *fill_number; /* for the others */
	struct opt_list date; /* COL or COL:FORMAT */
	struct opt_list drop, keep;
	struct opt_list rename; /* OLD=NEW */
	struct opt_list codes; /* columns whose values become codes */
	bool codes_text; /* all text columns too */
	struct opt_list plain; /* columns that fill_* and codes_text leave alone */
	int order; /* enum table_order; -1: not said */
	struct opt_list date_parts; /* names of enum table_date_part */
	struct opt_list count, target_mean, onehot; /* columns */
	struct opt_list split; /* COL:SEPARATOR */
	int64_t max_categories; /* columns of --onehot and --split; 0: not said */
	const char *by; /* the target of target_mean; NULL: not said */
	double smooth; /* below 0: not said */
	int64_t folds, seed; /* 0, below 0: not said */
	uint64_t memory; /* bytes kept before a temporary file is used; 0: no limit */
	const char *temp_dir; /* where */
};

#define TABLE_ENCODE_OPTIONS_DEFAULT                                               \
	{                                                                          \
		.order = -1, .smooth = -1, .seed = -1, .memory = UINT64_C(1) << 30 \
	}
/* What stands for what is not said. */
enum { TABLE_ENCODE_CATEGORIES = 100, TABLE_ENCODE_SMOOTH = 20, TABLE_ENCODE_FOLDS = 5 };

/** True if any option is set that only fitting takes: its name, for a message; else NULL. */
const char *table_encode_transformation(const struct table_encode_options *o);
/** Refuses an option without the one that it belongs to. */
int table_encode_check(const struct table_encode_options *o, struct err *e) MUST_CHECK;

/**
 * Reads the table at `path` ("-": standard input), writes it encoded, returns the encoder (owned
 * by the caller).
 */
struct table_encoder *table_encode_fit(const char *path, const struct table_encode_options *o,
	struct pool *pool, struct output *out, struct err *e) MUST_CHECK;

/**
 * Reads the table, writes it encoded by `enc`, which is not changed. Values that the fit did not
 * see are counted and reported: a note, or a warning if they are most of a column.
 */
int table_encode_apply(const char *path, const struct table_encoder *enc,
	const struct table_encode_options *o, struct pool *pool, struct output *out,
	struct err *e) MUST_CHECK;

#endif
