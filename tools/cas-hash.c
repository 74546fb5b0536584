#include "base/tool.h"
#include "cas/actions.h"
#include "cas/gc.h"
#include "cas/sums.h"

#include <stdlib.h>

struct args {
	/* hash */
	int algo;
	struct opt_list check;
	/* init, remote */
	bool no_scm, subdir, local, force;
	struct cas_actions_remote remote;
	/* checkout */
	bool relink;
	struct cas_gc_options gc;
	struct opt_list projects;
};

static const struct args defaults = { .algo = CAS_SUMS_MD5 };

static const struct opt hash_options[] = {
	{ 0, "algo", OPT_CHOICE, offsetof(struct args, algo), "md5|sha256", "kind of hash" },
	{ 'c', "check", OPT_EACH, offsetof(struct args, check), "FILE",
		"check the hashes that FILE lists" },
	OPT_END,
};

static const struct opt get_options[] = {
	{ 'f', "force", OPT_FLAG, offsetof(struct args, force), NULL, "replace what is there" },
	OPT_END,
};

static const struct opt init_options[] = {
	{ 0, "subdir", OPT_FLAG, offsetof(struct args, subdir), NULL,
		"in a folder of a git repository" },
	{ 0, "no-scm", OPT_FLAG, offsetof(struct args, no_scm), NULL, "without git" },
	OPT_END,
};

static const struct opt remote_options[] = {
	{ 'd', "default", OPT_FLAG, offsetof(struct args, remote.is_default), NULL,
		"add: make it the default" },
	{ 'f', "force", OPT_FLAG, offsetof(struct args, force), NULL,
		"add: overwrite one of that name" },
	{ 'u', "unset", OPT_FLAG, offsetof(struct args, remote.unset), NULL,
		"modify: remove the key" },
	{ 0, "local", OPT_FLAG, offsetof(struct args, local), NULL,
		"in .dvc/config.local, which git does not see" },
	OPT_END,
};

static const struct opt checkout_options[] = {
	{ 'f', "force", OPT_FLAG, offsetof(struct args, force), NULL,
		"overwrite also what is not in the cache" },
	{ 0, "relink", OPT_FLAG, offsetof(struct args, relink), NULL,
		"make all links anew (cache.type has changed)" },
	OPT_END,
};

static const struct opt gc_options[] = {
	OPT_HEADING("What is kept"),
	{ 'w', "workspace", OPT_FLAG, offsetof(struct args, gc.workspace), NULL,
		"what the workspace references (always)" },
	{ 'a', "all-branches", OPT_FLAG, offsetof(struct args, gc.all_branches), NULL,
		"and all branches" },
	{ 'T', "all-tags", OPT_FLAG, offsetof(struct args, gc.all_tags), NULL, "and all tags" },
	{ 'A', "all-commits", OPT_FLAG, offsetof(struct args, gc.all_commits), NULL,
		"and all commits" },
	{ 'p', "projects", OPT_EACH, offsetof(struct args, projects), "PATH",
		"and what the project in PATH uses; each by its own -p" },
	{ 0, "not-shared", OPT_FLAG, offsetof(struct args, gc.is_not_shared), NULL,
		"no other project uses a cache that lies elsewhere" },
	OPT_HEADING("What is removed"),
	{ 'r', "remote", OPT_TEXT, offsetof(struct args, gc.remote), "NAME",
		"objects of this remote, not of the cache" },
	{ 0, "allow-missing", OPT_FLAG, offsetof(struct args, gc.allow_missing), NULL,
		"although a directory's list is not in the cache" },
	{ 'n', "dry-run", OPT_FLAG, offsetof(struct args, gc.dry_run), NULL, "only tell" },
	OPT_END,
};

static enum tool_status run_hash(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct cas_worktree *w = NULL;
	struct cas_sums_check res = { 0 };
	int r = 0;

	if (!t->n_operands && !a->check.n)
		return err_set(e, ERR_INPUT, "a file is missing; '-' is standard input");
	w = cas_worktree_open_bare(NULL, t->pool, t->diag, e);
	if (!w)
		return TOOL_FAILED;
	w->progress = t->progress;
	for (size_t i = 0; i < a->check.n && !r; i++)
		r = cas_sums_check(w, a->check.items[i], t->quiet, t->out, &res, e);
	for (size_t i = 0; i < t->n_operands && !r; i++)
		r = cas_sums_print(w, t->operands[i], (enum cas_sums_algo)a->algo, t->out, e);
	cas_worktree_close(w);
	return r ? TOOL_FAILED : res.n_bad || res.n_missing ? TOOL_NO : TOOL_YES;
}

static enum tool_status run_init(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;

	enum cas_init how = a->no_scm   ? CAS_INIT_NO_SCM
			    : a->subdir ? CAS_INIT_SUBDIR
					: CAS_INIT_ROOT;

	(void)t;
	if (a->no_scm && a->subdir)
		return err_set(e, ERR_INPUT, "--no-scm and --subdir exclude one another");
	return cas_repo_init(".", how, e) ? TOOL_FAILED : TOOL_YES;
}

/* Opens the repository, calls the command, and writes the index whatever came of it. */
typedef int command(
	const struct cas_actions *c, struct tool *t, const struct args *a, bool *no, struct err *e);

static enum tool_status run_in_repo(
	struct tool *t, const struct args *a, command *run, struct err *e)
{
	struct cas_actions c = {
		.out = t->out, .json = t->json, .targets = t->operands, .n_targets = t->n_operands
	};
	bool no = false;
	int r = -1;

