/*
 * metric - how good predictions are: one number over arrays of scores, truth and optional weights.
 *
 * Definitions are scikit-learn's where it has one (names too). Scores are doubles, so that what was
 * read from text is judged as it stands; floats convert exactly. No score, truth or weight may be
 * NaN. Weights NULL means 1 each; they must be >= 0.
 *
 * Sums run in blocks that depend on the number of rows alone, added in order: the same bits for any
 * number of threads. `pool` may be NULL. Logarithms are base/fmath's. What is not defined (no rows,
 * one class only) is NaN. All functions may run side by side on different pools.
 */
#ifndef CD4ML_SCORE_METRIC_H
#define CD4ML_SCORE_METRIC_H

#include "score/rank.h"

/** Several classes: a probability for each. */
struct score_classes {
	size_t n, n_classes;
	const double *scores; /* [n][n_classes] */
	const uint32_t *labels; /* [n], below n_classes */
	const float *weights; /* [n] or NULL */
};

/** Regression. */
struct score_values {
	size_t n;
	const double *predicted; /* [n] */
	const double *truth; /* [n] */
	const float *weights; /* [n] or NULL */
};

/** Share of rows on the right side: positive is score > threshold (a tie of 0.5 is negative, as everywhere). */
double score_metric_accuracy(const struct score_binary *in, double threshold, struct pool *pool);
/** Mean of -log of the probability given to the truth, natural; clipped to [eps, 1 - eps], eps = 2^-52. */
double score_metric_logloss(const struct score_binary *in, struct pool *pool);
/** Mean squared distance of the probability from 0 or 1. */
double score_metric_brier(const struct score_binary *in, struct pool *pool);
/**
 * Area under the ROC curve: the chance that a positive row scores above a negative one, ties counted
 * half. Exact, by sorting (see score/rank.h); takes 24 bytes a row for the time of the call. At most 2^32 - 1 rows.
 */
int score_metric_auc(
	const struct score_binary *in, struct pool *pool, double *auc, struct err *e) MUST_CHECK;

/** Share of rows whose largest score (the first of equals) is that of the truth. */
double score_metric_class_accuracy(const struct score_classes *in, struct pool *pool);
/** Log loss over several classes; scores are clipped as above and not renormalised. */
double score_metric_class_logloss(const struct score_classes *in, struct pool *pool);

/** Square root of the mean squared error. */
double score_metric_rmse(const struct score_values *in, struct pool *pool);
/** Mean of |error|. */
double score_metric_mae(const struct score_values *in, struct pool *pool);
/** Mean of slope^2 (sqrt(1 + (error / slope)^2) - 1), XGBoost's mphe. */
double score_metric_huber(const struct score_values *in, double slope, struct pool *pool);
/** Mean of alpha (truth - predicted), or (1 - alpha) (predicted - truth) where that is above the truth. */
double score_metric_pinball(const struct score_values *in, double alpha, struct pool *pool);
/** Mean of 2 (truth log(truth / predicted) - truth + predicted); predictions must be above 0. */
double score_metric_poisson_deviance(const struct score_values *in, struct pool *pool);
/** Mean of |error / truth|; infinite if a truth is 0. */
double score_metric_mape(const struct score_values *in, struct pool *pool);
/** Share of the variance that is explained: 1 is perfect, 0 the mean's. NaN if the truth is constant. */
double score_metric_r2(const struct score_values *in, struct pool *pool);

/** What is known of a metric by name: for early stopping, gates and reports. */
struct score_metric {
	const char *name; /* as in metrics.json, --metric: "auc" */
	bool higher_is_better;
	const char *title; /* for people: "ROC AUC" */
};
/** NULL if the name is not known. */
const struct score_metric *score_metric_find(const char *name);

#endif
