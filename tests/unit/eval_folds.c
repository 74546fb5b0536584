/* eval/folds: what is an outlier among folds; few false alarms when all are of one kind. */
#include "eval/folds.h"

#include <math.h>

#include "base/rng.h"
#include "tap.h"

enum { N_TRIALS = 20000 };

static double outlier(
	const double *values, const double *rows, size_t n, double floor, size_t *which)
{
	struct err e = ERR_INIT;
	double z = -1;

	ok(!eval_folds_outlier(values, rows, n, floor, &z, which, &e), "judged");
	return z;
}

static void check_values(void)
{
	double v[] = { 1, 2, 3, 4, 10 }, same[] = { 0.7, 0.7, 0.7, 0.7, 0.8 };
	double rows[] = { 100, 100, 100, 100, 100 };
	size_t which;

	ok(fabs(outlier(v, NULL, 5, 0, &which) - 7 / 1.4826) < 1e-12,
		"in spreads of the median deviation");
	is_int(which, 4, "of the furthest");
	ok(isinf(outlier(same, NULL, 5, 0, &which)), "no spread at all, and no floor");
	ok(fabs(outlier(same, NULL, 5, 0.01, &which) - 0.1 / 0.007) < 1e-9, "the floor");
	ok(fabs(outlier(same, rows, 5, 0.01, &which) - 0.1 / sqrt(0.7 * 0.3 / 100)) < 1e-9,
		"what the size of a fold explains");
	is_num(outlier(same, NULL, 4, 0, &which), 0, "all the same: none");
	is_num(outlier(v, NULL, 1, 0, &which), 0, "one fold: none");
}

/* Accuracies of folds of one kind: the mean of `rows` coins each, by the normal law (sum of 12). */
static double false_alarms(size_t n_folds, double rows, double max_z)
{
	double v[16], sizes[16], z;
	struct err e = ERR_INIT;
	size_t which;
	int n = 0;

	for (uint64_t t = 0; t < N_TRIALS; t++) {
		for (size_t f = 0; f < n_folds; f++) {
			double g = -6;

			for (uint64_t k = 0; k < 12; k++)
				g += rng_unit(t, f, k);
			v[f] = 0.7 + g * sqrt(0.7 * 0.3 / rows);
			sizes[f] = rows;
		}
		if (eval_folds_outlier(v, sizes, n_folds, 0.01, &z, &which, &e))
			return 1;
		n += z > max_z;
	}
	return (double)n / N_TRIALS;
}

static int judge_once(void *ctx, struct err *e)
{
	double v[] = { 1, 2, 3 }, z;
	size_t which;

	(void)ctx;
	return eval_folds_outlier(v, NULL, 3, 0, &z, &which, e);
}

int main(void)
{
	check_values();
	ok(false_alarms(5, 1000, 3.5) < 0.01, "five folds of 1,000 rows: alarms in less than 1 %%");
	ok(false_alarms(10, 1000, 3.5) < 0.02, "ten folds");
	ok(false_alarms(5, 1000000, 3.5) < 0.001, "five folds of a million rows");
	diag("5 folds: %g, 10 folds: %g", false_alarms(5, 1000, 3.5), false_alarms(10, 1000, 3.5));
	survives_oom(judge_once, NULL, "judging folds");
	return done_testing();
}
