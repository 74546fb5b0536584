#include "table/concat_disk.h"

#include <stdlib.h>

#include "base/mem.h"
#include "table/concat_order.h"
#include "table/spill.h"

/* Less memory than this is none. */
enum { LEAST_MEMORY = 256 << 10, MOST_ROUNDS = 1024 };

enum { STREAM_ROWS = TABLE_PARTITIONS, N_STREAMS };

struct concat_disk {
	uint64_t memory;
	enum table_duplicates duplicates;
	bool has_key, is_sorted;
	struct table_keymap *hasher; /* empty: for its hash */
	struct table_spill *spill; /* keys by partition; all rows; then sorted runs */
	uint64_t n_keys[TABLE_PARTITIONS];
	uint64_t n_rows;
	uint8_t *dropped; /* a bit for each row */
	size_t n_runs;
};

/* A key on disk; its bytes behind. */
struct stored_key {
	uint64_t number; /* of the row */
	uint64_t len;
};

/* A row on disk; text and tail behind. */
struct stored_row {
	uint32_t text_len, tail_len;
};

struct concat_disk *table_concat_disk_new(uint64_t memory, const char *temp_dir,
	enum table_duplicates duplicates, bool has_key, bool is_sorted, struct err *e)
{
	struct concat_disk *d = mem_new(sizeof(*d), e);
	size_t block = memory >> 10 > 1 << 16   ? 1 << 16
		       : memory >> 10 < 1 << 10 ? 1 << 10
						: memory >> 10;
	struct table_keymap_spec spec = { .is_list = true };

	if (!d)
		return NULL;
	d->memory = memory > LEAST_MEMORY ? memory : LEAST_MEMORY;
	d->duplicates = duplicates;
	d->has_key = has_key;
	d->is_sorted = is_sorted;
	d->hasher = table_keymap_new(&spec, e);
	d->spill = d->hasher ? table_spill_new(temp_dir, block, e) : NULL;
	if (d->spill && !table_spill_add_streams(d->spill, N_STREAMS, e))
		return d;
	table_concat_disk_free(d);
	return NULL;
}

void table_concat_disk_free(struct concat_disk *d)
{
	if (!d)
		return;
	table_keymap_free(d->hasher);
	table_spill_free(d->spill);
	free(d->dropped);
	free(d);
}

static int write_row(
	struct table_spill *s, size_t stream, const struct table_row *row, struct err *e)
{
	struct stored_row head = { row->text_len, row->tail_len };

	if (table_spill_write(s, stream, &head, sizeof(head), e))
		return -1;
	return table_spill_write(
		s, stream, row->bytes + row->key_len, (size_t)row->text_len + row->tail_len, e);
}

int table_concat_disk_row(void *ctx, const struct table_row *row, struct err *e)
{
	struct concat_disk *d = ctx;
	struct stored_key head = { .number = d->n_rows++, .len = row->key_len };
	struct slice key = table_row_key(row);

	if (d->has_key && row->has_key) {
		size_t p = table_partition(table_keymap_hash(d->hasher, key));

		d->n_keys[p]++;
		if (table_spill_write(d->spill, p, &head, sizeof(head), e) ||
			table_spill_write(d->spill, p, key.p, key.len, e))
			return -1;
	}
	return write_row(d->spill, STREAM_ROWS, row, e);
}

/* ---- keys --------------------------------------------------------------------------------------- */

/* The keys of a partition whose further bits say that it is their round. */
static int load_keys(struct concat_disk *d, size_t p, uint64_t round, uint64_t n_rounds,
	struct table_keymap *m, struct err *e)
{
	struct table_spill_reader r;
	struct table_row *row = NULL;
	struct stored_key head;
	size_t cap = 0;
	int got = table_spill_begin(&r, d->spill, p, e);

