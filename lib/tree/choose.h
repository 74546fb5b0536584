/*
 * choose - the columns that a node may be split by.
 *
 * Of those of the tree, shares are drawn for each level and, of these, for each node, as XGBoost's
 * colsample_bylevel and colsample_bynode; what then may not meet the columns above the node is left out
 * (tree/constraint.h). A choice depends on the tree's key, the depth and the node's key alone.
 */
#ifndef CD4ML_TREE_CHOOSE_H
#define CD4ML_TREE_CHOOSE_H

#include "tree/constraint.h"
#include "tree/hist.h"

struct tree_choice {
	double by_level, by_node; /* shares; 0 and 1: all */
	const struct tree_constraints *constraints; /* NULL: none */
};

/** Is every column of a tree good for every node? */
bool tree_choice_is_free(const struct tree_choice *c);

/** Keeps k of the n columns, drawn by (key, stream), in ascending order. Returns k: the share of n, at least 1. */
size_t tree_choose_share(uint32_t *cols, size_t n, double share, uint64_t key, uint64_t stream);

/** A node to choose for. */
struct tree_choice_node {
	uint64_t tree_key, key;
	uint32_t depth;
	const uint64_t *path; /* bits of the columns above it; not looked at without sets */
	uint64_t *allowed; /* scratch as large as path */
};

/** The columns of `all` that the node may be split by, into `out` [all.n], ascending. Returns how many: may be none. */
size_t tree_choose(const struct tree_choice *c, struct tree_columns all,
	const struct tree_choice_node *n, uint32_t *out);

#endif
