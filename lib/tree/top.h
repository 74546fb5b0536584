/*
 * top - the upper part of a large tree, level by level.
 *
 * Deep in a tree a leaf's rows are spread over the whole frame, and each costs a cache miss in every pass. So
 * while leaves are large, rows are cut into blocks by their numbers, small enough for the cache of a core, and of
 * each block a leaf has a piece. One pass over the blocks parts the pieces of many leaves and sums up their
 * smaller children. Then, in one more pass, the records of each leaf are brought together, see tree/group.h, and
 * the leaves are small enough to be grown one by one.
 *
 * Leaf-wise growth has no levels: leaves are split here if their turn comes for sure, as far as is known
 * yet. Those whose turn never comes are dropped like all that are split ahead of it.
 */
#ifndef CD4ML_TREE_TOP_H
#define CD4ML_TREE_TOP_H

#include "tree/branch.h"

struct tree_top;

void tree_top_free(struct tree_top *t);

/** Is the root's number of rows worth it? Not with columns that are drawn for each split, nor with classes. */
bool tree_top_is_due(const struct tree_grower *g);

/** Grows from the root, which has no split yet. The open leaves of the heap are not touched. */
int tree_top_grow(struct tree_grower *g, struct err *e) MUST_CHECK;

#endif
