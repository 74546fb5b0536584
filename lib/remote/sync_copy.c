/* One file or object, or a stream, from one place to another. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "remote/sync_trees.h"

struct remote_store *remote_sync_open_parent(const struct remote_url *u,
	const struct remote_store_options *open, struct buf *key, struct err *e)
{
	struct remote_store_options options = *open;
	struct remote_store *s = NULL;
	struct buf dir = BUF_INIT, url = BUF_INIT;

	buf_reset(key);
	if (u->is_folder || u->kind == REMOTE_URL_STREAM || !u->path.len)
		goto out;
	path_dir(&dir, u->path.p);
	buf_add_text(key, path_base(u->path.p));
	if (u->kind == REMOTE_URL_S3)
		buf_addf(&url, "s3://%s/%s", u->bucket.p, strcmp(dir.p, ".") != 0 ? dir.p : "");
	else
		buf_add_slice(&url, buf_slice(&dir));
	options.url = url.p;
	if (!buf_check(&dir, e) && !buf_check(key, e) && !buf_check(&url, e))
		s = remote_store_open(&options, e);
out:
	buf_release(&dir);
	buf_release(&url);
	return s;
}

int remote_sync_is_one(
	const struct remote_url *u, const struct remote_store_options *open, struct err *e)
{
	struct remote_job job = { .op = REMOTE_ASK };
	struct buf key = BUF_INIT;
	struct remote_store *s;
	int r = -1;

	if (u->kind == REMOTE_URL_PATH)
		return !path_is_dir(u->path.p);
	s = remote_sync_open_parent(u, open, &key, e);
	job.key = key.p;
	if (s)
		r = remote_store_do(s, &job, e) ? -1 : job.is_there;
	else if (!key.len)
		r = 0;
	remote_store_close(s);
	buf_release(&key);
	return r;
}

/* ---- one copy ---- */

/* The url as a path with the slash that makes a folder of it. */
static struct remote_store *open_target(const struct remote_url *to, const char *url,
	const struct remote_store_options *open, const char *name, struct buf *key, struct err *e)
{
	struct remote_store_options options = *open;

	if (to->kind == REMOTE_URL_PATH ? !to->is_folder && !path_is_dir(to->path.p)
					: !to->is_folder && to->path.len)
		return remote_sync_open_parent(to, open, key, e);
	buf_reset(key);
	buf_add_text(key, name);
	options.url = url;
	return buf_check(key, e) ? NULL : remote_store_open(&options, e);
}

static int set_source_time(struct remote_job *job, struct err *e)
{
	struct stat st;

	if (stat(job->path, &st))
		return err_errno(e, "cannot open '%s'", job->path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT, "'%s' is not a plain file", job->path);
	job->mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	job->is_exec = st.st_mode & S_IXUSR;
	job->size = st.st_size;
	return 0;
}

/* Runs one job as a result of its own: counted, told. */
static int run_one(struct remote_store *store, struct remote_job *job,
	const struct remote_sync_options *o, struct remote_sync_result *res, struct err *e)
{
	progress_start(o->progress, "copy", (uint64_t)job->size, PROGRESS_BYTES);
	if (!o->dry_run) {
		if (remote_store_do(store, job, e))
			return -1;
		if (job->op == REMOTE_FETCH && !job->is_there)
			return err_set(e, ERR_INPUT, "%s/%s does not exist",
				remote_store_name(store), job->key);
	}
	res->n_sent = 1;
	res->bytes_sent = (uint64_t)job->size;
	if (o->each)
		o->each(o->ctx, REMOTE_SYNC_SENT, job->key, job->size, "new");
	return 0;
}

static int copy_from_file(const struct remote_url *from, const struct remote_url *to,
	const char *url, const struct remote_sync_options *o,
	const struct remote_store_options *open, struct remote_sync_result *res, struct err *e)
{
	struct remote_job job = { .op = REMOTE_SEND, .path = from->path.p };
	struct buf key = BUF_INIT;
	struct remote_store *store = NULL;
	int r = set_source_time(&job, e);

	if (!r)
		store = open_target(to, url, open, path_base(from->path.p), &key, e);
	job.key = key.p;
	r = store ? run_one(store, &job, o, res, e) : -1;
	remote_store_close(store);
	buf_release(&key);
	return r;
}

static int copy_from_bucket(const struct remote_url *from, const struct remote_url *to,
	const char *url, const struct remote_sync_options *o,
	const struct remote_store_options *open, struct remote_sync_result *res, struct err *e)
{
	struct remote_job job = { .mtime_ns = -1 };
	struct buf name = BUF_INIT, key = BUF_INIT, path = BUF_INIT;
	struct remote_store *source = remote_sync_open_parent(from, open, &name, e);
	struct remote_store *target = NULL;
	int r = -1;

	if (!source)
		goto out;
	target = open_target(to, url, open, name.p, &key, e);
	if (!target)
		goto out;
	if (remote_store_path(target, key.p, &path)) {
		job.op = REMOTE_FETCH;
		job.key = name.p;
	} else {
		job.op = REMOTE_COPY;
		job.key = key.p;
		buf_addf(&path, "%s/%s", from->bucket.p, from->path.p);
	}
	job.path = path.p;
	r = buf_check(&path, e)
		    ? -1
		    : run_one(job.op == REMOTE_FETCH ? source : target, &job, o, res, e);
out:
	remote_store_close(source);
	remote_store_close(target);
	buf_release(&name);
	buf_release(&key);
	buf_release(&path);
	return r;
}

/* ---- streams ---- */

/*
 * A stream goes through a file without a name: its size has to be known before it is sent, and nothing of what
 * is fetched may be shown before its hash is right. `path` leads to it as long as it is open.
 */
