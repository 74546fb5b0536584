#include <math.h>

#include "base/path.h"
#include "base/tool.h"
#include "eval/gate.h"
#include "eval/reports.h"

struct args {
	struct eval_gate_rule rule;
	const char *baseline, *init, *model, *against;
	struct eval_reports reports;
	bool check;
	const char *predictions, *released;
	struct eval_rows_options rows;
	struct csv_dialect dialect;
};

static const struct args defaults = { .rule = { .metric = "accuracy", .confidence = 0.95 },
	.baseline = "baseline.txt",
	.rows = { .target = "target", .threshold = NAN },
	.dialect = CSV_DIALECT_DEFAULT };

static const struct opt options[] = {
	OPT_HEADING("Rule"),
	{ 'm', "metric", OPT_TEXT, offsetof(struct args, rule.metric), "NAME",
		"key in METRICS, or a path of keys with dots" },
	{ 0, "min-delta", OPT_NUMBER, offsetof(struct args, rule.min_delta), "X",
		"by how much at least", .min = 0, .max = 1e300 },
	{ 0, "direction", OPT_CHOICE, offsetof(struct args, rule.direction), "auto|higher|lower",
		"what is better; auto: by the baseline, or the metric's name" },
	OPT_HEADING("Baseline"),
	{ 'b', "baseline", OPT_TEXT, offsetof(struct args, baseline), "FILE",
		"holds one number; what it is measured by stands beside it in a .json",
		.writes = true },
	{ 0, "init", OPT_TEXT, offsetof(struct args, init), "X",
		"start with this number where there is no FILE" },
	{ 0, "against", OPT_TEXT, offsetof(struct args, against), "METRICS",
		"beat these instead: the released model's, measured on the present test set" },
	{ 0, "allow-new-test", OPT_FLAG, offsetof(struct args, rule.allow_new_test), NULL,
		"compare although the test set is another one" },
	{ 0, "model", OPT_TEXT, offsetof(struct args, model), "FILE", "stored by its hash" },
	{ 0, "check", OPT_FLAG, offsetof(struct args, check), NULL, "judge, store nothing" },
	OPT_HEADING("Paired test (accuracy: McNemar, auc: DeLong)"),
	{ 0, "predictions", OPT_TEXT, offsetof(struct args, predictions), "FILE",
		"of the new model, with the truth beside them" },
	{ 0, "released", OPT_TEXT, offsetof(struct args, released), "FILE",
		"of the released model, on the same rows; it must be beaten by more than noise" },
	{ 0, "confidence", OPT_NUMBER, offsetof(struct args, rule.confidence), "X",
		"how sure the gain must be", .min = 0.5, .max = 0.999999 },
	{ 0, "target", OPT_TEXT, offsetof(struct args, rows.target), "COL", "the truth" },
	{ 0, "positive", OPT_TEXT, offsetof(struct args, rows.positive), "LABEL",
		"whose probability it is (the last of two in order)" },
	OPT_HEADING("Report, besides the text"),
	{ 0, "junit", OPT_TEXT, offsetof(struct args, reports.junit), "FILE", "JUnit XML",
		.writes = true },
	OPT_END,
};

/* The stored baseline, or the start that --init gives. */
static int load_baseline(const struct args *a, struct eval_baseline *b, struct err *e)
{
	if (!path_exists(a->baseline) && a->init)
		return eval_baseline_parse(slice_of(a->init), "--init", &b->value, e);
	if (!eval_baseline_load(b, a->baseline, e))
		return 0;
	if (!path_exists(a->baseline))
		err_hint(e, "start one with --init 0.5, or whatever the first model must beat");
	return -1;
}

static int replace_value(
	const struct args *a, json_t *metrics, struct eval_baseline *b, struct err *e)
{
	json_t *other = a->against ? jdoc_load(a->against, e) : NULL;
	int rc = -1;

	if (!a->against)
		return 0;
	if (other)
		rc = eval_gate_replace(b, metrics, other, a->rule.metric, a->against, e);
	json_decref(other);
	return rc;
}

