/*
 * margins - the sums of the leaves that rows of numbers fall into.
 *
 * A few rows go down the trees as these are: also in a file that is only mapped (tree_model_open()), where nothing but
 * the nodes on their way is read. For many rows the trees are made flat (tree/flat.h) once. The bits are the
 * same: float additions keep the order of the file.
 */
#ifndef CD4ML_TREE_MARGINS_H
#define CD4ML_TREE_MARGINS_H

#include "base/pool.h"
#include "tree/model.h"

struct tree_margins;

/** Borrows the model, which must outlive it; any number of threads may share it. tree_margins_free(). */
struct tree_margins *tree_margins_new(const struct tree_model *m, struct err *e) MUST_CHECK;
void tree_margins_free(struct tree_margins *p);
/** Nodes of all trees. */
size_t tree_margins_n_nodes(const struct tree_margins *p);

/**
 * Brings the trees into the form that many rows are predicted with (tree/flat.h), with all threads of the pool. Else
 * that is done by one thread once so many rows have come that it is worth it. -1: no memory, or a damaged tree of a
 * model that was opened.
 */
int tree_margins_prepare(struct tree_margins *p, struct pool *pool, struct err *e) MUST_CHECK;

/**
 * Margins of `n_rows` rows.
 *   x        [n_rows][n_features], NAN for missing, codes for categories
 *   margins  [n_rows][n_outputs], written
 * Any thread; the bits do not depend on which rows come together. -1: no memory, or a damaged tree.
 */
int tree_margins_of(struct tree_margins *p, const float *x, size_t n_rows, float *margins,
	struct err *e) MUST_CHECK;

/**
 * Adds the leaf of each row to out[row * stride].
 *   x  [n_rows][n_features]
 */
void tree_add_leaves(const struct tree *t, const float *x, size_t n_rows, size_t n_features,
	float *out, size_t stride);

#endif
