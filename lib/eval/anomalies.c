#include "eval/anomalies.h"

#include <string.h>

static bool has_any(const struct table_findings *f, const char *column)
{
	for (size_t i = 0; i < f->n; i++) {
		if (strcmp(f->list[i].column, column) == 0)
			return true;
	}
	return false;
}

static int add(struct eval_report *r, const char *file, const char *column,
	const struct table_finding *one, struct err *e)
{
	enum eval_status status = !one                           ? EVAL_PASS
				  : one->severity == TABLE_ERROR ? EVAL_FAIL
								 : EVAL_WARNING;
	struct buf name = BUF_INIT, detail = BUF_INIT;
	int rc = -1;

	if (file)
		buf_addf(&name, "%s: ", file);
	buf_add_text(&name, *column ? column : "table");
	if (one) {
		buf_addf(&name, ": %s", table_anomaly_name(one->anomaly));
		buf_addf(&detail, "%s: %s", table_anomaly_short(one->anomaly), one->detail);
		if (one->count)
			buf_addf(&detail, "; %llu rows", (unsigned long long)one->count);
	}
	if (buf_check(&name, e) == 0 && buf_check(&detail, e) == 0)
		rc = eval_report_add(r, status, name.p, "", detail.p, e);
	buf_release(&name);
	buf_release(&detail);
	return rc;
}

int eval_anomalies_add(
	struct eval_report *r, const struct table_findings *f, const char *file, struct err *e)
{
	for (size_t i = 0; i < f->n; i++) {
		if (add(r, file, f->list[i].column, &f->list[i], e))
			return -1;
	}
	for (size_t i = 0; i < f->n_cols; i++) {
		if (!has_any(f, f->cols[i]) && add(r, file, f->cols[i], NULL, e))
			return -1;
	}
	return 0;
}
