/*
 * validate_cells - the pass of a validation over all cells: counts, and the first of each kind.
 */
#ifndef CD4ML_TABLE_VALIDATE_CELLS_H
#define CD4ML_TABLE_VALIDATE_CELLS_H

#include <regex.h>

#include "csv/chunk.h"
#include "table/cell.h"
#include "table/once.h"
#include "table/schema.h"

enum table_cell_kind {
	TABLE_CELL_MISSING,
	TABLE_CELL_FLOAT, /* a fraction where a whole number is expected */
	TABLE_CELL_TEXT, /* not of the type at all */
	TABLE_CELL_NAN,
	TABLE_CELL_INF,
	TABLE_CELL_SMALL,
	TABLE_CELL_BIG,
	TABLE_CELL_UTF8,
	TABLE_CELL_PATTERN,
	TABLE_CELL_LENGTH,
	TABLE_CELL_UNEXPECTED, /* not in the domain */
	TABLE_CELL_DUPLICATE,
	TABLE_N_CELL_KINDS,
};

/** How often, and an example: the first, or of SMALL and BIG the most extreme one. */
struct table_tally {
	uint64_t n;
	uint64_t row, line; /* of the first; rows from 1, without the header */
	uint64_t other_row; /* of the example; of a DUPLICATE where its value was before */
	double extreme;
	char value[64]; /* cut */
};

/** A column of the data that is a field. */
struct table_check {
	const struct table_field *field;
	size_t col; /* in the data */
	struct table_tally tallies[TABLE_N_CELL_KINDS];
	struct table_dict unexpected; /* values outside of the domain, the first some thousand */
	uint64_t *n_unexpected; /* [cap_unexpected] rows of each */
	size_t cap_unexpected;
	struct table_dict distinct; /* if the field limits their number */
};

/** Columns whose values together occur once. */
struct table_key_check {
	const struct table_key *key; /* NULL: the one column of a field that is `unique` */
	const size_t *cols; /* [n] in the data */
	size_t n;
	size_t check; /* of the first column */
	struct table_once once;
	struct table_tally duplicates;
};

struct table_checks {
	const struct table_schema *schema;
	struct table_cells cells;
	struct table_check *checks; /* [n] */
	size_t n;
	struct table_key_check *keys; /* [n_keys] */
	size_t n_keys;
	regex_t *patterns; /* [n_workers][n], compiled where the field has one */
	size_t n_patterns; /* compiled: all or none */
	uint64_t n_rows; /* of the header's shape */
	struct table_tally shape; /* of others: `other_row` is the number of cells */
	size_t n_cols; /* of the data */
};

/** Runs over all rows; the counts are in `c` then. */
int table_checks_run(struct table_checks *c, struct csv_table *in, struct pool *pool,
	struct progress *progress, struct err *e) MUST_CHECK;

#endif
