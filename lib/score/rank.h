/*
 * rank - the distinct scores of two classes in order, with the weight of each class at each score.
 *
 * All that depends only on the order of scores (AUC, average precision, the curves, DeLong's
 * variance) is a loop over these groups. Scores are sorted as they are, by a stable radix sort on all
 * threads: exact, ties included, the same for any number of threads. Without weights the groups hold
 * counts, and what is added up from them is exact as long as it is below 2^53.
 */
#ifndef CD4ML_SCORE_RANK_H
#define CD4ML_SCORE_RANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"

/** Two classes: the probability of the positive one, or any score that grows with it. */
struct score_binary {
	size_t n;
	const double *scores; /* [n] */
	const uint8_t *labels; /* [n] 1 for the positive class, else 0 */
	const float *weights; /* [n] or NULL */
};

struct score_rank {
	size_t n_groups;
	double *scores; /* [n_groups] distinct, descending */
	double *positives; /* [n_groups] weight of positive rows with this score */
	double *negatives; /* [n_groups] */
	double total_positive, total_negative;
};

#define SCORE_RANK_INIT \
	{               \
		0       \
	}

/**
 * Sorts and groups; 24 bytes a row meanwhile, 24 bytes a distinct score to stay. `pool` may be
 * NULL. At most 2^32 - 1 rows. -1 and `e`: memory, or a score that is NaN.
 */
int score_rank_load(struct score_rank *r, const struct score_binary *in, struct pool *pool,
	struct err *e) MUST_CHECK;
void score_rank_release(struct score_rank *r);

/** Area under the ROC curve, ties counted half; NaN if a class has no weight. */
double score_rank_auc(const struct score_rank *r);
/** Sum of precision times gain in recall over the thresholds; NaN without positives. */
double score_rank_average_precision(const struct score_rank *r);
/** Largest difference of true and false positive rate, and (unless NULL) the score where it is. */
double score_rank_ks(const struct score_rank *r, double *at);

/** The best F1 of any threshold, and the lowest score that is positive there; NaN without positives. */
double score_rank_best_f1(const struct score_rank *r, double *at);

/**
 * The order alone: order[i] is the row with the i-th smallest score, equal ones by row. For what
 * needs a value per row. -1 and `e` as above.
 */
int score_rank_order(const double *scores, size_t n, uint32_t *order, struct pool *pool,
	struct err *e) MUST_CHECK;

#endif
