/*
 * digest - the MD5 of an open file, in DVC's two ways.
 *
 * The legacy way of DVC 1 and 2 hashes text with \r\n as \n. Text is what has no NUL and at most 30
 * % of other control and non-ASCII bytes in its first 512; the replacement works on pieces of 1
 * MiB, so that a \r\n across a border stays (dvc-data's md5-dos2unix).
 */
#ifndef CD4ML_CAS_DIGEST_H
#define CD4ML_CAS_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/pool.h"
#include "hash/md5.h"

enum { CAS_DIGEST_PIECE = 1 << 20 };

/** Hashes bytes in memory: a whole file. */
int cas_digest_bytes(
	struct slice data, bool is_legacy, uint8_t md5[HASH_MD5_LEN], struct err *e) MUST_CHECK;
/** What cas_digest_stream() takes and gives. */
struct cas_digest {
	int fd; /* read from where it stands to its end */
	const char *label; /* names it in messages */
	int to; /* gets the bytes on the way, from offset 0; -1: nowhere */
	bool is_legacy;
	struct pool *pool; /* threads that have nothing else to do; NULL: none */
	/* results */
	uint8_t md5[HASH_MD5_LEN];
	int64_t size; /* how many bytes there were */
};
/** Hashes a file. With a pool others read and write while one hashes. */
int cas_digest_stream(struct cas_digest *d, struct err *e) MUST_CHECK;
/** Writes all of it; -1 and errno's text. */
int cas_digest_write(int fd, struct slice data, struct err *e) MUST_CHECK;
/** Fills `p` from `fd` until `cap` or the end. Bytes read, or -1. */
int64_t cas_digest_read(int fd, const char *label, char *p, size_t cap, struct err *e) MUST_CHECK;

#endif
