#include "csv/chunk.h"

#include <stdlib.h>

#include "base/mem.h"
#include "csv/feed.h"
#include "csv/header.h"

struct csv_chunk {
	struct csv_piece piece;
	struct csv_rows rows;
	struct buf out;
	void *result;
};

struct csv_table {
	struct csv_feed feed;
	struct csv_dialect dialect;
	struct csv_header header;
	struct csv_piece first; /* what was read with the header, for the first chunk */
	bool has_first;
	struct csv_rows rows; /* of the header */
	uint64_t n_ragged;
	int64_t n_consumed; /* of the input, already told to the progress */
	const struct csv_run *run;
};

struct csv_table *csv_table_open(const char *path, const struct csv_dialect *d, struct err *e)
{
	struct input *in = input_open(path, e);

	return in ? csv_table_new(in, d, e) : NULL;
}

struct csv_table *csv_table_new(struct input *in, const struct csv_dialect *d, struct err *e)
{
	struct csv_table *t = NULL;

	if (!csv_dialect_check(d, e))
		t = mem_new(sizeof(*t), e);
	if (!t) {
		input_close(in);
		return NULL;
	}
	t->dialect = *d;
	csv_feed_init(&t->feed, in, csv_scan_best(), csv_dialect_quote(d));
	csv_rows_init(&t->rows, t->feed.scan, d, input_name(in), 0);
	if (csv_feed_next(&t->feed, &t->first, e) < 0 ||
		csv_header_read(&t->header, &t->rows, &t->first, d->no_header, e)) {
		csv_table_close(t);
		return NULL;
	}
	t->has_first = true;
	return t;
}

void csv_table_close(struct csv_table *t)
{
	if (!t)
		return;
	csv_rows_release(&t->rows);
	csv_header_release(&t->header);
	csv_feed_release(&t->feed);
	free(t->first.p);
	free(t);
}

size_t csv_table_n_cols(const struct csv_table *t)
{
	return t->header.n_cols;
}

const char *csv_table_col_name(const struct csv_table *t, size_t col)
{
	return t->header.names[col];
}

int csv_table_find(const struct csv_table *t, const char *name, struct err *e)
{
	return csv_header_find(&t->header, t->rows.name, name, e);
}

const struct csv_row *csv_table_header(const struct csv_table *t)
{
	return &t->header.row;
}

const char *csv_table_name(const struct csv_table *t)
{
	return t->rows.name;
}

int64_t csv_table_size(const struct csv_table *t)
{
	return input_size(t->feed.in);
}

bool csv_table_has_bom(const struct csv_table *t)
{
	return t->feed.has_bom;
}

int csv_chunk_next(struct csv_chunk *c, struct csv_row *row, struct err *e)
{
	return csv_rows_next(&c->rows, row, e);
}

size_t csv_chunk_n_bytes(const struct csv_chunk *c)
{
	return c->piece.len - c->piece.start;
}

struct buf *csv_chunk_buf(struct csv_chunk *c)
{
	return &c->out;
}

void *csv_chunk_result(struct csv_chunk *c)
{
	return c->result;
}

uint64_t csv_table_n_ragged(const struct csv_table *t)
{
	return t->n_ragged;
}

static int next_chunk(void *ctx, void *item, struct err *e)
{
	struct csv_table *t = ctx;
	struct csv_chunk *c = item;
	int got = 0;

	if (t->has_first) {
		struct csv_piece empty = c->piece;

		c->piece = t->first;
		t->first = empty;
		t->has_first = false;
		got = c->piece.start < c->piece.len;
	}
	if (!got)
		got = csv_feed_next(&t->feed, &c->piece, e);
	if (got <= 0)
		return got;
	if (t->run->progress) {
		int64_t consumed = input_consumed(t->feed.in);

		if (consumed > t->n_consumed)
			progress_add(t->run->progress, (uint64_t)(consumed - t->n_consumed));
		t->n_consumed = consumed;
	}
	return 1;
}

static int work_chunk(void *ctx, void *item, int worker, struct err *e)
{
	struct csv_table *t = ctx;
	struct csv_chunk *c = item;

	buf_reset(&c->out);
	if (csv_rows_begin(&c->rows, &c->piece, e) || t->run->work(t->run->ctx, c, worker, e))
		return -1;
	return 0;
}

static int done_chunk(void *ctx, void *item, struct err *e)
{
	struct csv_table *t = ctx;
	struct csv_chunk *c = item;

	t->n_ragged += c->rows.n_ragged;
	return t->run->done ? t->run->done(t->run->ctx, c, e) : 0;
}

static void free_chunks(struct csv_chunk *chunks, size_t n, const struct csv_run *run)
{
	for (size_t i = 0; chunks && i < n; i++) {
		csv_rows_release(&chunks[i].rows);
		buf_release(&chunks[i].out);
		free(chunks[i].piece.p);
		if (chunks[i].result && run->result_release)
			run->result_release(chunks[i].result);
		free(chunks[i].result);
	}
	free(chunks);
}

int csv_table_run(struct csv_table *t, struct pool *pool, const struct csv_run *run, struct err *e)
{
	size_t n = pool_size(pool) == 1 ? 1 : 3 * (size_t)pool_size(pool);
	struct csv_chunk *chunks = mem_array(n, sizeof(*chunks), e);
	int rc = -1;

	if (!chunks)
		return -1;
	t->run = run;
	if (run->piece_bytes)
		t->feed.piece_bytes = run->piece_bytes;
	for (size_t i = 0; i < n; i++) {
		csv_rows_init(
			&chunks[i].rows, t->feed.scan, &t->dialect, t->rows.name, t->header.n_cols);
		buf_init(&chunks[i].out);
		if (run->result_size) {
			chunks[i].result = mem_new(run->result_size, e);
			if (!chunks[i].result)
				goto out;
		}
	}
	rc = pool_run(pool,
		&(struct pool_pipe){
			.next = next_chunk,
			.work = work_chunk,
			.done = done_chunk,
			.items = chunks,
			.item_size = sizeof(*chunks),
			.n_items = n,
		},
		t, e);
out:
	free_chunks(chunks, n, run);
	return rc;
}
