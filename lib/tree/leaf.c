#include "tree/leaf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tree/quantile.h"
#include "tree/walk.h"

enum {
	AHEAD = 24, /* rows that are fetched before they are needed */
	BITS = 30, /* of the largest gradient: sums of 2^32 rows fit */
};

int tree_leaves_init(struct tree_leaves *l, size_t n_rows, struct err *e)
{
	if (isnan(tree_loss_quantile(l->truth)))
		return 0;
	l->rest = mem_array_raw(n_rows, sizeof(*l->rest), e);
	if (!l->rest)
		return -1;
	if (!l->truth->weights)
		return 0;
	l->rest_weight = mem_array_raw(n_rows, sizeof(*l->rest_weight), e);
	return l->rest_weight ? 0 : -1;
}

void tree_leaves_release(struct tree_leaves *l)
{
	free(l->sums);
	free(l->sum_g);
	free(l->sum_h);
	free(l->weight);
	free(l->most_weight);
	free(l->rest);
	free(l->rest_weight);
	memset(l, 0, sizeof(*l));
}

/* ---- sums ------------------------------------------------------------------------------------------------ */

/** A power of 2, so that nothing is lost of values that are not much smaller than the largest. */
static double step_of(double most)
{
	int exponent;

	frexp(most, &exponent);
	return most > 0 ? ldexp(1, exponent - BITS) : 1;
}

/** What a thread has of a leaf. */
struct tree_leaf_sums {
	int64_t g, h;
};

static size_t sum_rows(
	void *ctx, uint32_t leaf, const uint32_t *rows, size_t n, uint32_t end, int worker)
{
	struct tree_leaves *l = ctx;
	struct tree_leaf_sums *sums = &l->sums[(size_t)worker * l->n_nodes + leaf];
	double per_g = 1 / step_of(l->grad_max), per_h = 1 / step_of(l->hess_max);
	int64_t g = 0, h = 0;
	size_t k = 0;

	for (; k < n && rows[k] < end; k++) {
		const struct tree_grad *r = &l->grad[rows[k]];

		__builtin_prefetch(&l->grad[rows[k + AHEAD < n ? k + AHEAD : k]]);
		g += (int64_t)((double)r->grad * per_g);
		h += (int64_t)((double)r->hess * per_h);
	}
	sums->g += g;
	sums->h += h;
	return k;
}

/** The sums of leaves, over all threads and processes. */
static int sum_leaves(struct tree_leaves *l, struct err *e)
{
	size_t n_workers = (size_t)pool_size(l->pool);

	if (mem_grow(&l->sums, &l->cap_sums, n_workers * l->n_nodes, sizeof(*l->sums), e))
		return -1;
	memset(l->sums, 0, n_workers * l->n_nodes * sizeof(*l->sums));
	if (tree_walk(l->grower, l->truth->n_rows, l->pool, sum_rows, l, e))
		return -1;
	for (uint32_t i = 0; i < l->n_nodes; i++) {
		l->sum_g[i] = l->sum_h[i] = 0;
		for (size_t w = 0; w < n_workers; w++) {
			l->sum_g[i] += l->sums[w * l->n_nodes + i].g;
			l->sum_h[i] += l->sums[w * l->n_nodes + i].h;
		}
	}
	tree_comm_sum(l->comm, l->sum_g, l->n_nodes);
	tree_comm_sum(l->comm, l->sum_h, l->n_nodes);
	return 0;
}

static double grad_of(const struct tree_leaves *l, uint32_t node)
{
	return (double)l->sum_g[node] * step_of(l->grad_max);
}

static double hess_of(const struct tree_leaves *l, uint32_t node)
{
	return (double)l->sum_h[node] * step_of(l->hess_max);
}

/** Children before parents. */
static void add_up(struct tree_leaves *l, struct tree *tree)
{
	const struct tree_split_params *p = l->split;

	for (uint32_t i = l->n_nodes; i-- > 0;) {
		int32_t c = l->nodes[i].left;

		if (c >= 0) {
			l->sum_g[i] = l->sum_g[c] + l->sum_g[c + 1];
			l->sum_h[i] = l->sum_h[c] + l->sum_h[c + 1];
			tree->stats[i].gain =
				(float)(tree_split_score(p, grad_of(l, (uint32_t)c),
						hess_of(l, (uint32_t)c)) +
					tree_split_score(p, grad_of(l, (uint32_t)c + 1),
						hess_of(l, (uint32_t)c + 1)) -
					tree_split_score(p, grad_of(l, i), hess_of(l, i)));
		}
		tree->stats[i].hessian = (float)hess_of(l, i);
		l->weight[i] = tree_split_weight(p, grad_of(l, i), hess_of(l, i));
	}
}