static int open_spool(const char *dir, struct buf *path, struct err *e)
{
	int fd;

	buf_reset(path);
	buf_addf(path, "%s/.cd4ml-stream-XXXXXX", dir ? dir : "/tmp");
	if (buf_check(path, e))
		return -1;
	fd = mkstemp(path->p);
	if (fd < 0)
		return err_errno(e, "cannot make '%s'", path->p);
	unlink(path->p);
	return fd;
}

static int fill_spool(int fd, struct err *e)
{
	char piece[64 << 10];
	ssize_t n;

	while ((n = read(STDIN_FILENO, piece, sizeof(piece))) != 0) {
		ssize_t done = 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, "cannot read standard input");
		while (done < n) {
			ssize_t k = write(fd, piece + done, (size_t)(n - done));

			if (k < 0 && errno != EINTR)
				return err_errno(e, "cannot write to TMPDIR");
			done += k > 0 ? k : 0;
		}
	}
	return 0;
}

static int copy_from_stream(const struct remote_url *to, const struct remote_sync_options *o,
	const struct remote_store_options *open, struct remote_sync_result *res, struct err *e)
{
	struct remote_job job = { .op = REMOTE_SEND };
	struct buf key = BUF_INIT;
	struct remote_store *store = remote_sync_open_parent(to, open, &key, e);
	struct buf path = BUF_INIT;
	char name[64];
	int fd = -1, r = -1;

	if (!store && !key.len) {
		err_set(e, ERR_INPUT, "'-' needs the name of a file to go to");
		goto out;
	}
	if (!store)
		goto out;
	fd = open_spool(o->tmp_dir, &path, e);
	if (fd < 0 || fill_spool(fd, e))
		goto out;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	job.path = name;
	job.key = key.p;
	job.size = lseek(fd, 0, SEEK_CUR);
	r = run_one(store, &job, o, res, e);
out:
	if (fd >= 0)
		close(fd);
	remote_store_close(store);
	buf_release(&key);
	buf_release(&path);
	return r;
}

static int print_file(int fd, struct output *out, struct err *e)
{
	char piece[64 << 10];
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, "cannot read");
		output_write(out, piece, (size_t)n);
	}
	return 0;
}

/* Fetched under a name that is gone as soon as it is open. */
static int fetch_spool(const struct remote_url *from, const struct remote_sync_options *o,
	const struct remote_store_options *open_options, struct remote_sync_result *res,
	struct err *e)
{
	struct remote_job job = { .op = REMOTE_FETCH };
	struct buf key = BUF_INIT, path = BUF_INIT;
	struct remote_store *store = remote_sync_open_parent(from, open_options, &key, e);
	int fd = -1;

	if (!store && !key.len)
		err_set(e, ERR_INPUT, "'-' takes one file, not a tree");
	if (!store)
		goto out;
	fd = open_spool(o->tmp_dir, &path, e);
	if (fd < 0)
		goto out;
	close(fd);
	fd = -1;
	job.path = path.p;
	job.key = key.p;
	if (run_one(store, &job, o, res, e))
		goto out;
	fd = open(path.p, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err_errno(e, "cannot open '%s'", path.p);
	unlink(path.p);
out:
	remote_store_close(store);
	buf_release(&key);
	buf_release(&path);
	return fd;
}

static int copy_to_stream(const struct remote_url *from, const struct remote_sync_options *o,
	const struct remote_store_options *open_options, struct remote_sync_result *res,
	struct err *e)
{
	int fd, r;

	if (o->dry_run)
		return 0;
	if (from->kind != REMOTE_URL_PATH) {
		fd = fetch_spool(from, o, open_options, res, e);
	} else {
		fd = open(from->path.p, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			err_errno(e, "cannot open '%s'", from->path.p);
	}
	if (fd < 0)
		return -1;
	r = print_file(fd, o->stream, e);
	close(fd);
	return r;
}

/* ---- what is asked for ---- */

static int run_urls(const struct remote_url *a, const struct remote_url *b,
	const char *const urls[2], const struct remote_sync_options *o,
	const struct remote_store_options *open_options, struct remote_sync_result *res,
	struct err *e)
{
	int is_one;

	if (a->kind == REMOTE_URL_PATH && !path_exists(a->path.p))
		return err_set(e, ERR_INPUT, "'%s' does not exist", a->path.p);
	if (a->kind == REMOTE_URL_STREAM && b->kind == REMOTE_URL_STREAM)
		return err_set(e, ERR_INPUT, "'-' as both places");
	if (b->kind == REMOTE_URL_STREAM)
		return copy_to_stream(a, o, open_options, res, e);
	if (a->kind == REMOTE_URL_STREAM)
		return copy_from_stream(b, o, open_options, res, e);
	is_one = remote_sync_is_one(a, open_options, e);
	if (is_one < 0)
		return -1;
	if (!is_one)
		return remote_sync_trees(a, b, urls, o, open_options, res, e);
	return a->kind == REMOTE_URL_PATH
		       ? copy_from_file(a, b, urls[1], o, open_options, res, e)
		       : copy_from_bucket(a, b, urls[1], o, open_options, res, e);
}

int remote_sync_run(const char *from, const char *to, const struct remote_sync_options *o,
	const struct remote_store_options *open_options, struct remote_sync_result *res,
	struct err *e)
{
	const char *const urls[2] = { from, to };
	struct remote_store_options with_progress = *open_options;
	struct remote_url a, b = REMOTE_URL_INIT;
	int r = -1;

	*res = (struct remote_sync_result){ 0 };
	with_progress.progress = o->progress;
	if (!remote_url_parse(&a, from, e) && !remote_url_parse(&b, to, e))
		r = run_urls(&a, &b, urls, o, &with_progress, res, e);
	remote_url_release(&a);
	remote_url_release(&b);
	return r;
}
