/*
 * trail - the MD5 of a file whose bytes become known bit by bit, taken by a thread beside the loop.
 *
 * MD5 goes in order, parts of a transfer do not: the hash follows as far as the file is there without a gap.
 */
#ifndef CD4ML_REMOTE_TRAIL_H
#define CD4ML_REMOTE_TRAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "hash/md5.h"
#include "remote/http.h"

struct remote_trail {
	struct crew_task task;
	struct remote_http *http;
	bool is_busy;
	uint64_t wanted; /* may be hashed */
	/* The thread's while it is busy: */
	struct hash_md5 *hash;
	int fd;
	uint64_t at, until; /* hashed; being hashed */
	struct err failed;
	bool has_failed;
	/* The caller's: */
	/** Called in the loop when all that was wanted is hashed, or it has failed. May go on with more. */
	int (*caught_up)(void *ctx, struct err *e);
	void *ctx;
};

int remote_trail_init(struct remote_trail *t, struct remote_http *http, struct err *e) MUST_CHECK;
/** Takes a zeroed one. It must not be busy, or the loop be gone. */
void remote_trail_release(struct remote_trail *t);
/** The first `until` bytes of `fd` are there. caught_up() is called only if this was more than before. */
void remote_trail_follow(struct remote_trail *t, int fd, uint64_t until);
/** The hash of all that was followed; begins anew. Not while it is busy. */
int remote_trail_finish(
	struct remote_trail *t, uint8_t md5[HASH_MD5_LEN], struct err *e) MUST_CHECK;

#endif
