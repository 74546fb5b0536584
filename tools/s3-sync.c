#include "base/tool.h"
#include "base/mem.h"
#include "base/num.h"
#include "cas/actions.h"
#include "cas/transfer.h"
#include "remote/sync.h"

#include <stdlib.h>

struct rules {
	struct remote_sync_rule items[64];
	size_t n;
};

struct args {
	struct cas_transfer_options transfer;
	bool force; /* pull */
	struct remote_sync_options sync;
	int64_t max_delete;
	struct rules rules;
	bool recursive, dry_run;
};

static const struct args defaults = { .max_delete = -1 };

/* --include and --exclude go into one list: the last that fits decides. */
static int add_rule(void *field, const struct opt *o, char **values, struct err *e)
{
	struct rules *r = field;

	if (r->n == sizeof(r->items) / sizeof(r->items[0]))
		return err_set(e, ERR_INPUT, "more than %zu rules are too many", r->n);
	r->items[r->n++] = (struct remote_sync_rule){ !strcmp(o->name, "include"), values[0] };
	return 0;
}

#define REMOTE_ROWS                                                                        \
	{ 'r', "remote", OPT_TEXT, offsetof(struct args, transfer.remote), "NAME",         \
		"this remote; default: the output's own, or core.remote" },                \
	{                                                                                  \
		0, "run-cache", OPT_FLAG, offsetof(struct args, transfer.run_cache), NULL, \
			"results of earlier runs, and what they made, too"                 \
	}

static const struct opt status_options[] = {
	{ 'r', "remote", OPT_TEXT, offsetof(struct args, transfer.remote), "NAME",
		"this remote; default: the output's own, or core.remote" },
	OPT_END,
};

static const struct opt push_options[] = {
	REMOTE_ROWS,
	{ 'n', "dry-run", OPT_FLAG, offsetof(struct args, transfer.dry_run), NULL, "only tell" },
	OPT_END,
};

static const struct opt pull_options[] = {
	REMOTE_ROWS,
	{ 'f', "force", OPT_FLAG, offsetof(struct args, force), NULL,
		"overwrite also what is not in the cache" },
	OPT_END,
};

static const struct opt copy_options[] = {
	OPT_HEADING("What is copied"),
	{ 0, "include", OPT_CALL, offsetof(struct args, rules), "PATTERN", "also files like this",
		.call = add_rule, .hide_default = true },
	{ 0, "exclude", OPT_CALL, offsetof(struct args, rules), "PATTERN",
		"not files like this; the last rule that fits decides", .call = add_rule,
		.hide_default = true },
	{ 0, "checksum", OPT_FLAG, offsetof(struct args, sync.checksum), NULL,
		"compare contents, not size and time" },
	{ 0, "size-only", OPT_FLAG, offsetof(struct args, sync.size_only), NULL,
		"compare sizes alone" },
	OPT_HEADING("What is removed"),
	{ 0, "delete", OPT_FLAG, offsetof(struct args, sync.delete), NULL,
		"from DST what SRC has not" },
	{ 0, "max-delete", OPT_INT, offsetof(struct args, max_delete), "N",
		"if it were more than N, none", .min = 0, .max = 1e15, .hide_default = true },
	OPT_HEADING("How"),
	{ 'n', "dry-run", OPT_FLAG, offsetof(struct args, dry_run), NULL, "only tell" },
	OPT_END,
};

static const struct opt rm_options[] = {
	{ 0, "recursive", OPT_FLAG, offsetof(struct args, recursive), NULL,
		"URL is a folder: all below it" },
	{ 'n', "dry-run", OPT_FLAG, offsetof(struct args, dry_run), NULL, "only tell" },
	OPT_END,
};

/* ---- repositories ---- */

typedef int command(const struct cas_actions *c, const struct args *a, bool *no, struct err *e);

static enum tool_status run_in_repo(
	struct tool *t, const struct args *a, command *run, struct err *e)
{
	struct cas_actions c = {
		.out = t->out, .json = t->json, .targets = t->operands, .n_targets = t->n_operands
	};
	bool no = false;
	int r;

	c.w = cas_worktree_open(NULL, t->pool, t->diag, e);
	if (!c.w)
		return TOOL_FAILED;
	c.w->progress = t->progress;
	r = run(&c, a, &no, e);
	cas_worktree_close(c.w);
	return r ? TOOL_FAILED : no ? TOOL_NO : TOOL_YES;
}

static int push(const struct cas_actions *c, const struct args *a, bool *no, struct err *e)
{
	return cas_actions_push(c, &a->transfer, no, e);
}

static int fetch(const struct cas_actions *c, const struct args *a, bool *no, struct err *e)
{
	return cas_actions_fetch(c, &a->transfer, no, e);
}

/* What arrived is checked out even if something else did not. */
static int pull(const struct cas_actions *c, const struct args *a, bool *no, struct err *e)
{
	if (cas_actions_fetch(c, &a->transfer, no, e))
		return -1;
	if (!cas_actions_checkout(c, a->force ? CAS_CHECKOUT_FORCE : 0, e))
		return 0;
	return -1;
}

static int status(const struct cas_actions *c, const struct args *a, bool *no, struct err *e)
{
	return cas_actions_compare(c, &a->transfer, no, e);
}

static enum tool_status run_push(struct tool *t, const void *args, struct err *e)
{
	return run_in_repo(t, args, push, e);
}

