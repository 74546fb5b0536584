#include "eval/report_junit.h"

#include "eval/markup.h"

static void add_element(
	struct buf *b, const char *element, const char *prefix, const struct eval_finding *f)
{
	buf_addf(b, "<%s", element);
	if (f->status == EVAL_FAIL)
		eval_markup_pair(b, "message", f->observed);
	buf_addf(b, ">%s", prefix);
	eval_markup_text(b, *f->detail ? f->detail : f->observed);
	buf_addf(b, "</%s>", element);
}

static void add_case(struct buf *b, const struct eval_report *r, const struct eval_finding *f)
{
	buf_add_text(b, "    <testcase classname=\"");
	eval_markup_attribute(b, r->tool);
	buf_add_char(b, '.');
	eval_markup_attribute(b, r->subject);
	buf_add_char(b, '"');
	eval_markup_pair(b, "name", f->name);
	eval_markup_pair(b, "file", r->subject);
	buf_add_text(b, " time=\"0\">");
	switch (f->status) {
	case EVAL_PASS:
		if (*f->observed)
			add_element(b, "system-out", "", f);
		break;
	case EVAL_WARNING:
		add_element(b, "skipped", "warning: ", f);
		break;
	case EVAL_FAIL:
		add_element(b, "failure", "", f);
		break;
	case EVAL_SKIP:
		add_element(b, "skipped", "", f);
		break;
	}
	buf_add_text(b, "</testcase>\n");
}

void eval_report_junit_findings(struct buf *b, const struct eval_report *r)
{
	size_t skipped = eval_report_count(r, EVAL_WARNING) + eval_report_count(r, EVAL_SKIP);

	buf_add_text(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite");
	eval_markup_pair(b, "name", r->tool);
	buf_addf(b, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"0\">\n",
		r->n, eval_report_count(r, EVAL_FAIL), skipped);
	for (size_t i = 0; i < r->n; i++)
		add_case(b, r, &r->findings[i]);
	buf_add_text(b, "  </testsuite>\n</testsuites>\n");
}
