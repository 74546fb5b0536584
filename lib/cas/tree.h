/*
 * tree - a folder of the workspace with the hash of every file: by the index where that knows it,
 * else read; stored on the way if asked for. Files are spread over the pool in pieces.
 */
#ifndef CD4ML_CAS_TREE_H
#define CD4ML_CAS_TREE_H

#include "cas/worktree.h"

struct cas_tree_options {
	bool is_legacy; /* DVC 2's hashes */
	bool store; /* put the files into the cache */
	bool link; /* with `store`: replace them by links where cache.type shares */
};

/**
 * Lists the folder `path` (relative to root or absolute) into the emptied `m`: sorted, with hash,
 * size and x bit of each file.
 */
int cas_tree_read(struct cas_worktree *w, const char *path, const struct cas_tree_options *o,
	struct cas_manifest *m, struct err *e) MUST_CHECK;

/**
 * Are all members of the directory `id`, which `m` lists, in the cache? 1, 0, -1. Bytes are not
 * looked at. That a large one is complete is remembered until the cache's folders change.
 */
int cas_tree_has(struct cas_worktree *w, const struct cas_id *id, const struct cas_manifest *m,
	struct err *e) MUST_CHECK;

/**
 * Calls work(ctx, from, to) for pieces of 0 .. n - 1, of `piece` items each (from .. to - 1), spread
 * over the pool. After a failure no later piece begins; the failure of the earliest is reported.
 */
typedef int cas_tree_work(void *ctx, size_t from, size_t to, struct err *e);
enum { CAS_TREE_PIECE = 64 }; /* of what takes a moment each */
int cas_tree_spread(struct cas_worktree *w, size_t n, size_t piece, cas_tree_work *work, void *ctx,
	struct err *e) MUST_CHECK;

#endif
