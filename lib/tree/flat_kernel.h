/*
 * flat_kernel - rows down a flat tree: one set of functions for each instruction set, with equal results.
 */
#ifndef CD4ML_TREE_FLAT_KERNEL_H
#define CD4ML_TREE_FLAT_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TREE_RANK_MAX = 0xfff0, /* thresholds of a column; categories are below it, too */
	TREE_RANK_NOWHERE = 0xfffd, /* as a row's value: a category that is in no set */
	TREE_RANK_SET = 0xfffe, /* as a node's rank: members of a set go right */
	TREE_RANK_LEAF = 0xffff,
	TREE_RANK_RIGHT = 0xffff, /* as a row's value: above every rank, in every set */
};

/**
 * An inner node: rows whose value in `slot` is above `rank` go to next + 1, others to `next`. With a set, the cell
 * before `next` describes it. A leaf: slot 0, and `next` holds the bits of its value.
 */
struct tree_cell {
	uint32_t next;
	uint16_t rank, slot;
};

/**
 * A set's cell: `next` is where it begins in `sets`; slot 0xffff: `rank` sorted members follow there; else
 * `rank` words of 16 bits, the first of them for categories from 16 * slot on.
 */
struct tree_cells {
	struct tree_cell *cells; /* the root first */
	uint16_t *sets;
	uint32_t output;
};

/** Numbers of a column on their way to ranks. */
struct tree_ranking {
	const float *cuts; /* [n_cuts] ascending, at least one */
	uint32_t n_cuts;
	uint16_t missing; /* rank of NaN */
	const float *x; /* of the first row */
	size_t x_stride; /* floats from row to row */
	uint16_t *out;
	size_t out_stride;
};

struct tree_flat_kernel {
	/** How many cuts are not above each number. */
	void (*rank)(const struct tree_ranking *r, size_t n_rows);
	/**
	 * Adds the leaf of each row to out[row * out_stride].
	 *   x  [n_rows][stride] ranks; 2 bytes behind the last may be read
	 */
	void (*add)(const struct tree_cells *t, const uint16_t *x, size_t stride, size_t n_rows,
		float *out, size_t out_stride);
};

/** Ranks of rows in whole groups of `size` by rank_group(), which gets the first one's; the rest one by one. */
void tree_flat_rank_groups(const struct tree_ranking *r, size_t n_rows, size_t size,
	void (*rank_group)(const struct tree_ranking *r, const float *x, uint16_t *out));

extern const struct tree_flat_kernel tree_flat_scalar, tree_flat_avx2, tree_flat_avx512;

/** Never NULL. Asks the CPU: keep the answer. */
const struct tree_flat_kernel *tree_flat_kernel_best(void);

/** Is the value in the set that `cell` describes? */
bool tree_cells_has(const struct tree_cells *t, struct tree_cell cell, uint16_t value);

#endif
