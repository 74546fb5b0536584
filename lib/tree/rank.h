/*
 * rank - gradients that put the rows of a group in order: LambdaMART.
 *
 * Burges, "From RankNet to LambdaRank to LambdaMART: An Overview", 2010. Each pair of rows of a group with different
 * relevances, one of them among the first TREE_RANK_TOP by the present margins, pulls apart with the logistic
 * loss of their distance, times the change of NDCG if they changed places. As in LightGBM, that change is divided
 * by the distance of the two margins, and the sum of a group is damped to its logarithm, so that no group
 * outweighs the others.
 */
#ifndef CD4ML_TREE_RANK_H
#define CD4ML_TREE_RANK_H

#include "tree/objective.h"

enum { TREE_RANK_TOP = 30, TREE_RANK_NDCG = 10 /* places that are measured */ };

/**
 * Gradients of all rows, by groups of `t`; a row's weight multiplies its own.
 *   margins  [n_rows]
 *   out  [n_rows], written
 */
int tree_rank_gradients(const struct tree_truth *t, const float *margins, struct pool *pool,
	struct tree_grad *out, struct err *e) MUST_CHECK;

#endif
