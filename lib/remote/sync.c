#include "remote/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/path.h"
#include "remote/dir.h"
#include "remote/url.h"

/* ---- rules ---- */

/* One element of the pattern at `*p` against a character; moves `*p` behind it. */
static bool match_one(const char **p, char c)
{
	const char *s = *p;
	bool negated, hit = false;

	if (*s == '\\' && s[1]) {
		*p = s + 2;
		return s[1] == c;
	}
	*p = s + 1;
	if (*s == '?')
		return true;
	if (*s != '[' || !strchr(s + 2, ']'))
		return *s == c;
	negated = s[1] == '!' || s[1] == '^';
	for (s += 1 + negated; *s && (*s != ']' || s == *p + negated); s++) {
		char lo = *s, hi = *s;

		if (s[1] == '-' && s[2] && s[2] != ']') {
			hi = s[2];
			s += 2;
		}
		hit = hit || ((unsigned char)c >= (unsigned char)lo &&
				     (unsigned char)c <= (unsigned char)hi);
	}
	*p = *s ? s + 1 : s;
	return hit != negated;
}

static bool match(const char *p, const char *s)
{
	const char *star = NULL, *star_s = NULL;

	while (*s) {
		const char *next = p;

		if (*p == '*') {
			star = ++p;
			star_s = s;
		} else if (*p && match_one(&next, *s)) {
			p = next;
			s++;
		} else if (star) {
			p = star;
			s = ++star_s;
		} else {
			return false;
		}
	}
	while (*p == '*')
		p++;
	return !*p;
}

bool remote_sync_includes(const struct remote_sync_rule *rules, size_t n_rules, const char *key)
{
	for (size_t i = n_rules; i-- > 0;)
		if (match(rules[i].pattern, key))
			return rules[i].include;
	return true;
}

/* ---- one side ---- */

struct side {
	struct remote_store *store;
	struct remote_listing *listing;
	struct remote_entry entry;
	bool has; /* `entry` is valid */
	bool is_folder; /* of the file system */
};

/* The next entry that the rules let through. */
static int advance(struct side *s, const struct remote_sync_options *o, struct err *e)
{
	int r;

	do
		r = remote_listing_next(s->listing, &s->entry, e);
	while (r > 0 && !remote_sync_includes(o->rules, o->n_rules, s->entry.key));
	s->has = r > 0;
	return r < 0 ? -1 : 0;
}

