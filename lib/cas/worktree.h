/*
 * worktree - between the workspace and the cache: hash, add, checkout, status.
 *
 *	struct cas_worktree *w = cas_worktree_open(NULL, pool, diag, e);
 *	cas_worktree_hash(w, "clean/train.csv", &c, e)       what is there?
 *	cas_worktree_put(w, "clean/train.csv", 0, &c, e)     into the cache
 *	cas_worktree_checkout(w, "clean/train.csv", &c, 0, NULL, e)
 *	cas_worktree_close(w, e)                             writes the index
 *
 * Paths are relative to the root (cas/repo.h) or absolute. One thread calls; work is spread over
 * the pool. Nothing here takes locks: see cas_repo_lock().
 */
#ifndef CD4ML_CAS_WORKTREE_H
#define CD4ML_CAS_WORKTREE_H

#include "base/diag.h"
#include "base/pool.h"
#include "base/progress.h"
#include "cas/manifest.h"
#include "cas/object.h"
#include "cas/pointer.h"

struct cas_worktree {
	struct cas_repo *repo;
	struct cas_index *index;
	struct cas_cache *cache;
	struct pool *pool; /* borrowed */
	struct diag *diag; /* borrowed, may be NULL */
	struct progress *progress; /* borrowed, may be NULL; the caller sets it */
};

/**
 * Opens repository (of the folder `start`, NULL: the current one), index and cache.
 * cas_worktree_close().
 */
struct cas_worktree *cas_worktree_open(
	const char *start, struct pool *pool, struct diag *diag, struct err *e) MUST_CHECK;
/**
 * One that can only hash, and remembers nothing. Paths are relative to `root`, a repository's, whose .dvcignore counts; or, NULL,
 * to the current folder, and nothing is ignored.
 */
struct cas_worktree *cas_worktree_open_bare(
	const char *root, struct pool *pool, struct diag *diag, struct err *e) MUST_CHECK;
/** Writes the index (a failure is only a warning) and frees all; NULL is fine. */
void cas_worktree_close(struct cas_worktree *w);

/**
 * What is at `path`: a file, or a directory with all below it, by the index where that knows it.
 * 1, 0 when nothing is there (a broken symbolic link is an error), -1 and `e`. `is_legacy`
 * asks for DVC 2's hash.
 */
int cas_worktree_hash(struct cas_worktree *w, const char *path, bool is_legacy,
	struct cas_content *c, struct err *e) MUST_CHECK;
/**
 * Does `path` hold exactly `want`'s content? (Its id; the x bit of a single file counts too if
 * `check_exec`.)
 * 1 the same, 0 other or nothing there, -1.
 */
int cas_worktree_is_same(struct cas_worktree *w, const char *path, const struct cas_content *want,
	bool check_exec, struct err *e) MUST_CHECK;

enum cas_put_flags {
	CAS_PUT_HASH_ONLY = 1, /* as cas_worktree_hash, with the manifest's members */
	CAS_PUT_NO_LINK = 2, /* leave the workspace's files as they are, whatever cache.type says */
};
/**
 * Puts the file or directory at `path` into the cache (files first, the manifest last) and replaces
 * workspace files by links where cache.type asks for links that share. ERR_INPUT: nothing there, a
 * broken link, a FIFO, a .dvcignore inside a directory, a name that is not UTF-8. ERR_SYSTEM:
 * something changed meanwhile.
 */
int cas_worktree_put(struct cas_worktree *w, const char *path, unsigned flags,
	struct cas_content *c, struct err *e) MUST_CHECK;

enum cas_checkout_flags {
	CAS_CHECKOUT_FORCE = 1, /* overwrite and remove also what is not in the cache */
	CAS_CHECKOUT_RELINK = 2, /* make all links anew, though the content is right */
};
struct cas_checkout_result {
	size_t n_added, n_modified, n_deleted; /* files */
};
/**
 * Makes `path` hold `want`: only what differs is touched. Everything is checked before anything is
 * changed: ERR_INPUT when a file that would be overwritten or removed is not in the cache (and not
 * forced), or when an object is missing. Empty folders that are left over in a directory are
 * removed. A symbolic link above `path`, or in place of a folder, is ERR_INPUT, as is a path that
 * is not data's (cas/repo.h): nothing is written through it. `res` may be NULL, and is added to.
 */
int cas_worktree_checkout(struct cas_worktree *w, const char *path, const struct cas_content *want,
	unsigned flags, struct cas_checkout_result *res, struct err *e) MUST_CHECK;
/**
 * Removes the file or directory at `path` if all of it is in the cache, or with
 * CAS_CHECKOUT_FORCE. Nothing there is fine.
 */
int cas_worktree_remove(
	struct cas_worktree *w, const char *path, unsigned flags, struct err *e) MUST_CHECK;

/** Fails (ERR_INPUT) if something is at `path` that is not in the cache, and so would be lost with it. */
int cas_worktree_check_spare(struct cas_worktree *w, const char *path, struct err *e) MUST_CHECK;

/**
 * Is the content in the cache: the object, and for a directory every member? 1, 0, -1. Bytes
 * are not looked at.
 */
int cas_worktree_has(struct cas_worktree *w, const struct cas_id *id, struct err *e) MUST_CHECK;
/** Reads a directory's manifest from the cache into the emptied `m`. */
int cas_worktree_manifest(struct cas_worktree *w, const struct cas_id *id, struct cas_manifest *m,
	struct err *e) MUST_CHECK;

enum cas_state {
	CAS_SAME,
	CAS_MODIFIED,
	CAS_DELETED, /* not in the workspace */
	CAS_NEW, /* no hash known yet */
	CAS_NOT_IN_CACHE, /* the workspace is right, the cache lacks it */
};
/** "modified", "deleted", "new", "not in cache". */
const char *cas_worktree_state_name(enum cas_state s);
/** How the output at its path compares with what is recorded. */
int cas_worktree_state(struct cas_worktree *w, const struct cas_out *out, enum cas_state *s,
	struct err *e) MUST_CHECK;

/**
 * `dvc add`: puts the file or directory into the cache, writes path.dvc (an existing one keeps
 * what else it says) and the line in
 * .gitignore. `c` may be NULL.
 */
int cas_worktree_add(
	struct cas_worktree *w, const char *path, struct cas_content *c, struct err *e) MUST_CHECK;
/**
 * `dvc import-url`: checks out content that is in the cache already at `path` (`flags` as for
 * cas_worktree_checkout), and tracks it as brought from `source`.
 */
int cas_worktree_import(struct cas_worktree *w, const char *path, const struct cas_content *c,
	const struct cas_source *source, unsigned flags, struct err *e) MUST_CHECK;

#endif
