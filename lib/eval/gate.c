#include "eval/gate.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/opt.h"
#include "score/metric.h"

/* The member at a key, or at a path of keys; NULL if there is none, or memory is out. */
static json_t *find_path(json_t *o, const char *path)
{
	json_t *v = json_object_get(o, path);
	struct slice rest = slice_of(path), part;
	struct buf key = BUF_INIT;

	while (!v && o && strchr(path, '.') && slice_cut(&rest, '.', &part)) {
		buf_reset(&key);
		buf_add_slice(&key, part);
		o = json_object_get(o, key.p);
		if (!rest.p)
			v = o;
	}
	buf_release(&key);
	return v;
}

static int no_metric(json_t *metrics, const char *metric, const char *name, struct err *e)
{
	const char *keys[64], *key, *near;
	size_t n = 0;
	json_t *value;

	json_object_foreach(metrics, key, value)
	{
		if (json_is_number(value) && n < 63)
			keys[n++] = key;
	}
	keys[n] = NULL;
	err_set(e, ERR_INPUT, "there is no metric '%s'", metric);
	near = opt_nearest(metric, keys);
	if (near)
		err_hint(e, "did you mean '%s'?", near);
	return err_at(e, "%s", name);
}

/* The number at a key, or at a path of keys with dots between. */
static int find_metric(
	json_t *metrics, const char *metric, const char *name, double *v, struct err *e)
{
	json_t *found = find_path(metrics, metric);

	if (!found)
		return no_metric(metrics, metric, name, e);
	if (!json_is_number(found)) {
		err_set(e, ERR_INPUT, "metric '%s' is not a number", metric);
		return err_at(e, "%s", name);
	}
	*v = json_number_value(found);
	return 0;
}

/* The rule's, else the baseline's, else what the metric's last name says. */
static int find_direction(
	const struct eval_gate_rule *rule, const struct eval_baseline *b, int *out, struct err *e)
{
	const char *dot = strrchr(rule->metric, '.');
	const struct score_metric *m = score_metric_find(dot ? dot + 1 : rule->metric);

	if (rule->direction != EVAL_AUTO)
		*out = rule->direction;
	else if (b->direction != EVAL_AUTO)
		*out = b->direction;
	else if (m)
		*out = m->higher_is_better ? EVAL_HIGHER : EVAL_LOWER;
	else {
		err_set(e, ERR_INPUT, "is a high or a low '%s' good?", rule->metric);
		return err_hint(e, "say --direction higher or --direction lower");
	}
	return 0;
}

/* min_delta is decimal, the difference of two doubles is not: 0.57 is 0.01 above 0.56. */
static enum eval_verdict judge_gain(const struct eval_gate_result *r, double min_delta)
{
	double slack = 4 * DBL_EPSILON * fmax(fabs(r->value), fabs(r->baseline));

	if (r->gain == 0)
		return EVAL_SAME;
	if (r->gain < 0)
		return EVAL_WORSE;
	return r->gain + slack >= min_delta ? EVAL_BETTER : EVAL_TOO_LITTLE;
}

/*
 * A released model that was measured on the baseline's own test set has the baseline's value: else it is another,
 * perhaps a weaker one.
 */
static int check_released(const struct eval_baseline *b, const char *test_hash, double value,
	const char *name, struct err *e)
{
	if (!b->test_hash || strcmp(b->test_hash, test_hash) != 0 || fabs(value - b->value) <= 1e-9)
		return 0;
	err_set(e, ERR_INPUT, "gives %.10g on the test set where the baseline has %.10g", value,
		b->value);
	err_hint(e, "it is not of the released model");
	return err_at(e, "%s", name);
}

int eval_gate_replace(struct eval_baseline *b, json_t *metrics, json_t *other, const char *metric,
	const char *other_name, struct err *e)
{
	json_t *hash = json_object_get(metrics, "test_hash");
	double value;

	if (find_metric(other, metric, other_name, &value, e))
		return -1;
	if (!json_is_string(hash) || !json_equal(hash, json_object_get(other, "test_hash"))) {
		err_set(e, ERR_INPUT, "was not measured on the same test set");
		return err_at(e, "%s", other_name);
	}
	if (check_released(b, json_string_value(hash), value, other_name, e))
		return -1;
	b->value = value;
	free(b->test_hash);
	b->test_hash = NULL;
	return 0;
}

/* The paired tables must be what the metrics were measured on. */
static int check_paired(json_t *metrics, const char *name, const struct eval_baseline *b,
	const struct eval_gate_rule *rule, const struct eval_paired *paired,
	const struct eval_gate_result *r, struct err *e)
{
	json_t *hash = json_object_get(metrics, "test_hash");

	if (json_is_string(hash) && strcmp(json_string_value(hash), paired->test_hash) != 0) {
		err_set(e, ERR_INPUT, "the predictions are of another test set");
		return err_at(e, "%s", name);
	}
	if (fabs(paired->test.b - r->value) > 1e-9) {
		err_set(e, ERR_INPUT, "says %s %.10g, the new predictions %.10g", rule->metric,
			r->value, paired->test.b);
		return err_at(e, "%s", name);
	}
	return check_released(
		b, paired->test_hash, paired->test.a, "the released model's predictions", e);
}

