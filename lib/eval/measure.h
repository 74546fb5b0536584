/*
 * measure - all that is said about a model's predictions, as numbers. Written by the report_* files.
 */
#ifndef CD4ML_EVAL_MEASURE_H
#define CD4ML_EVAL_MEASURE_H

#include "eval/rows.h"
#include "score/confusion.h"
#include "score/curve.h"
#include "score/interval.h"

enum { EVAL_N_BINS = 20, EVAL_MAX_NUMBERS = 48 };

/** One named number: what metrics.json, OpenMetrics and Markdown list. */
struct eval_number {
	const char *name; /* "auc": static text */
	const char *title; /* for people: static text */
	double value; /* NAN: not defined here */
};

struct eval_measure {
	const struct eval_rows *rows; /* borrowed */
	struct eval_number numbers[EVAL_MAX_NUMBERS];
	size_t n_numbers;

	/* classes */
	struct score_confusion confusion;
	struct score_class *classes; /* [n_labels] */
	struct score_summary summary;
	double *class_auc; /* [n_labels] EVAL_MULTICLASS with probabilities: one against the rest; else NULL */

	/* two classes with probabilities */
	bool has_curves;
	struct score_curve roc, pr;
	struct score_bin bins[EVAL_N_BINS]; /* by probability */

	char order_titles[3][40]; /* of groups */

	/* numbers: the rows in order of their prediction, in EVAL_N_BINS parts of the same number of rows */
	struct score_point
		parts[EVAL_N_BINS]; /* x: mean prediction, y: mean truth, threshold: rows */
	size_t n_parts;
};

struct eval_measure_options {
	double confidence; /* of the intervals, 0 for none; weighted rows have none */
	int64_t top; /* places of a group that count, 0: all */
};

/** Measures. `r` must outlive it. eval_measure_release() in any case. */
int eval_measure_rows(struct eval_measure *m, const struct eval_rows *r,
	const struct eval_measure_options *o, struct pool *pool, struct err *e) MUST_CHECK;
void eval_measure_release(struct eval_measure *m);
/** The number of that name; NAN if there is none. */
double eval_measure_get(const struct eval_measure *m, const char *name);
/** "binary", "multiclass", "regression", "ranking". */
const char *eval_measure_objective(const struct eval_measure *m);

#endif
