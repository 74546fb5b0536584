/*
 * From the cache to the workspace. First everything is looked at: what is there, what is wanted,
 * whether what must go is in the cache and what must come too. Only then something is changed: what
 * is in the way goes, then what is missing comes. At each point in between every byte is in the
 * cache.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "cas/tree.h"

struct checkout {
	struct cas_worktree *w;
	const char *path; /* as the caller named it */
	struct buf absolute; /* its place */
	unsigned flags;
	bool is_legacy;
	struct cas_manifest is, want;
	const struct cas_manifest_entry **add; /* [n_add], of `want`: missing, or to be replaced */
	const struct cas_manifest_entry **del; /* [n_del], of `is` */
	size_t n_add, n_del, n_new, n_replaced;
};

/* ---- looking ---- */

static int not_in_cache(const struct checkout *k, const char *rel, struct err *e)
{
	err_set(e, ERR_INPUT, "is not in the cache, and would be lost");
	err_hint(e, "add it, move it away, or use --force");
	return *rel ? err_at(e, "%s/%s", k->path, rel) : err_at(e, "%s", k->path);
}

/* May this file of the workspace go? Its content must be in the cache, and sound. */
static int check_spare(struct checkout *k, const uint8_t *md5, const char *rel, struct err *e)
{
	struct cas_id id = { .is_legacy = k->is_legacy };
	int r;

	if (k->flags & CAS_CHECKOUT_FORCE)
		return 0;
	memcpy(id.md5, md5, HASH_MD5_LEN);
	r = cas_object_check(k->w->cache, &id, NULL, e);
	if (r > 0)
		return 0;
	if (r < 0 && e->code != ERR_INPUT)
		return -1;
	/* A hash of the older kind may be known by the newer one. */
	return not_in_cache(k, rel, e);
}

static int check_spare_piece(void *ctx, size_t from, size_t to, struct err *e)
{
	struct checkout *k = ctx;

	for (size_t i = from; i < to; i++)
		if (check_spare(k, k->del[i]->md5, k->del[i]->relpath, e))
			return -1;
	return 0;
}

static int not_there(
	const struct checkout *k, const struct cas_id *id, const char *rel, struct err *e)
{
	char hex[CAS_ID_TEXT_MAX];

	cas_id_format(id, hex);
	err_set(e, ERR_INPUT, "the object %s is not in the cache", hex);
	err_hint(e, "s3-sync fetch brings it from the remote");
	return *rel ? err_at(e, "%s/%s", k->path, rel) : err_at(e, "%s", k->path);
}

static int check_there_piece(void *ctx, size_t from, size_t to, struct err *e)
{
	struct checkout *k = ctx;

	for (size_t i = from; i < to; i++) {
		struct cas_id id = { .is_legacy = k->is_legacy };

		memcpy(id.md5, k->add[i]->md5, HASH_MD5_LEN);
		if (!cas_object_has(k->w->cache, &id))
			return not_there(k, &id, k->add[i]->relpath, e);
	}
	return 0;
}

/* Merges the two sorted lists. */
static int compare(struct checkout *k, struct err *e)
{
	size_t i = 0, j = 0;

	k->add = mem_array(k->want.n + 1, sizeof(*k->add), e);
	k->del = k->add ? mem_array(k->is.n + 1, sizeof(*k->del), e) : NULL;
	if (!k->del)
		return -1;
	while (i < k->is.n || j < k->want.n) {
		const struct cas_manifest_entry *is = i < k->is.n ? &k->is.entries[i] : NULL;
		const struct cas_manifest_entry *want = j < k->want.n ? &k->want.entries[j] : NULL;
		int d = !is ? 1 : !want ? -1 : strcmp(is->relpath, want->relpath);
		bool same = !d && !memcmp(is->md5, want->md5, HASH_MD5_LEN);

		i += d <= 0;
		j += d >= 0;
		if (same && !(k->flags & CAS_CHECKOUT_RELINK))
			continue;
		if (d <= 0 && !same)
			k->del[k->n_del++] = is;
		if (d >= 0)
			k->add[k->n_add++] = want;
		k->n_new += d > 0;
		k->n_replaced += !d && !same;
	}
	return 0;
}

/* ---- changing ---- */

