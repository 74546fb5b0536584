/*
 * ahead - a source that a thread of its own reads ahead of whoever wants the bytes.
 *
 * For sources whose reading is work, as inflating is: the work goes on while the bytes before are used. The thread
 * stays at most AHEAD_BYTES in front, and starts at once.
 */
#ifndef CD4ML_BASE_AHEAD_H
#define CD4ML_BASE_AHEAD_H

#include <sys/types.h>

#include "base/err.h"

struct ahead;

enum { AHEAD_BYTES = 4 << 20 };

/**
 * What is read, as input_read() reads: up to `cap` bytes, less only at the end; -1 and `e`. Called in
 * the thread, and no more after the end or an error.
 */
typedef ssize_t ahead_source(void *ctx, char *p, size_t cap, struct err *e);

/** Starts the thread, which reads at once. `ctx` is the thread's until ahead_free(). NULL and ERR_SYSTEM. */
struct ahead *ahead_new(ahead_source *source, void *ctx, struct err *e) MUST_CHECK;
/** Waits until the source returns. Make it return soon: a source that waits for a pipe must be woken. */
void ahead_free(struct ahead *a);
/** Up to `cap` bytes, less only at the end. -1 and the source's error, behind the bytes before it. */
ssize_t ahead_read(struct ahead *a, char *p, size_t cap, struct err *e) MUST_CHECK;

#endif
