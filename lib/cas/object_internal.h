/*
 * object_internal - what the files of cas/object share. Nobody else includes it.
 */
#ifndef CD4ML_CAS_OBJECT_INTERNAL_H
#define CD4ML_CAS_OBJECT_INTERNAL_H

#include "base/fresh.h"
#include "cas/digest.h"
#include "cas/object.h"

struct cas_cache {
	const struct cas_repo *repo;
	struct cas_index *index;
	struct fresh_place place;
	bool strict_umask; /* it takes bits from 0444 */
	atomic_int reflinks; /* 0 not tried, 1 work, -1 do not */
	atomic_int dir_fd; /* of the cache's folder; -1: not there yet */
};

/** Opens a fresh file beside the object's place, whose folder is made. */
int cas_object_fresh(
	struct cas_cache *c, const struct cas_id *id, struct fresh *f, struct err *e) MUST_CHECK;
/** The cache's folder, opened when it is first needed; -1 as long as it is not there. */
int cas_object_dir_fd(struct cas_cache *c);
/** Makes the folder of an object. */
int cas_object_make_dir(struct cas_cache *c, const struct cas_id *id, struct err *e) MUST_CHECK;
/** Gives the fresh file the object's name; *is_new (may be NULL): it was not there. Closes it. */
int cas_object_publish(struct cas_cache *c, const struct cas_id *id, struct fresh *f, bool *is_new,
	struct err *e) MUST_CHECK;
/** Makes `to` share the blocks of `from`; false where the file system cannot. */
bool cas_object_clone(struct cas_cache *c, int from, int to);
/** Does the index know that the open object is sound? */
bool cas_object_is_known(struct cas_cache *c, const struct cas_id *id, int fd);
/** Says that the object's bytes have another hash, and returns -1. */
int cas_object_corrupt(const struct cas_id *id, const char *path, struct err *e);

#endif
