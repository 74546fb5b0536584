/*
 * ndcg - how good the order of the rows of each group is, as of search results: normalized discounted cumulative
 * gain, average precision, reciprocal rank.
 *
 * Gain is 2^relevance - 1, the i-th place (from 0) counts 1 / log2(i + 2) of it, as in XGBoost and LightGBM;
 * scikit-learn's gain is the relevance itself. For precision and rank a row is relevant if its relevance is above 0.
 * Equal scores stand in the order of the rows.
 */
#ifndef CD4ML_SCORE_NDCG_H
#define CD4ML_SCORE_NDCG_H

#include "score/metric.h"

enum { SCORE_RELEVANCE_MAX = 31 }; /* relevances are whole numbers from 0 on */

/** Rows that are compared with one another. */
struct score_groups {
	size_t n; /* groups */
	uint32_t *begin; /* [n + 1] of its rows in `rows` */
	uint32_t *rows; /* ascending in each group */
};

/** Sorts rows by the number of their group, which is below n_groups. score_groups_release(). */
int score_groups_load(struct score_groups *g, const uint32_t *group_of, size_t n_rows,
	size_t n_groups, struct err *e) MUST_CHECK;
/** Takes a zeroed one. */
void score_groups_release(struct score_groups *g);

/** 2^relevance - 1. */
double score_ndcg_gain(double relevance);
/** The weight of a place, from 0. */
double score_ndcg_discount(size_t place);

/** Means over the groups; NaN without groups. */
struct score_order {
	double ndcg;
	double map; /* of each group: the mean of the precisions where its relevant rows stand */
	double mrr; /* of each group: 1 / place of the first relevant row, from 1 */
	size_t n_groups;
	size_t n_irrelevant; /* groups without a relevant row: they count 1, as with the peers */
};

/**
 * Measures the order by `predicted`, of the first `k` places of each group: what stands behind counts nothing. The
 * precisions are shared out among as many rows as could stand there, as in XGBoost and LightGBM. A group counts
 * as its first row weighs.
 *   in    predicted and truth of all rows
 *   mask  [in->n] groups whose first row has 0 there are left out; NULL: none is
 */
int score_ndcg_order(const struct score_values *in, const struct score_groups *g,
	const uint8_t *mask, size_t k, struct score_order *out, struct err *e) MUST_CHECK;

#endif