/* Removes folders above a removed file as long as they are empty, up to the directory itself. */
static void prune(const struct checkout *k, struct buf *path)
{
	while (path->len > k->absolute.len) {
		while (path->len && path->p[path->len - 1] != '/')
			buf_truncate(path, path->len - 1);
		buf_truncate(path, path->len - 1);
		if (path->len <= k->absolute.len || rmdir(path->p))
			return;
	}
}

/* Removes what is not wanted; what is only replaced stays until its successor is there. */
static int remove_old(struct checkout *k, struct err *e)
{
	struct buf path = BUF_INIT;
	int r = 0;

	for (size_t i = 0; i < k->n_del && !r; i++) {
		struct slice rel = { k->del[i]->relpath, k->del[i]->len };

		if (cas_manifest_find(&k->want, rel))
			continue;
		path_join(&path, k->absolute.p, k->del[i]->relpath);
		if (buf_check(&path, e))
			r = -1;
		else if (unlink(path.p) && errno != ENOENT)
			r = err_errno(e, "cannot remove '%s'", path.p);
		else
			prune(k, &path);
	}
	buf_release(&path);
	return r;
}

/* Makes the folders of all that comes. A link in place of one would lead outside. */
static int make_dirs(struct checkout *k, struct err *e)
{
	struct buf path = BUF_INIT;
	struct slice before = { "", 0 };
	struct stat st;
	int r = path_make_dirs(k->absolute.p, e);

	for (size_t i = 0; i < k->n_add && !r; i++) {
		struct slice rel = { k->add[i]->relpath, k->add[i]->len }, dir = rel;

		while (dir.len && dir.p[dir.len - 1] != '/')
			dir.len--;
		if (slice_eq(dir, before))
			continue;
		before = dir;
		for (size_t n = 1; n < dir.len && !r; n++) {
			if (dir.p[n] != '/')
				continue;
			buf_reset(&path);
			buf_addf(&path, "%s/%.*s", k->absolute.p, (int)n, dir.p);
			if (buf_check(&path, e))
				r = -1;
			else if (!mkdir(path.p, 0777))
				continue;
			else if (errno != EEXIST)
				r = err_errno(e, "cannot make the folder '%s'", path.p);
			else if (lstat(path.p, &st) || !S_ISDIR(st.st_mode)) {
				err_set(e, ERR_INPUT, "is in the way: a folder has to be here");
				err_hint(e, "move it away");
				r = err_at(e, "%s", path.p);
			}
		}
	}
	buf_release(&path);
	return r;
}

static int add_piece(void *ctx, size_t from, size_t to, struct err *e)
{
	struct checkout *k = ctx;
	struct buf path = BUF_INIT;
	struct stat st;
	int r = 0;

	for (size_t i = from; i < to && !r; i++) {
		const struct cas_manifest_entry *t = k->add[i];
		struct cas_id id = { .is_legacy = k->is_legacy };
		bool is_known = cas_manifest_find(&k->is, (struct slice){ t->relpath, t->len });

		memcpy(id.md5, t->md5, HASH_MD5_LEN);
		path_join(&path, k->absolute.p, t->relpath);
		if (buf_check(&path, e))
			r = -1;
		else if (!is_known && !(k->flags & CAS_CHECKOUT_FORCE) && !lstat(path.p, &st))
			/* Ignored, or a link to a folder: not looked at, so not known to be safe. */
			r = not_in_cache(k, t->relpath, e);
		else
			r = cas_object_link(k->w->cache, &id, path.p, false, e);
	}
	buf_release(&path);
	return r;
}

static int change(struct checkout *k, struct cas_checkout_result *res, struct err *e)
{
	struct cas_worktree *w = k->w;
	struct progress *progress = w->progress;
	int r;

	w->progress = NULL;
	r = cas_tree_spread(w, k->n_del, CAS_TREE_PIECE, check_spare_piece, k, e) ||
			    cas_tree_spread(w, k->n_add, CAS_TREE_PIECE, check_there_piece, k, e)
		    ? -1
		    : 0;
	w->progress = progress;
	if (r || remove_old(k, e) || make_dirs(k, e))
		return -1;
	progress_start(progress, k->path, k->n_add, "files");
	if (cas_tree_spread(w, k->n_add, CAS_TREE_PIECE, add_piece, k, e))
		return -1;
	if (res) {
		res->n_added += k->n_new;
		res->n_modified += k->n_replaced;
		res->n_deleted += k->n_del - k->n_replaced;
	}
	return 0;
}

