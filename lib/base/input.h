/*
 * input - a plain file, a gzip file or standard input, as one stream of bytes.
 *
 * "-" is standard input. gzip (also of several members) is recognised by its first two bytes and
 * inflated on the way; a truncated or damaged one is an error. Errors carry the name as place.
 */
#ifndef CD4ML_BASE_INPUT_H
#define CD4ML_BASE_INPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

struct input;

/** Opens `path`, "-" for standard input. A folder is refused. Closed by input_close(). */
struct input *input_open(const char *path, struct err *e) MUST_CHECK;
/** Reads over bytes in memory, for tests and fuzzers; `data` must outlive it. */
struct input *input_open_memory(const char *name, struct slice data, struct err *e) MUST_CHECK;
/** NULL is fine. */
void input_close(struct input *in);
/** What to call it in messages: the path, or "standard input". Valid until closed. */
const char *input_name(const struct input *in);
/** Up to `cap` bytes into `p`, as many as there are until the end: less than `cap` only there. -1 on error. */
ssize_t input_read(struct input *in, char *p, size_t cap, struct err *e) MUST_CHECK;
/**
 * From now on gzip is inflated by a thread of the input's own, ahead of input_read(); nothing changes for
 * anything else. For whoever will read the rest of a large input. 0, or -1: no memory, no thread.
 */
int input_read_ahead(struct input *in, struct err *e) MUST_CHECK;
/**
 * All that is left as one slice that lives until input_close(): a plain file of 4 MiB and more is mapped (do not
 * shorten it meanwhile: a signal would end the process), all else read into memory. More than `limit` bytes is an
 * error (0: no limit).
 */
int input_map(struct input *in, size_t limit, struct slice *all, struct err *e) MUST_CHECK;
/** Bytes on disk (compressed size for gzip), or -1 when not known (a pipe). For progress bars. */
int64_t input_size(const struct input *in);
/** Bytes of input_size() consumed by now. */
int64_t input_consumed(const struct input *in);
/** A whole file into the emptied `b`; more than `limit` bytes (0: none) is an error. */
int input_load(const char *path, size_t limit, struct buf *b, struct err *e) MUST_CHECK;

#endif
