/*
 * index - from a file's stat to its hash, so that the second look costs no read.
 *
 * The key is (device, inode); an entry counts only while size, mtime and ctime are what they were.
 * Workspace files and cache objects share the table.
 *
 * Racily clean: a file that is written in the same step of the clock in which it was hashed keeps
 * its times. So what was changed less than a step before its stat was taken is not remembered, and
 * is hashed again next time. A file that we made ourselves is known to hold what we wrote: it is
 * remembered if a step has passed when the index is written.
 *
 * It is our own file, .dvc/tmp/cd4ml.index: fixed records in an open-addressing table that is used
 * as it lies on disk, in this machine's byte order, replaced as a whole. It is a cache: a damaged
 * or missing one is an empty one. Where two processes save, the later wins.
 */
#ifndef CD4ML_CAS_INDEX_H
#define CD4ML_CAS_INDEX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "cas/id.h"

struct cas_index;

/** Opens the table in the file `path`; NULL: one that is not kept. Only memory can be short. */
struct cas_index *cas_index_open(const char *path, struct err *e) MUST_CHECK;
/**
 * The hash of the file with this stat; false when not known. Any thread, also beside
 * cas_index_put().
 */
bool cas_index_get(struct cas_index *x, const struct stat *st, uint8_t md5[HASH_MD5_LEN]);
/**
 * Remembers the hash of a file whose stat was `st` before its bytes were read, and still after it,
 * unless it was too young at `now_ns`: cas_index_now() before that stat. A failure is silent. Any
 * thread.
 */
void cas_index_put(struct cas_index *x, const struct stat *st, int64_t now_ns,
	const uint8_t md5[HASH_MD5_LEN]);
/**
 * The same for a file that we made, or turned into a link of an object, a moment ago. Any
 * thread.
 */
void cas_index_put_own(struct cas_index *x, const struct stat *st, const uint8_t md5[HASH_MD5_LEN]);
/** Was a file or folder with this stat left alone for so long before `now_ns` that any later change shows? */
bool cas_index_is_settled(const struct stat *st, int64_t now_ns);
/** The clock that files' times come from, in nanoseconds. */
int64_t cas_index_now(void);
/**
 * Writes the table if something new is in it, and frees it. A failure to write is told, and
 * harmless.
 */
int cas_index_close(struct cas_index *x, struct err *e) MUST_CHECK;
/** Frees it without writing; NULL is fine. */
void cas_index_free(struct cas_index *x);

#endif
