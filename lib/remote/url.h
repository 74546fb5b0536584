/*
 * url - where something lies: a path, file://, s3://bucket/prefix.
 */
#ifndef CD4ML_REMOTE_URL_H
#define CD4ML_REMOTE_URL_H

#include <stdbool.h>

#include "base/buf.h"

enum remote_url_kind { REMOTE_URL_PATH, REMOTE_URL_S3, REMOTE_URL_STREAM };

struct remote_url {
	enum remote_url_kind kind;
	struct buf path; /* PATH: of the file system. S3: the prefix, without "/" at its ends */
	struct buf bucket; /* S3 */
	bool is_folder; /* it ended with "/" */
};

#define REMOTE_URL_INIT                              \
	{                                            \
		.path = BUF_INIT, .bucket = BUF_INIT \
	}

/** "-" is a stream. ERR_INPUT: another scheme, a name that no bucket has, a host in file://. */
int remote_url_parse(struct remote_url *u, const char *text, struct err *e) MUST_CHECK;
void remote_url_release(struct remote_url *u);

#endif
