/*
 * s3_answer - what an S3 server's refusal means: another region, place or clock, expired keys, or an error with advice.
 * Shared by remote/s3*.c only.
 */
#ifndef CD4ML_REMOTE_S3_ANSWER_H
#define CD4ML_REMOTE_S3_ANSWER_H

#include <time.h>

#include "remote/s3.h"
#include "remote/s3xml.h"

enum { REMOTE_S3_REGION_MAX = 64 };

struct remote_s3 {
	struct remote_creds *creds;
	struct remote_http *http;
	char *bucket, *name;
	char *endpoint; /* without a slash at its end; NULL: AWS's */
	char *sse, *sse_kms_key_id, *acl, *storage_class, *grants[REMOTE_S3_GRANTS];
	char region[REMOTE_S3_REGION_MAX];
	bool path_style, requester_pays, tls;
	time_t skew; /* the server's clock minus ours */
};

/** Is the answer taken, or the request made again, with what was learned from it? The `judge` of a transfer. */
enum remote_http_verdict remote_s3_judge(struct remote_http_transfer *t);
/** Puts the bucket and the key before what is said. */
void remote_s3_place(const struct remote_s3_op *op, struct err *e);
/** Says what the server refused, with the likely cause. */
void remote_s3_explain(
	const struct remote_s3_op *op, const struct remote_s3xml_error *x, struct err *e);

#endif
