/*
 * s3 - one bucket of S3, or of a server that speaks its protocol: signed requests, answers understood.
 *
 * An operation is a request on one key with its answer translated: missing, refused by a precondition,
 * or an error with the likely cause and what to do. Many run at a time on one http loop. Handled inside,
 * unseen by the caller: retries (SlowDown, 5xx, resets), another region than thought, an expired token,
 * a clock that is off. Source: Amazon S3 API Reference.
 */
#ifndef CD4ML_REMOTE_S3_H
#define CD4ML_REMOTE_S3_H

#include <stdbool.h>
#include <stdint.h>

#include "remote/creds.h"
#include "remote/http.h"
#include "remote/sigv4.h"

struct remote_s3;

enum { REMOTE_S3_GRANTS = 4 };

/** All texts are borrowed while remote_s3_new() runs; NULL: not set. */
struct remote_s3_options {
	const char *bucket;
	const char *endpoint; /* "https://minio.example:9000"; NULL: AWS's of the region */
	const char *region; /* NULL: from creds, else us-east-1 until the server tells another */
	int path_style; /* 1, 0; -1: where an endpoint is given, or the bucket's name has a dot */
	const char *sse, *sse_kms_key_id, *acl, *storage_class; /* sent with what is uploaded */
	const char
		*grants[REMOTE_S3_GRANTS]; /* the same: read, read-acp, write-acp, full-control */
	bool requester_pays;
	bool plain; /* no TLS where no endpoint says it */
	struct remote_creds *creds; /* borrowed for its life */
	struct remote_http *http; /* the same */
};

struct remote_s3 *remote_s3_new(const struct remote_s3_options *o, struct err *e) MUST_CHECK;
/** NULL is fine. No operation may be under way. */
void remote_s3_free(struct remote_s3 *s);

enum { REMOTE_S3_HEADERS = 8 };

/** One operation. The caller makes it (zeroed), fills the first part, keeps it until done(). */
struct remote_s3_op {
	const char *method;
	struct slice key; /* "": the bucket itself. Borrowed until done() */
	const char *query; /* encoded and sorted by name ("list-type=2&prefix=a%2F"), NULL: none */
	/** More headers, in lower case; all are signed. Values are borrowed until done(). */
	struct remote_sigv4_header headers[REMOTE_S3_HEADERS];
	size_t n_headers;
	bool is_upload; /* creates an object: storage class, encryption and ACL are sent */
	bool may_fail_late; /* its 200 may hold an error (CopyObject); each POST is such */
	const char *body; /* as in remote_http_transfer */
	int body_fd;
	off_t body_offset;
	uint64_t body_len;
	const char *sha256; /* of the body, in hex; borrowed; NULL: found out where it is needed */
	/** As in remote_http_transfer; NULL: the body is collected in `http.text`. */
	int (*receive)(
		struct remote_s3_op *op, uint64_t offset, const char *p, size_t len, struct err *e);
	/**
	 * The end. `failed` NULL: look at `is_missing`, `is_refused`, else it was done. May start others.
	 * -1 and `e` ends the run.
	 */
	int (*done)(struct remote_s3_op *op, const struct err *failed, struct err *e);
	void *ctx;

	/* the answer */
	struct remote_http_transfer http; /* its status, headers, text */
	bool is_missing; /* no such key (or upload) */
	bool is_refused; /* a precondition (If-None-Match) did not hold: the object exists */
	bool is_unsupported; /* the server does not know what was asked (501, or a header it refuses) */

	struct remote_s3 *s3; /* private from here */
	char payload[65];
	bool was_refreshed;
	int redirects, n_damaged;
	struct buf
		moved_to; /* host of a temporary redirect, for this operation alone; empty: none */
};

int remote_s3_start(struct remote_s3 *s, struct remote_s3_op *op, struct err *e) MUST_CHECK;
/** Frees what the answer holds; takes a zeroed one. */
void remote_s3_release(struct remote_s3_op *op);
/** For messages: "s3://bucket". */
const char *remote_s3_name(const struct remote_s3 *s);
/** Is the SHA-256 of a body part of its signature? Not over TLS, nor without a signature. */
bool remote_s3_signs_bodies(const struct remote_s3 *s);

#endif