/* ---- kinds of target ---- */

enum there { THERE_NOTHING, THERE_FILE, THERE_DIR, THERE_FAILED };

static enum there what_is_there(struct checkout *k, struct stat *st, struct err *e)
{
	if (lstat(k->absolute.p, st)) {
		if (errno == ENOENT || errno == ENOTDIR)
			return THERE_NOTHING;
		err_errno(e, "cannot look at '%s'", k->path);
		return THERE_FAILED;
	}
	if (!S_ISLNK(st->st_mode))
		return S_ISDIR(st->st_mode) ? THERE_DIR : THERE_FILE;
	if (stat(k->absolute.p, st))
		return THERE_FILE; /* a broken link: nothing is lost with it */
	if (!S_ISDIR(st->st_mode))
		return THERE_FILE;
	err_set(e, ERR_INPUT, "is a symbolic link to a folder");
	err_hint(e, "what it names is not touched; remove the link");
	err_at(e, "%s", k->path);
	return THERE_FAILED;
}

/* May the file go? With a broken link nothing is lost. */
static int check_spare_file(struct checkout *k, struct err *e)
{
	struct cas_content c;
	struct stat st;
	int r;

	if (stat(k->absolute.p, &st) || k->flags & CAS_CHECKOUT_FORCE)
		return 0;
	r = cas_worktree_hash(k->w, k->path, k->is_legacy, &c, e);
	return r < 0 || (r > 0 && check_spare(k, c.id.md5, "", e)) ? -1 : 0;
}

/* A file is in the way of a directory, or of nothing at all. */
static int remove_file(struct checkout *k, struct cas_checkout_result *res, struct err *e)
{
	if (check_spare_file(k, e))
		return -1;
	if (unlink(k->absolute.p) && errno != ENOENT)
		return err_errno(e, "cannot remove '%s'", k->path);
	if (res)
		res->n_deleted++;
	return 0;
}

static int read_tree(struct checkout *k, struct err *e)
{
	struct cas_tree_options o = { .is_legacy = k->is_legacy };

	return cas_tree_read(k->w, k->path, &o, &k->is, e);
}

/* The directory and all in it goes; what is ignored in it stays, and is an error if anything else has to be there. */
static int remove_dir(struct checkout *k, struct cas_checkout_result *res, struct err *e)
{
	if (k->flags & CAS_CHECKOUT_FORCE)
		return path_remove_all(k->absolute.p, e);
	if (read_tree(k, e) || compare(k, e) || change(k, res, e))
		return -1;
	if (rmdir(k->absolute.p) && errno != ENOENT) {
		err_set(e, ERR_INPUT, "something is in this folder that is not stored");
		err_hint(e, "move it away, or use --force");
		return err_at(e, "%s", k->path);
	}
	return 0;
}

static int checkout_dir(struct checkout *k, const struct cas_content *want,
	struct cas_checkout_result *res, struct err *e)
{
	struct stat st;
	enum there there = what_is_there(k, &st, e);

	if (there == THERE_FAILED || cas_worktree_manifest(k->w, &want->id, &k->want, e))
		return -1;
	if (there == THERE_DIR && read_tree(k, e))
		return -1;
	if (compare(k, e))
		return -1;
	if (there == THERE_FILE &&
		(cas_tree_spread(k->w, k->n_add, CAS_TREE_PIECE, check_there_piece, k, e) ||
			remove_file(k, res, e)))
		return -1;
	return change(k, res, e);
}

/* Only the x bit is wrong: set on a file of its own, never on one that is shared with the cache. */
static int fix_mode(
	struct checkout *k, const struct cas_content *want, const struct stat *st, struct err *e)
{
	mode_t mode = st->st_mode & 07777;
	struct stat own;

	if (lstat(k->absolute.p, &own) || !S_ISREG(own.st_mode) || own.st_nlink != 1)
		return cas_object_link(k->w->cache, &want->id, k->absolute.p, want->is_exec, e);
	mode = want->is_exec ? mode | (mode & 0444) >> 2 : mode & ~(mode_t)0111;
	return chmod(k->absolute.p, mode) ? err_errno(e, "cannot set the mode of '%s'", k->path)
					  : 0;
}

