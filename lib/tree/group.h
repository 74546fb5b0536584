/*
 * group - rows of a leaf brought together: their records copied side by side.
 *
 * Deep in a tree a leaf's rows are spread over the whole frame, and each costs a cache miss in every pass. When
 * a leaf has become small enough, its records are copied, in their order, to the leaf's own place in a second
 * array; from then on its rows are numbers of places there. At the end the numbers are turned back into the frame's rows, in the same order.
 */
#ifndef CD4ML_TREE_GROUP_H
#define CD4ML_TREE_GROUP_H

#include "base/pool.h"
#include "tree/frame.h"

enum { TREE_GROUP_BYTES = 4 << 20 }; /* records of a leaf that is brought together */

struct tree_group {
	const struct tree_frame *f;
	struct tree_records records; /* of the places; the frame's but for the rows */
	uint32_t *row_of; /* [n_rows] of a place */
};

/** Borrows the frame. tree_group_release() in any case; takes a zeroed one. */
int tree_group_init(struct tree_group *g, const struct tree_frame *f, struct err *e) MUST_CHECK;
void tree_group_release(struct tree_group *g);

/** Are the records of `n` rows few enough to be brought together? */
static inline bool tree_group_is_due(const struct tree_group *g, size_t n)
{
	return n * g->f->records.stride <= TREE_GROUP_BYTES;
}

/**
 * Brings the rows[begin .. begin + n) together, at places of the same numbers: once for a row.
 *   pool  all threads; or NULL: the caller alone, side by side with other ranges
 */
void tree_group_rows(
	struct tree_group *g, uint32_t *rows, size_t begin, size_t n, struct pool *pool);
/** Copies the records of `n` rows to the places from `place` on; `rows` stay as they are. */
void tree_group_copy(struct tree_group *g, const uint32_t *rows, size_t n, size_t place);
/** Turns rows[begin .. begin + n) from places into the frame's rows. */
void tree_group_undo(const struct tree_group *g, uint32_t *rows, size_t begin, size_t n);

#endif