static int hash_file(const char *path, uint8_t md5[HASH_MD5_LEN], struct err *e)
{
	struct hash_md5 *h = hash_md5_new(e);
	char piece[16384];
	int fd = open(path, O_RDONLY | O_CLOEXEC), r = -1;
	ssize_t n;

	if (fd < 0) {
		err_errno(e, "cannot open '%s'", path);
		goto out;
	}
	while (h && (n = read(fd, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err_errno(e, "cannot read '%s'", path);
			goto out;
		}
		if (hash_md5_add(h, piece, (size_t)n, e))
			goto out;
	}
	if (h)
		r = hash_md5_finish(h, md5, e);
out:
	if (fd >= 0)
		close(fd);
	hash_md5_free(h);
	return r;
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
		r = buf_check(&path, e) ? -1 : hash_file(path.p, md5, e);
	else
		err_set(e, ERR_INPUT, "%s does not know the MD5 of '%s'",
			remote_store_name(s->store), s->entry.key);
	buf_release(&path);
	return r;
}

/*
 * A copy in a folder has the time of its source; a file system that keeps whole seconds says nothing about
 * the rest. A bucket has the time of the upload: what is not newer than that is the same.
 */
static bool same_time(const struct side *from, const struct side *to)
{
	int64_t a = from->entry.mtime_ns, b = to->entry.mtime_ns;

	if (!from->is_folder || !to->is_folder)
		return a <= b;
	if (a % 1000000000 == 0 || b % 1000000000 == 0)
		return a / 1000000000 == b / 1000000000;
	return a == b;
}

/* Why the file has to be sent, NULL if not. -1 and `e`. */
static int judge(const struct side *from, const struct side *to,
	const struct remote_sync_options *o, const char **why, struct err *e)
{
	uint8_t a[HASH_MD5_LEN], b[HASH_MD5_LEN];

	*why = NULL;
	if (from->entry.size != to->entry.size) {
		*why = "size";
	} else if (o->checksum) {
		if (side_md5(from, a, e) || side_md5(to, b, e))
			return -1;
		if (memcmp(a, b, HASH_MD5_LEN) != 0)
			*why = "content";
	} else if (!o->size_only && !same_time(from, to)) {
		*why = "time";
	}
	return 0;
}

/* ---- the merge, as a queue of jobs ---- */

struct sync {
	const struct remote_sync_options *o;
	struct remote_sync_result *res;
	struct side from, to;
	uint64_t n_from;
	struct arena names;
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
		if (!remote_store_path(s->to.store, entry->key, &path)) {
			err_set(e, ERR_INPUT, "one of both has to be a path");
			goto fail;
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
		if (!d && judge(&s->from, &s->to, s->o, why, e))
			return -1;
		if (!d && advance(&s->to, s->o, e))
			return -1;
		if (*why)
			return 1;
		s->res->n_same++;
		tell(s, REMOTE_SYNC_SAME, s->from.entry.key, s->from.entry.size, "");
		if (advance(&s->from, s->o, e))
			return -1;
	}
	return 0;
}

static int next_job(void *ctx, struct remote_job **job, struct err *e)
{
	struct sync *s = ctx;
	const char *why;
	struct work *w;
	int r;

	while ((r = next_difference(s, &why, e)) > 0) {
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
	char text[1024];

	(void)e;
	if (failed) {
		s->res->n_failed++;
		err_format(failed, text, sizeof(text));
		tell(s, REMOTE_SYNC_FAILED, job->key, job->size, text);
	} else {
		s->res->n_sent++;
		s->res->bytes_sent += (uint64_t)job->size;
		progress_add(s->o->progress, (uint64_t)job->size);
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
	char text[1024];

	(void)e;
	if (failed) {
		s->res->n_failed++;
		err_format(failed, text, sizeof(text));
		tell(s, REMOTE_SYNC_FAILED, job->key, 0, text);
	} else {
		s->res->n_deleted++;
		tell(s, REMOTE_SYNC_DELETED, job->key, 0, "");
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
			tell(s, REMOTE_SYNC_DELETED, s->gone[i], 0, "");
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
	struct remote_store *worker;
	int r = -1;

	s->from.is_folder = remote_store_path(s->from.store, "x", &path);
	s->to.is_folder = remote_store_path(s->to.store, "x", &path);
	/* The side that is not a folder does the work. */
	worker = s->from.is_folder ? s->to.store : s->from.store;
	s->from.listing = remote_store_list(s->from.store, "", e);
	s->to.listing = s->from.listing ? remote_store_list(s->to.store, "", e) : NULL;
	if (s->to.listing && !advance(&s->from, s->o, e) && !advance(&s->to, s->o, e)) {
		progress_start(s->o->progress, "sync", 0, PROGRESS_BYTES);
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

/* A file becomes DIR/name where the destination is a folder, else the file of that name. */
static int copy_one(const struct remote_url *from, const struct remote_url *to, struct sync *s,
	struct pool *pool, struct diag *diag, struct err *e)
{
	const char *name = path_base(from->path.p);
	struct buf dir = BUF_INIT;
	struct remote_job job = { .op = REMOTE_SEND, .path = from->path.p };
	struct remote_store *store = NULL;
	struct stat st;
	int r = -1;

	job.key = name;
	if (to->is_folder || path_is_dir(to->path.p)) {
		buf_add_slice(&dir, buf_slice(&to->path));
	} else {
		path_dir(&dir, to->path.p);
		job.key = path_base(to->path.p);
	}
	if (stat(from->path.p, &st)) {
		err_errno(e, "cannot open '%s'", from->path.p);
		goto out;
	}
	job.mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	job.is_exec = st.st_mode & S_IXUSR;
	s->res->n_sent = 1;
	s->res->bytes_sent = (uint64_t)st.st_size;
	store = buf_check(&dir, e) ? NULL : remote_dir_open(dir.p, pool, diag, e);
	if (store)
		r = s->o->dry_run ? 0 : remote_store_do(store, &job, e);
	if (!r)
		tell(s, REMOTE_SYNC_SENT, job.key, st.st_size, "new");
out:
	remote_store_close(store);
	buf_release(&dir);
	return r;
}

static int run_urls(const char *from, const char *to, struct sync *s, struct pool *pool,
	struct diag *diag, struct err *e)
{
	struct remote_store_options open = { .url = to, .pool = pool, .diag = diag };
	struct remote_url a, b = REMOTE_URL_INIT;
	int r = -1;

	if (remote_url_parse(&a, from, e) || remote_url_parse(&b, to, e))
		goto out;
	if (a.kind == REMOTE_URL_PATH && !path_exists(a.path.p)) {
		err_set(e, ERR_INPUT, "'%s' does not exist", a.path.p);
		goto out;
	}
	if (check_apart(&a, &b, e))
		goto out;
	if (a.kind == REMOTE_URL_PATH && b.kind == REMOTE_URL_PATH && !path_is_dir(a.path.p)) {
		r = copy_one(&a, &b, s, pool, diag, e);
		goto out;
	}
	s->to.store = remote_store_open(&open, e);
	open.url = from;
	s->from.store = s->to.store ? remote_store_open(&open, e) : NULL;
	if (s->from.store)
		r = run_trees(s, e);
out:
	remote_url_release(&a);
	remote_url_release(&b);
	return r;
}

int remote_sync_run(const char *from, const char *to, const struct remote_sync_options *o,
	struct pool *pool, struct diag *diag, struct remote_sync_result *res, struct err *e)
{
	struct sync s = { .o = o, .res = res };
	int r;

	*res = (struct remote_sync_result){ 0 };
	r = run_urls(from, to, &s, pool, diag, e);
	remote_store_close(s.from.store);
	remote_store_close(s.to.store);
	arena_release(&s.names);
	free(s.gone);
	return r;
}
