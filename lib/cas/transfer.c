#include "cas/transfer.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cas/transfer_job.h"

/* ---- the remote ---- */

struct settings {
	const struct cas_transfer_options *o;
	const struct cas_repo *repo;
	struct buf section;
};

static const char *setting(void *ctx, const char *name)
{
	struct settings *s = ctx;
	const char *said = s->o->setting ? s->o->setting(s->o->setting_ctx, name) : NULL;

	return said ? said : cas_repo_get(s->repo, s->section.p, name);
}

struct remote_store *cas_transfer_open(struct cas_worktree *w, const char *name,
	const struct cas_transfer_options *transfer, struct err *e)
{
	static const struct cas_transfer_options none = { 0 };
	struct settings s = {
		.o = transfer ? transfer : &none, .repo = w->repo, .section = BUF_INIT
	};
	struct buf resolved = BUF_INIT, url = BUF_INIT;
	struct remote_store_options o = { .pool = w->pool,
		.progress = w->progress,
		.diag = w->diag,
		.in_flight = s.o->in_flight,
		.setting = setting,
		.setting_ctx = &s };
	struct remote_store *store = NULL;

	if (cas_repo_remote_url(w->repo, name, &resolved, &url, e))
		goto out;
	buf_addf(&s.section, "remote \"%s\"", resolved.p);
	o.url = url.p;
	if (!buf_check(&s.section, e))
		store = remote_store_open(&o, e);
	if (!store)
		err_at(e, "remote %s", resolved.p);
out:
	buf_release(&s.section);
	buf_release(&resolved);
	buf_release(&url);
	return store;
}

bool cas_transfer_moves(const struct cas_ref *ref, bool is_push)
{
	return ref->out.has_id && ref->out.cache && (!is_push || ref->out.push);
}

/* ---- one remote's part ---- */

struct part {
	struct cas_worktree *w;
	const struct cas_refs *refs;
	const struct cas_transfer_options *o;
	struct cas_transfer_result *res;
	struct remote_store *store;
	bool *mine; /* [refs->n]: which refs go to this store */
	bool is_push, may_miss;
};

static int by_label(const struct part *p, struct cas_objects *set, bool dirs, struct err *e)
{
	for (size_t i = 0; i < p->refs->n; i++) {
		const struct cas_out *out = &p->refs->refs[i].out;

		if (p->mine[i] && out->content.id.is_dir == dirs &&
			cas_objects_add(set, &out->content.id, out->path, NULL, e))
			return -1;
	}
	return 0;
}

static void tell(const struct part *p, enum cas_transfer_event event,
	const struct cas_objects_item *item, const char *why)
{
	if (p->o->each)
		p->o->each(p->o->ctx, event, item->label, &item->id, 0, why);
}

static void leave(const struct part *p, const struct cas_objects_item *item, const char *why)
{
	p->res->n_there++;
	tell(p, CAS_TRANSFER_LEFT, item, why);
}

/* Where asking is dear, or nothing may move, it is found out first what is there. */
static int ask_first(const struct part *p, struct cas_objects *set, struct err *e)
{
	if (!p->is_push || !set->n || (remote_store_asks_cheaply(p->store) && !p->o->dry_run))
		return 0;
	if (cas_transfer_ask(p->w, p->store, set, e))
		return -1;
	for (size_t i = 0; i < set->n; i++)
		if (set->items[i].state == CAS_TRANSFER_THERE)
			leave(p, &set->items[i], "in the remote already");
	return 0;
}

/* The members of directories whose manifests are in the cache. Others are told when their turn comes. */
static int add_members(const struct part *p, struct cas_objects *set, struct err *e)
{
	for (size_t i = 0; i < p->refs->n; i++) {
		const struct cas_out *out = &p->refs->refs[i].out;

		if (!p->mine[i] || !out->content.id.is_dir ||
			!cas_object_has(p->w->cache, &out->content.id))
			continue;
		if (cas_objects_add_members(set, p->w, &out->content.id, out->path, e))
			return -1;
	}
	return 0;
}

