/*
 * ndcg - how good an order is: normalized discounted cumulative gain of groups of rows, as of search results.
 *
 * Gain is 2^relevance - 1, the i-th place (from 0) counts 1 / log2(i + 2) of it, as in XGBoost and LightGBM;
 * scikit-learn's gain is the relevance itself. Equal scores stand in the order of the rows.
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

/**
 * The mean of the groups' values over the first `k` places; a group without any relevant row counts 1, as with the
 * peers. A group counts as its first row weighs. NaN without groups.
 *   in    predicted and truth of all rows
 *   mask  [in->n] groups whose first row has 0 there are left out; NULL: none is
 */
int score_ndcg(const struct score_values *in, const struct score_groups *g, const uint8_t *mask,
	size_t k, double *ndcg, struct err *e) MUST_CHECK;

#endif
