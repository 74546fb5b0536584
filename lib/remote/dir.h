/*
 * dir - a folder as a store (remote/store.h): a path or file://.
 *
 * Files appear whole. Listed are plain files, and links to them; links to folders are not followed,
 * and told as a warning, as are pipes, sockets and devices. Temporary files of ours are not listed.
 */
#ifndef CD4ML_REMOTE_DIR_H
#define CD4ML_REMOTE_DIR_H

#include "remote/store.h"

/** A store of the folder `path`, which need not exist. */
struct remote_store *remote_dir_open(
	const char *path, const struct remote_store_options *o, struct err *e) MUST_CHECK;

#endif
