#include "tree/frame.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tree/cuts.h"
#include "tree/objective.h"

enum { TABLE_MAX = 1 << 20 }; /* whole numbers in a range of this size are binned by a table */

struct build {
	struct tree_frame *f;
	struct table *t;
	const size_t *of_table; /* [n_cols] number of a column in the table */
	size_t col; /* the first one that is binned now */
	uint32_t max_bin;
	struct err *errors; /* [n_cols] */
	uint16_t **tables; /* [n_cols] bin of each whole number from the lowest on, or NULL */
};

static void prepare_column(void *ctx, size_t col, int worker)
{
	struct build *b = ctx;

	(void)worker;
	(void)!tree_cuts_choose(b->f, col, b->max_bin, &b->errors[col]);
}

/* ---- bins -------------------------------------------------------------------------------------------- */

enum {
	LANES = 16, /* searches side by side: each alone waits for its loads */
	AT_ONCE = 64, /* blocks of columns that keep threads busy */
};

/** Counts the cuts that are <= v; 0 for NaN. By masks: a branch would be guessed wrongly each other time. */
static void find_bins(const float *cuts, uint32_t n_cuts, const float *v, uint32_t *bins)
{
	uint32_t base[LANES] = { 0 };

	for (uint32_t n = n_cuts; n > 0;) {
		uint32_t half = (n + 1) / 2;

		for (int i = 0; i < LANES; i++)
			base[i] += cuts[base[i] + half - 1] <= v[i] ? half : 0;
		n -= half;
	}
	for (int i = 0; i < LANES; i++)
		bins[i] = v[i] == v[i] ? 1 + base[i] : 0;
}

static inline void put_bin(const struct tree_frame_column *c, size_t i, uint32_t bin)
{
	if (c->width == 1)
		((uint8_t *)c->bins)[i] = (uint8_t)bin;
	else
		((uint16_t *)c->bins)[i] = (uint16_t)bin;
}

static void bin_texts(const struct tree_frame_column *c, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		uint32_t code = c->source->codes[i];

		put_bin(c, i, code == TABLE_MISSING ? 0 : c->code_of_text[code]);
	}
}

static void bin_numbers(const struct tree_frame_column *c, size_t from, size_t to)
{
	const float *v = c->source->numbers;

	for (size_t i = from; i < to; i += LANES) {
		uint32_t bins[LANES];
		float some[LANES] = { 0 };
		size_t n = to - i < LANES ? to - i : LANES;

		memcpy(some, v + i, n * sizeof(*v));
		find_bins(c->cuts, c->n_bins - 2, some, bins);
		for (size_t k = 0; k < n; k++)
			put_bin(c, i + k, bins[k]);
	}
}

/** Whole numbers in a small range: what was found for each stands in a table. */
static void bin_by_table(
	const struct tree_frame_column *c, const uint16_t *table, size_t from, size_t to)
{
	const float *v = c->source->numbers;
	float lo = c->lowest;

	if (c->width == 1) {
		for (size_t i = from; i < to; i++)
			((uint8_t *)c->bins)[i] =
				v[i] == v[i] ? (uint8_t)table[(int32_t)(v[i] - lo)] : 0;
		return;
	}
	for (size_t i = from; i < to; i++)
		((uint16_t *)c->bins)[i] = v[i] == v[i] ? table[(int32_t)(v[i] - lo)] : 0;
}

/** Task: one block of rows of one column. */
static void bin_block(void *ctx, size_t task, int worker)
{
	struct build *b = ctx;
	struct tree_frame *f = b->f;
	size_t n_blocks = tree_n_blocks(f->n_rows), col = b->col + task / n_blocks;
	size_t from = task % n_blocks * TREE_ROW_BLOCK, to = from + TREE_ROW_BLOCK;
	const struct tree_frame_column *c = &f->cols[col];

	(void)worker;
	if (to > f->n_rows)
		to = f->n_rows;
	if (c->is_categorical)
		bin_texts(c, from, to);
	else if (b->tables[col])
		bin_by_table(c, b->tables[col], from, to);
	else
		bin_numbers(c, from, to);
}

/** Task: the bin of each whole number of a column's range, if that is worth it. */
static void make_table(void *ctx, size_t col, int worker)
{
	struct build *b = ctx;
	const struct tree_frame_column *c = &b->f->cols[col];
	float range = c->above - c->lowest;
	struct err none = ERR_INIT; /* binning without is slower, no more */
	uint32_t bins[LANES];

	(void)worker;
	if (c->is_categorical || !c->is_int || !(range >= 0 && range < TABLE_MAX) ||
		fabsf(c->lowest) > TABLE_MAX || (double)range * 4 > (double)b->f->n_rows)
		return;
	b->tables[col] = mem_array_raw((size_t)range + LANES + 2, sizeof(**b->tables), &none);
	for (size_t i = 0; b->tables[col] && i < (size_t)range + 2; i += LANES) {
		float v[LANES];

		for (size_t k = 0; k < LANES; k++)
			v[k] = c->lowest + (float)(i + k);
		find_bins(c->cuts, c->n_bins - 2, v, bins);
		for (size_t k = 0; k < LANES; k++)
			b->tables[col][i + k] = (uint16_t)bins[k];
	}
}

