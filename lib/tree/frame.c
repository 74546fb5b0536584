#include "tree/frame.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "tree/objective.h"

enum {
	SAMPLE = 1 << 18, /* rows that quantiles are taken of */
	TABLE_MAX = 1 << 20, /* whole numbers in a range of this size are binned by a table */
	DIGIT = 11, /* bits of a radix sort's digit */
};

/* ---- cuts of numbers -------------------------------------------------------------------------------- */

/** A float as a number of the same order. */
static uint32_t key_of(float v)
{
	uint32_t u;

	v += 0.0f; /* -0 is 0 */
	memcpy(&u, &v, sizeof(u));
	return u & 0x80000000u ? ~u : u | 0x80000000u;
}

static float value_of(uint32_t key)
{
	uint32_t u = key & 0x80000000u ? key & 0x7fffffffu : ~key;
	float v;

	memcpy(&v, &u, sizeof(v));
	return v;
}

/** Sorts by three digits; `tmp` is as long. The result is in `keys`. */
static void sort_keys(uint32_t *keys, uint32_t *tmp, size_t n)
{
	for (int pass = 0; pass < 3; pass++) {
		size_t count[(1 << DIGIT) + 1] = { 0 };
		uint32_t *swap;
		int shift = pass * DIGIT;

		for (size_t i = 0; i < n; i++)
			count[(keys[i] >> shift & ((1 << DIGIT) - 1)) + 1]++;
		for (size_t d = 0; d < 1 << DIGIT; d++)
			count[d + 1] += count[d];
		for (size_t i = 0; i < n; i++)
			tmp[count[keys[i] >> shift & ((1 << DIGIT) - 1)]++] = keys[i];
		swap = keys;
		keys = tmp;
		tmp = swap;
	}
	/* three swaps: the result lies where `tmp` was at first */
	memcpy(tmp, keys, n * sizeof(*keys));
}

/** Is 0 between two neighbours? A sign often means something: such a pair is always parted, at 0. */
static bool is_sign(float a, float b)
{
	return a < 0 && b >= 0;
}

/** The cut between two neighbours: above a, not above b. */
static float middle(float a, float b)
{
	float m = is_sign(a, b) ? 0 : a / 2 + b / 2;

	return m > a && m <= b ? m : b;
}

struct value_count {
	float value;
	uint32_t n;
};

/**
 * Greedy equal shares: a value that alone fills a bin gets one; the others are gathered until their bin
 * holds the mean of what is left to the bins that are left.
 */
static uint32_t choose_cuts(const struct value_count *v, size_t n, uint32_t max_bin, float *cuts)
{
	double total = 0, rest = 0, bins_left = max_bin, mean, in_bin = 0;
	uint32_t n_cuts = 0;

	for (size_t i = 0; i < n; i++)
		total += v[i].n;
	for (size_t i = 0; i < n; i++) {
		if (v[i].n * (double)max_bin >= total)
			bins_left--;
		else
			rest += v[i].n;
	}
	mean = bins_left > 0 ? rest / bins_left : total;
	for (size_t i = 0; i + 1 < n && n_cuts + 1 < max_bin; i++) {
		bool is_big = v[i].n * (double)max_bin >= total;
		bool next_big = v[i + 1].n * (double)max_bin >= total;

		in_bin += v[i].n;
		if (n > max_bin && !is_big && in_bin < mean && !(next_big && in_bin >= mean / 2) &&
			!is_sign(v[i].value, v[i + 1].value))
			continue;
		cuts[n_cuts++] = middle(v[i].value, v[i + 1].value);
		if (!is_big) {
			rest -= in_bin;
			bins_left--;
			mean = bins_left > 0 ? rest / bins_left : total;
		}
		in_bin = 0;
	}
	return n_cuts;
}

/** The keys of all rows, or of a sample of about SAMPLE; missing ones left out. */
static size_t gather_keys(const struct tree_frame *f, size_t col, uint32_t *keys)
{
	const struct table_column *c = f->cols[col].source;
	size_t n = 0, n_rows = f->all_rows;

	if (n_rows <= SAMPLE) {
		for (size_t i = 0; i < f->n_rows; i++)
			if (!isnan(c->numbers[i]))
				keys[n++] = key_of(c->numbers[i]);
		return n;
	}
	/* one row out of each of SAMPLE strips */
	for (size_t s = 0; s < SAMPLE; s++) {
		size_t from = (size_t)((double)n_rows * (double)s / SAMPLE);
		size_t to = (size_t)((double)n_rows * (double)(s + 1) / SAMPLE);
		size_t i = from + rng_below(col, 0, s, to > from ? to - from : 1) - f->first_row;

		/* a row of another process is below the first one or behind the last one */
		if (i < f->n_rows && !isnan(c->numbers[i]))
			keys[n++] = key_of(c->numbers[i]);
	}
	return n;
}

/** The keys of all processes, in the place of this one's; `keys` has room for them. */
static int share_keys(struct tree_comm *c, uint32_t *keys, size_t *n, struct err *e)
{
	struct buf all = BUF_INIT;
	int rc = c ? tree_comm_gather(c, keys, *n * sizeof(*keys), &all, e) : 0;

	if (c && !rc && all.len) {
		memcpy(keys, all.p, all.len);
		*n = all.len / sizeof(*keys);
	}
	buf_release(&all);
	return rc;
}