/* ---- quantiles ------------------------------------------------------------------------------------------- */

/** Task: what is left to explain of a leaf's rows, and the largest of their weights. */
static void gather_rest(void *ctx, size_t i, int worker)
{
	struct tree_leaves *l = ctx;
	const struct tree_truth *t = l->truth;
	const uint32_t *rows = tree_grower_rows(l->grower) + l->nodes[i].begin;
	float *rest = l->rest + l->nodes[i].begin;

	(void)worker;
	l->most_weight[i] = 0;
	for (size_t k = 0; l->nodes[i].left < 0 && k < l->nodes[i].n; k++) {
		rest[k] = t->values[rows[k]] - l->margins[rows[k]];
		if (t->weights)
			l->most_weight[i] = fmaxf(l->most_weight[i], t->weights[rows[k]]);
	}
}

/** Task: the quantile of a leaf's rows. */
static void renew_leaf(void *ctx, size_t i, int worker)
{
	struct tree_leaves *l = ctx;
	const struct tree_truth *t = l->truth;
	const uint32_t *rows = tree_grower_rows(l->grower) + l->nodes[i].begin;
	uint32_t *weights = l->rest_weight ? l->rest_weight + l->nodes[i].begin : NULL;
	size_t n = l->nodes[i].n;

	(void)worker;
	if (l->nodes[i].left >= 0)
		return;
	for (size_t k = 0; weights && k < n; k++)
		weights[k] = (uint32_t)ceilf(t->weights[rows[k]] /
					     fmaxf(l->most_weight[i], 1e-30f) * TREE_QUANTILE_UNIT);
	l->weight[i] = (double)tree_quantile(
		l->rest + l->nodes[i].begin, weights, n, tree_loss_quantile(t), l->comm);
}

static int renew_leaves(struct tree_leaves *l, struct err *e)
{
	if (mem_grow(&l->most_weight, &l->cap_most, l->n_nodes, sizeof(*l->most_weight), e))
		return -1;
	pool_for(l->pool, l->n_nodes, gather_rest, l);
	tree_comm_most(l->comm, l->most_weight, l->n_nodes);
	if (!l->comm)
		pool_for(l->pool, l->n_nodes, renew_leaf, l);
	/* all processes ask for the same leaf at a time */
	for (uint32_t i = 0; l->comm && i < l->n_nodes; i++)
		renew_leaf(l, i, 0);
	return 0;
}

/* ---- bounds ---------------------------------------------------------------------------------------------- */

/** Parents before children. A renewed leaf is bounded as any other. */
static int keep_order(struct tree_leaves *l, struct err *e)
{
	struct tree_bounds *b = mem_array(l->n_nodes, sizeof(*b), e);

	if (!b)
		return -1;
	b[0] = (struct tree_bounds)TREE_BOUNDS_NONE;
	for (uint32_t i = 0; i < l->n_nodes; i++) {
		int32_t c = l->nodes[i].left;

		l->weight[i] = tree_bounds_clamp(b[i], l->weight[i]);
		if (c >= 0)
			tree_bounds_part(b[i], l->split->monotone[l->nodes[i].split.col],
				l->weight[c], l->weight[c + 1], &b[c], &b[c + 1]);
	}
	free(b);
	return 0;
}

int tree_leaves_fill(struct tree_leaves *l, double offset, struct tree *tree, struct err *e)
{
	l->nodes = tree_grower_nodes(l->grower, &l->n_nodes);
	if (mem_grow(&l->sum_g, &l->cap_g, l->n_nodes, sizeof(*l->sum_g), e) ||
		mem_grow(&l->sum_h, &l->cap_h, l->n_nodes, sizeof(*l->sum_h), e) ||
		mem_grow(&l->weight, &l->cap_weight, l->n_nodes, sizeof(*l->weight), e))
		return -1;
	if (sum_leaves(l, e))
		return -1;
	add_up(l, tree);
	if (l->rest && renew_leaves(l, e))
		return -1;
	if (l->split->monotone && keep_order(l, e))
		return -1;
	for (uint32_t i = 0; i < l->n_nodes; i++) {
		float weight = (float)(l->weight[i] * l->learning_rate + offset);

		tree->stats[i].weight = weight;
		if (l->nodes[i].left < 0)
			tree->nodes[i].value = weight;
	}
	return 0;
}
