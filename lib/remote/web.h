/*
 * web - one file from a plain web server.
 */
#ifndef CD4ML_REMOTE_WEB_H
#define CD4ML_REMOTE_WEB_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/progress.h"

struct remote_web {
	const char *url; /* http:// or https:// */
	const char *path; /* the file that is made or emptied; after a failure it holds anything */
	const char *ca_bundle; /* NULL: libcurl's */
	struct progress *progress; /* may be NULL */
	struct diag *diag; /* may be NULL */
	struct buf tag; /* result: the ETag as sent, or empty */
};

/**
 * Fetches it, follows redirects (never from https to http), and tries again what passes. ERR_INPUT:
 * the server has no such file, or does not give it. buf_release(&w->tag) in any case.
 */
int remote_web_get(struct remote_web *w, struct err *e) MUST_CHECK;

#endif
