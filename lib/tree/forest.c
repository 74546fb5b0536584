#include "tree/forest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmath.h"
#include "base/mem.h"
#include "base/rng.h"

/*
 * The largest weight and value are STEPS each time that their row is drawn. Of more than FEW_DRAWS draws, which one
 * row of 270 has, what is above the largest gradient counts nothing in the search for splits.
 */
enum { MAX_DRAWS = 15, FEW_DRAWS = 4, STEPS = TREE_GRAD_MAX / FEW_DRAWS };
enum stream { STREAM_ROWS, STREAM_ROUNDING, STREAM_SPLITS, STREAM_SHUFFLES, N_STREAMS };

struct forest {
	const struct tree_job *job;
	const struct tree_forest_params *p;
	struct tree_grower *grower;
	uint8_t *draws; /* [n_rows] of the tree at hand */
	uint16_t *class; /* [n_rows], with several classes */
	size_t *block_rows; /* [blocks + 1] */
	uint32_t *by_block; /* [n_rows] rows that were drawn, block after block */
	float *margins;
	double limit[MAX_DRAWS]; /* distribution function of the draws */
	struct tree_grow_params grow; /* with a gamma above the noise of rounding */
	double weight_unit; /* of quantized weights */
	double centre, grad_unit; /* of quantized values */
	double *prior; /* [n_outputs + 1]: sums as of a leaf that has all rows */
	size_t number;

	const struct tree_grow_node *nodes;
	uint32_t n_nodes;
	struct tree tree;
	float *shares; /* [n_nodes][n_outputs] */
	double *sums; /* [n_nodes][n_outputs + 1]: class weights or value, then weight */
	size_t cap_shares, cap_sums;
};

static size_t n_outputs(const struct forest *f)
{
	return f->job->truth->loss == TREE_LOSS_SOFTMAX ? f->job->truth->n_outputs : 1;
}

static uint64_t stream_of(const struct forest *f, enum stream s)
{
	return (uint64_t)f->number * N_STREAMS + s;
}

/* ---- the sample of a tree ---------------------------------------------------------------------------------- */

static unsigned draws_of(const struct forest *f, size_t row)
{
	double u;
	unsigned n = 0;

	if (tree_is_held_out(&f->job->out, row))
		return 0;
	if (!f->p->bootstrap && f->p->sample >= 1)
		return 1;
	u = rng_unit(f->job->seed, stream_of(f, STREAM_ROWS), f->job->frame->first_row + row);
	if (!f->p->bootstrap)
		return u < f->p->sample;
	/* most are below 4; which, nobody can guess: so no branches there */
	for (unsigned i = 0; i < 4; i++)
		n += u >= f->limit[i];
	while (n >= 4 && n < MAX_DRAWS && u >= f->limit[n])
		n++;
	return n;
}

static double value_weight(const struct forest *f, size_t row)
{
	return f->job->truth->weights ? (double)f->job->truth->weights[row] : 1;
}

/** Rounded up with the chance of what is cut off. */
static int round_randomly(double v, double u)
{
	return (int)fmax(fmin(floor(v + u), TREE_GRAD_MAX), -TREE_GRAD_MAX);
}

static struct tree_gh gh_of(const struct forest *f, size_t row, unsigned draws)
{
	const struct tree_truth *t = f->job->truth;
	struct tree_gh gh = { 0, (uint16_t)draws };
	uint64_t r = 0;

	if (t->weights || t->loss == TREE_LOSS_SQUARED)
		r = rng_bits(f->job->seed, stream_of(f, STREAM_ROUNDING),
			f->job->frame->first_row + row);
	if (t->weights)
		gh.hess = (uint16_t)round_randomly((double)t->weights[row] / f->weight_unit * draws,
			(double)(uint32_t)r * 0x1p-32);
	if (t->loss == TREE_LOSS_LOGISTIC)
		gh.grad = t->class[row] ? (int16_t)gh.hess : 0;
	else if (t->loss == TREE_LOSS_SQUARED)
		gh.grad =
			(int16_t)round_randomly(((double)t->values[row] - f->centre) *
							value_weight(f, row) * draws / f->grad_unit,
				(double)(r >> 32) * 0x1p-32);
	return gh;
}

