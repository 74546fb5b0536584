#include "cas/digest.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

enum { STREAM_PIECE = 256 << 10 };

static bool is_text(struct slice s)
{
	size_t n = s.len < 512 ? s.len : 512, odd = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (!c)
			return false;
		if ((c < 32 || c > 126) && c != '\n' && c != '\r' && c != '\t' && c != '\f' &&
			c != '\b')
			odd++;
	}
	return odd * 10 <= n * 3;
}

/* \r\n becomes \n, in place. Returns the new length. */
static size_t to_unix(char *p, size_t len)
{
	size_t to = 0;

	for (size_t i = 0; i < len; i++)
		if (p[i] != '\r' || i + 1 == len || p[i + 1] != '\n')
			p[to++] = p[i];
	return to;
}

static int legacy_bytes(struct slice data, uint8_t md5[HASH_MD5_LEN], struct err *e)
{
	struct hash_md5 *h = hash_md5_new(e);
	size_t cap = data.len < CAS_DIGEST_PIECE ? data.len : CAS_DIGEST_PIECE;
	char *copy = h ? mem_array_raw(cap + 1, 1, e) : NULL;
	int r = copy ? 0 : -1;

	for (size_t at = 0, n; !r && at < data.len; at += n) {
		n = data.len - at < cap ? data.len - at : cap;
		memcpy(copy, data.p + at, n);
		r = hash_md5_add(h, copy, to_unix(copy, n), e);
	}
	if (!r)
		r = hash_md5_finish(h, md5, e);
	free(copy);
	hash_md5_free(h);
	return r;
}

int cas_digest_bytes(struct slice data, bool is_legacy, uint8_t md5[HASH_MD5_LEN], struct err *e)
{
	if (is_legacy && is_text(data))
		return legacy_bytes(data, md5, e);
	hash_md5_of(data, md5);
	return 0;
}

static int write_failed(struct err *e)
{
	err_errno(e, "cannot write");
	e->code = ERR_SYSTEM;
	return -1;
}

int cas_digest_write(int fd, struct slice data, struct err *e)
{
	while (data.len) {
		ssize_t n = write(fd, data.p, data.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return write_failed(e);
		data.p += n;
		data.len -= (size_t)n;
	}
	return 0;
}

int64_t cas_digest_read(int fd, const char *label, char *p, size_t cap, struct err *e)
{
	size_t n = 0;

	while (n < cap) {
		ssize_t got = read(fd, p + n, cap - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			err_errno(e, "cannot read");
			return err_at(e, "%s", label);
		}
		if (!got)
			break;
		n += (size_t)got;
	}
	return (int64_t)n;
}

/* ---- a stream: pieces are read in order, written by anybody, hashed in order ---- */

struct piece {
	char *p; /* [cap] */
	size_t len;
	int64_t at; /* where in the file */
};

struct stream {
	struct cas_digest *d;
	struct hash_md5 *h;
	size_t cap;
	bool as_text;
};

static int read_piece(void *ctx, void *item, struct err *e)
{
	struct stream *s = ctx;
	struct piece *k = item;
	int64_t n = cas_digest_read(s->d->fd, s->d->label, k->p, s->cap, e);

	if (n <= 0)
		return (int)n;
	k->at = s->d->size;
	k->len = (size_t)n;
	s->d->size += n;
	return 1;
}

static int write_piece(void *ctx, void *item, int worker, struct err *e)
{
	const struct stream *s = ctx;
	const struct piece *k = item;

	(void)worker;
	for (size_t done = 0; s->d->to >= 0 && done < k->len;) {
		ssize_t n = pwrite(s->d->to, k->p + done, k->len - done, k->at + (int64_t)done);

		if (n < 0 && errno != EINTR)
			return write_failed(e);
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}

static int hash_piece(void *ctx, void *item, struct err *e)
{
	struct stream *s = ctx;
	struct piece *k = item;

	if (s->d->is_legacy && !k->at)
		s->as_text = is_text((struct slice){ k->p, k->len });
	if (s->as_text)
		k->len = to_unix(k->p, k->len);
	return hash_md5_add(s->h, k->p, k->len, e);
}

/* One thread, one piece. */
static int run_alone(struct stream *s, struct piece *k, struct err *e)
{
	int r;

	while ((r = read_piece(s, k, e)) > 0)
		if (write_piece(s, k, 0, e) || hash_piece(s, k, e))
			return -1;
	return r;
}

int cas_digest_stream(struct cas_digest *d, struct err *e)
{
	enum { PIECES = 6 };
	struct piece pieces[PIECES] = { { 0 } };
	size_t n = d->pool && pool_size(d->pool) > 1 ? PIECES : 1;
	/* Pieces that stay in the CPU's cache, except where the old way needs its own. */
	struct stream s = { .d = d, .cap = d->is_legacy ? CAS_DIGEST_PIECE : STREAM_PIECE };
	struct pool_pipe pipe = { .next = read_piece,
		.work = write_piece,
		.done = hash_piece,
		.items = pieces,
		.item_size = sizeof(*pieces),
		.n_items = n };
	char *memory = mem_array_raw(n, s.cap, e);
	int r = -1;

	d->size = 0;
	s.h = memory ? hash_md5_new(e) : NULL;
	for (size_t i = 0; i < n && s.h; i++)
		pieces[i].p = memory + i * s.cap;
	if (s.h)
		r = n > 1 ? pool_run(d->pool, &pipe, &s, e) : run_alone(&s, pieces, e);
	if (!r)
		r = hash_md5_finish(s.h, d->md5, e);
	hash_md5_free(s.h);
	free(memory);
	return r;
}
