/*
 * budget - one limit of memory that several tables share.
 *
 * It allocates nothing: who holds much memory takes from it, gives back, and does without (on disk) where nothing
 * is left. Any thread. NULL is a budget without limit.
 */
#ifndef CD4ML_BASE_BUDGET_H
#define CD4ML_BASE_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct budget {
	uint64_t limit; /* bytes */
	_Atomic uint64_t used; /* never more than the limit */
};

/** Nothing is taken yet. `limit`: bytes. */
void budget_init(struct budget *b, uint64_t limit);
/** Takes `n` bytes, or nothing and false. */
bool budget_take(struct budget *b, uint64_t n);
/** Gives back `n` of the bytes taken. */
void budget_give(struct budget *b, uint64_t n);
/** What could be taken now. */
uint64_t budget_left(const struct budget *b);

#endif
