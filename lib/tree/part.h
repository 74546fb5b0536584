/*
 * part - a leaf's rows in two: those that go left before those that go right, each in their order.
 */
#ifndef CD4ML_TREE_PART_H
#define CD4ML_TREE_PART_H

#include "tree/split.h"

enum { TREE_PART_TILE = 1024 }; /* records that are moved at a time: they stay in the first cache */

/** Scratch for the rows of a frame. Pieces of it that do not overlap may be used side by side. */
struct tree_part {
	const struct tree_frame *f;
	const struct tree_kernel *kernel;
	uint32_t *tmp; /* [n_rows] */
	uint32_t *numbers; /* [TREE_PART_TILE] from 0 on */
	size_t *block_left; /* [blocks of n_rows + 1] */
};

/** Borrows the frame. tree_part_release() in any case; takes a zeroed one. */
int tree_part_init(struct tree_part *p, const struct tree_frame *f, struct err *e) MUST_CHECK;
void tree_part_release(struct tree_part *p);

/** A leaf to part. */
struct tree_part_leaf {
	const struct tree_part *p;
	const struct tree_split *split;
	size_t begin, n; /* its range of the rows, and of the scratch */
	uint8_t *
		records; /* [n] its own, see tree/group.h, which move with the rows; NULL: the frame's */
	uint8_t *tmp; /* scratch for as many records */
};

enum { TREE_SET_WORDS = (TREE_BIN_LIMIT + 1 + 31) / 32 };

/** What the leaf's rows are told apart by, for the kernels' part(). `set` [TREE_SET_WORDS] lasts as long as it. */
struct tree_threshold tree_part_threshold(const struct tree_part_leaf *leaf, uint32_t *set);

/**
 * Parts the leaf's range of `rows` and returns how many go left.
 *   pool  NULL: by the caller alone, side by side with other leaves; else by all threads, one leaf at a time
 */
size_t tree_part_rows(const struct tree_part_leaf *leaf, uint32_t *rows, struct pool *pool);

#endif
