/*
 * forest - a random forest: Breiman, "Random Forests", 2001, on binned columns.
 *
 * Each tree learns from a sample of the rows, drawn with replacement (a row's number of draws is Poisson's, each row
 * by itself: Oza, Russell, "Online Bagging and Boosting", 2001), and each split chooses from `mtry` columns drawn
 * for it. Leaves hold the class shares, or the mean, of their rows divided by the number of trees, so that
 * the sum over trees is the forest's probability or value.
 */
#ifndef CD4ML_TREE_FOREST_H
#define CD4ML_TREE_FOREST_H

#include "tree/oob.h"

struct tree_forest_params {
	struct tree_grow_params grow;
	size_t n_trees;
	bool bootstrap;
	double sample; /* draws a row of the table; without bootstrap the share of the rows */
	struct tree_oob *oob; /* takes each tree; NULL: not wanted */
	/**
	 * [n_known] the first trees, which were grown before, on the same rows: only their splits are taken, leaves and
	 * all else are made anew, so that everything is as if they had been grown now. Those with statistics are checked.
	 */
	const struct tree *known;
	const char *known_name; /* where they are from, for messages */
	size_t n_known;
};

/**
 * Takes a finished tree; the callee may change and must not keep its arrays. Trees of several classes come as one
 * with the shares [n_nodes][n_outputs] of each node, and the weight of its rows.
 */
struct tree_forest_tree {
	struct tree *tree; /* leaf values and statistics of output 0 */
	const float *
		shares; /* [n_nodes][n_outputs], divided by the number of trees; NULL with one output */
};
typedef int tree_forest_done(void *ctx, size_t number, struct tree_forest_tree *t, struct err *e);

/**
 * Grows the trees of the job, whose truth's loss says what of: squared error means, logistic the share of class 1,
 * softmax the share of each class.
 *   margins  [n_rows][n_outputs] sums over the trees, for all rows; NULL: not wanted
 */
int tree_forest(const struct tree_job *job, const struct tree_forest_params *p, float *margins,
	tree_forest_done *done, void *ctx, struct err *e) MUST_CHECK;

#endif
