/*
 * paired - two models judged on the same rows: is the difference more than noise?
 *
 * McNemar's test for accuracy, DeLong's for the AUC (score/interval). Both tables hold the same truth in the
 * same order; they were predicted by the released model and by the new one.
 */
#ifndef CD4ML_EVAL_PAIRED_H
#define CD4ML_EVAL_PAIRED_H

#include "eval/rows.h"
#include "score/interval.h"

struct eval_paired {
	struct score_paired test; /* a: the released model, b: the new one */
	char test_hash[HASH_MD5_HEX + 1];
};

/**
 * `metric` is "accuracy" or "auc" (or a path that ends so). `o` holds for both tables. ERR_INPUT: another
 * metric, weights, tables that do not have the same truth.
 */
int eval_paired_load(struct eval_paired *p, const char *released, const char *new,
	const struct eval_rows_options *o, const char *metric, struct pool *pool,
	struct err *e) MUST_CHECK;

#endif
