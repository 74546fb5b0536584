/*
 * flat - trees in the form that many rows are predicted with: 8 bytes a node, numbers compared by rank.
 *
 * Per column the thresholds of all trees are sorted once; a row's value becomes the number of thresholds that are not
 * above it, 16 bits, so that "below the threshold" is a comparison of small integers (a trick of QuickScorer's
 * and others'). Where a missing value goes is decided when a row is ranked, not in each node: a column has a slot
 * for splits that send missing values left, another for those that send them right. Rows then go down
 * a tree side by side, one tree after the other over a block of rows, so that the tree stays in the cache.
 *
 * Leaves are added in the order of the trees, as float: the bits are those of the trees themselves.
 */
#ifndef CD4ML_TREE_FLAT_H
#define CD4ML_TREE_FLAT_H

#include "tree/flat_kernel.h"
#include "tree/model.h"

struct tree_flat;

/** Begins a flat form of trees over `n_features` columns. tree_flat_free(). */
struct tree_flat *tree_flat_new(size_t n_trees, size_t n_features, struct err *e) MUST_CHECK;
void tree_flat_free(struct tree_flat *f);

/**
 * First all trees are looked at, in any order, one at a time; then tree_flat_rank() sorts what was found. It
 * returns 1, or 0 where the trees do not fit: 65,000 thresholds of a column, or as many slots, are too many. -1: no
 * memory.
 */
int tree_flat_look(struct tree_flat *f, const struct tree *t, struct err *e) MUST_CHECK;
int tree_flat_rank(struct tree_flat *f, struct err *e) MUST_CHECK;
/** Then each tree is put at its place; different trees by different threads, if the caller wants. */
int tree_flat_put(struct tree_flat *f, size_t i, const struct tree *t, struct err *e) MUST_CHECK;

/**
 * Adds the leaves of all trees to the margins of rows; any number of threads.
 *   x        [n_rows][n_features]
 *   margins  [n_rows][n_outputs]
 * -1: no memory for the ranks of a block of rows.
 */
int tree_flat_add(const struct tree_flat *f, const float *x, size_t n_rows, float *margins,
	size_t n_outputs, struct err *e) MUST_CHECK;

#endif
