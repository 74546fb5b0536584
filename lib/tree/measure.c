#include "tree/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "score/metric.h"
#include "tree/predict.h"
#include "tree/rank.h"

struct arrays {
	double *scores; /* [n][n_outputs] */
	uint8_t *binary;
	uint32_t *class;
	double *values;
	float *weights;
};

static void release(struct arrays *a)
{
	free(a->scores);
	free(a->binary);
	free(a->class);
	free(a->values);
	free(a->weights);
}

static size_t row_of(const struct tree_measure_input *in, size_t i)
{
	return in->pick ? in->pick[i] : i;
}

/** Predictions of the rows as doubles. */
static int fill_scores(const struct tree_measure_input *in, struct arrays *a, struct err *e)
{
	enum { PIECE = 256 };
	size_t k = in->m->n_outputs;
	float *piece = mem_array_raw(PIECE * k, sizeof(*piece), e);

	a->scores = piece ? mem_array_raw(in->n * k, sizeof(*a->scores), e) : NULL;
	if (!a->scores) {
		free(piece);
		return -1;
	}
	for (size_t from = 0; from < in->n; from += PIECE) {
		size_t n = in->n - from < PIECE ? in->n - from : PIECE;

		for (size_t i = 0; i < n; i++)
			memcpy(piece + i * k, in->margins + row_of(in, from + i) * k,
				k * sizeof(*piece));
		tree_model_link(in->m, piece, n, piece);
		for (size_t i = 0; i < n * k; i++)
			a->scores[from * k + i] = (double)piece[i];
	}
	free(piece);
	return 0;
}

static int fill_truth(const struct tree_measure_input *in, struct arrays *a, struct err *e)
{
	const struct tree_truth *t = in->truth;

	if (t->weights) {
		a->weights = mem_array_raw(in->n, sizeof(*a->weights), e);
		if (!a->weights)
			return -1;
		for (size_t i = 0; i < in->n; i++)
			a->weights[i] = t->weights[row_of(in, i)];
	}
	if (in->m->task == TREE_BINARY) {
		a->binary = mem_array_raw(in->n, sizeof(*a->binary), e);
		for (size_t i = 0; a->binary && i < in->n; i++)
			a->binary[i] = (uint8_t)t->class[row_of(in, i)];
		return a->binary ? 0 : -1;
	}
	if (in->m->task == TREE_MULTICLASS) {
		a->class = mem_array_raw(in->n, sizeof(*a->class), e);
		for (size_t i = 0; a->class && i < in->n; i++)
			a->class[i] = t->class[row_of(in, i)];
		return a->class ? 0 : -1;
	}
	a->values = mem_array_raw(in->n, sizeof(*a->values), e);
	for (size_t i = 0; a->values && i < in->n; i++)
		a->values[i] = (double)t->values[row_of(in, i)];
	return a->values ? 0 : -1;
}

static void add(struct tree_measures *out, const char *name, double value)
{
	out->names[out->n] = name;
	out->values[out->n++] = value;
}

static int measure_binary(const struct tree_measure_input *in, const struct arrays *a,
	struct pool *pool, struct tree_measures *out, struct err *e)
{
	struct score_binary s = { in->n, a->scores, a->binary, a->weights };
	double auc;

	add(out, "logloss", score_metric_logloss(&s, pool));
	if (in->loss_only)
		return 0;
	if (score_metric_auc(&s, pool, &auc, e))
		return -1;
	add(out, "auc", auc);
	add(out, "accuracy", score_metric_accuracy(&s, 0.5, pool));
	return 0;
}

/** Which rows are picked, for groups of rows. */
static int measure_ranking(const struct tree_measure_input *in, const struct arrays *a,
	struct tree_measures *out, struct err *e)
{
	const struct tree_truth *t = in->truth;
	struct score_values s = { t->n_rows, NULL, NULL, t->weights };
	double *scores = mem_array(t->n_rows, sizeof(*scores), e);
	double *truth = scores ? mem_array(t->n_rows, sizeof(*truth), e) : NULL;
	uint8_t *mask = truth ? mem_array(t->n_rows, sizeof(*mask), e) : NULL;
	struct score_order order;
	int rc = -1;

	if (!mask)
		goto out;
	for (size_t i = 0; i < in->n; i++) {
		size_t row = row_of(in, i);

		scores[row] = a->scores[i];
		truth[row] = a->values[i];
		mask[row] = 1;
	}
	s.predicted = scores;
	s.truth = truth;
	rc = score_ndcg_order(&s, t->groups, mask, TREE_RANK_NDCG, &order, e);
	if (!rc)
		add(out, "ndcg", order.ndcg);
out:
	free(scores);
	free(truth);
	free(mask);
	return rc;
}

static void measure_values(const struct tree_measure_input *in, const struct arrays *a,
	struct pool *pool, struct tree_measures *out)
{
	struct score_values s = { in->n, a->scores, a->values, a->weights };
	double shape = in->truth->shape;
	enum tree_loss loss = in->truth->loss;

	if (loss == TREE_LOSS_ABSOLUTE)
		add(out, "mae", score_metric_mae(&s, pool));
	else if (loss == TREE_LOSS_HUBER)
		add(out, "huber", score_metric_huber(&s, shape, pool));
	else if (loss == TREE_LOSS_QUANTILE)
		add(out, "pinball", score_metric_pinball(&s, shape, pool));
	else if (loss == TREE_LOSS_POISSON)
		add(out, "poisson_deviance", score_metric_poisson_deviance(&s, pool));
	else
		add(out, "rmse", score_metric_rmse(&s, pool));
	if (in->loss_only)
		return;
	if (loss != TREE_LOSS_SQUARED)
		add(out, "rmse", score_metric_rmse(&s, pool));
	if (loss != TREE_LOSS_ABSOLUTE)
		add(out, "mae", score_metric_mae(&s, pool));
	add(out, "r2", score_metric_r2(&s, pool));
}

int tree_measure(const struct tree_measure_input *in, struct pool *pool, struct tree_measures *out,
	struct err *e)
{
	struct arrays a = { 0 };
	int rc = -1;

	out->n = 0;
	if (fill_scores(in, &a, e) || fill_truth(in, &a, e))
		goto out;
	rc = 0;
	if (in->m->task == TREE_BINARY) {
		rc = measure_binary(in, &a, pool, out, e);
	} else if (in->m->task == TREE_MULTICLASS) {
		struct score_classes s = { in->n, in->m->n_outputs, a.scores, a.class, a.weights };

		add(out, "logloss", score_metric_class_logloss(&s, pool));
		if (!in->loss_only)
			add(out, "accuracy", score_metric_class_accuracy(&s, pool));
	} else if (in->truth->loss == TREE_LOSS_RANK) {
		rc = measure_ranking(in, &a, out, e);
	} else {
		measure_values(in, &a, pool, out);
	}
out:
	release(&a);
	return rc;
}

bool tree_measures_better(const struct tree_measures *m, double than)
{
	return score_metric_find(m->names[0])->higher_is_better ? m->values[0] > than
								: m->values[0] < than;
}

json_t *tree_measures_json(const struct tree_measures *m, struct err *e)
{
	json_t *o = json_object();
	int rc = o ? 0 : -1;

	for (size_t i = 0; i < m->n && !rc; i++)
		rc = json_object_set_new(o, m->names[i],
			isfinite(m->values[i]) ? json_real(m->values[i]) : json_null());
	if (rc) {
		json_decref(o);
		err_nomem(e);
		return NULL;
	}
	return o;
}
