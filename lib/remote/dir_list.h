/*
 * dir_list - the files below a folder in order of their paths' bytes; in memory are the names of
 * one folder for each level. Only remote/dir includes this.
 */
#ifndef CD4ML_REMOTE_DIR_LIST_H
#define CD4ML_REMOTE_DIR_LIST_H

#include "remote/store.h"

struct remote_listing *remote_dir_list(
	const char *path, const char *prefix, struct diag *diag, struct err *e) MUST_CHECK;

#endif