/* The paired test, if it is asked for: `*use` is then `p`. */
static int load_paired(struct tool *t, const struct args *a, struct eval_paired *p,
	const struct eval_paired **use, struct err *e)
{
	struct eval_rows_options o = a->rows;

	*use = NULL;
	if (!a->predictions && !a->released)
		return 0;
	if (!a->predictions || !a->released || a->against)
		return err_set(e, ERR_INPUT,
			a->against ? "--against and --released exclude each other"
				   : "a paired test needs --predictions and --released");
	o.dialect = &a->dialect;
	o.progress = t->progress;
	*use = p;
	return eval_paired_load(p, a->released, a->predictions, &o, a->rule.metric, t->pool, e);
}

static int store(const struct args *a, const struct eval_gate_result *r,
	const struct eval_origin *origin, struct err *e)
{
	json_t *record = eval_gate_record(&a->rule, r, origin, e);
	int rc = record ? eval_baseline_save(a->baseline, r->value, record, e) : -1;

	json_decref(record);
	return rc;
}

/* Adds what goes to standard output; writes the report. */
static int tell(struct tool *t, const struct args *a, const struct eval_gate_result *r,
	const char *sentence, struct buf *out, struct err *e)
{
	struct eval_report report = { .tool = "baseline-gate", .subject = t->operands[0] };
	bool stores = r->verdict == EVAL_BETTER && !a->check;
	json_t *json = NULL;
	int rc = -1;

	if (eval_gate_report(&report, &a->rule, r, sentence, e) ||
		eval_reports_save_findings(&a->reports, &report, e))
		goto out;
	if (t->json) {
		json = eval_gate_json(&a->rule, r, stores, e);
		if (!json)
			goto out;
		jdoc_format(out, json, JDOC_PRETTY);
	} else {
		buf_addf(out, "%s%s%s\n", sentence, stores ? ", stored in " : "",
			stores ? a->baseline : "");
	}
	rc = buf_check(out, e);
out:
	eval_report_release(&report);
	json_decref(json);
	return rc;
}

static enum tool_status run(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct eval_baseline b = EVAL_BASELINE_INIT;
	struct eval_origin origin = { .commit = BUF_INIT };
	struct eval_gate_result r;
	struct eval_paired test;
	const struct eval_paired *paired;
	struct buf sentence = BUF_INIT, out = BUF_INIT;
	enum tool_status status = TOOL_FAILED;
	json_t *metrics = jdoc_load(t->operands[0], e);

	if (!metrics || load_baseline(a, &b, e) || replace_value(a, metrics, &b, e) ||
		load_paired(t, a, &test, &paired, e) ||
		eval_gate_judge(metrics, t->operands[0], &b, &a->rule, paired, &r, e) ||
		eval_origin_find(&origin, a->model, a->baseline, e))
		goto out;
	eval_gate_format(&sentence, &a->rule, &r, &b, &origin);
	if (buf_check(&sentence, e) || tell(t, a, &r, sentence.p, &out, e))
		goto out;
	output_slice(t->out, buf_slice(&out));
	if (output_fd(t->out, e) < 0) /* what cannot be told must not be stored */
		goto out;
	if (r.verdict == EVAL_BETTER && !a->check && store(a, &r, &origin, e))
		goto out;
	status = r.verdict == EVAL_BETTER ? TOOL_YES : TOOL_NO;
out:
	json_decref(metrics);
	eval_baseline_release(&b);
	eval_origin_release(&origin);
	buf_release(&sentence);
	buf_release(&out);
	return status;
}

int main(int argc, char **argv)
{
	static const struct tool_spec spec = { .main = {
						       .name = "baseline-gate",
						       .usage = "[OPTION]... METRICS",
						       .summary =
							       "Passes only a metric better than "
							       "the stored one, and then stores it",
						       .options = options,
						       .defaults = &defaults,
						       .args_size = sizeof(defaults),
						       .flags = TOOL_OUTPUT | TOOL_JSON |
								TOOL_THREADS | TOOL_PROGRESS,
						       .min_operands = 1,
						       .max_operands = 1,
						       .run = run,
						       .example =
							       "baseline-gate --metric auc --model "
							       "model.json --init 0.5 metrics.json",
					       } };

	return tool_main(&spec, argc, argv);
}
