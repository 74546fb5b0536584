/*
 * once - which values of a column have been there before, and in which row first.
 *
 * Values are known by 88 bits of hash: two of ten million that differ are taken for the same with
 * a probability of 1e-13. 16 bytes a slot, at most three quarters of them in use.
 */
#ifndef CD4ML_TABLE_ONCE_H
#define CD4ML_TABLE_ONCE_H

#include <stdint.h>

#include "base/buf.h"

struct table_once_hash {
	uint64_t a, b;
};

struct table_once {
	uint64_t (*slots)[2]; /* [mask + 1]: a | 1; 24 bits of b over 40 of the row. 0: free */
	size_t mask, n;
};

/** The hash of a value, or of several one after another, beginning with { 0, 0 }. */
struct table_once_hash table_once_hash(struct table_once_hash before, struct slice value);
/**
 * Adds a value that stands in `row`. Sets `first` to the row where it was before, UINT64_MAX if
 * nowhere.
 */
int table_once_add(struct table_once *o, struct table_once_hash h, uint64_t row, uint64_t *first,
	struct err *e) MUST_CHECK;
void table_once_release(struct table_once *o);

#endif