/** Task: draws of a block of rows; those that were drawn are listed at the block's place. */
static void draw_block(void *ctx, size_t block, int worker)
{
	struct forest *f = ctx;
	size_t from = block * TREE_ROW_BLOCK, to = from + TREE_ROW_BLOCK, n = 0;

	(void)worker;
	if (to > f->job->frame->n_rows)
		to = f->job->frame->n_rows;
	for (size_t i = from; i < to; i++) {
		unsigned d = draws_of(f, i);

		f->draws[i] = (uint8_t)d;
		/* also of a row that is not drawn, which nobody looks at: no branch to guess */
		tree_frame_set_gh(f->job->frame, i, gh_of(f, i, d));
		f->by_block[from + n] = (uint32_t)i;
		n += d > 0;
	}
	f->block_rows[block + 1] = n;
}

static void copy_block(void *ctx, size_t block, int worker)
{
	struct forest *f = ctx;

	(void)worker;
	memcpy(tree_grower_rows(f->grower) + f->block_rows[block],
		f->by_block + block * TREE_ROW_BLOCK,
		(f->block_rows[block + 1] - f->block_rows[block]) * sizeof(*f->by_block));
}

static size_t draw_rows(struct forest *f)
{
	size_t n_blocks = tree_n_blocks(f->job->frame->n_rows);

	pool_for(f->job->pool, n_blocks, draw_block, f);
	f->block_rows[0] = 0;
	for (size_t b = 0; b < n_blocks; b++)
		f->block_rows[b + 1] += f->block_rows[b];
	pool_for(f->job->pool, n_blocks, copy_block, f);
	return f->block_rows[n_blocks];
}

/* ---- leaves ------------------------------------------------------------------------------------------------- */

static void add_row(const struct forest *f, double *sum, size_t row, double w)
{
	const struct tree_truth *t = f->job->truth;

	sum[n_outputs(f)] += w;
	if (t->loss == TREE_LOSS_SOFTMAX)
		sum[t->class[row]] += w;
	else if (t->loss == TREE_LOSS_LOGISTIC)
		sum[0] += t->class[row] ? w : 0;
	else
		sum[0] += w * (double)t->values[row];
}

/** Is nothing of the rows' numbers rounded? Then each row's hessian is its draws, its gradient those or 0. */
static bool is_exact(const struct forest *f)
{
	return f->job->truth->loss == TREE_LOSS_LOGISTIC && !f->job->truth->weights;
}

/** Task: what a leaf's rows sum up to, in ascending order of rows, from unrounded values. */
static void sum_leaf(void *ctx, size_t i, int worker)
{
	struct forest *f = ctx;
	const uint32_t *rows = tree_grower_rows(f->grower) + f->nodes[i].begin;
	size_t k = n_outputs(f);
	double *sum = f->sums + i * (k + 1);

	(void)worker;
	if (f->nodes[i].left >= 0)
		return;
	if (is_exact(f)) {
		int64_t grad, hess;

		tree_grower_sum(f->grower, (uint32_t)i, &grad, &hess);
		sum[0] += (double)grad;
		sum[1] += (double)hess;
		return;
	}
	for (size_t r = 0; r < f->nodes[i].n; r++) {
		size_t row = rows[r];

		add_row(f, sum, row, f->draws[row] * value_weight(f, row));
	}
}

/** The leaves' sums go on from process to process. */
static void sum_leaves(void *ctx, void *sums)
{
	struct forest *f = ctx;

	(void)sums; /* f->sums */
	pool_for(f->job->pool, f->n_nodes, sum_leaf, f);
}

/** G^2 / H over the outputs. */
static double score_of(const double *sum, size_t k)
{
	double s = 0;

	for (size_t o = 0; o < k; o++)
		s += sum[o] * sum[o];
	return sum[k] > 0 ? s / sum[k] : 0;
}

/**
 * Shares of a node by its sums. A sample may have no row of any weight in it: what is known then is
 * what is known above it, and at the root what all rows say.
 */
static void share_out(struct forest *f, uint32_t node, const double *above)
{
	size_t k = n_outputs(f);
	double *sum = f->sums + node * (k + 1);

	if (!(sum[k] > 0))
		memcpy(sum, above, (k + 1) * sizeof(*sum));
	for (size_t o = 0; o < k; o++)
		f->shares[node * k + o] =
			sum[k] > 0 ? (float)(sum[o] / sum[k] / (double)f->p->n_trees) : 0;
	f->tree.stats[node].weight = f->shares[node * k];
	if (f->nodes[node].left < 0)
		f->tree.nodes[node].value = f->shares[node * k];
}

