/*
 * s3xml - the answers of S3 and STS, read with expat.
 *
 * Only elements' texts are wanted, never attributes; namespaces are dropped. A document type declaration
 * (entities) is refused. Formats: Amazon S3 API Reference; STS API Reference.
 */
#ifndef CD4ML_REMOTE_S3XML_H
#define CD4ML_REMOTE_S3XML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"

/**
 * Calls `each` at the end of every element with its path from the root ("ListBucketResult/Contents/Key")
 * and its text (entities resolved; empty for an element that holds others). -1 and `e` of `each` ends it.
 */
typedef int remote_s3xml_each(void *ctx, const char *path, struct slice text, struct err *e);
int remote_s3xml_parse(
	struct slice xml, remote_s3xml_each *each, void *ctx, struct err *e) MUST_CHECK;

/** An <Error>: code "NoSuchKey", message, and the region where one is named. Empty where not stated. */
struct remote_s3xml_error {
	struct buf code, message, region;
};
/** Whatever can be read; an answer that is no XML gives empty texts. remote_s3xml_error_release(). */
void remote_s3xml_read_error(struct slice xml, struct remote_s3xml_error *r);
void remote_s3xml_error_release(struct remote_s3xml_error *r);

struct remote_s3xml_object {
	struct slice key; /* decoded from encoding-type=url */
	struct slice etag; /* with its quotes */
	int64_t size;
	int64_t mtime; /* seconds since 1970, before 2262; 0 when not stated */
	bool is_prefix; /* a common prefix ("folder") */
};

struct remote_s3xml_list {
	struct remote_s3xml_object *objects; /* in the order of the answer */
	size_t n, cap;
	struct arena names; /* where keys and etags live */
	bool truncated;
	struct buf next_token;
	int64_t n_stated; /* KeyCount, -1 when not stated */
};
#define REMOTE_S3XML_LIST_INIT                         \
	{                                              \
		.next_token = BUF_INIT, .n_stated = -1 \
	}

/**
 * A ListObjectsV2 answer (with encoding-type=url) into the emptied list. An answer that is cut short, or states
 * another number of keys than it holds, or has a key with a NUL, is an error: nothing may be deleted after half a listing,
 * nor another object than is meant.
 */
int remote_s3xml_read_list(struct slice xml, struct remote_s3xml_list *l, struct err *e) MUST_CHECK;
void remote_s3xml_list_release(struct remote_s3xml_list *l);

/** Is the text a document with an element of this path? */
bool remote_s3xml_has(struct slice xml, const char *path);
/** The text of one element by its path, into the emptied `b`; false if it is not there. */
bool remote_s3xml_get(struct slice xml, const char *path, struct buf *b);

#endif
