/* The stream is OpenSSL's; many buffers go to the kernels' lanes. */
#include "base/num.h"
#include "hash/md5.h"

#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "hash/md5_kernel.h"

struct hash_md5 {
	EVP_MD_CTX *ctx;
};

static int md5_begin(struct hash_md5 *h, struct err *e)
{
	if (EVP_DigestInit_ex(h->ctx, EVP_md5(), NULL) != 1) {
		err_set(e, ERR_SYSTEM, "OpenSSL cannot compute MD5");
		return err_hint(e, "a FIPS-only OpenSSL does not allow it");
	}
	return 0;
}

struct hash_md5 *hash_md5_new(struct err *e)
{
	struct hash_md5 *h = mem_new(sizeof(*h), e);

	if (!h)
		return NULL;
	h->ctx = EVP_MD_CTX_new();
	if (!h->ctx)
		err_nomem(e);
	if (!h->ctx || md5_begin(h, e)) {
		hash_md5_free(h);
		return NULL;
	}
	return h;
}

void hash_md5_free(struct hash_md5 *h)
{
	if (!h)
		return;
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

int hash_md5_add(struct hash_md5 *h, const void *p, size_t len, struct err *e)
{
	if (EVP_DigestUpdate(h->ctx, p, len) != 1)
		return err_set(e, ERR_SYSTEM, "OpenSSL failed to hash");
	return 0;
}

int hash_md5_finish(struct hash_md5 *h, uint8_t out[HASH_MD5_LEN], struct err *e)
{
	if (EVP_DigestFinal_ex(h->ctx, out, NULL) != 1)
		return err_set(e, ERR_SYSTEM, "OpenSSL failed to hash");
	return md5_begin(h, e);
}

int hash_md5_of_file(int fd, uint8_t out[HASH_MD5_LEN], struct err *e)
{
	enum { BLOCK = 256 << 10 };
	struct hash_md5 *h = hash_md5_new(e);
	char *block = h ? mem_array_raw(BLOCK, 1, e) : NULL;
	off_t at = 0;
	int result = -1;

	while (block) {
		ssize_t n = pread(fd, block, BLOCK, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err_errno(e, "cannot read");
			break;
		}
		if (n == 0) {
			result = hash_md5_finish(h, out, e);
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

/* ---- lanes ---- */

struct lane {
	const uint8_t *p; /* next block */
	size_t blocks; /* left at p */
	uint8_t tail[128]; /* the last, padded block or two */
	size_t tail_blocks; /* 0: p is in the tail */
	size_t item; /* whose hash it is */
	bool busy;
};

struct lanes {
	hash_md5_kernel *kernel;
	size_t n, n_busy;
	uint32_t state[4 * HASH_MD5_LANES_MAX];
	struct lane lane[HASH_MD5_LANES_MAX];
};

static void lane_start(struct lanes *ls, size_t at, struct slice data, size_t item)
{
	static const uint32_t first[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
	struct lane *l = &ls->lane[at];
	size_t whole = data.len / 64, rest = data.len % 64;
	uint64_t bits = (uint64_t)data.len * 8;
	size_t end;

	l->tail_blocks = rest < 56 ? 1 : 2;
	end = l->tail_blocks * 64;
	if (rest)
		memcpy(l->tail, data.p + whole * 64, rest);
	l->tail[rest] = 0x80;
	memset(l->tail + rest + 1, 0, end - 8 - rest - 1);
	for (size_t i = 0; i < 8; i++)
		l->tail[end - 8 + i] = (uint8_t)(bits >> (8 * i));
	l->p = (const uint8_t *)data.p;
	l->blocks = whole;
	l->item = item;
	l->busy = true;
	ls->n_busy++;
	for (size_t i = 0; i < 4; i++)
		ls->state[i * ls->n + at] = first[i];
}

/* Steps to the tail, or writes the hash and becomes idle. */
static void lane_turn(struct lanes *ls, size_t at, uint8_t (*out)[HASH_MD5_LEN])
{
	struct lane *l = &ls->lane[at];

	if (l->tail_blocks) {
		l->p = l->tail;
		l->blocks = l->tail_blocks;
		l->tail_blocks = 0;
		return;
	}
	for (size_t i = 0; i < 16; i++)
		out[l->item][i] = (uint8_t)(ls->state[i / 4 * ls->n + at] >> (8 * (i % 4)));
	l->busy = false;
	ls->n_busy--;
}

/* Runs all lanes for as many blocks as the shortest has. Idle lanes follow a busy one in vain. */
static void lanes_run(struct lanes *ls)
{
	const uint8_t *data[HASH_MD5_LANES_MAX];
	const uint8_t *any = NULL;
	size_t blocks = SIZE_MAX;

	for (size_t i = 0; i < ls->n; i++) {
		if (!ls->lane[i].busy)
			continue;
		any = ls->lane[i].p;
		if (ls->lane[i].blocks < blocks)
			blocks = ls->lane[i].blocks;
	}
	for (size_t i = 0; i < ls->n; i++)
		data[i] = ls->lane[i].busy ? ls->lane[i].p : any;
	ls->kernel(ls->state, data, blocks);
	for (size_t i = 0; i < ls->n; i++) {
		if (!ls->lane[i].busy)
			continue;
		ls->lane[i].p += blocks * 64;
		ls->lane[i].blocks -= blocks;
	}
}

static void lanes_choose(struct lanes *ls, size_t n, enum cpu_isa isa)
{
	ls->n = 1;
	ls->kernel = hash_md5_scalar;
#if defined(__x86_64__)
	/* A vector step takes as long for one lane as for all: a single buffer is quicker alone. */
	if (n < 2)
		return;
	if (isa == CPU_AVX512) {
		ls->n = 16;
		ls->kernel = hash_md5_avx512;
	} else if (isa == CPU_AVX2) {
		ls->n = 8;
		ls->kernel = hash_md5_avx2;
	}
#else
	(void)n;
	(void)isa;
#endif
}

void hash_md5_many(
	const struct slice *data, size_t n, uint8_t (*out)[HASH_MD5_LEN], enum cpu_isa isa)
{
	struct lanes ls;
	size_t next = 0;

	lanes_choose(&ls, n, isa);
	ls.n_busy = 0;
	memset(ls.state, 0, sizeof(ls.state));
	for (size_t i = 0; i < ls.n; i++)
		ls.lane[i].busy = false;
	for (;;) {
		for (size_t i = 0; i < ls.n; i++) {
			struct lane *l = &ls.lane[i];

			if (l->busy && l->blocks == 0)
				lane_turn(&ls, i, out);
			if (!l->busy && next < n) {
				lane_start(&ls, i, data[next], next);
				next++;
			}
			if (l->busy && l->blocks == 0)
				lane_turn(&ls, i, out);
		}
		if (ls.n_busy == 0)
			return;
		lanes_run(&ls);
	}
}

void hash_md5_of(struct slice data, uint8_t out[HASH_MD5_LEN])
{
	uint8_t md5[1][HASH_MD5_LEN];

	hash_md5_many(&data, 1, md5, CPU_SCALAR);
	memcpy(out, md5[0], HASH_MD5_LEN);
}

/* ---- text ---- */

void hash_md5_format(const uint8_t md5[HASH_MD5_LEN], char out[HASH_MD5_HEX + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < HASH_MD5_LEN; i++) {
		out[2 * i] = digits[md5[i] >> 4];
		out[2 * i + 1] = digits[md5[i] & 15];
	}
	out[HASH_MD5_HEX] = '\0';
}

bool hash_md5_parse(struct slice hex, uint8_t out[HASH_MD5_LEN])
{
	if (hex.len != HASH_MD5_HEX)
		return false;
	for (size_t i = 0; i < HASH_MD5_LEN; i++) {
		int hi = num_hex_digit(hex.p[2 * i]), lo = num_hex_digit(hex.p[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}
