/*
 * grow - a tree, from quantized gradients: leaf-wise or depth-wise.
 *
 * With --max-leaves the leaf of the largest gain is split next; without, level after level. The rows of a leaf lie
 * together in one array, ascending; splitting a leaf parts its range in two. The histogram of the larger child is
 * its parent's less that of the smaller one, where the parent's is still there: it is kept for open
 * leaves within `hist_memory`, beyond which both children are summed up.
 *
 * Threads: a large leaf is handled by all of them, cut into blocks of rows; small leaves one by each. Depth-wise, a
 * leaf whose records fit into a core's cache is split to its end by one thread, depth first. Leaf-wise
 * growth looks ahead: the next few leaves in line are split side by side, and those whose turn never
 * comes are dropped. Every leaf's split depends on its rows alone, so none of this shows in the result.
 */
#ifndef CD4ML_TREE_GROW_H
#define CD4ML_TREE_GROW_H

#include "tree/choose.h"
#include "tree/grown.h"

struct tree_grow_params {
	struct tree_split_params split;
	uint32_t max_depth; /* 0: no limit */
	uint32_t max_leaves; /* 0: no limit, and depth-wise */
	uint32_t mtry; /* columns drawn for each split, 0: all */
	struct tree_choice choice; /* with mtry the columns that are drawn from */
	size_t hist_memory; /* bytes of histograms that may be kept */
	size_t block_bytes, leaf_bytes; /* of records, see tree/top.h; 0: what is best */
};

struct tree_grower;

/** Borrows frame and pool. `n_classes` 1, or the number of classes in the histograms. tree_grower_free(). */
struct tree_grower *tree_grower_new(const struct tree_frame *f, const struct tree_grow_params *p,
	size_t n_classes, struct pool *pool, struct err *e) MUST_CHECK;
void tree_grower_free(struct tree_grower *g);

/** The first of rows[lo .. hi), which ascend, that is not below `row`; hi if all are. */
static inline uint32_t tree_rows_find(const uint32_t *rows, uint32_t lo, uint32_t hi, size_t row)
{
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (rows[mid] < row)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/** [frame's n_rows] where the caller puts the rows to learn from, ascending, before tree_grower_run(). */
uint32_t *tree_grower_rows(const struct tree_grower *g);

/**
 * Grows a tree over the first `n_rows` of tree_grower_rows() and the columns of `cols`. `key` is the tree's
 * random number, for the columns of each split.
 */
int tree_grower_run(struct tree_grower *g, const struct tree_quant *q, size_t n_rows,
	struct tree_columns cols, uint64_t key, struct err *e) MUST_CHECK;

/**
 * Takes a tree that was grown on a table with the same bins, and parts the first `n_rows` of tree_grower_rows() by
 * its splits: what is there afterwards is as if it had been grown now. ERR_INPUT if it has splits that fit no bin.
 */
int tree_grower_take(
	struct tree_grower *g, const struct tree *t, size_t n_rows, struct err *e) MUST_CHECK;

/** The finished tree; valid until the next run. */
const struct tree_grow_node *tree_grower_nodes(const struct tree_grower *g, uint32_t *n);
/** Sums of the quantized gradients and hessians of the node's rows. */
void tree_grower_sum(const struct tree_grower *g, uint32_t node, int64_t *grad, int64_t *hess);
/** The leaf that a row of the frame falls into, also one that was not learned from. */
uint32_t tree_grower_leaf(const struct tree_grower *g, size_t row);

/**
 * The tree with thresholds, sets and directions in terms of values; leaves and statistics are zero,
 * for the caller to fill. tree_release().
 */
int tree_grower_export(const struct tree_grower *g, struct tree *t, struct err *e) MUST_CHECK;

#endif
