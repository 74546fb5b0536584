/*
 * folds - rules about cross-validation results, the cv.json that rf-train and gbt-train write:
 *
 *	{ "metrics": { "auc": [0.71, 0.70, ...], ... }, "rows": [1000, 1000, ...] }
 *
 * A fold is an outlier if it is further from the median of the folds than max_z times their spread. The
 * spread is 1.4826 times the median absolute deviation, but at least (so that folds which happen to agree
 * do not make an outlier of the next one)
 *
 *	floor * |median|                    what nobody cares about, and
 *	sqrt(median * (1 - median) / rows)  what a fold's size explains, if all folds are in [0, 1] and
 *	                                    their numbers of rows are known
 */
#ifndef CD4ML_EVAL_FOLDS_H
#define CD4ML_EVAL_FOLDS_H

#include "eval/report.h"
#include "eval/rule.h"

/** Adds the finding of a rule of the kind EVAL_CHECK_OUTLIER or EVAL_CHECK_FOLDS. `cv` NULL is an error. */
int eval_folds_judge(const struct eval_rule *rule, json_t *cv, const char *name,
	struct eval_report *report, struct err *e) MUST_CHECK;

/**
 * The largest deviation from the median, in spreads as told above; `which` is the fold. rows [n], or NULL. n > 0. -1
 * when memory is out.
 */
int eval_folds_outlier(const double *values, const double *rows, size_t n, double floor, double *z,
	size_t *which, struct err *e) MUST_CHECK;

#endif
