#include "base/tool.h"
#include "eval/anomalies.h"
#include "eval/reports.h"
#include "table/findings.h"
#include "table/infer.h"
#include "table/validate.h"

struct infer_args {
	struct csv_dialect dialect;
	int64_t max_domain;
	bool ranges;
	struct opt_list domain, unique, key;
	const char *label;
};

struct validate_args {
	struct csv_dialect dialect;
	const char *schema, *environment;
	struct eval_reports reports;
};

static const struct infer_args infer_defaults = { .dialect = CSV_DIALECT_DEFAULT,
	.max_domain = 100 };

static const struct validate_args validate_defaults = { .dialect = CSV_DIALECT_DEFAULT };

static const struct opt infer_options[] = {
	OPT_HEADING("Schema"),
	{ 0, "max-domain", OPT_INT, offsetof(struct infer_args, max_domain), "N",
		"text columns of at most N values get them as domain", .min = 0, .max = 100000 },
	{ 0, "domain", OPT_LIST, offsetof(struct infer_args, domain), "COL,...",
		"columns whose values are their domain: the label" },
	{ 0, "ranges", OPT_FLAG, offsetof(struct infer_args, ranges), NULL,
		"numbers must stay between those found" },
	{ 0, "unique", OPT_LIST, offsetof(struct infer_args, unique), "COL,...",
		"columns in which no value comes twice" },
	{ 0, "key", OPT_LIST, offsetof(struct infer_args, key), "COL,...",
		"the primary key: together no values come twice" },
	{ 0, "label", OPT_TEXT, offsetof(struct infer_args, label), "COL",
		"environments training, and serving without COL" },
	CSV_DIALECT_OPTIONS(struct infer_args, dialect),
	OPT_END,
};

static const struct opt validate_options[] = {
	OPT_HEADING("Validation"),
	{ 0, "schema", OPT_TEXT, offsetof(struct validate_args, schema), "FILE",
		"what the tables must look like" },
	{ 0, "environment", OPT_TEXT, offsetof(struct validate_args, environment), "NAME",
		"which of the schema's environments this is" },
	{ 0, "junit", OPT_TEXT, offsetof(struct validate_args, reports.junit), "FILE",
		"write a JUnit report too", .writes = true },
	CSV_DIALECT_OPTIONS(struct validate_args, dialect),
	OPT_END,
};

static enum tool_status run_infer(struct tool *t, const void *args, struct err *e)
{
	const struct infer_args *a = args;
	const char *const *paths = (const char *const *)t->operands;
	const uint32_t max = (uint32_t)a->max_domain;
	const struct table_stats_options collect = { &a->dialect, max, a->domain, t->progress };
	const struct table_infer_options o = { max, a->ranges, a->domain, a->unique, a->key,
		a->label, &a->dialect };
	struct table_stats *stats = table_stats_collect(paths, t->n_operands, &collect, t->pool, e);
	json_t *schema = stats ? table_infer(stats, &o, e) : NULL;
	struct buf text = BUF_INIT;
	int rc = -1;

	if (schema) {
		jdoc_format(&text, schema, JDOC_PRETTY);
		rc = buf_check(&text, e);
	}
	if (rc == 0 && (a->unique.n > 0 || a->key.n > 0))
		rc = table_infer_confirm(
			buf_slice(&text), paths, t->n_operands, &a->dialect, t->pool, e);
	if (rc == 0)
		table_infer_warn(stats, t->diag);
	json_decref(schema);
	table_stats_free(stats);
	return tool_print(t, &text, rc, e);
}

/* What the files came to. */
struct verdict {
	struct eval_report report;
	json_t *files; /* for --json */
	struct buf text;
	size_t n_errors;
};

