/*
 * cv - K-fold cross-validation: each row is predicted by a model that has not seen it.
 *
 * Classes are spread evenly over the folds (stratified), rows drawn by the seed. With groups, the rows of a group are in
 * one fold: each group, the largest first, goes to the fold that then differs least from its share of all classes.
 * Columns are binned once, on all rows.
 *
 *	{"folds": K, "objective": "binary", "metrics": {"auc": [K values], ...}, "rows": [K counts],
 *	 "mean": {"auc": 0.7, ...}, "sd": {"auc": 0.01, ...}}
 *
 * sd is that of the folds' values, with K - 1. With early stopping each fold ends with the round that is best on the rows
 * held out, and "rounds" lists these.
 */
#ifndef CD4ML_TREE_CV_H
#define CD4ML_TREE_CV_H

#include "base/jdoc.h"
#include "tree/dataset.h"

/**
 * Runs all folds; the document is the caller's.
 *   rounds  set to the mean of the folds' rounds; 0 without early stopping
 */
json_t *tree_cv(const struct tree_dataset *d, const struct tree_params *p, const struct tree_io *io,
	int64_t *rounds, struct err *e) MUST_CHECK;

/** The fold of each row, below `n_folds`: [truth->n_rows], free(). For tests. */
uint8_t *tree_cv_folds(const struct tree_truth *truth, size_t n_classes, unsigned n_folds,
	uint64_t seed, struct err *e) MUST_CHECK;

#endif
