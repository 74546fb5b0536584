#include "base/tool.h"
#include "eval/check.h"
#include "eval/reports.h"

struct args {
	const char *rules, *folds;
	struct eval_reports reports;
	struct csv_dialect dialect;
};

static const struct args defaults = { .dialect = CSV_DIALECT_DEFAULT };

static const struct opt options[] = {
	OPT_HEADING("Rules"),
	{ 'r', "rules", OPT_TEXT, offsetof(struct args, rules), "FILE", "YAML or JSON; required" },
	{ 0, "cv", OPT_TEXT, offsetof(struct args, folds), "FILE",
		"cross-validation results of rf-train or gbt-train" },
	OPT_HEADING("Reports, besides the text"),
	{ 0, "junit", OPT_TEXT, offsetof(struct args, reports.junit), "FILE", "JUnit XML",
		.writes = true },
	{ 0, "markdown", OPT_TEXT, offsetof(struct args, reports.markdown), "FILE", "a table",
		.writes = true },
	CSV_DIALECT_OPTIONS(struct args, dialect),
	OPT_END,
};

static enum tool_status run(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct eval_check_options o = {
		.dialect = &a->dialect, .folds_name = a->folds, .progress = t->progress
	};
	struct eval_reports reports = a->reports;
	struct eval_report report = { .tool = "sanity-check", .subject = t->operands[0] };
	struct eval_rules rules = { 0 };
	struct buf text = BUF_INIT;
	enum tool_status status;
	int rc = -1;

	reports.json = t->json;
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
		eval_reports_tell_findings(&reports, &report, &text, e))
		goto out;
	rc = 0;
out:
	status = tool_print(t, &text, rc, e);
	if (status == TOOL_YES && eval_report_count(&report, EVAL_FAIL) > 0)
		status = TOOL_NO;
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
