/* stage-show - a pipeline to look at: its graph, numbers beside a revision's, times. */
#include "base/tool.h"
#include "stage/compare.h"
#include "stage/timing.h"

struct args {
	const char *rev;
	bool markdown;
	int format;
};

static const struct args defaults = { .rev = "HEAD" };

#define AT(member) offsetof(struct args, member)

static const struct opt dag_options[] = { { 0, "format", OPT_CHOICE, AT(format),
						  "terminal|mermaid|dot|svg", "kind of drawing" },
	OPT_END };
static const struct opt rev_options[] = { { 0, "rev", OPT_TEXT, AT(rev), "REV",
						  "revision of git to compare with" },
	{ 0, "md", OPT_FLAG, AT(markdown), NULL, "print a table in Markdown" }, OPT_END };

static enum tool_status dag(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct stage_pipeline p;
	struct stage_graph g;
	struct buf b = BUF_INIT;
	int rc = -1;

	if (stage_spec_load(&p, "dvc.yaml", ".", e))
		return TOOL_FAILED;
	if (!stage_graph_build(&g, &p, e)) {
		rc = stage_graph_draw(&g, (enum stage_drawing)a->format, &b, e);
		stage_graph_release(&g);
	}
	stage_spec_release(&p);
	return tool_print(t, &b, rc, e);
}

static enum tool_status compare(
	struct tool *t, const struct args *a, enum stage_comparison what, struct err *e)
{
	struct stage_compare how = { .what = what,
		.rev = a->rev,
		.format = t->json       ? STAGE_COMPARE_JSON
			  : a->markdown ? STAGE_COMPARE_MARKDOWN
					: STAGE_COMPARE_TEXT };
	struct stage_project p;
	struct buf b = BUF_INIT;
	int rc;

	if (stage_project_open(&p, NULL, t->pool, t->diag, e))
		return TOOL_FAILED;
	rc = stage_compare_format(&p, &how, &b, e);
	stage_project_close(&p);
	return tool_print(t, &b, rc, e);
}

static enum tool_status metrics(struct tool *t, const void *args, struct err *e)
{
	return compare(t, args, STAGE_COMPARE_METRICS, e);
}

static enum tool_status params(struct tool *t, const void *args, struct err *e)
{
	return compare(t, args, STAGE_COMPARE_PARAMS, e);
}

static enum tool_status timings(struct tool *t, const void *args, struct err *e)
{
	struct stage_project p;
	struct buf b = BUF_INIT;
	int rc;

	(void)args;
	if (stage_project_open(&p, NULL, t->pool, t->diag, e))
		return TOOL_FAILED;
	rc = stage_timing_format(&p, t->json, &b, e);
	stage_project_close(&p);
	return tool_print(t, &b, rc, e);
}

#define LOOKING (TOOL_OUTPUT | TOOL_THREADS | TOOL_JSON)

static const struct tool_command commands[] = {
	{ "dag", "", "draw the graph", dag_options, &defaults, sizeof(defaults), TOOL_OUTPUT, 0, 0,
		dag, "  stage-show dag --format mermaid >>README.md\n" },
	{ "metrics", "", "compare metrics with a revision", rev_options, &defaults,
		sizeof(defaults), LOOKING, 0, 0, metrics, "  stage-show metrics --rev model-3\n" },
	{ "params", "", "compare parameters with a revision", rev_options, &defaults,
		sizeof(defaults), LOOKING, 0, 0, params, "  stage-show params --rev HEAD~1\n" },
	{ "timings", "", "print time and memory of each stage's last run", NULL, &defaults,
		sizeof(defaults), LOOKING, 0, 0, timings, "  stage-show timings\n" },
	{ .name = NULL }
};

static const struct tool_spec spec = {
	.main = { .name = "stage-show",
		.usage = "COMMAND ...",
		.summary = "shows a pipeline: graph, metrics, parameters, times" },
	.commands = commands,
};

int main(int argc, char **argv)
{
	return tool_main(&spec, argc, argv);
}