int eval_gate_judge(json_t *metrics, const char *name, const struct eval_baseline *b,
	const struct eval_gate_rule *rule, const struct eval_paired *paired,
	struct eval_gate_result *r, struct err *e)
{
	*r = (struct eval_gate_result){ .baseline = paired ? paired->test.a : b->value,
		.p = paired ? paired->test.p : NAN };
	if (find_metric(metrics, rule->metric, name, &r->value, e) ||
		jdoc_get_text_or(metrics, "test_hash", name, &r->test_hash, e) ||
		find_direction(rule, b, &r->direction, e))
		return -1;
	if (b->metric && strcmp(b->metric, rule->metric) != 0) {
		err_set(e, ERR_INPUT, "the baseline is of '%s', not of '%s'", b->metric,
			rule->metric);
		return err_hint(e, "for another metric start another baseline with --init");
	}
	if (paired && check_paired(metrics, name, b, rule, paired, r, e))
		return -1;
	r->gain = r->direction == EVAL_LOWER ? r->baseline - r->value : r->value - r->baseline;
	if (b->test_hash && !paired && !rule->allow_new_test &&
		(!r->test_hash || strcmp(r->test_hash, b->test_hash) != 0))
		r->verdict = EVAL_NEW_TEST;
	else
		r->verdict = judge_gain(r, rule->min_delta);
	if (r->verdict == EVAL_BETTER && r->p > 1 - rule->confidence)
		r->verdict = EVAL_NOISE;
	return 0;
}

static const char *verdict_word(enum eval_verdict v)
{
	static const char *const names[] = { "better", "too little", "noise", "same", "worse",
		"new test set" };

	return names[v];
}

void eval_gate_format(struct buf *b, const struct eval_gate_rule *rule,
	const struct eval_gate_result *r, const struct eval_baseline *baseline,
	const struct eval_origin *origin)
{
	char value[NUM_TEXT_MAX], base[NUM_TEXT_MAX], delta[NUM_TEXT_MAX];

	num_format_double(value, r->value);
	num_format_double(base, r->baseline);
	num_format_double(delta, rule->min_delta);
	buf_addf(b, "%s %s ", rule->metric, value);
	switch (r->verdict) {
	case EVAL_BETTER:
		buf_addf(b, "beats the baseline %s by %.6g", base, r->gain);
		if (!isnan(r->p))
			buf_addf(b, " (p %.3g)", r->p);
		break;
	case EVAL_NOISE:
		buf_addf(b,
			"is %.6g better than %s, which may be noise (p %.3g, at most %.3g is asked "
			"for)",
			r->gain, base, r->p, 1 - rule->confidence);
		break;
	case EVAL_TOO_LITTLE:
		buf_addf(b, "is only %.6g better than the baseline %s, %s is asked for", r->gain,
			base, delta);
		break;
	case EVAL_SAME:
		buf_add_text(b, "is the same value as the baseline");
		if (baseline->model_hash && !strcmp(baseline->model_hash, origin->model_hash))
			buf_add_text(b, ": it is the same model");
		break;
	case EVAL_WORSE:
		buf_addf(b, "is worse than the baseline %s by %.6g", base, -r->gain);
		break;
	case EVAL_NEW_TEST:
		buf_addf(b,
			"was measured on another test set than the baseline %s: measure the "
			"released "
			"model on it and give that with --against, or say --allow-new-test",
			base);
		break;
	}
}

int eval_gate_report(struct eval_report *report, const struct eval_gate_rule *rule,
	const struct eval_gate_result *r, const char *sentence, struct err *e)
{
	bool good = r->verdict == EVAL_BETTER;
	struct buf name = BUF_INIT;
	int rc = -1;

	buf_addf(&name, "%s better than the baseline", rule->metric);
	if (!buf_check(&name, e))
		rc = eval_report_add(report, good ? EVAL_PASS : EVAL_FAIL, name.p, sentence,
			good ? "" : sentence, e);
	buf_release(&name);
	return rc;
}

static int set_text(json_t *o, const char *key, const char *text)
{
	return json_object_set_new(o, key, text && *text ? json_string(text) : json_null());
}

static const char *direction_word(const struct eval_gate_result *r)
{
	return r->direction == EVAL_LOWER ? "lower" : "higher";
}

/* The object, or NULL and `e` if it could not be filled. */
static json_t *filled(json_t *o, int rc, struct err *e)
{
	if (!rc)
		return o;
	json_decref(o);
	err_nomem(e);
	return NULL;
}

json_t *eval_gate_json(const struct eval_gate_rule *rule, const struct eval_gate_result *r,
	bool is_stored, struct err *e)
{
	json_t *o = json_object();
	bool good = r->verdict == EVAL_BETTER;
	int rc = set_text(o, "verdict", verdict_word(r->verdict)) ||
		 json_object_set_new(o, "passed", json_boolean(good)) ||
		 set_text(o, "metric", rule->metric) ||
		 json_object_set_new(o, "value", json_real(r->value)) ||
		 json_object_set_new(o, "baseline", json_real(r->baseline)) ||
		 json_object_set_new(o, "gain", json_real(r->gain)) ||
		 json_object_set_new(o, "min_delta", json_real(rule->min_delta)) ||
		 set_text(o, "direction", direction_word(r)) ||
		 json_object_set_new(o, "stored", json_boolean(is_stored));

	return filled(o, rc, e);
}

json_t *eval_gate_record(const struct eval_gate_rule *rule, const struct eval_gate_result *r,
	const struct eval_origin *origin, struct err *e)
{
	json_t *o = json_object();
	int rc = set_text(o, "metric", rule->metric) ||
		 json_object_set_new(o, "value", json_real(r->value)) ||
		 json_object_set_new(o, "previous", json_real(r->baseline)) ||
		 set_text(o, "direction", direction_word(r)) ||
		 set_text(o, "test_hash", r->test_hash) || set_text(o, "model", origin->model) ||
		 set_text(o, "model_hash", origin->model_hash) ||
		 set_text(o, "commit", origin->commit.p);

	return filled(o, rc, e);
}
