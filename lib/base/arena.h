/*
 * arena - memory that is freed all at once: one arena per phase or thread.
 *
 * Blocks double in size from 64 KiB to 16 MiB. Addresses stay valid until reset or release.
 */
#ifndef CD4ML_BASE_ARENA_H
#define CD4ML_BASE_ARENA_H

#include <stddef.h>

#include "base/err.h"

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first */
	char *next, *end; /* what is free in the newest */
	size_t total; /* bytes asked of the heap */
};

#define ARENA_INIT \
	{          \
		0  \
	}

/** `size` bytes at an address that is a multiple of 16, not zeroed; valid until reset or release. */
void *arena_alloc(struct arena *a, size_t size, struct err *e) MUST_CHECK;

/** A copy of `len` bytes, byte-aligned (no padding between two of them), without a NUL. */
char *arena_copy(struct arena *a, const char *p, size_t len, struct err *e) MUST_CHECK;

/** A copy of `len` bytes with a NUL behind. */
char *arena_dup(struct arena *a, const char *p, size_t len, struct err *e) MUST_CHECK;

/** Forgets all that was allocated; keeps the newest block for what comes next. */
void arena_reset(struct arena *a);

/** Gives everything back; the arena is empty and usable again. */
void arena_release(struct arena *a);

#endif
