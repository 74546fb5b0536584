/*
 * checksum - what goes with an upload so that the server can verify it.
 *
 * Content-MD5 by default: every server takes it, and of a content-addressed object it is the name. S3's newer
 * checksums are sent where somebody asks for them by name, as headers, never as trailers: some servers refuse them.
 */
#ifndef CD4ML_REMOTE_CHECKSUM_H
#define CD4ML_REMOTE_CHECKSUM_H

#include "base/buf.h"
#include "base/cpu.h"
#include "hash/md5.h"
#include "hash/sha256.h"

enum remote_checksum {
	REMOTE_CHECKSUM_MD5,
	REMOTE_CHECKSUM_CRC64NVME,
	REMOTE_CHECKSUM_SHA256,
	REMOTE_CHECKSUM_NONE,
};

/** By its name, in any case: "md5", "crc64nvme", "sha256", "none". ERR_INPUT. */
int remote_checksum_parse(const char *name, enum remote_checksum *c, struct err *e) MUST_CHECK;
/** The header in lower case; NULL of none. */
const char *remote_checksum_header(enum remote_checksum c);
/** The name in x-amz-checksum-algorithm, as in "CRC64NVME", and in the element <ChecksumCRC64NVME>; NULL of MD5 and none. */
const char *remote_checksum_element(enum remote_checksum c);

enum { REMOTE_CHECKSUM_TEXT = 48 }; /* base64 of 32 bytes, and a NUL */

/** What the bytes of one body hash to; only what was wanted is set. */
struct remote_digest {
	uint8_t md5[HASH_MD5_LEN];
	char sha256[HASH_SHA256_HEX + 1]; /* for the signature; empty: not computed */
	char checksum[REMOTE_CHECKSUM_TEXT]; /* base64; empty: not computed, or none */
};

/** What is wanted of a body. */
struct remote_digest_wish {
	bool md5, sha256;
	enum remote_checksum checksum;
	bool has_md5; /* digest->md5 is there already: it is used for Content-MD5 */
	enum cpu_isa isa;
};

/** Of memory. Any thread. */
int remote_digest_of(struct slice data, const struct remote_digest_wish *wish,
	struct remote_digest *d, struct err *e) MUST_CHECK;
/** Of `len` bytes of an open file, in one pass. ERR_SYSTEM: it has become shorter. Any thread. */
int remote_digest_of_file(int fd, uint64_t offset, uint64_t len,
	const struct remote_digest_wish *wish, struct remote_digest *d, struct err *e) MUST_CHECK;

#endif
