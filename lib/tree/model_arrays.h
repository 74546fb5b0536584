/*
 * model_arrays - a tree as model files have it: a table of nodes by columns, each an array.
 */
#ifndef CD4ML_TREE_MODEL_ARRAYS_H
#define CD4ML_TREE_MODEL_ARRAYS_H

#include "tree/model_json.h"

/** Appends the arrays, and the tree's number, as members of an object that is open. Fails without memory only; of `b` as always. */
int tree_arrays_emit(const struct tree_emit *em, struct buf *b, const struct tree *t, size_t id,
	struct err *e) MUST_CHECK;

#endif
