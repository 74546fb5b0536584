#include "table/findings.h"

#include <string.h>

static const char *const severities[] = { "error", "warning", "ignore" };

/* Text with what a terminal might obey escaped. */
static void add_escaped(struct buf *b, const char *text)
{
	size_t cap = strlen(text) * 4 + 1;
	char *w = buf_reserve(b, cap);

	if (!w)
		return;
	w[0] = '\0';
	b->len += err_escape(w, cap, text);
}

/* "3 rows (0.12 %)" */
static void add_count(struct buf *b, const struct table_finding *one)
{
	if (one->count == 0)
		return;
	buf_addf(b, "; %llu row%s (%.3g %%)", (unsigned long long)one->count,
		one->count == 1 ? "" : "s", one->share * 100);
}

int table_findings_text(
	const struct table_findings *f, const char *file, struct buf *b, struct err *e)
{
	size_t n_errors = table_findings_count(f, TABLE_ERROR);
	size_t n_warnings = table_findings_count(f, TABLE_WARNING);

	for (size_t i = 0; i < f->n; i++) {
		const struct table_finding *one = &f->list[i];

		add_escaped(b, file);
		buf_addf(b, ": %s: ", severities[one->severity]);
		add_escaped(b, *one->column ? one->column : "(table)");
		buf_addf(b, ": %s: %s: ", table_anomaly_name(one->anomaly),
			table_anomaly_short(one->anomaly));
		add_escaped(b, one->detail);
		add_count(b, one);
		buf_add_char(b, '\n');
	}
	add_escaped(b, file);
	buf_addf(b, ": %llu rows, %zu columns: ", (unsigned long long)f->n_rows, f->n_cols);
	if (n_errors + n_warnings == 0)
		buf_add_text(b, "no anomalies\n");
	else
		buf_addf(b, "%zu error%s, %zu warning%s\n", n_errors, n_errors == 1 ? "" : "s",
			n_warnings, n_warnings == 1 ? "" : "s");
	return buf_check(b, e);
}

/* Data may hold bytes that are not UTF-8, which JSON cannot. */
static json_t *text_or_null(const char *text)
{
	struct buf b = BUF_INIT;
	json_t *v;

	if (!text)
		return json_null();
	v = json_string(text);
	if (!v) {
		add_escaped(&b, text);
		v = json_string(b.p);
		buf_release(&b);
	}
	return v;
}

static json_t *finding_json(const struct table_finding *one)
{
	json_t *o = json_object();
	int rc = o ? 0 : -1;

	rc |= json_object_set_new(o, "column", text_or_null(*one->column ? one->column : NULL));
	rc |= json_object_set_new(o, "anomaly", json_string(table_anomaly_name(one->anomaly)));
	rc |= json_object_set_new(o, "severity", json_string(severities[one->severity]));
	rc |= json_object_set_new(o, "short", json_string(table_anomaly_short(one->anomaly)));
	rc |= json_object_set_new(o, "message", text_or_null(one->detail));
	rc |= json_object_set_new(o, "count", json_integer((json_int_t)one->count));
	rc |= json_object_set_new(o, "share", json_real(one->share));
	rc |= json_object_set_new(
		o, "row", one->row ? json_integer((json_int_t)one->row) : json_null());
	rc |= json_object_set_new(
		o, "line", one->line ? json_integer((json_int_t)one->line) : json_null());
	rc |= json_object_set_new(o, "value", text_or_null(one->value));
	if (rc == 0)
		return o;
	json_decref(o);
	return NULL;
}

json_t *table_findings_json(const struct table_findings *f, const char *file, struct err *e)
{
	json_t *o = json_object(), *list = json_array();
	int rc = o && list ? 0 : -1;

	for (size_t i = 0; rc == 0 && i < f->n; i++)
		rc = json_array_append_new(list, finding_json(&f->list[i]));
	rc |= json_object_set_new(o, "file", text_or_null(file));
	rc |= json_object_set_new(o, "rows", json_integer((json_int_t)f->n_rows));
	rc |= json_object_set_new(o, "columns", json_integer((json_int_t)f->n_cols));
	rc |= json_object_set_new(
		o, "errors", json_integer((json_int_t)table_findings_count(f, TABLE_ERROR)));
	rc |= json_object_set_new(
		o, "warnings", json_integer((json_int_t)table_findings_count(f, TABLE_WARNING)));
	rc |= json_object_set_new(o, "anomalies", list);
	if (rc == 0)
		return o;
	json_decref(o);
	err_nomem(e);
	return NULL;
}
