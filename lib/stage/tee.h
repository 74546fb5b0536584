/*
 * tee - what a command prints, on to our own standard output and error, and into its log.
 *
 *	stage_tee_open(&t, log, e)          once, for all texts of a command
 *	stage_tee_begin(&t, e)              descriptors for one child: t.out, t.err
 *	... fork: the child takes them as 1 and 2 ...
 *	stage_tee_copy(&t, e)               parent: copies, in a thread
 *	... wait for the child ...
 *	stage_tee_end(&t)                   what it wrote is passed on and in the log
 *	stage_tee_close(&t, e)
 *
 * Where our own descriptor is a terminal the child gets one too (of the same size, its bytes
 * unchanged), so that bars and colours stay; a pipe otherwise. Where both of ours are one file, the order
 * of what comes on the two is kept.
 */
#ifndef CD4ML_STAGE_TEE_H
#define CD4ML_STAGE_TEE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/err.h"

struct stage_tee {
	int out, err; /* the child's ends, -1: none */
	int from[2], log;
	pthread_t thread;
	bool has_thread;
	_Atomic bool ended; /* the command has: what is still open belongs to stragglers */
	_Atomic int error; /* errno of the first write that failed */
};

/** Begins the log anew. */
int stage_tee_open(struct stage_tee *t, const char *log, struct err *e) MUST_CHECK;
int stage_tee_begin(struct stage_tee *t, struct err *e) MUST_CHECK;
/** Closes the child's ends here. -1: no thread; the child must be stopped. */
int stage_tee_copy(struct stage_tee *t, struct err *e) MUST_CHECK;
/** Also after a failure of the other two. */
void stage_tee_end(struct stage_tee *t);
/** ERR_SYSTEM when something could not be written. */
int stage_tee_close(struct stage_tee *t, struct err *e) MUST_CHECK;

#endif
