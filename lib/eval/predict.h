/*
 * predict - a table through a model into a table of predictions, streaming, on all threads.
 *
 * The kept columns come first, as they stand in the file. Then, for two classes: `prediction` (the label
 * as in the training data), `probability` (of the positive class); for several: `prediction`,
 * `probability_LABEL` for each; for a number: `prediction`, for several `prediction_0` and on. Numbers are floats in
 * their shortest text.
 */
#ifndef CD4ML_EVAL_PREDICT_H
#define CD4ML_EVAL_PREDICT_H

#include "base/output.h"
#include "tree/predict.h"

struct eval_predict_options {
	const struct csv_dialect *dialect;
	struct opt_list keep; /* names of columns; borrowed */
	bool contrib; /* what each column contributes, too; the model must be loaded with statistics */
	double threshold; /* two classes: positive is a probability above it */
	struct progress *progress;
};

/**
 * Predicts all rows of the table at `path` ("-": standard input). Columns are found by name; ERR_INPUT names
 * the first that is missing. `n_rows` counts them.
 */
int eval_predict_run(const struct tree_model *m, const char *path,
	const struct eval_predict_options *o, struct pool *pool, struct output *out,
	uint64_t *n_rows, struct err *e) MUST_CHECK;

#endif
