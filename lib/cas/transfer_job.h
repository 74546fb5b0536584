/*
 * transfer_job - objects as a queue of a store's jobs. Only the files of cas/transfer include this.
 */
#ifndef CD4ML_CAS_TRANSFER_JOB_H
#define CD4ML_CAS_TRANSFER_JOB_H

#include "cas/transfer.h"

/** States of an object in the set. */
enum cas_transfer_object_state {
	CAS_TRANSFER_TODO, /* to be moved; others are left out */
	CAS_TRANSFER_THERE, /* where it belongs */
	CAS_TRANSFER_NOT_THERE, /* could not be brought there */
	CAS_TRANSFER_SKIP, /* not now */
};

/**
 * Moves all objects of the set in state TODO, and sets their states. Missing ones count as missing,
 * or, with `may_miss`, as nothing. -1 only if the store failed as a whole.
 */
int cas_transfer_move(struct cas_worktree *w, struct remote_store *store, bool is_push,
	bool may_miss, struct cas_objects *set, const struct cas_transfer_options *o,
	struct cas_transfer_result *res, struct err *e) MUST_CHECK;
/** Sets every object's state to THERE or TODO by whether the store has it. */
int cas_transfer_ask(struct cas_worktree *w, struct remote_store *store, struct cas_objects *set,
	struct err *e) MUST_CHECK;
/**
 * Moves entries of the run cache that the other side lacks, and adds the refs of all that are
 * here.
 */
int cas_transfer_runs(struct cas_worktree *w, struct remote_store *store, bool is_push,
	const struct cas_transfer_options *o, struct cas_refs *refs,
	struct cas_transfer_result *res, struct err *e) MUST_CHECK;

#endif
