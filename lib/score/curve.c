#include "score/curve.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

static void add_point(struct score_curve *c, double x, double y, double threshold)
{
	c->points[c->n++] = (struct score_point){ x, y, threshold };
}

/* At most one point per step of 1 / max_points in x + y, both of which only rise. */
int score_curve_roc(
	const struct score_rank *r, size_t max_points, struct score_curve *c, struct err *e)
{
	double tp = 0, fp = 0, last = 0, step = 2.0 / (double)max_points;

	*c = (struct score_curve){ 0 };
	if (!(r->total_positive > 0) || !(r->total_negative > 0))
		return 0;
	c->points = mem_array(max_points + 3, sizeof(*c->points), e);
	if (!c->points)
		return -1;
	add_point(c, 0, 0, INFINITY);
	for (size_t g = 0; g < r->n_groups; g++) {
		double x, y;

		tp += r->positives[g];
		fp += r->negatives[g];
		x = fp / r->total_negative;
		y = tp / r->total_positive;
		if (x + y - last < step && g + 1 < r->n_groups)
			continue;
		add_point(c, x, y, r->scores[g]);
		last = x + y;
	}
	return 0;
}

int score_curve_pr(
	const struct score_rank *r, size_t max_points, struct score_curve *c, struct err *e)
{
	double tp = 0, fp = 0, last = 0, step = 1.0 / (double)max_points;

	*c = (struct score_curve){ 0 };
	if (!(r->total_positive > 0))
		return 0;
	c->points = mem_array(max_points + 3, sizeof(*c->points), e);
	if (!c->points)
		return -1;
	for (size_t g = 0; g < r->n_groups; g++) {
		double x;

		tp += r->positives[g];
		fp += r->negatives[g];
		x = tp / r->total_positive;
		if (!(tp + fp > 0) || (c->n && x - last < step && g + 1 < r->n_groups))
			continue;
		if (!c->n)
			add_point(c, 0, tp / (tp + fp), INFINITY);
		add_point(c, x, tp / (tp + fp), r->scores[g]);
		last = x;
	}
	return 0;
}

void score_curve_release(struct score_curve *c)
{
	if (!c)
		return;
	free(c->points);
	*c = (struct score_curve){ 0 };
}

static size_t bin_of(double score, size_t n_bins)
{
	double b = score * (double)n_bins;

	if (b < 0)
		return 0;
	return b < (double)n_bins ? (size_t)b : n_bins - 1;
}

void score_curve_bins(const struct score_rank *r, size_t n_bins, struct score_bin *bins)
{
	for (size_t b = 0; b < n_bins; b++)
		bins[b] = (struct score_bin){ 0 };
	for (size_t g = 0; g < r->n_groups; g++) {
		struct score_bin *b = &bins[bin_of(r->scores[g], n_bins)];
		double weight = r->positives[g] + r->negatives[g];

		b->weight += weight;
		b->positive += r->positives[g];
		b->score += weight * r->scores[g];
	}
	for (size_t b = 0; b < n_bins; b++)
		bins[b].score = bins[b].weight > 0 ? bins[b].score / bins[b].weight : NAN;
}

double score_curve_calibration_error(const struct score_bin *bins, size_t n_bins)
{
	double total = 0, sum = 0;

	for (size_t b = 0; b < n_bins; b++) {
		if (!(bins[b].weight > 0))
			continue;
		total += bins[b].weight;
		sum += fabs(bins[b].score * bins[b].weight - bins[b].positive);
	}
	return total > 0 ? sum / total : NAN;
}
