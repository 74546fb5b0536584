/* score/interval: against scipy and placements by brute force. Expected values: see score_data.h. */
#include "score/interval.h"

#include "base/rng.h"
#include "score_data.h"
#include "tap.h"

static bool near(double got, double want, double within)
{
	return fabs(got - want) <= within * fabs(want);
}

static struct score_data data;

static void check_normal(void)
{
	/* scipy.stats.norm.sf, isf */
	static const double z[] = { 0.5, 1.96, 2.5, 5, 8, -1.5, 30 };
	static const double tail[] = { 0.3085375387259869, 0.024997895148220435,
		0.006209665325776132, 2.866515718791933e-07, 6.22096057427174e-16,
		0.9331927987311419, 4.906713927147908e-198 };

	for (size_t i = 0; i < sizeof(z) / sizeof(z[0]); i++)
		ok(near(score_interval_tail(z[i]), tail[i], 1e-12), "the tail above %g", z[i]);
	ok(near(score_interval_quantile(0.025), 1.9599639845400545, 1e-12),
		"the quantile of 2.5 %%");
	is_num(score_interval_tail(0), 0.5, "half of it is above 0");
	is_num(score_interval_tail(50), 0, "nothing is above 50");
}

static void check_share(void)
{
	/* scipy.stats.binomtest(60, 100).proportion_ci(method='wilson') */
	struct score_interval i = score_interval_share(60, 100, 0.95);

	ok(near(i.low, 0.5020025867910618, 1e-12) && near(i.high, 0.6905987135675411, 1e-12),
		"Wilson's interval");
	i = score_interval_share(0, 10, 0.95);
	ok(i.low >= 0 && i.high > 0 && i.high < 0.35, "of none it begins at 0");
	i = score_interval_share(0, 0, 0.95);
	ok(isnan(i.low), "of no rows it is NaN");
}

static void check_auc(void)
{
	struct score_binary in = { N_DATA, data.q, data.y, NULL };
	struct score_rank r;
	struct score_interval i;
	struct score_paired pair;
	struct err e = ERR_INIT;

	/*
	 * k = (P[:, None] > N) + .5 * (P[:, None] == N) of the positive and negative scores;
	 * sqrt(var(k.mean(1), ddof=1) / len(P) + var(k.mean(0), ddof=1) / len(N)), for q, and for p less q
	 */
	ok(!score_rank_load(&r, &in, NULL, &e), "ranked");
	ok(near(score_interval_auc_error(&r), 0.01999341281141143, 1e-12),
		"DeLong's standard error");
	i = score_interval_auc(&r, 0.95);
	ok(i.low > 0.74 && i.low < 0.79 && i.high > 0.79 && i.high < 0.84,
		"the interval is about the AUC");
	score_rank_release(&r);
	ok(!score_interval_paired_auc(data.q, data.p, data.y, N_DATA, NULL, &pair, &e),
		"two AUCs compared");
	ok(near(pair.a, 0.7906634221311475, 1e-12) && near(pair.b, 0.7908075051229508, 1e-12),
		"are both right");
	ok(near(pair.error, 0.00113586401755767, 1e-9), "and so is the error of their difference");
	ok(near(pair.p, score_interval_tail(pair.z), 0), "p is of a better one");
	ok(!score_interval_paired_auc(data.q, data.q, data.y, N_DATA, NULL, &pair, &e),
		"with itself");
	ok(pair.z == 0 && pair.p == 0.5, "there is no difference");
	ok(score_interval_paired_auc(data.q, data.q, data.y, 1, NULL, &pair, &e) == -1,
		"one row is refused");
	is_err(&e, ERR_INPUT, "two rows", "with a message");
}

static void check_accuracy(void)
{
	struct score_paired pair;

	/* .5 * binom.pmf(14, 20, .5) + binom.sf(14, 20, .5) */
	score_interval_paired_accuracy(6, 14, 70, 100, &pair);
	ok(near(pair.p, 0.039176940917968764, 1e-12), "McNemar's mid-p of few rows");
	ok(near(pair.a, 0.76, 1e-15) && near(pair.b, 0.84, 1e-15), "both accuracies");
	score_interval_paired_accuracy(0, 0, 70, 100, &pair);
	ok(pair.z == 0 && pair.p == 0.5, "never different: one half");
	score_interval_paired_accuracy(4000, 4200, 70000, 100000, &pair);
	ok(near(pair.p, score_interval_tail(200 / sqrt(8200)), 1e-12), "the normal tail of many");
}

enum { N_TRIALS = 1000, N_ROWS = 200 };

/* Two scores of the same quality: 5 % of the tests must say at 95 % that the second is better. */
static void check_false_alarms(void)
{
	static double a[N_ROWS], b[N_ROWS];
	static uint8_t y[N_ROWS];
	int n_auc = 0, n_accuracy = 0;

	for (uint64_t t = 0; t < N_TRIALS; t++) {
		double only_a = 0, only_b = 0, both = 0;
		struct score_paired pair;
		struct err e = ERR_INIT;

		for (uint64_t i = 0; i < N_ROWS; i++) {
			bool right_a, right_b;

			y[i] = rng_unit(t, 0, i) < 0.4;
			a[i] = 0.5 * y[i] + rng_unit(t, 1, i) + rng_unit(t, 2, i);
			b[i] = 0.5 * y[i] + rng_unit(t, 1, i) + rng_unit(t, 3, i);
			right_a = (a[i] > 1.2) == y[i];
			right_b = (b[i] > 1.2) == y[i];
			only_a += right_a && !right_b;
			only_b += right_b && !right_a;
			both += right_a && right_b;
		}
		if (score_interval_paired_auc(a, b, y, N_ROWS, NULL, &pair, &e))
			return;
		n_auc += pair.p <= 0.05;
		score_interval_paired_accuracy(only_a, only_b, both, N_ROWS, &pair);
		n_accuracy += pair.p <= 0.05;
	}
	diag("%d and %d of %d", n_auc, n_accuracy, (int)N_TRIALS);
	/* Three standard errors. */
	ok(n_auc > 29 && n_auc < 71, "DeLong's test is wrong as often as it says");
	ok(n_accuracy > 25 && n_accuracy < 71, "and so is McNemar's");
}

static int pair_once(void *ctx, struct err *e)
{
	struct score_paired pair;

	(void)ctx;
	return score_interval_paired_auc(data.q, data.p, data.y, N_DATA, NULL, &pair, e);
}

int main(void)
{
	score_data_fill(&data);
	check_normal();
	check_share();
	check_auc();
	check_accuracy();
	check_false_alarms();
	survives_oom(pair_once, NULL, "comparing");
	return done_testing();
}
