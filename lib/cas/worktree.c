#include "cas/worktree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "cas/git.h"
#include "cas/ignore.h"
#include "cas/tree.h"

struct cas_worktree *cas_worktree_open(
	const char *start, struct pool *pool, struct diag *diag, struct err *e)
{
	struct cas_worktree *w = mem_new(sizeof(*w), e);
	struct buf path = BUF_INIT;

	if (!w)
		return NULL;
	w->pool = pool;
	w->diag = diag;
	w->repo = cas_repo_open(start, e);
	if (!w->repo)
		goto fail;
	path_join(&path, w->repo->tmp_dir, "cd4ml.index");
	w->index = buf_check(&path, e) ? NULL : cas_index_open(path.p, e);
	w->cache = w->index ? cas_object_open(w->repo, w->index, e) : NULL;
	if (!w->cache)
		goto fail;
	buf_release(&path);
	return w;
fail:
	buf_release(&path);
	cas_worktree_close(w);
	return NULL;
}

struct cas_worktree *cas_worktree_open_bare(
	const char *root, struct pool *pool, struct diag *diag, struct err *e)
{
	struct cas_worktree *w = mem_new(sizeof(*w), e);
	struct buf here = BUF_INIT;

	if (!w)
		return NULL;
	w->pool = pool;
	w->diag = diag;
	w->repo = mem_new(sizeof(*w->repo), e);
	w->index = w->repo ? cas_index_open(NULL, e) : NULL;
	w->cache = w->index ? cas_object_open(w->repo, w->index, e) : NULL;
	if (!w->cache || path_absolute(&here, root ? root : ".", e))
		goto fail;
	w->repo->root = buf_detach(&here, e);
	if (w->repo->root && root) {
		path_join(&here, root, ".dvc");
		w->repo->dvc_dir = buf_detach(&here, e);
	}
	if (w->repo->root && (w->repo->dvc_dir || !root))
		return w;
fail:
	buf_release(&here);
	cas_worktree_close(w);
	return NULL;
}

void cas_worktree_close(struct cas_worktree *w)
{
	struct err e = ERR_INIT;

	if (!w)
		return;
	cas_object_close(w->cache);
	if (cas_index_close(w->index, &e))
		diag_say(w->diag, DIAG_WARNING, "the index was not saved: %s", e.what);
	cas_repo_close(w->repo);
	free(w);
}

/* ---- what is there ---- */

/* 1 and its stat, 0 nothing there, -1. */
static int look(struct cas_worktree *w, const char *path, struct buf *absolute, struct stat *st,
	struct err *e)
{
	struct stat link;

	cas_repo_absolute(w->repo, path, absolute);
	if (buf_check(absolute, e))
		return -1;
	if (!stat(absolute->p, st))
		return 1;
	if (errno == ENOENT && !lstat(absolute->p, &link)) {
		err_set(e, ERR_INPUT, "is a broken symbolic link");
		err_hint(e, "repair or remove it");
		return err_at(e, "%s", path);
	}
	if (errno == ENOENT || errno == ENOTDIR)
		return 0;
	err_errno(e, "cannot look at it");
	return err_at(e, "%s", path);
}

static int handle_file(struct cas_worktree *w, const char *path, const char *absolute,
	const struct cas_tree_options *o, struct cas_content *c, struct err *e)
{
	struct cas_put put = { .dir_fd = AT_FDCWD,
		.name = absolute,
		.path = absolute,
		.label = path,
		.is_legacy = o->is_legacy,
		.store = o->store,
		.link = o->link,
		.pool = w->pool };

	if (cas_object_put_file(w->cache, &put, e))
		return -1;
	*c = (struct cas_content){ .id = put.id, .size = put.st.st_size };
	c->is_exec = put.st.st_mode & S_IXUSR;
	return 0;
}

/* `text` gets the manifest's bytes. */
static int handle_dir(struct cas_worktree *w, const char *path, const struct cas_tree_options *o,
	struct cas_manifest *m, struct cas_content *c, struct err *e)
{
	struct buf text = BUF_INIT;
	int r = -1;

