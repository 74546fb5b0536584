/*
 * concat - tables put together by the names of their columns: the engine of csv-merge.
 *
 * Columns of the output: those of the first file, then what others have besides, in order of appearance. Rows of a
 * file with just these columns pass as they stand, line ends included, so that merging the parts of a
 * table gives its bytes again; others are reordered, field by field.
 *
 * Without key and order it streams in bounded memory; with one of them all rows are held, in memory or,
 * beyond a limit, on disk.
 */
#ifndef CD4ML_TABLE_CONCAT_H
#define CD4ML_TABLE_CONCAT_H

#include "base/diag.h"
#include "base/output.h"
#include "table/keymap.h"

struct table_concat {
	const char *into; /* the table that table_concat_append() appends to; else NULL */
	char *const *paths; /* [n_paths] */
	size_t n_paths;
	const struct csv_dialect *dialect;
	bool fill; /* a column that a file lacks is empty there; else it is an error */
	const char *
		key; /* "a,b": one row of each key is kept; NULL: all rows. Rows without key are all kept */
	bool keep_last; /* the last one instead of the first */
	/**
	 * "a,b": the order of the output; NULL: as they come. Values that are missing come first, then numbers by size,
	 * then texts by bytes; equal ones as they come.
	 */
	const char *sort_by;
	/** Bytes for rows that are held, with a key or an order; 0: no limit. What is more goes to disk. */
	uint64_t memory;
	const char *temp_dir; /* for it; NULL: /tmp */
};

struct table_concat_result {
	uint64_t n_in, n_out;
	uint64_t n_duplicates, n_unkeyed; /* rows; with a key */
	uint64_t n_ragged;
	uint64_t n_spilled; /* rows that went to disk */
	size_t n_filled; /* columns that a file lacked, over all files */
	bool is_index_known; /* table_concat_append() did not need to read the table */
};

/** Writes all files' rows to `out`, which stays open. ERR_INPUT: columns that do not agree, ragged rows. */
int table_concat_run(const struct table_concat *c, struct output *out, struct pool *pool,
	struct progress *progress, struct table_concat_result *r, struct err *e) MUST_CHECK;

/**
 * Appends to the table `into`, in place, the rows of all files whose key is not in it nor in a row before; the rest
 * of the table stays as it is. The bytes are those of table_concat_run() on the table and the files, if the
 * table has no key twice and no ragged row. A row without key is an error.
 *   index  a file (table/keyset) with the table's keys: if it is of the table as it is now, the table is not read, and
 *          the cost is that of the new rows; else it is made anew. NULL: none is kept
 * Crash-safe as table/append says; until all new rows are read and found good, nothing is written.
 */
int table_concat_append(const struct table_concat *c, const char *index, struct pool *pool,
	struct progress *progress, struct table_concat_result *r, struct err *e) MUST_CHECK;

#endif
