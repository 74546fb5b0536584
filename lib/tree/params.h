/*
 * params - the options that both learners share: one table, two sets of defaults.
 *
 * An option that one of them has no use for is refused when it is given to it, never ignored.
 */
#ifndef CD4ML_TREE_PARAMS_H
#define CD4ML_TREE_PARAMS_H

#include "csv/dialect.h"
#include "tree/boost.h"
#include "tree/forest.h"

enum tree_objective_option {
	TREE_OBJECTIVE_AUTO,
	TREE_OBJECTIVE_BINARY,
	TREE_OBJECTIVE_MULTICLASS,
	TREE_OBJECTIVE_REGRESSION
};

struct tree_params {
	bool is_forest; /* which learner the struct is for; no option */

	const char *target, *weight;
	struct opt_list drop;
	int objective; /* enum tree_objective_option */
	int64_t seed;

	int64_t trees, max_depth, max_leaves, min_samples_leaf, max_bin;
	double learning_rate, lambda, alpha, gamma, min_child_weight;
	double subsample, colsample_bytree;
	const char *mtry;
	bool bootstrap;

	const char *valid;
	int64_t early_stopping, cv;
	const char *metrics, *importance;
	struct csv_dialect dialect;
};

/** Offsets are those of struct tree_params. */
extern const struct opt tree_params_options[];
extern const struct tree_params tree_params_boost, tree_params_forest;

/** What does not fit together. -1 and ERR_INPUT. */
int tree_params_check(const struct tree_params *p, struct err *e) MUST_CHECK;
/** The learners' own parameters, for a table of `n_cols` columns to learn from. */
int tree_params_to_boost(const struct tree_params *p, size_t n_cols, struct tree_boost_params *b,
	struct err *e) MUST_CHECK;
int tree_params_to_forest(const struct tree_params *p, size_t n_cols, struct tree_forest_params *f,
	struct err *e) MUST_CHECK;

#endif
