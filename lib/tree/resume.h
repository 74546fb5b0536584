/*
 * resume - a model that is gone on with: by more rounds, or after its process was killed.
 *
 * What a round adds depends on the margins before it, and these on the trees alone: from a model of its first rounds,
 * training comes to the same bytes as without a break. A checkpoint is such a model, with the hash of the parameters and
 * of the data that it was made of.
 */
#ifndef CD4ML_TREE_RESUME_H
#define CD4ML_TREE_RESUME_H

#include "tree/boost.h"
#include "tree/dataset.h"

/**
 * Moves the trees of the model in `path`, and where its margins start, into `m`, which has none yet. -1 and ERR_INPUT
 * if it learned something else: other columns, categories, classes, another objective.
 *   run  what a checkpoint must be of; NULL: any model
 */
int tree_resume_load(
	struct tree_model *m, const char *path, const char *run, struct err *e) MUST_CHECK;

/**
 * Margins of the dataset's rows by the model's trees, in their order.
 *   margins  [n_rows][n_outputs], written
 * The dataset must still have its values.
 */
int tree_resume_margins(const struct tree_model *m, const struct tree_dataset *d, struct pool *pool,
	float *margins, struct err *e) MUST_CHECK;

/** Hex digits of all that the trees depend on: parameters, values, cuts. free(). NULL and `e`. */
char *tree_resume_run(
	const struct tree_params *p, const struct tree_dataset *d, struct err *e) MUST_CHECK;

/** Writes a checkpoint: it is there whole, or the one before is. */
int tree_resume_save(
	struct tree_model *m, const char *path, const char *run, struct err *e) MUST_CHECK;

#endif
