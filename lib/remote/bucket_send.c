#include "remote/bucket_task.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

/* So small a file is read whole: its bytes go out with the headers, and no thread is asked to hash it. */
enum { SMALL = 64 << 10 };

/* A file or memory sent by one PUT. */
struct send {
	struct crew_task task; /* hashes what is not small */
	struct bucket_task *owner;
	int fd;
	uint64_t size;
	char *bytes; /* of a small file */
	struct remote_digest digest;
	struct err failed;
	bool has_failed;
	bool conditional; /* If-None-Match was asked for */
};

static void release(struct bucket_task *t)
{
	struct send *s = t->state;

	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	free(s->bytes);
	free(s);
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
			"is corrupt: the server found another hash than its name says");
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
	remote_bucket_add_digest(&t->op, t->bucket->checksum, &s->digest);
	return remote_bucket_task_start(t, put_done, e);
}

/*
 * What is known of a content-addressed object goes to the server to be verified; with another checksum than MD5 that is
 * done here.
 */
static struct remote_digest_wish wish_of(const struct bucket_task *t)
{
	const struct bucket *b = t->bucket;
	bool is_known = t->job->has_md5 && b->checksum == REMOTE_CHECKSUM_MD5;

	return (struct remote_digest_wish){ .md5 = t->job->has_md5,
		.has_md5 = is_known,
		.sha256 = remote_s3_signs_bodies(b->s3),
		.checksum = b->checksum,
		.isa = b->isa };
}

static int check(struct bucket_task *t, struct err *e)
{
	struct send *s = t->state;

	if (!t->job->has_md5 || !remote_job_check_md5(t->job, s->digest.md5, e))
		return 0;
	return t->job->path ? err_at(e, "%s", t->job->path) : -1;
}

static void hash(struct crew_task *task)
{
	struct send *s = (struct send *)task;
	struct remote_digest_wish wish = wish_of(s->owner);

	s->has_failed =
		remote_digest_of_file(s->fd, 0, s->size, &wish, &s->digest, &s->failed) != 0;
	if (s->has_failed)
		err_at(&s->failed, "%s", s->owner->job->path);
}

static int hashed(struct crew_task *task, struct err *e)
{
	struct send *s = (struct send *)task;

	if (!s->has_failed && !check(s->owner, &s->failed))
		return put(s->owner, e);
	return remote_bucket_task_end(s->owner, &s->failed, e);
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

/* Reads the small file into memory, and closes it. */
static int read_small(struct send *s, struct err *e)
{
	size_t at = 0;

	s->bytes = mem_array_raw((size_t)s->size + 1, 1, e);
	if (!s->bytes)
		return -1;
	while (at < s->size) {
		ssize_t n = read(s->fd, s->bytes + at, (size_t)s->size - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, "cannot read");
		if (n == 0)
			return err_set(e, ERR_SYSTEM, "the file became shorter while it was sent");
		at += (size_t)n;
	}
	close(s->fd);
	s->fd = -1;
	return 0;
}

/* What is in memory is sent at once. */
static int send_bytes(struct bucket_task *t, struct slice bytes, struct err *e)
{
	struct send *s = t->state;
	struct remote_digest_wish wish = wish_of(t);

	t->op.body = bytes.p;
	t->op.body_len = bytes.len;
	if (remote_digest_of(bytes, &wish, &s->digest, e) || check(t, e))
		return -1;
	return put(t, e);
}

static int send_file(struct bucket_task *t, struct err *e)
{
	struct send *s = t->state;

	if (s->size <= SMALL) {
		if (read_small(s, e))
			return err_at(e, "%s", t->job->path);
		return send_bytes(t, (struct slice){ s->bytes, (size_t)s->size }, e);
	}
	t->op.body_fd = s->fd;
	t->op.body_len = s->size;
	s->task = (struct crew_task){ .work = hash, .done = hashed };
	remote_http_work(t->bucket->http, &s->task);
	return 0;
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
	s->owner = t;
	s->fd = fd;
	s->size = (uint64_t)st.st_size;
	memcpy(s->digest.md5, job->md5, HASH_MD5_LEN);
	t->state = s;
	t->release = release;
	if (job->path)
		return send_file(t, e);
	return send_bytes(t, job->data.p ? job->data : (struct slice){ "", 0 }, e);
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
