/*
 * column_piece - a piece of a file's rows as numbers and codes, made on any thread. Private to lib/table/column*.c.
 */
#ifndef CD4ML_TABLE_COLUMN_PIECE_H
#define CD4ML_TABLE_COLUMN_PIECE_H

#include "table/cell.h"
#include "table/column.h"
#include "table/dict.h"

enum column_mode {
	COLUMN_NUMBER,
	COLUMN_TEXT,
	COLUMN_NOT, /* contradicted, or done by the pass before */
};

/** What is read of the rows: the same for all pieces of a file. */
struct column_layout {
	size_t n_cols;
	size_t *fields; /* [n_cols] where the column stands in the file */
	/* [n_cols] enum column_mode; while rows are read only ever from COLUMN_NUMBER to COLUMN_NOT */
	_Atomic int *modes;
	struct table_cells cells;
};

/** What one piece of rows holds of one column. */
struct column_part {
	enum column_mode mode; /* as it was read */
	bool failed; /* a value is not a number */
	bool is_int;
	float *numbers;
	uint32_t *codes; /* of `dict` */
	size_t cap_numbers, cap_codes;
	uint64_t n_missing;
	struct table_dict dict;
	struct arena texts; /* values that had doubled quotes */
};

/** A row whose line is not the one behind that of the row before. */
struct column_mark {
	size_t row; /* of the piece, or of the table */
	uint64_t line;
	size_t file; /* its number; 0 in a piece */
};

struct column_piece {
	size_t n_rows, n_cols;
	struct column_mark *marks; /* [n_marks]; the first row is one */
	size_t n_marks, cap_marks;
	uint64_t next_line; /* behind the last row */
	struct column_part *parts; /* [n_cols] */
	struct buf unquoted;
	uint32_t *map; /* codes of a part to codes of the table */
	size_t cap_map;
};

/** Reads all rows of the chunk, whose result is a column_piece. Any thread. */
int table_column_piece_read(
	const struct column_layout *l, struct csv_chunk *c, struct err *e) MUST_CHECK;
/** Of a zeroed one too. */
void table_column_piece_release(void *piece);

#endif
