/*
 * predict - margins, probabilities and labels for the rows of a table, by column name.
 *
 * The predictor is made once and shared by all threads; each thread, or chunk of a table, has a batch:
 *
 *	struct tree_predictor *p = tree_predictor_new(model, e);
 *	tree_predictor_bind(p, table, dialect, e);      // finds the model's columns by name
 *	...in csv_run.work, with a batch in the chunk's result:
 *	tree_batch_reset(b);
 *	while ((rc = csv_chunk_next(c, &row, e)) == 1)
 *		if (tree_batch_add(b, p, &row, e))      // parses the fields that the model uses
 *			return -1;
 *	if (rc || tree_batch_run(b, p, e))
 *		return -1;
 *	for (i = 0; i < b->n_rows; i++)
 *		... b->scores[i * b->n_outputs + k], tree_batch_class(b, p, i, 0.5) ...
 *	...in csv_run.result_release: tree_batch_release(b)
 *
 * Values follow formats/xgboost-model.md section 4: text to double to float, an empty field (or one of the
 * dialect's NA texts) is missing and takes the learned direction, a category that the model does not
 * know goes left. Rows are predicted in blocks, tree by tree, and float additions keep the order
 * of the file: the result is the same as that of a row alone, and as XGBoost's.
 */
#ifndef CD4ML_TREE_PREDICT_H
#define CD4ML_TREE_PREDICT_H

#include "csv/chunk.h"
#include "tree/margins.h"

struct tree_predictor;

/** Borrows the model, which must outlive it; any number of threads may share it. tree_predictor_free(). */
struct tree_predictor *tree_predictor_new(const struct tree_model *m, struct err *e) MUST_CHECK;
void tree_predictor_free(struct tree_predictor *p);

/**
 * Finds the columns that the model's trees use, by name, in the table. Columns that no split uses may be
 * missing. -1 and ERR_INPUT with the name of the first one that is not there. The dialect is borrowed.
 * A model without names (xgboost's, of an array) takes them by position, if their number is the same.
 */
int tree_predictor_bind(struct tree_predictor *p, const struct csv_table *t,
	const struct csv_dialect *d, struct err *e) MUST_CHECK;

/** Its trees over rows of numbers, which live as long. */
struct tree_margins *tree_predictor_margins(const struct tree_predictor *p);

/** The code of a category as prediction takes it: n_categories for one that is not known. */
float tree_predictor_code(const struct tree_predictor *p, size_t feature, struct slice name);

/** What is predicted from margins: probabilities, or the value. In place is fine. */
void tree_model_link(
	const struct tree_model *m, const float *margins, size_t n_rows, float *scores);

/** Rows on their way through a predictor. Zeroed is empty. */
struct tree_batch {
	size_t n_rows, n_features, n_outputs;
	float *x; /* [n_rows][n_features] */
	float *margins; /* [n_rows][n_outputs], after tree_batch_run() */
	float *scores; /* [n_rows][n_outputs]: value; probability of the positive class (one output); of each class */
	size_t cap_x, cap_margins, cap_scores;
	struct buf text; /* scratch for escaped fields */
};

void tree_batch_reset(struct tree_batch *b);
void tree_batch_release(struct tree_batch *b);
/** Adds a row of the bound table. -1 and ERR_INPUT ("file:line: column 'x': 'abc' is not a number"). */
int tree_batch_add(struct tree_batch *b, const struct tree_predictor *p, const struct csv_row *row,
	struct err *e) MUST_CHECK;
/** Fills margins and scores of all rows. */
int tree_batch_run(struct tree_batch *b, const struct tree_predictor *p, struct err *e) MUST_CHECK;
/**
 * Index (into the model's labels) of the predicted class of a row: binary 1 if its probability is above the
 * threshold, else 0; multiclass the most probable, the first of equal ones. Not for regression.
 */
size_t tree_batch_class(
	const struct tree_batch *b, const struct tree_predictor *p, size_t row, double threshold);

#endif
