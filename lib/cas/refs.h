/*
 * refs - all that a repository references: the outputs of its .dvc files and of dvc.lock.
 */
#ifndef CD4ML_CAS_REFS_H
#define CD4ML_CAS_REFS_H

#include "base/arena.h"
#include "cas/ignore.h"
#include "cas/pointer.h"

struct cas_ref {
	struct cas_out out;
	const char *file; /* the .dvc file or dvc.lock that names it, relative to root */
	const char *stage; /* of dvc.lock, NULL for a .dvc file */
	bool is_stale; /* a stage that dvc.yaml no longer has: gc must keep it, nobody else wants it */
};

struct cas_refs {
	struct cas_ref *refs; /* in order of file, then as listed there */
	size_t n, cap;
	struct arena names;
};

#define CAS_REFS_INIT \
	{             \
		0     \
	}

void cas_refs_release(struct cas_refs *r);
/** Adds those of all .dvc files and dvc.lock of the workspace; ignored folders are not entered. */
int cas_refs_scan(struct cas_refs *r, const struct cas_repo *repo, struct err *e) MUST_CHECK;
/**
 * Adds those that a target names (relative to root): a .dvc file, an output, a folder above
 * outputs, a stage of
 * dvc.yaml, or "path/dvc.yaml:stage". ERR_INPUT when nothing is so named.
 */
int cas_refs_find(struct cas_refs *r, const struct cas_refs *all, const char *target,
	struct err *e) MUST_CHECK;
/** Adds those of one revision of git ("HEAD", a tag, a commit), by running git. */
int cas_refs_scan_revision(
	struct cas_refs *r, const struct cas_repo *repo, const char *rev, struct err *e) MUST_CHECK;
/**
 * Adds the outputs of one dvc.lock's text. `yaml` is the dvc.yaml beside it, empty if there is
 * none.
 */
int cas_refs_add_lock(struct cas_refs *r, const char *file, struct slice lock, struct slice yaml,
	struct err *e) MUST_CHECK;

#endif
