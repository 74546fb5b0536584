/*
 * diff - what stored outputs became between two revisions, or a revision and the workspace.
 */
#ifndef CD4ML_CAS_DIFF_H
#define CD4ML_CAS_DIFF_H

#include "cas/worktree.h"

enum cas_diff_kind { CAS_DIFF_ADDED, CAS_DIFF_DELETED, CAS_DIFF_MODIFIED, CAS_DIFF_RENAMED };

struct cas_diff_change {
	enum cas_diff_kind kind;
	const char *path; /* of a directory with "/" behind, as DVC prints it */
	const char *new_path; /* of what was renamed */
	char old_id[CAS_ID_TEXT_MAX], new_id[CAS_ID_TEXT_MAX]; /* empty where there is none */
	int64_t old_size, new_size; /* -1: not known */
};

struct cas_diff {
	struct cas_diff_change *changes; /* by kind, then by path */
	size_t n, cap;
	struct arena names;
};

#define CAS_DIFF_INIT \
	{             \
		0     \
	}

/**
 * Compares revision `from` with revision `to` (NULL: the workspace as it is). Members of
 * directories are compared where both manifests are in the cache (or the workspace).
 */
int cas_diff_run(struct cas_worktree *w, const char *from, const char *to, struct cas_diff *d,
	struct err *e) MUST_CHECK;
void cas_diff_release(struct cas_diff *d);

#endif
