/* score/curve: points that lie on the curves, and bins. Expected values: see score_data.h. */
#include "score/curve.h"

#include "base/rng.h"
#include "score_data.h"
#include "tap.h"

static bool near(double got, double want)
{
	return fabs(got - want) <= 1e-12 * fabs(want);
}

static struct score_data data;

/* The area under a curve of straight lines. */
static double area(const struct score_curve *c)
{
	double sum = 0;

	for (size_t i = 1; i < c->n; i++)
		sum += (c->points[i].x - c->points[i - 1].x) *
		       (c->points[i].y + c->points[i - 1].y) / 2;
	return sum;
}

static void check_roc(const struct score_rank *r)
{
	struct score_curve c;
	struct err e = ERR_INIT;

	ok(!score_curve_roc(r, 1000, &c, &e), "a ROC curve");
	is_int(c.n, 22, "has a point for each distinct score, and (0, 0)");
	ok(c.points[0].x == 0 && c.points[0].y == 0, "begins at (0, 0)");
	ok(c.points[c.n - 1].x == 1 && c.points[c.n - 1].y == 1, "ends at (1, 1)");
	ok(near(area(&c), score_rank_auc(r)), "its area is the AUC");
	score_curve_release(&c);
	ok(!score_curve_roc(r, 5, &c, &e) && c.n <= 8, "thinned to about five");
	ok(fabs(area(&c) - score_rank_auc(r)) < 0.05, "it has nearly the same area");
	score_curve_release(&c);
}

static void check_pr(const struct score_rank *r)
{
	struct score_curve c;
	struct err e = ERR_INIT;
	bool rising = true;

	ok(!score_curve_pr(r, 1000, &c, &e), "precision over recall");
	for (size_t i = 1; i < c.n; i++)
		rising &= c.points[i].x >= c.points[i - 1].x;
	ok(rising, "recall rises");
	ok(c.points[c.n - 1].x == 1, "to 1");
	ok(near(c.points[c.n - 1].y, r->total_positive / N_DATA),
		"where precision is the share of positives");
	score_curve_release(&c);
}

static void check_bins(const struct score_rank *r)
{
	/* calibration_curve(y, q, n_bins=10), whose borders belong to the left bin: compared between them */
	struct score_bin bins[10];
	double total = 0;

	score_curve_bins(r, 10, bins);
	for (int b = 0; b < 10; b++)
		total += bins[b].weight;
	is_num(total, N_DATA, "all rows are in a bin");
	ok(bins[9].score > 0.9 && bins[9].score <= 1, "1 is in the last one");
	ok(score_curve_calibration_error(bins, 10) > 0, "the calibration error is something");
	for (int b = 0; b < 10; b++)
		bins[b].positive = bins[b].score * bins[b].weight;
	is_num(score_curve_calibration_error(bins, 10), 0, "and 0 if the shares are as said");
}

static void check_nothing(void)
{
	struct score_rank r = SCORE_RANK_INIT;
	struct score_curve c;
	struct score_bin bins[3];
	struct err e = ERR_INIT;

	ok(!score_curve_roc(&r, 10, &c, &e) && c.n == 0, "no rows: no ROC curve");
	ok(!score_curve_pr(&r, 10, &c, &e) && c.n == 0, "no rows: no PR curve");
	score_curve_bins(&r, 3, bins);
	ok(isnan(score_curve_calibration_error(bins, 3)), "no rows: no calibration error");
}

static int curve_once(void *ctx, struct err *e)
{
	struct score_curve c = { 0 };
	int rc = score_curve_roc(ctx, 100, &c, e);

	score_curve_release(&c);
	return rc;
}

int main(void)
{
	struct score_rank r;
	struct err e = ERR_INIT;

	score_data_fill(&data);
	struct score_binary in = { N_DATA, data.q, data.y, NULL };

	ok(!score_rank_load(&r, &in, NULL, &e), "ranked");
	check_roc(&r);
	check_pr(&r);
	check_bins(&r);
	check_nothing();
	survives_oom(curve_once, &r, "a curve");
	score_rank_release(&r);
	return done_testing();
}
