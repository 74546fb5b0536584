/*
 * learn - a run of a learner while it lasts: what it learns from, its model, what is measured on the way. Private to train.
 */
#ifndef CD4ML_TREE_LEARN_H
#define CD4ML_TREE_LEARN_H

#include "tree/importance.h"
#include "tree/measure.h"
#include "tree/train.h"
#include "tree/whole.h"

struct tree_learn {
	const struct tree_train *t;
	const struct tree_params *p;
	struct tree_dataset data;
	struct tree_model *m;
	struct tree_job job;
	float *margins; /* [n_rows][n_outputs] of the table; NULL if not wanted */
	struct tree_whole whole; /* rows of all processes, to measure them */

	struct tree_rows valid;
	float *valid_margins;

	uint64_t n_sent; /* bytes to other processes before the first tree */
	json_t *iterations; /* of the metrics; NULL: not wanted */
	struct tree_oob oob;
	struct tree_importances importance;
};

/** Makes the model and writes it to t->out. */
int tree_learn_boost(struct tree_learn *l, struct err *e) MUST_CHECK;
int tree_learn_forest(struct tree_learn *l, struct err *e) MUST_CHECK;

/** Is there a checkpoint? ERR_INPUT if some processes find one and others do not. */
int tree_learn_find_checkpoint(
	const struct tree_learn *l, bool *is_there, struct err *e) MUST_CHECK;

/** Loads the rows of --valid, if there are any; their margins are where the model starts. */
int tree_learn_start_valid(struct tree_learn *l, struct err *e) MUST_CHECK;
/** Adds what a tree says of these rows to one output of their margins. */
void tree_learn_apply(struct tree_learn *l, const struct tree *tree, size_t output);

/** Metrics of the rows of --valid, or of those that were learned from. */
int tree_learn_measure(struct tree_learn *l, bool valid, bool loss_only, struct tree_measures *out,
	struct err *e) MUST_CHECK;
/** {"train": {...}, "valid": {...}} into the object. */
int tree_learn_add_measures(
	struct tree_learn *l, json_t *o, bool loss_only, struct err *e) MUST_CHECK;

#endif
