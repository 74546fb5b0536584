/*
 * cut - a table chopped into files: the engine of csv-split.
 *
 * Each part gets the header and rows as they stand, line ends included. Parts that are runs of rows
 * (rows, parts) give the table's bytes again when they are put together in order.
 */
#ifndef CD4ML_TABLE_CUT_H
#define CD4ML_TABLE_CUT_H

#include "csv/chunk.h"

struct table_cut {
	const char *path;
	const struct csv_dialect *dialect;
	/**
	 * Names of the parts: one %d (with zeros and width: %03d), the part's number from 1; with `by` one
	 * %s, the value, where bytes other than letters, digits, `-`, `_`, `.`, and UTF-8 are written %XX, and
	 * a missing value (empty, or of --na) is "%empty". %% is a percent sign.
	 */
	const char *names;
	/* exactly one of these */
	uint64_t n_rows; /* rows of each part; the last has what is left */
	uint64_t n_parts; /* runs of the same length, to a row; the file is read twice */
	const char *by; /* a part for each value of the column */
	const double
		*shares; /* [n_shares] proportions; each row goes to a part by chance, order kept */
	size_t n_shares;
	/* of shares */
	uint64_t seed;
	const char *stratify; /* NULL; a column: the shares hold within each of its values */
};

struct table_cut_result {
	uint64_t n_rows, n_parts, n_ragged;
};

/**
 * Parts appear whole; after a failure none of this run's is left. By shares, of any 20 consecutive rows (of
 * a stratum) each part gets what is due to a row, at places that depend on the seed alone: rows that are added
 * behind do not change where the others go.
 */
int table_cut_run(const struct table_cut *c, struct pool *pool, struct progress *progress,
	struct table_cut_result *r, struct err *e) MUST_CHECK;

#endif
