/*
 * target - what is to be learned of a table's rows: classes or values, weights, groups.
 *
 * The target decides the task, unless --objective does: text, or 2 to 20 distinct whole numbers, are classes, all else
 * is regression. Classes are numbered in sorted order, numbers by value, texts by bytes; of two the second is
 * the positive one. A row without a target, or without a weight or group where there are some, is an error.
 */
#ifndef CD4ML_TREE_TARGET_H
#define CD4ML_TREE_TARGET_H

#include "table/column.h"
#include "tree/model.h"
#include "tree/params.h"

enum { TREE_AUTO_CLASSES = 20 };

struct tree_target {
	enum tree_task task;
	char **labels; /* [n_labels] of classes, sorted; of a model's rows they are in the model */
	size_t n_labels;
	struct tree_truth
		truth; /* to learn from, with weights of classes; points into the following */
	struct tree_truth measured; /* to measure on: the rows' own weights */
	uint32_t *class;
	float *values, *weights, *learned_weights;
	struct score_groups groups; /* of the column of groups, which was read as text */
	size_t bad_row; /* what an error is about; TABLE_NO_ROW: no row by itself */
};

/**
 * Takes the columns that the parameters name. With a model, classes are its own; one that it does not know is an
 * error. Errors name the file, and the line where one row is wrong. `comm`: of the processes that have the other
 * rows, or NULL. tree_target_release() in any case; takes a zeroed one. It must stay where it is.
 */
int tree_target_load(struct tree_target *d, const struct table *t, const struct tree_params *p,
	const struct tree_model *m, struct tree_comm *comm, struct err *e) MUST_CHECK;
void tree_target_release(struct tree_target *d);

#endif
