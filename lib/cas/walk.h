/*
 * walk - what lies below a folder, as DVC looks at it.
 *
 * Plain files and links to them are listed. Links to folders are left where they are and not
 * followed.
 * .git, .hg and .dvc are never entered, nor is a folder with a .dvc of its own. What cannot be stored is refused: a
 * broken link, a FIFO, a socket, a device, a name that is not UTF-8, a .dvcignore inside.
 */
#ifndef CD4ML_CAS_WALK_H
#define CD4ML_CAS_WALK_H

#include "cas/ignore.h"
#include "cas/manifest.h"

/**
 * Lists the folder open at `root_fd` into the emptied `m`, sorted; hashes and sizes are not set.
 * `path` is its path for `ignore` (rules down to its parent; NULL: none) and for messages.
 */
int cas_walk_list(int root_fd, const char *path, const struct cas_ignore *ignore,
	struct cas_manifest *m, struct err *e) MUST_CHECK;

#endif
