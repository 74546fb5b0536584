/*
 * sync_trees - the part of remote/sync that merges two trees. Only remote/sync*.c include this.
 */
#ifndef CD4ML_REMOTE_SYNC_TREES_H
#define CD4ML_REMOTE_SYNC_TREES_H

#include "remote/sync.h"
#include "remote/url.h"

/** Makes the tree `to` like `from`; `urls` are both as they were typed. Adds to `res`. */
int remote_sync_trees(const struct remote_url *from, const struct remote_url *to,
	const char *const urls[2], const struct remote_sync_options *o,
	const struct remote_store_options *open, struct remote_sync_result *res,
	struct err *e) MUST_CHECK;

/**
 * The store of the folder above what `u` names, with `*key` its name there. Of what ends with a slash, and of a bucket
 * as a whole, NULL with `*key` empty and no error.
 */
struct remote_store *remote_sync_open_parent(const struct remote_url *u,
	const struct remote_store_options *open, struct buf *key, struct err *e) MUST_CHECK;
/** Is a single file or object there? 1, 0, -1. */
int remote_sync_is_one(const struct remote_url *u, const struct remote_store_options *open,
	struct err *e) MUST_CHECK;

#endif
