/*
 * labels - the last step of eval/rows: labels in order, which one is positive, predictions from
 * probabilities. Private to lib/eval.
 */
#ifndef CD4ML_EVAL_LABELS_H
#define CD4ML_EVAL_LABELS_H

#include "eval/rows.h"

struct eval_labels_in {
	const char *positive; /* asked for, or NULL */
	double threshold; /* NAN: predictions as they are */
	size_t n_scores; /* columns of probabilities; of several classes their labels are the first codes */
	bool has_predictions;
};

/**
 * Takes rows whose labels are codes of r->dict in order of appearance, and scores [n][n_scores]; leaves
 * them as eval/rows.h says. ERR_INPUT where labels and probabilities do not fit.
 */
int eval_labels_settle(
	struct eval_rows *r, const struct eval_labels_in *in, struct err *e) MUST_CHECK;

#endif
