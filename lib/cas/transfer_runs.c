/* The run cache: small files under runs/, which are only ever added; and the objects that they name. */
#include <stdlib.h>

#include "base/input.h"
#include "base/mem.h"
#include "base/path.h"
#include "cas/transfer_job.h"

enum { RUN_MAX_BYTES = 1 << 26 };

struct runs {
	struct cas_worktree *w;
	struct remote_listing *from;
	bool is_push;
	const struct cas_transfer_options *o;
	struct cas_transfer_result *res;
};

struct work {
	struct remote_job job;
	char *key, *path;
};

static bool is_hex(struct slice s, size_t len)
{
	for (size_t i = 0; i < s.len; i++)
		if (!(s.p[i] >= '0' && s.p[i] <= '9') && !(s.p[i] >= 'a' && s.p[i] <= 'f'))
			return false;
	return s.len == len;
}

/* runs/K2/KEY/VALUE: a remote may hold anything else there too. */
static bool is_run(const char *key)
{
	struct slice rest = slice_of(key), part[4];

	for (size_t i = 0; i < 4; i++)
		if (!slice_cut(&rest, '/', &part[i]))
			return false;
	return !rest.p && slice_is(part[0], "runs") && is_hex(part[1], 2) && is_hex(part[2], 64) &&
	       is_hex(part[3], 64) && !memcmp(part[1].p, part[2].p, 2);
}

static void work_free(struct work *k)
{
	if (!k)
		return;
	free(k->key);
	free(k->path);
	free(k);
}

static int next(void *ctx, struct remote_job **job, struct err *e)
{
	struct runs *r = ctx;
	struct remote_entry entry;
	struct buf path = BUF_INIT;
	struct work *k;
	int got;

	while ((got = remote_listing_next(r->from, &entry, e)) > 0) {
		if (!is_run(entry.key))
			continue;
		path_join(&path, r->w->repo->cache_dir, entry.key);
		if (!r->is_push && path_exists(path.p))
			continue;
		break;
	}
	if (got <= 0) {
		buf_release(&path);
		return got;
	}
	k = mem_new(sizeof(*k), e);
	if (!k) {
		buf_release(&path);
		return -1;
	}
	k->key = mem_dup(entry.key, e);
	k->path = k->key ? buf_detach(&path, e) : NULL;
	buf_release(&path);
	if (!k->path) {
		work_free(k);
		return -1;
	}
	k->job = (struct remote_job){ .op = r->is_push ? REMOTE_SEND : REMOTE_FETCH,
		.key = k->key,
		.path = k->path,
		.keep = true,
		.owner = k };
	*job = &k->job;
	return 1;
}

static int done(void *ctx, struct remote_job *job, const struct err *failed, struct err *e)
{
	struct runs *r = ctx;
	struct cas_id none = { .is_dir = false };
	char text[2048];

	(void)e;
	if (failed) {
		if (!r->res->n_failed++)
			r->res->code = failed->code;
		err_format(failed, text, sizeof(text));
		if (r->o->each)
			r->o->each(r->o->ctx, CAS_TRANSFER_FAILED, job->key, &none, 0, text);
	} else if (!r->is_push || !job->is_there) {
		r->res->n_runs++;
	}
	work_free(job->owner);
	return 0;
}

/* An entry that cannot be read is of no use to anybody, and no reason to stop. */
static int add_entry(struct cas_worktree *w, const char *key, struct cas_refs *refs, struct err *e)
{
	struct buf path = BUF_INIT, text = BUF_INIT;
	struct err why = ERR_INIT;

	path_join(&path, w->repo->cache_dir, key);
	if (buf_check(&path, e)) {
		buf_release(&path);
		return -1;
	}
	if (input_load(path.p, RUN_MAX_BYTES, &text, &why) ||
		cas_refs_add_pointer(refs, key, buf_slice(&text), &why))
		diag_say(w->diag, DIAG_WARNING, "%s: left out: %s", key, why.what);
	buf_release(&path);
	buf_release(&text);
	return 0;
}

static int add_refs(
	struct cas_worktree *w, struct remote_store *here, struct cas_refs *refs, struct err *e)
{
	struct remote_listing *l = remote_store_list(here, "runs/", e);
	struct remote_entry entry;
	int r = l ? 1 : -1;

	while (r > 0 && (r = remote_listing_next(l, &entry, e)) > 0)
		if (is_run(entry.key) && add_entry(w, entry.key, refs, e))
			r = -1;
	remote_listing_close(l);
	return r;
}

int cas_transfer_runs(struct cas_worktree *w, struct remote_store *store, bool is_push,
	const struct cas_transfer_options *o, struct cas_refs *refs,
	struct cas_transfer_result *res, struct err *e)
{
	static const struct remote_queue queue = { next, done };
	struct remote_store_options here_options = { .url = w->repo->cache_dir, .pool = w->pool };
	struct remote_store *here = remote_store_open(&here_options, e);
	struct runs r = { .w = w, .is_push = is_push, .o = o, .res = res };
	int result = -1;

	if (!here)
		return -1;
	r.from = remote_store_list(is_push ? here : store, "runs/", e);
	if (!r.from)
		goto out;
	if (!o->dry_run && remote_store_run(store, &queue, &r, e))
		goto out;
	result = add_refs(w, here, refs, e);
out:
	remote_listing_close(r.from);
	remote_store_close(here);
	return result;
}
