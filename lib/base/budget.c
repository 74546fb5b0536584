#include "base/budget.h"

#include <stddef.h>

void budget_init(struct budget *b, uint64_t limit)
{
	b->limit = limit;
	atomic_init(&b->used, 0);
}

bool budget_take(struct budget *b, uint64_t n)
{
	uint64_t used;

	if (!b)
		return true;
	used = atomic_load_explicit(&b->used, memory_order_relaxed);
	do {
		if (n > b->limit - used)
			return false;
	} while (!atomic_compare_exchange_weak(&b->used, &used, used + n));
	return true;
}

void budget_give(struct budget *b, uint64_t n)
{
	if (b)
		atomic_fetch_sub(&b->used, n);
}

uint64_t budget_left(const struct budget *b)
{
	return b ? b->limit - atomic_load(&b->used) : UINT64_MAX;
}
