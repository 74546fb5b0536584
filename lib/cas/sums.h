/*
 * sums - lines of hash and path, as md5sum and sha256sum print and check them.
 *
 *	5d41402abc4b2a76b9719d911017c592  hello.txt
 *	afca9e840439dca6d86ca3812c43b311.dir  data
 *
 * A directory's hash is that of its manifest (cas/manifest.h). A name with a line break or
 * backslash is escaped, and the line begins with a backslash, as coreutils do it.
 */
#ifndef CD4ML_CAS_SUMS_H
#define CD4ML_CAS_SUMS_H

#include "base/output.h"
#include "cas/worktree.h"

enum cas_sums_algo { CAS_SUMS_MD5, CAS_SUMS_SHA256 };

/** Adds the line of `path` to `out`; "-" is standard input. `w` may be a bare one. */
int cas_sums_print(struct cas_worktree *w, const char *path, enum cas_sums_algo algo,
	struct output *out, struct err *e) MUST_CHECK;

struct cas_sums_check {
	size_t n_good, n_bad, n_missing;
};
/**
 * Checks the lines of the file `list` ("-": standard input), each by the length of its hash.
 * Prints "PATH: OK" or
 * "PATH: FAILED" (good ones not if `quiet`). `res` is added to. ERR_INPUT: a line that is none.
 */
int cas_sums_check(struct cas_worktree *w, const char *list, bool quiet, struct output *out,
	struct cas_sums_check *res, struct err *e) MUST_CHECK;

#endif
