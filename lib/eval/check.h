/*
 * check - rules applied to a table of predictions and to cross-validation results.
 */
#ifndef CD4ML_EVAL_CHECK_H
#define CD4ML_EVAL_CHECK_H

#include "eval/report.h"
#include "eval/rule.h"

struct eval_check_options {
	const struct csv_dialect *dialect;
	json_t *folds; /* cv.json, or NULL */
	const char *folds_name; /* for messages */
	struct progress *progress;
};

/**
 * Adds a finding for each rule. `path` is the table ("-": standard input); other tables that rules name are read
 * too, by paths as they stand. -1 and `e`: what could not be judged.
 */
int eval_check_run(const struct eval_rules *rules, const char *path,
	const struct eval_check_options *o, struct pool *pool, struct eval_report *report,
	struct err *e) MUST_CHECK;

#endif
