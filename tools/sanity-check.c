#include "base/tool.h"
#include "eval/check.h"
#include "eval/report_json.h"
#include "eval/report_junit.h"
#include "eval/report_md.h"
#include "eval/report_text.h"

struct args {
	const char *rules, *folds, *junit, *markdown;
	struct csv_dialect dialect;
};

static const struct args defaults = { .dialect = CSV_DIALECT_DEFAULT };

static const struct opt options[] = {
	OPT_HEADING("Rules"),
	{ 'r', "rules", OPT_TEXT, offsetof(struct args, rules), "FILE", "YAML or JSON; required" },
	{ 0, "cv", OPT_TEXT, offsetof(struct args, folds), "FILE",
		"cross-validation results of rf-train or gbt-train" },
	OPT_HEADING("Reports, besides the text"),
	{ 0, "junit", OPT_TEXT, offsetof(struct args, junit), "FILE", "JUnit XML", .writes = true },
	{ 0, "markdown", OPT_TEXT, offsetof(struct args, markdown), "FILE", "a table",
		.writes = true },
	CSV_DIALECT_OPTIONS(struct args, dialect),
	OPT_END,
};

static int write_reports(
	struct tool *t, const struct args *a, const struct eval_report *report, struct err *e)
{
	struct buf b = BUF_INIT;
	json_t *json = NULL;
	int rc = -1;

	if (a->junit) {
		eval_report_junit_findings(&b, report);
		if (eval_report_save(a->junit, &b, e))
			goto out;
	}
	if (a->markdown) {
		eval_report_md_findings(&b, report);
		if (eval_report_save(a->markdown, &b, e))
			goto out;
	}
	if (t->json) {
		json = eval_report_json_findings(report, e);
		if (!json)
			goto out;
		jdoc_format(&b, json, JDOC_PRETTY);
	} else {
		eval_report_text_findings(&b, report);
	}
	output_slice(t->out, buf_slice(&b));
	rc = buf_check(&b, e);
out:
	json_decref(json);
	buf_release(&b);
	return rc;
}

static enum tool_status run(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct eval_check_options o = {
		.dialect = &a->dialect, .folds_name = a->folds, .progress = t->progress
	};
	struct eval_report report = { .tool = "sanity-check", .subject = t->operands[0] };
	struct eval_rules rules = { 0 };
	enum tool_status status = TOOL_FAILED;

	if (!a->rules) {
		err_set(e, ERR_INPUT, "--rules is missing");
		return TOOL_FAILED;
	}
	if (csv_dialect_check(&a->dialect, e) || eval_rule_load(&rules, a->rules, e))
		goto out;
	o.folds = a->folds ? jdoc_load(a->folds, e) : NULL;
	if (a->folds && !o.folds)
		goto out;
	if (eval_check_run(&rules, t->operands[0], &o, t->pool, &report, e) ||
		write_reports(t, a, &report, e))
		goto out;
	status = eval_report_count(&report, EVAL_FAIL) ? TOOL_NO : TOOL_YES;
out:
	json_decref(o.folds);
	eval_report_release(&report);
	eval_rule_release(&rules);
	return status;
}

int main(int argc, char **argv)
{
	static const struct tool_spec
		spec = { .main = {
				 .name = "sanity-check",
				 .usage = "[OPTION]... --rules FILE PREDICTIONS",
				 .summary =
					 "Judges predictions and cross-validation results by rules",
				 .options = options,
				 .defaults = &defaults,
				 .args_size = sizeof(defaults),
				 .flags = TOOL_OUTPUT | TOOL_THREADS | TOOL_PROGRESS | TOOL_JSON,
				 .min_operands = 1,
				 .max_operands = 1,
				 .run = run,
				 .example = "sanity-check p.csv --rules rules.yaml --cv cv.json "
					    "--junit sanity.xml",
			 } };

	return tool_main(&spec, argc, argv);
}
