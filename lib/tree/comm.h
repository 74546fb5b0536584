/*
 * comm - several processes that grow one model, each on its share of the rows: sums and tables over all of them.
 *
 * Started by mpirun, a program that was built with `make MPI=1` is one of `size` processes. All of them make the same
 * calls in the same order, from one thread. A NULL comm is a process alone: calls then leave what they are given as
 * it is. Sums are of integers, lists are in the order of the processes: what comes out is what one
 * process with all rows would have. A process that fails ends without a farewell, and mpirun ends the others.
 */
#ifndef CD4ML_TREE_COMM_H
#define CD4ML_TREE_COMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { TREE_COMM_MAX = 1024 }; /* processes */

/** How one kind of connection does it. */
struct tree_comm_calls {
	void (*sum)(int64_t *v, size_t n);
	void (*sum_counts)(uint32_t *v, size_t n);
	void (*most)(float *v, size_t n);
	/** `all` has room for the bytes of all processes, of which `lens` are in their order. */
	void (*gather)(const void *p, const size_t *lens, int size, void *all);
	/** From process `from` to all. */
	void (*give)(void *p, size_t len, int from);
	void (*end)(void);
};

struct tree_comm {
	int rank, size;
	const struct tree_comm_calls *calls;
	uint64_t n_sent; /* bytes that this process gave to the others, for reports */
};

/** Joins the others; NULL: alone, as always without mpirun or MPI. One for a process. */
struct tree_comm *tree_comm_start(void);
/** Says goodbye, after the last call; NULL is fine. */
void tree_comm_end(struct tree_comm *c);

/** Is it the one that writes and reports? */
static inline bool tree_comm_is_first(const struct tree_comm *c)
{
	return !c || c->rank == 0;
}

/** v[i] becomes the sum, or the largest, over the processes. */
void tree_comm_sum(struct tree_comm *c, int64_t *v, size_t n);
void tree_comm_sum_counts(struct tree_comm *c, uint32_t *v, size_t n);
void tree_comm_most(struct tree_comm *c, float *v, size_t n);
/** The sum of one number. */
int64_t tree_comm_sum_of(struct tree_comm *c, int64_t v);
/** Appends to `all` the bytes of all processes, in their order. */
int tree_comm_gather(
	struct tree_comm *c, const void *p, size_t len, struct buf *all, struct err *e) MUST_CHECK;

/**
 * Calls `f` in each process in turn, with the state that the one before left: sums of doubles over all rows in
 * their order.
 */
void tree_comm_in_turn(
	struct tree_comm *c, void (*f)(void *ctx, void *state), void *ctx, void *state, size_t len);

#endif
