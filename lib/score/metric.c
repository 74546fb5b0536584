#include "score/metric.h"

#include <math.h>
#include <string.h>

#include "base/fmath.h"

enum { MAX_BLOCKS = 256, MIN_BLOCK = 4096 };

/* Adds up something over the rows [from, to). */
typedef double block_sum(const void *in, size_t from, size_t to);

struct sum_job {
	block_sum *sum;
	const void *in;
	size_t n, block;
	double sums[MAX_BLOCKS];
};

static void sum_task(void *ctx, size_t i, int worker)
{
	struct sum_job *j = ctx;
	size_t from = i * j->block, to = from + j->block;

	(void)worker;
	j->sums[i] = j->sum(j->in, from, to < j->n ? to : j->n);
}

/* The sum over all rows. The blocks' size depends on `n` alone, their sums are added in order. */
static double sum_rows(struct pool *pool, size_t n, block_sum *sum, const void *in)
{
	struct sum_job j = { .sum = sum, .in = in, .n = n };
	size_t n_blocks;
	double total = 0;

	j.block = (n + MAX_BLOCKS - 1) / MAX_BLOCKS;
	if (j.block < MIN_BLOCK)
		j.block = MIN_BLOCK;
	n_blocks = (n + j.block - 1) / j.block;
	if (pool && n_blocks > 1) {
		pool_for(pool, n_blocks, sum_task, &j);
	} else {
		for (size_t i = 0; i < n_blocks; i++)
			sum_task(&j, i, 0);
	}
	for (size_t i = 0; i < n_blocks; i++)
		total += j.sums[i];
	return total;
}

static double weight_at(const float *weights, size_t i)
{
	return weights ? (double)weights[i] : 1.0;
}

static double sum_weights(const void *in, size_t from, size_t to)
{
	const float *w = in;
	double s = 0;

	for (size_t i = from; i < to; i++)
		s += w[i];
	return s;
}

/* The sum divided by the weights' sum; NaN without rows or weight. */
static double mean_rows(
	struct pool *pool, size_t n, const float *weights, block_sum *sum, const void *in)
{
	double total = weights ? sum_rows(pool, n, sum_weights, weights) : (double)n;

	if (!(total > 0))
		return NAN;
	return sum_rows(pool, n, sum, in) / total;
}

struct accuracy_in {
	const struct score_binary *rows;
	double threshold;
};

static double sum_right(const void *in, size_t from, size_t to)
{
	const struct accuracy_in *a = in;
	const struct score_binary *r = a->rows;
	double s = 0;

	for (size_t i = from; i < to; i++)
		if ((r->scores[i] > a->threshold) == (r->labels[i] != 0))
			s += weight_at(r->weights, i);
	return s;
}

double score_metric_accuracy(const struct score_binary *in, double threshold, struct pool *pool)
{
	struct accuracy_in a = { in, threshold };

	return mean_rows(pool, in->n, in->weights, sum_right, &a);
}

static double neg_log(double p)
{
	const double eps = 0x1p-52;

	if (p < eps)
		p = eps;
	else if (p > 1 - eps)
		p = 1 - eps;
	return -fmath_log(p);
}

static double sum_logloss(const void *in, size_t from, size_t to)
{
	const struct score_binary *r = in;
	double s = 0;

	for (size_t i = from; i < to; i++) {
		double p = r->scores[i];

		s += weight_at(r->weights, i) * neg_log(r->labels[i] ? p : 1 - p);
	}
	return s;
}

double score_metric_logloss(const struct score_binary *in, struct pool *pool)
{
	return mean_rows(pool, in->n, in->weights, sum_logloss, in);
}

static double sum_brier(const void *in, size_t from, size_t to)
{
	const struct score_binary *r = in;
	double s = 0;

	for (size_t i = from; i < to; i++) {
		double d = r->scores[i] - (r->labels[i] ? 1 : 0);

		s += weight_at(r->weights, i) * (d * d);
	}
	return s;
}

