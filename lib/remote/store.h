/*
 * store - what a folder and a bucket both answer: bytes by key.
 *
 * A key is a relative path with "/" ("files/md5/ab/cdef"), unique by bytes; the store puts its own
 * prefix before it. Work is handed over as jobs, of which a store keeps many in flight: it asks
 * `next` for another one whenever there is room, and tells `done` of each as it ends, in any order:
 *
 *	static const struct remote_queue queue = { next_object, object_done };
 *	struct remote_store *s = remote_store_open(&options, e);
 *	remote_store_run(s, &queue, &push, e)
 *	remote_store_close(s);
 *
 * What arrives is hashed on the way where the job says what it must hash to, and refused when it
 * differs: nothing of it is then seen under its name. The same holds for what is sent.
 */
#ifndef CD4ML_REMOTE_STORE_H
#define CD4ML_REMOTE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/pool.h"
#include "base/progress.h"
#include "hash/md5.h"

struct remote_store_options {
	const char *url; /* a path, file://, s3://bucket/prefix */
	struct pool *pool; /* borrowed; what a folder works with; a bucket has as many threads */
	struct progress *progress; /* borrowed, gets the bytes as they move; may be NULL */
	struct diag *diag; /* borrowed, may be NULL */
	int in_flight; /* jobs at a time; 0: the store's own choice */
	/**
	 * A setting of the remote by DVC's name ("endpointurl", "acl"); NULL: none. May be NULL.
	 */
	const char *(*setting)(void *ctx, const char *name);
	void *setting_ctx;
};

struct remote_store;

/** Opens it; a folder need not exist. The options' texts are borrowed until this returns. */
struct remote_store *remote_store_open(
	const struct remote_store_options *o, struct err *e) MUST_CHECK;
/** NULL is fine. No run or listing may be open. */
void remote_store_close(struct remote_store *s);
/** For messages: the path, or s3://bucket/prefix. */
const char *remote_store_name(const struct remote_store *s);
/** Is asking for one key as cheap as a stat? Then nobody needs a listing to know what is there. */
bool remote_store_asks_cheaply(const struct remote_store *s);
/** The local file that holds a key, put into the emptied `b`; false where there is none. */
bool remote_store_path(const struct remote_store *s, const char *key, struct buf *b);

/* ---- what is there ---- */

struct remote_entry {
	const char *key; /* valid until the next call on the listing */
	int64_t size;
	int64_t mtime_ns; /* since 1970; of a bucket: when it was put */
	bool is_exec; /* a folder's file with the owner's x bit */
	bool has_md5; /* a bucket may know it */
	uint8_t md5[HASH_MD5_LEN];
};

struct remote_listing;

/** Starts listing the keys that begin with `prefix` ("": all). remote_listing_close(). */
struct remote_listing *remote_store_list(
	struct remote_store *s, const char *prefix, struct err *e) MUST_CHECK;
/** The next one in order of the keys' bytes: 1, 0 at the end, -1. Memory stays flat. */
int remote_listing_next(
	struct remote_listing *l, struct remote_entry *entry, struct err *e) MUST_CHECK;
/** NULL is fine. */
void remote_listing_close(struct remote_listing *l);

/* ---- moving bytes ---- */

enum remote_op {
	REMOTE_SEND, /* from `path` or `data` to the key */
	REMOTE_FETCH, /* from the key to `path` or `into` */
	REMOTE_ASK, /* is it there? */
	REMOTE_COPY, /* from the object `path` ("bucket/key") of the same server, to the key */
	REMOTE_DELETE, /* gone is fine */
};

struct remote_job {
	enum remote_op op;
	const char *key; /* all texts are the caller's until `done` */
	const char *path; /* SEND: the file read. FETCH: the file made, its folders too */
	struct slice data; /* SEND, if `path` is NULL */
	struct buf *into; /* FETCH, if `path` is NULL: emptied and filled, up to 1 GiB */
	bool has_md5; /* the bytes must hash to `md5` */
	uint8_t md5[HASH_MD5_LEN];
	bool has_size; /* FETCH from a bucket: it must be of `size` bytes */
	bool keep; /* leave what is there: SEND of the key, FETCH of the file */
	bool read_only; /* what is made in a folder has mode 0444 */
	bool is_exec; /* what is made in a folder is executable */
	int64_t mtime_ns; /* what is made in a folder gets this time; 0: now; -1: FETCH: the
			     source's own */
	void *owner; /* the caller's */

	/* results */
	bool is_there; /* ASK, FETCH: false if the key is missing, which is not a failure.
			SEND with `keep`: it was there already */
	int64_t size; /* bytes of it */
};

struct remote_queue {
	/** Gives the next job: 1; 0 when there are no more; -1 and `e` ends the run. */
	int (*next)(void *ctx, struct remote_job **job, struct err *e);
	/** A job has ended; `failed`: why it did not succeed, or NULL. -1 and `e` ends the run. */
	int (*done)(void *ctx, struct remote_job *job, const struct err *failed, struct err *e);
};

/**
 * Works off the queue; next and done are called by one thread at a time. 0, or -1 after a callback
 * failed, or the store as a whole.
 */
int remote_store_run(
	struct remote_store *s, const struct remote_queue *q, void *ctx, struct err *e) MUST_CHECK;
/** Runs one job. Its failure is the result. */
int remote_store_do(struct remote_store *s, struct remote_job *job, struct err *e) MUST_CHECK;

/* ---- for those who make a kind of store ---- */

struct remote_store_kind {
	void (*close)(struct remote_store *s);
	bool (*path)(const struct remote_store *s, const char *key, struct buf *b); /* or NULL */
	struct remote_listing *(*list)(struct remote_store *s, const char *prefix, struct err *e);
	int (*run)(struct remote_store *s, const struct remote_queue *q, void *ctx, struct err *e);
	bool asks_cheaply;
};

/** The struct of a kind begins with this. */
struct remote_store {
	const struct remote_store_kind *kind;
	const char *name; /* owned by the kind */
};

/** Compares what the bytes hash to with what the job says they must. */
int remote_job_check_md5(
	const struct remote_job *job, const uint8_t md5[HASH_MD5_LEN], struct err *e) MUST_CHECK;

/** The struct of a kind's listing begins with this. */
struct remote_listing {
	int (*next)(struct remote_listing *l, struct remote_entry *entry, struct err *e);
	void (*close)(struct remote_listing *l);
};

#endif