/** Sums from the leaves up, shares from the root down. */
static void fill_tree(struct forest *f)
{
	size_t k = n_outputs(f);

	for (uint32_t i = f->n_nodes; i-- > 0;) {
		double *sum = f->sums + i * (k + 1);
		int32_t l = f->nodes[i].left;

		if (l >= 0) {
			const double *a = f->sums + (size_t)l * (k + 1), *b = a + k + 1;

			for (size_t o = 0; o <= k; o++)
				sum[o] = a[o] + b[o];
			f->tree.stats[i].gain =
				(float)(score_of(a, k) + score_of(b, k) - score_of(sum, k));
		}
		f->tree.stats[i].hessian = (float)sum[k];
	}
	share_out(f, 0, f->prior);
	for (uint32_t i = 0; i < f->n_nodes; i++)
		for (int32_t side = 0; f->nodes[i].left >= 0 && side < 2; side++)
			share_out(f, (uint32_t)(f->nodes[i].left + side), f->sums + i * (k + 1));
}

static void add_block(void *ctx, size_t block, int worker)
{
	struct forest *f = ctx;
	size_t from = block * TREE_ROW_BLOCK, to = from + TREE_ROW_BLOCK, k = n_outputs(f);

	(void)worker;
	if (to > f->job->frame->n_rows)
		to = f->job->frame->n_rows;
	for (size_t i = from; i < to; i++) {
		const float *share = f->shares + tree_grower_leaf(f->grower, i) * k;

		for (size_t o = 0; o < k; o++)
			f->margins[i * k + o] += share[o];
	}
}

/* ---- trees ---------------------------------------------------------------------------------------------------- */

static int add_oob(struct forest *f, struct err *e)
{
	struct tree_oob_tree t = { f->nodes, f->shares, f->p->n_trees, f->draws,
		rng_bits(f->job->seed, stream_of(f, STREAM_SHUFFLES), 0) };

	return tree_oob_add(f->p->oob, f->job, &t, e);
}

/** Grows the tree on its first `n` rows, or takes the one that is there. */
static int grow(struct forest *f, size_t n, struct err *e)
{
	struct tree_columns all = { NULL, f->job->frame->n_cols };
	struct tree_quant q = { f->grad_unit, f->weight_unit, f->class, 1 };

	if (f->number < f->p->n_known)
		return tree_grower_take(f->grower, &f->p->known[f->number], n, e)
			       ? err_at(e, "%s", f->p->known_name)
			       : 0;
	q.n_classes = f->class ? n_outputs(f) : 1;
	return tree_grower_run(
		f->grower, &q, n, all, rng_bits(f->job->seed, stream_of(f, STREAM_SPLITS), 0), e);
}

/** The root's statistics do not depend on the number of trees: they tell whether a known tree is of these rows. */
static int check_known(const struct forest *f, struct err *e)
{
	const struct tree_stat *a, *b = f->tree.stats;

	if (f->number >= f->p->n_known || !f->p->known[f->number].stats)
		return 0;
	a = f->p->known[f->number].stats;
	if (a->hessian == b->hessian && a->gain == b->gain)
		return 0;
	err_set(e, ERR_INPUT, "tree %zu of it was grown on other rows, or by other options",
		f->number + 1);
	err_at(e, "%s", f->p->known_name);
	return err_hint(e, "a forest is gone on with on the same table, by the same --seed");
}

static int add_tree(struct forest *f, tree_forest_done *done, void *ctx, struct err *e)
{
	struct tree_forest_tree out = { &f->tree, NULL };
	size_t k = n_outputs(f), n = draw_rows(f);

	if (grow(f, n, e))
		return -1;
	f->nodes = tree_grower_nodes(f->grower, &f->n_nodes);
	if (mem_grow(&f->shares, &f->cap_shares, f->n_nodes * k, sizeof(*f->shares), e) ||
		mem_grow(&f->sums, &f->cap_sums, f->n_nodes * (k + 1), sizeof(*f->sums), e))
		return -1;
	tree_release(&f->tree);
	if (tree_grower_export(f->grower, &f->tree, e))
		return -1;
	memset(f->sums, 0, f->n_nodes * (k + 1) * sizeof(*f->sums));
	tree_comm_in_turn(f->job->frame->comm, sum_leaves, f, f->sums,
		f->n_nodes * (k + 1) * sizeof(*f->sums));
	fill_tree(f);
	if (check_known(f, e))
		return -1;
	if (f->margins)
		pool_for(f->job->pool, tree_n_blocks(f->job->frame->n_rows), add_block, f);
	if (f->p->oob && add_oob(f, e))
		return -1;
	if (f->class)
		out.shares = f->shares;
	progress_add(f->job->progress, 1);
	return done ? done(ctx, f->number, &out, e) : 0;
}