double score_metric_brier(const struct score_binary *in, struct pool *pool)
{
	return mean_rows(pool, in->n, in->weights, sum_brier, in);
}

int score_metric_auc(const struct score_binary *in, struct pool *pool, double *auc, struct err *e)
{
	struct score_rank rank = SCORE_RANK_INIT;

	if (score_rank_load(&rank, in, pool, e))
		return -1;
	*auc = score_rank_auc(&rank);
	score_rank_release(&rank);
	return 0;
}

static double sum_class_right(const void *in, size_t from, size_t to)
{
	const struct score_classes *r = in;
	double s = 0;

	for (size_t i = from; i < to; i++) {
		const double *p = r->scores + i * r->n_classes;
		size_t best = 0;

		for (size_t c = 1; c < r->n_classes; c++)
			if (p[c] > p[best])
				best = c;
		if (best == r->labels[i])
			s += weight_at(r->weights, i);
	}
	return s;
}

double score_metric_class_accuracy(const struct score_classes *in, struct pool *pool)
{
	return mean_rows(pool, in->n, in->weights, sum_class_right, in);
}

static double sum_class_logloss(const void *in, size_t from, size_t to)
{
	const struct score_classes *r = in;
	double s = 0;

	for (size_t i = from; i < to; i++) {
		double p = r->scores[i * r->n_classes + r->labels[i]];

		s += weight_at(r->weights, i) * neg_log(p);
	}
	return s;
}

double score_metric_class_logloss(const struct score_classes *in, struct pool *pool)
{
	return mean_rows(pool, in->n, in->weights, sum_class_logloss, in);
}

static double sum_squares(const void *in, size_t from, size_t to)
{
	const struct score_values *r = in;
	double s = 0;

	for (size_t i = from; i < to; i++) {
		double d = r->predicted[i] - r->truth[i];

		s += weight_at(r->weights, i) * (d * d);
	}
	return s;
}

double score_metric_rmse(const struct score_values *in, struct pool *pool)
{
	return sqrt(mean_rows(pool, in->n, in->weights, sum_squares, in));
}

static double sum_distances(const void *in, size_t from, size_t to)
{
	const struct score_values *r = in;
	double s = 0;

	for (size_t i = from; i < to; i++)
		s += weight_at(r->weights, i) * fabs(r->predicted[i] - r->truth[i]);
	return s;
}

double score_metric_mae(const struct score_values *in, struct pool *pool)
{
	return mean_rows(pool, in->n, in->weights, sum_distances, in);
}

/* A loss with a parameter. */
struct shaped_in {
	const struct score_values *rows;
	double shape;
};

static double sum_huber(const void *in, size_t from, size_t to)
{
	const struct shaped_in *p = in;
	const struct score_values *r = p->rows;
	double s = 0;

	for (size_t i = from; i < to; i++) {
		double z = (r->predicted[i] - r->truth[i]) / p->shape;

		s += weight_at(r->weights, i) * (p->shape * p->shape) * (sqrt(1 + z * z) - 1);
	}
	return s;
}

double score_metric_huber(const struct score_values *in, double slope, struct pool *pool)
{
	struct shaped_in p = { in, slope };

	return mean_rows(pool, in->n, in->weights, sum_huber, &p);
}

static double sum_pinball(const void *in, size_t from, size_t to)
{
	const struct shaped_in *p = in;
	const struct score_values *r = p->rows;
	double s = 0;

	for (size_t i = from; i < to; i++) {
		double d = r->truth[i] - r->predicted[i];

		s += weight_at(r->weights, i) * (d > 0 ? p->shape * d : (p->shape - 1) * d);
	}
	return s;
}

double score_metric_pinball(const struct score_values *in, double alpha, struct pool *pool)
{
	struct shaped_in p = { in, alpha };

	return mean_rows(pool, in->n, in->weights, sum_pinball, &p);
}

