#include "eval/measure.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "score/metric.h"
#include "score/ndcg.h"

enum { CURVE_POINTS = 400, MAX_CLASS_AUCS = 100 };

static void add_titled(struct eval_measure *m, const char *name, const char *title, double value)
{
	assert(m->n_numbers < EVAL_MAX_NUMBERS);
	m->numbers[m->n_numbers++] = (struct eval_number){ name, title, value };
}

/* A metric that score/metric knows. */
static void add(struct eval_measure *m, const char *name, double value)
{
	const struct score_metric *known = score_metric_find(name);

	add_titled(m, name, known ? known->title : name, value);
}

static void add_averages(struct eval_measure *m)
{
	const struct score_summary *s = &m->summary;

	add(m, "precision_macro", s->macro.precision);
	add(m, "recall_macro", s->macro.recall);
	add(m, "f1_macro", s->macro.f1);
	add(m, "precision_weighted", s->weighted.precision);
	add(m, "recall_weighted", s->weighted.recall);
	add(m, "f1_weighted", s->weighted.f1);
}

static int measure_confusion(struct eval_measure *m, double confidence, struct err *e)
{
	const struct eval_rows *r = m->rows;
	struct score_interval sure;

	if (score_confusion_init(&m->confusion, r->n_labels, e))
		return -1;
	m->classes = mem_array(r->n_labels, sizeof(*m->classes), e);
	if (!m->classes)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		score_confusion_add(&m->confusion, r->truth[i], r->predicted[i],
			r->weights ? (double)r->weights[i] : 1);
	for (size_t k = 0; k < r->n_labels; k++)
		score_confusion_class(&m->confusion, k, &m->classes[k]);
	score_confusion_summary(&m->confusion, &m->summary);
	add(m, "accuracy", m->summary.accuracy);
	if (confidence > 0 && !r->weights) {
		sure = score_interval_share(
			m->summary.accuracy * (double)r->n, (double)r->n, confidence);
		add_titled(m, "accuracy_low", "accuracy, lower bound", sure.low);
		add_titled(m, "accuracy_high", "accuracy, upper bound", sure.high);
	}
	add(m, "balanced_accuracy", m->summary.balanced_accuracy);
	add(m, "mcc", m->summary.mcc);
	add(m, "kappa", m->summary.kappa);
	return 0;
}

/* What the order of probabilities gives: AUC and its interval, curves, the best threshold for F1. */
static int measure_rank(struct eval_measure *m, const struct score_binary *in, double confidence,
	struct pool *pool, struct err *e)
{
	struct score_rank rank = SCORE_RANK_INIT;
	struct score_interval sure;
	double at = NAN, f1, ks;
	int rc = -1;

	if (score_rank_load(&rank, in, pool, e))
		return -1;
	add(m, "auc", score_rank_auc(&rank));
	if (confidence > 0 && !in->weights) {
		sure = score_interval_auc(&rank, confidence);
		add_titled(m, "auc_low", "ROC AUC, lower bound", sure.low);
		add_titled(m, "auc_high", "ROC AUC, upper bound", sure.high);
	}
	add(m, "average_precision", score_rank_average_precision(&rank));
	ks = score_rank_ks(&rank, NULL);
	add(m, "ks", ks);
	f1 = score_rank_best_f1(&rank, &at);
	add_titled(m, "best_f1", "best F1 of any threshold", f1);
	add_titled(m, "best_f1_threshold", "where F1 is best", at);
	score_curve_bins(&rank, EVAL_N_BINS, m->bins);
	add(m, "calibration_error", score_curve_calibration_error(m->bins, EVAL_N_BINS));
	if (!score_curve_roc(&rank, CURVE_POINTS, &m->roc, e) &&
		!score_curve_pr(&rank, CURVE_POINTS, &m->pr, e)) {
		m->has_curves = true;
		rc = 0;
	}
	score_rank_release(&rank);
	return rc;
}

