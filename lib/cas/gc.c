#include "cas/gc.h"

#include <stdlib.h>

#include "base/lock.h"
#include "base/mem.h"
#include "base/path.h"
#include "cas/git.h"
#include "cas/objects.h"
#include "cas/transfer.h"

struct gc {
	struct cas_worktree *w;
	const struct cas_gc_options *o;
	struct cas_gc_result *res;
	struct lock **locks; /* [n_locks] of other projects, until all is removed */
	size_t n_locks;
	struct cas_objects used;
	struct doomed {
		struct cas_id id;
		int64_t size;
	} * doomed; /* [n] */
	size_t n, cap;
	struct buf key;
};

/* ---- what is used ---- */

static int add_used(struct gc *g, struct cas_worktree *w, const struct cas_out *out,
	const char *file, struct err *e)
{
	const struct cas_id *id = &out->content.id;

	if (cas_objects_add(&g->used, id, out->path, NULL, e))
		return -1;
	if (!id->is_dir)
		return 0;
	if (!cas_object_has(w->cache, id)) {
		if (g->o->allow_missing || !out->cache)
			return 0;
		err_set(e, ERR_INPUT,
			"the list of the directory '%s' is not in the cache, so what it needs "
			"cannot be told; nothing was removed",
			out->path);
		err_hint(e, "s3-sync fetch brings it; --allow-missing goes on without");
		return err_at(e, "%s", file);
	}
	return cas_objects_add_members(&g->used, w, id, out->path, e);
}

/* A shallow clone lacks commits, and branches: what they use cannot be told. */
static int check_history(const struct gc *g, const struct cas_repo *repo, struct err *e)
{
	static const char *const args[] = { "rev-parse", "--is-shallow-repository", NULL };
	struct buf out = BUF_INIT;
	int r = 0;

	if (repo->git_root && (g->o->all_branches || g->o->all_tags || g->o->all_commits)) {
		r = cas_git_must(repo->root, args, (struct slice){ NULL, 0 }, &out, e);
		if (!r && slice_starts(buf_slice(&out), "true")) {
			err_set(e, ERR_INPUT,
				"this is a shallow clone, so what other commits need cannot be "
				"told; nothing was removed");
			r = err_hint(e, "git fetch --unshallow brings them");
		}
	}
	buf_release(&out);
	return r;
}

static int collect_used(struct gc *g, struct cas_worktree *w, struct err *e)
{
	struct cas_refs refs = CAS_REFS_INIT;
	struct cas_refs_revisions revisions = { .all_branches = g->o->all_branches,
		.all_tags = g->o->all_tags,
		.all_commits = g->o->all_commits,
		.experiments = w->repo->git_root != NULL };
	int r = check_history(g, w->repo, e) || cas_refs_scan(&refs, w->repo, e) ||
				cas_refs_scan_revisions(&refs, w->repo, &revisions, e)
			? -1
			: 0;

	for (size_t i = 0; i < refs.n && !r; i++)
		if (refs.refs[i].out.has_id)
			r = add_used(g, w, &refs.refs[i].out, refs.refs[i].file, e);
	cas_refs_release(&refs);
	return r;
}

static int collect_of_project(struct gc *g, const char *path, int lock_ms, struct err *e)
{
	struct cas_worktree *w = cas_worktree_open(path, g->w->pool, g->w->diag, e);
	struct lock *lock = NULL;
	int r = -1;

	/* Opened from a folder within: the repository itself is meant, too. */
	if (w && strcmp(w->repo->root, g->w->repo->root) != 0) {
		lock = cas_repo_lock(w->repo, lock_ms, e);
		g->locks[g->n_locks++] = lock;
		r = lock ? collect_used(g, w, e) : -1;
	} else if (w) {
		r = 0;
	}
	if (r)
		err_at(e, "%s", path);
	cas_worktree_close(w);
	return r;
}

/* With a cache of its own nobody else's objects can be there. */
static int check_shared(const struct gc *g, struct err *e)
{
	const struct cas_repo *r = g->w->repo;
	size_t len = strlen(r->root);

	if (g->o->in_remote || g->o->is_not_shared || g->o->n_projects ||
		(!strncmp(r->cache_dir, r->root, len) && r->cache_dir[len] == '/'))
		return 0;
	err_set(e, ERR_INPUT,
		"the cache '%s' lies outside of the repository: other projects may use it; nothing "
		"was removed",
		r->cache_dir);
	return err_hint(e, "name each with --projects PATH, or say --not-shared");
}

static int collect_all_used(struct gc *g, int lock_ms, struct err *e)
{
	g->locks = mem_array(g->o->n_projects, sizeof(struct lock *), e);
	if (!g->locks || check_shared(g, e) || collect_used(g, g->w, e))
		return -1;
	for (size_t i = 0; i < g->o->n_projects; i++)
		if (collect_of_project(g, g->o->projects[i], lock_ms, e))
			return -1;
	cas_objects_sort(&g->used);
	g->res->n_used = g->used.n;
	return 0;
}

/* ---- what is not ---- */

static int doom(struct gc *g, const struct cas_id *id, int64_t size, struct err *e)
{
	if (cas_objects_find(&g->used, id))
		return 0;
	if (mem_grow(&g->doomed, &g->cap, g->n + 1, sizeof(*g->doomed), e))
		return -1;
	g->doomed[g->n++] = (struct doomed){ *id, size };
	return 0;
}

