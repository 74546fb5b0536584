/*
 * sums - from rows to a histogram: packed sums of a block of rows, see tree/hist.h.
 *
 * Sums are kept by the codes of records; those that columns share are taken apart at the end.
 */
#ifndef CD4ML_TREE_SUMS_H
#define CD4ML_TREE_SUMS_H

#include "tree/hist.h"

/** The bundles of some columns' records, those of one byte first. */
struct tree_plan {
	struct tree_columns cols; /* borrowed list */
	uint32_t *bundles; /* [n] */
	size_t n, n_narrow;
	bool has_shared; /* some bundle is of several columns */
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
	const uint8_t *records; /* the frame's, or a leaf's own: see tree/group.h */
	const struct tree_quant *q;
};

/**
 * Adds rows to the sums, and gives those to the histogram. The calls for one leaf all have the same plan
 * and histogram; not with classes.
 *   rows  [n] numbers of records, ascending; NULL: the first n
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

#endif
