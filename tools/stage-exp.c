/* stage-exp - runs the pipeline with other parameters, in working trees of their own. */
#include <signal.h>
#include <stdlib.h>

#include "base/tool.h"
#include "stage/experiment.h"

struct args {
	struct opt_list set, metrics;
	const char *name, *command;
	bool force;
};

static const struct args defaults = { .command = "make repro" };

#define AT(member) offsetof(struct args, member)

static const struct opt run_options[] = { { 's', "set", OPT_EACH, AT(set), "[FILE:]KEY=VALUE",
						  "a parameter (of params.yaml)" },
	{ 0, "name", OPT_TEXT, AT(name), "NAME", "what to call it (default: exp-1, exp-2, ...)",
		.hide_default = true },
	{ 0, "command", OPT_TEXT, AT(command), "TEXT", "what runs the pipeline" }, OPT_END };
static const struct opt show_options[] = {
	{ 0, "metric", OPT_EACH, AT(metrics), "NAME", "this metric, instead of all" }, OPT_END
};
static const struct opt apply_options[] = { { 'f', "force", OPT_FLAG, AT(force), NULL,
						    "also over what was changed here since" },
	OPT_END };

/* What was done; with -q nothing. */
static enum tool_status tell(struct tool *t, struct buf *b, int rc, struct err *e)
{
	if (t->quiet)
		buf_reset(b);
	return tool_print(t, b, rc, e);
}

static enum tool_status run(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct cas_worktree *w = cas_worktree_open(NULL, t->pool, t->diag, e);
	struct stage_experiment x = { a->name, a->set.items, a->set.n, a->command,
		getenv("CD4ML_SHELL") };
	struct stage_exec_result r = { .stopped_by = 0 };
	struct buf b = BUF_INIT;
	int rc = w ? stage_experiment_run(w, &x, &r, &b, e) : -1;

	cas_worktree_close(w);
	if (r.stopped_by)
		raise(r.stopped_by);
	return tell(t, &b, rc, e);
}

static enum tool_status show(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct stage_project p;
	struct buf b = BUF_INIT;
	int rc;

	if (stage_project_open(&p, NULL, t->pool, t->diag, e))
		return TOOL_FAILED;
	rc = stage_experiment_show(&p, t->json, &a->metrics, &b, e);
	stage_project_close(&p);
	return tool_print(t, &b, rc, e);
}

static enum tool_status apply(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct cas_worktree *w = cas_worktree_open(NULL, t->pool, t->diag, e);
	struct buf b = BUF_INIT;
	int rc = w ? stage_experiment_apply(w, t->operands[0], a->force, &b, e) : -1;

	cas_worktree_close(w);
	return tell(t, &b, rc, e);
}

static enum tool_status forget(struct tool *t, const void *args, struct err *e)
{
	struct cas_worktree *w = cas_worktree_open(NULL, t->pool, t->diag, e);
	int rc = w ? 0 : -1;

	(void)args;
	for (size_t i = 0; !rc && i < t->n_operands; i++)
		rc = stage_experiment_remove(w, t->operands[i], e);
	cas_worktree_close(w);
	return rc ? TOOL_FAILED : TOOL_YES;
}

#define LOOKING (TOOL_OUTPUT | TOOL_THREADS)

static const struct tool_command commands[] = {
	{ "run", "", "run the pipeline with other parameters", run_options, &defaults,
		sizeof(defaults), LOOKING, 0, 0, run,
		"  stage-exp run --set train.max_depth=8 --name deep\n" },
	{ "show", "", "compare experiments with each other", show_options, &defaults,
		sizeof(defaults), LOOKING | TOOL_JSON, 0, 0, show, "  stage-exp show\n" },
	{ "apply", "NAME", "bring an experiment's parameters and results here", apply_options,
		&defaults, sizeof(defaults), LOOKING, 1, 1, apply, "  stage-exp apply deep\n" },
	{ "remove", "NAME...", "forget experiments", NULL, &defaults, sizeof(defaults),
		TOOL_THREADS, 1, -1, forget, "  stage-exp remove exp-1 exp-2\n" },
	{ .name = NULL }
};

static const struct tool_spec spec = {
	.main = { .name = "stage-exp",
		.usage = "COMMAND ...",
		.summary =
			"runs the pipeline with other parameters, in working trees of their own" },
	.commands = commands,
};

int main(int argc, char **argv)
{
	return tool_main(&spec, argc, argv);
}
