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
	TREE_OBJECTIVE_REGRESSION,
	TREE_OBJECTIVE_L1,
	TREE_OBJECTIVE_HUBER,
	TREE_OBJECTIVE_QUANTILE,
	TREE_OBJECTIVE_POISSON,
	TREE_OBJECTIVE_RANKING,
};

struct tree_params {
	bool is_forest; /* which learner the struct is for; no option */

	const char *target, *weight, *group;
	struct opt_list drop;
	int objective; /* enum tree_objective_option */
	double quantile_alpha, huber_slope;
	int64_t seed;

	int64_t trees, max_depth, max_leaves, min_samples_leaf, max_bin;
	double learning_rate, lambda, alpha, gamma, min_child_weight, max_delta_step;
	double subsample, colsample_bytree, colsample_bylevel, colsample_bynode;
	int sampling; /* uniform or by gradient */
	struct opt_list monotone, interaction;
	double scale_pos_weight;
	struct opt_list class_weight; /* see tree/class_weight.h */
	const char *mtry;
	bool bootstrap, oob_score, permutation;

	const char *valid;
	int64_t early_stopping, cv;
	const char *metrics, *importance;
	const char *resume, *checkpoint;
	int64_t checkpoint_every;
	struct csv_dialect dialect;
};

/** The objective's name, as the option takes it. */
const char *tree_params_objective(const struct tree_params *p);
/** The loss of numbers that an objective asks for, and its shape (0: none). Not for classes and auto. */
enum tree_loss tree_params_loss(const struct tree_params *p, double *shape);

/** Offsets are those of struct tree_params. */
extern const struct opt tree_params_options[];
extern const struct tree_params tree_params_boost, tree_params_forest;

/** Adds all options that the trees of a model depend on, with their values. */
void tree_params_describe(const struct tree_params *p, struct buf *b);
/** What several processes cannot do. -1 and ERR_INPUT. */
int tree_params_check_shared(const struct tree_params *p, struct err *e) MUST_CHECK;
/** What does not fit together. -1 and ERR_INPUT. */
int tree_params_check(const struct tree_params *p, struct err *e) MUST_CHECK;
/**
 * The learners' own parameters, for a model whose features are set. tree_boost_params_release() in any case, and not
 * before the trees are grown.
 */
int tree_params_to_boost(const struct tree_params *p, const struct tree_model *m,
	struct tree_boost_params *b, struct err *e) MUST_CHECK;
void tree_boost_params_release(struct tree_boost_params *b);
int tree_params_to_forest(const struct tree_params *p, const struct tree_model *m,
	struct tree_forest_params *f, struct err *e) MUST_CHECK;

#endif
