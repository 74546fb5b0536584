#include <math.h>

#include "base/tool.h"
#include "eval/predict.h"
#include "eval/reports.h"
#include "tree/model_file.h"

/* ---- predict -------------------------------------------------------------------------------------- */

struct predict_args {
	struct opt_list keep;
	double threshold;
	bool contrib;
	struct csv_dialect dialect;
};

static const struct predict_args predict_defaults = { .threshold = 0.5,
	.dialect = CSV_DIALECT_DEFAULT };

static const struct opt predict_options[] = {
	OPT_HEADING("Prediction"),
	{ 'k', "keep", OPT_LIST, offsetof(struct predict_args, keep), "COL,...",
		"columns that pass through, before the prediction" },
	{ 0, "threshold", OPT_NUMBER, offsetof(struct predict_args, threshold), "X",
		"two classes: positive is a probability above it", .min = 0, .max = 1 },
	{ 0, "contrib", OPT_FLAG, offsetof(struct predict_args, contrib), NULL,
		"add what each column contributes (TreeSHAP)" },
	CSV_DIALECT_OPTIONS(struct predict_args, dialect),
	OPT_END,
};

static enum tool_status run_predict(struct tool *t, const void *args, struct err *e)
{
	const struct predict_args *a = args;
	struct eval_predict_options o = { .dialect = &a->dialect,
		.keep = a->keep,
		.threshold = a->threshold,
		.contrib = a->contrib,
		.progress = t->progress };
	struct tree_model *m = NULL;
	uint64_t n_rows;
	int rc = -1;

	if (csv_dialect_check(&a->dialect, e))
		return TOOL_FAILED;
	m = a->contrib ? tree_model_load(t->operands[0], e) : tree_model_open(t->operands[0], e);
	if (m && !eval_predict_run(m, t->operands[1], &o, t->pool, t->out, &n_rows, e)) {
		diag_say(t->diag, DIAG_NOTE, "%llu rows predicted by %zu trees",
			(unsigned long long)n_rows, m->n_trees);
		rc = 0;
	}
	tree_model_free(m);
	return rc ? TOOL_FAILED : TOOL_YES;
}

/* ---- evaluate ------------------------------------------------------------------------------------- */

struct evaluate_args {
	struct eval_rows_options rows;
	struct eval_measure_options measure;
	struct eval_reports reports;
	struct csv_dialect dialect;
};

static const struct evaluate_args evaluate_defaults = { .rows = { .threshold = NAN },
	.measure = { .confidence = 0.95, .top = 10 },
	.reports = { .prefix = "model_", .title = "Model evaluation" },
	.dialect = CSV_DIALECT_DEFAULT };

#define FIELD(name) offsetof(struct evaluate_args, name)

