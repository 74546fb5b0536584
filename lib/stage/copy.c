#include "stage/copy.h"

#include <stdlib.h>
#include <string.h>

#include "base/input.h"
#include "base/lock.h"
#include "base/output.h"
#include "base/path.h"
#include "cas/git.h"
#include "cas/refs.h"

void stage_copy_release(struct stage_copy *c)
{
	free(c->top);
	free(c->dir);
	memset(c, 0, sizeof(*c));
}

/*
 * Hooks are for people: dvc's would fetch data after each checkout. One at a time: git reads what it
 * knows of all worktrees, and fails where another git has written only half of one.
 */
static int git_worktree(const struct cas_worktree *w, const char *const *args, struct err *e)
{
	const char *all[12] = { "-c", "core.hooksPath=/dev/null", "worktree" };
	struct buf path = BUF_INIT;
	struct lock *lock = NULL;
	size_t n = 3;
	int rc = -1;

	while (*args && n < 11)
		all[n++] = *args++;
	path_join(&path, w->repo->tmp_dir, "worktrees.lock");
	if (!buf_check(&path, e) && !path_make_parents(path.p, e))
		lock = lock_take(path.p, -1, e);
	if (lock)
		rc = cas_git_must(w->repo->git_root, all, (struct slice){ NULL, 0 }, NULL, e);
	lock_drop(lock);
	buf_release(&path);
	return rc;
}

int stage_copy_remove(struct cas_worktree *w, const char *path, struct err *e)
{
	const char *remove[] = { "remove", "--force", "--force", path, NULL };
	const char *prune[] = { "prune", NULL };
	struct err none = ERR_INIT;

	/* what git does not know (any more) as a worktree is a folder like any other */
	if (git_worktree(w, remove, &none) && path_remove_all(path, e))
		return -1;
	return git_worktree(w, prune, e);
}

static char *joined(const char *a, const char *b, struct err *e)
{
	struct buf path = BUF_INIT;
	char *s;

	path_join(&path, a, b);
	path_normalise(&path);
	s = buf_detach(&path, e);
	buf_release(&path);
	return s;
}

static int copy_file(const char *from_dir, const char *to_dir, const char *name, struct err *e)
{
	char *from = joined(from_dir, name, e), *to = joined(to_dir, name, e);
	struct buf text = BUF_INIT;
	int rc = from && to ? 0 : -1;

	if (!rc && path_exists(from) && !path_exists(to))
		rc = path_make_parents(to, e) || input_load(from, 1 << 20, &text, e) ||
				     output_save(to, OUTPUT_PLAIN, buf_slice(&text), e)
			     ? -1
			     : 0;
	buf_release(&text);
	free(from);
	free(to);
	return rc;
}

/* The configuration of this clone, with the same cache, and the remote as seen from the original. */
static int configure(const struct cas_repo *from, const char *root, struct err *e)
{
	struct buf name = BUF_INIT, url = BUF_INIT, section = BUF_INIT;
	char *dvc_dir = joined(root, ".dvc", e);
	struct cas_repo *to = NULL;
	struct err none = ERR_INIT;
	int rc = -1;

	if (!dvc_dir || copy_file(from->dvc_dir, dvc_dir, "config", e) ||
		copy_file(from->dvc_dir, dvc_dir, ".gitignore", e) ||
		copy_file(from->dvc_dir, dvc_dir, "config.local", e))
		goto out;
	to = cas_repo_open(root, e);
	if (!to || cas_repo_set(to, CAS_LEVEL_LOCAL, "cache", "dir", from->cache_dir, e))
		goto out;
	rc = 0;
	if (cas_repo_remote_url(from, NULL, &name, &url, &none))
		goto out;
	buf_addf(&section, "remote \"%s\"", name.p);
	rc = buf_check(&section, e) || cas_repo_set(to, CAS_LEVEL_LOCAL, section.p, "url", url.p, e)
		     ? -1
		     : 0;
out:
	cas_repo_close(to);
	buf_release(&name);
	buf_release(&url);
	buf_release(&section);
	free(dvc_dir);
	return rc;
}

/* What .dvc files name, where the cache has it; a stage that misses the rest says so. */
static int checkout_data(struct cas_worktree *w, const char *root, struct err *e)
{
	struct cas_worktree *to = cas_worktree_open(root, w->pool, w->diag, e);
	struct cas_refs refs = CAS_REFS_INIT;
	int rc = to ? cas_refs_scan(&refs, to->repo, e) : -1;

	for (size_t i = 0; i < refs.n && !rc; i++) {
		const struct cas_out *out = &refs.refs[i].out;
		int has;

		if (refs.refs[i].stage || !out->has_id)
			continue;
		has = cas_worktree_has(to, &out->content.id, e);
		rc = has < 0 ? -1
		     : has   ? cas_worktree_checkout(to, out->path, &out->content, 0, NULL, e)
			     : 0;
	}
	cas_refs_release(&refs);
	cas_worktree_close(to);
	return rc;
}

int stage_copy_make(struct cas_worktree *w, const char *path, const char *rev, struct stage_copy *c,
	struct err *e)
{
	const char *add[] = { "add", "--quiet", "--detach", path, rev, NULL };
	const struct cas_repo *r = w->repo;
	struct buf below = BUF_INIT;
	struct err late = ERR_INIT;
	char *root = NULL;
	int rc = -1;

	memset(c, 0, sizeof(*c));
	if (!r->git_root)
		return err_set(e, ERR_INPUT, "this project is not in git");
	if (path_make_parents(path, e) || git_worktree(w, add, e))
		return -1;
	path_relative(&below, r->git_root, r->root);
	root = joined(path, below.p, e);
	c->top = joined(path, ".", e);
	c->dir = root ? joined(root, r->here, e) : NULL;
	if (!c->top || !c->dir)
		goto out;
	if (!path_is_dir(c->dir)) {
		err_set(e, ERR_INPUT, "'%s' has no folder '%s'", rev, r->here);
		goto out;
	}
	rc = configure(r, root, e) || checkout_data(w, root, e) ? -1 : 0;
out:
	if (rc) {
		if (stage_copy_remove(w, path, &late))
			diag_say(w->diag, DIAG_WARNING, "%s", late.what);
		stage_copy_release(c);
	}
	free(root);
	buf_release(&below);
	return rc;
}

int stage_copy_run(const struct stage_copy *c, const char *command, const char *shell,
	const char *log, struct stage_exec_result *r, struct err *e)
{
	json_t *cmd = json_string(command);
	struct stage_exec how = { .cmd = cmd, .dir = c->dir, .shell = shell, .log = log };
	int rc = -1;

	memset(r, 0, sizeof(*r));
	if (!cmd)
		return err_set(e, ERR_INPUT, "'%s' is not UTF-8", command);
	if (path_make_parents(log, e) || stage_exec_run(&how, r, e))
		goto out;
	rc = 0;
	if (r->stopped_by)
		rc = err_set(e, ERR_SYSTEM, "stopped by a signal");
	else if (r->status)
		rc = err_set(e, ERR_INPUT, "'%s' ended with status %d", command, r->status);
	if (rc)
		err_hint(e, "what it printed is in %s", log);
out:
	json_decref(cmd);
	return rc;
}
