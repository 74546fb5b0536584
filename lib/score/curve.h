/*
 * curve - ROC, precision over recall, calibration and histogram, from a rank, thinned for drawing.
 *
 * Drawing a curve of millions of thresholds needs no more points than the picture has pixels: a point
 * is kept when the curve has moved by 1 / max_points since the last one, first and last always.
 */
#ifndef CD4ML_SCORE_CURVE_H
#define CD4ML_SCORE_CURVE_H

#include "score/rank.h"

struct score_point {
	double x, y;
	double threshold; /* scores of at least this are positive at the point; infinity: none */
};

struct score_curve {
	size_t n;
	struct score_point *points; /* [n] */
};

/** x: false positive rate, y: true positive rate, from (0, 0) to (1, 1). No points if a class is missing. */
int score_curve_roc(const struct score_rank *r, size_t max_points, struct score_curve *c,
	struct err *e) MUST_CHECK;
/** x: recall, y: precision, recall rising. No points without positives. */
int score_curve_pr(const struct score_rank *r, size_t max_points, struct score_curve *c,
	struct err *e) MUST_CHECK;
void score_curve_release(struct score_curve *c);

struct score_bin {
	double weight; /* of the rows in it */
	double positive; /* of those that are positive */
	double score; /* mean score, NaN if empty */
};
/**
 * Rows by their score in `n_bins` equal parts of [0, 1], borders to the right part and 1 to the last;
 * scores outside count in the outermost. Written to bins[n_bins].
 */
void score_curve_bins(const struct score_rank *r, size_t n_bins, struct score_bin *bins);
/** Expected calibration error: mean distance of score and share of positives over the bins, by weight. */
double score_curve_calibration_error(const struct score_bin *bins, size_t n_bins);

#endif