static enum tool_status run_fetch(struct tool *t, const void *args, struct err *e)
{
	return run_in_repo(t, args, fetch, e);
}

static enum tool_status run_pull(struct tool *t, const void *args, struct err *e)
{
	return run_in_repo(t, args, pull, e);
}

static enum tool_status run_status(struct tool *t, const void *args, struct err *e)
{
	return run_in_repo(t, args, status, e);
}

/* ---- trees ---- */

static void tell(
	void *ctx, enum remote_sync_action action, const char *key, int64_t size, const char *why)
{
	static const char *const names[] = { "sent", "same", "deleted", "failed" };
	struct tool *t = ctx;
	char shown[4096] = "", reason[2048] = "";

	err_escape(shown, sizeof(shown), key);
	err_escape(reason, sizeof(reason), why);
	if (action == REMOTE_SYNC_FAILED)
		diag_say(t->diag, DIAG_WARNING, "%s", why);
	else if (t->verbose > (action == REMOTE_SYNC_SAME))
		output_printf(t->out, "%s\t%s\t%lld\t%s\n", names[action], shown, (long long)size,
			reason);
}

static enum tool_status run_copy(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct remote_sync_options o = a->sync;
	struct remote_sync_result res;
	char size[NUM_TEXT_MAX];

	if (t->n_operands == 1) {
		static const char *const names[] = { "push", "fetch", "pull", "status", "ls", "rm",
			NULL };
		const char *near = opt_nearest(t->operands[0], names);

		err_set(e, ERR_INPUT, "'%s' is no command, and DST is missing", t->operands[0]);
		return near ? err_hint(e, "did you mean '%s'?", near) : TOOL_FAILED;
	}
	if (t->n_operands != 2)
		return err_set(e, ERR_INPUT, "a command, or SRC and DST, are needed");
	o.rules = a->rules.items;
	o.n_rules = a->rules.n;
	o.max_delete = a->max_delete;
	o.dry_run = a->dry_run;
	o.progress = t->progress;
	o.each = tell;
	o.ctx = t;
	if (a->dry_run)
		t->verbose += !t->verbose;
	if (remote_sync_run(t->operands[0], t->operands[1], &o, t->pool, t->diag, &res, e))
		return TOOL_FAILED;
	num_format_bytes(size, (double)res.bytes_sent);
	output_printf(t->out, "%llu files %scopied (%s), %llu %sdeleted, %llu unchanged\n",
		(unsigned long long)res.n_sent, a->dry_run ? "would be " : "", size,
		(unsigned long long)res.n_deleted, a->dry_run ? "would be " : "",
		(unsigned long long)res.n_same);
	if (res.n_failed)
		return err_set(e, ERR_SYSTEM, "%llu files could not be copied",
			(unsigned long long)res.n_failed);
	return TOOL_YES;
}

static enum tool_status run_ls(struct tool *t, const void *args, struct err *e)
{
	struct remote_sync_list_options o = {
		.url = t->operands[0], .pool = t->pool, .diag = t->diag
	};

	(void)args;
	return remote_sync_list(&o, t->out, e) ? TOOL_FAILED : TOOL_YES;
}

static enum tool_status run_rm(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct remote_sync_list_options o = { .url = t->operands[0],
		.pool = t->pool,
		.diag = t->diag,
		.recursive = a->recursive,
		.dry_run = a->dry_run };

	return remote_sync_remove(&o, t->out, e) ? TOOL_FAILED : TOOL_YES;
}

int main(int argc, char **argv)
{
	enum { WORK = TOOL_OUTPUT | TOOL_THREADS | TOOL_PROGRESS };
#define COMMAND(word, how, what, opts, wants, least, most)                            \
	{                                                                             \
		.name = #word, .usage = how, .summary = what, .options = opts,        \
		.defaults = &defaults, .args_size = sizeof(defaults), .flags = wants, \
		.min_operands = least, .max_operands = most, .run = run_##word        \
	}
	static const struct tool_command commands[] = {
		COMMAND(push, "[TARGET...]", "Send what the remote lacks", push_options,
			WORK | TOOL_JSON, 0, -1),
		COMMAND(fetch, "[TARGET...]", "Bring what the cache lacks", push_options,
			WORK | TOOL_JSON, 0, -1),
		COMMAND(pull, "[TARGET...]", "Fetch, and check out", pull_options, WORK | TOOL_JSON,
			0, -1),
		COMMAND(status, "[TARGET...]", "Tell what cache and remote lack", status_options,
			WORK | TOOL_JSON, 0, -1),
		COMMAND(ls, "URL", "List files: size, time, path", NULL, WORK, 1, 1),
		COMMAND(rm, "URL", "Remove a file, or all below a folder", rm_options, WORK, 1, 1),
		{ .name = NULL },
	};
	static const struct tool_spec spec = {
		.main = { .name = "s3-sync",
			.usage = "COMMAND [TARGET...] | SRC DST",
			.summary = "Moves data between cache and remote, or copies a tree",
			.options = copy_options,
			.defaults = &defaults,
			.args_size = sizeof(defaults),
			.flags = WORK,
			.max_operands = -1,
			.run = run_copy,
			.example = "s3-sync pull data/train.csv\n"
				   "s3-sync --delete results/ file:///mnt/share/results" },
		.commands = commands,
		.has_default = true,
	};

	return tool_main(&spec, argc, argv);
}
