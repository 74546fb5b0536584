#include "remote/checksum.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/mem.h"
#include "hash/crc64.h"

static const struct {
	const char *name, *header, *element;
} known[] = {
	[REMOTE_CHECKSUM_MD5] = { "md5", "content-md5", NULL },
	[REMOTE_CHECKSUM_CRC64NVME] = { "crc64nvme", "x-amz-checksum-crc64nvme", "CRC64NVME" },
	[REMOTE_CHECKSUM_SHA256] = { "sha256", "x-amz-checksum-sha256", "SHA256" },
	[REMOTE_CHECKSUM_NONE] = { "none", NULL, NULL },
};

int remote_checksum_parse(const char *name, enum remote_checksum *c, struct err *e)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcasecmp(known[i].name, name)) {
			*c = (enum remote_checksum)i;
			return 0;
		}
	return err_set(e, ERR_INPUT, "checksum '%s': known are md5, crc64nvme, sha256, none", name);
}

const char *remote_checksum_header(enum remote_checksum c)
{
	return known[c].header;
}

const char *remote_checksum_element(enum remote_checksum c)
{
	return known[c].element;
}

/* ---- digests ---- */

/* All that is wanted, side by side over the same block. */
struct digester {
	struct remote_digest_wish wish;
	struct hash_md5 *md5;
	struct hash_sha256 *sha256;
	uint64_t crc;
};

static int begin(struct digester *g, const struct remote_digest_wish *wish, struct err *e)
{
	*g = (struct digester){ .wish = *wish };
	if (!wish->has_md5 && (wish->md5 || wish->checksum == REMOTE_CHECKSUM_MD5)) {
		g->md5 = hash_md5_new(e);
		if (!g->md5)
			return -1;
	}
	if (wish->sha256 || wish->checksum == REMOTE_CHECKSUM_SHA256) {
		g->sha256 = hash_sha256_new(e);
		if (!g->sha256)
			return -1;
	}
	return 0;
}

static int add(struct digester *g, struct slice s, struct err *e)
{
	if (g->md5 && hash_md5_add(g->md5, s.p, s.len, e))
		return -1;
	if (g->sha256 && hash_sha256_add(g->sha256, s.p, s.len, e))
		return -1;
	if (g->wish.checksum == REMOTE_CHECKSUM_CRC64NVME)
		g->crc = hash_crc64_add(g->crc, s, g->wish.isa);
	return 0;
}

static int finish(struct digester *g, struct remote_digest *d, struct err *e)
{
	uint8_t sha[HASH_SHA256_LEN], crc[8];
	unsigned char *text = (unsigned char *)d->checksum;

	d->checksum[0] = d->sha256[0] = '\0';
	if (g->md5 && hash_md5_finish(g->md5, d->md5, e))
		return -1;
	if (g->sha256) {
		if (hash_sha256_finish(g->sha256, sha, e))
			return -1;
		if (g->wish.sha256)
			hash_sha256_format(sha, d->sha256);
	}
	for (size_t i = 0; i < 8; i++)
		crc[i] = (uint8_t)(g->crc >> (56 - 8 * i));
	if (g->wish.checksum == REMOTE_CHECKSUM_MD5)
		EVP_EncodeBlock(text, d->md5, HASH_MD5_LEN);
	else if (g->wish.checksum == REMOTE_CHECKSUM_SHA256)
		EVP_EncodeBlock(text, sha, HASH_SHA256_LEN);
	else if (g->wish.checksum == REMOTE_CHECKSUM_CRC64NVME)
		EVP_EncodeBlock(text, crc, sizeof(crc));
	return 0;
}

static void release(struct digester *g)
{
	hash_md5_free(g->md5);
	hash_sha256_free(g->sha256);
}

int remote_digest_of(struct slice data, const struct remote_digest_wish *wish,
	struct remote_digest *d, struct err *e)
{
	struct digester g;
	int r = begin(&g, wish, e) || add(&g, data, e) || finish(&g, d, e) ? -1 : 0;

	release(&g);
	return r;
}

static bool is_idle(const struct digester *g)
{
	return !g->md5 && !g->sha256 && g->wish.checksum != REMOTE_CHECKSUM_CRC64NVME;
}

int remote_digest_of_file(int fd, uint64_t offset, uint64_t len,
	const struct remote_digest_wish *wish, struct remote_digest *d, struct err *e)
{
	enum { BLOCK = 256 << 10 };
	struct digester g;
	char *block = begin(&g, wish, e) ? NULL : mem_array_raw(BLOCK, 1, e);
	int result = -1;

	if (!block)
		goto out;
	while (len && !is_idle(&g)) {
		ssize_t n = pread(fd, block, len < BLOCK ? (size_t)len : BLOCK, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err_errno(e, "cannot read");
		else if (n == 0)
			err_set(e, ERR_SYSTEM, "the file became shorter while it was sent");
		if (n <= 0 || add(&g, (struct slice){ block, (size_t)n }, e))
			goto out;
		offset += (uint64_t)n;
		len -= (uint64_t)n;
	}
	result = finish(&g, d, e);
out:
	free(block);
	release(&g);
	return result;
}
