/*
 * sigv4 - AWS Signature Version 4, header form, with OpenSSL's HMAC and SHA-256.
 *
 * Source: "Signature Version 4 signing process", AWS General Reference. For S3 the path is encoded
 * once, and its dots and slashes stay as they are. Chunk signing and presigned URLs are not needed
 * here.
 */
#ifndef CD4ML_REMOTE_SIGV4_H
#define CD4ML_REMOTE_SIGV4_H

#include <stdbool.h>
#include <time.h>

#include "base/buf.h"

/** Who signs, for what. Borrowed strings. */
struct remote_sigv4_key {
	const char *access_key, *secret_key;
	const char *region, *service; /* "eu-central-1", "s3" */
};

struct remote_sigv4_header {
	const char *name; /* in lower case */
	struct slice value; /* without blanks at the ends */
};

struct remote_sigv4_request {
	const char *method;
	struct slice path; /* encoded, begins with "/" */
	struct slice query; /* encoded, sorted by name, without "?"; a name without value has "=" */
	/** What is signed, sorted by name; at least host and x-amz-date. */
	const struct remote_sigv4_header *headers;
	size_t n_headers;
	const char *payload; /* SHA-256 of the body in hex, or UNSIGNED-PAYLOAD */
	time_t now;
};

enum { REMOTE_SIGV4_DATE_MAX = 17 }; /* 20130524T000000Z */

/** The value of x-amz-date. */
void remote_sigv4_date(time_t now, char out[REMOTE_SIGV4_DATE_MAX]);
/** Adds the value of the Authorization header. */
int remote_sigv4_sign(const struct remote_sigv4_key *key, const struct remote_sigv4_request *r,
	struct buf *authorization, struct err *e) MUST_CHECK;
/** Adds `s` with all but A-Z a-z 0-9 - . _ ~ (and "/" if `keep_slash`) as %XX. */
void remote_sigv4_encode(struct buf *b, struct slice s, bool keep_slash);

#endif
