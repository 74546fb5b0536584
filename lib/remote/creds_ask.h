/*
 * creds_ask - one question to a service that hands out credentials. Shared by remote/creds_*.c only.
 *
 * What it answers are secrets: they are wiped from the memory that they went through.
 */
#ifndef CD4ML_REMOTE_CREDS_ASK_H
#define CD4ML_REMOTE_CREDS_ASK_H

#include "remote/creds_source.h"

/** The longest answer, or file with a token, that is read. */
enum { REMOTE_CREDS_ANSWER_MAX = 1 << 20 };

/** A request without a body, and how it is made. The caller's; all texts are borrowed. */
struct remote_creds_request {
	const char *method, *url;
	const char *header_name, *header_value; /* NULL: none */
	const struct remote_creds_env *env;
	const struct remote_creds_set *signer; /* NULL: not signed */
	int connect_timeout_ms;
	bool once; /* no retries: the server may well not exist */

	struct err *failed; /* private from here */
	bool has_failed;
};

/** Puts the text of the answer into the emptied `answer`, and its status. -1 and `e` when there was no answer. */
int remote_creds_ask(
	struct remote_creds_request *r, long *status, struct buf *answer, struct err *e) MUST_CHECK;
/** Adds "&name=value" to a URL, encoded. */
void remote_creds_add_parameter(struct buf *b, const char *name, struct slice value);
/** Overwrites, then frees. */
void remote_creds_wipe(struct buf *b);
/** 2026-11-23T19:37:43Z, also with a fraction or +00:00; 0 when it is not such a time. */
time_t remote_creds_parse_time(struct slice s);

#endif