static int checkout_file(struct checkout *k, const struct cas_content *want,
	struct cas_checkout_result *res, struct err *e)
{
	struct stat st;
	enum there there = what_is_there(k, &st, e);
	struct cas_content is;

	if (there == THERE_FAILED)
		return -1;
	if (there == THERE_FILE && S_ISREG(st.st_mode)) {
		bool exec = st.st_mode & S_IXUSR;

		if (cas_worktree_hash(k->w, k->path, k->is_legacy, &is, e) < 0)
			return -1;
		if (cas_id_eq(&is.id, &want->id) && !(k->flags & CAS_CHECKOUT_RELINK))
			return exec == want->is_exec ? 0 : fix_mode(k, want, &st, e);
		if (!cas_id_eq(&is.id, &want->id) && check_spare(k, is.id.md5, "", e))
			return -1;
	} else if (there == THERE_FILE && !S_ISLNK(st.st_mode) &&
		   !(k->flags & CAS_CHECKOUT_FORCE)) {
		return not_in_cache(k, "", e);
	}
	if (!cas_object_has(k->w->cache, &want->id))
		return not_there(k, &want->id, "", e);
	if (there == THERE_DIR && remove_dir(k, res, e))
		return -1;
	if (path_make_parents(k->absolute.p, e) ||
		cas_object_link(k->w->cache, &want->id, k->absolute.p, want->is_exec, e))
		return -1;
	if (res) {
		res->n_added += there != THERE_FILE;
		res->n_modified += there == THERE_FILE;
	}
	return 0;
}

static void release(struct checkout *k)
{
	cas_manifest_release(&k->is);
	cas_manifest_release(&k->want);
	free(k->add);
	free(k->del);
	buf_release(&k->absolute);
}

static int begin(
	struct checkout *k, struct cas_worktree *w, const char *path, unsigned flags, struct err *e)
{
	*k = (struct checkout){ .w = w, .path = path, .flags = flags, .absolute = BUF_INIT };
	if (!cas_repo_is_data(path))
		return err_set(e, ERR_INPUT, "'%s' is not a path of the workspace", path);
	cas_repo_absolute(w->repo, path, &k->absolute);
	/* A repository may come from anybody: a link in it could lead anywhere, also into .git. */
	return buf_check(&k->absolute, e) || path_check_links(w->repo->root, path, e) ? -1 : 0;
}

int cas_worktree_checkout(struct cas_worktree *w, const char *path, const struct cas_content *want,
	unsigned flags, struct cas_checkout_result *res, struct err *e)
{
	struct checkout k;
	int r = begin(&k, w, path, flags, e);

	k.is_legacy = want->id.is_legacy;
	if (!r)
		r = want->id.is_dir ? checkout_dir(&k, want, res, e)
				    : checkout_file(&k, want, res, e);
	release(&k);
	return r;
}

int cas_worktree_remove(struct cas_worktree *w, const char *path, unsigned flags, struct err *e)
{
	struct checkout k;
	struct stat st;
	int r = begin(&k, w, path, flags, e);

	if (!r && flags & CAS_CHECKOUT_FORCE) {
		r = path_remove_all(k.absolute.p, e);
	} else if (!r) {
		switch (what_is_there(&k, &st, e)) {
		case THERE_NOTHING:
			break;
		case THERE_FILE:
			r = remove_file(&k, NULL, e);
			break;
		case THERE_DIR:
			r = remove_dir(&k, NULL, e);
			break;
		case THERE_FAILED:
			r = -1;
			break;
		}
	}
	release(&k);
	return r;
}

int cas_worktree_check_spare(struct cas_worktree *w, const char *path, struct err *e)
{
	struct checkout k;
	struct stat st;
	int r = begin(&k, w, path, 0, e);

	if (!r) {
		switch (what_is_there(&k, &st, e)) {
		case THERE_NOTHING:
			break;
		case THERE_FILE:
			r = check_spare_file(&k, e);
			break;
		case THERE_DIR:
			r = read_tree(&k, e) || compare(&k, e) ||
					    cas_tree_spread(w, k.n_del, CAS_TREE_PIECE,
						    check_spare_piece, &k, e)
				    ? -1
				    : 0;
			break;
		case THERE_FAILED:
			r = -1;
			break;
		}
	}
	release(&k);
	return r;
}
