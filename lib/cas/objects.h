/*
 * objects - a set of objects: what outputs need, directories with their members.
 */
#ifndef CD4ML_CAS_OBJECTS_H
#define CD4ML_CAS_OBJECTS_H

#include "base/arena.h"
#include "cas/refs.h"
#include "cas/worktree.h"

struct cas_objects_item {
	struct cas_id id;
	const char *label; /* a path that has it, for messages */
	int state; /* the caller's */
};

struct cas_objects {
	struct cas_objects_item *items; /* sorted by id, each once, after cas_objects_sort() */
	size_t n, cap;
	struct arena names;
};

#define CAS_OBJECTS_INIT \
	{                \
		0        \
	}

void cas_objects_release(struct cas_objects *s);
/** Adds one; `inside` (may be NULL) is the path inside of `path`. */
int cas_objects_add(struct cas_objects *s, const struct cas_id *id, const char *path,
	const char *inside, struct err *e) MUST_CHECK;
/** Adds the members of the directory `id`, whose manifest must be in the cache. */
int cas_objects_add_members(struct cas_objects *s, struct cas_worktree *w, const struct cas_id *id,
	const char *path, struct err *e) MUST_CHECK;
void cas_objects_sort(struct cas_objects *s);
/** Finds one in a sorted set; NULL if it is not there. */
struct cas_objects_item *cas_objects_find(const struct cas_objects *s, const struct cas_id *id);

/**
 * The key of an object in a remote: "files/md5/xx/yyyy", or "xx/yyyy" for a legacy one. Into
 * the emptied `b`.
 */
void cas_objects_key(const struct cas_id *id, struct buf *b);
/** The object that a key names; false for another key. */
bool cas_objects_parse_key(const char *key, struct cas_id *id);

#endif
