/*
 * rows - bytes of whole rows to slices, without I/O. Private to lib/csv; others use csv/reader, csv/chunk.
 *
 * The scanner writes where fields end for a window of 16 KiB; rows are then cut from that list, so that
 * both the bytes and the list stay in the nearest cache. What the scanner finds suspicious is looked
 * at again byte by byte, for a message with its place.
 */
#ifndef CD4ML_CSV_ROWS_H
#define CD4ML_CSV_ROWS_H

#include "base/arena.h"
#include "csv/reader.h"
#include "csv/scan.h"

/**
 * Consecutive whole rows: bytes [start, len) at `p`, the last one a line end, CSV_PIECE_SLACK bytes of '\r'
 * behind them. An unclosed quote at the end of a file is the one case without a line end.
 */
struct csv_piece {
	char *p;
	size_t start, len, cap;
	uint64_t line; /* of its first row */
	bool is_eol_added; /* the last line end is not in the file */
};

enum { CSV_PIECE_SLACK = 2 * CSV_SCAN_BLOCK };

struct csv_rows {
	/* set by csv_rows_init() */
	const struct csv_scan *scan;
	const char *name; /* the file's, for messages; borrowed */
	char delimiter, quote;
	int ragged; /* enum csv_ragged */
	size_t n_cols; /* of each row; 0: any number */
	/* the piece, and how far it is read */
	const struct csv_piece *piece;
	size_t next; /* where the next window begins */
	size_t pos; /* where the next row begins */
	uint64_t line; /* of the next row */
	struct csv_scan_state state;
	uint32_t *index; /* ends of fields in the window, from `base` */
	size_t n_index, at;
	struct csv_field *fields;
	size_t cap_fields;
	struct arena padded; /* rows that were made longer, until the next piece */
	uint64_t n_ragged; /* padded or skipped, since csv_rows_begin() */
};

/** Allocates nothing yet. */
void csv_rows_init(struct csv_rows *r, const struct csv_scan *scan, const struct csv_dialect *d,
	const char *name, size_t n_cols);
void csv_rows_release(struct csv_rows *r);
/** Starts on a piece, which must stay until the last row was used. */
int csv_rows_begin(struct csv_rows *r, const struct csv_piece *p, struct err *e) MUST_CHECK;
/** The next row: 1, 0 at the end, -1 and `e` ("file:line: ..."). */
int csv_rows_next(struct csv_rows *r, struct csv_row *row, struct err *e) MUST_CHECK;

#endif