/* A manifest stays here as long as one of its members is not there. */
static int hold_back(const struct part *p, struct cas_objects *dirs,
	const struct cas_objects *files, struct err *e)
{
	for (size_t i = 0; i < dirs->n; i++) {
		struct cas_objects members = CAS_OBJECTS_INIT;
		struct cas_objects_item *dir = &dirs->items[i];
		bool whole = true;

		if (dir->state != CAS_TRANSFER_TODO || !cas_object_has(p->w->cache, &dir->id))
			continue;
		if (cas_objects_add_members(&members, p->w, &dir->id, dir->label, e)) {
			cas_objects_release(&members);
			return -1;
		}
		for (size_t k = 0; k < members.n && whole; k++) {
			const struct cas_objects_item *file =
				cas_objects_find(files, &members.items[k].id);

			whole = file && file->state == CAS_TRANSFER_THERE;
		}
		if (!whole) {
			dir->state = CAS_TRANSFER_SKIP;
			tell(p, CAS_TRANSFER_HELD, dir, "a file of it is not in the remote");
		}
		cas_objects_release(&members);
	}
	return 0;
}

static int push_part(struct part *p, struct err *e)
{
	struct cas_objects files = CAS_OBJECTS_INIT, dirs = CAS_OBJECTS_INIT;
	int r = -1;

	if (by_label(p, &files, false, e) || add_members(p, &files, e) ||
		by_label(p, &dirs, true, e))
		goto out;
	cas_objects_sort(&files);
	cas_objects_sort(&dirs);
	if (ask_first(p, &files, e) || ask_first(p, &dirs, e) ||
		cas_transfer_move(p->w, p->store, true, p->may_miss, &files, p->o, p->res, e) ||
		hold_back(p, &dirs, &files, e) ||
		cas_transfer_move(p->w, p->store, true, p->may_miss, &dirs, p->o, p->res, e))
		goto out;
	r = 0;
out:
	cas_objects_release(&files);
	cas_objects_release(&dirs);
	return r;
}

/* What is in the cache is not fetched. */
static void leave_out_here(const struct part *p, struct cas_objects *set)
{
	for (size_t i = 0; i < set->n; i++)
		if (cas_object_has(p->w->cache, &set->items[i].id)) {
			set->items[i].state = CAS_TRANSFER_THERE;
			leave(p, &set->items[i], "in the cache already");
		}
}

static int fetch_part(struct part *p, struct err *e)
{
	struct cas_objects files = CAS_OBJECTS_INIT, dirs = CAS_OBJECTS_INIT;
	int r = -1;

	if (by_label(p, &dirs, true, e))
		goto out;
	cas_objects_sort(&dirs);
	leave_out_here(p, &dirs);
	if (cas_transfer_move(p->w, p->store, false, p->may_miss, &dirs, p->o, p->res, e) ||
		by_label(p, &files, false, e) || add_members(p, &files, e))
		goto out;
	cas_objects_sort(&files);
	leave_out_here(p, &files);
	r = cas_transfer_move(p->w, p->store, false, p->may_miss, &files, p->o, p->res, e);
out:
	cas_objects_release(&files);
	cas_objects_release(&dirs);
	return r;
}

static int runs_part(struct part *p, struct err *e)
{
	struct cas_refs refs = CAS_REFS_INIT;
	struct part part = *p;
	int r = cas_transfer_runs(p->w, p->store, p->is_push, p->o, &refs, p->res, e);

	part.refs = &refs;
	part.may_miss = true; /* results of long ago: what is left of them */
	part.mine = r ? NULL : mem_array(refs.n + 1, sizeof(*part.mine), e);
	if (part.mine) {
		for (size_t i = 0; i < refs.n; i++)
			part.mine[i] = cas_transfer_moves(&refs.refs[i], p->is_push);
		r = p->is_push ? push_part(&part, e) : fetch_part(&part, e);
	} else {
		r = -1;
	}
	free(part.mine);
	cas_refs_release(&refs);
	return r;
}

/* ---- by remote ---- */

/* The remote of a ref: what was asked for, else its own, else "" for the default. */
static const char *remote_of(const struct cas_ref *ref, const struct cas_transfer_options *o)
{
	return o->remote ? o->remote : ref->out.remote ? ref->out.remote : "";
}

typedef int part_work(struct part *p, struct err *e);