struct build {
	struct tree_frame *f;
	struct table *t;
	const size_t *of_table; /* [n_cols] number of a column in the table */
	size_t col; /* the first one that is binned now */
	uint32_t max_bin;
	struct err *errors; /* [n_cols] */
	uint16_t **tables; /* [n_cols] bin of each whole number from the lowest on, or NULL */
};

static void column_range(const struct table_column *c, size_t n_rows, float *lo, float *hi)
{
	*lo = INFINITY;
	*hi = -INFINITY;
	for (size_t i = 0; i < n_rows; i++) {
		/* NaN compares false */
		if (c->numbers[i] < *lo)
			*lo = c->numbers[i];
		if (c->numbers[i] > *hi)
			*hi = c->numbers[i];
	}
}

static int cut_numbers(struct build *b, size_t col, struct err *e)
{
	struct tree_frame_column *c = &b->f->cols[col];
	size_t room = b->f->all_rows < SAMPLE ? b->f->all_rows : SAMPLE, n, n_values = 0;
	uint32_t *keys = mem_array_raw(2 * room, sizeof(*keys), e);
	struct value_count *v = mem_array_raw(room, sizeof(*v), e);
	float range[2]; /* the lowest with the other sign */
	int rc = -1;

	c->cuts = mem_array(b->max_bin, sizeof(*c->cuts), e);
	if (!keys || !v || !c->cuts)
		goto out;
	n = gather_keys(b->f, col, keys);
	if (share_keys(b->f->comm, keys, &n, e))
		goto out;
	sort_keys(keys, keys + room, n);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || keys[i] != keys[i - 1])
			v[n_values++] = (struct value_count){ value_of(keys[i]), 0 };
		v[n_values - 1].n++;
	}
	c->n_bins = 2 + choose_cuts(v, n_values, b->max_bin, c->cuts);
	c->is_int = c->source->is_int;
	column_range(c->source, b->f->n_rows, &range[0], &range[1]);
	range[0] = -range[0];
	tree_comm_most(b->f->comm, range, 2);
	c->above = range[1] >= -range[0] ? nextafterf(range[1], INFINITY) : 0;
	c->lowest = range[1] >= -range[0] ? -range[0] : 0;
	rc = 0;
out:
	free(keys);
	free(v);
	return rc;
}

/* ---- categories of texts ------------------------------------------------------------------------------ */

struct text_count {
	struct slice name;
	uint32_t text;
	uint64_t n;
};

static int by_count(const void *a, const void *b)
{
	const struct text_count *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return slice_cmp(x->name, y->name);
}

static int by_name(const void *a, const void *b)
{
	const struct text_count *x = a, *y = b;

	return slice_cmp(x->name, y->name);
}

/** Counts of the rows of all processes. */
static int share_counts(struct tree_comm *c, struct text_count *count, size_t n, struct err *e)
{
	int64_t *sums = c ? mem_array_raw(n, sizeof(*sums), e) : NULL;

	if (!c || !sums)
		return c ? -1 : 0;
	for (size_t i = 0; i < n; i++)
		sums[i] = (int64_t)count[i].n;
	tree_comm_sum(c, sums, n);
	for (size_t i = 0; i < n; i++)
		count[i].n = (uint64_t)sums[i];
	free(sums);
	return 0;
}

static int number_texts(struct build *b, size_t col, struct err *e)
{
	struct tree_frame_column *c = &b->f->cols[col];
	const struct table_column *s = c->source;
	uint32_t most = b->max_bin < 255 ? b->max_bin : TREE_BIN_LIMIT;
	struct text_count *count = mem_array(s->n_texts, sizeof(*count), e);
	uint32_t n = 0;

	c->is_categorical = true;
	c->code_of_text = mem_array(s->n_texts, sizeof(*c->code_of_text), e);
	c->text_of_code =
		mem_array(most < s->n_texts ? most : s->n_texts, sizeof(*c->text_of_code), e);
	if (!count || !c->code_of_text || !c->text_of_code) {
		free(count);
		return -1;
	}
	for (uint32_t i = 0; i < s->n_texts; i++)
		count[i] = (struct text_count){ s->texts[i], i, 0 };
	for (size_t i = 0; i < b->f->n_rows; i++)
		if (s->codes[i] != TABLE_MISSING)
			count[s->codes[i]].n++;
	if (share_counts(b->f->comm, count, s->n_texts, e)) {
		free(count);
		return -1;
	}
	qsort(count, s->n_texts, sizeof(*count), by_count);
	while (n < s->n_texts && count[n].n > 0)
		n++;
	c->has_other = n > most;
	c->n_categories = c->has_other ? most - 1 : n;
	qsort(count, c->n_categories, sizeof(*count), by_name);
	for (uint32_t i = 0; i < s->n_texts; i++) {
		bool own = i < c->n_categories;

		c->code_of_text[count[i].text] = 1 + (own ? i : c->n_categories);
		if (own)
			c->text_of_code[i] = count[i].text;
	}
	/* two at least, so that a column of one value has a bin for it */
	c->n_bins = 1 + c->n_categories + c->has_other;
	free(count);
	return 0;
}

static void prepare_column(void *ctx, size_t col, int worker)
{
	struct build *b = ctx;

	(void)worker;
	if (b->f->cols[col].source->type == TABLE_TEXT)
		(void)!number_texts(b, col, &b->errors[col]);
	else
		(void)!cut_numbers(b, col, &b->errors[col]);
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
		to = b->col + 1 + AT_ONCE / n_blocks;
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
