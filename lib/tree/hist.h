/*
 * hist - sums of gradients over the bins of columns, in integers.
 *
 * Gradients are quantized: a row's gradient to 12 bits with sign, its hessian to 12 bits, rounded at random
 * (from the seed, the tree and the row) so that sums stay unbiased. In a block of at most
 * TREE_PACK_ROWS rows, three sums fit into one 64-bit word, so that a row's update of a bin is one addition:
 *
 *	bits 39-63 gradient, signed    bits 14-38 hessian    bits 0-13 rows
 *
 * Blocks are then unpacked into the histogram proper. Sums are integers: any order of rows and any cut of
 * the work gives the same bytes, on any machine. The scheme with a few bits is that of Shi, Ke and others,
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
};

/** Bytes of a histogram's arrays. */
size_t tree_hist_size(size_t n_bins, size_t n_classes);
/** Lays the arrays into `memory` of that size, aligned to 8. */
struct tree_hist tree_hist_at(void *memory, size_t n_bins, size_t n_classes);

/** Which columns; NULL `list` means all. */
struct tree_columns {
	const uint32_t *list;
	size_t n;
};

/** Clears the bins of the columns. */
void tree_hist_clear(const struct tree_frame *f, struct tree_columns cols, size_t n_classes,
	struct tree_hist *h);

/** The bundles of some columns' records, those of one byte first. */
struct tree_plan {
	struct tree_columns cols; /* borrowed list */
	uint32_t *bundles; /* [n] */
	size_t n, n_narrow;
	bool *is_in; /* [f->records.n_bundles] */
};

/** A plan of no columns yet. tree_plan_release() in any case; takes a zeroed one. */
int tree_plan_init(struct tree_plan *p, const struct tree_frame *f, struct err *e) MUST_CHECK;
void tree_plan_release(struct tree_plan *p);
void tree_plan_set(struct tree_plan *p, const struct tree_frame *f, struct tree_columns cols);

/** Sums on their way: one thread at a time. Empty again after tree_sums_finish(). */
struct tree_sums {
	uint64_t *packed; /* [f->records.n_slots] */
	size_t n_rows; /* in them */
	struct tree_hist of_codes; /* of bundles that columns share */
	void *memory;
};

/** tree_sums_release() in any case; takes a zeroed one. */
int tree_sums_init(struct tree_sums *s, const struct tree_frame *f, struct err *e) MUST_CHECK;
void tree_sums_release(struct tree_sums *s);

/** What rows are summed up of. */
struct tree_hist_job {
	const struct tree_kernel *kernel;
	const struct tree_frame *f;
	const struct tree_records *records; /* the frame's, or those of a group */
	const struct tree_quant *q;
};

/**
 * Adds rows to the sums, and gives those to the histogram. The calls for one leaf all have the same plan
 * and histogram; not with classes.
 *   rows  [n] numbers of records, ascending
 *   h     added to, not cleared; is complete after finish
 * Cannot fail.
 */
void tree_sums_add(const struct tree_hist_job *j, const struct tree_plan *p, const uint32_t *rows,
	size_t n, struct tree_sums *s, struct tree_hist *h);
void tree_sums_finish(const struct tree_hist_job *j, const struct tree_plan *p, struct tree_sums *s,
	struct tree_hist *h);

/** Both at once, in the way that is best for so many rows; with classes too. `s` is empty before and after. */
void tree_hist_add(const struct tree_hist_job *j, const struct tree_plan *p, const uint32_t *rows,
	size_t n, struct tree_sums *s, struct tree_hist *h);

/** a += b, or a -= b, for all columns. */
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
