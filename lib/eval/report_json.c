#include "eval/report_json.h"

#include <math.h>

/* Each failure of jansson is one of memory, or of text that is not UTF-8: that becomes U+FFFD before. */
static json_t *text_value(struct slice s)
{
	json_t *v = json_stringn(s.p, s.len);
	struct buf quoted = BUF_INIT;

	if (v)
		return v;
	jdoc_format_text(&quoted, s); /* ASCII, malformed bytes replaced */
	v = json_loadb(quoted.p, quoted.len, JSON_DECODE_ANY, NULL);
	buf_release(&quoted);
	return v;
}

static json_t *number_value(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

/* Counts are whole unless rows are weighted. */
static json_t *count_value(double v)
{
	return v == rint(v) && fabs(v) < 0x1p53 ? json_integer((json_int_t)v) : number_value(v);
}

static json_t *finding_value(const struct eval_finding *f)
{
	json_t *o = json_object();

	if (json_object_set_new(o, "name", text_value(slice_of(f->name))) ||
		json_object_set_new(o, "status", json_string(eval_report_status(f->status))) ||
		json_object_set_new(o, "observed", text_value(slice_of(f->observed))) ||
		(*f->detail && json_object_set_new(o, "detail", text_value(slice_of(f->detail))))) {
		json_decref(o);
		return NULL;
	}
	return o;
}

json_t *eval_report_json_findings(const struct eval_report *r, struct err *e)
{
	json_t *o = json_object(), *list = json_array();
	int rc = 0;

	for (size_t i = 0; i < r->n && !rc; i++)
		rc = json_array_append_new(list, finding_value(&r->findings[i]));
	rc = rc || json_object_set_new(o, "tool", json_string(r->tool)) ||
	     json_object_set_new(o, "subject", text_value(slice_of(r->subject))) ||
	     json_object_set_new(o, "passed", json_boolean(!eval_report_count(r, EVAL_FAIL))) ||
	     json_object_set(o, "findings", list);
	json_decref(list);
	if (!rc)
		return o;
	json_decref(o);
	err_nomem(e);
	return NULL;
}

static int set_class(json_t *to, struct slice key, const struct score_class *c, double auc)
{
	json_t *o = json_object(), *name = text_value(key);
	int rc = !name || json_object_set_new(o, "precision", number_value(c->precision)) ||
		 json_object_set_new(o, "recall", number_value(c->recall)) ||
		 json_object_set_new(o, "f1", number_value(c->f1)) ||
		 json_object_set_new(o, "support", count_value(c->support)) ||
		 json_object_set_new(o, "predicted", count_value(c->predicted)) ||
		 (!isnan(auc) && json_object_set_new(o, "auc", json_real(auc))) ||
		 json_object_set(to, json_string_value(name), o);

	json_decref(name);
	json_decref(o);
	return rc ? -1 : 0;
}

/* "classes": by label, and "confusion": {"labels": [...], "rows": [[...]]}, the truth by rows. */
static int set_classes(json_t *o, const struct eval_measure *m)
{
	const struct eval_rows *r = m->rows;
	json_t *classes = json_object(), *labels = json_array(), *rows = json_array();
	json_t *confusion = json_object();
	int rc = 0;

	for (size_t k = 0; k < r->n_labels && !rc; k++) {
		json_t *row = json_array();

		for (size_t i = 0; i < r->n_labels && !rc; i++)
			rc = json_array_append_new(
				row, count_value(score_confusion_at(&m->confusion, k, i)));
		rc = json_array_append_new(rows, row) || rc ||
		     json_array_append_new(labels, text_value(r->labels[k])) ||
		     set_class(classes, r->labels[k], &m->classes[k],
			     m->class_auc ? m->class_auc[k] : NAN);
	}
	rc = rc || json_object_set(confusion, "labels", labels) ||
	     json_object_set(confusion, "rows", rows) || json_object_set(o, "classes", classes) ||
	     json_object_set(o, "confusion", confusion);
	json_decref(classes);
	json_decref(labels);
	json_decref(rows);
	json_decref(confusion);
	return rc ? -1 : 0;
}

json_t *eval_report_json_measure(const struct eval_measure *m, struct err *e)
{
	const struct eval_rows *r = m->rows;
	json_t *o = json_object();
	int rc = json_object_set_new(o, "rows", json_integer((json_int_t)r->n)) ||
		 json_object_set_new(o, "objective", json_string(eval_measure_objective(m)));

	if (r->objective == EVAL_BINARY && r->positive < r->n_labels)
		rc = rc || json_object_set_new(o, "positive", text_value(r->labels[r->positive]));
	for (size_t i = 0; i < m->n_numbers && !rc; i++)
		rc = json_object_set_new(o, m->numbers[i].name, number_value(m->numbers[i].value));
	rc = rc || (eval_has_labels(r->objective) && set_classes(o, m)) ||
	     json_object_set_new(o, "test_hash", json_string(r->test_hash));
	if (!rc)
		return o;
	json_decref(o);
	err_nomem(e);
	return NULL;
}
