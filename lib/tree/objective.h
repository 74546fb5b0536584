/*
 * objective - gradients of the loss at the present margins. Knows no trees.
 *
 * Losses and their second derivatives are XGBoost's, with d = margin - y and p the prediction, all times the row's
 * weight:
 *
 *	squared   g = d                         h = 1
 *	logistic  g = p - y                     h = p (1 - p)
 *	softmax   g_k = p_k - [y = k]           h_k = p_k (1 - p_k) K / (K - 1) for K classes, as LightGBM
 *	absolute  g = sign d                    h = 1
 *	huber     g = d / s                     h = 1 / s^3, s = sqrt(1 + (d / slope)^2) (pseudo-Huber)
 *	quantile  g = 1 - alpha above y, else -alpha    h = 1
 *	poisson   g = exp(margin) - y           h = exp(margin + step), step as XGBoost's max_delta_step
 *	rank      LambdaMART, see tree/rank.h
 *
 * Rows are handled in blocks on all threads; each value depends on its row alone, of ranking on its group alone.
 */
#ifndef CD4ML_TREE_OBJECTIVE_H
#define CD4ML_TREE_OBJECTIVE_H

#include <stdint.h>

#include "base/pool.h"
#include "score/ndcg.h"
#include "tree/comm.h"
#include "tree/kernel.h"

enum tree_loss {
	TREE_LOSS_SQUARED,
	TREE_LOSS_LOGISTIC,
	TREE_LOSS_SOFTMAX,
	TREE_LOSS_ABSOLUTE,
	TREE_LOSS_HUBER,
	TREE_LOSS_QUANTILE,
	TREE_LOSS_POISSON,
	TREE_LOSS_RANK
};

enum { TREE_ROW_BLOCK = 1 << 15 }; /* rows of one task, here and elsewhere */

/** What is known of the rows; borrowed. */
struct tree_truth {
	enum tree_loss loss;
	size_t n_rows;
	size_t n_outputs; /* classes of softmax, else 1 */
	const float *values; /* [n_rows] truth of regression and ranking */
	const uint32_t *class; /* [n_rows] number of the class, of logistic and softmax */
	const float *weights; /* [n_rows] >= 0, or NULL */
	double shape; /* slope of huber, alpha of quantile, step of poisson */
	const struct score_groups *groups; /* of ranking */
	struct tree_comm *comm; /* of the processes that have the other rows, or NULL */
};

/** Do classes make the truth? */
static inline bool tree_loss_has_classes(enum tree_loss loss)
{
	return loss == TREE_LOSS_LOGISTIC || loss == TREE_LOSS_SOFTMAX;
}

/** The share of rows below the best value of a leaf, which is no Newton step; NaN for losses where it is one. */
double tree_loss_quantile(const struct tree_truth *t);

/** Number of row blocks; block b holds rows b * TREE_ROW_BLOCK and on. */
static inline size_t tree_n_blocks(size_t n_rows)
{
	return (n_rows + TREE_ROW_BLOCK - 1) / TREE_ROW_BLOCK;
}

/** Is the row left out? fold_of NULL: none is. */
struct tree_hold_out {
	const uint8_t *fold_of; /* [n_rows] */
	uint8_t fold; /* rows of this fold are left out */
};
static inline bool tree_is_held_out(const struct tree_hold_out *h, size_t row)
{
	return h->fold_of && h->fold_of[row] == h->fold;
}

/** The weighted mean of the values, or the share of class 1. */
double tree_objective_mean(const struct tree_truth *t, const struct tree_hold_out *out);

/**
 * The constant that fits best, as base_score: mean of the values, share of class 1, median or quantile; 0 for
 * ranking. 0 for softmax, whose best margins (logarithms of the shares) go into `margins` [n_outputs].
 */
int tree_objective_start(const struct tree_truth *t, const struct tree_hold_out *out, double *score,
	double *margins, struct err *e) MUST_CHECK;

/**
 * Gradient and hessian of one output.
 *   margins  [n_rows][n_outputs]
 *   out  [n_rows], written
 */
int tree_objective_gradients(const struct tree_truth *t, const float *margins, size_t output,
	struct pool *pool, struct tree_grad *out, struct err *e) MUST_CHECK;

#endif
