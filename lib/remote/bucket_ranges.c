/* The ranges of a large object behind its first one, side by side; and those that an earlier run has left. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/path.h"
#include "remote/bucket_fetch.h"
#include "remote/partial.h"

enum { PARTIAL_FROM = 4 * BUCKET_RANGE };

int remote_bucket_write_at(int fd, const char *p, size_t len, uint64_t offset, struct err *e)
{
	while (len) {
		ssize_t n = pwrite(fd, p, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err_errno(e, "cannot write");
			e->code = ERR_SYSTEM;
			return -1;
		}
		p += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

/* ---- what an answer tells -------------------------------------------------------------------------- */

bool remote_bucket_read_range(struct slice s, struct bucket_range_told *r)
{
	struct slice first, last;

	if (!slice_starts(s, "bytes "))
		return false;
	s = (struct slice){ s.p + 6, s.len - 6 };
	return slice_cut(&s, '-', &first) && slice_cut(&s, '/', &last) &&
	       num_parse_uint(first, &r->first) && num_parse_uint(last, &r->last) &&
	       num_parse_uint(s, &r->total);
}

bool remote_bucket_is_range(const struct remote_s3_op *op, uint64_t first, uint64_t size)
{
	uint64_t len = size - first < BUCKET_RANGE ? size - first : BUCKET_RANGE, coming;
	struct bucket_range_told r;

	return op->http.status == 206 &&
	       remote_bucket_read_range(remote_http_header(&op->http, "content-range"), &r) &&
	       r.first == first && r.last == first + len - 1 && r.total == size &&
	       num_parse_uint(remote_http_header(&op->http, "content-length"), &coming) &&
	       coming == len;
}

/* ---- what an earlier run has left ------------------------------------------------------------------ */

static struct remote_partial partial_of(
	const struct bucket_task *t, const char *dir, const char *name)
{
	const struct fetch *f = t->state;

	return (struct remote_partial){ .dir = dir,
		.name = name,
		.etag = buf_slice(&f->etag),
		.size = f->size,
		.n_ranges = f->n_ranges };
}

int remote_bucket_finish_partial(struct bucket_task *t, struct err *e)
{
	struct fetch *f = t->state;
	struct remote_partial p = partial_of(t, "", "");

	return remote_partial_finish(&p, f->fresh.fd, f->mode, e);
}

/* Is there a hash that the bytes must have? */
static bool wants_hash(const struct bucket_task *t)
{
	const struct fetch *f = t->state;

	return t->job->has_md5 || f->has_etag;
}

/* The hash follows what has arrived without a gap. */
static void note_arrival(struct bucket_task *t, size_t i)
{
	struct fetch *f = t->state;
	uint64_t until;

	f->arrived[i] = 1;
	if (!wants_hash(t))
		return;
	while (f->n_gapless < f->n_ranges && f->arrived[f->n_gapless])
		f->n_gapless++;
	until = (uint64_t)f->n_gapless * BUCKET_RANGE;
	remote_trail_follow(&f->trail, f->fresh.fd, until < f->size ? until : f->size);
}

/* The first range is in the file without a name: it moves to the one that has the others. */
static int move_first(struct fetch *f, int fd, struct err *e)
{
	char *block = mem_array_raw(BUCKET_RANGE, 1, e);
	ssize_t n = block ? pread(f->fresh.fd, block, BUCKET_RANGE, 0) : -1;
	int r = -1;

	if (block && n != BUCKET_RANGE)
		err_set(e, ERR_SYSTEM, "cannot read back what was fetched");
	else if (block)
		r = remote_bucket_write_at(fd, block, BUCKET_RANGE, 0, e);
	free(block);
	return r;
}

/*
 * A large object that an earlier run has begun is gone on with, and this one can be gone on with; if its hash is known,
 * since only that says in the end whether all its pieces are right.
 */
static int adopt_partial(struct bucket_task *t, struct err *e)
{
	struct fetch *f = t->state;
	struct buf dir = BUF_INIT, name = BUF_INIT, path = BUF_INIT;
	struct remote_partial p;
	size_t n_there = 0;
	struct stat st;
	int fd = -1, r = 0;

	if (f->size < PARTIAL_FROM || f->attempt || (!t->job->has_md5 && !f->has_etag))
		return 0;
	path_dir(&dir, t->job->path);
	buf_addf(&name, "%s/%s", t->bucket->name, t->job->key);
	p = partial_of(t, dir.p, name.p);
	if (!dir.failed && !name.failed && !fstat(f->fresh.fd, &st))
		fd = remote_partial_open(&p, &path, f->arrived);
	remote_partial_sweep(dir.p, REMOTE_PARTIAL_KEEP_S);
	if (fd < 0)
		goto out;
	for (size_t i = 0; i < f->n_ranges; i++)
		n_there += f->arrived[i];
	if (n_there)
		diag_say(t->bucket->diag, DIAG_NOTE,
			"%s: going on with an interrupted download, %zu of %zu parts are here",
			t->key.p, n_there, f->n_ranges);
	r = move_first(f, fd, e);
	fresh_abandon(&f->fresh);
	f->fresh = (struct fresh){ .fd = fd, .name = path, .handle = -1 };
	buf_init(&path);
	f->mode = st.st_mode & 07777;
	f->is_partial = true;
out:
	buf_release(&dir);
	buf_release(&name);
	buf_release(&path);
	return r;
}

