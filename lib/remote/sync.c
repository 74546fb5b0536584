#include "remote/sync_trees.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/path.h"

/* ---- one side ---- */

struct side {
	struct remote_store *store;
	struct remote_listing *listing;
	struct remote_entry entry;
	bool has; /* `entry` is valid */
	struct buf last; /* the key before */
};

/* A merge of what is not sorted would delete what is there on both sides. */
static int check_order(struct side *s, struct err *e)
{
	if (s->last.len && strcmp(s->last.p, s->entry.key) >= 0)
		return err_set(e, ERR_SYSTEM, "%s: its listing is not sorted: '%s' behind '%s'",
			remote_store_name(s->store), s->entry.key, s->last.p);
	buf_reset(&s->last);
	buf_add_text(&s->last, s->entry.key);
	return buf_check(&s->last, e);
}

/* The next entry that the rules let through. */
static int advance(struct side *s, const struct remote_sync_options *o, struct err *e)
{
	int r;

	do {
		r = remote_listing_next(s->listing, &s->entry, e);
		if (r > 0 && check_order(s, e))
			return -1;
	} while (r > 0 && !remote_sync_includes(o->rules, o->n_rules, s->entry.key));
	s->has = r > 0;
	return r < 0 ? -1 : 0;
}

static int hash_path(const char *path, uint8_t md5[HASH_MD5_LEN], struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r;

	if (fd < 0)
		return err_errno(e, "cannot open '%s'", path);
	r = hash_md5_of_file(fd, md5, e);
	close(fd);
	return r ? err_at(e, "%s", path) : 0;
}

static int side_md5(const struct side *s, uint8_t md5[HASH_MD5_LEN], struct err *e)
{
	struct buf path = BUF_INIT;
	int r = -1;

	if (s->entry.has_md5) {
		memcpy(md5, s->entry.md5, HASH_MD5_LEN);
		return 0;
	}
	if (remote_store_path(s->store, s->entry.key, &path))
		r = buf_check(&path, e) ? -1 : hash_path(path.p, md5, e);
	else
		err_set(e, ERR_INPUT, "%s does not know the MD5 of '%s'",
			remote_store_name(s->store), s->entry.key);
	buf_release(&path);
	return r;
}

/* A file system that keeps whole seconds says nothing about the rest. */
static bool same_time(int64_t a, int64_t b)
{
	if (a % 1000000000 == 0 || b % 1000000000 == 0)
		return a / 1000000000 == b / 1000000000;
	return a == b;
}

/*
 * The time of an object is that of its upload. So what goes into a bucket is as old as the copy there if it is
 * older; and what comes out of one got the object's time when it was fetched. Whatever else may have changed, and
 * is then compared by content.
 */
static bool same_age(const struct side *from, const struct side *to)
{
	if (!remote_store_asks_cheaply(to->store))
		return from->entry.mtime_ns < to->entry.mtime_ns;
	return same_time(from->entry.mtime_ns, to->entry.mtime_ns);
}

static bool knows_md5(const struct side *s)
{
	return s->entry.has_md5 || remote_store_asks_cheaply(s->store);
}

/* Why the file has to be sent, NULL if not; then what is the same. -1 and `e`. */
static int judge(const struct side *from, const struct side *to,
	const struct remote_sync_options *o, const char **why, const char **why_same, struct err *e)
{
	uint8_t a[HASH_MD5_LEN], b[HASH_MD5_LEN];

	*why = NULL;
	*why_same = o->size_only ? "size" : "size and time";
	if (from->entry.size != to->entry.size) {
		*why = "size";
	} else if (!o->size_only && (o->checksum || !same_age(from, to))) {
		/* A bucket does not know the MD5 of what came in parts: then it is sent. */
		if (!o->checksum && remote_store_asks_cheaply(from->store) &&
			remote_store_asks_cheaply(to->store))
			*why = "time";
		else if (!knows_md5(from) || !knows_md5(to))
			*why = o->checksum ? "content not known" : "time";
		else if (side_md5(from, a, e) || side_md5(to, b, e))
			return -1;
		else if (memcmp(a, b, HASH_MD5_LEN) != 0)
			*why = "content";
		*why_same = "content";
	}
	return 0;
}

