/* stage-release - versions of the model in git: makes one, goes back to one, makes one again. */
#include <signal.h>
#include <stdlib.h>

#include "base/tool.h"
#include "stage/release.h"

struct args {
	struct stage_release make;
	struct stage_rollback back;
	struct opt_list with;
	const char *prefix, *command;
};

static const struct args defaults = { .prefix = "model-",
	.command = "make -B repro CD4ML_RUN_FLAGS=--no-run-cache" };

#define AT(member) offsetof(struct args, member)
#define PREFIX                                                                        \
	{                                                                             \
		0, "prefix", OPT_TEXT, AT(prefix), "TEXT", "what the tag begins with" \
	}

static const struct opt make_options[] = {
	{ 0, "with", OPT_EACH, AT(with), "FILE", "a further file to commit" }, PREFIX,
	{ 0, "gate", OPT_TEXT, AT(make.gate), "FILE",
		"what baseline-gate wrote when it passed (baseline.json)" },
	{ 0, "model", OPT_TEXT, AT(make.model), "FILE", "the model that it must have passed" },
	{ 0, "metrics", OPT_TEXT, AT(make.metrics), "FILE",
		"metrics, whose test set it must have seen" },
	{ 0, "push", OPT_TEXT, AT(make.push), "REMOTE",
		"push commit and tag to this remote of git" },
	OPT_END
};
static const struct opt rollback_options[] = {
	{ 0, "with", OPT_EACH, AT(with), "FILE", "a further file to bring back" }, PREFIX,
	{ 'f', "force", OPT_FLAG, AT(back.force), NULL,
		"also over changes that are not committed" },
	OPT_END
};
static const struct opt verify_options[] = { PREFIX,
	{ 0, "command", OPT_TEXT, AT(command), "TEXT", "what runs all stages again" }, OPT_END };

/* What was done; with -q nothing. */
static enum tool_status tell(struct tool *t, struct buf *b, int rc, struct err *e)
{
	if (t->quiet)
		buf_reset(b);
	return tool_print(t, b, rc, e);
}

static enum tool_status make(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct stage_release r = a->make;
	struct stage_project p;
	struct buf b = BUF_INIT;
	int rc;

	r.prefix = a->prefix;
	r.with = a->with.items;
	r.n_with = a->with.n;
	if (stage_project_open(&p, NULL, t->pool, t->diag, e))
		return TOOL_FAILED;
	rc = stage_release_make(&p, &r, &b, e);
	stage_project_close(&p);
	return tell(t, &b, rc, e);
}

static enum tool_status rollback(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct stage_rollback r = a->back;
	struct stage_project p;
	struct buf b = BUF_INIT;
	int rc;

	r.prefix = a->prefix;
	r.to = t->operands[0];
	r.with = a->with.items;
	r.n_with = a->with.n;
	if (stage_project_open(&p, NULL, t->pool, t->diag, e))
		return TOOL_FAILED;
	rc = stage_release_rollback(&p, &r, &b, e);
	stage_project_close(&p);
	return tell(t, &b, rc, e);
}

static enum tool_status verify(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct stage_verify v = { a->prefix, t->operands[0], a->command, getenv("CD4ML_SHELL") };
	struct stage_exec_result x = { .stopped_by = 0 };
	struct stage_project p;
	struct buf b = BUF_INIT;
	int rc;

	if (stage_project_open(&p, NULL, t->pool, t->diag, e))
		return TOOL_FAILED;
	rc = stage_release_verify(&p, &v, &x, &b, e);
	stage_project_close(&p);
	if (x.stopped_by)
		raise(x.stopped_by);
	if (tell(t, &b, rc, e) == TOOL_FAILED)
		return TOOL_FAILED;
	return rc ? TOOL_YES : TOOL_NO;
}

#define LOOKING (TOOL_OUTPUT | TOOL_THREADS)

static const struct tool_command commands[] = {
	{ "make", "", "commit and tag a version of the model", make_options, &defaults,
		sizeof(defaults), LOOKING, 0, 0, make,
		"  stage-release make --with baseline.txt\n" },
	{ "rollback", "[TAG]", "bring back what describes an earlier version", rollback_options,
		&defaults, sizeof(defaults), LOOKING, 0, 1, rollback,
		"  stage-release rollback --with baseline.txt && s3-sync pull\n" },
	{ "verify", "[TAG]", "make a version again, and compare the bytes", verify_options,
		&defaults, sizeof(defaults), LOOKING, 0, 1, verify,
		"  stage-release verify model-3\n" },
	{ .name = NULL }
};

static const struct tool_spec spec = {
	.main = { .name = "stage-release",
		.usage = "COMMAND ...",
		.summary = "versions of the model in git: makes one, goes back to one, makes one "
			   "again" },
	.commands = commands,
};

int main(int argc, char **argv)
{
	return tool_main(&spec, argc, argv);
}
