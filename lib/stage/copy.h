/*
 * copy - a second working tree of the project at some revision, for an experiment or to make a release
 * again: git's worktree, with the same cache, run cache and remote.
 */
#ifndef CD4ML_STAGE_COPY_H
#define CD4ML_STAGE_COPY_H

#include "cas/worktree.h"
#include "stage/exec.h"

struct stage_copy {
	char *top; /* absolute: the git work tree */
	char *dir; /* absolute: the folder in it that `w` was opened from in the original */
};

/**
 * Makes one in the folder `path` (absolute; not there, or empty) and puts the data of .dvc files into
 * it, as far as the cache has it. After a failure nothing is left. stage_copy_release().
 */
int stage_copy_make(struct cas_worktree *w, const char *path, const char *rev, struct stage_copy *c,
	struct err *e) MUST_CHECK;
/** Removes the working tree; what git committed in it stays. */
int stage_copy_remove(struct cas_worktree *w, const char *path, struct err *e) MUST_CHECK;
void stage_copy_release(struct stage_copy *c);

/**
 * Runs a command in `dir` by stage_exec_run(), with a log. -1 also when it did not end well (ERR_INPUT) or
 * a signal stopped it (`stopped_by` of `r`).
 */
int stage_copy_run(const struct stage_copy *c, const char *command, const char *shell,
	const char *log, struct stage_exec_result *r, struct err *e) MUST_CHECK;

#endif
