/*
 * bucket_fetch - an object on its way down. Shared by remote/bucket_fetch.c and bucket_ranges.c only.
 *
 * The first request asks for the first range, and tells how large the object is; the other ranges follow side by side.
 */
#ifndef CD4ML_REMOTE_BUCKET_FETCH_H
#define CD4ML_REMOTE_BUCKET_FETCH_H

#include <sys/types.h>

#include "remote/bucket_task.h"

enum { BUCKET_RANGE = 8 << 20 };

struct range {
	struct bucket_task *task;
	struct remote_s3_op op;
	char text[64]; /* bytes=0-8388607 */
	size_t number;
	bool busy;
};

struct fetch {
	struct fresh fresh;
	bool is_partial; /* then `fresh` has the name of one, which stays if the fetching breaks off */
	mode_t mode; /* that it will have */
	struct hash_md5 *hash; /* of what is small */
	struct remote_trail trail; /* of what is not */
	int attempt;
	int64_t modified_ns; /* Last-Modified; 0: not told */
	bool is_small;
	bool is_stale; /* the object changed under our hands */
	bool has_etag; /* the server said what the bytes hash to */
	uint8_t etag_md5[HASH_MD5_LEN];
	uint64_t size; /* known from the first answer's headers on */
	uint64_t most; /* bytes that may come with it */
	size_t n_ranges, next, n_flying;
	size_t n_gapless; /* ranges from the first on that have arrived */
	unsigned char *arrived; /* [n_ranges] */
	struct range ranges[BUCKET_PARTS_FLYING];
	struct buf etag;
	struct err failed;
	bool has_failed;
};

/** "bytes 0-8388607/20000000": bytes [first, last] of `total`. */
struct bucket_range_told {
	uint64_t first, last, total;
};

/** False for anything else. */
bool remote_bucket_read_range(struct slice s, struct bucket_range_told *r);
/** Is it the range of an object of `size` bytes that begins at `first`, and does so much come? */
bool remote_bucket_is_range(const struct remote_s3_op *op, uint64_t first, uint64_t size);

/** Writes all of it at `offset`. */
int remote_bucket_write_at(
	int fd, const char *p, size_t len, uint64_t offset, struct err *e) MUST_CHECK;
/** The first range is in f->fresh: fetches the others, then ends the fetch. */
int remote_bucket_fetch_ranges(struct bucket_task *t, struct err *e) MUST_CHECK;
/** The `caught_up` of f->trail: the ranges that have arrived are hashed. */
int remote_bucket_ranges_hashed(void *ctx, struct err *e) MUST_CHECK;
/** A file that kept the ranges over a crash becomes the object. */
int remote_bucket_finish_partial(struct bucket_task *t, struct err *e) MUST_CHECK;
/** Nothing of it is under way any more: puts it in its place, or begins anew, or tells why not. */
int remote_bucket_fetch_end(struct bucket_task *t, struct err *e) MUST_CHECK;

#endif
