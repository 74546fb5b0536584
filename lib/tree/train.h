/*
 * train - what gbt-train and rf-train do: read, learn, measure, write. cv - the same on folds.
 *
 * Files written besides the model: metrics, {"iterations": [{"iteration": 1, "train": {...}, "valid": {...}}],
 * "final": {"train": {...}, "valid": {...}}}, and of several processes "processes": {"n", "bytes_sent",
 * "bytes_sent_per_tree"}; importance, see tree/importance.h;
 * with --cv see tree/cv.h.
 */
#ifndef CD4ML_TREE_TRAIN_H
#define CD4ML_TREE_TRAIN_H

#include "base/output.h"
#include "tree/dataset.h"
#include "tree/model_file.h"

struct tree_train {
	const struct tree_params *params;
	const char *const *files;
	size_t n_files;
	struct output *out; /* where the model goes */
	enum tree_format format;
	bool wants_model; /* -o is given: with --cv a model is made only then */
	struct tree_io io;
};

/**
 * The whole run. With --cv and no model wanted, and no --metrics, the folds' metrics go to `out`.
 * Nothing is printed.
 */
int tree_train(const struct tree_train *t, struct err *e) MUST_CHECK;

#endif
