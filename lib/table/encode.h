/*
 * encode - fits an encoder to a table while writing the encoded table, or applies a stored one.
 *
 * Output: the columns of the encoder in its order, without the dropped ones; then the columns that
 * the encoder does not know, in the order of the input (unless it was fitted with --keep). A date
 * column D becomes D_year, D_month, D_day. What no rule touches passes byte for byte.
 *
 * A missing value takes the rule's fill, before it is made a date or a code; a fill that is no date
 * stands for each of year, month and day. Without a fill it stays missing: it passes as it is, and
 * a date's parts or a code are empty fields.
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
	int order; /* enum table_order */
	uint64_t memory; /* bytes kept before a temporary file is used; 0: no limit */
	const char *temp_dir; /* where */
};

/** True if any option is set that only fitting takes: its name, for a message; else NULL. */
const char *table_encode_transformation(const struct table_encode_options *o);

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