/* Calls `work` for each remote with the refs that go there; for the default one always. */
static int each_remote(struct part *p, const bool *wanted, part_work *work, struct err *e)
{
	bool *done = mem_array(p->refs->n + 1, sizeof(*done), e);
	const char *name = p->o->remote ? p->o->remote : "";
	int r = -1;

	p->mine = done ? mem_array(p->refs->n + 1, sizeof(*p->mine), e) : NULL;
	while (p->mine && name) {
		const char *next = NULL;

		for (size_t i = 0; i < p->refs->n; i++) {
			const struct cas_ref *ref = &p->refs->refs[i];
			bool moves = wanted[i] && cas_transfer_moves(ref, p->is_push);

			p->mine[i] = moves && !strcmp(remote_of(ref, p->o), name);
			done[i] = done[i] || p->mine[i];
			if (moves && !done[i] && !next)
				next = remote_of(ref, p->o);
		}
		p->store = cas_transfer_open(p->w, *name ? name : NULL, p->o, e);
		r = p->store ? work(p, e) : -1;
		remote_store_close(p->store);
		name = r ? NULL : next;
	}
	free(p->mine);
	free(done);
	return r;
}

static int push_work(struct part *p, struct err *e)
{
	return push_part(p, e) || (p->o->run_cache && runs_part(p, e)) ? -1 : 0;
}

static int fetch_work(struct part *p, struct err *e)
{
	return fetch_part(p, e) || (p->o->run_cache && runs_part(p, e)) ? -1 : 0;
}

int cas_transfer_push(struct cas_worktree *w, const struct cas_refs *refs, const bool *wanted,
	const struct cas_transfer_options *o, struct cas_transfer_result *res, struct err *e)
{
	struct part p = { .w = w, .refs = refs, .o = o, .res = res, .is_push = true };

	*res = (struct cas_transfer_result){ 0 };
	return each_remote(&p, wanted, push_work, e);
}

int cas_transfer_fetch(struct cas_worktree *w, const struct cas_refs *refs, const bool *wanted,
	const struct cas_transfer_options *o, struct cas_transfer_result *res, struct err *e)
{
	struct part p = { .w = w, .refs = refs, .o = o, .res = res };

	*res = (struct cas_transfer_result){ 0 };
	return each_remote(&p, wanted, fetch_work, e);
}

/* ---- status ---- */

struct asking {
	struct part part; /* first: each_remote() hands it back */
	enum cas_transfer_state *state;
};

/* 1 all there, 0 not, by the set that was asked. */
static bool is_whole(const struct cas_objects *asked, const struct cas_id *id)
{
	const struct cas_objects_item *item = cas_objects_find(asked, id);

	return item && item->state == CAS_TRANSFER_THERE;
}

static int judge(struct asking *a, size_t i, const struct cas_objects *asked, struct err *e)
{
	const struct cas_out *out = &a->part.refs->refs[i].out;
	struct cas_objects members = CAS_OBJECTS_INIT;
	int here = cas_worktree_has(a->part.w, &out->content.id, e);
	bool there = is_whole(asked, &out->content.id);
	int r = here < 0 ? -1 : 0;

	if (!r && there && out->content.id.is_dir &&
		cas_object_has(a->part.w->cache, &out->content.id)) {
		r = cas_objects_add_members(&members, a->part.w, &out->content.id, out->path, e);
		for (size_t k = 0; k < members.n && there && !r; k++)
			there = is_whole(asked, &members.items[k].id);
	}
	a->state[i] = here && there ? CAS_TRANSFER_SAME
		      : here        ? CAS_TRANSFER_NEW
		      : there       ? CAS_TRANSFER_DELETED
				    : CAS_TRANSFER_LOST;
	cas_objects_release(&members);
	return r;
}

static int status_work(struct part *p, struct err *e)
{
	struct asking *a = (struct asking *)p;
	struct cas_objects set = CAS_OBJECTS_INIT;
	int r = by_label(p, &set, false, e) || by_label(p, &set, true, e) || add_members(p, &set, e)
			? -1
			: 0;

	cas_objects_sort(&set);
	if (!r)
		r = cas_transfer_ask(p->w, p->store, &set, e);
	for (size_t i = 0; i < p->refs->n && !r; i++)
		if (p->mine[i])
			r = judge(a, i, &set, e);
	cas_objects_release(&set);
	return r;
}

int cas_transfer_status(struct cas_worktree *w, const struct cas_refs *refs, const bool *wanted,
	const struct cas_transfer_options *o, enum cas_transfer_state *state, struct err *e)
{
	struct cas_transfer_result ignored = { 0 };
	struct asking a = {
		.part = { .w = w, .refs = refs, .o = o, .res = &ignored, .is_push = true },
		.state = state
	};

	for (size_t i = 0; i < refs->n; i++)
		state[i] = CAS_TRANSFER_SAME;
	return each_remote(&a.part, wanted, status_work, e);
}
