#include "eval/reports.h"

#include "base/output.h"
#include "eval/report_html.h"
#include "eval/report_json.h"
#include "eval/report_junit.h"
#include "eval/report_md.h"
#include "eval/report_openmetrics.h"
#include "eval/report_text.h"

/* Writes `b` to the file, and empties it. */
static int save(const char *path, struct buf *b, struct err *e)
{
	int rc = buf_check(b, e);

	if (!rc)
		rc = output_save(path, OUTPUT_PLAIN, buf_slice(b), e);
	buf_reset(b);
	return rc;
}

int eval_reports_save_findings(
	const struct eval_reports *o, const struct eval_report *r, struct err *e)
{
	struct buf b = BUF_INIT;
	int rc = 0;

	if (o->junit) {
		eval_report_junit_findings(&b, r);
		rc = save(o->junit, &b, e);
	}
	if (o->markdown && !rc) {
		eval_report_md_findings(&b, r);
		rc = save(o->markdown, &b, e);
	}
	buf_release(&b);
	return rc;
}

int eval_reports_tell_findings(
	const struct eval_reports *o, const struct eval_report *r, struct buf *out, struct err *e)
{
	json_t *json = NULL;

	if (eval_reports_save_findings(o, r, e))
		return -1;
	if (!o->json) {
		eval_report_text_findings(out, r);
		return buf_check(out, e);
	}
	json = eval_report_json_findings(r, e);
	if (!json)
		return -1;
	jdoc_format(out, json, JDOC_PRETTY);
	json_decref(json);
	return buf_check(out, e);
}

static int save_measure(
	const struct eval_reports *o, const struct eval_measure *m, json_t *json, struct err *e)
{
	struct buf b = BUF_INIT;
	int rc = 0;

	if (o->metrics)
		rc = jdoc_save(o->metrics, json, JDOC_PRETTY, OUTPUT_PLAIN, e);
	if (o->html && !rc) {
		eval_report_html_measure(&b, m, o->title);
		rc = save(o->html, &b, e);
	}
	if (o->markdown && !rc) {
		eval_report_md_measure(&b, m);
		rc = save(o->markdown, &b, e);
	}
	if (o->openmetrics && !rc) {
		eval_report_openmetrics_measure(&b, m, o->prefix);
		rc = save(o->openmetrics, &b, e);
	}
	buf_release(&b);
	return rc;
}

int eval_reports_tell_measure(
	const struct eval_reports *o, const struct eval_measure *m, struct buf *out, struct err *e)
{
	json_t *json = eval_report_json_measure(m, e);
	int rc = json ? save_measure(o, m, json, e) : -1;

	if (!rc && o->json)
		jdoc_format(out, json, JDOC_PRETTY);
	else if (!rc)
		eval_report_text_measure(out, m);
	json_decref(json);
	return rc ? rc : buf_check(out, e);
}
