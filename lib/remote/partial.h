/*
 * partial - a large object on its way down, kept under a name of its own until it is whole, also over a crash.
 *
 * The file DIR/.cd4ml-HASH-part.tmp has the bytes at their places, and behind them the object's ETag and a byte for each
 * range that has arrived. A range is noted after its bytes are written. Whoever goes on must hash the whole in the end: what
 * a machine without power made of it is not known.
 */
#ifndef CD4ML_REMOTE_PARTIAL_H
#define CD4ML_REMOTE_PARTIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/** So long an interrupted download is kept for going on with it, where another comes into the same folder. */
enum { REMOTE_PARTIAL_KEEP_S = 7 * 86400 };

struct remote_partial {
	const char *dir; /* where it will be published */
	const char *name; /* of the object, unique: "s3://bucket/prefix/key" */
	struct slice etag; /* of this form of it, at most 128 bytes */
	uint64_t size;
	size_t n_ranges;
};

/**
 * Opens it, or makes it, alone; `path` gets its name, arrived[n_ranges] what it has. The descriptor; -1 where that cannot
 * be, or somebody else is at it: then the object is fetched as if there were none.
 */
int remote_partial_open(
	const struct remote_partial *p, struct buf *path, unsigned char *arrived) MUST_CHECK;
/** The bytes of range `i` are written. A note that fails is no loss. */
void remote_partial_note(const struct remote_partial *p, int fd, size_t i);
/** Cuts the notes off; the file is the object then, with `mode`. */
int remote_partial_finish(
	const struct remote_partial *p, int fd, unsigned mode, struct err *e) MUST_CHECK;

/**
 * Removes from a folder what nobody is at and has not been written to for `idle_s` seconds. How many went; a folder that
 * cannot be read, or changed, keeps what it has.
 */
size_t remote_partial_sweep(const char *dir, int64_t idle_s);

#endif
