#include "tree/rank.h"

#include <stdlib.h>

#include "base/fmath.h"
#include "base/mem.h"

enum { GROUPS_AT_ONCE = 64 };

struct place {
	float margin, relevance;
	uint32_t row;
	double gain, discount; /* of the relevance; of the place */
	double grad, hess;
};

struct job {
	const struct tree_truth *t;
	const float *margins;
	struct tree_grad *out;
	struct place **work; /* [pool_size][largest group] */
};

static int by_margin(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->margin != y->margin)
		return x->margin > y->margin ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

static int by_relevance(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->relevance > y->relevance ? -1 : x->relevance < y->relevance;
}

/** The largest DCG of the first places; leaves the list in the order of relevance. */
static double ideal_of(struct place *p, size_t n)
{
	double sum = 0;

	qsort(p, n, sizeof(*p), by_relevance);
	for (size_t i = 0; i < n && i < TREE_RANK_TOP; i++)
		sum += p[i].gain * score_ndcg_discount(i);
	return sum;
}

/** What the pair in places i < k adds to both; returns how much. */
static double pull(struct place *p, size_t i, size_t k, double ideal, bool damp)
{
	struct place *high = p[i].relevance > p[k].relevance ? &p[i] : &p[k];
	struct place *low = high == &p[i] ? &p[k] : &p[i];
	double distance = (double)high->margin - (double)low->margin;
	double change = (high->gain - low->gain) * (p[i].discount - p[k].discount) / ideal;
	double q = fmath_sigmoid(-distance); /* how wrong the order is */

	if (damp)
		change /= 0.01 + (distance < 0 ? -distance : distance);
	high->grad -= q * change;
	low->grad += q * change;
	high->hess += q * (1 - q) * change;
	low->hess += q * (1 - q) * change;
	return 2 * q * change;
}

static void do_group(const struct job *j, const uint32_t *rows, size_t n, struct place *p)
{
	double ideal, sum = 0, factor;

	for (size_t i = 0; i < n; i++)
		p[i] = (struct place){ .margin = j->margins[rows[i]],
			.relevance = j->t->values[rows[i]],
			.row = rows[i],
			.gain = score_ndcg_gain((double)j->t->values[rows[i]]) };
	ideal = ideal_of(p, n);
	qsort(p, n, sizeof(*p), by_margin);
	for (size_t i = 0; ideal > 0 && i < n; i++)
		p[i].discount = score_ndcg_discount(i);
	for (size_t i = 0; ideal > 0 && i < n && i < TREE_RANK_TOP; i++)
		for (size_t k = i + 1; k < n; k++)
			if (p[i].relevance != p[k].relevance)
				sum += pull(p, i, k, ideal, p[0].margin != p[n - 1].margin);
	factor = sum > 0 ? fmath_log(1 + sum) / 0x1.62e42fefa39efp-1 /* log 2 */ / sum : 1;
	for (size_t i = 0; i < n; i++) {
		double w = j->t->weights ? (double)j->t->weights[p[i].row] : 1;

		j->out[p[i].row].grad = (float)(w * factor * p[i].grad);
		j->out[p[i].row].hess = (float)(w * factor * p[i].hess);
	}
}

static void do_block(void *ctx, size_t block, int worker)
{
	const struct job *j = ctx;
	const struct score_groups *g = j->t->groups;
	size_t from = block * GROUPS_AT_ONCE, to = from + GROUPS_AT_ONCE;

	for (size_t i = from; i < to && i < g->n; i++)
		do_group(j, g->rows + g->begin[i], g->begin[i + 1] - g->begin[i], j->work[worker]);
}

int tree_rank_gradients(const struct tree_truth *t, const float *margins, struct pool *pool,
	struct tree_grad *out, struct err *e)
{
	size_t n_workers = (size_t)pool_size(pool), most = 1;
	struct job j = { t, margins, out, mem_array(n_workers, sizeof(*j.work), e) };
	int rc = j.work ? 0 : -1;

	for (size_t i = 0; i < t->groups->n; i++)
		if (t->groups->begin[i + 1] - t->groups->begin[i] > most)
			most = t->groups->begin[i + 1] - t->groups->begin[i];
	for (size_t i = 0; i < n_workers && !rc; i++) {
		j.work[i] = mem_array_raw(most, sizeof(**j.work), e);
		rc = j.work[i] ? 0 : -1;
	}
	if (!rc)
		pool_for(pool, (t->groups->n + GROUPS_AT_ONCE - 1) / GROUPS_AT_ONCE, do_block, &j);
	for (size_t i = 0; j.work && i < n_workers; i++)
		free(j.work[i]);
	free(j.work);
	return rc;
}
