/*
 * append - bytes added to the end of a file in place, so that a crash can be undone.
 *
 * Before the first byte is added, a journal beside the file (".NAME.append") says how long the file was; it goes
 * when all bytes are there and synced. Who opens a file that has a journal cuts it back to what it was, and gives
 * it its time again: what a crash leaves is seen until then, never built upon. A journal of another file is an
 * error. A failed write is undone at once; SIGINT and its like wait until the bytes are there. One process at a
 * time: the file is locked (flock).
 *
 *	a = table_append_open("train.csv", e);
 *	table_append_begin(a, e);
 *	table_append_write(a, rows, e);         any number of times
 *	table_append_end(a, e);
 *	table_append_close(a);
 */
#ifndef CD4ML_TABLE_APPEND_H
#define CD4ML_TABLE_APPEND_H

#include <stdint.h>

#include "base/buf.h"

struct table_append;

/**
 * Locks the file, waiting for others, and undoes what a crash has left. Refuses what must not be changed in
 * place: a link, a file of several names (one of them may be a cache's), one that is read-only, gzip.
 */
struct table_append *table_append_open(const char *path, struct err *e) MUST_CHECK;
/** What was not ended is undone. NULL is fine. */
void table_append_close(struct table_append *a);
/** Length in bytes and time of last change, of the file as it is now. */
uint64_t table_append_size(const struct table_append *a);
int64_t table_append_mtime_ns(const struct table_append *a);
/** A hash of the first and last 64 KiB. */
const uint8_t *table_append_content(const struct table_append *a);
/** Does the file end with something else than a newline? */
bool table_append_is_within_line(const struct table_append *a);

/** Writes the journal, synced: from now on what is not ended is undone, by the next run if need be. */
int table_append_begin(struct table_append *a, struct err *e) MUST_CHECK;
/** Adds bytes behind the file's last. */
int table_append_write(struct table_append *a, struct slice bytes, struct err *e) MUST_CHECK;
/** Syncs, takes the journal away; size, time and content are those of now. */
int table_append_end(struct table_append *a, struct err *e) MUST_CHECK;

#endif
