#include "base/tool.h"
#include "cas/actions.h"
#include "cas/transfer.h"
#include "remote/access.h"
#include "remote/sync.h"

#include <stdlib.h>

struct args {
	struct cas_transfer_options transfer;
	struct cas_refs_revisions revisions;
	bool force; /* pull */
	struct remote_sync_options sync;
	int64_t max_delete;
	struct remote_sync_rules rules;
	bool recursive, dry_run, explain;
	struct remote_access access;
};

static const struct args defaults = { .max_delete = -1 };

/* --include and --exclude go into one list: the last that fits decides. */
static int add_rule(void *field, const struct opt *o, char **values, struct err *e)
{
	return remote_sync_add_rule(field, !strcmp(o->name, "include"), values[0], e);
}

/* ---- options ---- */

#define AT(field) offsetof(struct args, field)
#define TEXT(name, field, arg, help)                    \
	{                                               \
		0, name, OPT_TEXT, AT(field), arg, help \
	}
#define FLAG(letter, name, field, help)                       \
	{                                                     \
		letter, name, OPT_FLAG, AT(field), NULL, help \
	}

/* clang-format off */
#define WHICH_ROWS \
	OPT_HEADING("Which objects"), \
	{ 'r', "remote", OPT_TEXT, AT(transfer.remote), "NAME", \
		"this remote; default: the output's own, or core.remote" }, \
	FLAG('a', "all-branches", revisions.all_branches, "of all branches, too"), \
	FLAG('T', "all-tags", revisions.all_tags, "of all tags, too"), \
	FLAG('A', "all-commits", revisions.all_commits, "of all commits, too"), \
	TEXT("rev", revisions.one, "REV", "of this revision instead of the workspace")
#define RUN_CACHE_ROW \
	FLAG(0, "run-cache", transfer.run_cache, "results of earlier runs, and what they made, too")
#define HOW_ROWS \
	{ 0, "transfers", OPT_INT, AT(access.transfers), "N", "requests in flight (32)", \
		.min = 1, .max = 256, .hide_default = true }, \
	TEXT("bwlimit", access.bandwidth, "RATE", "bytes per second at most, as in 10M"), \
	FLAG(0, "explain", explain, "say of each file why it is sent, left or deleted"), \
	FLAG('n', "dry-run", dry_run, "only tell")
#define MADE_ROWS \
	OPT_HEADING("S3: what is made"), \
	TEXT("acl", access.acl, "NAME", "canned ACL of new objects"), \
	TEXT("sse", access.sse, "NAME", "server-side encryption of new objects"), \
	TEXT("sse-kms-key-id", access.sse_kms_key_id, "ID", "with this key"), \
	TEXT("storage-class", access.storage_class, "NAME", "of new objects"), \
	TEXT("checksum-algo", access.checksum, "NAME", \
		"that the server verifies: md5 (default), crc64nvme, sha256, none")
#define ACCESS_ROWS \
	OPT_HEADING("S3 (also from the environment and ~/.aws)"), \
	TEXT("endpoint-url", access.endpoint, "URL", "another server than AWS"), \
	TEXT("region", access.region, "NAME", "the bucket's region"), \
	TEXT("profile", access.profile, "NAME", "profile of ~/.aws"), \
	FLAG(0, "no-sign-request", access.no_sign, "anonymously"), \
	FLAG(0, "no-verify-ssl", access.no_verify, "do not verify the server's certificate"), \
	FLAG(0, "requester-pays", access.requester_pays, "we pay"), \
	TEXT("cli-read-timeout", access.read_timeout, "SECONDS", \
		"a transfer that stands still is begun anew (60)"), \
	TEXT("cli-connect-timeout", access.connect_timeout, "SECONDS", \
		"so long a connection may take (10)"), \
	OPT_END

