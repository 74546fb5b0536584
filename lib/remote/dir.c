#include "remote/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fresh.h"
#include "base/mem.h"
#include "base/path.h"
#include "remote/dir_list.h"

enum { PIECE = 256 << 10, INTO_MAX = 1 << 30 };

struct dir {
	struct remote_store store;
	char *path;
	struct pool *pool;
	struct diag *diag;
	struct progress *progress;
	struct fresh_place place;
};

static struct dir *dir_of(const struct remote_store *s)
{
	return (struct dir *)(uintptr_t)s;
}

static void dir_close(struct remote_store *s)
{
	struct dir *d = dir_of(s);

	free(d->path);
	free(d);
}

static bool dir_path(const struct remote_store *s, const char *key, struct buf *b)
{
	path_join(b, dir_of(s)->path, key);
	return true;
}

static struct remote_listing *dir_list(struct remote_store *s, const char *prefix, struct err *e)
{
	return remote_dir_list(dir_of(s)->path, prefix, dir_of(s)->diag, e);
}

/* ---- copying ---- */

/* The bytes on their way: to a file or to memory, through the hash where somebody wants it. */
struct stream {
	struct hash_md5 *hash;
	struct progress *progress;
	int to;
	struct buf *into;
	int64_t size;
};

static int stream_write(struct stream *s, const char *p, size_t len, struct err *e)
{
	s->size += (int64_t)len;
	progress_add(s->progress, len);
	if (s->hash && hash_md5_add(s->hash, p, len, e))
		return -1;
	if (s->into) {
		if (s->size > INTO_MAX)
			return err_set(e, ERR_INPUT, "is larger than 1 GiB");
		buf_add(s->into, p, len);
		return buf_check(s->into, e);
	}
	while (len) {
		ssize_t n = write(s->to, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err_errno(e, "cannot write");
			e->code = ERR_SYSTEM;
			return -1;
		}
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int stream_file(struct stream *s, int fd, struct err *e)
{
	char *piece = mem_array_raw(PIECE, 1, e);
	ssize_t n = piece ? 1 : -1;

	while (n > 0) {
		n = read(fd, piece, PIECE);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			err_errno(e, "cannot read");
		else if (n && stream_write(s, piece, (size_t)n, e))
			n = -1;
	}
	free(piece);
	return n < 0 ? -1 : 0;
}

static int stream_begin(struct stream *s, const struct remote_job *job, struct err *e)
{
	if (!job->has_md5)
		return 0;
	s->hash = hash_md5_new(e);
	return s->hash ? 0 : -1;
}

/* Compares with what it must be; tells what it is. */
static int stream_end(struct stream *s, struct remote_job *job, struct err *e)
{
	uint8_t md5[HASH_MD5_LEN];

	job->size = s->size;
	if (!s->hash)
		return 0;
	return hash_md5_finish(s->hash, md5, e) ? -1 : remote_job_check_md5(job, md5, e);
}

/* The time that the copy gets. */
static int64_t time_for(const struct remote_job *job, int fd)
{
	struct stat st;

	if (job->mtime_ns >= 0)
		return job->mtime_ns;
	if (fd < 0 || fstat(fd, &st))
		return 0;
	return (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

/* Copies the open file, or the job's memory if `fd` is -1, to a new file at `path`. */
static int copy_to_file(
	struct dir *d, struct remote_job *job, int fd, const char *path, struct err *e)
{
	struct fresh f = FRESH_INIT;
	struct stream s = { .to = -1, .progress = d->progress };
	struct buf folder = BUF_INIT;
	struct stat st;
	mode_t mode = (job->read_only ? 0444 : 0666) | (job->is_exec ? 0111 : 0);
	int r = -1;

	path_dir(&folder, path);
	if (buf_check(&folder, e) || path_make_dirs(folder.p, e) || stream_begin(&s, job, e) ||
		fresh_open(&d->place, folder.p, mode, &f, e))
		goto out;
	s.to = f.fd;
	if (fd >= 0 ? stream_file(&s, fd, e) : stream_write(&s, job->data.p, job->data.len, e))
		goto out;
	if (stream_end(&s, job, e) || fresh_set_time(&f, time_for(job, fd), e))
		goto out;
	r = job->keep ? fresh_publish(&f, path, &st, e)
		      : fresh_replace(&d->place, &f, path, &st, e);
	r = r < 0 ? -1 : 0;
out:
	fresh_abandon(&f);
	hash_md5_free(s.hash);
	buf_release(&folder);
	return r;
}

static int copy_to_memory(struct remote_job *job, int fd, struct err *e)
{
	struct stream s = { .to = -1, .into = job->into };
	int r = -1;

	buf_reset(job->into);
	if (stream_begin(&s, job, e))
		return -1;
	if (!stream_file(&s, fd, e))
		r = stream_end(&s, job, e);
	hash_md5_free(s.hash);
	return r;
}

/* ---- jobs ---- */

static int open_plain(const char *path, bool *is_there, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	*is_there = fd >= 0 || (errno != ENOENT && errno != ENOTDIR);
	if (fd < 0)
		return err_errno(e, "cannot open");
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return err_set(e, ERR_INPUT, "is not a plain file");
}

static int send(struct dir *d, struct remote_job *job, const char *path, struct err *e)
{
	bool is_there;
	struct stat st;
	int fd, r;

	job->is_there = job->keep && !stat(path, &st);
	if (job->is_there) {
		job->size = st.st_size;
		return 0;
	}
	if (!job->path)
		return copy_to_file(d, job, -1, path, e) ? err_at(e, "%s", path) : 0;
	fd = open_plain(job->path, &is_there, e);
	if (fd < 0)
		return err_at(e, "%s", job->path);
	r = copy_to_file(d, job, fd, path, e);
	close(fd);
	return r ? err_at(e, "%s", job->path) : 0;
}

static int fetch(struct dir *d, struct remote_job *job, const char *path, struct err *e)
{
	int fd = open_plain(path, &job->is_there, e), r;

	if (fd < 0 && !job->is_there) {
		err_clear(e);
		return 0;
	}
	if (fd < 0)
		return err_at(e, "%s", path);
	r = job->path ? copy_to_file(d, job, fd, job->path, e) : copy_to_memory(job, fd, e);
	close(fd);
	return r ? err_at(e, "%s", path) : 0;
}

static int ask(struct remote_job *job, const char *path, struct err *e)
{
	struct stat st;

	job->is_there = false;
	if (!stat(path, &st)) {
		job->is_there = S_ISREG(st.st_mode);
		job->size = st.st_size;
		return 0;
	}
	if (errno == ENOENT || errno == ENOTDIR)
		return 0;
	err_errno(e, "cannot look at it");
	return err_at(e, "%s", path);
}

/* Folders that have become empty go too: a bucket has none. */
static void prune(const struct dir *d, struct buf *path)
{
	size_t root = strlen(d->path);

	do {
		while (path->len > root && path->p[path->len - 1] != '/')
			buf_truncate(path, path->len - 1);
		if (path->len > root)
			buf_truncate(path, path->len - 1);
	} while (path->len > root && !rmdir(path->p));
}

static int do_job(struct dir *d, struct remote_job *job, struct err *e)
{
	struct buf path = BUF_INIT;
	int r = -1;

	path_join(&path, d->path, job->key);
	if (buf_check(&path, e))
		goto out;
	switch (job->op) {
	case REMOTE_SEND:
		r = send(d, job, path.p, e);
		break;
	case REMOTE_FETCH:
		r = fetch(d, job, path.p, e);
		break;
	case REMOTE_ASK:
		r = ask(job, path.p, e);
		break;
	case REMOTE_COPY:
		r = err_set(e, ERR_INPUT, "a folder copies no objects of buckets");
		break;
	case REMOTE_DELETE:
		r = 0;
		if (unlink(path.p) && errno != ENOENT)
			r = err_errno(e, "cannot remove '%s'", path.p);
		else
			prune(d, &path);
		break;
	}
out:
	buf_release(&path);
	return r;
}

/* ---- the queue over the pool ---- */

struct item {
	struct remote_job *job;
	struct err failed;
	bool has_failed;
};

struct run {
	struct dir *dir;
	const struct remote_queue *q;
	void *ctx;
};

static int run_next(void *ctx, void *item, struct err *e)
{
	struct run *r = ctx;
	struct item *i = item;

	i->has_failed = false;
	return r->q->next(r->ctx, &i->job, e);
}

static int run_work(void *ctx, void *item, int worker, struct err *e)
{
	struct run *r = ctx;
	struct item *i = item;

	(void)worker;
	(void)e;
	i->has_failed = do_job(r->dir, i->job, &i->failed) != 0;
	return 0;
}

static int run_done(void *ctx, void *item, struct err *e)
{
	struct run *r = ctx;
	struct item *i = item;

	return r->q->done(r->ctx, i->job, i->has_failed ? &i->failed : NULL, e);
}

static int dir_run(struct remote_store *s, const struct remote_queue *q, void *ctx, struct err *e)
{
	struct run r = { .dir = dir_of(s), .q = q, .ctx = ctx };
	size_t n = (size_t)pool_size(r.dir->pool) * 8;
	struct item *items = mem_array(n, sizeof(*items), e);
	struct pool_pipe pipe = { .next = run_next,
		.work = run_work,
		.done = run_done,
		.items = items,
		.item_size = sizeof(*items),
		.n_items = n };
	int result = items ? pool_run(r.dir->pool, &pipe, &r, e) : -1;

	free(items);
	return result;
}

static const struct remote_store_kind kind = {
	.close = dir_close, .path = dir_path, .list = dir_list, .run = dir_run, .asks_cheaply = true
};

struct remote_store *remote_dir_open(
	const char *path, const struct remote_store_options *o, struct err *e)
{
	struct dir *d = mem_new(sizeof(*d), e);

	if (!d)
		return NULL;
	d->store.kind = &kind;
	d->pool = o->pool;
	d->diag = o->diag;
	d->progress = o->progress;
	d->path = mem_dup(path, e);
	if (!d->path) {
		free(d);
		return NULL;
	}
	d->store.name = d->path;
	d->place.spare_dir = d->path;
	return &d->store;
}
