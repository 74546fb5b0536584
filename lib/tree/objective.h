/*
 * objective - gradients of the loss at the present margins. Knows no trees.
 *
 * Losses and their second derivatives are XGBoost's: logistic g = p - y, h = p (1 - p); softmax g_k = p_k -
 * [y = k], h_k = 2 p_k (1 - p_k); squared error g = margin - y, h = 1. All times the row's weight.
 * Rows are handled in blocks on all threads; each value depends on its row alone.
 */
#ifndef CD4ML_TREE_OBJECTIVE_H
#define CD4ML_TREE_OBJECTIVE_H

#include <stdint.h>

#include "base/pool.h"
#include "tree/kernel.h"

enum tree_loss { TREE_LOSS_SQUARED, TREE_LOSS_LOGISTIC, TREE_LOSS_SOFTMAX };

enum { TREE_ROW_BLOCK = 1 << 15 }; /* rows of one task, here and elsewhere */

/** What is known of the rows; borrowed. */
struct tree_truth {
	enum tree_loss loss;
	size_t n_rows;
	size_t n_outputs; /* classes of softmax, else 1 */
	const float *values; /* [n_rows] truth of squared error */
	const uint32_t *class; /* [n_rows] number of the class, for the others */
	const float *weights; /* [n_rows] >= 0, or NULL */
};

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

/**
 * The constant that fits best, as base_score: mean of the values, share of class 1. 0 for softmax, whose
 * best margins (logarithms of the shares) go into `margins` [n_outputs].
 */
double tree_objective_start(
	const struct tree_truth *t, const struct tree_hold_out *out, double *margins);

/**
 * Gradient and hessian of one output.
 *   margins  [n_rows][n_outputs]
 *   out  [n_rows], written
 */
void tree_objective_gradients(const struct tree_truth *t, const float *margins, size_t output,
	struct pool *pool, struct tree_grad *out);

#endif