static const struct opt status_options[] = { WHICH_ROWS, ACCESS_ROWS };
static const struct opt push_options[] = {
	WHICH_ROWS, RUN_CACHE_ROW, OPT_HEADING("How"), HOW_ROWS, MADE_ROWS, ACCESS_ROWS
};
static const struct opt pull_options[] = {
	WHICH_ROWS, RUN_CACHE_ROW, OPT_HEADING("How"),
	FLAG('f', "force", force, "overwrite also what is not in the cache"),
	HOW_ROWS, ACCESS_ROWS
};
static const struct opt fetch_options[] = {
	WHICH_ROWS, RUN_CACHE_ROW, OPT_HEADING("How"), HOW_ROWS, ACCESS_ROWS
};
static const struct opt ls_options[] = { ACCESS_ROWS };
static const struct opt rm_options[] = {
	FLAG(0, "recursive", recursive, "URL is a folder: all below it"),
	FLAG('n', "dry-run", dry_run, "only tell"),
	ACCESS_ROWS
};
static const struct opt copy_options[] = {
	OPT_HEADING("What is copied"),
	{ 0, "include", OPT_CALL, AT(rules), "PATTERN", "also files like this",
		.call = add_rule, .hide_default = true },
	{ 0, "exclude", OPT_CALL, AT(rules), "PATTERN",
		"not files like this; the last rule that fits decides",
		.call = add_rule, .hide_default = true },
	FLAG(0, "checksum", sync.checksum, "compare contents, not size and time"),
	FLAG(0, "size-only", sync.size_only, "compare sizes alone"),
	OPT_HEADING("What is removed"),
	FLAG(0, "delete", sync.delete, "from DST what SRC has not"),
	{ 0, "max-delete", OPT_INT, AT(max_delete), "N", "if it were more than N, none",
		.min = 0, .max = 1e15, .hide_default = true },
	OPT_HEADING("How"),
	HOW_ROWS, MADE_ROWS, ACCESS_ROWS
};
/* clang-format on */

/* ---- repositories ---- */

typedef int command(
	const struct cas_actions *c, const struct cas_transfer_options *o, bool *no, struct err *e);

static enum tool_status run_in_repo(
	struct tool *t, const struct args *a, command *run, bool checkout, struct err *e)
{
	struct cas_actions c = { .out = t->out,
		.json = t->json,
		.targets = t->operands,
		.n_targets = t->n_operands,
		.revisions = &a->revisions };
	struct cas_transfer_options o = a->transfer;
	struct remote_access access = a->access;
	bool no = false;
	int r = -1;

	o.in_flight = (int)access.transfers;
	o.setting = remote_access_setting;
	o.setting_ctx = &access;
	o.dry_run = a->dry_run;
	o.explain = a->explain;
	if (!cas_actions_open(&c, t->pool, t->progress, t->diag, e))
		r = run(&c, &o, &no, e);
	c.revisions = NULL;
	/* What arrived is checked out even if something else did not. */
	if (!r && checkout && !a->dry_run)
		r = cas_actions_checkout(&c, a->force ? CAS_CHECKOUT_FORCE : 0, e);
	cas_actions_close(&c);
	return r ? TOOL_FAILED : no ? TOOL_NO : TOOL_YES;
}

static enum tool_status run_push(struct tool *t, const void *args, struct err *e)
{
	return run_in_repo(t, args, cas_actions_push, false, e);
}

static enum tool_status run_fetch(struct tool *t, const void *args, struct err *e)
{
	return run_in_repo(t, args, cas_actions_fetch, false, e);
}

static enum tool_status run_pull(struct tool *t, const void *args, struct err *e)
{
	return run_in_repo(t, args, cas_actions_fetch, true, e);
}

static enum tool_status run_status(struct tool *t, const void *args, struct err *e)
{
	return run_in_repo(t, args, cas_actions_compare, false, e);
}

/* ---- trees ---- */

