/* stage-run - runs the stages of a pipeline that changed, by content. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/tool.h"
#include "stage/declare.h"
#include "stage/look.h"
#include "stage/merge.h"
#include "stage/recall.h"
#include "stage/run.h"
#include "stage/setup.h"

struct args {
	struct stage_run_options run;
	struct opt_list frozen, always; /* names of stages */
	const char *ci, *remote;
	bool local, merge, strict;
};

static const struct args defaults = { .run = { .wait_s = -1 } };

#define AT(member) offsetof(struct args, member)

#define CI                                                                     \
	{                                                                      \
		0, "ci", OPT_TEXT, AT(ci), "GROUP", "the stages of this group" \
	}

#define TAKE_AS                                                                             \
	{ 0, "always", OPT_EACH, AT(always), "STAGE", "run it whether it changed or not" }, \
	{                                                                                   \
		0, "frozen", OPT_EACH, AT(frozen), "STAGE", "take its outputs as they are"  \
	}

static const struct opt run_options[] = { CI, TAKE_AS,
	{ 'f', "force", OPT_FLAG, AT(run.force), NULL, "run also what did not change" },
	{ 'n', "dry", OPT_FLAG, AT(run.dry), NULL, "only say what would be done" },
	{ 0, "no-run-cache", OPT_FLAG, AT(run.no_run_cache), NULL,
		"take nothing from the run cache, and store nothing" },
	{ 0, "pull", OPT_FLAG, AT(run.pull), NULL,
		"bring from the remote what is needed and not here" },
	{ 0, "allow-missing", OPT_FLAG, AT(run.allow_missing), NULL,
		"outputs that are not here, and only that, change nothing" },
	{ 0, "wait", OPT_NUMBER, AT(run.wait_s), "SECONDS",
		"how long for paths of other processes (default: for ever)", .min = 0, .max = 1e9,
		.hide_default = true },
	OPT_END };
static const struct opt status_options[] = { CI, OPT_END };
static const struct opt plan_options[] = { TAKE_AS,
	{ 'f', "force", OPT_FLAG, AT(run.force), NULL, "name all stages" },
	{ 'n', "dry", OPT_FLAG, AT(run.dry), NULL, "write nothing" },
	{ 0, "strict", OPT_FLAG, AT(strict), NULL, "refuse what reads a file that nobody has" },
	{ 0, "remote", OPT_TEXT, AT(remote), "URL", "default remote to set" },
	{ 0, "local", OPT_FLAG, AT(local), NULL, "set it for this clone only" }, OPT_END };
static const struct opt setup_options[] = {
	{ 0, "remote", OPT_TEXT, AT(remote), "URL", "default remote to set" },
	{ 0, "local", OPT_FLAG, AT(local), NULL, "set it for this clone only" },
	{ 0, "merge", OPT_FLAG, AT(merge), NULL, "have git merge dvc.lock stage by stage" }, OPT_END
};

static enum tool_status run(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct stage_run_options o = a->run;
	struct stage_project p;
	struct stage_run_result r = { .outcome = STAGE_WAS_SAME };
	bool *picked = NULL;
	int rc;

	o.shell = getenv("CD4ML_SHELL");
	o.out = t->quiet ? NULL : t->out;
	o.verbose = t->verbose;
	if (stage_project_open(&p, NULL, t->pool, t->diag, e))
		return TOOL_FAILED;
	if (!stage_spec_take_as(&p.pipeline, &a->frozen, &a->always, e))
		picked = stage_look_pick(&p, t->operands, t->n_operands, a->ci, e);
	rc = picked ? 0 : -1;
	if (!rc && a->ci && o.pull && !o.dry && !o.no_run_cache)
		rc = stage_recall(&p, picked, o.out, e);
	for (size_t k = 0; k < p.pipeline.n && !rc; k++)
		if (picked[p.graph.order[k]])
			rc = stage_run_one(&p, &p.pipeline.stages[p.graph.order[k]], &o, &r, e);
	free(picked);
	stage_project_close(&p);
	if (r.exec.stopped_by)
		raise(r.exec.stopped_by);
	return rc ? TOOL_FAILED : TOOL_YES;
}