static int validate_file(struct tool *t, const struct validate_args *a,
	const struct table_schema *s, const char *path, struct verdict *v, struct err *e)
{
	const struct table_validate_options o = { &a->dialect, a->environment, t->progress };
	struct table_findings f = TABLE_FINDINGS_INIT;
	int rc = table_validate(path, s, &o, t->pool, &f, e);

	if (rc == 0 && t->json) {
		json_t *file = table_findings_json(&f, path, e);

		rc = file && json_array_append_new(v->files, file) == 0 ? 0 : err_nomem(e);
	} else if (rc == 0) {
		rc = table_findings_text(&f, path, &v->text, e);
	}
	if (rc == 0 && a->reports.junit)
		rc = eval_anomalies_add(&v->report, &f, t->n_operands > 1 ? path : NULL, e);
	v->n_errors += table_findings_count(&f, TABLE_ERROR);
	table_findings_release(&f);
	return rc;
}

static int add_json(struct verdict *v, struct err *e)
{
	json_t *doc = json_pack("{s:b, s:O}", "valid", v->n_errors == 0, "files", v->files);

	if (!doc)
		return err_nomem(e);
	jdoc_format(&v->text, doc, JDOC_PRETTY);
	json_decref(doc);
	return 0;
}

static enum tool_status run_validate(struct tool *t, const void *args, struct err *e)
{
	const struct validate_args *a = args;
	struct verdict v = { .report = { .tool = t->name,
				     .subject = t->n_operands == 1 ? t->operands[0] : "tables" },
		.files = json_array(),
		.text = BUF_INIT };
	struct table_schema *s = NULL;
	enum tool_status status;
	int rc = v.files ? 0 : err_nomem(e);

	if (!a->schema) {
		err_set(e, ERR_INPUT, "no --schema");
		err_hint(e, "write one with data-check infer, and correct it by hand");
	} else if (rc == 0) {
		s = table_schema_load(a->schema, t->diag, e);
	}
	rc = s ? 0 : -1;
	for (size_t i = 0; i < t->n_operands && rc == 0; i++)
		rc = validate_file(t, a, s, t->operands[i], &v, e);
	if (rc == 0 && t->json)
		rc = add_json(&v, e);
	if (rc == 0)
		rc = eval_reports_save_findings(&a->reports, &v.report, e);
	status = tool_print(t, &v.text, rc, e);
	table_schema_free(s);
	json_decref(v.files);
	eval_report_release(&v.report);
	return status == TOOL_YES && v.n_errors ? TOOL_NO : status;
}

static const struct tool_command commands[] = {
	{
		.name = "infer",
		.usage = "FILE... [-o SCHEMA.json]",
		.summary = "writes a schema from what the tables hold",
		.options = infer_options,
		.defaults = &infer_defaults,
		.args_size = sizeof(struct infer_args),
		.flags = TOOL_OUTPUT | TOOL_THREADS | TOOL_PROGRESS,
		.min_operands = 1,
		.max_operands = -1,
		.run = run_infer,
		.example =
			"data-check infer --label target --domain target train.csv -o schema.json",
	},
	{
		.name = "validate",
		.usage = "--schema SCHEMA.json FILE...",
		.summary = "says where tables do not look as a schema says",
		.options = validate_options,
		.defaults = &validate_defaults,
		.args_size = sizeof(struct validate_args),
		.flags = TOOL_OUTPUT | TOOL_THREADS | TOOL_PROGRESS | TOOL_JSON,
		.min_operands = 1,
		.max_operands = -1,
		.run = run_validate,
		.example =
			"data-check validate --schema schema.json --environment serving test.csv",
	},
	{ 0 },
};

int main(int argc, char **argv)
{
	static const struct tool_spec spec = {
		.main = { .name = "data-check",
			.summary = "infers what a table looks like, and tells where others differ",
			.example = "data-check infer train.csv -o schema.json\n"
				   "data-check validate --schema schema.json tomorrow.csv --junit "
				   "data.xml" },
		.commands = commands,
	};

	return tool_main(&spec, argc, argv);
}