static struct remote_store_options open_options(const struct tool *t, struct remote_access *access)
{
	return (struct remote_store_options){ .url = t->operands[0],
		.pool = t->pool,
		.diag = t->diag,
		.in_flight = (int)access->transfers,
		.setting = remote_access_setting,
		.setting_ctx = access };
}

static int check_operands(const struct tool *t, struct err *e)
{
	static const char *const names[] = { "push", "fetch", "pull", "status", "ls", "rm", NULL };
	const char *near;

	if (t->n_operands == 2)
		return 0;
	if (t->n_operands != 1)
		return err_set(e, ERR_INPUT, "a command, or SRC and DST, are needed");
	near = opt_nearest(t->operands[0], names);
	err_set(e, ERR_INPUT, "'%s' is no command, and DST is missing", t->operands[0]);
	return near ? err_hint(e, "did you mean '%s'?", near) : -1;
}

static enum tool_status run_copy(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct remote_sync_print print = { .out = t->out,
		.diag = t->diag,
		.json = t->json,
		.changes = a->explain || a->dry_run || t->verbose,
		.same = a->explain || t->verbose > 1 };
	struct remote_access access = a->access;
	struct remote_sync_options o = a->sync;
	struct remote_store_options open;
	struct remote_sync_result res;

	if (check_operands(t, e))
		return TOOL_FAILED;
	open = open_options(t, &access);
	o.rules = a->rules.items;
	o.n_rules = a->rules.n;
	o.max_delete = a->max_delete;
	o.dry_run = a->dry_run;
	o.progress = t->progress;
	o.ctx = &print;
	o.stream = t->out;
	o.tmp_dir = getenv("TMPDIR");
	o.each = strcmp(t->operands[1], "-") != 0 ? remote_sync_print : NULL;
	if (remote_sync_run(t->operands[0], t->operands[1], &o, &open, &res, e))
		return TOOL_FAILED;
	if (o.each && !t->json)
		remote_sync_print_summary(t->out, &res, o.dry_run);
	if (res.n_failed)
		return err_set(e, ERR_SYSTEM, "%llu files could not be copied",
			(unsigned long long)res.n_failed);
	return TOOL_YES;
}

static enum tool_status run_ls(struct tool *t, const void *args, struct err *e)
{
	struct remote_access access = ((const struct args *)args)->access;
	struct remote_sync_list_options o = { .open = open_options(t, &access), .recursive = true };

	return remote_sync_list(&o, t->out, e) ? TOOL_FAILED : TOOL_YES;
}

static enum tool_status run_rm(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct remote_access access = a->access;
	struct remote_sync_list_options o = {
		.open = open_options(t, &access), .recursive = a->recursive, .dry_run = a->dry_run
	};

	return remote_sync_remove(&o, t->out, e) ? TOOL_FAILED : TOOL_YES;
}

int main(int argc, char **argv)
{
	enum { WORK = TOOL_OUTPUT | TOOL_THREADS | TOOL_PROGRESS };
#define COMMAND(word, how, what, wants, least, most)                                     \
	{                                                                                \
		.name = #word, .usage = how, .summary = what, .options = word##_options, \
		.defaults = &defaults, .args_size = sizeof(defaults), .flags = wants,    \
		.min_operands = least, .max_operands = most, .run = run_##word           \
	}
	static const struct tool_command commands[] = {
		COMMAND(push, "[TARGET...]", "Send what the remote lacks", WORK | TOOL_JSON, 0, -1),
		COMMAND(fetch, "[TARGET...]", "Bring what the cache lacks", WORK | TOOL_JSON, 0,
			-1),
		COMMAND(pull, "[TARGET...]", "Fetch, and check out", WORK | TOOL_JSON, 0, -1),
		COMMAND(status, "[TARGET...]", "Tell what cache and remote lack", WORK | TOOL_JSON,
			0, -1),
		COMMAND(ls, "URL", "List files: size, time, path", WORK, 1, 1),
		COMMAND(rm, "URL", "Remove a file, or all below a folder", WORK, 1, 1),
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
