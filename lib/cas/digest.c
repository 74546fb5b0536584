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

int cas_digest_write(int fd, struct slice data, struct err *e)
{
	while (data.len) {
		ssize_t n = write(fd, data.p, data.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err_errno(e, "cannot write");
			e->code = ERR_SYSTEM;
			return -1;
		}
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

int cas_digest_stream(int fd, const char *label, int to, bool is_legacy, uint8_t md5[HASH_MD5_LEN],
	int64_t *size, struct err *e)
{
	/* Pieces that stay in the CPU's cache, except where the old way needs its own. */
	size_t cap = is_legacy ? CAS_DIGEST_PIECE : STREAM_PIECE;
	struct hash_md5 *h = hash_md5_new(e);
	char *piece = h ? mem_array_raw(cap, 1, e) : NULL;
	bool as_text = false;
	int64_t n = 1;
	int r = -1;

	*size = 0;
	while (piece && n > 0) {
		size_t len;

		n = cas_digest_read(fd, label, piece, cap, e);
		if (n < 0)
			goto out;
		if (to >= 0 && cas_digest_write(to, (struct slice){ piece, (size_t)n }, e))
			goto out;
		if (is_legacy && !*size)
			as_text = is_text((struct slice){ piece, (size_t)n });
		*size += n;
		len = as_text ? to_unix(piece, (size_t)n) : (size_t)n;
		if (hash_md5_add(h, piece, len, e))
			goto out;
	}
	if (piece)
		r = hash_md5_finish(h, md5, e);
out:
	free(piece);
	hash_md5_free(h);
	return r;
}