/* ---- the merge, as a queue of jobs ---- */

struct sync {
	const struct remote_sync_options *o;
	struct remote_sync_result *res;
	struct side from, to;
	const char *why_same;
	uint64_t n_from;
	struct arena names;
	struct buf checked; /* the folder of the target that was last looked at for links */
	const char **gone; /* [n_gone]: keys to be deleted */
	size_t n_gone, cap_gone, at_gone;
};

struct work {
	struct remote_job job;
	char *key, *path;
	const char *why;
};

static void tell(const struct sync *s, enum remote_sync_action action, const char *key,
	int64_t size, const char *why)
{
	if (s->o->each)
		s->o->each(s->o->ctx, action, key, size, why);
}

static void work_free(struct work *w)
{
	if (!w)
		return;
	free(w->key);
	free(w->path);
	free(w);
}

static struct work *make_work(struct sync *s, const char *why, struct err *e)
{
	const struct remote_entry *entry = &s->from.entry;
	struct work *w = mem_new(sizeof(*w), e);
	struct buf path = BUF_INIT;

	if (!w)
		return NULL;
	w->why = why;
	w->job = (struct remote_job){ .op = REMOTE_SEND,
		.mtime_ns = entry->mtime_ns,
		.is_exec = entry->is_exec,
		.size = entry->size,
		.owner = w };
	w->key = mem_dup(entry->key, e);
	if (!w->key)
		goto fail;
	if (!remote_store_path(s->from.store, entry->key, &path)) {
		w->job.op = REMOTE_FETCH;
		w->job.has_size = true;
		if (!remote_store_path(s->to.store, entry->key, &path)) {
			w->job.op = REMOTE_COPY;
			buf_addf(&path, "%s/%s", remote_store_name(s->from.store) + strlen("s3://"),
				entry->key);
		}
	}
	w->path = buf_detach(&path, e);
	if (!w->path)
		goto fail;
	w->job.key = w->key;
	w->job.path = w->path;
	return w;
fail:
	buf_release(&path);
	work_free(w);
	return NULL;
}

static int note_gone(struct sync *s, struct err *e)
{
	const char *key;

	if (!s->o->delete)
		return 0;
	key = arena_dup(&s->names, s->to.entry.key, strlen(s->to.entry.key), e);
	if (!key || mem_grow(&s->gone, &s->cap_gone, s->n_gone + 1, sizeof(*s->gone), e))
		return -1;
	s->gone[s->n_gone++] = key;
	return 0;
}

/* Steps to the next file that has to be sent: 1, 0 at the end, -1. */
static int next_difference(struct sync *s, const char **why, struct err *e)
{
	while (s->from.has || s->to.has) {
		int d = !s->from.has ? 1
			: !s->to.has ? -1
				     : strcmp(s->from.entry.key, s->to.entry.key);

		if (d > 0) {
			if (note_gone(s, e) || advance(&s->to, s->o, e))
				return -1;
			continue;
		}
		s->n_from++;
		*why = "new";
		if (!d && judge(&s->from, &s->to, s->o, why, &s->why_same, e))
			return -1;
		if (!d && advance(&s->to, s->o, e))
			return -1;
		if (*why)
			return 1;
		s->res->n_same++;
		tell(s, REMOTE_SYNC_SAME, s->from.entry.key, s->from.entry.size, s->why_same);
		if (advance(&s->from, s->o, e))
			return -1;
	}
	return 0;
}

