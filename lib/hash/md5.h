/*
 * md5 - RFC 1321: one stream at the speed of OpenSSL, or many buffers side by side in SIMD lanes.
 *
 * MD5 names content here; it does not protect against somebody who makes collisions on purpose.
 *
 * One stream cannot be hashed faster than its chain of dependent steps runs. Many buffers can: a
 * lane of a vector each, 8 with AVX2, 16 with AVX-512. When the shortest of the running lanes is
 * done its lane takes the next buffer, so that lanes stay busy whatever the lengths.
 */
#ifndef CD4ML_HASH_MD5_H
#define CD4ML_HASH_MD5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cpu.h"

enum { HASH_MD5_LEN = 16, HASH_MD5_HEX = 32, HASH_MD5_LANES_MAX = 16 };

/** A stream; one thread at a time. */
struct hash_md5;

struct hash_md5 *hash_md5_new(struct err *e) MUST_CHECK;
/** NULL is fine. */
void hash_md5_free(struct hash_md5 *h);
int hash_md5_add(struct hash_md5 *h, const void *p, size_t len, struct err *e) MUST_CHECK;
/** The hash of all that was added; the stream begins anew. */
int hash_md5_finish(struct hash_md5 *h, uint8_t out[HASH_MD5_LEN], struct err *e) MUST_CHECK;

/** Hashes what an open file holds, from its begin; its position stays. */
int hash_md5_of_file(int fd, uint8_t out[HASH_MD5_LEN], struct err *e) MUST_CHECK;
/** Hashes one buffer. */
void hash_md5_of(struct slice data, uint8_t out[HASH_MD5_LEN]);
/**
 * Hashes `n` buffers into out[i], with the lanes of `isa` (as cpu_best() says it; a set without
 * lanes of its own runs the scalar code). Any thread. Cannot fail.
 */
void hash_md5_many(
	const struct slice *data, size_t n, uint8_t (*out)[HASH_MD5_LEN], enum cpu_isa isa);

/** 32 lower-case hex digits and a NUL. */
void hash_md5_format(const uint8_t md5[HASH_MD5_LEN], char out[HASH_MD5_HEX + 1]);
/** Exactly 32 hex digits of either case; false for all else. */
bool hash_md5_parse(struct slice hex, uint8_t out[HASH_MD5_LEN]);

#endif
