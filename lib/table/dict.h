/*
 * dict - texts to codes 0, 1, 2, ... in the order in which they were first added.
 *
 * Open addressing over slots of 8 bytes: 32 bits of the hash beside the code, so that a miss
 * touches one cache line and a wrong text is compared once in 2^8 probes at a full table's size.
 * Growing moves the slots only. One thread adds; any number may look up while nobody adds.
 *
 * The way to code a table on many threads: each piece of rows has a dictionary of its own (texts
 * borrowed from the piece), and these are added to the common one in the order of the pieces.
 * First appearance is then the same for any number of threads.
 */
#ifndef CD4ML_TABLE_DICT_H
#define CD4ML_TABLE_DICT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "hash/h64.h"

#define TABLE_DICT_NONE UINT32_MAX

struct table_dict {
	struct slice *items; /* [n], the text of each code */
	uint32_t *hashes; /* [n] */
	uint32_t n;
	uint64_t *slots; /* [mask + 1]: hash << 32 | code + 1, 0 for free */
	size_t mask;
	size_t cap_items, cap_hashes;
	struct arena texts;
};

#define TABLE_DICT_INIT \
	{               \
		0       \
	}

void table_dict_release(struct table_dict *d);
/** Forgets the texts, keeps the memory. */
void table_dict_reset(struct table_dict *d);
static inline uint32_t table_dict_hash(struct slice s)
{
	return (uint32_t)(h64_bytes(s.p, s.len, 0) >> 16);
}

/** The code of `s`, TABLE_DICT_NONE if it is not there. */
uint32_t table_dict_get(const struct table_dict *d, struct slice s, uint32_t hash);
/**
 * The code of `s`, which is copied in if it is new. 0 or -1. More than 2^32 - 2 texts are an
 * error.
 */
int table_dict_add(struct table_dict *d, struct slice s, uint32_t hash, uint32_t *code,
	struct err *e) MUST_CHECK;
/** The same; a new text is borrowed: it must live until the reset. */
int table_dict_add_borrowed(struct table_dict *d, struct slice s, uint32_t hash, uint32_t *code,
	struct err *e) MUST_CHECK;
/** Adds all texts of `from` in their order; map[i] becomes the code here of i there. */
int table_dict_merge(struct table_dict *d, const struct table_dict *from, uint32_t *map,
	struct err *e) MUST_CHECK;

/** Gives the text of code i the code order[i]; `order` is a permutation of [n]. */
int table_dict_reorder(struct table_dict *d, const uint32_t *order, struct err *e) MUST_CHECK;
/** Gives back what only adding and looking up need; `items` and `n` stay. */
void table_dict_freeze(struct table_dict *d);

/*
 * A look-up misses the cache three times: the slot, the item, its text. With many look-ups ahead of
 * their use the three can be fetched one after another, each when the one before has come.
 */

/** Fetches the slot of a hash ahead of its use. */
static inline void table_dict_prefetch(const struct table_dict *d, uint32_t hash)
{
	if (d->slots)
		__builtin_prefetch(&d->slots[hash & d->mask]);
}

/** What is probably the item; its slot should have come. NULL: none. */
static inline const struct slice *table_dict_guess(const struct table_dict *d, uint32_t hash)
{
	uint64_t slot = d->slots ? d->slots[hash & d->mask] : 0;

	return slot ? &d->items[(uint32_t)slot - 1] : NULL;
}

/** Fetches the item. */
static inline void table_dict_prefetch_item(const struct table_dict *d, uint32_t hash)
{
	__builtin_prefetch(table_dict_guess(d, hash));
}

/** Fetches the text; the item should have come. */
static inline void table_dict_prefetch_text(const struct table_dict *d, uint32_t hash)
{
	const struct slice *item = table_dict_guess(d, hash);

	if (item)
		__builtin_prefetch(item->p);
}

#endif
