/*
 * rule - what predictions and cross-validation results must look like, read from YAML or JSON.
 *
 * The file is a list of rules, or a mapping with the list at `rules`. A rule has a subject, one check, and
 * optionally `name:` (else made of the two) and `severity: error|warning` (else error):
 *
 *	- column: prediction            in: [0, 1]
 *	- column: probability           between: [0, 1]
 *	- column: prediction            missing: 0                  share of missing fields, at most
 *	- column: probability           constant: false
 *	- column: prediction            share: {value: 1, BOUND}
 *	- column: prediction            distinct: {BOUND}
 *	- column: probability           mean: {BOUND}               and `sd`
 *	- rows: {BOUND}
 *	- cv: auc                       outlier: {max_z: 3.5, floor: 0.01}
 *	- cv: [auc, logloss]            between: [0.5, 1]           each fold
 *
 * BOUND is `between: [LOW, HIGH]`, or `expected: X`, or `like: {file: TABLE, column: COL}` (the same figure
 * of another table; the column's name is the rule's own if not said), these two with `within: SHARE`: how
 * far off, relative to what is expected (0 if not said).
 */
#ifndef CD4ML_EVAL_RULE_H
#define CD4ML_EVAL_RULE_H

#include "base/arena.h"
#include "base/jdoc.h"
#include "eval/tally.h"

enum eval_check {
	EVAL_CHECK_IN,
	EVAL_CHECK_BETWEEN,
	EVAL_CHECK_MISSING,
	EVAL_CHECK_CONSTANT,
	EVAL_CHECK_SHARE,
	EVAL_CHECK_DISTINCT,
	EVAL_CHECK_MEAN,
	EVAL_CHECK_SD,
	EVAL_CHECK_ROWS,
	EVAL_CHECK_OUTLIER, /* of the folds */
	EVAL_CHECK_FOLDS, /* each fold between two values */
};

struct eval_bound {
	double low, high; /* `between`; with `expected` they are worked out from it */
	bool has_expected;
	double expected, within;
	const char *like_file, *like_column; /* where `expected` is to be found, NULL if not */
};

struct eval_rule {
	const char *name;
	bool is_warning;
	enum eval_check check;
	const char *column; /* NULL for rows and folds */
	const char *const *metrics; /* of folds, NULL-terminated; empty: all that there are */
	struct eval_value *values; /* in, share */
	size_t n_values;
	struct eval_bound bound;
	double max_z, floor;
};

struct eval_rules {
	struct eval_rule *rules; /* [n] */
	size_t n, cap;
	struct arena memory;
};

/** Reads the file ("-": standard input); YAML unless it ends in .json. eval_rule_release() in any case. */
int eval_rule_load(struct eval_rules *r, const char *path, struct err *e) MUST_CHECK;
/** The same from a document, which need not outlive the call. `name` is for messages. */
int eval_rule_parse(struct eval_rules *r, json_t *doc, const char *name, struct err *e) MUST_CHECK;
void eval_rule_release(struct eval_rules *r);

#endif
