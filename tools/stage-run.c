/* stage-run - runs the stages of a pipeline that changed, by content. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/tool.h"
#include "stage/comment.h"
#include "stage/compare.h"
#include "stage/declare.h"
#include "stage/gitlab_ci.h"
#include "stage/gitlab_note.h"
#include "stage/look.h"
#include "stage/merge.h"
#include "stage/recall.h"
#include "stage/run.h"
#include "stage/setup.h"
#include "stage/timing.h"

struct args {
	struct stage_run_options run;
	struct opt_list then;
	struct stage_comment comment;
	struct stage_gitlab_note note;
	const char *ci, *remote, *rev, *template;
	bool markdown;
	bool local, outs, merge;
	int format;
};

static const struct args defaults = { .rev = "HEAD",
	.template = "cd4ml.gitlab-ci.yml",
	.run = { .wait_s = -1 },
	.comment = { .title = "Model" },
	.note = { .marker = "model" } };

#define AT(member) offsetof(struct args, member)
#define CI                                                                     \
	{                                                                      \
		0, "ci", OPT_TEXT, AT(ci), "GROUP", "the stages of this group" \
	}
#define REV                                                                           \
	{                                                                             \
		0, "rev", OPT_TEXT, AT(rev), "REV", "revision of git to compare with" \
	}

static const struct opt run_options[] = { CI,
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
static const struct opt targets_options[] = { CI,
	{ 0, "outs", OPT_FLAG, AT(outs), NULL, "what they make instead of what they need" },
	OPT_END };
static const struct opt plan_options[] = { { 'f', "force", OPT_FLAG, AT(run.force), NULL,
						   "name all stages" },
	{ 'n', "dry", OPT_FLAG, AT(run.dry), NULL, "write nothing" },
	{ 0, "remote", OPT_TEXT, AT(remote), "URL", "default remote to set" },
	{ 0, "local", OPT_FLAG, AT(local), NULL, "set it for this clone only" }, OPT_END };
static const struct opt setup_options[] = {
	{ 0, "remote", OPT_TEXT, AT(remote), "URL", "default remote to set" },
	{ 0, "local", OPT_FLAG, AT(local), NULL, "set it for this clone only" },
	{ 0, "merge", OPT_FLAG, AT(merge), NULL, "have git merge dvc.lock stage by stage" }, OPT_END
};
static const struct opt dag_options[] = { { 0, "format", OPT_CHOICE, AT(format),
						  "terminal|mermaid|dot|svg", "kind of drawing" },
	OPT_END };
static const struct opt gitlab_ci_options[] = { { 0, "template", OPT_TEXT, AT(template), "FILE",
							"the template's place in the project" },
	{ 0, "then", OPT_EACH, AT(then), "GROUP",
		"a job behind all others: the gate's, the release's" },
	OPT_END };
static const struct opt rev_options[] = { REV,
	{ 0, "md", OPT_FLAG, AT(markdown), NULL, "print a table in Markdown" }, OPT_END };
static const struct opt comment_options[] = {
	{ 'n', "dry", OPT_FLAG, AT(run.dry), NULL, "print the text, send nothing" },
	{ 0, "rev", OPT_TEXT, AT(comment.rev), "REV",
		"revision of git to compare with (default: target branch, else HEAD)",
		.hide_default = true },
	{ 0, "title", OPT_TEXT, AT(comment.title), "TEXT", "its heading" },
	{ 0, "name", OPT_TEXT, AT(note.marker), "NAME", "tells it from other such notes" }, OPT_END
};
static int open_project(struct tool *t, struct stage_project *p, struct err *e)
{
	return stage_project_open(p, NULL, t->pool, t->diag, e);
}

/* The stages of the operands, or of --ci; both is a mistake. */
static bool *pick(struct tool *t, struct stage_project *p, const struct args *a, struct err *e)
{
	if (a->ci && t->n_operands) {
		err_set(e, ERR_INPUT, "--ci and names of stages exclude each other");
		return NULL;
	}
	return stage_look_pick(p, t->operands, t->n_operands, a->ci, e);
}

/* Prints the text unless rc is -1, and frees it. */
static enum tool_status print(struct tool *t, struct buf *b, int rc, struct err *e)
{
	if (rc >= 0)
		rc = buf_check(b, e);
	if (rc >= 0)
		output_slice(t->out, buf_slice(b));
	buf_release(b);
	return rc < 0 ? TOOL_FAILED : TOOL_YES;
}

