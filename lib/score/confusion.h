/*
 * confusion - how often each class was taken for each other, and what is computed from that.
 *
 * Definitions are scikit-learn's: a share whose denominator is 0 is 0 (precision of a class that was never
 * predicted), averages go over all classes of the matrix, balanced accuracy over those that occur.
 */
#ifndef CD4ML_SCORE_CONFUSION_H
#define CD4ML_SCORE_CONFUSION_H

#include <stddef.h>

#include "base/err.h"

enum { SCORE_MAX_CLASSES = 4096 };

struct score_confusion {
	size_t n_classes;
	double *cells; /* [n_classes][n_classes] weight of rows: row is the truth, column the prediction */
};

/** A matrix of zeros. ERR_INPUT above SCORE_MAX_CLASSES. */
int score_confusion_init(struct score_confusion *c, size_t n_classes, struct err *e) MUST_CHECK;
void score_confusion_release(struct score_confusion *c);

/** Adds a row; both classes are below `n_classes`. */
static inline void score_confusion_add(
	struct score_confusion *c, size_t truth, size_t predicted, double weight)
{
	c->cells[truth * c->n_classes + predicted] += weight;
}

/** Weight of the rows of class `truth` that are said to be `predicted`. */
static inline double score_confusion_at(
	const struct score_confusion *c, size_t truth, size_t predicted)
{
	return c->cells[truth * c->n_classes + predicted];
}

struct score_class {
	double precision, recall, f1;
	double support; /* weight of the rows that are of it */
	double predicted; /* weight of the rows that are said to be */
};
void score_confusion_class(const struct score_confusion *c, size_t k, struct score_class *out);

struct score_summary {
	double total; /* weight of all rows; if it is 0 the rest is NaN */
	double accuracy, balanced_accuracy;
	double mcc; /* Matthews' correlation, of any number of classes (Gorodkin 2004); 0 if not defined */
	double kappa; /* Cohen's */
	struct score_class macro, weighted; /* averages over classes, plain and by support */
};
void score_confusion_summary(const struct score_confusion *c, struct score_summary *out);

#endif