	while (got >= 0 && (got = table_spill_read(&r, &head, sizeof(head), e)) > 0) {
		uint64_t bits;

		if (mem_grow(&row, &cap, sizeof(*row) + head.len, 1, e)) {
			got = -1;
			break;
		}
		*row = (struct table_row){
			.line = head.number, .key_len = (uint32_t)head.len, .has_key = true
		};
		if (head.len && table_spill_read(&r, row->bytes, head.len, e) <= 0) {
			got = -1;
			break;
		}
		bits = table_keymap_hash(d->hasher, table_row_key(row)) << TABLE_PARTITION_BITS >>
		       32;
		if ((bits * n_rounds) >> 32 == round && table_keymap_put(m, row, e))
			got = -1;
	}
	table_spill_end(&r);
	free(row);
	return got;
}

static int drop_duplicates(struct concat_disk *d, size_t p, uint64_t round, uint64_t n_rounds,
	struct pool *alone, uint64_t *n_dropped, struct err *e)
{
	struct table_keymap_spec spec = { .duplicates = d->duplicates };
	struct table_keymap *m = table_keymap_new(&spec, e);
	struct table_keymap_place place = { 0 };
	struct table_row *row;
	int rc = -1;

	if (m && !load_keys(d, p, round, n_rounds, m, e))
		rc = table_keymap_finish(m, alone, "", e);
	while (!rc && (row = table_keymap_next(m, &place))) {
		if (!row->is_dropped)
			continue;
		d->dropped[row->line / 8] |= (uint8_t)(1u << row->line % 8);
		++*n_dropped;
	}
	table_keymap_free(m);
	return rc;
}

static int find_duplicates(struct concat_disk *d, uint64_t *n_dropped, struct err *e)
{
	struct pool *alone = pool_new(1, e);
	int rc = alone ? 0 : -1;

	d->dropped = mem_array((size_t)(d->n_rows / 8) + 1, 1, e);
	if (!d->dropped)
		rc = -1;
	for (size_t p = 0; !rc && p < TABLE_PARTITIONS; p++) {
		uint64_t need = table_spill_size(d->spill, p) + d->n_keys[p] * TABLE_ROW_COST;
		uint64_t n = need / d->memory + 1;

		if (n > MOST_ROUNDS)
			rc = err_set(e, ERR_INPUT, "--memory is too small for these tables");
		for (uint64_t i = 0; !rc && i < n; i++)
			rc = drop_duplicates(d, p, i, n, alone, n_dropped, e);
	}
	pool_free(alone);
	return rc;
}

/* ---- rows --------------------------------------------------------------------------------------- */

struct row_reader {
	struct table_spill_reader reader;
	struct table_row *row;
	size_t cap;
};

/* The next row of a stream into the reader's memory: 1, 0 at the end, -1. */
static int next_row(struct row_reader *r, struct err *e)
{
	struct stored_row head;
	int got = table_spill_read(&r->reader, &head, sizeof(head), e);
	size_t len;

	if (got <= 0)
		return got;
	len = (size_t)head.text_len + head.tail_len;
	if (mem_grow(&r->row, &r->cap, sizeof(*r->row) + len, 1, e))
		return -1;
	*r->row = (struct table_row){ .text_len = head.text_len, .tail_len = head.tail_len };
	return len && table_spill_read(&r->reader, r->row->bytes, len, e) <= 0 ? -1 : 1;
}

static void end_rows(struct row_reader *r)
{
	table_spill_end(&r->reader);
	free(r->row);
	r->row = NULL;
}

/* The rows that are being collected for a run. */
struct collecting {
	struct arena memory;
	struct concat_sorted *rows;
	size_t n, cap;
	uint64_t bytes;
};

static int write_run(struct concat_disk *d, struct collecting *c, struct err *e)
{
	size_t stream = N_STREAMS + d->n_runs;

	if (!c->n)
		return 0;
	qsort(c->rows, c->n, sizeof(*c->rows), table_concat_order_compare);
	if (table_spill_add_streams(d->spill, 1, e))
		return -1;
	d->n_runs++;
	for (size_t i = 0; i < c->n; i++)
		if (write_row(d->spill, stream, c->rows[i].row, e))
			return -1;
	arena_release(&c->memory);
	c->n = 0;
	c->bytes = 0;
	return table_spill_close(d->spill, stream, e);
}

