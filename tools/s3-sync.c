#include "base/tool.h"
#include "base/jdoc.h"
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
	bool explain;
	struct remote_sync_options sync;
	int64_t max_delete;
	struct rules rules;
	bool recursive, dry_run;
	struct access {
		const char *endpoint, *region, *profile, *acl, *sse, *storage_class, *bandwidth;
		bool no_sign, no_verify, requester;
		int64_t transfers;
	} access;
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

#define ACCESS(field) offsetof(struct args, access.field)
#define ACCESS_ROWS                                                                       \
	OPT_HEADING("S3 (also from the environment and ~/.aws)"),                         \
		{ 0, "endpoint-url", OPT_TEXT, ACCESS(endpoint), "URL",                   \
			"another server than AWS" },                                      \
		{ 0, "region", OPT_TEXT, ACCESS(region), "NAME", "the bucket's region" }, \
		{ 0, "profile", OPT_TEXT, ACCESS(profile), "NAME", "profile of ~/.aws" }, \
		{ 0, "no-sign-request", OPT_FLAG, ACCESS(no_sign), NULL, "anonymously" }, \
		{ 0, "no-verify-ssl", OPT_FLAG, ACCESS(no_verify), NULL,                  \
			"do not verify the server's certificate" },                       \
	{                                                                                 \
		0, "requester-pays", OPT_FLAG, ACCESS(requester), NULL, "we pay"          \
	}

#define FLOW_ROWS                                                                               \
	{ 0, "transfers", OPT_INT, ACCESS(transfers), "N", "requests in flight (32)", .min = 1, \
		.max = 256, .hide_default = true },                                             \
	{                                                                                       \
		0, "bwlimit", OPT_TEXT, ACCESS(bandwidth), "RATE",                              \
			"bytes per second at most, as in 10M"                                   \
	}

static const struct opt ls_options[] = {
	ACCESS_ROWS,
	OPT_END,
};

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
	FLOW_ROWS,
	{ 0, "explain", OPT_FLAG, offsetof(struct args, explain), NULL,
		"say of each file why it is sent, left or deleted" },
	{ 'n', "dry-run", OPT_FLAG, offsetof(struct args, dry_run), NULL, "only tell" },
	OPT_HEADING("What is made"),
	{ 0, "acl", OPT_TEXT, ACCESS(acl), "NAME", "canned ACL of new objects" },
	{ 0, "sse", OPT_TEXT, ACCESS(sse), "NAME", "server-side encryption of new objects" },
	{ 0, "storage-class", OPT_TEXT, ACCESS(storage_class), "NAME", "of new objects" },
	ACCESS_ROWS,
	OPT_END,
};

static const struct opt rm_options[] = {
	{ 0, "recursive", OPT_FLAG, offsetof(struct args, recursive), NULL,
		"URL is a folder: all below it" },
	{ 'n', "dry-run", OPT_FLAG, offsetof(struct args, dry_run), NULL, "only tell" },
	ACCESS_ROWS,
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

/* What the command line says, by the names of DVC's settings. */
static const char *setting(void *ctx, const char *name)
{
	const struct access *a = ctx;
	const struct {
		const char *name, *value;
	} all[] = { { "endpointurl", a->endpoint }, { "region", a->region },
		{ "profile", a->profile }, { "acl", a->acl }, { "sse", a->sse },
		{ "storage_class", a->storage_class }, { "bandwidth", a->bandwidth },
		{ "allow_anonymous_login", a->no_sign ? "true" : NULL },
		{ "ssl_verify", a->no_verify ? "false" : NULL },
		{ "request_payer", a->requester ? "requester" : NULL } };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!strcmp(all[i].name, name))
			return all[i].value;
	return NULL;
}

static struct remote_store_options open_options(
	const struct tool *t, const struct args *a, struct access *copy)
{
	*copy = a->access;
	return (struct remote_store_options){ .url = t->n_operands ? t->operands[0] : NULL,
		.pool = t->pool,
		.diag = t->diag,
		.in_flight = (int)a->access.transfers,
		.setting = setting,
		.setting_ctx = copy };
}

struct telling {
	struct tool *t;
	bool explain;
};

static void tell_json(
	struct tool *t, const char *action, const char *key, int64_t size, const char *why)
{
	json_t *o = json_pack("{s:s, s:s, s:I, s:s}", "action", action, "path", key, "size",
		(json_int_t)size, "why", why);
	struct buf b = BUF_INIT;

	if (o)
		jdoc_format(&b, o, JDOC_LINE);
	buf_add_char(&b, '\n');
	output_slice(t->out, buf_slice(&b));
	buf_release(&b);
	json_decref(o);
}

static void tell(
	void *ctx, enum remote_sync_action action, const char *key, int64_t size, const char *why)
{
	static const char *const names[] = { "sent", "same", "deleted", "failed" };
	struct telling *say = ctx;
	struct tool *t = say->t;
	char shown[4096] = "", reason[2048] = "";
	bool wanted = say->explain || t->verbose > (action == REMOTE_SYNC_SAME);

	err_escape(shown, sizeof(shown), key);
	err_escape(reason, sizeof(reason), why);
	if (action == REMOTE_SYNC_FAILED)
		diag_say(t->diag, DIAG_WARNING, "%s: %s", shown, reason);
	if (t->json)
		tell_json(t, names[action], key, size, why);
	else if (action != REMOTE_SYNC_FAILED && wanted)
		output_printf(t->out, "%s\t%s\t%lld\t%s\n", names[action], shown, (long long)size,
			reason);
}

static enum tool_status run_copy(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct telling say = { .t = t, .explain = a->explain };
	struct access access;
	struct remote_store_options open = open_options(t, a, &access);
	struct remote_sync_options o = a->sync;
	struct remote_sync_result res;
	bool is_stream = t->n_operands == 2 && !strcmp(t->operands[1], "-");
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
	o.ctx = &say;
	o.stream = t->out;
	o.tmp_dir = getenv("TMPDIR");
	if (is_stream)
		o.each = NULL;
	if (a->dry_run)
		t->verbose += !t->verbose;
	if (remote_sync_run(t->operands[0], t->operands[1], &o, &open, &res, e))
		return TOOL_FAILED;
	if (is_stream)
		return TOOL_YES;
	num_format_bytes(size, (double)res.bytes_sent);
	if (!t->json)
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
	const struct args *a = args;
	struct remote_sync_list_options o = { .recursive = true };
	struct access access;

	o.open = open_options(t, a, &access);
	return remote_sync_list(&o, t->out, e) ? TOOL_FAILED : TOOL_YES;
}

static enum tool_status run_rm(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct remote_sync_list_options o = { .recursive = a->recursive, .dry_run = a->dry_run };
	struct access access;

	o.open = open_options(t, a, &access);
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
		COMMAND(ls, "URL", "List files: size, time, path", ls_options, WORK, 1, 1),
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
			.flags = WORK | TOOL_JSON,
			.max_operands = -1,
			.run = run_copy,
			.example = "s3-sync pull data/train.csv\n"
				   "s3-sync --delete results/ file:///mnt/share/results" },
		.commands = commands,
		.has_default = true,
	};

	return tool_main(&spec, argc, argv);
}
