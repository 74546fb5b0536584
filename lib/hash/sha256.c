#include "hash/sha256.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "base/mem.h"

struct hash_sha256 {
	EVP_MD_CTX *ctx;
};

static int sha256_begin(struct hash_sha256 *h, struct err *e)
{
	if (EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) != 1)
		return err_set(e, ERR_SYSTEM, "OpenSSL cannot compute SHA-256");
	return 0;
}

struct hash_sha256 *hash_sha256_new(struct err *e)
{
	struct hash_sha256 *h = mem_new(sizeof(*h), e);

	if (!h)
		return NULL;
	h->ctx = EVP_MD_CTX_new();
	if (!h->ctx)
		err_nomem(e);
	if (!h->ctx || sha256_begin(h, e)) {
		hash_sha256_free(h);
		return NULL;
	}
	return h;
}

void hash_sha256_free(struct hash_sha256 *h)
{
	if (!h)
		return;
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

int hash_sha256_add(struct hash_sha256 *h, const void *p, size_t len, struct err *e)
{
	if (EVP_DigestUpdate(h->ctx, p, len) != 1)
		return err_set(e, ERR_SYSTEM, "OpenSSL failed to hash");
	return 0;
}

int hash_sha256_finish(struct hash_sha256 *h, uint8_t out[HASH_SHA256_LEN], struct err *e)
{
	if (EVP_DigestFinal_ex(h->ctx, out, NULL) != 1)
		return err_set(e, ERR_SYSTEM, "OpenSSL failed to hash");
	return sha256_begin(h, e);
}

int hash_sha256_of(struct slice data, uint8_t out[HASH_SHA256_LEN], struct err *e)
{
	if (EVP_Digest(data.p, data.len, out, NULL, EVP_sha256(), NULL) != 1)
		return err_set(e, ERR_SYSTEM, "OpenSSL cannot compute SHA-256");
	return 0;
}

void hash_sha256_format(const uint8_t sha[HASH_SHA256_LEN], char out[HASH_SHA256_HEX + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < HASH_SHA256_LEN; i++) {
		out[2 * i] = digits[sha[i] >> 4];
		out[2 * i + 1] = digits[sha[i] & 15];
	}
	out[HASH_SHA256_HEX] = '\0';
}
