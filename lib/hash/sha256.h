/*
 * sha256 - FIPS 180-4, by OpenSSL: names of run-cache entries, sums for people.
 */
#ifndef CD4ML_HASH_SHA256_H
#define CD4ML_HASH_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { HASH_SHA256_LEN = 32, HASH_SHA256_HEX = 64 };

/** A stream; one thread at a time. */
struct hash_sha256;

struct hash_sha256 *hash_sha256_new(struct err *e) MUST_CHECK;
/** NULL is fine. */
void hash_sha256_free(struct hash_sha256 *h);
int hash_sha256_add(struct hash_sha256 *h, const void *p, size_t len, struct err *e) MUST_CHECK;
/** The hash of all that was added; the stream begins anew. */
int hash_sha256_finish(
	struct hash_sha256 *h, uint8_t out[HASH_SHA256_LEN], struct err *e) MUST_CHECK;
/** Hashes one buffer. */
int hash_sha256_of(struct slice data, uint8_t out[HASH_SHA256_LEN], struct err *e) MUST_CHECK;
/** 64 lower-case hex digits and a NUL. */
void hash_sha256_format(const uint8_t sha[HASH_SHA256_LEN], char out[HASH_SHA256_HEX + 1]);

#endif
