#include "table/once.h"

#include <stdlib.h>

#include "base/mem.h"
#include "hash/h64.h"

enum { FIRST_SLOTS = 1024, ROW_BITS = 40 };

struct table_once_hash table_once_hash(struct table_once_hash before, struct slice value)
{
	return (struct table_once_hash){ h64_bytes(value.p, value.len, before.a + 1),
		h64_bytes(value.p, value.len, before.b ^ H64_A) };
}

void table_once_release(struct table_once *o)
{
	free(o->slots);
	*o = (struct table_once){ 0 };
}

static int grow(struct table_once *o, struct err *e)
{
	size_t n = o->slots ? (o->mask + 1) * 2 : FIRST_SLOTS;
	uint64_t(*slots)[2] = mem_array(n, sizeof(*slots), e);

	if (!slots)
		return -1;
	for (size_t i = 0; o->slots && i <= o->mask; i++) {
		size_t at = (size_t)(o->slots[i][0] >> 1) & (n - 1);

		if (!o->slots[i][0])
			continue;
		while (slots[at][0])
			at = (at + 1) & (n - 1);
		slots[at][0] = o->slots[i][0];
		slots[at][1] = o->slots[i][1];
	}
	free(o->slots);
	o->slots = slots;
	o->mask = n - 1;
	return 0;
}

int table_once_add(struct table_once *o, struct table_once_hash h, uint64_t row, uint64_t *first,
	struct err *e)
{
	uint64_t a = h.a | 1, rows = (UINT64_C(1) << ROW_BITS) - 1;

	if ((!o->slots || o->n * 4 >= (o->mask + 1) * 3) && grow(o, e))
		return -1;
	for (size_t i = (size_t)(a >> 1) & o->mask;; i = (i + 1) & o->mask) {
		uint64_t *slot = o->slots[i];

		if (!slot[0]) {
			slot[0] = a;
			slot[1] = (h.b & ~rows) | (row & rows);
			o->n++;
			*first = UINT64_MAX;
			return 0;
		}
		if (slot[0] == a && (slot[1] & ~rows) == (h.b & ~rows)) {
			*first = slot[1] & rows;
			return 0;
		}
	}
}
