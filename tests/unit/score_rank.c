/* score/rank: the order of scores, and what depends on it alone. Expected values: see score_data.h. */
#include "score/rank.h"

#include <stdlib.h>

#include "base/rng.h"
#include "score/metric.h"
#include "score_data.h"
#include "tap.h"

static bool near(double got, double want)
{
	return fabs(got - want) <= 1e-13 * fabs(want);
}

static struct score_data data;

static void check_values(void)
{
	struct score_binary in = { N_DATA, data.q, data.y, NULL };
	struct score_rank r = SCORE_RANK_INIT;
	struct err e = ERR_INIT;
	double at = 0;

	ok(!score_rank_load(&r, &in, NULL, &e), "rows with ties are ranked");
	ok(r.n_groups == 21, "a group for each distinct score");
	/* roc_auc_score(y, q), average_precision_score(y, q), max(tpr - fpr) of roc_curve(y, q) */
	ok(near(score_rank_auc(&r), 0.7906634221311475), "AUC");
	ok(near(score_rank_average_precision(&r), 0.7526880999997434), "average precision");
	ok(near(score_rank_ks(&r, &at), 0.44710553278688525), "KS");
	ok(at > 0 && at < 1, "KS is somewhere");
	score_rank_release(&r);
	in.weights = data.w;
	ok(!score_rank_load(&r, &in, NULL, &e), "weighted rows are ranked");
	ok(near(score_rank_auc(&r), 0.8184038737446198), "AUC, weighted");
	ok(near(score_rank_average_precision(&r), 0.814860675971115),
		"average precision, weighted");
	ok(near(score_rank_ks(&r, NULL), 0.4806671449067431), "KS, weighted");
	score_rank_release(&r);
	in = (struct score_binary){ N_DATA, data.p, data.y, NULL };
	ok(!score_rank_load(&r, &in, NULL, &e), "rows without ties are ranked");
	ok(near(score_rank_auc(&r), 0.7908075051229508), "AUC without ties");
	score_rank_release(&r);
}

static void check_edges(void)
{
	double scores[] = { 0.5, -0.0, 0.0, INFINITY, -INFINITY, -2, 5e-324, NAN };
	uint8_t labels[] = { 1, 0, 1, 1, 0, 0, 1, 0 };
	struct score_binary in = { 7, scores, labels, NULL };
	struct score_rank r = SCORE_RANK_INIT;
	struct err e = ERR_INIT;

	ok(!score_rank_load(&r, &in, NULL, &e) && r.n_groups == 6, "-0 and 0 are one score");
	ok(r.scores[0] == INFINITY && r.scores[5] == -INFINITY, "infinities are at the ends");
	ok(r.scores[4] == -2 && r.scores[2] == 5e-324,
		"negative and tiny scores are in their place");
	score_rank_release(&r);
	in.n = 0;
	ok(!score_rank_load(&r, &in, NULL, &e) && isnan(score_rank_auc(&r)), "no rows: AUC is NaN");
	score_rank_release(&r);
	in.n = 1;
	ok(!score_rank_load(&r, &in, NULL, &e) && isnan(score_rank_auc(&r)),
		"one class: AUC is NaN");
	ok(score_rank_average_precision(&r) == 1, "one class: all precise");
	score_rank_release(&r);
	in.n = 8;
	ok(score_rank_load(&r, &in, NULL, &e) == -1, "NaN is refused");
	is_err(&e, ERR_INPUT, "not a number", "and said so");
}

enum { N_MANY = 300000 };

static int by_score(const void *a, const void *b)
{
	const double *const *x = a, *const *y = b;

	if (**x != **y)
		return **x < **y ? -1 : 1;
	return *x < *y ? -1 : *x > *y;
}

static void check_threads(void)
{
	struct err e = ERR_INIT;
	double *s = malloc(N_MANY * sizeof(*s)), auc[2];
	const double **want = malloc(N_MANY * sizeof(*want));
	uint32_t *order = malloc(N_MANY * sizeof(*order));
	uint8_t *y = malloc(N_MANY);
	struct score_binary in = { N_MANY, s, y, NULL };
	struct pool *pool = pool_new(3, &e);
	size_t n_wrong = 0;

	for (size_t i = 0; i < N_MANY; i++) {
		double u = rng_unit(1, 0, i);

		s[i] = (i % 3 ? u : floor(u * 100) / 100) - 0.3;
		y[i] = rng_unit(1, 1, i) < u;
		want[i] = &s[i];
	}
	qsort(want, N_MANY, sizeof(*want), by_score);
	ok(pool && !score_rank_order(s, N_MANY, order, pool, &e),
		"many rows are ordered on threads");
	for (size_t i = 0; i < N_MANY; i++)
		n_wrong += want[i] != &s[order[i]];
	is_int(n_wrong, 0, "in the order of a stable sort");
	ok(!score_metric_auc(&in, pool, &auc[0], &e) && !score_metric_auc(&in, NULL, &auc[1], &e),
		"AUC with and without threads");
	is_num(auc[0], auc[1], "is the same");
	pool_free(pool);
	free(s);
	free(want);
	free(order);
	free(y);
}

static int rank_once(void *ctx, struct err *e)
{
	struct score_binary in = { N_DATA, data.q, data.y, NULL };
	struct score_rank r;

	(void)ctx;
	if (score_rank_load(&r, &in, NULL, e))
		return -1;
	score_rank_release(&r);
	return 0;
}

int main(void)
{
	score_data_fill(&data);
	check_values();
	check_edges();
	check_threads();
	survives_oom(rank_once, NULL, "ranking");
	return done_testing();
}
