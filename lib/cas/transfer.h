/*
 * transfer - what one side lacks: objects between the cache and a remote.
 *
 * A directory's manifest is sent after all of its members, and only if they arrived: a manifest in
 * a remote means that its members are there. What is sent and what is fetched is hashed on the way,
 * and refused when it differs from its name.
 */
#ifndef CD4ML_CAS_TRANSFER_H
#define CD4ML_CAS_TRANSFER_H

#include "cas/objects.h"
#include "remote/store.h"

enum cas_transfer_event {
	CAS_TRANSFER_MOVED, /* sent or fetched */
	CAS_TRANSFER_MISSING, /* neither here nor there */
	CAS_TRANSFER_FAILED,
	CAS_TRANSFER_LEFT, /* where it belongs already */
	CAS_TRANSFER_HELD, /* a directory's list that waits for a member */
};

struct cas_transfer_options {
	const char *remote; /* its name; NULL: each output's own, or the default */
	bool run_cache; /* .dvc/cache/runs, and what it references, too */
	bool dry_run;
	bool explain; /* tell also of what is left where it is, for people and programs */
	int in_flight; /* 0: the store's own choice */
	/** What comes before the settings of the remote's section, by DVC's names; NULL: nothing does. */
	const char *(*setting)(void *ctx, const char *name);
	void *setting_ctx;
	/** Tells of each object; `text` says why. One thread at a time. May be NULL. */
	void (*each)(void *ctx, enum cas_transfer_event event, const char *path,
		const struct cas_id *id, int64_t size, const char *text);
	void *ctx;
};

struct cas_transfer_result {
	uint64_t n_moved, bytes_moved, n_there, n_missing, n_failed;
	uint64_t n_runs; /* entries of the run cache that moved */
	enum err_code code; /* of the first failure */
};

/**
 * Sends what the wanted refs need and the remote lacks. `res` is set; -1 only where nothing
 * could be tried.
 */
int cas_transfer_push(struct cas_worktree *w, const struct cas_refs *refs, const bool *wanted,
	const struct cas_transfer_options *o, struct cas_transfer_result *res,
	struct err *e) MUST_CHECK;
/** Brings what the wanted refs need and the cache lacks. */
int cas_transfer_fetch(struct cas_worktree *w, const struct cas_refs *refs, const bool *wanted,
	const struct cas_transfer_options *o, struct cas_transfer_result *res,
	struct err *e) MUST_CHECK;

/** How an output stands between cache and remote. */
enum cas_transfer_state {
	CAS_TRANSFER_SAME,
	CAS_TRANSFER_NEW, /* here, not in the remote */
	CAS_TRANSFER_DELETED, /* in the remote, not here */
	CAS_TRANSFER_LOST, /* in neither */
};
/** Sets state[i] of each wanted ref. */
int cas_transfer_status(struct cas_worktree *w, const struct cas_refs *refs, const bool *wanted,
	const struct cas_transfer_options *o, enum cas_transfer_state *state,
	struct err *e) MUST_CHECK;

/** Opens a remote of the configuration by name (NULL: the default); `o` may be NULL. remote_store_close(). */
struct remote_store *cas_transfer_open(struct cas_worktree *w, const char *name,
	const struct cas_transfer_options *o, struct err *e) MUST_CHECK;
/** Is this ref one that moves: it has a hash, is cached, and, for a push, not `push: false`? */
bool cas_transfer_moves(const struct cas_ref *ref, bool is_push);

#endif
