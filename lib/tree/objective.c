#include "tree/objective.h"

#include <math.h>

#include "base/fmath.h"

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

/** Sums run over the rows in their order: the same for any number of threads. */
double tree_objective_start(
	const struct tree_truth *t, const struct tree_hold_out *out, double *margins)
{
	double sum = 0, all = 0;

	for (size_t k = 0; k < t->n_outputs; k++)
		margins[k] = 0;
	for (size_t i = 0; i < t->n_rows; i++) {
		double w = (double)weight_of(t, i);

		if (tree_is_held_out(out, i))
			continue;
		all += w;
		if (t->loss == TREE_LOSS_SOFTMAX)
			margins[t->class[i]] += w;
		else
			sum += w *
			       (t->loss == TREE_LOSS_SQUARED ? (double)t->values[i] : t->class[i]);
	}
	if (t->loss == TREE_LOSS_SOFTMAX) {
		for (size_t k = 0; k < t->n_outputs; k++)
			margins[k] = margins[k] > 0 ? fmath_log(margins[k] / all) : -20;
		return 0;
	}
	if (all <= 0)
		return t->loss == TREE_LOSS_SQUARED ? 0 : 0.5;
	sum /= all;
	if (t->loss == TREE_LOSS_LOGISTIC)
		sum = fmin(fmax(sum, 1e-6), 1 - 1e-6);
	return sum;
}

static void squared(const struct job *j, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		float w = weight_of(j->t, i);

		j->out[i].grad = w * (j->margins[i] - j->t->values[i]);
		j->out[i].hess = w;
	}
}

static void softmax(const struct job *j, size_t from, size_t to)
{
	size_t n = j->t->n_outputs, k = j->output;

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
		j->out[i].hess = (float)(w * fmax(2 * p * (1 - p), 1e-16));
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
	}
}

void tree_objective_gradients(const struct tree_truth *t, const float *margins, size_t output,
	struct pool *pool, struct tree_grad *out)
{
	struct job j = { t, margins, output, out, tree_kernel_best() };

	pool_for(pool, tree_n_blocks(t->n_rows), run_block, &j);
}