	if (cas_tree_read(w, path, o, m, e))
		goto out;
	*c = (struct cas_content){ .size = cas_manifest_size(m), .n_files = (int64_t)m->n };
	if (cas_manifest_id(m, &text, &c->id, e))
		goto out;
	c->id.is_legacy = o->is_legacy;
	if (o->store && cas_object_put_bytes(w->cache, &c->id, buf_slice(&text), e))
		goto out;
	r = 0;
out:
	buf_release(&text);
	return r;
}

/* 1, 0 nothing there, -1. `m` is filled for a directory. */
static int handle(struct cas_worktree *w, const char *path, const struct cas_tree_options *o,
	struct cas_manifest *m, struct cas_content *c, struct err *e)
{
	struct buf absolute = BUF_INIT;
	struct stat st;
	int r = look(w, path, &absolute, &st, e);

	if (r > 0 && S_ISDIR(st.st_mode))
		r = handle_dir(w, path, o, m, c, e) ? -1 : 1;
	else if (r > 0)
		r = handle_file(w, path, absolute.p, o, c, e) ? -1 : 1;
	buf_release(&absolute);
	return r;
}

int cas_worktree_hash(struct cas_worktree *w, const char *path, bool is_legacy,
	struct cas_content *c, struct err *e)
{
	struct cas_tree_options o = { .is_legacy = is_legacy };
	struct cas_manifest m = CAS_MANIFEST_INIT;
	int r = handle(w, path, &o, &m, c, e);

	cas_manifest_release(&m);
	return r;
}

int cas_worktree_is_same(struct cas_worktree *w, const char *path, const struct cas_content *want,
	bool check_exec, struct err *e)
{
	struct cas_content c;
	int r = cas_worktree_hash(w, path, want->id.is_legacy, &c, e);

	if (r <= 0)
		return r;
	return cas_id_eq(&c.id, &want->id) && (!check_exec || c.is_exec == want->is_exec);
}

int cas_worktree_put(struct cas_worktree *w, const char *path, unsigned flags,
	struct cas_content *c, struct err *e)
{
	struct cas_tree_options o = { .store = !(flags & CAS_PUT_HASH_ONLY),
		.link = !(flags & (CAS_PUT_HASH_ONLY | CAS_PUT_NO_LINK)) };
	struct cas_manifest m = CAS_MANIFEST_INIT;
	int r = handle(w, path, &o, &m, c, e);

	cas_manifest_release(&m);
	if (!r) {
		err_set(e, ERR_INPUT, "does not exist");
		err_at(e, "%s", path);
	}
	return r > 0 ? 0 : -1;
}

/* ---- the cache ---- */

int cas_worktree_manifest(
	struct cas_worktree *w, const struct cas_id *id, struct cas_manifest *m, struct err *e)
{
	struct buf text = BUF_INIT;
	char hex[CAS_ID_TEXT_MAX];
	int r = -1;

	cas_id_format(id, hex);
	if (!cas_object_load(w->cache, id, &text, e))
		r = cas_manifest_parse(m, buf_slice(&text), hex, e);
	buf_release(&text);
	return r;
}

int cas_worktree_has(struct cas_worktree *w, const struct cas_id *id, struct err *e)
{
	struct cas_manifest m = CAS_MANIFEST_INIT;
	int r = cas_object_has(w->cache, id);

	if (r && id->is_dir)
		r = cas_worktree_manifest(w, id, &m, e) ? -1 : cas_tree_has(w, id, &m, e);
	cas_manifest_release(&m);
	return r;
}

/* ---- status ---- */

const char *cas_worktree_state_name(enum cas_state s)
{
	static const char *const names[] = { "unchanged", "modified", "deleted", "new",
		"not in cache" };

	return names[s];
}

int cas_worktree_state(
	struct cas_worktree *w, const struct cas_out *out, enum cas_state *s, struct err *e)
{
	struct cas_tree_options o = { .is_legacy = out->has_id && out->content.id.is_legacy };
	struct cas_manifest m = CAS_MANIFEST_INIT;
	struct cas_content c;
	int r = handle(w, out->path, &o, &m, &c, e), has;

