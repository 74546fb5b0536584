#include "tree/objective.h"

#include <math.h>
#include <stdlib.h>

#include "base/fmath.h"
#include "base/mem.h"
#include "tree/quantile.h"
#include "tree/rank.h"

struct job {
	const struct tree_truth *t;
	const float *margins;
	size_t output;
	struct tree_grad *out;
	const struct tree_kernel *kernel;
};

static float weight_of(const struct tree_truth *t, size_t row)
{
	return t->weights ? t->weights[row] : 1;
}

double tree_loss_quantile(const struct tree_truth *t)
{
	switch (t->loss) {
	case TREE_LOSS_ABSOLUTE:
		return 0.5;
	case TREE_LOSS_QUANTILE:
		return t->shape;
	default:
		return NAN;
	}
}

/** The rows' quantile; a pseudo-Huber loss starts at the median, too. */
static int start_at_quantile(
	const struct tree_truth *t, const struct tree_hold_out *out, double *score, struct err *e)
{
	float *values = mem_array_raw(t->n_rows, sizeof(*values), e);
	uint32_t *weights =
		t->weights && values ? mem_array_raw(t->n_rows, sizeof(*weights), e) : NULL;
	float most = 0;
	size_t n = 0;
	int rc = -1;

	if (!values || (t->weights && !weights))
		goto out;
	for (size_t i = 0; weights && i < t->n_rows; i++)
		most = fmaxf(most, t->weights[i]);
	tree_comm_most(t->comm, &most, 1);
	for (size_t i = 0; i < t->n_rows; i++) {
		if (tree_is_held_out(out, i))
			continue;
		if (weights)
			weights[n] = (uint32_t)ceil(
				(double)t->weights[i] / (double)most * TREE_QUANTILE_UNIT);
		values[n++] = t->values[i];
	}
	*score = (double)tree_quantile(values, weights, n,
		t->loss == TREE_LOSS_HUBER ? 0.5 : tree_loss_quantile(t), t->comm);
	rc = 0;
out:
	free(values);
	free(weights);
	return rc;
}

static double truth_of(const struct tree_truth *t, size_t row)
{
	return tree_loss_has_classes(t->loss) ? t->class[row] : (double)t->values[row];
}

struct turn {
	const struct tree_truth *t;
	const struct tree_hold_out *out;
};

/** What one process after another adds to: sum of weights, of weighted truths. */
static void add_means(void *ctx, void *state)
{
	const struct turn *z = ctx;
	double *sums = state;

	for (size_t i = 0; i < z->t->n_rows; i++) {
		double w = (double)weight_of(z->t, i);

		if (tree_is_held_out(z->out, i))
			continue;
		sums[0] += w;
		sums[1] += w * truth_of(z->t, i);
	}
}

/** The sum runs over the rows in their order: the same for any number of threads and processes. */
double tree_objective_mean(const struct tree_truth *t, const struct tree_hold_out *out)
{
	struct turn z = { t, out };
	double sums[2] = { 0, 0 };

	tree_comm_in_turn(t->comm, add_means, &z, sums, sizeof(sums));
	if (sums[0] <= 0)
		return t->loss == TREE_LOSS_SQUARED ? 0 : 0.5;
	return sums[1] / sums[0];
}

/** Weights of the classes, and behind them that of all. */
static void add_shares(void *ctx, void *state)
{
	const struct turn *z = ctx;
	double *sums = state;

	for (size_t i = 0; i < z->t->n_rows; i++) {
		double w = (double)weight_of(z->t, i);

		if (tree_is_held_out(z->out, i))
			continue;
		sums[z->t->class[i]] += w;
		sums[z->t->n_outputs] += w;
	}
}

static int log_shares(
	const struct tree_truth *t, const struct tree_hold_out *out, double *margins, struct err *e)
{
	struct turn z = { t, out };
	double *sums = mem_array(t->n_outputs + 1, sizeof(*sums), e);

	if (!sums)
		return -1;
	tree_comm_in_turn(t->comm, add_shares, &z, sums, (t->n_outputs + 1) * sizeof(*sums));
	for (size_t k = 0; k < t->n_outputs; k++)
		margins[k] = sums[k] > 0 ? fmath_log(sums[k] / sums[t->n_outputs]) : -20;
	free(sums);
	return 0;
}