static int doom_object(void *ctx, const struct cas_id *id, const struct stat *st, struct err *e)
{
	return doom(ctx, id, st->st_size, e);
}

static int doom_remote(struct gc *g, struct remote_store *store, struct err *e)
{
	struct remote_listing *l = remote_store_list(store, "", e);
	struct remote_entry entry;
	struct cas_id id;
	int r = l ? 1 : -1;

	while (r > 0 && (r = remote_listing_next(l, &entry, e)) > 0)
		if (cas_objects_parse_key(entry.key, &id) && doom(g, &id, entry.size, e))
			r = -1;
	remote_listing_close(l);
	return r;
}

/* Manifests first: while one is there, so are its members. */
static int manifests_first(const void *a, const void *b)
{
	const struct doomed *x = a, *y = b;

	if (x->id.is_dir != y->id.is_dir)
		return x->id.is_dir ? -1 : 1;
	return cas_id_cmp(&x->id, &y->id);
}

static void count(struct gc *g, const struct doomed *d)
{
	g->res->n_removed++;
	g->res->bytes_removed += (uint64_t)d->size;
	if (g->o->each)
		g->o->each(g->o->ctx, &d->id, d->size);
}

static int remove_here(struct gc *g, struct err *e)
{
	size_t n;

	for (size_t i = 0; i < g->n; i++) {
		if (!g->o->dry_run && cas_object_remove(g->w->cache, &g->doomed[i].id, e))
			return -1;
		count(g, &g->doomed[i]);
	}
	n = g->o->dry_run ? 0 : cas_object_sweep(g->w->cache);
	if (n)
		diag_say(g->w->diag, DIAG_NOTE, "%zu interrupted downloads removed", n);
	return 0;
}

struct removing {
	struct gc *g;
	size_t at;
};

struct removal {
	struct remote_job job;
	struct doomed *doomed;
	char *key;
};

static int next_removal(void *ctx, struct remote_job **job, struct err *e)
{
	struct removing *r = ctx;
	struct removal *k;

	if (r->at == r->g->n)
		return 0;
	k = mem_new(sizeof(*k), e);
	if (!k)
		return -1;
	k->doomed = &r->g->doomed[r->at++];
	cas_objects_key(&k->doomed->id, &r->g->key);
	k->key = buf_detach(&r->g->key, e);
	if (!k->key) {
		free(k);
		return -1;
	}
	k->job = (struct remote_job){ .op = REMOTE_DELETE, .key = k->key, .owner = k };
	*job = &k->job;
	return 1;
}

static int removed(void *ctx, struct remote_job *job, const struct err *failed, struct err *e)
{
	struct removing *r = ctx;
	struct removal *k = job->owner;

	if (!failed)
		count(r->g, k->doomed);
	else
		*e = *failed;
	free(k->key);
	free(k);
	return failed ? -1 : 0;
}

static int run_removal(struct gc *g, struct remote_store *store, size_t n, struct err *e)
{
	static const struct remote_queue queue = { next_removal, removed };
	struct gc part = *g;
	struct removing r = { .g = &part };
	int result;

	part.n = n;
	result = remote_store_run(store, &queue, &r, e);
	g->key = part.key;
	return result;
}

/* Lists of directories first, and all of them, before any member: a list there means that its members are. */
static int remove_there(struct gc *g, struct remote_store *store, struct err *e)
{
	struct doomed *all = g->doomed;
	size_t n = g->n, n_dirs = 0;
	int r;

	for (size_t i = 0; i < n && g->o->dry_run; i++)
		count(g, &all[i]);
	if (g->o->dry_run)
		return 0;
	while (n_dirs < n && all[n_dirs].id.is_dir)
		n_dirs++;
	r = run_removal(g, store, n_dirs, e);
	g->doomed = all + n_dirs;
	if (!r)
		r = run_removal(g, store, n - n_dirs, e);
	g->doomed = all;
	return r;
}

int cas_gc_run(struct cas_worktree *w, const struct cas_gc_options *o, int lock_ms,
	struct cas_gc_result *res, struct err *e)
{
	struct gc g = { .w = w, .o = o, .res = res, .key = BUF_INIT };
	struct remote_store *store = NULL;
	int r = -1;

	*res = (struct cas_gc_result){ 0 };
	if (!o->workspace && !o->all_branches && !o->all_tags && !o->all_commits) {
		err_set(e, ERR_INPUT, "what is to be kept is not said");
		err_hint(e, "-w keeps what the workspace references, -A what any commit does");
		goto out;
	}
	if (collect_all_used(&g, lock_ms, e))
		goto out;
	if (o->in_remote) {
		store = cas_transfer_open(w, o->remote, NULL, e);
		if (!store || doom_remote(&g, store, e))
			goto out;
	} else if (cas_object_each(w->cache, doom_object, &g, e)) {
		goto out;
	}
	if (g.n)
		qsort(g.doomed, g.n, sizeof(*g.doomed), manifests_first);
	r = o->in_remote ? remove_there(&g, store, e) : remove_here(&g, e);
out:
	remote_store_close(store);
	for (size_t i = 0; i < g.n_locks; i++)
		lock_drop(g.locks[i]);
	free(g.locks);
	cas_objects_release(&g.used);
	free(g.doomed);
	buf_release(&g.key);
	return r;
}
