/*
 * chunk - a table cut at safe newlines (outside of quotes), for many threads, order kept.
 *
 * The header is read first; then csv_table_run() hands pieces of whole rows to `work` on all threads of the pool,
 * and their results to `done` in file order. Memory is bounded: a few pieces of about 256 KiB (a longer
 * row makes a longer piece), whatever the size of the file; pipes and gzip work too.
 */
#ifndef CD4ML_CSV_CHUNK_H
#define CD4ML_CSV_CHUNK_H

#include "base/pool.h"
#include "base/progress.h"
#include "csv/reader.h"

struct csv_table; /* an open table */
struct csv_chunk; /* a piece of it: consecutive whole rows */

/** Opens the table and reads the header. The caller may look at names and columns before it runs. */
struct csv_table *csv_table_open(
	const char *path, const struct csv_dialect *d, struct err *e) MUST_CHECK;
struct csv_table *csv_table_new(
	struct input *in, const struct csv_dialect *d, struct err *e) MUST_CHECK;
void csv_table_close(struct csv_table *t);
size_t csv_table_n_cols(const struct csv_table *t);
const char *csv_table_col_name(const struct csv_table *t, size_t col);
int csv_table_find(const struct csv_table *t, const char *name, struct err *e) MUST_CHECK;
/** The header row as it stands in the file (fields with their quotes). Made up for --no-header. */
const struct csv_row *csv_table_header(const struct csv_table *t);
const char *csv_table_name(const struct csv_table *t); /* for messages */
/** Bytes of the file (compressed ones of gzip), or -1 when not known: for progress_start(). */
int64_t csv_table_size(const struct csv_table *t);
/** Does the file begin with a UTF-8 byte order mark? It is not part of the header row. */
bool csv_table_has_bom(const struct csv_table *t);

/** The next row of the chunk: 1, 0 at its end, -1 and `e` ("file:line: ..."). `row->line` counts in the file. */
int csv_chunk_next(struct csv_chunk *c, struct csv_row *row, struct err *e) MUST_CHECK;
/** Its length in the file (inflated, for gzip). */
size_t csv_chunk_n_bytes(const struct csv_chunk *c);
/** A buf of the chunk's own for `work` to fill and `done` to write; emptied before `work`. */
struct buf *csv_chunk_buf(struct csv_chunk *c);
/** Memory of the chunk's own for other results, `result_size` bytes, zeroed once; `work` must reset it itself. */
void *csv_chunk_result(struct csv_chunk *c);
/** Rows that were padded or skipped by the dialect's `ragged`, in all; after the run. */
uint64_t csv_table_n_ragged(const struct csv_table *t);

struct csv_run {
	int (*work)(void *ctx, struct csv_chunk *c, int worker, struct err *e);
	int (*done)(void *ctx, struct csv_chunk *c, struct err *e); /* NULL: none */
	void *ctx;
	size_t result_size;
	void (*result_release)(void *result); /* at the end, for each; NULL: none */
	struct progress *progress; /* NULL: none; bytes are added */
	size_t piece_bytes; /* of a chunk behind the first, about; 0: 256 KiB */
};

/** Runs over all rows that are left, once. The earliest failure in file order is reported. */
int csv_table_run(struct csv_table *t, struct pool *pool, const struct csv_run *run,
	struct err *e) MUST_CHECK;

#endif