/** Task: is a bin of the column "missing"? Matters where bytes may be shared. */
static void look_for_missing(void *ctx, size_t col, int worker)
{
	struct build *b = ctx;
	struct tree_frame_column *c = &b->f->cols[col];

	(void)worker;
	c->has_missing = c->width > 1 || memchr(c->bins, 0, b->f->n_rows) != NULL;
}

/** Bins some columns at a time, so that the memory of their values can be given back. */
static void bin_columns(struct build *b, bool take_values, struct pool *pool)
{
	size_t n_cols = b->f->n_cols, n_blocks = tree_n_blocks(b->f->n_rows);

	for (size_t to; b->col < n_cols; b->col = to) {
		/* one of several processes may have no rows */
		to = b->col + 1 + (n_blocks ? AT_ONCE / n_blocks : 0);
		to = to < n_cols ? to : n_cols;
		pool_for(pool, (to - b->col) * n_blocks, bin_block, b);
		for (size_t i = b->col; take_values && i < to; i++) {
			struct table_column *c = &b->t->cols[b->of_table[i]];

			free(c->numbers);
			free(c->codes);
			c->numbers = NULL;
			c->codes = NULL;
		}
	}
}

static int fill(
	struct build *b, const struct tree_frame_options *o, struct pool *pool, struct err *e)
{
	struct tree_frame *f = b->f;

	if (f->comm) /* processes meet in each column: from one thread, in one order */
		for (size_t i = 0; i < f->n_cols; i++)
			prepare_column(b, i, 0);
	else
		pool_for(pool, f->n_cols, prepare_column, b);
	for (size_t i = 0; i < f->n_cols; i++) {
		struct tree_frame_column *c = &f->cols[i];

		if (b->errors[i].code) {
			*e = b->errors[i];
			return -1;
		}
		c->first = f->n_bins;
		f->n_bins += c->n_bins;
		c->width = c->n_bins > 256 ? 2 : 1;
		/* the kernels may read a few bytes behind the last row */
		c->bins = mem_aligned(f->n_rows + 64, c->width, e);
		if (!c->bins)
			return -1;
	}
	pool_for(pool, f->n_cols, make_table, b);
	bin_columns(b, o->take_values, pool);
	pool_for(pool, f->n_cols, look_for_missing, b);
	return tree_records_make(f, o->share_bytes, pool, e);
}

static void release(struct build *b)
{
	for (size_t i = 0; b->tables && b->f && i < b->f->n_cols; i++)
		free(b->tables[i]);
	free(b->tables);
	free(b->errors);
}

struct tree_frame *tree_frame_new(struct table *t, const size_t *cols, size_t n_cols,
	const struct tree_frame_options *o, struct pool *pool, struct err *e)
{
	struct build b = { .t = t, .of_table = cols, .max_bin = o->max_bin };

	assert(o->max_bin >= 2 && o->max_bin <= TREE_BIN_LIMIT);
	b.f = mem_new(sizeof(*b.f), e);
	b.errors = mem_array(n_cols, sizeof(*b.errors), e);
	b.tables = mem_array(n_cols, sizeof(*b.tables), e);
	if (!b.f || !b.errors || !b.tables)
		goto fail;
	b.f->n_rows = b.f->all_rows = t->n_rows;
	b.f->comm = o->comm;
	if (o->comm) {
		int64_t of[TREE_COMM_MAX] = { 0 };

		of[o->comm->rank] = (int64_t)t->n_rows;
		tree_comm_sum(o->comm, of, (size_t)o->comm->size);
		b.f->all_rows = 0;
		for (int i = 0; i < o->comm->size; i++) {
			if (i == o->comm->rank)
				b.f->first_row = b.f->all_rows;
			b.f->all_rows += (size_t)of[i];
		}
	}
	b.f->cols = mem_array(n_cols, sizeof(*b.f->cols), e);
	if (!b.f->cols)
		goto fail;
	b.f->n_cols = n_cols;
	for (size_t i = 0; i < n_cols; i++)
		b.f->cols[i].source = &t->cols[cols[i]];
	if (fill(&b, o, pool, e))
		goto fail;
	release(&b);
	return b.f;
fail:
	release(&b);
	tree_frame_free(b.f);
	return NULL;
}

void tree_frame_free(struct tree_frame *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n_cols; i++) {
		free(f->cols[i].cuts);
		free(f->cols[i].bins);
		free(f->cols[i].code_of_text);
		free(f->cols[i].text_of_code);
	}
	free(f->cols);
	tree_records_release(&f->records);
	free(f);
}
