/*
 * group - rows of a leaf brought together: their records copied side by side.
 *
 * Deep in a tree a leaf's rows are spread over the whole frame, and each costs a cache miss in every pass. When
 * a leaf has become small enough, its records are copied, in their order, to the leaf's own place in a second
 * array, where they then move with its rows: see tree/part.h.
 */
#ifndef CD4ML_TREE_GROUP_H
#define CD4ML_TREE_GROUP_H

#include "base/pool.h"
#include "tree/frame.h"

enum { TREE_GROUP_BYTES = 4 << 20 }; /* records of a leaf that is brought together */

struct tree_group {
	const struct tree_frame *f;
	uint8_t *records; /* [n_rows] of the places, like those of the frame */
};

/** Borrows the frame. tree_group_release() in any case; takes a zeroed one. */
int tree_group_init(struct tree_group *g, const struct tree_frame *f, struct err *e) MUST_CHECK;
void tree_group_release(struct tree_group *g);

/** Are the records of `n` rows few enough to be brought together? */
static inline bool tree_group_is_due(const struct tree_group *g, size_t n)
{
	return n * g->f->records.stride <= TREE_GROUP_BYTES;
}

static inline uint8_t *tree_group_at(const struct tree_group *g, size_t place)
{
	return g->records + place * g->f->records.stride;
}

/** Copies the records of `n` rows to the places from `place` on. */
void tree_group_copy(struct tree_group *g, const uint32_t *rows, size_t n, size_t place);
/** The same on all threads; `pool` NULL: by the caller alone, side by side with other places. */
void tree_group_rows(
	struct tree_group *g, const uint32_t *rows, size_t n, size_t place, struct pool *pool);

#endif
