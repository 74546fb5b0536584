/*
 * concat_disk - csv-merge's rows where there is no memory for them. Private to lib/table/concat*.c.
 *
 * All rows lie on disk in their order; their keys besides, in partitions by hash. Partition by partition it is found
 * which rows are dropped (a bit for each row), then the rows are gone through: written as they come, or sorted
 * in runs of what fits in memory, which are merged.
 */
#ifndef CD4ML_TABLE_CONCAT_DISK_H
#define CD4ML_TABLE_CONCAT_DISK_H

#include "table/keymap.h"

struct concat_disk;

/**
 * Keeps rows in temporary files in `temp_dir` (borrowed), with `memory` bytes for sorting and looking up: of rows
 * with a key (`has_key`) one of each, `duplicates` says which; in the order they came in, or by their tails
 * (`is_sorted`).
 */
struct concat_disk *table_concat_disk_new(uint64_t memory, const char *temp_dir,
	enum table_duplicates duplicates, bool has_key, bool is_sorted, struct err *e) MUST_CHECK;
/** NULL is fine. */
void table_concat_disk_free(struct concat_disk *d);
/** The table_keymap_sink: `ctx` is a struct concat_disk. */
int table_concat_disk_row(void *ctx, const struct table_row *row, struct err *e) MUST_CHECK;

typedef int table_concat_disk_write(void *ctx, struct slice row, struct err *e);

/** Writes the rows that are kept in their order, once all are there. Sets how many are not. */
int table_concat_disk_run(struct concat_disk *d, table_concat_disk_write *write, void *ctx,
	uint64_t *n_dropped, struct err *e) MUST_CHECK;

#endif
