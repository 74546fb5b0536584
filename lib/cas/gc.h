/*
 * gc - removes objects that nothing references. What could not be proven unused stays.
 *
 * Used is what the workspace's .dvc files and dvc.lock name, also for stages that dvc.yaml no
 * longer has, and what the asked-for revisions name; of directories all members. A directory whose
 * manifest is not in the cache might hold anything: then nothing is removed at all.
 */
#ifndef CD4ML_CAS_GC_H
#define CD4ML_CAS_GC_H

#include "cas/worktree.h"

struct cas_gc_options {
	bool all_branches; /* local and remote-tracking */
	bool all_tags;
	bool all_commits; /* every commit that a ref reaches */
	bool in_remote; /* the remote's objects instead of the cache's */
	const char *remote; /* its name; NULL: the default */
	bool allow_missing; /* a manifest that is not in the cache is taken to name nothing */
	bool dry_run;
	/** Tells of each object that is (or would be) removed. May be NULL. */
	void (*each)(void *ctx, const struct cas_id *id, int64_t size);
	void *ctx;
};

struct cas_gc_result {
	uint64_t n_used; /* objects that something references */
	uint64_t n_removed, bytes_removed;
};

/** DVC's lock must be held. `res` is set. */
int cas_gc_run(struct cas_worktree *w, const struct cas_gc_options *o, struct cas_gc_result *res,
	struct err *e) MUST_CHECK;

#endif