static int measure_binary(
	struct eval_measure *m, double confidence, struct pool *pool, struct err *e)
{
	const struct eval_rows *r = m->rows;
	struct score_class none = { 0 };
	const struct score_class *positive =
		r->positive < r->n_labels ? &m->classes[r->positive] : &none;
	struct score_binary in = { .n = r->n, .scores = r->scores, .weights = r->weights };
	uint8_t *labels;
	int rc;

	add(m, "precision", positive->precision);
	add(m, "recall", positive->recall);
	add(m, "f1", positive->f1);
	add_titled(m, "positive_share", "share of positive rows",
		positive->support / m->summary.total);
	add_titled(m, "predicted_share", "share of rows predicted positive",
		positive->predicted / m->summary.total);
	if (!r->scores)
		return 0;
	labels = mem_array_raw(r->n, 1, e);
	if (!labels)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		labels[i] = r->truth[i] == r->positive;
	in.labels = labels;
	add(m, "logloss", score_metric_logloss(&in, pool));
	add(m, "brier", score_metric_brier(&in, pool));
	rc = measure_rank(m, &in, confidence, pool, e);
	free(labels);
	return rc;
}

/* AUC of each label against the rest, and their mean over labels that occur (scikit-learn: ovr, macro). */
static int measure_class_aucs(struct eval_measure *m, struct pool *pool, struct err *e)
{
	const struct eval_rows *r = m->rows;
	double *scores = mem_array_raw(r->n, sizeof(*scores), e), sum = 0, n = 0;
	uint8_t *labels = scores ? mem_array_raw(r->n, 1, e) : NULL;
	int rc = -1;

	m->class_auc = labels ? mem_array(r->n_labels, sizeof(*m->class_auc), e) : NULL;
	if (!m->class_auc)
		goto out;
	for (size_t k = 0; k < r->n_labels; k++) {
		struct score_binary in = { r->n, scores, labels, r->weights };

		for (size_t i = 0; i < r->n; i++) {
			scores[i] = r->scores[i * r->n_labels + k];
			labels[i] = r->truth[i] == k;
		}
		if (score_metric_auc(&in, pool, &m->class_auc[k], e))
			goto out;
		if (!isnan(m->class_auc[k])) {
			sum += m->class_auc[k];
			n++;
		}
	}
	add_titled(m, "auc", "ROC AUC, mean of each class against the rest", n > 0 ? sum / n : NAN);
	rc = 0;
out:
	free(scores);
	free(labels);
	return rc;
}

static int measure_multiclass(struct eval_measure *m, struct pool *pool, struct err *e)
{
	const struct eval_rows *r = m->rows;
	struct score_classes in = { r->n, r->n_labels, r->scores, r->truth, r->weights };

	if (!r->scores)
		return 0;
	add(m, "logloss", score_metric_class_logloss(&in, pool));
	return r->n_labels <= MAX_CLASS_AUCS ? measure_class_aucs(m, pool, e) : 0;
}

/* Mean prediction and mean truth of parts of equal size, in order of the prediction. */
static int measure_parts(struct eval_measure *m, struct pool *pool, struct err *e)
{
	const struct eval_rows *r = m->rows;
	uint32_t *order = mem_array_raw(r->n, sizeof(*order), e);
	size_t n_parts = r->n < EVAL_N_BINS ? r->n : EVAL_N_BINS;

	if (!order || score_rank_order(r->predicted_values, r->n, order, pool, e)) {
		free(order);
		return -1;
	}
	for (size_t p = 0; p < n_parts; p++) {
		size_t from = p * r->n / n_parts, to = (p + 1) * r->n / n_parts;
		struct score_point *part = &m->parts[p];

		for (size_t i = from; i < to; i++) {
			part->x += r->predicted_values[order[i]];
			part->y += r->truth_values[order[i]];
		}
		part->threshold = (double)(to - from);
		part->x /= part->threshold;
		part->y /= part->threshold;
	}
	m->n_parts = n_parts;
	free(order);
	return 0;
}

