/*
 * git - the few questions to git, asked by running it (no shell).
 *
 * Where git is not installed these fail with a message that says so.
 */
#ifndef CD4ML_CAS_GIT_H
#define CD4ML_CAS_GIT_H

#include "base/buf.h"

/**
 * Runs git in the folder `dir` with the NULL-terminated arguments (without "git"), `in` on its
 * standard
 * input. Its output comes into the emptied `out` (NULL: thrown away). Returns git's exit status, or
 * -1 and `e` when it could not be run, or was killed; *problem (may be NULL), emptied, gets what it
 * printed on standard error.
 */
int cas_git_run(const char *dir, const char *const *args, struct slice in, struct buf *out,
	struct buf *problem, struct err *e) MUST_CHECK;
/** The same where any status but 0 is an error that carries git's words. 0 or -1. */
int cas_git_must(const char *dir, const char *const *args, struct slice in, struct buf *out,
	struct err *e) MUST_CHECK;

#endif
