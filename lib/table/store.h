/*
 * store - blocks of bytes, kept in memory up to a limit and behind it in a temporary file.
 *
 * The file is unlinked as soon as it is open: nothing is left, however the process ends.
 */
#ifndef CD4ML_TABLE_STORE_H
#define CD4ML_TABLE_STORE_H

#include <stdint.h>

#include "base/buf.h"

struct table_store_block {
	char *p; /* NULL: in the file */
	size_t len;
	uint64_t at; /* in the file */
};

struct table_store {
	struct table_store_block *blocks; /* [n] */
	size_t n, cap;
	uint64_t memory; /* bytes kept at most; 0: no limit */
	uint64_t n_kept; /* bytes in memory */
	uint64_t n_filed; /* bytes in the file */
	const char *temp_dir; /* NULL: /tmp */
	int fd; /* once there is a file */
	bool has_file;
};

#define TABLE_STORE_INIT \
	{                \
		0        \
	}

void table_store_release(struct table_store *s);
/** Adds a copy of the block. 0 or -1. */
int table_store_add(struct table_store *s, struct slice block, struct err *e) MUST_CHECK;
/** The same of bytes on the heap that become the store's, also after a failure. */
int table_store_take(struct table_store *s, char *p, size_t len, struct err *e) MUST_CHECK;
/**
 * The block, where it lies or read into the emptied `b`. Any number of threads, each with its own
 * `b`.
 */
int table_store_get(const struct table_store *s, size_t i, struct buf *b, struct slice *block,
	struct err *e) MUST_CHECK;
/** Frees the memory of a block that is not needed any more. */
void table_store_drop(struct table_store *s, size_t i);

#endif
