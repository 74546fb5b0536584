/*
 * whole - the rows of all processes, in their order: for what cannot be found out of each one's share and put together.
 *
 * Metrics and folds are those of one process with all rows, to the last bit, because they are made of all rows: what
 * is known of a row, a few bytes, goes to every process. Its columns do not.
 */
#ifndef CD4ML_TREE_WHOLE_H
#define CD4ML_TREE_WHOLE_H

#include "tree/objective.h"

struct tree_whole {
	struct tree_truth truth; /* of all rows; alone: what was given */
	struct buf class, values, weights; /* what it points into */
	struct score_groups groups;
};

/** Gathers from the processes of `t`->comm, all of which call it. tree_whole_release() in any case. */
int tree_whole_init(struct tree_whole *w, const struct tree_truth *t, struct err *e) MUST_CHECK;
/** Takes a zeroed one. */
void tree_whole_release(struct tree_whole *w);

/**
 * Some numbers of each row, of all rows.
 *   v    [rows of this process][k]
 *   all  emptied; alone it stays empty
 * Returns the numbers [all rows][k], which are in `all`, or `v` itself; NULL and `e` without memory.
 */
const float *tree_whole_floats(
	struct tree_comm *c, const float *v, size_t n, struct buf *all, struct err *e) MUST_CHECK;

#endif
