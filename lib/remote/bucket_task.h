/*
 * bucket_task - one job on its way to or from a bucket. Shared by remote/bucket*.c only.
 *
 * A task is made when the queue gives a job, goes through the requests that it needs, each started by the
 * end of the one before, and ends in remote_bucket_task_end(), which tells the queue and fills the freed room.
 */
#ifndef CD4ML_REMOTE_BUCKET_TASK_H
#define CD4ML_REMOTE_BUCKET_TASK_H

#include "base/fresh.h"
#include "remote/checksum.h"
#include "remote/s3.h"
#include "remote/store.h"
#include "remote/trail.h"

enum {
	BUCKET_PART_MIN = 8 << 20, /* S3 wants 5 MiB at least */
	BUCKET_MULTIPART_FROM = 16 << 20,
	BUCKET_PARTS_MAX = 10000,
	BUCKET_PARTS_FLYING = 8, /* of one file */
};

struct bucket {
	struct remote_store store;
	char *name, *prefix;
	struct remote_creds *creds;
	struct remote_http *http;
	struct remote_s3 *s3;
	struct remote_http_options http_options; /* for listings, which have a loop of their own */
	struct remote_s3_options s3_options; /* the texts live in `texts` */
	struct arena *texts;
	struct diag *diag;
	struct fresh_place place;
	enum remote_checksum checksum; /* that goes with what is sent */
	bool is_chosen; /* by the user */
	enum cpu_isa isa;
	bool no_conditions; /* the server refused If-None-Match */
	bool no_bulk; /* the server refused DeleteObjects */
	struct remote_bucket_batch *batches; /* deletions on their way */
	struct remote_bucket_batch
		*open_batch; /* of these, the one that still takes some; or NULL */
	const struct remote_queue *queue;
	void *ctx;
	bool ended; /* the queue has no more */
	struct bucket_task *tasks; /* under way, so that a run that fails leaves nothing */
};

struct bucket_task {
	struct bucket_task *next, **link; /* in bucket->tasks */
	struct bucket *bucket;
	struct remote_job *job;
	struct remote_s3_op op; /* the request that is not one of several */
	struct buf key; /* with the prefix */
	void *state; /* of a send in parts, a fetch */
	void (*release)(struct bucket_task *t); /* frees `state`; may be NULL */
};

/** Ends the task: tells the queue, frees it, takes the next jobs. The result of a `done` callback. */
int remote_bucket_task_end(
	struct bucket_task *t, const struct err *failed, struct err *e) MUST_CHECK;
/** Starts the request in t->op, to end in `done`. */
int remote_bucket_task_start(struct bucket_task *t,
	int (*done)(struct remote_s3_op *op, const struct err *failed, struct err *e),
	struct err *e) MUST_CHECK;
/** Adds the header to a request. */
void remote_bucket_add_header(struct remote_s3_op *op, const char *name, const char *value);
/** Has the digest sent with the body: as the checksum's header, and in the signature. */
void remote_bucket_add_digest(
	struct remote_s3_op *op, enum remote_checksum c, const struct remote_digest *d);

/*
 * Each begins the work of one kind of job. A failure to begin is the task's: -1 and `e`, and nothing
 * is under way.
 */
int remote_bucket_send(struct bucket_task *t, struct err *e) MUST_CHECK;
int remote_bucket_send_parts(
	struct bucket_task *t, int fd, uint64_t size, struct err *e) MUST_CHECK;
int remote_bucket_copy(struct bucket_task *t, struct err *e) MUST_CHECK;
int remote_bucket_fetch(struct bucket_task *t, struct err *e) MUST_CHECK;
int remote_bucket_delete(struct bucket_task *t, struct err *e) MUST_CHECK;

/** Are there as many deletions waiting as go into a request? */
bool remote_bucket_batch_is_full(const struct bucket *bucket);
/** Starts the deletions that wait. */
int remote_bucket_flush_deletes(struct bucket *bucket, struct err *e) MUST_CHECK;
/** NULL is fine. Its tasks are not touched. */
void remote_bucket_free_batch(struct remote_bucket_batch *b);

/** Lists the keys that begin with `prefix`. */
struct remote_listing *remote_bucket_list(
	struct remote_store *s, const char *prefix, struct err *e) MUST_CHECK;

#endif
