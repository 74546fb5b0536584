#include "eval/folds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { MAX_FOLDS = 100000 };

struct folds {
	double *values, *rows; /* [n]; rows NULL if not known */
	size_t n;
};

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Sorts the values. */
static double median_of(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), by_value);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

int eval_folds_outlier(const double *values, const double *rows, size_t n, double floor, double *z,
	size_t *which, struct err *e)
{
	double *sorted = mem_array(n, sizeof(*sorted), e), median, mad;
	bool all_shares = rows;

	if (!sorted)
		return -1;
	memcpy(sorted, values, n * sizeof(*sorted));
	median = median_of(sorted, n);
	for (size_t i = 0; i < n; i++) {
		sorted[i] = fabs(values[i] - median);
		all_shares &= values[i] >= 0 && values[i] <= 1;
	}
	mad = median_of(sorted, n);
	free(sorted);
	*z = 0;
	*which = 0;
	for (size_t i = 0; i < n; i++) {
		double spread = fmax(1.4826 * mad, floor * fabs(median)), off;

		if (all_shares && rows[i] > 0)
			spread = fmax(spread, sqrt(median * (1 - median) / rows[i]));
		off = fabs(values[i] - median);
		off = off == 0 ? 0 : spread > 0 ? off / spread : INFINITY;
		if (off > *z) {
			*z = off;
			*which = i;
		}
	}
	return 0;
}

static double *load_numbers(json_t *list, const char *what, struct err *e)
{
	size_t n = json_array_size(list);
	double *v;

	if (!json_is_array(list) || n == 0 || n > MAX_FOLDS) {
		err_set(e, ERR_INPUT, "'%s' is not a list with a number for each fold", what);
		return NULL;
	}
	v = mem_array(n, sizeof(*v), e);
	for (size_t i = 0; v && i < n; i++) {
		if (!json_is_number(json_array_get(list, i))) {
			err_set(e, ERR_INPUT, "'%s' of fold %zu is not a number", what, i + 1);
			free(v);
			return NULL;
		}
		v[i] = json_number_value(json_array_get(list, i));
	}
	return v;
}

/* One metric's folds. Wrong counts of rows are an error, none are fine. */
static int load_folds(struct folds *f, json_t *cv, const char *metric, struct err *e)
{
	json_t *metrics = json_object_get(cv, "metrics"), *rows = json_object_get(cv, "rows");
	json_t *list = json_object_get(metrics, metric);

	*f = (struct folds){ 0 };
	if (!list)
		return err_set(e, ERR_INPUT, "there is no metric '%s'", metric);
	f->values = load_numbers(list, metric, e);
	if (!f->values)
		return -1;
	f->n = json_array_size(list);
	if (!rows)
		return 0;
	if (json_array_size(rows) != f->n)
		return err_set(e, ERR_INPUT, "'%s' has %zu folds, 'rows' %zu", metric, f->n,
			json_array_size(rows));
	f->rows = load_numbers(rows, "rows", e);
	return f->rows ? 0 : -1;
}

static void judge_outlier(const struct eval_rule *rule, const char *metric, const struct folds *f,
	double z, size_t which, struct buf *observed, struct buf *detail)
{
	buf_addf(observed, "%s%s %.2f spreads", observed->len ? ", " : "", metric, z);
	if (!(z > rule->max_z))
		return;
	buf_addf(detail,
		"%s%s of fold %zu is %.6g, %.2f spreads from the median (%.6g allowed); all:",
		detail->len ? "; " : "", metric, which + 1, f->values[which], z, rule->max_z);
	for (size_t i = 0; i < f->n && i < 20; i++)
		buf_addf(detail, " %.6g", f->values[i]);
}

static void judge_range(const struct eval_rule *rule, const char *metric, const struct folds *f,
	struct buf *observed, struct buf *detail)
{
	double low = INFINITY, high = -INFINITY;

	for (size_t i = 0; i < f->n; i++) {
		low = fmin(low, f->values[i]);
		high = fmax(high, f->values[i]);
	}
	buf_addf(observed, "%s%s from %.6g to %.6g", observed->len ? ", " : "", metric, low, high);
	if (low < rule->bound.low || high > rule->bound.high)
		buf_addf(detail, "%s%s is from %.6g to %.6g, not between %.6g and %.6g",
			detail->len ? "; " : "", metric, low, high, rule->bound.low,
			rule->bound.high);
}

static int judge_metric(const struct eval_rule *rule, json_t *cv, const char *metric,
	struct buf *observed, struct buf *detail, struct err *e)
{
	struct folds f = { 0 };
	size_t which;
	double z;
	int rc = -1;

	if (load_folds(&f, cv, metric, e))
		goto out;
	rc = 0;
	if (rule->check == EVAL_CHECK_FOLDS) {
		judge_range(rule, metric, &f, observed, detail);
		goto out;
	}
	rc = eval_folds_outlier(f.values, f.rows, f.n, rule->floor, &z, &which, e);
	if (!rc)
		judge_outlier(rule, metric, &f, z, which, observed, detail);
out:
	free(f.values);
	free(f.rows);
	return rc;
}

int eval_folds_judge(const struct eval_rule *rule, json_t *cv, const char *name,
	struct eval_report *report, struct err *e)
{
	enum eval_status bad = rule->is_warning ? EVAL_WARNING : EVAL_FAIL;
	struct buf observed = BUF_INIT, detail = BUF_INIT;
	const char *metric;
	json_t *list;
	int rc = 0;

	if (!cv) {
		err_set(e, ERR_INPUT, "rule '%s' is about cross-validation", rule->name);
		return err_hint(e, "give its results with --cv");
	}
	for (size_t i = 0; rule->metrics[i] && !rc; i++)
		rc = judge_metric(rule, cv, rule->metrics[i], &observed, &detail, e);
	if (!rule->metrics[0]) {
		json_object_foreach(json_object_get(cv, "metrics"), metric, list)
		{
			if (!rc)
				rc = judge_metric(rule, cv, metric, &observed, &detail, e);
		}
		if (!rc && !observed.len && !observed.failed)
			rc = err_set(e, ERR_INPUT, "there are no 'metrics'");
	}
	if (rc)
		err_at(e, "%s", name);
	if (!rc && (buf_check(&observed, e) || buf_check(&detail, e) ||
			   eval_report_add(report, detail.len ? bad : EVAL_PASS, rule->name,
				   observed.p, detail.p, e)))
		rc = -1;
	buf_release(&observed);
	buf_release(&detail);
	return rc;
}
