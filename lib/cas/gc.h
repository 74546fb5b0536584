/*
 * gc - removes objects that nothing references. What could not be proven unused stays.
 *
 * Used is what the workspace's .dvc files and dvc.lock name, also for stages that dvc.yaml no longer
 * has, what the asked-for revisions name, and what experiments (stage-exp) made; of directories all
 * members. A directory whose manifest is not in the cache might hold anything: then nothing is removed
 * at all. A cache that cache.dir sets outside of the repository may be that of other projects too:
 * they are to be named.
 */
#ifndef CD4ML_CAS_GC_H
#define CD4ML_CAS_GC_H

#include "cas/worktree.h"

struct cas_gc_options {
	bool workspace; /* no more than what the workspace references, which always stays */
	bool all_branches; /* local and remote-tracking */
	bool all_tags;
	bool all_commits; /* every commit that a ref reaches */
	bool in_remote; /* the remote's objects instead of the cache's */
	const char *remote; /* its name; NULL: the default */
	bool allow_missing; /* a manifest that is not in the cache is taken to name nothing */
	const char *const *
		projects; /* [n_projects] folders of other repositories: what they use is kept, too */
	size_t n_projects;
	bool is_not_shared; /* the user's word that nobody else uses the cache */
	bool dry_run;
	/** Tells of each object that is (or would be) removed. May be NULL. */
	void (*each)(void *ctx, const struct cas_id *id, int64_t size);
	void *ctx;
};

struct cas_gc_result {
	uint64_t n_used; /* objects that something references */
	uint64_t n_removed, bytes_removed;
};

/**
 * ERR_INPUT where no option says what is to be kept. DVC's lock must be held; those of the other projects are taken for `lock_ms` at most.
 * `res` is set.
 */
int cas_gc_run(struct cas_worktree *w, const struct cas_gc_options *o, int lock_ms,
	struct cas_gc_result *res, struct err *e) MUST_CHECK;

#endif
