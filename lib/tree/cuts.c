#include "tree/cuts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/rng.h"

enum {
	SAMPLE = 1 << 18, /* rows that quantiles are taken of */
	DIGIT = 11, /* bits of a radix sort's digit */
};

/* ---- cuts of numbers -------------------------------------------------------------------------------- */

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
				keys[n++] = num_order_of(c->numbers[i]);
		return n;
	}
	/* one row out of each of SAMPLE strips */
	for (size_t s = 0; s < SAMPLE; s++) {
		size_t from = (size_t)((double)n_rows * (double)s / SAMPLE);
		size_t to = (size_t)((double)n_rows * (double)(s + 1) / SAMPLE);
		size_t i = from + rng_below(col, 0, s, to > from ? to - from : 1) - f->first_row;

		/* a row of another process is below the first one or behind the last one */
		if (i < f->n_rows && !isnan(c->numbers[i]))
			keys[n++] = num_order_of(c->numbers[i]);
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

static int cut_numbers(struct tree_frame *f, size_t col, uint32_t max_bin, struct err *e)
{
	struct tree_frame_column *c = &f->cols[col];
	size_t room = f->all_rows < SAMPLE ? f->all_rows : SAMPLE, n, n_values = 0;
	uint32_t *keys = mem_array_raw(2 * room, sizeof(*keys), e);
	struct value_count *v = mem_array_raw(room, sizeof(*v), e);
	float range[2]; /* the lowest with the other sign */
	int rc = -1;

	c->cuts = mem_array(max_bin, sizeof(*c->cuts), e);
	if (!keys || !v || !c->cuts)
		goto out;
	n = gather_keys(f, col, keys);
	if (share_keys(f->comm, keys, &n, e))
		goto out;
	sort_keys(keys, keys + room, n);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || keys[i] != keys[i - 1])
			v[n_values++] = (struct value_count){ num_of_order(keys[i]), 0 };
		v[n_values - 1].n++;
	}
	c->n_bins = 2 + choose_cuts(v, n_values, max_bin, c->cuts);
	c->is_int = c->source->is_int;
	column_range(c->source, f->n_rows, &range[0], &range[1]);
	range[0] = -range[0];
	tree_comm_most(f->comm, range, 2);
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

static int number_texts(struct tree_frame *f, size_t col, uint32_t max_bin, struct err *e)
{
	struct tree_frame_column *c = &f->cols[col];
	const struct table_column *s = c->source;
	uint32_t most = max_bin < 255 ? max_bin : TREE_BIN_LIMIT;
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
	for (size_t i = 0; i < f->n_rows; i++)
		if (s->codes[i] != TABLE_MISSING)
			count[s->codes[i]].n++;
	if (share_counts(f->comm, count, s->n_texts, e)) {
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

int tree_cuts_choose(struct tree_frame *f, size_t col, uint32_t max_bin, struct err *e)
{
	return f->cols[col].source->type == TABLE_TEXT ? number_texts(f, col, max_bin, e)
						       : cut_numbers(f, col, max_bin, e);
}
