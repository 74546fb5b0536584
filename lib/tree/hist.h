/*
 * hist - sums of gradients over the bins of columns, in integers.
 *
 * Gradients are quantized: a row's gradient to 12 bits with sign, its hessian to 12 bits, rounded at random
 * (from the seed, the tree and the row) so that sums stay unbiased. In a block of at most
 * TREE_PACK_ROWS rows, three sums fit into one 64-bit word, so that a row's update of a bin is one addition:
 *
 *	bits 39-63 gradient, signed    bits 14-38 hessian    bits 0-13 rows
 *
 * Blocks are then unpacked into the histogram proper; that of a leaf of no more rows stays packed: it is less than
 * half as large, and is cleared, subtracted and searched as one array. Sums are integers: any order of rows and any
 * cut of the work gives the same bytes, on any machine. The scheme with a few bits is that of Shi, Ke and others,
 * "Quantized Training of Gradient Boosting Decision Trees", NeurIPS 2022, with more bits.
 *
 * With several classes (forests), a bin has a sum of weights for each class instead of one gradient.
 */
#ifndef CD4ML_TREE_HIST_H
#define CD4ML_TREE_HIST_H

#include "tree/frame.h"

enum { TREE_PACK_ROWS = 1 << 13 };

/** What the quantized gradients mean that lie in the frame's records. */
struct tree_quant {
	double grad_unit, hess_unit; /* value of 1 */
	const uint16_t *class; /* [n_rows], or NULL: one gradient */
	size_t n_classes; /* 1 without classes */
	double grad_max, hess_max; /* the largest of all rows */
};

struct tree_hist {
	int64_t *grad; /* [n_bins][n_classes] */
	int64_t *hess; /* [n_bins] */
	uint32_t *n; /* [n_bins] rows */
	uint64_t *packed; /* [n_bins] all three, which are NULL then; or NULL */
};

/** Bytes of a histogram's arrays. */
size_t tree_hist_size(size_t n_bins, size_t n_classes);
/** Lays the arrays into `memory` of that size, aligned to 8. */
struct tree_hist tree_hist_at(void *memory, size_t n_bins, size_t n_classes);
/** Lays a packed one into the beginning of such memory. */
struct tree_hist tree_hist_packed_at(void *memory);
/** The histogram's part from a bin on. */
struct tree_hist tree_hist_from(const struct tree_hist *h, uint32_t bin, size_t n_classes);
/** Packs one of at most TREE_PACK_ROWS rows and one gradient, in its place. */
void tree_hist_pack(struct tree_hist *h, size_t n_bins);

/** The number of rows in a bin. */
static inline uint32_t tree_hist_n(const struct tree_hist *h, uint32_t bin)
{
	return h->packed ? tree_packed_n(h->packed[bin]) : h->n[bin];
}

/** Which columns; NULL `list` means all. */
struct tree_columns {
	const uint32_t *list;
	size_t n;
};

/** Clears the bins of the columns. */
void tree_hist_clear(const struct tree_frame *f, struct tree_columns cols, size_t n_classes,
	struct tree_hist *h);

/** a += b, where both are packed or both are not; or a -= b, where `b` may be packed and `a` not. */
void tree_hist_merge(
	struct tree_hist *a, const struct tree_hist *b, size_t n_bins, size_t n_classes);
void tree_hist_subtract(
	struct tree_hist *a, const struct tree_hist *b, size_t n_bins, size_t n_classes);

/**
 * Quantizes the gradients of the rows into the frame's records.
 *   grad  [f->n_rows]
 * Hessians that are all the same become exact. `stream` is the number of the tree.
 */
void tree_quantize(const struct tree_frame *f, const struct tree_grad *grad, uint64_t seed,
	uint64_t stream, struct pool *pool, struct tree_quant *q);

#endif
