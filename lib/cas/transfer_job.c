#include "cas/transfer_job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "cas/digest.h"

struct move {
	struct cas_worktree *w;
	struct cas_objects *set;
	const struct cas_transfer_options *o;
	struct cas_transfer_result *res;
	bool is_push, is_asking, may_miss;
	size_t at;
};

struct work {
	struct remote_job job;
	struct cas_objects_item *item;
	char *key, *path;
	char *final; /* a legacy object's place, where it goes when its hash is right */
};

static void work_free(struct work *w)
{
	if (!w)
		return;
	free(w->key);
	free(w->path);
	free(w->final);
	free(w);
}

/* The old hash is not the MD5 of the bytes: such an object is checked in a place of its own. */
static bool is_checked_apart(const struct cas_id *id)
{
	return id->is_legacy && !id->is_dir;
}

static int set_paths(struct move *m, struct work *k, struct err *e)
{
	struct buf b = BUF_INIT;
	int r = -1;

	cas_object_path(m->w->cache, &k->item->id, &b);
	k->path = buf_detach(&b, e);
	if (!k->path)
		goto out;
	if (!m->is_push && is_checked_apart(&k->item->id)) {
		k->final = k->path;
		path_join(&b, m->w->repo->tmp_dir, ".cd4ml-");
		buf_addf(&b, "%ld-fetch%zu.tmp", (long)getpid(), m->at);
		k->path = buf_detach(&b, e);
		if (!k->path)
			goto out;
	}
	cas_objects_key(&k->item->id, &b);
	k->key = buf_detach(&b, e);
	r = k->key ? 0 : -1;
out:
	buf_release(&b);
	return r;
}

static int next(void *ctx, struct remote_job **job, struct err *e)
{
	struct move *m = ctx;
	struct cas_objects_item *item;
	struct work *k;

	while (m->at < m->set->n && m->set->items[m->at].state != CAS_TRANSFER_TODO)
		m->at++;
	if (m->at == m->set->n)
		return 0;
	item = &m->set->items[m->at++];
	k = mem_new(sizeof(*k), e);
	if (!k)
		return -1;
	k->item = item;
	if (set_paths(m, k, e)) {
		work_free(k);
		return -1;
	}
	k->job = (struct remote_job){ .key = k->key,
		.path = k->path,
		.owner = k,
		.keep = true,
		.read_only = true,
		.has_md5 = !is_checked_apart(&item->id) };
	k->job.op = m->is_asking ? REMOTE_ASK : m->is_push ? REMOTE_SEND : REMOTE_FETCH;
	memcpy(k->job.md5, item->id.md5, HASH_MD5_LEN);
	if (m->is_push && !m->is_asking && is_checked_apart(&item->id)) {
		struct err bad = ERR_INIT;

		/* Looked at here, since the store cannot; a corrupt one fails as one that is missing. */
		if (cas_object_check(m->w->cache, &item->id, NULL, &bad) < 0)
			k->job.has_md5 = true;
	}
	*job = &k->job;
	return 1;
}

/* The fetched file has the old hash: it gets its name; else it goes. */
static int settle_legacy(struct work *k, struct err *e)
{
	int fd = open(k->path, O_RDONLY | O_CLOEXEC), r = -1;
	struct cas_digest d = { .fd = fd, .label = k->key, .to = -1, .is_legacy = true };

	if (fd < 0)
		return err_errno(e, "cannot open '%s'", k->path);
	if (cas_digest_stream(&d, e))
		goto out;
	if (memcmp(d.md5, k->item->id.md5, HASH_MD5_LEN) != 0) {
		err_set(e, ERR_INPUT, "is corrupt: its bytes have another hash");
		err_at(e, "%s", k->key);
		goto out;
	}
	if (path_make_parents(k->final, e))
		goto out;
	r = rename(k->path, k->final) ? err_errno(e, "cannot make '%s'", k->final) : 0;
out:
	close(fd);
	if (r)
		unlink(k->path);
	return r;
}

static void tell(
	const struct move *m, enum cas_transfer_event event, const struct work *k, const char *text)
{
	if (m->o->each)
		m->o->each(m->o->ctx, event, k->item->label, &k->item->id, k->job.size, text);
}

static const char *why_moved(const struct move *m)
{
	return m->is_push ? "not in the remote" : "not in the cache";
}

static void count_failure(struct move *m, struct work *k, const struct err *failed)
{
	char text[2048];
	bool is_missing = m->is_push && !cas_object_has(m->w->cache, &k->item->id);

	k->item->state = CAS_TRANSFER_NOT_THERE;
	if (is_missing && m->may_miss)
		return;
	m->res->n_missing += is_missing;
	if (!is_missing && !m->res->n_failed++)
		m->res->code = failed->code;
	err_format(failed, text, sizeof(text));
	tell(m, is_missing ? CAS_TRANSFER_MISSING : CAS_TRANSFER_FAILED, k,
		is_missing ? "not in the cache" : text);
}

