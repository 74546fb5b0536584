#include "table/keymap_block.h"

#include <stdlib.h>
#include <string.h>

enum { SLAB_MIN = 2 << 20, SLAB_MAX = 32 << 20 };

/* Any thread. */
static char *slab_alloc(struct keymap_slabs *s, size_t size, struct err *e)
{
	size_t slab = SLAB_MIN;
	char *p = NULL;

	pthread_mutex_lock(&s->mutex);
	if (size > s->left || !s->next) { /* NULL would say that it failed */
		/* as much again as there is, so that little is left over of a small table */
		while (slab < SLAB_MAX && slab < s->n * SLAB_MIN)
			slab *= 2;
		if (slab < size)
			slab = size;
		if (mem_grow(&s->slabs, &s->cap, s->n + 1, sizeof(*s->slabs), e))
			goto out;
		p = mem_huge(slab, e);
		if (!p)
			goto out;
		s->slabs[s->n++] = p;
		s->next = p;
		s->left = slab;
	}
	p = s->next;
	s->next += size;
	s->left -= size;
out:
	pthread_mutex_unlock(&s->mutex);
	return p;
}

void table_keymap_slabs_release(struct keymap_slabs *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->slabs[i]);
	free(s->slabs);
	s->slabs = NULL;
	s->n = s->cap = s->left = 0;
}

void table_keymap_block_settle(struct keymap_block *b)
{
	free(b->hashes);
	free(b->offsets);
	b->hashes = NULL;
	b->offsets = NULL;
}

void table_keymap_block_release(struct keymap_block *b)
{
	if (b->own_bytes)
		free(b->bytes);
	table_keymap_block_settle(b);
	*b = (struct keymap_block){ 0 };
}

int table_keymap_block_make(struct keymap_block *to, struct slice rows,
	const struct keymap_keyed *keyed, struct keymap_slabs *slabs, struct err *e)
{
	uint32_t n = 0;

	*to = (struct keymap_block){ .len = rows.len, .own_bytes = !slabs };
	to->bytes = slabs ? slab_alloc(slabs, rows.len ? rows.len : KEYMAP_ALIGN, e)
			  : mem_array_raw(rows.len, 1, e);
	to->hashes = mem_array_raw(keyed->n + 1, sizeof(*to->hashes), e);
	to->offsets = mem_array_raw(keyed->n + 1, sizeof(*to->offsets), e);
	if (!to->bytes || !to->hashes || !to->offsets)
		return -1;
	if (rows.len)
		memcpy(to->bytes, rows.p, rows.len);
	for (size_t i = 0; i < keyed->n; i++)
		to->begin[table_partition(keyed->hashes[i])]++;
	for (int p = 0; p <= TABLE_PARTITIONS; p++) {
		uint32_t count = to->begin[p];

		to->begin[p] = n;
		n += count;
	}
	for (size_t i = 0; i < keyed->n; i++) {
		uint32_t at = to->begin[table_partition(keyed->hashes[i])]++;

		to->hashes[at] = keyed->hashes[i];
		to->offsets[at] = keyed->offsets[i];
	}
	/* each begin has moved to its end, which is where the next began */
	memmove(to->begin + 1, to->begin, TABLE_PARTITIONS * sizeof(*to->begin));
	to->begin[0] = 0;
	return 0;
}
