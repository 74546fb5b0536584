#include "table/dict.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { FIRST_SLOTS = 64 };

void table_dict_release(struct table_dict *d)
{
	free(d->items);
	free(d->hashes);
	free(d->slots);
	arena_release(&d->texts);
	*d = (struct table_dict)TABLE_DICT_INIT;
}

void table_dict_reset(struct table_dict *d)
{
	if (d->n > 0)
		memset(d->slots, 0, (d->mask + 1) * sizeof(*d->slots));
	d->n = 0;
	arena_reset(&d->texts);
}

void table_dict_freeze(struct table_dict *d)
{
	free(d->hashes);
	free(d->slots);
	d->hashes = NULL;
	d->slots = NULL;
	d->cap_hashes = 0;
	d->mask = 0;
}

/* The slot of `s`, or the free one where it would go. */
static inline uint64_t *find(const struct table_dict *d, struct slice s, uint32_t hash)
{
	for (size_t i = hash & d->mask;; i = (i + 1) & d->mask) {
		uint64_t *slot = &d->slots[i];

		if (*slot == 0)
			return slot;
		if ((uint32_t)(*slot >> 32) == hash && slice_eq(d->items[(uint32_t)*slot - 1], s))
			return slot;
	}
}

uint32_t table_dict_get(const struct table_dict *d, struct slice s, uint32_t hash)
{
	uint64_t *slot;

	if (d->n == 0)
		return TABLE_DICT_NONE;
	slot = find(d, s, hash);
	return *slot ? (uint32_t)*slot - 1 : TABLE_DICT_NONE;
}

/* Room for one more: at most half of the slots are in use. */
static int make_room(struct table_dict *d, struct err *e)
{
	size_t n_slots = d->slots ? (d->mask + 1) * 2 : FIRST_SLOTS;
	uint64_t *slots;

	if (d->n >= UINT32_MAX - 1)
		return err_set(e, ERR_INPUT, "more than %u distinct texts in one column", d->n);
	if (mem_grow(&d->items, &d->cap_items, (size_t)d->n + 1, sizeof(*d->items), e) ||
		mem_grow(&d->hashes, &d->cap_hashes, (size_t)d->n + 1, sizeof(*d->hashes), e))
		return -1;
	if (d->slots && (size_t)d->n * 2 < d->mask + 1)
		return 0;
	slots = mem_array(n_slots, sizeof(*slots), e);
	if (!slots)
		return -1;
	for (size_t i = 0; d->slots && i <= d->mask; i++) {
		size_t at = (size_t)(d->slots[i] >> 32) & (n_slots - 1);

		if (d->slots[i] == 0)
			continue;
		while (slots[at])
			at = (at + 1) & (n_slots - 1);
		slots[at] = d->slots[i];
	}
	free(d->slots);
	d->slots = slots;
	d->mask = n_slots - 1;
	return 0;
}

static int add(struct table_dict *d, struct slice s, uint32_t hash, bool borrow, uint32_t *code,
	struct err *e)
{
	uint64_t *slot;

	if (!d->slots && make_room(d, e))
		return -1;
	slot = find(d, s, hash);
	if (*slot) {
		*code = (uint32_t)*slot - 1;
		return 0;
	}
	if (d->n == d->cap_items || d->n == d->cap_hashes || (size_t)d->n * 2 >= d->mask) {
		if (make_room(d, e))
			return -1;
		slot = find(d, s, hash);
	}
	if (!borrow) {
		s.p = arena_copy(&d->texts, s.p, s.len, e);
		if (!s.p)
			return -1;
	}
	d->items[d->n] = s;
	d->hashes[d->n] = hash;
	*slot = (uint64_t)hash << 32 | (d->n + 1);
	*code = d->n++;
	return 0;
}

int table_dict_add(
	struct table_dict *d, struct slice s, uint32_t hash, uint32_t *code, struct err *e)
{
	return add(d, s, hash, false, code, e);
}

int table_dict_add_borrowed(
	struct table_dict *d, struct slice s, uint32_t hash, uint32_t *code, struct err *e)
{
	return add(d, s, hash, true, code, e);
}

int table_dict_merge(
	struct table_dict *d, const struct table_dict *from, uint32_t *map, struct err *e)
{
	enum { SLOT = 18, ITEM = 12, TEXT = 6 };

	for (uint32_t i = 0; i < from->n; i++) {
		if (i + SLOT < from->n)
			table_dict_prefetch(d, from->hashes[i + SLOT]);
		if (i + ITEM < from->n)
			table_dict_prefetch_item(d, from->hashes[i + ITEM]);
		if (i + TEXT < from->n)
			table_dict_prefetch_text(d, from->hashes[i + TEXT]);
		if (table_dict_add(d, from->items[i], from->hashes[i], &map[i], e))
			return -1;
	}
	return 0;
}

int table_dict_reorder(struct table_dict *d, const uint32_t *order, struct err *e)
{
	size_t n = d->n;
	struct slice *items = mem_array_raw(n, sizeof(*items), e);
	uint32_t *hashes = mem_array_raw(n, sizeof(*hashes), e);

	if (!items || !hashes) {
		free(items);
		free(hashes);
		return -1;
	}
	for (size_t i = 0; i < n; i++) {
		items[order[i]] = d->items[i];
		hashes[order[i]] = d->hashes[i];
	}
	for (size_t i = 0; d->slots && i <= d->mask; i++) {
		uint32_t code = (uint32_t)d->slots[i];

		if (code)
			d->slots[i] += (uint64_t)order[code - 1] + 1 - code;
	}
	free(d->items);
	free(d->hashes);
	d->items = items;
	d->hashes = hashes;
	d->cap_items = d->cap_hashes = n;
	return 0;
}
