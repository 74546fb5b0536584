/*
 * resume - a model that is gone on with: by more rounds, or after its process was killed.
 *
 * What a round adds depends on the margins before it, and these on the trees alone: from a model of its first rounds,
 * training comes to the same bytes as without a break. A checkpoint is such a model, with the text of the run that it
 * is of; that of a forest is a journal, see tree/journal.h.
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
 * The model in `path`, a forest of what `m` is to learn: its trees are what tree_forest() goes on with.
 * tree_model_free().
 */
struct tree_model *tree_resume_forest(
	const struct tree_model *m, const char *path, struct err *e) MUST_CHECK;

/**
 * Adds what the model's trees [from, to) say of the dataset's rows to their margins; from the first tree on, these are
 * set to where the model starts before.
 *   margins  [n_rows][n_outputs]
 * The dataset must still have its values.
 */
int tree_resume_margins(const struct tree_model *m, size_t from, size_t to,
	const struct tree_dataset *d, struct pool *pool, float *margins, struct err *e) MUST_CHECK;

/**
 * All that the trees depend on, a line each: options with their values, and a checksum of the values of each column. The
 * same for any number of processes. free(). NULL and `e`.
 */
char *tree_resume_run(const struct tree_params *p, const struct tree_dataset *d, struct pool *pool,
	struct err *e) MUST_CHECK;

/** -1 and ERR_INPUT if the texts of two runs are not the same, with the first thing in which they differ. */
int tree_resume_compare(const char *old, const char *now, struct err *e) MUST_CHECK;

/** Writes a checkpoint: it is there whole, or the one before is. */
int tree_resume_save(
	struct tree_model *m, const char *path, const char *run, struct err *e) MUST_CHECK;

#endif
