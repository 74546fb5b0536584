/*
 * concat_plan - which columns the files of csv-merge have, and which the output. Private to lib/table/concat*.c.
 */
#ifndef CD4ML_TABLE_CONCAT_PLAN_H
#define CD4ML_TABLE_CONCAT_PLAN_H

#include "table/concat.h"

#define CONCAT_NO_COL ((size_t)-1)

struct concat_file {
	const char *path;
	struct csv_table *table; /* open, if it cannot be opened again */
	size_t *to_out; /* [n_cols] column of the output */
	size_t n_cols;
	size_t *cols; /* [n_cols of the output] the file's column, or CONCAT_NO_COL */
	bool is_same; /* the file's columns are the output's */
};

struct concat_col {
	const char *name;
	struct slice raw; /* as it stands in the header that had it first */
	const char *first; /* the file */
};

struct concat_plan {
	const struct table_concat *spec;
	struct concat_file *files; /* [n_files] `into` first, if there is one */
	size_t n_files;
	struct concat_col *cols; /* [n_cols] of the output */
	size_t n_cols, cap_cols;
	size_t *key, *sort; /* [n_key], [n_sort] columns of the output */
	size_t n_key, n_sort;
	size_t *file_key; /* [n_key] columns of the file that table_concat_plan_key() was asked for */
	size_t n_filled; /* columns that a file lacks, over all files */
	struct buf header; /* the output's first line, a byte order mark before it */
	const char *eol; /* the first header's */
	bool is_header_open; /* the header has no line end */
	struct arena memory;
};

/** Reads all headers. table_concat_plan_release() also after a failure. */
int table_concat_plan_init(
	struct concat_plan *p, const struct table_concat *spec, struct err *e) MUST_CHECK;
void table_concat_plan_release(struct concat_plan *p);
/** Opens the file for its rows, unless it stayed open. Its columns must be those of its header. */
int table_concat_plan_open(
	const struct concat_plan *p, struct concat_file *f, struct err *e) MUST_CHECK;
/** The key as columns of the file, in `p->file_key`; it must have them all. */
int table_concat_plan_key(struct concat_plan *p, const struct concat_file *f, struct table_key *key,
	struct err *e) MUST_CHECK;
/** Adds the row to `b` with the output's columns, and its line end. */
void table_concat_plan_row(const struct concat_plan *p, const struct concat_file *f,
	const struct csv_row *row, struct buf *b);

#endif
