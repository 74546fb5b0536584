/*
 * measure - metrics of a model's margins, by name, and as JSON.
 */
#ifndef CD4ML_TREE_MEASURE_H
#define CD4ML_TREE_MEASURE_H

#include "base/jdoc.h"
#include "tree/model.h"
#include "tree/objective.h"

enum { TREE_MAX_METRICS = 4 };

struct tree_measures {
	size_t n;
	const char *
		names[TREE_MAX_METRICS]; /* those of score/metric; the first is the loss, or ndcg */
	double values[TREE_MAX_METRICS];
};

/**
 * Metrics of the rows of a table: binary logloss, auc, accuracy; multiclass logloss, accuracy; of numbers what the
 * objective makes small (rmse, mae, huber, pinball, poisson_deviance), then rmse, mae, r2; ranking ndcg.
 *   margins  [n_rows][n_outputs]
 *   pick     rows[0..n) to measure; NULL: all
 *   loss_only  only the first metric, which is cheap
 */
struct tree_measure_input {
	const struct tree_model *m;
	const struct tree_truth *truth;
	const float *margins;
	const uint32_t *pick;
	size_t n;
	bool loss_only;
};
int tree_measure(const struct tree_measure_input *in, struct pool *pool, struct tree_measures *out,
	struct err *e) MUST_CHECK;

/** Is the first one better than this value of it? */
bool tree_measures_better(const struct tree_measures *m, double than);

/** {"logloss": 0.5, ...}, owned by the caller; NULL and `e` without memory. NaN becomes null. */
json_t *tree_measures_json(const struct tree_measures *m, struct err *e) MUST_CHECK;

#endif
