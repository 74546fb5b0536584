/*
 * retry - what may be tried again, and when: exponential backoff with full jitter.
 *
 * The wait before attempt n is uniform in [0, min(20 s, 100 ms * 2^n)], so that many clients that were
 * refused together do not come back together (M. Brooker: "Exponential Backoff And Jitter", AWS
 * Architecture Blog, 2015).
 */
#ifndef CD4ML_REMOTE_RETRY_H
#define CD4ML_REMOTE_RETRY_H

#include <stdbool.h>
#include <stdint.h>

enum { REMOTE_RETRY_ATTEMPTS = 10 };

/** May a request with this HTTP status be sent again? 408, 429, 500, 502, 503, 504, 509. */
bool remote_retry_status(long status);
/** Does this error code of S3 pass by itself? SlowDown, RequestTimeout, InternalError, ... */
bool remote_retry_s3_code(const char *code);
/** Milliseconds before attempt `n` (the first retry is 1). `random` is any 64 random bits. */
int remote_retry_wait_ms(int n, uint64_t random);

#endif