static enum tool_status run(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct stage_run_options o = a->run;
	struct stage_project p;
	struct stage_run_result r = { .outcome = STAGE_WAS_SAME };
	bool *picked;
	int rc = -1;

	o.shell = getenv("CD4ML_SHELL");
	o.out = t->quiet ? NULL : t->out;
	o.verbose = t->verbose;
	if (open_project(t, &p, e))
		return TOOL_FAILED;
	picked = pick(t, &p, a, e);
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
	struct stage_project p;
	struct buf b = BUF_INIT;
	bool *picked;
	int rc = -1;

	if (open_project(t, &p, e))
		return TOOL_FAILED;
	picked = pick(t, &p, args, e);
	if (picked)
		rc = stage_look_status(&p, picked, t->json, &b, e);
	free(picked);
	stage_project_close(&p);
	if (print(t, &b, rc, e) == TOOL_FAILED)
		return TOOL_FAILED;
	return rc ? TOOL_YES : TOOL_NO;
}

static enum tool_status targets(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct stage_project p;
	struct buf b = BUF_INIT;
	bool *picked;
	int rc = -1;

	if (open_project(t, &p, e))
		return TOOL_FAILED;
	picked = pick(t, &p, a, e);
	if (picked)
		rc = stage_look_targets(&p, picked, a->outs, &b, e);
	free(picked);
	stage_project_close(&p);
	return print(t, &b, rc, e);
}

/* A pipeline that has no repository yet, and must not get one now. */
static int plan_without_repo(const json_t *doc, struct buf *b, struct err *e)
{
	struct stage_pipeline p;
	struct stage_graph g;

	if (stage_spec_parse(&p, doc, ".", "dvc.yaml", e))
		return -1;
	if (stage_graph_build(&g, &p, e)) {
		stage_spec_release(&p);
		return -1;
	}
	stage_look_plan_new(&g, b);
	stage_graph_release(&g);
	stage_spec_release(&p);
	return 0;
}

static enum tool_status plan(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	json_t *stages = stage_declare_parse(t->operands, t->n_operands, e), *doc = NULL;
	struct stage_project p;
	struct buf b = BUF_INIT;
	int rc = -1;

	if (!stages || (!a->run.dry && stage_setup(a->remote, a->local, false, e)))
		goto out;
	doc = stage_declare_save("dvc.yaml", stages, true, t->diag, e);
	if (!doc)
		goto out;
	if (a->run.dry && !stage_setup_is_done()) {
		rc = plan_without_repo(doc, &b, e);
	} else if (!stage_project_open(&p, doc, t->pool, t->diag, e)) {
		rc = stage_look_plan(&p, a->run.force, &b, e);
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
	return print(t, &b, rc, e);
}

static enum tool_status setup(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;

	(void)t;
	return stage_setup(a->remote, a->local, a->merge, e) ? TOOL_FAILED : TOOL_YES;
}

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
	return print(t, &b, rc, e);
}

static enum tool_status gitlab_ci(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct stage_gitlab_ci o = { a->template, a->then.items, a->then.n };
	struct stage_pipeline p;
	struct stage_graph g;
	struct buf b = BUF_INIT;
	int rc = -1;

	if (stage_spec_load(&p, "dvc.yaml", ".", e))
		return TOOL_FAILED;
	if (!stage_graph_build(&g, &p, e)) {
		rc = stage_gitlab_ci_format(&g, &o, &b, e);
		stage_graph_release(&g);
	}
	stage_spec_release(&p);
	return print(t, &b, rc, e);
}

static enum tool_status recall(struct tool *t, const void *args, struct err *e)
{
	struct stage_project p;
	int rc;

	(void)args;
	if (open_project(t, &p, e))
		return TOOL_FAILED;
	rc = stage_recall(&p, NULL, t->quiet ? NULL : t->out, e);
	stage_project_close(&p);
	return rc ? TOOL_FAILED : TOOL_YES;
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

	if (open_project(t, &p, e))
		return TOOL_FAILED;
	rc = stage_compare_format(&p, &how, &b, e);
	stage_project_close(&p);
	return print(t, &b, rc, e);
}

static enum tool_status metrics(struct tool *t, const void *args, struct err *e)
{
	return compare(t, args, STAGE_COMPARE_METRICS, e);
}

static enum tool_status params(struct tool *t, const void *args, struct err *e)
{
	return compare(t, args, STAGE_COMPARE_PARAMS, e);
}

