/*
 * mem - checked allocation. Each call either returns memory or fills the error.
 *
 * All memory of the library comes from here (third-party libraries excepted) and goes back by
 * free(). Tests make the n-th allocation fail by linking with --wrap=malloc and friends.
 */
#ifndef CD4ML_BASE_MEM_H
#define CD4ML_BASE_MEM_H

#include <stddef.h>

#include "base/err.h"

/** `size` zeroed bytes (at least 1). Owned by the caller; free(). NULL and `e` when there are none. */
void *mem_new(size_t size, struct err *e) MUST_CHECK;

/** `n` zeroed elements of `size` bytes; an overflow of n * size is "out of memory". */
void *mem_array(size_t n, size_t size, struct err *e) MUST_CHECK;

/** As mem_array, not zeroed: for large arrays that are written whole before they are read. */
void *mem_array_raw(size_t n, size_t size, struct err *e) MUST_CHECK;

/**
 * `n` raw elements of `size` bytes whose address is a multiple of 64 (a cache line, a vector). Large arrays lie in
 * huge pages where the system has them: for what is read here and there. free().
 */
void *mem_aligned(size_t n, size_t size, struct err *e) MUST_CHECK;

/**
 * `size` raw bytes for tables that are looked up at random, in huge pages where the system has some to give: a
 * look-up then misses in the cache only, not in the page tables too. free().
 */
void *mem_huge(size_t size, struct err *e) MUST_CHECK;

/**
 * Makes room for at least `need` elements in the growing array at `*pp` (a pointer to the array's
 * pointer) of `*cap` elements of `size` bytes; the capacity doubles. What is new is not zeroed.
 * 0, or -1 and the array as it was.
 *
 *	if (mem_grow(&rows, &cap, n + 1, sizeof(*rows), e))
 *		goto out;
 */
int mem_grow(void *pp, size_t *cap, size_t need, size_t size, struct err *e) MUST_CHECK;

/** A copy of the string, or of `len` bytes of it with a NUL behind. Owned by the caller; free(). */
char *mem_dup(const char *s, struct err *e) MUST_CHECK;
char *mem_dup_n(const char *s, size_t len, struct err *e) MUST_CHECK;

#endif