	if (r < 0)
		goto out;
	*s = !r ? CAS_DELETED : !out->has_id ? CAS_NEW : CAS_SAME;
	if (*s == CAS_SAME && (!cas_id_eq(&c.id, &out->content.id)))
		*s = CAS_MODIFIED;
	if (!out->has_id || !out->cache) {
		r = 0;
		goto out;
	}
	/* The members that were just listed are those of the recorded directory if it is the same. */
	if (*s == CAS_SAME && out->content.id.is_dir)
		has = cas_object_has(w->cache, &c.id) ? cas_tree_has(w, &c.id, &m, e) : 0;
	else
		has = cas_worktree_has(w, &out->content.id, e);
	if (!has)
		*s = CAS_NOT_IN_CACHE;
	r = has < 0 ? -1 : 0;
out:
	cas_manifest_release(&m);
	return r;
}

/* ---- add ---- */

/* An output inside of another would have two owners. */
static int check_above(struct cas_worktree *w, const char *path, struct err *e)
{
	struct buf dir = BUF_INIT, file = BUF_INIT;
	int r = 0;

	for (const char *p = strchr(path, '/'); p && !r; p = strchr(p + 1, '/')) {
		buf_reset(&dir);
		buf_add(&dir, path, (size_t)(p - path));
		buf_addf(&dir, ".dvc");
		cas_repo_absolute(w->repo, dir.p, &file);
		if (buf_check(&dir, e) || buf_check(&file, e)) {
			r = -1;
		} else if (access(file.p, F_OK) == 0 && !path_is_dir(file.p)) {
			err_set(e, ERR_INPUT, "is inside of the directory that '%s' stores", dir.p);
			err_hint(e, "add that directory again instead");
			r = err_at(e, "%s", path);
		}
	}
	buf_release(&dir);
	buf_release(&file);
	return r;
}

/* What git tracks must not be tracked twice. */
static int check_git(struct cas_worktree *w, const char *path, struct err *e)
{
	const char *const args[] = { "ls-files", "-z", "--", path, NULL };
	struct buf out = BUF_INIT;
	struct err ignored = ERR_INIT;
	int r = 0;

	/* Where git is not installed nobody can ask. */
	if (w->repo->git_root &&
		!cas_git_run(
			w->repo->root, args, (struct slice){ NULL, 0 }, &out, NULL, &ignored) &&
		out.len) {
		err_set(e, ERR_INPUT, "is tracked by git already");
		err_hint(e, "git rm -r --cached it first");
		r = err_at(e, "%s", path);
	}
	buf_release(&out);
	return r;
}

static int check_addable(struct cas_worktree *w, const char *path, struct err *e)
{
	struct slice s = slice_of(path);
	struct cas_ignore *rules;
	struct buf absolute = BUF_INIT;
	struct stat st;
	int r = -1;

	cas_repo_absolute(w->repo, path, &absolute);
	if (buf_check(&absolute, e))
		goto out;
	if (!strcmp(path, ".") || slice_ends(s, ".dvc") || !strcmp(path_base(path), "dvc.yaml") ||
		!strcmp(path_base(path), "dvc.lock") || !strcmp(path_base(path), ".dvcignore")) {
		err_set(e, ERR_INPUT, "this is not data");
		goto out;
	}
	if (lstat(absolute.p, &st)) {
		err_errno(e, "cannot add it");
		goto out;
	}
	if (strlen(path_base(path)) + strlen(".dvc") > NAME_MAX) {
		err_set(e, ERR_INPUT, "the name is too long for a .dvc file beside it");
		err_hint(e, "rename it, or add the folder that it is in");
		goto out;
	}
	if (S_ISLNK(st.st_mode) && path_is_dir(absolute.p)) {
		err_set(e, ERR_INPUT, "is a symbolic link to a folder");
		err_hint(e, "add the folder that it names");
		goto out;
	}
	rules = cas_ignore_load_down(w->repo, ".", CAS_IGNORE_DVC, e);
	if (!rules)
		goto out;
	if (cas_ignore_has_above(rules, path, S_ISDIR(st.st_mode))) {
		err_set(e, ERR_INPUT, "is ignored by .dvcignore");
		cas_ignore_free_all(rules);
		goto out;
	}
	cas_ignore_free_all(rules);
	r = 0;
out:
	if (r)
		err_at(e, "%s", path);
	buf_release(&absolute);
	return r;
}