static void add_order(struct eval_measure *m, size_t i, const char *name, const char *title,
	int64_t top, double v)
{
	snprintf(m->order_titles[i], sizeof(m->order_titles[i]),
		top ? "%s of the first %lld" : "%s", title, (long long)top);
	add_titled(m, name, m->order_titles[i], v);
}

/* How good the order is that predictions give the rows of each group. */
static int measure_order(struct eval_measure *m, int64_t top, struct err *e)
{
	const struct eval_rows *r = m->rows;
	struct score_values in = { r->n, r->predicted_values, r->truth_values, r->weights };
	struct score_groups groups = { 0 };
	struct score_order order;
	double *relevant = NULL;
	int rc = -1;

	if (score_groups_load(&groups, r->group_of, r->n, r->n_groups, e))
		goto out;
	if (r->objective == EVAL_BINARY) {
		relevant = mem_array(r->n, sizeof(*relevant), e);
		if (!relevant)
			goto out;
		for (size_t i = 0; i < r->n; i++)
			relevant[i] = r->truth[i] == r->positive;
		in.predicted = r->scores;
		in.truth = relevant;
	}
	if (score_ndcg_order(&in, &groups, NULL, top ? (size_t)top : SIZE_MAX, &order, e))
		goto out;
	add_order(m, 0, "ndcg", "NDCG", top, order.ndcg);
	add_order(m, 1, "map", "mean average precision", top, order.map);
	add_order(m, 2, "mrr", "mean reciprocal rank", top, order.mrr);
	add_titled(m, "groups", "groups", (double)order.n_groups);
	add_titled(m, "groups_irrelevant", "groups without a relevant row",
		(double)order.n_irrelevant);
	rc = 0;
out:
	score_groups_release(&groups);
	free(relevant);
	return rc;
}

static int measure_values(struct eval_measure *m, struct pool *pool, struct err *e)
{
	const struct eval_rows *r = m->rows;
	struct score_values in = { r->n, r->predicted_values, r->truth_values, r->weights };
	double rmse = score_metric_rmse(&in, pool), largest = 0,
	       mape = score_metric_mape(&in, pool);

	for (size_t i = 0; i < r->n; i++)
		largest = fmax(largest, fabs(r->predicted_values[i] - r->truth_values[i]));
	add(m, "rmse", rmse);
	add(m, "mse", rmse * rmse);
	add(m, "mae", score_metric_mae(&in, pool));
	add(m, "mape", isinf(mape) ? NAN : mape);
	add(m, "r2", score_metric_r2(&in, pool));
	add(m, "max_error", largest);
	return measure_parts(m, pool, e);
}

int eval_measure_rows(struct eval_measure *m, const struct eval_rows *r,
	const struct eval_measure_options *o, struct pool *pool, struct err *e)
{
	*m = (struct eval_measure){ .rows = r };
	if (r->objective == EVAL_REGRESSION)
		return measure_values(m, pool, e);
	if (r->objective == EVAL_RANKING)
		return measure_order(m, o->top, e);
	if (measure_confusion(m, o->confidence, e))
		return -1;
	if (r->objective == EVAL_BINARY ? measure_binary(m, o->confidence, pool, e)
					: measure_multiclass(m, pool, e))
		return -1;
	add_averages(m);
	return r->group_of ? measure_order(m, o->top, e) : 0;
}

void eval_measure_release(struct eval_measure *m)
{
	if (!m)
		return;
	score_confusion_release(&m->confusion);
	score_curve_release(&m->roc);
	score_curve_release(&m->pr);
	free(m->classes);
	free(m->class_auc);
	*m = (struct eval_measure){ 0 };
}

double eval_measure_get(const struct eval_measure *m, const char *name)
{
	for (size_t i = 0; i < m->n_numbers; i++)
		if (!strcmp(m->numbers[i].name, name))
			return m->numbers[i].value;
	return NAN;
}

const char *eval_measure_objective(const struct eval_measure *m)
{
	static const char *const names[] = { "", "binary", "multiclass", "regression", "ranking" };

	return names[m->rows->objective];
}
