/*
 * access - how a command line says to reach a bucket: options as settings of a store, by DVC's names.
 */
#ifndef CD4ML_REMOTE_ACCESS_H
#define CD4ML_REMOTE_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

/** What was said; NULL, false, 0: nothing. Borrowed texts. */
struct remote_access {
	const char *endpoint, *region, *profile, *acl, *sse, *sse_kms_key_id, *storage_class;
	const char *bandwidth, *checksum, *read_timeout, *connect_timeout;
	bool no_sign, no_verify, requester_pays;
	int64_t transfers; /* in flight; 0: the store's own choice */
};

/** The `setting` of remote_store_options, with a struct remote_access as its context. */
const char *remote_access_setting(void *access, const char *name);

#endif
