/* score/metric: against scikit-learn. Expected values: see score_data.h. */
#include "score/metric.h"

#include <stdlib.h>

#include "base/rng.h"
#include "score_data.h"
#include "tap.h"

static bool near(double got, double want)
{
	return fabs(got - want) <= 1e-13 * fabs(want);
}

static struct score_data data;

static void check_binary(void)
{
	struct score_binary in = { N_DATA, data.q, data.y, NULL };

	/* log_loss(y, q), brier_score_loss(y, q), accuracy_score(y, q > 0.5) */
	ok(near(score_metric_logloss(&in, NULL), 0.756471962632325), "log loss, also of 0 and 1");
	ok(near(score_metric_brier(&in, NULL), 0.188025), "Brier score");
	ok(near(score_metric_accuracy(&in, 0.5, NULL), 0.724), "accuracy");
	in.weights = data.w;
	ok(near(score_metric_logloss(&in, NULL), 0.6781319153380315), "log loss, weighted");
	ok(near(score_metric_brier(&in, NULL), 0.17514166666666664), "Brier score, weighted");
	ok(near(score_metric_accuracy(&in, 0.5, NULL), 0.736), "accuracy, weighted");
	in.n = 0;
	ok(isnan(score_metric_logloss(&in, NULL)), "no rows: NaN");
}

static void check_classes(void)
{
	static double p[N_DATA][4];
	struct score_classes in = { N_DATA, 4, p[0], data.t, NULL };

	/* P = np.stack([i * (k + 3) * 101 % 50 + 1.0 for k in range(4)], 1); P /= P.sum(1, keepdims=True) */
	for (uint32_t i = 0; i < N_DATA; i++) {
		double sum = 0;

		for (uint32_t k = 0; k < 4; k++)
			sum += p[i][k] = (i + 1) * (k + 3) * 101 % 50 + 1.0;
		for (uint32_t k = 0; k < 4; k++)
			p[i][k] /= sum;
	}
	ok(near(score_metric_class_logloss(&in, NULL), 1.6655752765574063),
		"log loss of four classes");
	ok(near(score_metric_class_accuracy(&in, NULL), 0.23), "accuracy of four classes");
}

static void check_values(void)
{
	static double truth[N_DATA], predicted[N_DATA];
	struct score_values in = { N_DATA, predicted, truth, NULL };

	/* tr = i * 37 % 101 / 10 + 1; pd = tr + (i * 53 % 41 - 20) / 10 */
	for (int i = 0; i < N_DATA; i++) {
		truth[i] = (i + 1) * 37 % 101 / 10.0 + 1;
		predicted[i] = truth[i] + ((i + 1) * 53 % 41 - 20) / 10.0;
	}
	ok(near(score_metric_rmse(&in, NULL), 1.182091367027101), "RMSE");
	ok(near(score_metric_mae(&in, NULL), 1.0234), "MAE");
	ok(near(score_metric_mape(&in, NULL), 0.24835787906593504), "MAPE");
	ok(near(score_metric_r2(&in, NULL), 0.8353465608110986), "R squared");
	ok(near(score_metric_pinball(&in, 0.8, NULL), 0.5126), "pinball loss");
	ok(near(score_metric_huber(&in, 2, NULL), 0.6166740219405387), "pseudo-Huber loss");
	for (int i = 0; i < N_DATA; i++)
		predicted[i] = fabs(predicted[i]) + 0.5;
	ok(near(score_metric_poisson_deviance(&in, NULL), 0.3109951415870876), "Poisson deviance");
	for (int i = 0; i < N_DATA; i++)
		predicted[i] = truth[i] + ((i + 1) * 53 % 41 - 20) / 10.0;
	in.weights = data.w;
	ok(near(score_metric_rmse(&in, NULL), 1.1833399060850325), "RMSE, weighted");
	ok(near(score_metric_r2(&in, NULL), 0.8355274954126886), "R squared, weighted");
	in.n = 1;
	ok(isnan(score_metric_r2(&in, NULL)), "R squared of one row: NaN");
}

enum { N_MANY = 1500001 };

static void check_threads(void)
{
	struct err e = ERR_INIT;
	double *s = malloc(N_MANY * sizeof(*s));
	uint8_t *y = malloc(N_MANY);
	struct score_binary in = { N_MANY, s, y, NULL };
	struct pool *pool = pool_new(3, &e);

	for (size_t i = 0; i < N_MANY; i++) {
		s[i] = rng_unit(1, 0, i);
		y[i] = rng_unit(1, 1, i) < s[i];
	}
	is_num(score_metric_logloss(&in, pool), score_metric_logloss(&in, NULL),
		"log loss is the same for any number of threads");
	is_num(score_metric_brier(&in, pool), score_metric_brier(&in, NULL),
		"so is the Brier score");
	pool_free(pool);
	free(s);
	free(y);
}

static void check_names(void)
{
	ok(score_metric_find("auc") && score_metric_find("auc")->higher_is_better,
		"a high AUC is good");
	ok(score_metric_find("logloss") && !score_metric_find("logloss")->higher_is_better,
		"a high log loss is not");
	ok(!score_metric_find("AUC"), "names are exact");
}

int main(void)
{
	score_data_fill(&data);
	check_binary();
	check_classes();
	check_values();
	check_threads();
	check_names();
	return done_testing();
}
