/*
 * pool - threads that are passed in. Work is cut by the data, never by the number of threads, so
 * that results are the same for any number of them.
 */
#ifndef CD4ML_BASE_POOL_H
#define CD4ML_BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct pool;

/** `n` threads, the caller's counted: 1 starts none and runs everything in the caller. */
struct pool *pool_new(int n, struct err *e) MUST_CHECK;
void pool_free(struct pool *p);
int pool_size(const struct pool *p);

/** Runs task `i`; `worker` is from 0 to pool_size() - 1 and not in use twice at a time. */
typedef void pool_task(void *ctx, size_t i, int worker);

/**
 * Calls task(ctx, i, worker) for all i below `n`, handed out one by one in ascending order; returns
 * when all are done. The caller takes part as a worker. Not from inside a task.
 */
void pool_for(struct pool *p, size_t n, pool_task *task, void *ctx);

/**
 * An ordered pipeline: `next` and `done` see the items in order, `work` runs on any thread.
 *   next  fills item (one at a time, in order); 1, 0 at the end, -1 and `e`. It may run on any thread.
 *   work  handles an item, side by side with others; 0, or -1 and `e`.
 *   done  takes the item's result (one at a time, in the order of `next`); 0, or -1 and `e`. NULL: none.
 *         Its item is free for `next` afterwards.
 */
struct pool_pipe {
	int (*next)(void *ctx, void *item, struct err *e);
	int (*work)(void *ctx, void *item, int worker, struct err *e);
	int (*done)(void *ctx, void *item, struct err *e);
	void *items; /* [n_items], the caller's; 2 to 3 per thread keep all busy */
	size_t item_size; /* bytes of one */
	size_t n_items;
};

/**
 * Runs the pipeline to its end. After a failure no further item begins; the failure of the earliest
 * item in order is reported, so that messages do not depend on threads. 0 or -1.
 */
int pool_run(struct pool *p, const struct pool_pipe *pipe, void *ctx, struct err *e) MUST_CHECK;

#endif