int tree_objective_start(const struct tree_truth *t, const struct tree_hold_out *out, double *score,
	double *margins, struct err *e)
{
	*score = 0;
	for (size_t k = 0; k < t->n_outputs; k++)
		margins[k] = 0;
	switch (t->loss) {
	case TREE_LOSS_SQUARED:
		*score = tree_objective_mean(t, out);
		return 0;
	case TREE_LOSS_LOGISTIC:
		*score = fmin(fmax(tree_objective_mean(t, out), 1e-6), 1 - 1e-6);
		return 0;
	case TREE_LOSS_POISSON:
		*score = fmax(tree_objective_mean(t, out), 1e-6);
		return 0;
	case TREE_LOSS_SOFTMAX:
		return log_shares(t, out, margins, e);
	case TREE_LOSS_ABSOLUTE:
	case TREE_LOSS_HUBER:
	case TREE_LOSS_QUANTILE:
		return start_at_quantile(t, out, score, e);
	case TREE_LOSS_RANK:
		return 0;
	}
	return 0;
}

static void squared(const struct job *j, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		float w = weight_of(j->t, i);

		j->out[i].grad = w * (j->margins[i] - j->t->values[i]);
		j->out[i].hess = w;
	}
}

static void absolute(const struct job *j, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		float w = weight_of(j->t, i), d = j->margins[i] - j->t->values[i];

		j->out[i].grad = d > 0 ? w : d < 0 ? -w : 0;
		j->out[i].hess = w;
	}
}

static void huber(const struct job *j, size_t from, size_t to)
{
	double slope = j->t->shape;

	for (size_t i = from; i < to; i++) {
		double w = (double)weight_of(j->t, i);
		double d = (double)(j->margins[i] - j->t->values[i]);
		double s = sqrt(1 + d / slope * (d / slope));

		j->out[i].grad = (float)(w * d / s);
		j->out[i].hess = (float)(w / (s * s * s));
	}
}

static void quantile(const struct job *j, size_t from, size_t to)
{
	float alpha = (float)j->t->shape;

	for (size_t i = from; i < to; i++) {
		float w = weight_of(j->t, i);

		j->out[i].grad = w * (j->margins[i] >= j->t->values[i] ? 1 - alpha : -alpha);
		j->out[i].hess = w;
	}
}

static void poisson(const struct job *j, size_t from, size_t to)
{
	double steeper = fmath_exp(j->t->shape);

	for (size_t i = from; i < to; i++) {
		double w = (double)weight_of(j->t, i), p = fmath_exp((double)j->margins[i]);

		j->out[i].grad = (float)(w * (p - (double)j->t->values[i]));
		j->out[i].hess = (float)(w * p * steeper);
	}
}

static void softmax(const struct job *j, size_t from, size_t to)
{
	size_t n = j->t->n_outputs, k = j->output;
	double factor = (double)n / (double)(n - 1);

	for (size_t i = from; i < to; i++) {
		const float *m = j->margins + i * n;
		double w = (double)weight_of(j->t, i), sum = 0, p;
		float most = m[0];

		for (size_t c = 1; c < n; c++)
			most = fmaxf(most, m[c]);
		for (size_t c = 0; c < n; c++)
			sum += fmath_exp((double)(m[c] - most));
		p = fmath_exp((double)(m[k] - most)) / sum;
		j->out[i].grad = (float)(w * (p - (j->t->class[i] == k)));
		j->out[i].hess = (float)(w * fmax(factor * p * (1 - p), 1e-16));
	}
}

static void run_block(void *ctx, size_t block, int worker)
{
	const struct job *j = ctx;
	size_t from = block * TREE_ROW_BLOCK, to = from + TREE_ROW_BLOCK;

	(void)worker;
	if (to > j->t->n_rows)
		to = j->t->n_rows;
	switch (j->t->loss) {
	case TREE_LOSS_SQUARED:
		squared(j, from, to);
		return;
	case TREE_LOSS_LOGISTIC:
		j->kernel->logistic(j->margins + from, j->t->class + from,
			j->t->weights ? j->t->weights + from : NULL, to - from, j->out + from);
		return;
	case TREE_LOSS_SOFTMAX:
		softmax(j, from, to);
		return;
	case TREE_LOSS_ABSOLUTE:
		absolute(j, from, to);
		return;
	case TREE_LOSS_HUBER:
		huber(j, from, to);
		return;
	case TREE_LOSS_QUANTILE:
		quantile(j, from, to);
		return;
	case TREE_LOSS_POISSON:
		poisson(j, from, to);
		return;
	case TREE_LOSS_RANK: /* by groups, not by rows */
		return;
	}
}

int tree_objective_gradients(const struct tree_truth *t, const float *margins, size_t output,
	struct pool *pool, struct tree_grad *out, struct err *e)
{
	struct job j = { t, margins, output, out, tree_kernel_best() };

	if (t->loss == TREE_LOSS_RANK)
		return tree_rank_gradients(t, margins, pool, out, e);
	pool_for(pool, tree_n_blocks(t->n_rows), run_block, &j);
	return 0;
}
