#include "table/dict.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { FIRST_SLOTS = 64 };

void table_dict_release(struct table_dict *d)
{
	table_dict_unshare(d);
	free(d->items);
	free(d->hashes);
	free((void *)d->slots);
	arena_release(&d->texts);
	*d = (struct table_dict)TABLE_DICT_INIT;
}

void table_dict_reset(struct table_dict *d)
{
	if (d->n > 0)
		memset((void *)d->slots, 0, (d->mask + 1) * sizeof(*d->slots));
	d->n = 0;
	arena_reset(&d->texts);
}

void table_dict_freeze(struct table_dict *d)
{
	free(d->hashes);
	free((void *)d->slots);
	d->hashes = NULL;
	d->slots = NULL;
	d->cap_hashes = 0;
	d->mask = 0;
}

uint32_t table_dict_get(const struct table_dict *d, struct slice s, uint32_t hash)
{
	struct table_dict_view v = table_dict_own_view(d);

	return d->n == 0 ? TABLE_DICT_NONE : table_dict_look(&v, s, hash);
}

static uint64_t load(const _Atomic uint64_t *slot)
{
	return atomic_load_explicit(slot, memory_order_relaxed);
}

/* The first free slot for a hash. */
static size_t free_slot(const _Atomic uint64_t *slots, size_t mask, uint32_t hash)
{
	size_t i = hash & mask;

	while (load(&slots[i]))
		i = (i + 1) & mask;
	return i;
}

/* Shows the arrays to the other threads; older ones are kept for who still uses them. */
static void publish(struct table_dict *d, struct table_dict_view *v)
{
	*v = table_dict_own_view(d);
	v->older = d->newest;
	atomic_store_explicit(&d->newest, v, memory_order_release);
}

/* Twice the slots and items. */
static int grow(struct table_dict *d, struct err *e)
{
	size_t n_slots = d->slots ? (d->mask + 1) * 2 : FIRST_SLOTS;
	struct table_dict_view *v = NULL;
	_Atomic uint64_t *slots;
	struct slice *items;

	if (d->n >= UINT32_MAX - 1)
		return err_set(e, ERR_INPUT, "more than %u distinct texts in one column", d->n);
	if (mem_grow(&d->hashes, &d->cap_hashes, n_slots / 2, sizeof(*d->hashes), e))
		return -1;
	slots = mem_array(n_slots, sizeof(*slots), e);
	items = mem_array_raw(n_slots / 2, sizeof(*items), e);
	if (d->newest)
		v = mem_new(sizeof(*v), e);
	if (!slots || !items || (d->newest && !v)) {
		free(v);
		free((void *)slots);
		free(items);
		return -1;
	}
	if (d->n > 0)
		memcpy(items, d->items, d->n * sizeof(*items));
	for (uint32_t i = 0; i < d->n; i++) {
		size_t at = free_slot(slots, n_slots - 1, d->hashes[i]);

		atomic_store_explicit(
			&slots[at], (uint64_t)d->hashes[i] << 32 | (i + 1), memory_order_relaxed);
	}
	if (!v) {
		free(d->items);
		free((void *)d->slots);
	}
	d->items = items;
	d->slots = slots;
	d->mask = n_slots - 1;
	if (v)
		publish(d, v);
	return 0;
}

int table_dict_share(struct table_dict *d, struct err *e)
{
	struct table_dict_view *v;

	if (!d->slots && grow(d, e))
		return -1;
	v = mem_new(sizeof(*v), e);
	if (!v)
		return -1;
	publish(d, v);
	return 0;
}

void table_dict_unshare(struct table_dict *d)
{
	struct table_dict_view *v = d->newest;

	while (v) {
		struct table_dict_view *older = v->older;

		if (v->items != d->items) {
			free(v->items);
			free((void *)v->slots);
		}
		free(v);
		v = older;
	}
	d->newest = NULL;
}

static int add(struct table_dict *d, struct slice s, uint32_t hash, bool borrow, uint32_t *code,
	struct err *e)
{
	*code = table_dict_get(d, s, hash);
	if (*code != TABLE_DICT_NONE)
		return 0;
	if ((!d->slots || d->n == (d->mask + 1) / 2) && grow(d, e))
		return -1;
	if (!borrow) {
		s.p = arena_copy(&d->texts, s.p, s.len, e);
		if (!s.p)
			return -1;
	}
	d->items[d->n] = s;
	d->hashes[d->n] = hash;
	*code = d->n++;
	/* Who sees the slot sees the item. */
	atomic_store_explicit(&d->slots[free_slot(d->slots, d->mask, hash)],
		(uint64_t)hash << 32 | d->n, memory_order_release);
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

	if (from->n > 0 && !d->slots && grow(d, e))
		return -1;
	for (uint32_t i = 0; i < from->n; i++) {
		const struct table_dict_view v = table_dict_own_view(d);

		if (i + SLOT < from->n)
			table_dict_prefetch(&v, from->hashes[i + SLOT]);
		if (i + ITEM < from->n)
			table_dict_prefetch_item(&v, from->hashes[i + ITEM]);
		if (i + TEXT < from->n)
			table_dict_prefetch_text(&v, from->hashes[i + TEXT]);
		if (table_dict_add(d, from->items[i], from->hashes[i], &map[i], e))
			return -1;
	}
	return 0;
}

int table_dict_reorder(struct table_dict *d, const uint32_t *order, struct err *e)
{
	size_t n = d->n;
	/* As much room as before. */
	struct slice *items = mem_array_raw((d->mask + 1) / 2, sizeof(*items), e);
	uint32_t *hashes = mem_array_raw((d->mask + 1) / 2, sizeof(*hashes), e);

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
		uint64_t slot = load(&d->slots[i]);
		uint32_t code = (uint32_t)slot;

		if (code)
			atomic_store_explicit(&d->slots[i], slot + order[code - 1] + 1 - code,
				memory_order_relaxed);
	}
	free(d->items);
	free(d->hashes);
	d->items = items;
	d->hashes = hashes;
	d->cap_hashes = (d->mask + 1) / 2;
	return 0;
}