	if (!cas_actions_open(&c, t->pool, t->progress, t->diag, e))
		r = run(&c, t, a, &no, e);
	cas_actions_close(&c);
	return r ? TOOL_FAILED : no ? TOOL_NO : TOOL_YES;
}

/* Each command as the table wants it: NAME_in_repo does the work of run_NAME. */
#define IN_REPO(name)                                                                       \
	static enum tool_status run_##name(struct tool *t, const void *args, struct err *e) \
	{                                                                                   \
		return run_in_repo(t, args, name##_in_repo, e);                             \
	}

static int add_in_repo(
	const struct cas_actions *c, struct tool *t, const struct args *a, bool *no, struct err *e)
{
	(void)t, (void)a, (void)no;
	return cas_actions_add(c, e);
}
IN_REPO(add)

static int get_in_repo(
	const struct cas_actions *c, struct tool *t, const struct args *a, bool *no, struct err *e)
{
	const char *bundle = getenv("CURL_CA_BUNDLE"), *file = getenv("SSL_CERT_FILE");
	struct cas_actions_get o = { .url = t->operands[0],
		.out = t->n_operands > 1 ? t->operands[1] : NULL,
		.force = a->force,
		.ca_bundle = bundle ? bundle : file };

	(void)no;
	return cas_actions_get(c, &o, e);
}
IN_REPO(get)

static int commit_in_repo(
	const struct cas_actions *c, struct tool *t, const struct args *a, bool *no, struct err *e)
{
	(void)t, (void)a, (void)no;
	return cas_actions_commit(c, e);
}
IN_REPO(commit)

static int checkout_in_repo(
	const struct cas_actions *c, struct tool *t, const struct args *a, bool *no, struct err *e)
{
	(void)t, (void)no;
	return cas_actions_checkout(
		c, (a->force ? CAS_CHECKOUT_FORCE : 0) | (a->relink ? CAS_CHECKOUT_RELINK : 0), e);
}
IN_REPO(checkout)

static int status_in_repo(
	const struct cas_actions *c, struct tool *t, const struct args *a, bool *no, struct err *e)
{
	(void)t, (void)a;
	return cas_actions_status(c, no, e);
}
IN_REPO(status)

static int diff_in_repo(
	const struct cas_actions *c, struct tool *t, const struct args *a, bool *no, struct err *e)
{
	(void)a;
	return cas_actions_diff(c, t->n_operands ? t->operands[0] : "HEAD",
		t->n_operands > 1 ? t->operands[1] : NULL, no, e);
}
IN_REPO(diff)

static int verify_in_repo(
	const struct cas_actions *c, struct tool *t, const struct args *a, bool *no, struct err *e)
{
	(void)t, (void)a;
	return cas_actions_verify(c, no, e);
}
IN_REPO(verify)

static int remote_in_repo(
	const struct cas_actions *c, struct tool *t, const struct args *a, bool *no, struct err *e)
{
	struct cas_actions_remote o = a->remote;

	(void)t, (void)no;
	o.level = a->local ? CAS_LEVEL_LOCAL : CAS_LEVEL_REPO;
	o.force = a->force;
	return cas_actions_remote(c, &o, e);
}
IN_REPO(remote)

static int gc_in_repo(
	const struct cas_actions *c, struct tool *t, const struct args *a, bool *no, struct err *e)
{
	struct cas_gc_options o = a->gc;

	(void)no;
	o.in_remote = o.remote;
	o.projects = a->projects.items;
	o.n_projects = a->projects.n;
	return cas_actions_gc(c, &o, t->verbose, e);
}
IN_REPO(gc)

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
		COMMAND(hash, "[-c FILE] PATH...", "Print hashes, or check them", hash_options,
			WORK, 0, -1),
		COMMAND(init, "[--subdir|--no-scm]", "Make a repository here", init_options, 0, 0,
			0),
		COMMAND(add, "PATH...", "Store files or directories, and track them", NULL,
			WORK | TOOL_JSON, 1, -1),
		COMMAND(get, "URL [PATH]", "Bring data from elsewhere, and track it", get_options,
			TOOL_THREADS | TOOL_PROGRESS, 1, 2),
		COMMAND(commit, "[TARGET...]", "Store tracked data as it is now", NULL,
			WORK | TOOL_JSON, 0, -1),
		COMMAND(checkout, "[TARGET...]", "Bring data to what is recorded", checkout_options,
			WORK, 0, -1),
		COMMAND(status, "[TARGET...]", "Tell what differs from what is recorded", NULL,
			WORK | TOOL_JSON, 0, -1),
		COMMAND(diff, "[REV [REV]]", "Tell what changed since a revision", NULL,
			WORK | TOOL_JSON, 0, 2),
		COMMAND(verify, "", "Hash every object of the cache again", NULL, WORK, 0, 0),
		COMMAND(gc, "-w|-a|-T|-A", "Remove objects that nothing references", gc_options,
			WORK, 0, 0),
		COMMAND(remote, "VERB [NAME [URL]]", "List, add, change, remove remotes",
			remote_options, TOOL_OUTPUT, 1, 4),
		{ .name = NULL },
	};
	static const struct tool_spec spec = {
		.main = { .name = "cas-hash",
			.usage = "[COMMAND] [OPTION]... PATH...",
			.summary = "Hashes data, and keeps it by its hash as DVC does",
			.options = hash_options,
			.defaults = &defaults,
			.args_size = sizeof(defaults),
			.flags = WORK,
			.max_operands = -1,
			.run = run_hash,
			.example = "cas-hash add data/train.csv\ncas-hash status" },
		.commands = commands,
		.has_default = true,
	};

	return tool_main(&spec, argc, argv);
}
