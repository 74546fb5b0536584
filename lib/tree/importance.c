#include "tree/importance.h"

#include <stdlib.h>

#include "base/jdoc.h"
#include "base/mem.h"
#include "base/rng.h"
#include "tree/measure.h"
#include "tree/predict.h"

enum {
	STREAM_SHUFFLES = 1 << 29, /* away from those of the trees */
	TIMES = 3, /* that a column is shuffled */
};

static const char *const kinds[] = { "gain", "cover", "weight" };

int tree_importances_init(struct tree_importances *i, size_t n_features, struct err *e)
{
	i->n = n_features;
	i->sums = mem_array(3 * n_features, sizeof(*i->sums), e);
	return i->sums ? 0 : -1;
}

void tree_importances_release(struct tree_importances *i)
{
	free(i->sums);
	free(i->permutation);
	*i = (struct tree_importances){ 0 };
}

void tree_importances_add(struct tree_importances *i, const struct tree *t)
{
	for (int kind = 0; kind < 3; kind++)
		tree_importance_add(t, (enum tree_importance)kind, i->sums + (size_t)kind * i->n);
}

/* ---- permutation ------------------------------------------------------------------------------------------ */

struct shuffle {
	const struct tree_model *m;
	const struct tree_rows *rows;
	float *margins; /* [n][n_outputs] */
};

static void predict_block(void *ctx, size_t block, int worker)
{
	struct shuffle *s = ctx;
	size_t from = block * TREE_ROW_BLOCK, k = s->m->n_outputs, n_features = s->m->n_features;
	size_t n = s->rows->n - from < TREE_ROW_BLOCK ? s->rows->n - from : TREE_ROW_BLOCK;
	float *out = s->margins + from * k;

	(void)worker;
	for (size_t i = 0; i < n * k; i++)
		out[i] = s->m->base_margin[i % k];
	for (size_t t = 0; t < s->m->n_trees; t++)
		tree_add_leaves(&s->m->trees[t], s->rows->x + from * n_features, n, n_features,
			out + s->m->trees[t].output, k);
}

static int measure_first(const struct tree_model *m, const struct tree_rows *rows,
	const float *margins, struct pool *pool, double *value, struct err *e)
{
	struct tree_measure_input in = {
		.m = m,
		.truth = &rows->target.truth,
		.margins = margins,
		.n = rows->n,
		.loss_only = true,
	};
	struct tree_measures out;

	if (tree_measure(&in, pool, &out, e))
		return -1;
	*value = score_metric_find(out.names[0])->higher_is_better ? -out.values[0] : out.values[0];
	return 0;
}

/** The values of the column in another order; `values` are those of before. */
static void shuffle_column(
	struct tree_rows *rows, size_t col, size_t stride, uint64_t seed, uint64_t stream)
{
	for (size_t i = 0; i + 1 < rows->n; i++) {
		size_t k = i + rng_below(seed, stream, i, rows->n - i);
		float swap = rows->x[i * stride + col];

		rows->x[i * stride + col] = rows->x[k * stride + col];
		rows->x[k * stride + col] = swap;
	}
}

int tree_importances_permute(struct tree_importances *im, const struct tree_model *m,
	struct tree_rows *rows, const float *margins, uint64_t seed, const struct tree_io *io,
	struct err *e)
{
	struct shuffle s = { m, rows, mem_array(rows->n * m->n_outputs, sizeof(*s.margins), e) };
	float *column = s.margins ? mem_array(rows->n, sizeof(*column), e) : NULL;
	double before, after;
	int rc = -1;

	im->permutation = column ? mem_array(im->n, sizeof(*im->permutation), e) : NULL;
	if (!im->permutation || measure_first(m, rows, margins, io->pool, &before, e))
		goto out;
	progress_start(io->progress, "shuffling", im->n, "columns");
	for (size_t c = 0; c < im->n; c++) {
		for (size_t i = 0; i < rows->n; i++)
			column[i] = rows->x[i * im->n + c];
		for (size_t t = 0; t < TIMES && im->sums[2 * im->n + c] > 0; t++) {
			shuffle_column(rows, c, im->n, seed, STREAM_SHUFFLES + c * TIMES + t);
			pool_for(io->pool, tree_n_blocks(rows->n), predict_block, &s);
			if (measure_first(m, rows, s.margins, io->pool, &after, e))
				goto out;
			im->permutation[c] += (after - before) / TIMES;
		}
		for (size_t i = 0; i < rows->n; i++)
			rows->x[i * im->n + c] = column[i];
		progress_add(io->progress, 1);
	}
	rc = 0;
out:
	free(s.margins);
	free(column);
	return rc;
}

/* ---- writing ----------------------------------------------------------------------------------------------- */

struct ranked {
	size_t feature;
	double gain;
};

static int by_gain(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->gain != y->gain)
		return x->gain > y->gain ? -1 : 1;
	return x->feature < y->feature ? -1 : 1;
}

static json_t *describe(const struct tree_importances *im, const char *name, size_t f, int *rc)
{
	json_t *one = json_object();

	*rc |= json_object_set_new(one, "feature", json_string(name));
	for (size_t k = 0; k < 3; k++)
		*rc |= json_object_set_new(one, kinds[k], json_real(im->sums[k * im->n + f]));
	if (im->permutation)
		*rc |= json_object_set_new(one, "permutation", json_real(im->permutation[f]));
	return one;
}

int tree_importances_save(const struct tree_importances *im, const struct tree_model *m,
	const char *path, struct err *e)
{
	struct ranked *order = mem_array(im->n, sizeof(*order), e);
	json_t *o, *list;
	int rc = 0;

	if (!order)
		return -1;
	for (size_t i = 0; i < im->n; i++)
		order[i] = (struct ranked){ i, im->sums[i] };
	qsort(order, im->n, sizeof(*order), by_gain);
	o = json_object();
	list = json_array();
	for (size_t i = 0; i < im->n; i++) {
		size_t f = order[i].feature;

		rc |= json_array_append_new(list, describe(im, m->features[f].name, f, &rc));
	}
	rc |= json_object_set_new(o, "features", list);
	rc = rc ? err_nomem(e) : jdoc_save(path, o, JDOC_PRETTY, 0, e);
	json_decref(o);
	free(order);
	return rc;
}
