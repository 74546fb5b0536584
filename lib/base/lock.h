/*
 * lock - lock files that wait.
 *
 * flock(2) on a file that stays: the kernel lets go when the holder dies, whatever the reason. The
 * holder's " PID\n" is written into it, which is how DVC's zc.lockfile does it.
 */
#ifndef CD4ML_BASE_LOCK_H
#define CD4ML_BASE_LOCK_H

#include "base/err.h"

struct lock;

/**
 * Takes the lock on `path` (made if missing; its folder must exist), waiting up to `timeout_ms`, -1
 * for ever. When it runs out: ERR_SYSTEM with the holder's PID.
 */
struct lock *lock_take(const char *path, int timeout_ms, struct err *e) MUST_CHECK;
/** Lets go; NULL is fine. */
void lock_drop(struct lock *l);

#endif