static void note_partial(struct bucket_task *t, size_t i)
{
	const struct fetch *f = t->state;
	struct remote_partial p = partial_of(t, "", "");

	if (f->is_partial)
		remote_partial_note(&p, f->fresh.fd, i);
}

/* ---- the ranges ------------------------------------------------------------------------------------ */

static int fetch_more(struct bucket_task *t, struct err *e);

static int range_bytes(
	struct remote_s3_op *op, uint64_t offset, const char *p, size_t len, struct err *e)
{
	struct range *r = op->ctx;
	struct fetch *f = r->task->state;

	if (offset + len > BUCKET_RANGE)
		return err_set(e, ERR_SYSTEM, "the server sends more than was asked for");
	return remote_bucket_write_at(
		f->fresh.fd, p, len, (uint64_t)r->number * BUCKET_RANGE + offset, e);
}

static int range_done(struct remote_s3_op *op, const struct err *failed, struct err *e)
{
	struct range *r = op->ctx;
	struct fetch *f = r->task->state;
	struct err changed = ERR_INIT;

	r->busy = false;
	f->n_flying--;
	if (!failed &&
		(op->is_refused || op->is_missing ||
			!remote_bucket_is_range(op, (uint64_t)r->number * BUCKET_RANGE, f->size) ||
			!slice_eq(remote_http_header(&op->http, "etag"), buf_slice(&f->etag)))) {
		err_set(&changed, ERR_SYSTEM, "the object changed while it was fetched");
		err_at(&changed, "%s/%s", r->task->bucket->name, r->task->job->key);
		failed = &changed;
		f->is_stale = true;
	}
	if (failed && !f->has_failed) {
		f->has_failed = true;
		f->failed = *failed;
	}
	if (!f->has_failed) {
		note_partial(r->task, r->number);
		note_arrival(r->task, r->number);
	}
	return fetch_more(r->task, e);
}

static int start_range(struct bucket_task *t, struct range *r, size_t i, struct err *e)
{
	struct fetch *f = t->state;
	uint64_t begin = (uint64_t)i * BUCKET_RANGE,
		 stop = begin + BUCKET_RANGE < f->size ? begin + BUCKET_RANGE : f->size;

	snprintf(r->text, sizeof(r->text), "bytes=%llu-%llu", (unsigned long long)begin,
		(unsigned long long)stop - 1);
	r->task = t;
	r->number = i;
	r->op.method = "GET";
	r->op.key = buf_slice(&t->key);
	r->op.n_headers = 0;
	remote_bucket_add_header(&r->op, "range", r->text);
	if (f->etag.len)
		remote_bucket_add_header(&r->op, "if-match", f->etag.p);
	r->op.receive = range_bytes;
	r->op.done = range_done;
	r->op.ctx = r;
	if (remote_s3_start(t->bucket->s3, &r->op, e))
		return -1;
	r->busy = true;
	f->n_flying++;
	return 0;
}

static int fetch_more(struct bucket_task *t, struct err *e)
{
	struct fetch *f = t->state;

	while (!f->has_failed && f->n_flying < BUCKET_PARTS_FLYING) {
		struct range *r = f->ranges;

		while (f->next < f->n_ranges && f->arrived[f->next])
			f->next++;
		if (f->next >= f->n_ranges)
			break;
		while (r->busy)
			r++;
		if (start_range(t, r, f->next, e))
			return -1;
		f->next++;
	}
	return f->n_flying || f->trail.is_busy ? 0 : remote_bucket_fetch_end(t, e);
}

int remote_bucket_ranges_hashed(void *ctx, struct err *e)
{
	return fetch_more(ctx, e);
}

int remote_bucket_fetch_ranges(struct bucket_task *t, struct err *e)
{
	struct fetch *f = t->state;

	f->n_ranges = (size_t)((f->size + BUCKET_RANGE - 1) / BUCKET_RANGE);
	f->next = 1;
	f->arrived = mem_array(f->n_ranges, 1, e);
	if (!f->arrived)
		return -1;
	if (adopt_partial(t, &f->failed)) {
		f->has_failed = true;
		return remote_bucket_fetch_end(t, e);
	}
	note_partial(t, 0);
	note_arrival(t, 0);
	return fetch_more(t, e);
}