static int collect(
	struct concat_disk *d, struct collecting *c, const struct table_row *row, struct err *e)
{
	size_t size = sizeof(*row) + row->text_len + row->tail_len;
	uint64_t cost = size + sizeof(*c->rows);
	struct table_row *copy;

	if (c->bytes + cost > d->memory / 2 && write_run(d, c, e))
		return -1;
	copy = arena_alloc(&c->memory, size, e);
	if (!copy || mem_grow(&c->rows, &c->cap, c->n + 1, sizeof(*c->rows), e))
		return -1;
	memcpy(copy, row, offsetof(struct table_row, bytes) + row->text_len + row->tail_len);
	c->rows[c->n] = table_concat_order_of(copy, c->n);
	c->n++;
	c->bytes += cost;
	return 0;
}

static void sift_down(struct concat_sorted *heap, size_t n, size_t i)
{
	for (;;) {
		size_t least = i;
		struct concat_sorted swap = heap[i];

		for (size_t c = 2 * i + 1; c <= 2 * i + 2 && c < n; c++)
			if (table_concat_order_compare(&heap[c], &heap[least]) < 0)
				least = c;
		if (least == i)
			return;
		heap[i] = heap[least];
		heap[least] = swap;
		i = least;
	}
}

/* Merges all runs; rows that are equal come in the order of the runs. */
static int merge_runs(
	struct concat_disk *d, table_concat_disk_write *write, void *ctx, struct err *e)
{
	struct row_reader *runs = mem_array(d->n_runs + 1, sizeof(*runs), e);
	struct concat_sorted *heap = mem_array(d->n_runs + 1, sizeof(*heap), e);
	size_t n = 0;
	int got = runs && heap ? 0 : -1;

	for (size_t i = 0; got >= 0 && i < d->n_runs; i++) {
		got = table_spill_begin(&runs[i].reader, d->spill, N_STREAMS + i, e);
		if (!got)
			got = next_row(&runs[i], e);
		if (got > 0)
			heap[n++] = table_concat_order_of(runs[i].row, i);
	}
	for (size_t i = n; got >= 0 && i-- > 0;)
		sift_down(heap, n, i);
	while (got >= 0 && n) {
		size_t run = heap[0].position;

		if (write(ctx, table_row_text(heap[0].row), e)) {
			got = -1;
			break;
		}
		got = next_row(&runs[run], e);
		heap[0] = got > 0 ? table_concat_order_of(runs[run].row, run) : heap[--n];
		sift_down(heap, n, 0);
	}
	for (size_t i = 0; runs && i < d->n_runs; i++)
		end_rows(&runs[i]);
	free(runs);
	free(heap);
	return got < 0 ? -1 : 0;
}

int table_concat_disk_run(struct concat_disk *d, table_concat_disk_write *write, void *ctx,
	uint64_t *n_dropped, struct err *e)
{
	struct row_reader r = { .row = NULL };
	struct collecting c = { .n = 0 };
	uint64_t number = 0;
	int got = 0;

	for (size_t i = 0; !got && i < N_STREAMS; i++)
		got = table_spill_close(d->spill, i, e);
	if (!got && d->has_key)
		got = find_duplicates(d, n_dropped, e);
	if (!got)
		got = table_spill_begin(&r.reader, d->spill, STREAM_ROWS, e);
	while (got >= 0 && (got = next_row(&r, e)) > 0) {
		uint64_t at = number++;

		if (d->dropped && d->dropped[at / 8] >> at % 8 & 1)
			continue;
		if (d->is_sorted ? collect(d, &c, r.row, e) : write(ctx, table_row_text(r.row), e))
			got = -1;
	}
	end_rows(&r);
	if (!got && d->is_sorted)
		got = write_run(d, &c, e);
	arena_release(&c.memory);
	free(c.rows);
	return got || (d->is_sorted && merge_runs(d, write, ctx, e)) ? -1 : 0;
}
