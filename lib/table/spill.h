/*
 * spill - many streams of bytes in one temporary file: partitions and sorted runs, written once, read in order.
 *
 * The file is unlinked as soon as it is open, so that nothing is left however the process ends; each stream
 * writes whole blocks to its end. Streams are numbered from 0 in the order in which they were made.
 *
 *	s = table_spill_new(temp_dir, block, e);
 *	table_spill_add_streams(s, 64, e);
 *	table_spill_write(s, 5, p, len, e);       any thread, a stream one thread at a time
 *	table_spill_close(s, 5, e);
 *	table_spill_begin(&r, s, 5, e);           any number of readers, also at once
 *	while ((got = table_spill_read(&r, p, len, e)) > 0)
 *	table_spill_end(&r);
 *	table_spill_free(s);
 */
#ifndef CD4ML_TABLE_SPILL_H
#define CD4ML_TABLE_SPILL_H

#include <stdint.h>

#include "base/buf.h"

/** A temporary file without name in `temp_dir` (NULL: /tmp), for reading and writing; its descriptor, or -1. */
int table_spill_open_file(const char *temp_dir, struct err *e) MUST_CHECK;

struct table_spill;

/** `temp_dir` NULL: /tmp. `block`: bytes that each stream that is open for writing, and each reader, holds. */
struct table_spill *table_spill_new(const char *temp_dir, size_t block, struct err *e) MUST_CHECK;
/** NULL is fine. */
void table_spill_free(struct table_spill *s);
/** Makes `n` more streams. Not while others write. */
int table_spill_add_streams(struct table_spill *s, size_t n, struct err *e) MUST_CHECK;
int table_spill_write(
	struct table_spill *s, size_t stream, const void *p, size_t len, struct err *e) MUST_CHECK;
/** Nothing more is written to it; frees its block. */
int table_spill_close(struct table_spill *s, size_t stream, struct err *e) MUST_CHECK;
/** Bytes written to a stream. */
uint64_t table_spill_size(const struct table_spill *s, size_t stream);

struct table_spill_reader {
	const struct table_spill *spill;
	size_t stream;
	size_t block; /* the next one */
	char *bytes;
	size_t at, len;
};

/** table_spill_end() also after a failure. */
int table_spill_begin(struct table_spill_reader *r, const struct table_spill *s, size_t stream,
	struct err *e) MUST_CHECK;
/** The next `len` bytes: 1; 0 at the end of the stream; -1 and `e`, also when it ends within them. */
int table_spill_read(struct table_spill_reader *r, void *p, size_t len, struct err *e) MUST_CHECK;
void table_spill_end(struct table_spill_reader *r);

#endif