/* A key may be "../x" or "a//b": such a file would lie elsewhere, or have another key. Nor may a link lead away. */
static int check_name(struct sync *s, const char *key, struct err *e)
{
	struct buf b = BUF_INIT;
	bool is_good;

	if (!remote_store_asks_cheaply(s->to.store))
		return 0;
	buf_add_text(&b, key);
	path_normalise(&b);
	is_good = !b.failed && strcmp(b.p, key) == 0 && path_stays_below(b.p);
	path_dir(&b, key);
	if (buf_check(&b, e) || !is_good) {
		buf_release(&b);
		return err_set(e, ERR_INPUT, "the key cannot be the name of a file below a folder");
	}
	if (slice_eq(buf_slice(&b), buf_slice(&s->checked))) {
		buf_release(&b);
		return 0;
	}
	buf_release(&s->checked);
	s->checked = b;
	if (path_check_links(remote_store_name(s->to.store), key, e)) {
		buf_reset(&s->checked);
		return -1;
	}
	return 0;
}

/* A file that cannot be sent is no reason to leave the others out. */
static void note_failed(struct sync *s, const char *key, int64_t size, const struct err *failed)
{
	char text[1024];

	s->res->n_failed++;
	err_format(failed, text, sizeof(text));
	tell(s, REMOTE_SYNC_FAILED, key, size, text);
}

static int next_job(void *ctx, struct remote_job **job, struct err *e)
{
	struct sync *s = ctx;
	const char *why;
	struct work *w;
	int r;

	while ((r = next_difference(s, &why, e)) > 0) {
		struct err bad = ERR_INIT;

		if (check_name(s, s->from.entry.key, &bad)) {
			note_failed(s, s->from.entry.key, s->from.entry.size, &bad);
			if (advance(&s->from, s->o, e))
				return -1;
			continue;
		}
		if (s->o->dry_run) {
			s->res->n_sent++;
			s->res->bytes_sent += (uint64_t)s->from.entry.size;
			tell(s, REMOTE_SYNC_SENT, s->from.entry.key, s->from.entry.size, why);
			if (advance(&s->from, s->o, e))
				return -1;
			continue;
		}
		w = make_work(s, why, e);
		if (!w || advance(&s->from, s->o, e)) {
			work_free(w);
			return -1;
		}
		*job = &w->job;
		return 1;
	}
	return r;
}

static int job_done(void *ctx, struct remote_job *job, const struct err *failed, struct err *e)
{
	struct sync *s = ctx;
	struct work *w = job->owner;

	(void)e;
	if (failed) {
		note_failed(s, job->key, job->size, failed);
	} else {
		s->res->n_sent++;
		s->res->bytes_sent += (uint64_t)job->size;
		progress_tick(s->o->progress);
		tell(s, REMOTE_SYNC_SENT, job->key, job->size, w->why);
	}
	work_free(w);
	return 0;
}

/* ---- deletion ---- */

static int next_delete(void *ctx, struct remote_job **job, struct err *e)
{
	struct sync *s = ctx;
	struct work *w;

	if (s->at_gone == s->n_gone)
		return 0;
	w = mem_new(sizeof(*w), e);
	if (!w)
		return -1;
	w->job = (struct remote_job){
		.op = REMOTE_DELETE, .key = s->gone[s->at_gone++], .owner = w
	};
	*job = &w->job;
	return 1;
}

static int delete_done(void *ctx, struct remote_job *job, const struct err *failed, struct err *e)
{
	struct sync *s = ctx;
	struct work *w = job->owner;

	(void)e;
	if (failed) {
		note_failed(s, job->key, 0, failed);
	} else {
		s->res->n_deleted++;
		tell(s, REMOTE_SYNC_DELETED, job->key, 0, "not in the source");
	}
	work_free(w);
	return 0;
}

