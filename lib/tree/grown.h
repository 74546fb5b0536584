/*
 * grown - a finished tree, as it was grown: splits in terms of bins, leaves as ranges of rows.
 */
#ifndef CD4ML_TREE_GROWN_H
#define CD4ML_TREE_GROWN_H

#include "tree/model.h"
#include "tree/split.h"

/** A node of the finished tree, in breadth-first order: root first, children side by side. */
struct tree_grow_node {
	int32_t left; /* -1: a leaf */
	uint32_t begin, n; /* its rows, in tree_grower_rows() of tree/grow.h */
	uint32_t depth;
	bool is_grouped; /* its records are at the same places, see tree/group.h */
	struct tree_split split;
};

/** The tree in terms of values; leaves and statistics are zero, for the caller to fill. tree_release(). */
int tree_grown_export(const struct tree_frame *f, const struct tree_grow_node *nodes, uint32_t n,
	struct tree *t, struct err *e) MUST_CHECK;

/**
 * The other way round: the split of an inner node of a tree that was grown on a table with the same bins. Its set is
 * the caller's, free(). ERR_INPUT if there is no such bin.
 */
int tree_grown_import(const struct tree_frame *f, const struct tree *t, uint32_t node,
	struct tree_split *s, struct err *e) MUST_CHECK;

#endif
