/*
 * dataset - a table as a learner needs it: features binned, target as classes or values, weights.
 */
#ifndef CD4ML_TREE_DATASET_H
#define CD4ML_TREE_DATASET_H

#include "base/diag.h"
#include "tree/target.h"

struct tree_dataset {
	struct table *table;
	struct table_dict *texts; /* [n_texts] of the columns of all processes */
	size_t n_texts;
	struct tree_frame *frame;
	struct tree_target target;
};

/** What tables are read with. */
struct tree_io {
	struct pool *pool;
	struct progress *progress;
	struct diag *diag;
	struct tree_comm
		*comm; /* of processes that read a share of the tables each; NULL: one reads all */
};

/** Reads the files and bins their columns. tree_dataset_release() in any case; takes a zeroed one. */
int tree_dataset_load(struct tree_dataset *d, const struct tree_params *p, const char *const *files,
	size_t n_files, const struct tree_io *io, struct err *e) MUST_CHECK;
/** Frees the numbers and codes of the columns: bins and names stay. */
void tree_dataset_drop_values(struct tree_dataset *d);
void tree_dataset_release(struct tree_dataset *d);

/** A model without trees: features, objective, labels, base score as the learner starts. */
struct tree_model *tree_dataset_model(
	const struct tree_dataset *d, const struct tree_params *p, struct err *e) MUST_CHECK;

/** Rows to measure a model on: values as prediction takes them, with their truth. */
struct tree_rows {
	size_t n;
	float *x; /* [n][n_features] */
	struct tree_target target;
};

/** Reads a table with the columns of the model (and p's target and weight). tree_rows_release(). */
int tree_rows_load(struct tree_rows *r, const struct tree_model *m, const struct tree_params *p,
	const char *file, const struct tree_io *io, struct err *e) MUST_CHECK;
void tree_rows_release(struct tree_rows *r);

#endif
