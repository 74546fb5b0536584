/* stage-ci - a pipeline's jobs in CI: what they bring, what others made, a child pipeline, a comment. */
#include <stdlib.h>

#include "base/tool.h"
#include "stage/comment.h"
#include "stage/gitlab_ci.h"
#include "stage/gitlab_note.h"
#include "stage/look.h"
#include "stage/recall.h"

struct args {
	struct opt_list then;
	struct stage_comment comment;
	struct stage_gitlab_note note;
	const char *ci, *template;
	bool dry, outs;
};

static const struct args defaults = { .template = "cd4ml.gitlab-ci.yml",
	.comment = { .title = "Model" },
	.note = { .marker = "model" } };

#define AT(member) offsetof(struct args, member)

static const struct opt targets_options[] = {
	{ 0, "ci", OPT_TEXT, AT(ci), "GROUP", "the stages of this group" },
	{ 0, "outs", OPT_FLAG, AT(outs), NULL, "what they make instead of what they need" }, OPT_END
};
static const struct opt gitlab_ci_options[] = { { 0, "template", OPT_TEXT, AT(template), "FILE",
							"the template's place in the project" },
	{ 0, "then", OPT_EACH, AT(then), "GROUP",
		"a job behind all others: the gate's, the release's" },
	OPT_END };
static const struct opt comment_options[] = {
	{ 'n', "dry", OPT_FLAG, AT(dry), NULL, "print the text, send nothing" },
	{ 0, "rev", OPT_TEXT, AT(comment.rev), "REV",
		"revision of git to compare with (default: target branch, else HEAD)",
		.hide_default = true },
	{ 0, "title", OPT_TEXT, AT(comment.title), "TEXT", "its heading" },
	{ 0, "name", OPT_TEXT, AT(note.marker), "NAME", "tells it from other such notes" }, OPT_END
};

static enum tool_status targets(struct tool *t, const void *args, struct err *e)
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
		rc = stage_look_targets(&p, picked, a->outs, &b, e);
	free(picked);
	stage_project_close(&p);
	return tool_print(t, &b, rc, e);
}

static enum tool_status recall(struct tool *t, const void *args, struct err *e)
{
	struct stage_project p;
	int rc;

	(void)args;
	if (stage_project_open(&p, NULL, t->pool, t->diag, e))
		return TOOL_FAILED;
	rc = stage_recall(&p, NULL, t->quiet ? NULL : t->out, e);
	stage_project_close(&p);
	return rc ? TOOL_FAILED : TOOL_YES;
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
	return tool_print(t, &b, rc, e);
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

	if (!a->dry && !find_note(t, &note))
		return TOOL_YES;
	c.branch = env("CI_MERGE_REQUEST_TARGET_BRANCH_NAME");
	c.job_url = env("CI_JOB_URL");
	c.reports = (const char *const *)t->operands;
	c.n_reports = t->n_operands;
	if (stage_project_open(&p, NULL, t->pool, t->diag, e))
		return TOOL_FAILED;
	rc = stage_comment_format(&p, &c, &b, e);
	stage_project_close(&p);
	if (rc || a->dry)
		return tool_print(t, &b, rc, e);
	rc = stage_gitlab_note_put(&note, buf_slice(&b), e);
	buf_reset(&b);
	buf_addf(&b, "comment on !%s %s\n", note.request, rc ? "updated" : "written");
	return tool_print(t, &b, rc, e);
}

#define LOOKING (TOOL_OUTPUT | TOOL_THREADS)

static const struct tool_command commands[] = {
	{ "targets", "[STAGE...]", "name what a remote holds for stages", targets_options,
		&defaults, sizeof(defaults), LOOKING, 0, -1, targets,
		"  s3-sync pull $(stage-ci targets --ci train)\n" },
	{ "recall", "", "record in dvc.lock what other jobs made", NULL, &defaults,
		sizeof(defaults), LOOKING, 0, 0, recall, "  stage-ci recall\n" },
	{ "comment", "[REPORT...]", "write metrics and reports to GitLab's merge request",
		comment_options, &defaults, sizeof(defaults), LOOKING, 0, -1, comment,
		"  stage-ci comment reports/evaluation.html\n" },
	{ "gitlab-ci", "", "print a child pipeline for GitLab", gitlab_ci_options, &defaults,
		sizeof(defaults), TOOL_OUTPUT, 0, 0, gitlab_ci,
		"  stage-ci gitlab-ci --then release -o gitlab-ci.yml\n" },
	{ .name = NULL }
};

static const struct tool_spec spec = {
	.main = { .name = "stage-ci",
		.usage = "COMMAND ...",
		.summary = "what a pipeline's jobs in CI need beside running stages" },
	.commands = commands,
};

int main(int argc, char **argv)
{
	return tool_main(&spec, argc, argv);
}