static const struct opt evaluate_options[] = {
	OPT_HEADING("Columns"),
	{ 't', "target", OPT_TEXT, FIELD(rows.target), "COL", "the truth; required" },
	{ 0, "prediction", OPT_TEXT, FIELD(rows.prediction), "COL",
		"label or number (prediction)" },
	{ 0, "probability", OPT_TEXT, FIELD(rows.probability), "COL",
		"of the positive label, or what the names of all of them begin with "
		"(probability)" },
	{ 0, "positive", OPT_TEXT, FIELD(rows.positive), "LABEL",
		"whose probability it is (the last of two in order)" },
	{ 0, "weight", OPT_TEXT, FIELD(rows.weight), "COL", "weight of each row" },
	{ 0, "group", OPT_TEXT, FIELD(rows.group), "COL",
		"measure the order of the rows of each group: NDCG, MAP, MRR" },
	OPT_HEADING("Evaluation"),
	{ 0, "objective", OPT_CHOICE, FIELD(rows.objective), EVAL_OBJECTIVE_WORDS,
		"what is predicted; auto: by the columns there are" },
	{ 0, "threshold", OPT_NUMBER, FIELD(rows.threshold), "X",
		"decide anew: positive is a probability above it", .min = 0, .max = 1,
		.hide_default = true },
	{ 0, "top", OPT_INT, FIELD(measure.top), "K", "of --group: places that count; 0: all",
		.min = 0, .max = 1e9 },
	{ 0, "confidence", OPT_NUMBER, FIELD(measure.confidence), "X", "of the bounds; 0: none",
		.min = 0, .max = 0.999999 },
	OPT_HEADING("Reports, besides the text"),
	{ 'm', "metrics", OPT_TEXT, FIELD(reports.metrics), "FILE",
		"JSON, for baseline-gate and dvc", .writes = true },
	{ 0, "html", OPT_TEXT, FIELD(reports.html), "FILE", "one page with the curves",
		.writes = true },
	{ 0, "title", OPT_TEXT, FIELD(reports.title), "TEXT", "of the page" },
	{ 0, "markdown", OPT_TEXT, FIELD(reports.markdown), "FILE", "tables for a merge request",
		.writes = true },
	{ 0, "openmetrics", OPT_TEXT, FIELD(reports.openmetrics), "FILE",
		"for GitLab's metrics report", .writes = true },
	{ 0, "prefix", OPT_TEXT, FIELD(reports.prefix), "TEXT", "of the names in it" },
	CSV_DIALECT_OPTIONS(struct evaluate_args, dialect),
	OPT_END,
};

static enum tool_status run_evaluate(struct tool *t, const void *args, struct err *e)
{
	const struct evaluate_args *a = args;
	struct eval_rows_options o = a->rows;
	struct eval_reports reports = a->reports;
	struct eval_rows rows = { 0 };
	struct eval_measure m = { 0 };
	struct buf text = BUF_INIT;
	int rc = -1;

	if (!o.target) {
		err_set(e, ERR_INPUT, "--target is missing");
		err_hint(e, "name the column that holds the truth");
		return TOOL_FAILED;
	}
	o.dialect = &a->dialect;
	o.progress = t->progress;
	reports.json = t->json;
	if (!csv_dialect_check(&a->dialect, e) &&
		!eval_rows_load(&rows, t->operands[0], &o, t->pool, e)) {
		if (eval_measure_rows(&m, &rows, &a->measure, t->pool, e))
			err_at(e, "%s", t->operands[0]);
		else
			rc = eval_reports_tell_measure(&reports, &m, &text, e);
	}
	eval_measure_release(&m);
	eval_rows_release(&rows);
	return tool_print(t, &text, rc, e);
}

static const struct tool_command commands[] = {
	{ .name = "predict",
		.usage = "[OPTION]... MODEL TABLE",
		.summary = "Predicts each row of a table with a model in XGBoost's format",
		.options = predict_options,
		.defaults = &predict_defaults,
		.args_size = sizeof(predict_defaults),
		.flags = TOOL_OUTPUT | TOOL_THREADS | TOOL_PROGRESS,
		.min_operands = 2,
		.max_operands = 2,
		.run = run_predict,
		.example = "model-eval predict model.json test.csv --keep id -o predictions.csv" },
	{ .name = "evaluate",
		.usage = "[OPTION]... --target COL PREDICTIONS",
		.summary = "Compares predictions with the truth beside them",
		.options = evaluate_options,
		.defaults = &evaluate_defaults,
		.args_size = sizeof(evaluate_defaults),
		.flags = TOOL_OUTPUT | TOOL_THREADS | TOOL_PROGRESS | TOOL_JSON,
		.min_operands = 1,
		.max_operands = 1,
		.run = run_evaluate,
		.example = "model-eval predict model.json test.csv --keep y |\n"
			   "  model-eval evaluate --target y - --metrics m.json --html r.html" },
	{ .name = NULL },
};

int main(int argc, char **argv)
{
	static const struct tool_spec spec = {
		.main = { .name = "model-eval",
			.usage = "COMMAND [OPTION]... ...",
			.summary = "Predicts with a model, and says how good predictions are" },
		.commands = commands,
	};

	return tool_main(&spec, argc, argv);
}
