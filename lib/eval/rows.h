/*
 * rows - predictions and the truth beside them, read from a table into arrays.
 *
 * The kind of prediction shows in the columns, as model-eval predict writes them: `probability` is of the
 * positive one of two classes, `probability_LABEL` of several; `prediction` alone is a number. Labels are
 * compared as text, byte for byte. With groups of rows a `prediction` alone is what they are ordered by, and the truth
 * how relevant each row is. A field that is missing is an error: rows are not left out in silence.
 */
#ifndef CD4ML_EVAL_ROWS_H
#define CD4ML_EVAL_ROWS_H

#include "csv/chunk.h"
#include "hash/md5.h"
#include "table/dict.h"

enum eval_objective {
	EVAL_BY_COLUMNS,
	EVAL_BINARY,
	EVAL_MULTICLASS,
	EVAL_REGRESSION,
	EVAL_RANKING
};
#define EVAL_OBJECTIVE_WORDS "auto|binary|multiclass|regression|ranking"

struct eval_rows_options {
	const struct csv_dialect *dialect;
	const char *target; /* column of the truth */
	const char *prediction; /* column; NULL: "prediction" */
	const char *
		probability; /* column, or what the columns' names begin with; NULL: "probability" */
	const char *positive; /* label; NULL: the last in order */
	const char *weight; /* column; NULL: none */
	const char *group; /* column of rows that are ordered among themselves; NULL: none */
	int objective; /* enum eval_objective */
	double threshold; /* predict again: positive is above it; NAN: take the predictions as they are */
	struct progress *progress;
};

struct eval_rows {
	int objective; /* not EVAL_BY_COLUMNS */
	size_t n;
	size_t n_labels; /* classes: all in the truth, the predictions and the names of columns */
	struct slice *labels; /* [n_labels] as numbers if all are, else by bytes */
	size_t positive; /* EVAL_BINARY: its index; n_labels if there is no positive row */
	uint32_t *truth, *predicted; /* [n] indices of labels; NULL for numbers */
	double *scores; /* EVAL_BINARY [n], EVAL_MULTICLASS [n][n_labels]; NULL: no probabilities */
	double *truth_values, *predicted_values; /* [n] EVAL_REGRESSION, EVAL_RANKING */
	uint32_t *group_of; /* [n] number of the row's group, or NULL */
	size_t n_groups;
	float *weights; /* [n] or NULL */
	char test_hash[HASH_MD5_HEX + 1]; /* md5 of the truth as text, a line each, in order */
	struct table_dict dict, groups; /* private: where the labels live; names of groups */
};

/** Are labels predicted, not numbers? */
static inline bool eval_has_labels(int objective)
{
	return objective == EVAL_BINARY || objective == EVAL_MULTICLASS;
}

/** Reads the table at `path` ("-": standard input). eval_rows_release() in any case. */
int eval_rows_load(struct eval_rows *r, const char *path, const struct eval_rows_options *o,
	struct pool *pool, struct err *e) MUST_CHECK;
void eval_rows_release(struct eval_rows *r);

#endif
