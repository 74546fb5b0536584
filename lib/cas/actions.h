/*
 * actions - the commands of cas-hash on a repository: they take DVC's lock where they change
 * something, find what is meant, do it, and write what a person or a program reads to `out`.
 *
 * Targets are as the user typed them (cas/refs.h); none means all.
 */
#ifndef CD4ML_CAS_ACTIONS_H
#define CD4ML_CAS_ACTIONS_H

#include "base/output.h"
#include "cas/refs.h"
#include "cas/worktree.h"

struct cas_actions {
	struct cas_worktree *w;
	struct output *out;
	bool json;
	char *const *targets; /* [n_targets] */
	size_t n_targets;
	/** Of which revisions targets may be, besides the workspace; with `one`, of that alone. NULL: of none. */
	const struct cas_refs_revisions *revisions;
};

/** Opens the repository of the current folder for the commands; the other fields are the caller's. */
int cas_actions_open(struct cas_actions *a, struct pool *pool, struct progress *progress,
	struct diag *diag, struct err *e) MUST_CHECK;
/** Writes the index, and closes it. Takes one that was not opened. */
void cas_actions_close(struct cas_actions *a);

/** Adds each target (cas_worktree_add). */
int cas_actions_add(const struct cas_actions *a, struct err *e) MUST_CHECK;
struct cas_actions_get {
	const char *url; /* a path, file://, http(s):// or s3:// */
	const char *out; /* where to, or a folder for it; NULL: its own name, here */
	bool force; /* replace what is there */
	const char *ca_bundle; /* of https://; NULL: the system's */
};
/** Brings data from elsewhere, and tracks it with where it came from (cas_worktree_import). */
int cas_actions_get(
	const struct cas_actions *a, const struct cas_actions_get *o, struct err *e) MUST_CHECK;
/** Stores the outputs of .dvc files as they are now, and writes that down. */
int cas_actions_commit(const struct cas_actions *a, struct err *e) MUST_CHECK;
/**
 * Makes outputs what is recorded; prints "A path", "M path", "D path". `flags`: enum
 * cas_checkout_flags.
 */
int cas_actions_checkout(const struct cas_actions *a, unsigned flags, struct err *e) MUST_CHECK;
/** Prints how outputs differ from what is recorded. *changed: some do. */
int cas_actions_status(const struct cas_actions *a, bool *changed, struct err *e) MUST_CHECK;
/** Prints the differences between revisions (cas/diff.h); `to` may be NULL. */
int cas_actions_diff(const struct cas_actions *a, const char *from, const char *to, bool *changed,
	struct err *e) MUST_CHECK;
/** Hashes every object of the cache again; corrupt ones are named and moved aside. */
int cas_actions_verify(const struct cas_actions *a, bool *corrupt, struct err *e) MUST_CHECK;

struct cas_gc_options;
/** Removes what nothing references (cas/gc.h; `each` is ours), names each if asked to, and counts. */
int cas_actions_gc(const struct cas_actions *a, const struct cas_gc_options *o, bool name_them,
	struct err *e) MUST_CHECK;

/* Between cache and remote (cas/transfer.h). `*o` is as the user wants it, but its `each`. */
struct cas_transfer_options;
/** Sends what the remote lacks. *lost: something was missing or failed, which was told. */
int cas_actions_push(const struct cas_actions *a, const struct cas_transfer_options *o, bool *lost,
	struct err *e) MUST_CHECK;
/** Brings what the cache lacks. */
int cas_actions_fetch(const struct cas_actions *a, const struct cas_transfer_options *o, bool *lost,
	struct err *e) MUST_CHECK;
/** Prints what only one side has. *differ: something. */
int cas_actions_compare(const struct cas_actions *a, const struct cas_transfer_options *o,
	bool *differ, struct err *e) MUST_CHECK;

/* The remotes of the configuration. */
struct cas_actions_remote {
	enum cas_level level; /* whose file is changed */
	bool is_default; /* add: make it the default */
	bool force; /* add: overwrite one of that name */
	bool unset; /* modify: remove the key */
};
/**
 * What the targets say: `list`; `default [NAME]`, which sets or prints it; `add NAME URL`; `remove NAME`; `modify NAME KEY VALUE`, where
 * secrets are refused.
 */
int cas_actions_remote(
	const struct cas_actions *a, const struct cas_actions_remote *o, struct err *e) MUST_CHECK;

#endif
