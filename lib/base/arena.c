#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { FIRST_BLOCK = 64 << 10, LARGEST_BLOCK = 16 << 20, ALIGN = 16 };

struct arena_block {
	struct arena_block *older;
	size_t size; /* of the whole, this head counted */
};

#define HEAD ((sizeof(struct arena_block) + ALIGN - 1) / ALIGN * ALIGN)

static int add_block(struct arena *a, size_t need, struct err *e)
{
	size_t size = a->blocks ? a->blocks->size * 2 : FIRST_BLOCK;
	struct arena_block *b;

	if (size > LARGEST_BLOCK)
		size = LARGEST_BLOCK;
	if (__builtin_add_overflow(need, HEAD + ALIGN, &need))
		return err_nomem(e);
	if (size < need)
		size = need;
	b = mem_array_raw(size, 1, e);
	if (!b)
		return -1;
	b->older = a->blocks;
	b->size = size;
	a->blocks = b;
	a->next = (char *)b + HEAD;
	a->end = (char *)b + size;
	a->total += size;
	return 0;
}

/* `align` is 1 or ALIGN. */
static void *take(struct arena *a, size_t size, size_t align, struct err *e)
{
	size_t pad = (size_t)(-(uintptr_t)a->next & (align - 1));
	char *p;

	if (!a->next || (size_t)(a->end - a->next) < pad ||
		(size_t)(a->end - a->next) - pad < size) {
		if (add_block(a, size, e))
			return NULL;
		pad = (size_t)(-(uintptr_t)a->next & (align - 1));
	}
	p = a->next + pad;
	a->next = p + size;
	return p;
}

void *arena_alloc(struct arena *a, size_t size, struct err *e)
{
	return take(a, size, ALIGN, e);
}

char *arena_copy(struct arena *a, const char *p, size_t len, struct err *e)
{
	char *copy = take(a, len, 1, e);

	if (copy && len)
		memcpy(copy, p, len);
	return copy;
}

char *arena_dup(struct arena *a, const char *p, size_t len, struct err *e)
{
	char *copy = len < SIZE_MAX ? take(a, len + 1, 1, e) : NULL;

	if (!copy)
		return NULL;
	if (len)
		memcpy(copy, p, len);
	copy[len] = '\0';
	return copy;
}

static void free_chain(struct arena_block *b)
{
	while (b) {
		struct arena_block *older = b->older;

		free(b);
		b = older;
	}
}

void arena_reset(struct arena *a)
{
	if (!a->blocks)
		return;
	free_chain(a->blocks->older);
	a->blocks->older = NULL;
	a->total = a->blocks->size;
	a->next = (char *)a->blocks + HEAD;
	a->end = (char *)a->blocks + a->blocks->size;
}

void arena_release(struct arena *a)
{
	free_chain(a->blocks);
	*a = (struct arena)ARENA_INIT;
}
