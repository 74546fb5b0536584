/*
 * bucket_upload - a large file on its way up in parts. Shared by remote/bucket_parts.c and bucket_resume.c only.
 *
 * Source: Amazon S3 User Guide, "Uploading and copying objects using multipart upload".
 */
#ifndef CD4ML_REMOTE_BUCKET_UPLOAD_H
#define CD4ML_REMOTE_BUCKET_UPLOAD_H

#include "remote/bucket_task.h"

enum { PART_ETAG_MAX = 128 };

struct part {
	char there[PART_ETAG_MAX + 1]; /* ETag of what the server has; empty: nothing */
	uint64_t there_size;
	char checksum[REMOTE_CHECKSUM_TEXT]; /* where the completion has to name it; else empty */
};

/* One part that is being hashed, then sent. */
struct flight {
	struct crew_task hashing;
	struct bucket_task *task;
	struct remote_s3_op op;
	struct remote_digest digest;
	struct err failed; /* of the hashing */
	bool has_failed;
	char query[1200];
	size_t number; /* from 0 */
	bool busy;
};

struct upload {
	int fd;
	uint64_t size, part_size;
	size_t n_parts, next, n_flying;
	struct part *parts;
	struct flight flights[BUCKET_PARTS_FLYING];
	enum remote_checksum checksum; /* of the parts */
	struct remote_trail whole;
	bool wants_whole;
	struct buf id, query, xml;
	uint64_t marker; /* ListParts goes on behind this part */
	bool finishing, conditional;
	bool is_gone; /* the server knows the upload no more */
	struct err failed;
	bool has_failed;
};

/** Puts "uploadId=..." into u->query. */
void remote_bucket_set_upload_query(struct upload *u);
/**
 * Finds an upload of this key that was interrupted and the parts that it has, or creates one; then goes on with
 * remote_bucket_send_more().
 */
int remote_bucket_find_upload(struct bucket_task *t, struct err *e) MUST_CHECK;
/** Keeps all flights taken; when nothing is under way any more, ends the upload. */
int remote_bucket_send_more(struct bucket_task *t, struct err *e) MUST_CHECK;

#endif