static int delete_gone(struct sync *s, struct err *e)
{
	static const struct remote_queue queue = { next_delete, delete_done };

	if (!s->n_gone || s->res->n_failed)
		return 0;
	if (!s->n_from) {
		err_set(e, ERR_INPUT, "the source is empty: %zu files would be deleted; none was",
			s->n_gone);
		return err_hint(e, "is %s right? To remove all, use s3-sync rm",
			remote_store_name(s->from.store));
	}
	if (s->o->max_delete >= 0 && s->n_gone > (uint64_t)s->o->max_delete) {
		err_set(e, ERR_INPUT, "%zu files would be deleted, more than %lld; none was",
			s->n_gone, (long long)s->o->max_delete);
		return err_hint(e, "look with --dry-run, then raise --max-delete");
	}
	if (s->o->dry_run) {
		for (size_t i = 0; i < s->n_gone; i++)
			tell(s, REMOTE_SYNC_DELETED, s->gone[i], 0, "not in the source");
		s->res->n_deleted = s->n_gone;
		return 0;
	}
	return remote_store_run(s->to.store, &queue, s, e);
}

/* ---- all of it ---- */

static int run_trees(struct sync *s, struct err *e)
{
	static const struct remote_queue queue = { next_job, job_done };
	struct buf path = BUF_INIT;
	/* The side that is not a path does the work. */
	struct remote_store *worker = remote_store_path(s->from.store, "x", &path) ||
						      !remote_store_path(s->to.store, "x", &path)
					      ? s->to.store
					      : s->from.store;
	int r = -1;

	s->from.listing = remote_store_list(s->from.store, "", e);
	s->to.listing = s->from.listing ? remote_store_list(s->to.store, "", e) : NULL;
	if (s->to.listing && !advance(&s->from, s->o, e) && !advance(&s->to, s->o, e)) {
		progress_start(s->o->progress, "sync", 0, PROGRESS_BYTES);
		progress_expect(s->o->progress, 0, "files");
		r = remote_store_run(worker, &queue, s, e) || delete_gone(s, e) ? -1 : 0;
	}
	remote_listing_close(s->from.listing);
	remote_listing_close(s->to.listing);
	buf_release(&path);
	return r;
}

/* One below the other would copy what it has just written. */
static int check_apart(const struct remote_url *from, const struct remote_url *to, struct err *e)
{
	struct buf a = BUF_INIT, b = BUF_INIT;
	int r = -1;

	if (from->kind != REMOTE_URL_PATH || to->kind != REMOTE_URL_PATH ||
		!path_is_dir(from->path.p))
		return 0;
	if (path_absolute(&a, from->path.p, e) || path_absolute(&b, to->path.p, e))
		goto out;
	path_append(&a, "");
	path_append(&b, "");
	if (buf_check(&a, e) || buf_check(&b, e))
		goto out;
	r = 0;
	if (!strncmp(a.p, b.p, a.len < b.len ? a.len : b.len)) {
		err_set(e, ERR_INPUT, "'%s' and '%s' lie inside of one another", from->path.p,
			to->path.p);
		r = -1;
	}
out:
	buf_release(&a);
	buf_release(&b);
	return r;
}

int remote_sync_trees(const struct remote_url *from, const struct remote_url *to,
	const char *const urls[2], const struct remote_sync_options *o,
	const struct remote_store_options *open, struct remote_sync_result *res, struct err *e)
{
	struct sync s = { .o = o,
		.res = res,
		.from = { .last = BUF_INIT },
		.to = { .last = BUF_INIT },
		.checked = BUF_INIT };
	struct remote_store_options options = *open;
	int r = -1;

	if (check_apart(from, to, e))
		return -1;
	options.url = urls[1];
	s.to.store = remote_store_open(&options, e);
	options.url = urls[0];
	s.from.store = s.to.store ? remote_store_open(&options, e) : NULL;
	if (s.from.store)
		r = run_trees(&s, e);
	if (!r && !s.n_from && !o->n_rules && from->kind == REMOTE_URL_S3)
		r = err_set(
			e, ERR_INPUT, "%s: nothing lies there", remote_store_name(s.from.store));
	remote_store_close(s.from.store);
	remote_store_close(s.to.store);
	buf_release(&s.from.last);
	buf_release(&s.to.last);
	buf_release(&s.checked);
	arena_release(&s.names);
	free(s.gone);
	return r;
}
