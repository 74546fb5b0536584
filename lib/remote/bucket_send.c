#include "remote/bucket_task.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

/* A file or memory sent by one PUT. */
struct send {
	int fd;
	bool conditional; /* If-None-Match was asked for */
};

static void release(struct bucket_task *t)
{
	struct send *s = t->state;

	if (s && s->fd >= 0)
		close(s->fd);
	free(s);
}

static int hash_file(int fd, uint8_t md5[HASH_MD5_LEN], struct err *e)
{
	struct hash_md5 *h = hash_md5_new(e);
	char *block = mem_array_raw(256 << 10, 1, e);
	off_t at = 0;
	int result = -1;

	while (h && block) {
		ssize_t n = pread(fd, block, 256 << 10, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err_errno(e, "cannot read");
			break;
		}
		if (n == 0) {
			result = hash_md5_finish(h, md5, e);
			break;
		}
		if (hash_md5_add(h, block, (size_t)n, e))
			break;
		at += n;
	}
	free(block);
	hash_md5_free(h);
	return result;
}

/* The job's MD5, which the server is to verify: known for what is content-addressed, else computed. */
static int find_md5(struct bucket_task *t, int fd, struct err *e)
{
	struct remote_job *job = t->job;

	if (job->has_md5 || !(t->bucket->with_md5 || job->want_md5))
		return 0;
	if (job->path)
		return hash_file(fd, job->md5, e);
	hash_md5_of(job->data, job->md5);
	return 0;
}

static int put(struct bucket_task *t, struct err *e);

static int put_done(struct remote_s3_op *op, const struct err *failed, struct err *e)
{
	struct bucket_task *t = op->ctx;
	struct send *s = t->state;
	struct err translated;

	if (!failed && op->is_unsupported && s->conditional) {
		t->bucket->no_conditions = true;
		return put(t, e);
	}
	if (!failed && op->is_refused && !s->conditional) {
		err_set(&translated, ERR_SYSTEM, "somebody else writes the object '%s'", t->key.p);
		return remote_bucket_task_end(t, &translated, e);
	}
	if (failed && op->http.status == 400 && strstr(op->http.text.p, "<Code>BadDigest<")) {
		err_set(&translated, ERR_INPUT,
			"is corrupt: the server found another MD5 than its name says");
		err_hint(&translated, "it was not stored");
		err_at(&translated, "%s", t->job->path ? t->job->path : t->job->key);
		return remote_bucket_task_end(t, &translated, e);
	}
	if (!failed) {
		t->job->size = (int64_t)op->body_len;
		t->job->is_there = op->is_refused;
	}
	return remote_bucket_task_end(t, failed, e);
}

static int put(struct bucket_task *t, struct err *e)
{
	struct send *s = t->state;

	t->op.method = "PUT";
	t->op.is_upload = true;
	t->op.n_headers = 0;
	s->conditional = t->job->keep && !t->bucket->no_conditions;
	if (s->conditional)
		remote_bucket_add_header(&t->op, "if-none-match", "*");
	if (t->bucket->with_md5) {
		remote_bucket_format_md5(t->job->md5, t->md5_text);
		remote_bucket_add_header(&t->op, "content-md5", t->md5_text);
	}
	return remote_bucket_task_start(t, put_done, e);
}

static int open_source(const struct remote_job *job, struct stat *st, struct err *e)
{
	int fd = open(job->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, st)) {
		err_errno(e, "cannot open");
	} else if (!S_ISREG(st->st_mode)) {
		err_set(e, ERR_INPUT, "is not a plain file");
	} else {
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return err_at(e, "%s", job->path);
}

int remote_bucket_send(struct bucket_task *t, struct err *e)
{
	struct remote_job *job = t->job;
	struct send *s;
	struct stat st = { 0 };
	int fd = -1;

	if (job->path) {
		fd = open_source(job, &st, e);
		if (fd < 0)
			return -1;
		if (st.st_size >= BUCKET_MULTIPART_FROM)
			return remote_bucket_send_parts(t, fd, (uint64_t)st.st_size, e);
	}
	s = mem_new(sizeof(*s), e);
	if (!s) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	s->fd = fd;
	t->state = s;
	t->release = release;
	if (find_md5(t, fd, e))
		return job->path ? err_at(e, "%s", job->path) : -1;
	t->op.body = job->path ? NULL : job->data.p ? job->data.p : "";
	t->op.body_fd = fd;
	t->op.body_len = job->path ? (uint64_t)st.st_size : job->data.len;
	return put(t, e);
}

/* ---- from one key to another ---- */

static void release_source(struct bucket_task *t)
{
	struct buf *source = t->state;

	buf_release(source);
	free(source);
}

static int copied(struct remote_s3_op *op, const struct err *failed, struct err *e)
{
	struct bucket_task *t = op->ctx;
	struct err gone = ERR_INIT;

	if (!failed && (op->is_missing || op->is_refused)) {
		err_set(&gone, ERR_INPUT, "the object is not there any more");
		err_at(&gone, "s3://%s", t->job->path);
		failed = &gone;
	}
	return remote_bucket_task_end(t, failed, e);
}

int remote_bucket_copy(struct bucket_task *t, struct err *e)
{
	struct buf *source = mem_new(sizeof(*source), e);

	if (!source)
		return -1;
	buf_init(source);
	t->state = source;
	t->release = release_source;
	remote_sigv4_encode(source, slice_of(t->job->path), true);
	if (buf_check(source, e))
		return -1;
	t->op.method = "PUT";
	t->op.is_upload = true;
	t->op.may_fail_late = true;
	remote_bucket_add_header(&t->op, "x-amz-copy-source", source->p);
	return remote_bucket_task_start(t, copied, e);
}
