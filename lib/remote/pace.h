/*
 * pace - a limit of bytes per second for all transfers together.
 *
 * The line is booked for as long as what has moved takes at the limit; who wants to move more waits until it is free. Time
 * in which nothing moved is not made up for. libcurl's own limits are for one transfer each, and do not hold for short ones.
 */
#ifndef CD4ML_REMOTE_PACE_H
#define CD4ML_REMOTE_PACE_H

#include <stdint.h>

struct remote_pace {
	uint64_t bytes_per_s; /* 0: no limit */
	int64_t free_at_us;
};

/** Notes that `n` bytes have moved at `now_us` of a clock that never goes back. */
void remote_pace_book(struct remote_pace *p, uint64_t n, int64_t now_us);
/** Microseconds until more may move; 0: now. */
int64_t remote_pace_wait_us(const struct remote_pace *p, int64_t now_us);

#endif
