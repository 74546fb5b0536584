/*
 * leaf - values and statistics of a grown tree's nodes.
 *
 * A node's weight is the Newton step -G / (H + lambda), with G soft-thresholded by alpha and the step limited by
 * max_delta_step, from gradients that were not rounded; for absolute and quantile error a leaf's value is the
 * quantile of what is left to explain of its rows. Under monotone constraints each split of such a column bounds
 * all values below it: those of the one side stay on their side of the middle of both weights.
 *
 * G and H are sums of integers, gradients in steps of about 2^-30 of their largest one: the same for any order of
 * the rows.
 */
#ifndef CD4ML_TREE_LEAF_H
#define CD4ML_TREE_LEAF_H

#include "tree/grow.h"
#include "tree/objective.h"

/** What the sums of a tree are made of; borrowed but for the arrays, which are its own. Zeroed is empty. */
struct tree_leaves {
	const struct tree_grower *grower;
	const struct tree_split_params *split;
	const struct tree_truth *truth;
	const float *margins; /* [n_rows][n_outputs] of the rows before the tree; for quantiles */
	const struct tree_grad *grad; /* [n_rows] */
	struct pool *pool;
	struct tree_comm *comm; /* of the processes that have the other rows, or NULL */
	double learning_rate;
	double grad_max, hess_max; /* the largest of all rows */

	const struct tree_grow_node *nodes; /* of the tree at hand */
	uint32_t n_nodes;
	struct tree_leaf_sums *sums; /* [n_workers][n_nodes] */
	int64_t *sum_g, *sum_h; /* [n_nodes] */
	double *weight; /* [n_nodes] before the learning rate */
	float *most_weight; /* [n_nodes] of a leaf's rows, for quantiles */
	size_t cap_sums, cap_g, cap_h, cap_weight, cap_most;
	float *rest; /* [n_rows] what is left to explain, and its weights */
	uint32_t *rest_weight;
};

/** Makes room for the quantiles of `n_rows` rows if the loss needs them. tree_leaves_release() in any case. */
int tree_leaves_init(struct tree_leaves *l, size_t n_rows, struct err *e) MUST_CHECK;
void tree_leaves_release(struct tree_leaves *l);

/**
 * Fills leaf values and statistics of the tree that the grower has just finished and exported.
 *   offset  added to each node's weight
 */
int tree_leaves_fill(
	struct tree_leaves *l, double offset, struct tree *tree, struct err *e) MUST_CHECK;

#endif