static enum tool_status status(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct stage_project p;
	struct buf b = BUF_INIT;
	bool *picked;
	int rc = -1;

	if (stage_project_open(&p, NULL, t->pool, t->diag, e))
		return TOOL_FAILED;
	picked = stage_look_pick(&p, t->operands, t->n_operands, a->ci, e);
	if (picked)
		rc = stage_look_status(&p, picked, t->json, &b, e);
	free(picked);
	stage_project_close(&p);
	if (tool_print(t, &b, rc, e) == TOOL_FAILED)
		return TOOL_FAILED;
	return rc ? TOOL_YES : TOOL_NO;
}

static enum tool_status plan(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	json_t *stages = stage_declare_parse(t->operands, t->n_operands, e), *doc = NULL;
	struct stage_look_plan how = { a->run.force, a->strict, t->operands, t->n_operands };
	struct stage_project p;
	struct buf b = BUF_INIT;
	int rc = -1;

	if (!stages || (!a->run.dry && stage_setup(a->remote, a->local, false, e)))
		goto out;
	doc = stage_declare_save("dvc.yaml", stages, true, t->diag, e);
	if (!doc)
		goto out;
	if (a->run.dry && !stage_setup_is_done()) {
		rc = stage_look_plan_new(doc, &b, e);
	} else if (!stage_project_open(&p, doc, t->pool, t->diag, e)) {
		rc = stage_spec_take_as(&p.pipeline, &a->frozen, &a->always, e) ||
				     stage_look_plan(&p, &how, &b, e)
			     ? -1
			     : 0;
		stage_project_close(&p);
	}
	/* written last: what is refused is not written */
	if (!rc && !a->run.dry) {
		json_decref(doc);
		doc = stage_declare_save("dvc.yaml", stages, false, t->diag, e);
		rc = doc ? 0 : -1;
	}
out:
	json_decref(stages);
	json_decref(doc);
	return tool_print(t, &b, rc, e);
}

static enum tool_status setup(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;

	(void)t;
	return stage_setup(a->remote, a->local, a->merge, e) ? TOOL_FAILED : TOOL_YES;
}

static enum tool_status merge_driver(struct tool *t, const void *args, struct err *e)
{
	json_t *dropped = json_array();
	int rc = dropped ? stage_merge_files(
				   t->operands[0], t->operands[1], t->operands[2], dropped, e)
			 : err_nomem(e);

	(void)args;
	for (size_t i = 0; !rc && !t->quiet && i < json_array_size(dropped); i++)
		diag_say(t->diag, DIAG_WARNING,
			"both sides changed stage '%s': left out of dvc.lock; make repro makes it",
			json_string_value(json_array_get(dropped, i)));
	json_decref(dropped);
	return rc ? TOOL_FAILED : TOOL_YES;
}

#define LOOKING (TOOL_OUTPUT | TOOL_THREADS)

static const struct tool_command commands[] = {
	{ "run", "[STAGE...]", "run what changed (no STAGE: all)", run_options, &defaults,
		sizeof(defaults), LOOKING | TOOL_PROGRESS, 0, -1, run,
		"  stage-run run train\n  stage-run run --dry\n" },
	{ "status", "[STAGE...]", "say what is out of date, and why", status_options, &defaults,
		sizeof(defaults), LOOKING | TOOL_JSON, 0, -1, status,
		"  stage-run status || echo something is to be done\n" },
	{ "plan", "[WORD...]", "for cd4ml.mk: declare stages, name what is to be done",
		plan_options, &defaults, sizeof(defaults), LOOKING, 0, -1, plan,
		"  stage-run plan --dry stage=a cmd='sort in >out' deps=in outs=out\n" },
	{ "setup", "", "make .dvc, and set the default remote", setup_options, &defaults,
		sizeof(defaults), 0, 0, 0, setup, "  stage-run setup --remote s3://bucket/data\n" },
	{ "merge-driver", "BASE OURS THEIRS", "for git: merge dvc.lock stage by stage", NULL,
		&defaults, sizeof(defaults), 0, 3, 3, merge_driver,
		"  git config merge.cd4ml.driver 'stage-run merge-driver %O %A %B'\n" },
	{ .name = NULL }
};

static const struct tool_spec spec = {
	.main = { .name = "stage-run",
		.usage = "COMMAND ...",
		.summary = "runs the stages of a pipeline that changed, by content" },
	.commands = commands,
};

int main(int argc, char **argv)
{
	return tool_main(&spec, argc, argv);
}
