/*
 * dict - texts to codes 0, 1, 2, ... in the order in which they were first added.
 *
 * Open addressing over slots of 8 bytes: 32 bits of the hash beside the code, so that a miss
 * touches one cache line and a wrong text is compared once in 2^8 probes at a full table's size.
 * At most half of the slots are in use; the items have room for that half, so that both grow
 * together. One thread adds; any number may look up while nobody adds.
 *
 * The way to code a table on many threads: each piece of rows has a dictionary of its own (texts
 * borrowed from the piece), and these are added to the common one in the order of the pieces.
 * First appearance is then the same for any number of threads. What the common one has already,
 * each thread may look up itself, by a view, while another one adds: table_dict_share().
 */
#ifndef CD4ML_TABLE_DICT_H
#define CD4ML_TABLE_DICT_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "hash/h64.h"

#define TABLE_DICT_NONE UINT32_MAX

/**
 * A state of a dictionary, to look texts up in. One that other threads may use stays as long as the
 * dictionary is shared; it finds what was there when it was the newest, and part of what came then.
 */
struct table_dict_view {
	struct slice *items;
	_Atomic uint64_t *slots; /* [mask + 1]: hash << 32 | code + 1, 0 for free */
	size_t mask;
	struct table_dict_view *older;
};

struct table_dict {
	struct slice *items; /* [n], the text of each code */
	uint32_t *hashes; /* [n] */
	uint32_t n;
	_Atomic uint64_t *slots; /* as in a view; NULL: none yet */
	size_t mask;
	size_t cap_hashes;
	struct arena texts;
	struct table_dict_view *_Atomic newest; /* NULL: not shared */
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

/* ---- many look-ups ------------------------------------------------------------------------------ */

/** Lets other threads look up while one adds, until table_dict_unshare(). */
int table_dict_share(struct table_dict *d, struct err *e) MUST_CHECK;
/** Nobody else uses its views any more. */
void table_dict_unshare(struct table_dict *d);

/** Of a dictionary that is not shared, or by the thread that adds to it. */
static inline struct table_dict_view table_dict_own_view(const struct table_dict *d)
{
	return (struct table_dict_view){ d->items, d->slots, d->mask, NULL };
}

/** Of a shared one, by any thread. */
static inline const struct table_dict_view *table_dict_newest(const struct table_dict *d)
{
	return atomic_load_explicit(&d->newest, memory_order_acquire);
}

static inline uint64_t table_dict_slot(const struct table_dict_view *v, size_t i)
{
	return atomic_load_explicit(&v->slots[i & v->mask], memory_order_acquire);
}

/** Same bytes? For short texts faster than a call of memcmp. */
static inline bool table_dict_same(const char *a, const char *b, size_t n)
{
	if (n >= 8) {
		const char *last = a + n - 8;

		for (; a < last; a += 8, b += 8) {
			if (h64_load8(a) != h64_load8(b))
				return false;
		}
		return h64_load8(last) == h64_load8(b + (last - a));
	}
	if (n >= 4)
		return h64_load4(a) == h64_load4(b) && h64_load4(a + n - 4) == h64_load4(b + n - 4);
	return n == 0 || (a[0] == b[0] && a[n / 2] == b[n / 2] && a[n - 1] == b[n - 1]);
}

/** The code of `s`, TABLE_DICT_NONE if it is not there. The view must have slots. */
static inline uint32_t table_dict_look(
	const struct table_dict_view *v, struct slice s, uint32_t hash)
{
	for (size_t i = hash;; i++) {
		uint64_t slot = table_dict_slot(v, i);
		const struct slice *item;

		if (slot == 0)
			return TABLE_DICT_NONE;
		if ((uint32_t)(slot >> 32) != hash)
			continue;
		item = &v->items[(uint32_t)slot - 1];
		if (item->len == s.len && table_dict_same(item->p, s.p, s.len))
			return (uint32_t)slot - 1;
	}
}

/*
 * A look-up misses the cache three times: the slot, the item, its text. With many look-ups ahead of
 * their use the three can be fetched one after another, each when the one before has come.
 */

/** Fetches the slot of a hash ahead of its use. */
static inline void table_dict_prefetch(const struct table_dict_view *v, uint32_t hash)
{
	__builtin_prefetch((const void *)&v->slots[hash & v->mask]);
}

/** What is probably the item; its slot should have come. NULL: none. */
static inline const struct slice *table_dict_guess(const struct table_dict_view *v, uint32_t hash)
{
	uint64_t slot = table_dict_slot(v, hash);

	return slot ? &v->items[(uint32_t)slot - 1] : NULL;
}

/** Fetches the item. */
static inline void table_dict_prefetch_item(const struct table_dict_view *v, uint32_t hash)
{
	__builtin_prefetch(table_dict_guess(v, hash));
}

/** Fetches the text; the item should have come. */
static inline void table_dict_prefetch_text(const struct table_dict_view *v, uint32_t hash)
{
	const struct slice *item = table_dict_guess(v, hash);

	if (item) {
		__builtin_prefetch(item->p);
		__builtin_prefetch(item->p + item->len); /* it may lie in two lines */
	}
}

#endif
