/*
 * object - bytes by hash: the cache.
 *
 * An object lies in CACHE/files/md5/xx/yyyy (legacy ones: CACHE/xx/yyyy), mode 0444. It appears
 * whole: written as a file without a name (O_TMPFILE) and linked, or beside and renamed where the
 * file system cannot, so that a kill leaves no half. Nothing enters under a name that its bytes do
 * not hash to, and nothing is handed out without having been hashed since its stat last changed
 * (cas/index.h).
 *
 * All functions may be called from several threads on one cache.
 */
#ifndef CD4ML_CAS_OBJECT_H
#define CD4ML_CAS_OBJECT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/pool.h"
#include "cas/id.h"
#include "cas/index.h"
#include "cas/repo.h"

struct cas_cache;

/** The cache of a repository; both are borrowed and must outlive it. */
struct cas_cache *cas_object_open(
	const struct cas_repo *r, struct cas_index *x, struct err *e) MUST_CHECK;
/** NULL is fine. */
void cas_object_close(struct cas_cache *c);

/** Sets the absolute path of an object into the emptied `b`. */
void cas_object_path(const struct cas_cache *c, const struct cas_id *id, struct buf *b);
/** Is there a file of that name? Its bytes are not looked at. Needs no memory. */
bool cas_object_has(struct cas_cache *c, const struct cas_id *id);
/**
 * Is the object there and sound? 1, 0 not there, -1 and `e` on failure or when its bytes hash to
 * something else ("corrupt"). Reads it only if the index does not know it. `size` may be NULL.
 */
int cas_object_check(
	struct cas_cache *c, const struct cas_id *id, int64_t *size, struct err *e) MUST_CHECK;

/** The caller has just put the object there, and its bytes hashed to `id`: they need not be read to know it. */
void cas_object_remember(struct cas_cache *c, const struct cas_id *id);

/** Reads the object's bytes, whatever the index says: 1 sound, 0 corrupt, -1 it cannot be read. */
int cas_object_verify(struct cas_cache *c, const struct cas_id *id, struct err *e) MUST_CHECK;

/**
 * Stores bytes that hash to `id` (the caller's word: it just hashed them). There already:
 * nothing to do.
 */
int cas_object_put_bytes(
	struct cas_cache *c, const struct cas_id *id, struct slice data, struct err *e) MUST_CHECK;
/**
 * Reads a small object whole (a manifest) into the emptied `b`, hashed on the way. ERR_INPUT:
 * missing or corrupt.
 */
int cas_object_load(
	struct cas_cache *c, const struct cas_id *id, struct buf *b, struct err *e) MUST_CHECK;

enum { CAS_PUT_LARGE_BYTES = 8 << 20 };

/** What cas_object_put_file() takes and gives. */
struct cas_put {
	int dir_fd; /* folder that `name` is relative to, or AT_FDCWD */
	const char *name; /* the file; a symbolic link is followed */
	const char *path; /* its absolute path, for `link` */
	const char *label; /* the path for messages */
	bool is_legacy;
	bool store; /* false: hash it only */
	bool link; /* afterwards replace the file by a link of the first type that works */
	bool leave_large; /* do nothing with an unknown one of more than CAS_PUT_LARGE_BYTES */
	struct pool *pool; /* threads that have nothing else to do, for a large file; NULL: none */
	bool has_st; /* `st` is the file's (its target's), taken at now_ns: saves a look */
	int64_t now_ns;
	/* results */
	struct stat st; /* of the workspace's file, after all was done */
	struct cas_id id;
	bool is_new; /* the object was not there before */
	bool is_left; /* it was large, and is left */
};
/**
 * Hashes a file and stores it, in one pass over its bytes. ERR_INPUT: not a plain file (a FIFO, a
 * socket, a device would hang or never end). ERR_SYSTEM: it changed meanwhile; nothing is stored
 * then.
 */
int cas_object_put_file(struct cas_cache *c, struct cas_put *p, struct err *e) MUST_CHECK;
/**
 * The same for many, small ones side by side in the lanes of one thread. Stops at the first
 * failure in order.
 */
int cas_object_put_files(
	struct cas_cache *c, struct cas_put *puts, size_t n, struct err *e) MUST_CHECK;

/**
 * Puts the object's content at the absolute path (whose folder exists), replacing a file there at
 * once, by the first link type that works; with `is_exec` by a copy, or reflink, with x bits. Hard
 * and symbolic links are 0444, copies 0666 less umask. The object is checked first (a copy: while
 * it is copied).
 */
int cas_object_link(struct cas_cache *c, const struct cas_id *id, const char *path, bool is_exec,
	struct err *e) MUST_CHECK;

/** The stat with which the index keeps hashes of the legacy kind apart. */
struct stat cas_object_index_key(const struct stat *st, bool is_legacy);

/** Removes an object (gc). Nothing there is fine. */
int cas_object_remove(struct cas_cache *c, const struct cas_id *id, struct err *e) MUST_CHECK;
/** Moves a corrupt object aside, to the same name with ".corrupt" behind. */
int cas_object_set_aside(struct cas_cache *c, const struct cas_id *id, struct err *e) MUST_CHECK;
/**
 * Are the objects ids[wanted[i]], i below `n`, there: all of one layout, with hashes that begin with
 * the same byte? 1, 0, -1. Cheaper than asking for each where they are most of what the folder holds.
 */
int cas_object_has_all(struct cas_cache *c, const struct cas_id *ids, const size_t *wanted,
	size_t n, struct err *e) MUST_CHECK;
/**
 * A stamp of all folders of one layout: it becomes another as soon as an object comes or goes.
 * False if one of them has changed so lately that a further change might not show.
 */
bool cas_object_stamp(struct cas_cache *c, bool is_legacy, uint8_t stamp[HASH_MD5_LEN]);
/** Removes downloads that were interrupted, and that nobody is at (remote/partial.h); how many went. */
size_t cas_object_sweep(struct cas_cache *c);
/**
 * Calls `each` for every object, in order of layout and id. Stops at a non-zero return, which
 * it gives back.
 */
int cas_object_each(struct cas_cache *c,
	int (*each)(void *ctx, const struct cas_id *id, const struct stat *st, struct err *e),
	void *ctx, struct err *e) MUST_CHECK;

#endif
