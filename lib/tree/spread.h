/*
 * spread - both children of a small leaf, by all threads: each sums up, subtracts and searches some of the columns.
 *
 * Of a leaf of few rows it is the bins that cost, not the rows. To split leaves ahead of their turn, one for each
 * thread, is then no gain: many of their turns never come. The splits are those that one thread finds.
 */
#ifndef CD4ML_TREE_SPREAD_H
#define CD4ML_TREE_SPREAD_H

#include "tree/split.h"
#include "tree/sums.h"

struct tree_grower;
struct tree_branch;

enum { TREE_SPREAD_ROWS = 1 << 14 }; /* of a leaf, at most */

struct tree_spread_part {
	struct tree_plan plan; /* of its columns */
	uint32_t *cols; /* [n_cols] */
	size_t n_cols;
	struct tree_split splits[2]; /* of the smaller child, and of the larger */
};

struct tree_spread {
	struct tree_spread_part *parts;
	size_t n, n_made;
	uint32_t *places; /* [n_bundles] of the bundles in the grower's plan */
};

/** Room for the grower's threads. tree_spread_release() in any case; takes a zeroed one. */
int tree_spread_init(struct tree_spread *s, const struct tree_grower *g, struct err *e) MUST_CHECK;
void tree_spread_release(struct tree_spread *s);
/** Deals out the columns of the grower's plan, if there are threads for them, and enough of them. */
void tree_spread_set(struct tree_grower *g);

/** Is this how the leaf is to be split, alone? */
bool tree_spread_is_due(const struct tree_grower *g, const struct tree_branch *n);

/**
 * Finds the splits of two children. The smaller one's histogram comes to lie in `memory`; the parent's becomes that of
 * the larger. Not from a task.
 */
void tree_spread_find(
	struct tree_grower *g, struct tree_branch *parent, struct tree_branch *small, void *memory);

#endif