static int done(void *ctx, struct remote_job *job, const struct err *failed, struct err *e)
{
	struct move *m = ctx;
	struct work *k = job->owner;
	struct err mine = ERR_INIT;

	(void)e;
	if (!failed && k->final && job->is_there && settle_legacy(k, &mine))
		failed = &mine;
	if (failed) {
		count_failure(m, k, failed);
	} else if (m->is_asking) {
		k->item->state = job->is_there ? CAS_TRANSFER_THERE : CAS_TRANSFER_SKIP;
	} else if (m->is_push && job->is_there) {
		k->item->state = CAS_TRANSFER_THERE;
		m->res->n_there++;
		tell(m, CAS_TRANSFER_LEFT, k, "in the remote already");
	} else if (!m->is_push && !job->is_there) {
		k->item->state = CAS_TRANSFER_NOT_THERE;
		m->res->n_missing += !m->may_miss;
		if (!m->may_miss)
			tell(m, CAS_TRANSFER_MISSING, k, "not in the remote");
	} else {
		if (!m->is_push)
			cas_object_remember(m->w->cache, &k->item->id);
		k->item->state = CAS_TRANSFER_THERE;
		m->res->n_moved++;
		m->res->bytes_moved += (uint64_t)job->size;
		tell(m, CAS_TRANSFER_MOVED, k, why_moved(m));
	}
	if (!m->is_asking)
		progress_tick(m->w->progress);
	work_free(k);
	return 0;
}

/* So few are asked for one by one: a listing of a large bucket takes longer. */
enum { FEW = 32 };

static const struct remote_queue queue = { next, done };

/* A bucket is listed once; keys and objects are both sorted, so one pass over both is enough. */
static int ask_by_listing(struct remote_store *store, struct cas_objects *set, struct err *e)
{
	bool has_legacy = false;
	struct remote_listing *l;
	struct cas_objects_item *item;
	struct remote_entry entry;
	struct cas_id id;
	int r;

	for (size_t i = 0; i < set->n && !has_legacy; i++)
		has_legacy = set->items[i].id.is_legacy;
	l = remote_store_list(store, has_legacy ? "" : "files/md5/", e);
	if (!l)
		return -1;
	while ((r = remote_listing_next(l, &entry, e)) > 0) {
		if (!cas_objects_parse_key(entry.key, &id))
			continue;
		item = cas_objects_find(set, &id);
		if (item && item->state == CAS_TRANSFER_TODO)
			item->state = CAS_TRANSFER_THERE;
	}
	remote_listing_close(l);
	return r;
}

int cas_transfer_ask(
	struct cas_worktree *w, struct remote_store *store, struct cas_objects *set, struct err *e)
{
	static const struct cas_transfer_options none = { 0 };
	struct cas_transfer_result ignored = { 0 };
	struct move m = { .w = w, .set = set, .o = &none, .res = &ignored, .is_asking = true };

	for (size_t i = 0; i < set->n; i++)
		set->items[i].state = CAS_TRANSFER_TODO;
	if (!remote_store_asks_cheaply(store) && set->n > FEW)
		return ask_by_listing(store, set, e);
	if (remote_store_run(store, &queue, &m, e))
		return -1;
	if (ignored.n_failed && !remote_store_asks_cheaply(store))
		return ask_by_listing(store, set, e); /* says what is wrong, if it still is */
	for (size_t i = 0; i < set->n; i++)
		if (set->items[i].state != CAS_TRANSFER_THERE)
			set->items[i].state = CAS_TRANSFER_TODO;
	return 0;
}

/* 0 where it is not in the cache. */
static int64_t size_here(const struct move *m, const struct cas_objects_item *item)
{
	struct buf path = BUF_INIT;
	struct stat st = { 0 };

	cas_object_path(m->w->cache, &item->id, &path);
	if (path.failed || stat(path.p, &st))
		st.st_size = 0;
	buf_release(&path);
	return st.st_size;
}

/* What goes up is known by its size; of what comes down that is only known when it comes. */
static void start_progress(const struct move *m, size_t n)
{
	uint64_t bytes = 0;

	if (!m->w->progress)
		return;
	for (size_t i = 0; i < m->set->n && m->is_push; i++)
		if (m->set->items[i].state == CAS_TRANSFER_TODO)
			bytes += (uint64_t)size_here(m, &m->set->items[i]);
	progress_start(m->w->progress, m->is_push ? "push" : "fetch", bytes, PROGRESS_BYTES);
	progress_expect(m->w->progress, n, "files");
}

/* Nothing moves: what would is told. */
static void move_in_mind(struct move *m)
{
	for (size_t i = 0; i < m->set->n; i++) {
		struct work k = { .item = &m->set->items[i] };
		bool is_here = cas_object_has(m->w->cache, &k.item->id);

		if (k.item->state != CAS_TRANSFER_TODO)
			continue;
		if (m->is_push && !is_here) {
			m->res->n_missing += !m->may_miss;
			k.item->state = CAS_TRANSFER_NOT_THERE;
			if (!m->may_miss)
				tell(m, CAS_TRANSFER_MISSING, &k, "not in the cache");
			continue;
		}
		m->res->n_moved++;
		k.item->state = CAS_TRANSFER_THERE;
		if (m->is_push)
			k.job.size = size_here(m, k.item);
		m->res->bytes_moved += (uint64_t)k.job.size;
		tell(m, CAS_TRANSFER_MOVED, &k, why_moved(m));
	}
}

int cas_transfer_move(struct cas_worktree *w, struct remote_store *store, bool is_push,
	bool may_miss, struct cas_objects *set, const struct cas_transfer_options *o,
	struct cas_transfer_result *res, struct err *e)
{
	struct move m = {
		.w = w, .set = set, .o = o, .res = res, .is_push = is_push, .may_miss = may_miss
	};
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++)
		n += set->items[i].state == CAS_TRANSFER_TODO;
	if (!n)
		return 0;
	start_progress(&m, n);
	if (o->dry_run) {
		move_in_mind(&m);
		return 0;
	}
	return remote_store_run(store, &queue, &m, e);
}
