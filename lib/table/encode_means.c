/*
 * Means of a target, over all rows for the encoder, and for the rows of each fold over those of the
 * other folds. Each column goes through the blocks in the order of the rows, so that its sums, in
 * double precision, do not depend on threads.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "table/encode_fit.h"

/* Of the rows of one value in one fold. Becomes the text of their mean, which has the same size. */
struct sum {
	double target;
	uint64_t n;
};

union cell {
	struct sum sum;
	struct table_text text;
};

struct means {
	struct table_fit *f;
	size_t *cols; /* those that have means */
	struct err *errors; /* of each of them */
	bool *failed;
};

/* The mean of a value whose rows sum up to `s`, drawn to that of all; NaN: nothing is known. */
static double smooth_mean(struct sum s, struct sum all, double smooth)
{
	double mean = all.n ? all.target / (double)all.n : NAN;

	return s.n == 0 ? mean : (s.target + smooth * mean) / ((double)s.n + smooth);
}

/* All folds but one, in their order; `but` of n_folds: none. */
static struct sum sum_without(const union cell *folds, uint32_t n_folds, uint32_t but)
{
	struct sum s = { 0 };

	for (uint32_t k = 0; k < n_folds; k++) {
		if (k != but) {
			s.target += folds[k].sum.target;
			s.n += folds[k].sum.n;
		}
	}
	return s;
}

/* The row's sums are fetched ahead: with many values they are all over the memory. */
static void add_rows(union cell *cells, union cell *all, const struct table_mean *m,
	const struct table_fit_block *block, const uint32_t *codes, const double *target)
{
	enum { AHEAD = 16 };

	for (uint64_t r = 0; r < block->n_rows; r++) {
		uint32_t fold = table_fit_fold(m, block->first_row + r);

		if (r + AHEAD < block->n_rows && codes[r + AHEAD] != TABLE_DICT_NONE)
			__builtin_prefetch(&cells[(size_t)codes[r + AHEAD] * m->folds +
						  table_fit_fold(m, block->first_row + r + AHEAD)]);
		all[fold].sum.target += target[r];
		all[fold].sum.n++;
		if (codes[r] != TABLE_DICT_NONE) {
			struct sum *s = &cells[(size_t)codes[r] * m->folds + fold].sum;

			s->target += target[r];
			s->n++;
		}
	}
}

static int sum_blocks(const struct table_fit *f, const struct table_fit_col *col, union cell *cells,
	union cell *all, struct err *e)
{
	struct buf b = BUF_INIT;
	int rc = 0;

	for (size_t i = 0; i < f->store.n && rc == 0; i++) {
		struct table_fit_block block;
		struct slice bytes;
		bool coded;

		rc = table_store_get(&f->store, i, &b, &bytes, e);
		if (rc == 0) {
			const char *codes = table_fit_part(f, bytes, col->owner, &block, &coded);
			const char *target =
				table_fit_part(f, bytes, f->n_cols - 1, &block, &coded);

			add_rows(cells, all, &col->rule->mean, &block,
				(const uint32_t *)(const void *)codes,
				(const double *)(const void *)target);
		}
	}
	buf_release(&b);
	return rc;
}

static int make_means(struct table_fit *f, struct table_fit_col *col, struct err *e)
{
	struct table_rule *r = col->rule;
	struct table_mean *m = &r->mean;
	size_t n = r->values.n;
	union cell *cells = mem_array(n * m->folds + 1, sizeof(*cells), e);
	union cell all[TABLE_MAX_FOLDS] = { 0 };
	struct sum total, without[TABLE_MAX_FOLDS];

	if (!cells || sum_blocks(f, col, cells, all, e)) {
		free(cells);
		return -1;
	}
	col->means = &cells->text;
	total = sum_without(all, m->folds, m->folds);
	m->unknown = total.n ? total.target / (double)total.n : 0;
	for (uint32_t k = 0; k < m->folds; k++)
		without[k] = sum_without(all, m->folds, k);
	for (size_t c = 0; c < n; c++) {
		union cell *folds = cells + c * m->folds;
		double means[TABLE_MAX_FOLDS];

		r->numbers[c] =
			smooth_mean(sum_without(folds, m->folds, m->folds), total, m->smooth);
		for (uint32_t k = 0; k < m->folds; k++)
			means[k] =
				smooth_mean(sum_without(folds, m->folds, k), without[k], m->smooth);
		for (uint32_t k = 0; k < m->folds; k++)
			table_text_of_number(&folds[k].text, means[k]);
	}
	return 0;
}

static void make_task(void *ctx, size_t i, int worker)
{
	struct means *means = ctx;

	(void)worker;
	means->failed[i] =
		make_means(means->f, &means->f->cols[means->cols[i]], &means->errors[i]) != 0;
}

int table_fit_means(struct table_fit *f, struct pool *pool, struct err *e)
{
	struct means means = { .f = f };
	size_t n = 0;
	int rc = -1;

	if (f->n_cols == f->n_out)
		return 0;
	means.cols = mem_array(f->n_out, sizeof(*means.cols), e);
	means.errors = mem_array(f->n_out, sizeof(*means.errors), e);
	means.failed = mem_array(f->n_out, sizeof(*means.failed), e);
	if (!means.cols || !means.errors || !means.failed)
		goto out;
	for (size_t i = 0; i < f->n_out; i++) {
		if (f->cols[i].rule->makes == TABLE_MAKES_MEAN)
			means.cols[n++] = i;
	}
	pool_for(pool, n, make_task, &means);
	rc = 0;
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (means.failed[i]) {
			*e = means.errors[i];
			rc = -1;
		}
	}
out:
	free(means.cols);
	free(means.errors);
	free(means.failed);
	return rc;
}
