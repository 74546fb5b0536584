/*
 * header - the first row: names of columns. Private to lib/csv.
 */
#ifndef CD4ML_CSV_HEADER_H
#define CD4ML_CSV_HEADER_H

#include "csv/rows.h"

struct csv_header {
	size_t n_cols;
	const char **names; /* [n_cols], NULL behind them; unquoted, in `memory` */
	struct csv_field *fields; /* [n_cols], as they stand in the file */
	struct csv_row row;
	struct arena memory;
};

/**
 * Reads the header at the beginning of the first piece and steps over it; without header (the dialect
 * says so) only counts the columns and makes names up. `n_cols` of `rows` is set.
 * An empty table, a column without a name or two of one name are errors.
 */
int csv_header_read(struct csv_header *h, struct csv_rows *rows, struct csv_piece *first,
	bool no_header, struct err *e) MUST_CHECK;
void csv_header_release(struct csv_header *h);
/** Index of a column by name, or -1 with the nearest name proposed; `file` is the message's place. */
int csv_header_find(
	const struct csv_header *h, const char *file, const char *name, struct err *e) MUST_CHECK;

#endif
