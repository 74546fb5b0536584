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
#include "hash/md5.h"

enum { CAS_DIGEST_PIECE = 1 << 20 };

/** Hashes bytes in memory: a whole file. */
int cas_digest_bytes(
	struct slice data, bool is_legacy, uint8_t md5[HASH_MD5_LEN], struct err *e) MUST_CHECK;
/**
 * Reads `fd` from where it stands to its end, hashes it, and writes the bytes to `to` (-1: nowhere)
 * on the way. *size gets how many there were. Errors of reading name `label`.
 */
int cas_digest_stream(int fd, const char *label, int to, bool is_legacy, uint8_t md5[HASH_MD5_LEN],
	int64_t *size, struct err *e) MUST_CHECK;
/** Writes all of it; -1 and errno's text. */
int cas_digest_write(int fd, struct slice data, struct err *e) MUST_CHECK;
/** Fills `p` from `fd` until `cap` or the end. Bytes read, or -1. */
int64_t cas_digest_read(int fd, const char *label, char *p, size_t cap, struct err *e) MUST_CHECK;

#endif
