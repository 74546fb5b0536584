/*
 * constraint - what a user knows of the columns: which way a prediction may go with them, and which may meet.
 *
 * Monotone: the prediction never falls (or rises) when the number in that column rises and all else stays; see
 * tree/leaf.h. Missing values are on their own.
 * Interaction: the columns on the way from the root to a leaf must all be members of one set; a column
 * in no set is one of its own. As in XGBoost.
 */
#ifndef CD4ML_TREE_CONSTRAINT_H
#define CD4ML_TREE_CONSTRAINT_H

#include "base/opt.h"
#include "tree/model.h"

struct tree_constraints {
	int8_t *monotone; /* [n_features] 1: rising, -1: falling, 0: any way; NULL: all so */
	size_t n_sets, words; /* words: of a set */
	uint64_t *sets; /* [n_sets][words] bits of columns */
};

/**
 * Finds the columns of the model.
 *   monotone  "COL:1" and "COL:-1", or a number for each column in their order; also with blanks and in parentheses
 *   together  each a set, "COL,COL", or several, "[[COL,COL],[COL,COL]]"
 * -1 and ERR_INPUT: no such column, not a direction, a direction of texts. tree_constraints_release() in any case.
 */
int tree_constraints_parse(struct tree_constraints *c, const struct tree_model *m,
	const struct opt_list *monotone, const struct opt_list *together, struct err *e) MUST_CHECK;
/** Takes a zeroed one. */
void tree_constraints_release(struct tree_constraints *c);

/**
 * Clears the bits in `allowed` [words] of columns that may not meet all of those in `path` [words], unless
 * they are in it.
 */
void tree_constraints_meet(
	const struct tree_constraints *c, const uint64_t *path, uint64_t *allowed);

#endif
