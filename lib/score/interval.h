/*
 * interval - how sure a metric is: confidence intervals and tests.
 *
 * The rows are taken to be independent; weights are not taken into account, so ask only where there
 * are none. Normal tails are computed here with base/fmath: the same bits on every machine.
 */
#ifndef CD4ML_SCORE_INTERVAL_H
#define CD4ML_SCORE_INTERVAL_H

#include "score/rank.h"

struct score_interval {
	double low, high;
};

/** The chance that a standard normal value is above z; relative error below 1e-12. */
double score_interval_tail(double z);
/** The z whose tail is p, 0 < p < 1. */
double score_interval_quantile(double p);

/** Wilson's interval (JASA 22, 1927) of a share of `part` in `whole` rows. */
struct score_interval score_interval_share(double part, double whole, double confidence);

/**
 * Standard error of the AUC by DeLong, DeLong, Clarke-Pearson (Biometrics 44, 1988). NaN with
 * fewer than two rows of a class.
 */
double score_interval_auc_error(const struct score_rank *r);
/** Its interval, symmetric on the logit scale, hence inside [0, 1]. */
struct score_interval score_interval_auc(const struct score_rank *r, double confidence);

/** Two models on the same rows: b against a. */
struct score_paired {
	double a, b; /* the metric of each */
	double error; /* standard error of b - a */
	double z; /* (b - a) / error; 0 if they never differ */
	double p; /* chance of a b - a of this size or above if both were equally good */
};

/**
 * DeLong's test of two AUCs on the same rows. `a`, `b` [n] scores; 56 bytes a row meanwhile. -1 and
 * `e`: memory, NaN, fewer than two rows of a class.
 */
int score_interval_paired_auc(const double *a, const double *b, const uint8_t *labels, size_t n,
	struct pool *pool, struct score_paired *out, struct err *e) MUST_CHECK;
/**
 * McNemar's test (mid-p from the normal tail above 1,000 discordant rows, exact binomial mid-p below):
 * `only_a` rows that a alone got right, `only_b` that b alone did, `both` and `n` in all.
 */
void score_interval_paired_accuracy(
	double only_a, double only_b, double both, double n, struct score_paired *out);

#endif