/* GitLab leaves some of its variables empty. */
static const char *env(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

/* GitLab's variables of a job; false and a word about it where there is nothing to write to. */
static bool find_note(struct tool *t, struct stage_gitlab_note *n)
{
	n->api = env("CI_API_V4_URL");
	n->project = env("CI_PROJECT_ID");
	n->request = env("CI_MERGE_REQUEST_IID");
	n->token = env("CD4ML_COMMENT_TOKEN");
	n->ca_bundle = env("CI_SERVER_TLS_CA_FILE");
	n->diag = t->diag;
	if (!n->api || !n->project || !n->request)
		diag_say(t->diag, DIAG_WARNING, "not in a merge request's pipeline: no comment");
	else if (!n->token)
		diag_say(t->diag, DIAG_WARNING,
			"CD4ML_COMMENT_TOKEN is not set: no comment; "
			"a project access token with the scope api, as a job's own may not write "
			"notes");
	else
		return true;
	return false;
}

static enum tool_status comment(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct stage_comment c = a->comment;
	struct stage_gitlab_note note = a->note;
	struct stage_project p;
	struct buf b = BUF_INIT;
	int rc;

	if (!a->run.dry && !find_note(t, &note))
		return TOOL_YES;
	c.branch = env("CI_MERGE_REQUEST_TARGET_BRANCH_NAME");
	c.job_url = env("CI_JOB_URL");
	c.reports = (const char *const *)t->operands;
	c.n_reports = t->n_operands;
	if (open_project(t, &p, e))
		return TOOL_FAILED;
	rc = stage_comment_format(&p, &c, &b, e);
	stage_project_close(&p);
	if (rc || a->run.dry)
		return print(t, &b, rc, e);
	rc = stage_gitlab_note_put(&note, buf_slice(&b), e);
	buf_reset(&b);
	buf_addf(&b, "comment on !%s %s\n", note.request, rc ? "updated" : "written");
	return print(t, &b, rc, e);
}

static enum tool_status timings(struct tool *t, const void *args, struct err *e)
{
	struct stage_project p;
	struct buf b = BUF_INIT;
	int rc;

	(void)args;
	if (open_project(t, &p, e))
		return TOOL_FAILED;
	rc = stage_timing_format(&p, t->json, &b, e);
	stage_project_close(&p);
	return print(t, &b, rc, e);
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
	{ "dag", "", "draw the graph", dag_options, &defaults, sizeof(defaults), TOOL_OUTPUT, 0, 0,
		dag, "  stage-run dag --format mermaid >>README.md\n" },
	{ "metrics", "", "compare metrics with a revision", rev_options, &defaults,
		sizeof(defaults), LOOKING | TOOL_JSON, 0, 0, metrics,
		"  stage-run metrics --rev model-3\n" },
	{ "params", "", "compare parameters with a revision", rev_options, &defaults,
		sizeof(defaults), LOOKING | TOOL_JSON, 0, 0, params,
		"  stage-run params --rev HEAD~1\n" },
	{ "comment", "[REPORT...]", "write metrics and reports to GitLab's merge request",
		comment_options, &defaults, sizeof(defaults), LOOKING, 0, -1, comment,
		"  stage-run comment reports/evaluation.html\n" },
	{ "timings", "", "print time and memory of each stage's last run", NULL, &defaults,
		sizeof(defaults), LOOKING | TOOL_JSON, 0, 0, timings, "  stage-run timings\n" },
	{ "recall", "", "record in dvc.lock what other jobs made", NULL, &defaults,
		sizeof(defaults), LOOKING, 0, 0, recall, "  stage-run recall\n" },
	{ "gitlab-ci", "", "print a child pipeline for GitLab", gitlab_ci_options, &defaults,
		sizeof(defaults), TOOL_OUTPUT, 0, 0, gitlab_ci,
		"  stage-run gitlab-ci --then release -o gitlab-ci.yml\n" },
	{ "plan", "[WORD...]", "for cd4ml.mk: declare stages, name what is to be done",
		plan_options, &defaults, sizeof(defaults), LOOKING, 0, -1, plan,
		"  stage-run plan --dry stage=a cmd='sort in >out' deps=in outs=out\n" },
	{ "targets", "[STAGE...]", "name what a remote holds for stages", targets_options,
		&defaults, sizeof(defaults), LOOKING, 0, -1, targets,
		"  s3-sync pull $(stage-run targets --ci train)\n" },
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
