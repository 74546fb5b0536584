#include "tree/boost.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "tree/sample.h"
#include "tree/walk.h"

enum { AHEAD = 24 }; /* rows that are fetched before they are needed */

/* Random numbers of tree t come from streams 4 t to 4 t + 3. */
enum stream { STREAM_ROUNDING, STREAM_ROWS, STREAM_COLUMNS, STREAM_SPLITS };

static uint64_t stream_of(size_t tree, enum stream s)
{
	return 4 * (uint64_t)tree + s;
}

struct boost {
	const struct tree_job *job;
	const struct tree_boost_params *p;
	struct tree_grower *grower;
	struct tree_model *m;
	float *margins; /* [n_rows][n_outputs] as they are within a round */
	float *next; /* what the round makes of them: the same array with one output */
	struct tree_grad *grad; /* [n_rows] */
	uint32_t *cols; /* [n_cols] */
	uint8_t *drawn; /* [n_rows] */
	double *reach; /* [n_outputs] what a margin can come to at most */
	struct tree_columns picked;

	/* of the tree at hand */
	struct tree_leaves leaves;
	size_t output, number;
	struct tree *tree;
};

/** Draws the columns of the tree. */
static void pick_columns(struct boost *b)
{
	size_t n = b->job->frame->n_cols, k;

	b->picked = (struct tree_columns){ NULL, n };
	if (b->p->colsample >= 1)
		return;
	for (size_t i = 0; i < n; i++)
		b->cols[i] = (uint32_t)i;
	k = tree_choose_share(
		b->cols, n, b->p->colsample, b->job->seed, stream_of(b->number, STREAM_COLUMNS));
	b->picked = (struct tree_columns){ b->cols, k };
}

/* ---- leaves ---------------------------------------------------------------------------------------------- */

/**
 * Steps that are too long make each round's values larger than the last one's, until a float cannot
 * hold them. The sum of the largest leaves of all rounds is what a margin can come to at most.
 */
static int check_reach(struct boost *b, struct err *e)
{
	double most = 0;

	for (uint32_t i = 0; i < b->leaves.n_nodes; i++)
		if (b->leaves.nodes[i].left < 0)
			most = fmax(most, fabs((double)b->tree->nodes[i].value));
	b->reach[b->output] += most;
	if (b->reach[b->output] <= FLT_MAX)
		return 0;
	err_set(e, ERR_INPUT, "learning diverges: values are too large after %zu rounds",
		b->number / b->m->n_outputs + 1);
	return err_hint(e, "take a lower --learning-rate, or a larger --lambda");
}

/** Adds a leaf's value to the margins of its rows. */
static size_t add_leaf(
	void *ctx, uint32_t leaf, const uint32_t *rows, size_t n, uint32_t end, int worker)
{
	struct boost *b = ctx;
	size_t stride = b->m->n_outputs, k = 0;
	float value = b->tree->nodes[leaf].value, *next = b->next + b->output;

	(void)worker;
	for (; k < n && rows[k] < end; k++) {
		__builtin_prefetch(&next[rows[k + AHEAD < n ? k + AHEAD : k] * stride], 1);
		next[rows[k] * stride] += value;
	}
	return k;
}

/** Task: rows of a block that the tree was not grown on. */
static void add_others(void *ctx, size_t block, int worker)
{
	struct boost *b = ctx;
	size_t from = block * TREE_ROW_BLOCK, to = from + TREE_ROW_BLOCK, k = b->m->n_outputs;

	(void)worker;
	if (to > b->job->frame->n_rows)
		to = b->job->frame->n_rows;
	for (size_t i = from; i < to; i++)
		if (!b->drawn[i])
			b->next[i * k + b->output] +=
				b->tree->nodes[tree_grower_leaf(b->grower, i)].value;
}

/* ---- rounds ---------------------------------------------------------------------------------------------- */

static int finish_tree(struct boost *b, double offset, struct err *e)
{
	struct pool *pool = b->job->pool;

	if (tree_leaves_fill(&b->leaves, offset, b->tree, e) || check_reach(b, e) ||
		tree_walk(b->grower, b->job->frame->n_rows, pool, add_leaf, b, e))
		return -1;
	if (b->job->out.fold_of || b->p->subsample < 1)
		pool_for(pool, tree_n_blocks(b->job->frame->n_rows), add_others, b);
	return 0;
}

static int add_tree(
	struct boost *b, size_t round, size_t output, const double *start, struct err *e)
{
	const struct tree_job *job = b->job;
	struct tree tree = { 0 };
	struct tree_quant q = { 0 };
	size_t first = round * b->m->n_outputs, n;
	struct tree_sample sample = { job->frame->n_rows, job->frame->first_row, job->frame->comm,
		&job->out, b->p->subsample, b->p->by_gradient, b->p->grow.split.lambda, job->seed,
		stream_of(first, STREAM_ROWS) };
	uint64_t key;

