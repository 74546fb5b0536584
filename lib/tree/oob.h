/*
 * oob - what a forest's trees say of the rows that they did not learn from ("out of bag").
 *
 * Breiman, "Random Forests", 2001: each row is predicted by the trees that did not draw it, which measures the forest
 * without a second table. And each tree's loss on such rows, with one column's values shuffled among them, says
 * what the column is worth ("permutation importance"): the mean over the trees of how much the loss rises. The loss
 * is that of the leaves' shares, the squared distance from the truth (Brier's of classes), as in ranger's forests of
 * probabilities.
 */
#ifndef CD4ML_TREE_OOB_H
#define CD4ML_TREE_OOB_H

#include "tree/boost.h"

enum { TREE_OOB_ROWS = 4096 }; /* of a tree, evenly chosen, that are shuffled */

struct tree_oob {
	size_t n_rows, n_outputs, n_cols, n_trees;
	float *sums; /* [n_rows][n_outputs] of leaves; NULL: not wanted */
	uint32_t *n; /* [n_rows] trees in them */
	double *rises; /* [n_cols] of the loss, summed over the trees; NULL: not wanted */
};

/** tree_oob_release() in any case; takes a zeroed one. */
int tree_oob_init(struct tree_oob *o, const struct tree_job *job, size_t n_outputs, bool score,
	bool permutation, struct err *e) MUST_CHECK;
void tree_oob_release(struct tree_oob *o);

/** A grown tree. All borrowed. */
struct tree_oob_tree {
	const struct tree_grow_node *nodes;
	const float *shares; /* [n_nodes][n_outputs], divided by `n_trees` of the forest */
	size_t n_trees;
	const uint8_t *draws; /* [n_rows] 0: not learned from */
	uint64_t key; /* random, of the tree */
};
int tree_oob_add(struct tree_oob *o, const struct tree_job *job, const struct tree_oob_tree *t,
	struct err *e) MUST_CHECK;

/** The sums become those of the rows of all processes, in their order. */
int tree_oob_gather(struct tree_oob *o, struct tree_comm *c, struct err *e) MUST_CHECK;

/**
 * Makes the sums predictions, as if all trees had been asked: margins [n_rows][n_outputs]. Lists the rows that some
 * tree left out in `rows` [n_rows] and returns their number.
 */
size_t tree_oob_finish(struct tree_oob *o, size_t n_trees, uint32_t *rows);

/** The mean rise of the loss by shuffling a column. */
double tree_oob_permutation(const struct tree_oob *o, size_t col);

#endif