/* The .dvc file of `path` and nothing else; an import of it too, if that may be. */
static struct cas_pointer *load_or_new(
	struct cas_worktree *w, const char *path, bool may_import, struct err *e)
{
	struct buf file = BUF_INIT, absolute = BUF_INIT;
	struct cas_pointer *p = NULL;

	buf_addf(&file, "%s.dvc", path);
	cas_repo_absolute(w->repo, file.p, &absolute);
	if (buf_check(&file, e) || buf_check(&absolute, e))
		goto out;
	if (!path_exists(absolute.p)) {
		p = cas_pointer_new(path, e);
		goto out;
	}
	p = cas_pointer_load(w->repo->root, file.p, e);
	if (!p)
		goto out;
	if (p->is_stage || (p->is_import && !may_import) || p->n_outs != 1 ||
		strcmp(p->outs[0].path, path) != 0) {
		err_set(e, ERR_INPUT, "this .dvc file says more than what '%s' holds", path);
		err_hint(e, p->is_stage ? "it is a stage of DVC 1; move it to dvc.yaml"
					: "remove it first, if that is meant");
		err_at(e, "%s", file.p);
		cas_pointer_free(p);
		p = NULL;
	}
out:
	buf_release(&file);
	buf_release(&absolute);
	return p;
}

static int stage_in_git(struct cas_worktree *w, const struct cas_pointer *p, struct err *e)
{
	struct buf ignore = BUF_INIT, dir = BUF_INIT, absolute = BUF_INIT;
	int r = -1;

	path_dir(&dir, p->file);
	path_join(&ignore, dir.p, ".gitignore");
	cas_repo_absolute(w->repo, ignore.p, &absolute);
	if (!buf_check(&ignore, e) && !buf_check(&absolute, e)) {
		const char *const args[] = { "add", "--", p->file,
			path_exists(absolute.p) ? ignore.p : NULL, NULL };

		r = cas_git_must(w->repo->root, args, (struct slice){ NULL, 0 }, NULL, e);
	}
	buf_release(&ignore);
	buf_release(&dir);
	buf_release(&absolute);
	return r;
}

/* The bytes are there: now what names them. A kill before leaves nothing that is not true. */
static int record(
	struct cas_worktree *w, struct cas_pointer *p, const struct cas_content *c, struct err *e)
{
	struct err ignored = ERR_INIT;
	bool is_new;

	if (cas_pointer_set(p, 0, c, e) || cas_ignore_add_git(w->repo, p->outs[0].path, &is_new, e))
		return -1;
	if (cas_pointer_save(p, w->repo->root, e)) {
		if (is_new && cas_ignore_remove_git(w->repo, p->outs[0].path, NULL, &ignored))
			diag_say(w->diag, DIAG_WARNING, "%s", ignored.what);
		return -1;
	}
	return w->repo->autostage && w->repo->git_root ? stage_in_git(w, p, e) : 0;
}

int cas_worktree_add(struct cas_worktree *w, const char *path, struct cas_content *c, struct err *e)
{
	struct cas_pointer *p = NULL;
	struct cas_content content;
	int r = -1;

	if (check_addable(w, path, e) || check_above(w, path, e) || check_git(w, path, e))
		return -1;
	p = load_or_new(w, path, false, e);
	if (p && !cas_worktree_put(w, path, 0, &content, e))
		r = record(w, p, &content, e);
	if (!r && c)
		*c = content;
	cas_pointer_free(p);
	return r;
}

int cas_worktree_import(struct cas_worktree *w, const char *path, const struct cas_content *c,
	const struct cas_source *source, unsigned flags, struct err *e)
{
	struct cas_pointer *p = NULL;
	int r = -1;

	if (check_above(w, path, e) || check_git(w, path, e))
		return -1;
	p = load_or_new(w, path, true, e);
	if (p && !cas_worktree_checkout(w, path, c, flags, NULL, e) &&
		!cas_pointer_set_source(p, source, e))
		r = record(w, p, c, e);
	cas_pointer_free(p);
	return r;
}
