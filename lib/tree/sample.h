/*
 * sample - the rows that a tree learns from.
 *
 * Uniform: each row by itself with the same chance, without replacement. By gradient: with a chance in proportion to
 * sqrt(g^2 + lambda h^2), at most 1, and its gradient divided by that chance, so that sums keep their expectation with
 * the least variance: Ibragimov, Gusev, "Minimal Variance Sampling in Stochastic Gradient Boosting", NeurIPS 2019,
 * which XGBoost has as gradient_based. A row's chance depends on its gradient and on integer sums over all rows.
 */
#ifndef CD4ML_TREE_SAMPLE_H
#define CD4ML_TREE_SAMPLE_H

#include "tree/comm.h"
#include "tree/objective.h"

struct tree_sample {
	size_t n_rows, first_row; /* of all processes' rows */
	struct tree_comm *comm;
	const struct tree_hold_out *out;
	double share; /* of the rows that are not held out */
	bool by_gradient;
	double lambda;
	uint64_t seed, stream;
};

/**
 * Draws.
 *   grad  [n_rows] of rows that are drawn by gradient divided by their chance, those of others 0; NULL if !by_gradient
 *   rows  [n_rows] written: those that are drawn, ascending
 *   drawn  [n_rows] written: 1 for each of these
 * Returns how many.
 */
int tree_sample_draw(const struct tree_sample *s, struct pool *pool, struct tree_grad *grad,
	uint32_t *rows, uint8_t *drawn, size_t *n, struct err *e) MUST_CHECK;

#endif
