/*
 * boost - gradient boosted trees. forest - a random forest. Two learners on one grower.
 *
 * Boosting: Friedman, "Greedy Function Approximation", 2001, with second derivatives as in Chen, Guestrin,
 * "XGBoost", 2016. A leaf's value is -G / (H + lambda) times the learning rate, from unrounded gradients.
 *
 * Every value depends on the seed, the tree and the row alone: the same model for any number of threads.
 */
#ifndef CD4ML_TREE_BOOST_H
#define CD4ML_TREE_BOOST_H

#include "base/progress.h"
#include "tree/leaf.h"

/** What is learned from. All borrowed. */
struct tree_job {
	const struct tree_frame *frame;
	const struct tree_truth *truth;
	struct tree_hold_out out; /* rows to leave out, for cross-validation */
	struct pool *pool;
	struct progress *progress;
	uint64_t seed;
};

struct tree_boost_params {
	struct tree_grow_params grow;
	size_t n_trees; /* rounds */
	double learning_rate;
	double subsample; /* share of the rows for each tree, without replacement */
	bool by_gradient; /* draw rows by the size of their gradients, see tree/sample.h */
	double colsample; /* share of the columns for each tree */
	struct tree_constraints constraints; /* what grow points to */
};

/** Is called after each round. 0: go on; 1: stop; -1 and `e`: give up. */
typedef int tree_round_done(void *ctx, size_t round, const float *margins, struct err *e);

/** Sets the model's base_score and base_margin, and `start` [n_outputs], to the constants that fit best. */
int tree_boost_start(
	const struct tree_job *job, struct tree_model *m, double *start, struct err *e) MUST_CHECK;

/**
 * Adds trees to the model until it has those of p->n_trees rounds. Its features, objective and base_margin are set (they
 * are where the margins start; for softmax `start` [n_outputs] goes into the first round's leaves).
 *   margins  [n_rows][n_outputs], written: those of all rows, left out ones too. If the model has trees, they
 *            must be what these come to.
 *   done     may be NULL; is not called for rounds that are there
 */
int tree_boost(const struct tree_job *job, const struct tree_boost_params *p, const double *start,
	struct tree_model *m, float *margins, tree_round_done *done, void *ctx,
	struct err *e) MUST_CHECK;

#endif
