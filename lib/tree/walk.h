/*
 * walk - the rows of a grown tree's leaves, in blocks by their numbers.
 *
 * The rows of a leaf are spread over the whole frame. Leaf after leaf, what is looked up of each row is a cache miss;
 * in a block of rows, of which each leaf has a few, it is in the cache: with 255 leaves and 7.4 million rows that
 * is twice as fast.
 */
#ifndef CD4ML_TREE_WALK_H
#define CD4ML_TREE_WALK_H

#include "tree/grow.h"

/**
 * Handles those of the leaf's rows that are below `end`; returns how many they are.
 *   rows  [n] of one leaf, ascending; all of them from the block on
 *   leaf  number of the node
 * Called side by side for other blocks, with another `worker`, from 0 to pool_size() - 1.
 */
typedef size_t tree_walk_visit(
	void *ctx, uint32_t leaf, const uint32_t *rows, size_t n, uint32_t end, int worker);

/** Visits all rows that the grower's last tree was grown on, `n_rows` the frame's. */
int tree_walk(const struct tree_grower *g, size_t n_rows, struct pool *pool, tree_walk_visit *visit,
	void *ctx, struct err *e) MUST_CHECK;

#endif