	b->output = output;
	b->number = first + output;
	if (tree_objective_gradients(job->truth, b->margins, output, job->pool, b->grad, e) ||
		tree_sample_draw(
			&sample, job->pool, b->grad, tree_grower_rows(b->grower), b->drawn, &n, e))
		return -1;
	tree_quantize(job->frame, b->grad, job->seed, stream_of(b->number, STREAM_ROUNDING),
		job->pool, &q);
	b->leaves.grad_max = q.grad_max;
	b->leaves.hess_max = q.hess_max;
	pick_columns(b);
	key = rng_bits(job->seed, stream_of(b->number, STREAM_SPLITS), 0);
	if (tree_grower_run(b->grower, &q, n, b->picked, key, e) ||
		tree_grower_export(b->grower, &tree, e))
		return -1;
	tree.output = (uint32_t)output;
	b->tree = &tree;
	if (finish_tree(b, round == 0 && start ? start[output] : 0, e) ||
		tree_model_add(b->m, &tree, e)) {
		tree_release(&tree);
		return -1;
	}
	return 0;
}

/** Margins before the first round, or the reach of the rounds that are there. */
static void begin(struct boost *b, const double *start)
{
	size_t n = b->job->frame->n_rows, k = b->m->n_outputs;

	for (size_t t = 0; t < b->m->n_trees; t++) {
		const struct tree *tree = &b->m->trees[t];
		double most = 0;

		for (uint32_t i = 0; i < tree->n_nodes; i++)
			if (tree->nodes[i].left < 0)
				most = fmax(most, fabs((double)tree->nodes[i].value));
		b->reach[tree->output] += most;
	}
	for (size_t i = 0; !b->m->n_trees && i < n; i++)
		for (size_t o = 0; o < k; o++)
			b->margins[i * k + o] =
				b->m->base_margin[o] + (float)(start ? start[o] : 0);
}

static int run_rounds(
	struct boost *b, const double *start, tree_round_done *done, void *ctx, struct err *e)
{
	size_t n = b->job->frame->n_rows, k = b->m->n_outputs;

	begin(b, start);
	for (size_t round = b->m->n_trees / k; round < b->p->n_trees; round++) {
		int rc = 0;

		if (b->next != b->margins)
			memcpy(b->next, b->margins, n * k * sizeof(*b->next));
		if (round == 0 && start)
			/* the start is part of the first leaves */
			for (size_t i = 0; i < n * k; i++)
				b->next[i] = b->m->base_margin[i % k];
		for (size_t o = 0; o < k; o++)
			if (add_tree(b, round, o, start, e))
				return -1;
		if (b->next != b->margins)
			memcpy(b->margins, b->next, n * k * sizeof(*b->next));
		progress_add(b->job->progress, 1);
		if (done)
			rc = done(ctx, round, b->margins, e);
		if (rc)
			return rc < 0 ? -1 : 0;
	}
	return 0;
}

int tree_boost_start(const struct tree_job *job, struct tree_model *m, double *start, struct err *e)
{
	double score;

	if (tree_objective_start(job->truth, &job->out, &score, start, e))
		return -1;
	/* as float, which is what a reader of the file will have */
	m->base_score = (double)(float)score;
	for (size_t k = 0; k < m->n_outputs; k++)
		m->base_margin[k] = (float)m->base_score;
	return tree_model_set_objective(m, m->objective, e);
}

int tree_boost(const struct tree_job *job, const struct tree_boost_params *p, const double *start,
	struct tree_model *m, float *margins, tree_round_done *done, void *ctx, struct err *e)
{
	size_t n = job->frame->n_rows;
	struct boost b = { .job = job, .p = p, .m = m, .margins = margins, .next = margins };
	int rc = -1;

	b.grower = tree_grower_new(job->frame, &p->grow, 1, job->pool, e);
	b.leaves = (struct tree_leaves){ .grower = b.grower,
		.split = &p->grow.split,
		.truth = job->truth,
		.margins = margins,
		.pool = job->pool,
		.comm = job->frame->comm,
		.learning_rate = p->learning_rate };
	b.grad = b.grower ? mem_aligned(n, sizeof(*b.grad), e) : NULL;
	b.cols = b.grad ? mem_array(job->frame->n_cols, sizeof(*b.cols), e) : NULL;
	b.drawn = b.cols ? mem_array_raw(n, sizeof(*b.drawn), e) : NULL;
	b.reach = b.drawn ? mem_array(m->n_outputs, sizeof(*b.reach), e) : NULL;
	if (!b.reach || tree_leaves_init(&b.leaves, n, e))
		goto out;
	b.leaves.grad = b.grad;
	if (m->n_outputs > 1) {
		b.next = mem_array_raw(n * m->n_outputs, sizeof(*b.next), e);
		if (!b.next)
			goto out;
	}
	rc = run_rounds(&b, start, done, ctx, e);
out:
	if (b.next != margins)
		free(b.next);
	tree_grower_free(b.grower);
	free(b.grad);
	free(b.cols);
	free(b.drawn);
	free(b.reach);
	tree_leaves_release(&b.leaves);
	return rc;
}