static double sum_deviances(const void *in, size_t from, size_t to)
{
	const struct score_values *r = in;
	double s = 0;

	for (size_t i = from; i < to; i++) {
		double y = r->truth[i], p = r->predicted[i];
		double d = y > 0 ? y * fmath_log(y / p) : 0;

		s += weight_at(r->weights, i) * 2 * (d - y + p);
	}
	return s;
}

double score_metric_poisson_deviance(const struct score_values *in, struct pool *pool)
{
	return mean_rows(pool, in->n, in->weights, sum_deviances, in);
}

static double sum_shares(const void *in, size_t from, size_t to)
{
	const struct score_values *r = in;
	double s = 0;

	for (size_t i = from; i < to; i++) {
		double d = fabs(r->predicted[i] - r->truth[i]);

		if (d > 0)
			s += weight_at(r->weights, i) * (d / fabs(r->truth[i]));
	}
	return s;
}

double score_metric_mape(const struct score_values *in, struct pool *pool)
{
	return mean_rows(pool, in->n, in->weights, sum_shares, in);
}

struct spread_in {
	const struct score_values *rows;
	double mean;
};

/* With mean 0 the weighted sum of the truth; see sum_spread for the second pass. */
static double sum_truth(const void *in, size_t from, size_t to)
{
	const struct score_values *r = in;
	double s = 0;

	for (size_t i = from; i < to; i++)
		s += weight_at(r->weights, i) * r->truth[i];
	return s;
}

static double sum_spread(const void *in, size_t from, size_t to)
{
	const struct spread_in *p = in;
	const struct score_values *r = p->rows;
	double s = 0;

	for (size_t i = from; i < to; i++) {
		double d = r->truth[i] - p->mean;

		s += weight_at(r->weights, i) * (d * d);
	}
	return s;
}

double score_metric_r2(const struct score_values *in, struct pool *pool)
{
	struct spread_in p = { in, mean_rows(pool, in->n, in->weights, sum_truth, in) };
	double total = sum_rows(pool, in->n, sum_spread, &p);

	if (!(total > 0))
		return NAN;
	return 1 - sum_rows(pool, in->n, sum_squares, in) / total;
}

static const struct score_metric metrics[] = {
	{ "accuracy", true, "accuracy" },
	{ "auc", true, "ROC AUC" },
	{ "average_precision", true, "average precision" },
	{ "balanced_accuracy", true, "balanced accuracy" },
	{ "brier", false, "Brier score" },
	{ "calibration_error", false, "calibration error" },
	{ "f1", true, "F1" },
	{ "f1_macro", true, "F1, macro average" },
	{ "f1_weighted", true, "F1, weighted average" },
	{ "huber", false, "pseudo-Huber loss" },
	{ "kappa", true, "Cohen's kappa" },
	{ "ks", true, "Kolmogorov-Smirnov" },
	{ "logloss", false, "log loss" },
	{ "mae", false, "mean absolute error" },
	{ "map", true, "mean average precision" },
	{ "mape", false, "mean absolute percentage error" },
	{ "max_error", false, "largest error" },
	{ "mcc", true, "Matthews correlation" },
	{ "mrr", true, "mean reciprocal rank" },
	{ "mse", false, "mean squared error" },
	{ "ndcg", true, "NDCG of the first 10" },
	{ "pinball", false, "pinball loss" },
	{ "poisson_deviance", false, "Poisson deviance" },
	{ "precision", true, "precision" },
	{ "precision_macro", true, "precision, macro average" },
	{ "precision_weighted", true, "precision, weighted average" },
	{ "r2", true, "R squared" },
	{ "recall", true, "recall" },
	{ "recall_macro", true, "recall, macro average" },
	{ "recall_weighted", true, "recall, weighted average" },
	{ "rmse", false, "root mean squared error" },
};

const struct score_metric *score_metric_find(const char *name)
{
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
		if (!strcmp(metrics[i].name, name))
			return &metrics[i];
	return NULL;
}
