/*
 * shap - what each column contributes to a prediction: Shapley values of the paths through the trees.
 *
 * Lundberg, Erion, Lee, "Consistent Individualized Feature Attribution for Tree Ensembles", 2018, algorithm 2, as
 * XGBoost's pred_contribs: a column that is left out goes both ways, in the proportion of the training rows
 * (sum_hessian). The contributions of a row and the bias, which is the mean over the training rows, add up to its
 * margin.
 */
#ifndef CD4ML_TREE_SHAP_H
#define CD4ML_TREE_SHAP_H

#include "tree/model.h"

enum { TREE_SHAP_DEPTH = 512 }; /* deepest tree */

struct tree_shap;

/** Borrows the model, whose trees must be loaded with statistics. -1 and ERR_INPUT: they have none, or are too deep. */
struct tree_shap *tree_shap_new(const struct tree_model *m, struct err *e) MUST_CHECK;
void tree_shap_free(struct tree_shap *s);

/**
 * Contributions of rows; any number of threads.
 *   x    [n_rows][n_features]
 *   out  [n_rows][n_outputs][n_features + 1], the bias last; written
 */
int tree_shap_rows(const struct tree_shap *s, const float *x, size_t n_rows, float *out,
	struct err *e) MUST_CHECK;

#endif
