/*
 * crew - threads that work beside a loop of events, so that the loop need not wait while bytes are hashed.
 *
 *	crew_add(c, &task)          the loop hands over a task
 *	task.work(&task)            a thread of the crew does it
 *	wake(ctx)                   and wakes the loop,
 *	crew_collect(c, e)          which calls task.done(&task, e) of all that are finished
 *
 * `work` touches only what its task owns meanwhile; `done` runs in the loop's thread. Threads start with the first
 * task. With none (n = 0) a task is worked at once, by the caller, and collected as the others.
 */
#ifndef CD4ML_BASE_CREW_H
#define CD4ML_BASE_CREW_H

#include <stddef.h>

#include "base/err.h"

struct crew;

struct crew_task {
	void (*work)(struct crew_task *t);
	/** May add other tasks, or this one again, or free it. -1 and `e` ends the collecting. */
	int (*done)(struct crew_task *t, struct err *e);
	struct crew_task *next; /* private */
};

/** `wake` may be called by any thread. */
struct crew *crew_new(int n, void (*wake)(void *ctx), void *ctx, struct err *e) MUST_CHECK;
/** Waits for the tasks that are being worked; others are dropped, and nothing is done(). NULL is fine. */
void crew_free(struct crew *c);
/** The task is the crew's until its done(). Where no thread can be started the caller works it. */
void crew_add(struct crew *c, struct crew_task *t);
/** Calls done() of what is finished. 0, or -1 and `e`. */
int crew_collect(struct crew *c, struct err *e) MUST_CHECK;
/** How many tasks are added whose done() was not called yet. */
size_t crew_n_pending(const struct crew *c);

#endif