static void add_prior(void *ctx, void *sums)
{
	struct forest *f = ctx;

	(void)sums; /* f->prior */
	for (size_t i = 0; i < f->job->truth->n_rows; i++)
		if (!tree_is_held_out(&f->job->out, i))
			add_row(f, f->prior, i, value_weight(f, i));
}

/** The largest weight, and the largest distance from the centre times the weight, of all rows. */
static void find_most(void *ctx, void *state)
{
	const struct forest *f = ctx;
	const struct tree_truth *t = f->job->truth;
	double *most = state;

	for (size_t i = 0; t->weights && i < t->n_rows; i++)
		most[0] = fmax(most[0], (double)t->weights[i]);
	for (size_t i = 0; t->loss == TREE_LOSS_SQUARED && i < t->n_rows; i++)
		most[1] =
			fmax(most[1], fabs((double)t->values[i] - f->centre) * value_weight(f, i));
}

/** What quantized numbers are multiples of, and how often a row is drawn. */
static void prepare(struct forest *f)
{
	const struct tree_truth *t = f->job->truth;
	struct tree_comm *comm = f->job->frame->comm;
	double most[2] = { 0, 0 }, p = fmath_exp(-f->p->sample), sum = 0;

	for (unsigned i = 0; i < MAX_DRAWS; i++) {
		sum += p;
		f->limit[i] = sum;
		p = p * f->p->sample / (i + 1);
	}
	tree_comm_in_turn(comm, add_prior, f, f->prior, (n_outputs(f) + 1) * sizeof(*f->prior));
	if (t->loss == TREE_LOSS_SQUARED)
		f->centre = tree_objective_mean(t, &f->job->out);
	tree_comm_in_turn(comm, find_most, f, most, sizeof(most));
	f->weight_unit = !t->weights ? 1 : most[0] > 0 ? most[0] / STEPS : 1;
	f->grad_unit = f->weight_unit;
	f->grow = f->p->grow;
	if (t->loss != TREE_LOSS_SQUARED)
		return;
	f->grad_unit = most[1] > 0 ? most[1] / (STEPS - 1) : 1;
	/*
	 * Rows of one value are rounded apart, by a variance of up to unit^2 / 4 each. The best of thousands of splits
	 * of them gains a dozen times that: less is no reason to split.
	 */
	f->grow.split.gamma = fmax(
		f->grow.split.gamma, 4 * f->grad_unit * f->grad_unit / (most[0] > 0 ? most[0] : 1));
}

static int make_arrays(struct forest *f, struct err *e)
{
	size_t n = f->job->frame->n_rows, k = n_outputs(f);

	f->draws = mem_array(n, sizeof(*f->draws), e);
	f->by_block = f->draws ? mem_array_raw(n, sizeof(*f->by_block), e) : NULL;
	f->block_rows =
		f->by_block ? mem_array(tree_n_blocks(n) + 1, sizeof(*f->block_rows), e) : NULL;
	f->prior = f->block_rows ? mem_array(k + 1, sizeof(*f->prior), e) : NULL;
	if (!f->prior)
		return -1;
	if (f->job->truth->loss != TREE_LOSS_SOFTMAX)
		return 0;
	if (k > TREE_CLASS_MAX)
		return err_set(e, ERR_INPUT, "%zu classes are more than a forest takes (%d)", k,
			TREE_CLASS_MAX);
	f->class = mem_array(n, sizeof(*f->class), e);
	for (size_t i = 0; f->class && i < n; i++)
		f->class[i] = (uint16_t)f->job->truth->class[i];
	return f->class ? 0 : -1;
}

int tree_forest(const struct tree_job *job, const struct tree_forest_params *p, float *margins,
	tree_forest_done *done, void *ctx, struct err *e)
{
	struct forest f = { .job = job, .p = p, .margins = margins };
	int rc = -1;

	if (make_arrays(&f, e))
		goto out;
	prepare(&f);
	f.grower = tree_grower_new(job->frame, &f.grow, f.class ? n_outputs(&f) : 1, job->pool, e);
	if (!f.grower)
		goto out;
	if (margins)
		memset(margins, 0, job->frame->n_rows * n_outputs(&f) * sizeof(*margins));
	for (f.number = 0; f.number < p->n_trees; f.number++)
		if (add_tree(&f, done, ctx, e))
			goto out;
	rc = 0;
out:
	tree_grower_free(f.grower);
	tree_release(&f.tree);
	free(f.draws);
	free(f.class);
	free(f.by_block);
	free(f.block_rows);
	free(f.shares);
	free(f.prior);
	free(f.sums);
	return rc;
}
