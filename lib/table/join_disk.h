/*
 * join_disk - rows that are gone through once, or, with sides on disk, twice: LEFT's, and those that right and full
 * sides add. Private to lib/table/join*.c.
 *
 * With sides on disk the first pass notes the keys of all rows (table/join_spill); all are looked up; the
 * second pass takes what each row has found, in order. LEFT that cannot be read again (a pipe) is copied to a
 * temporary file meanwhile.
 */
#ifndef CD4ML_TABLE_JOIN_DISK_H
#define CD4ML_TABLE_JOIN_DISK_H

#include "table/join_rows.h"
#include "table/join_spill.h"

struct join_disk {
	struct table_join_plan *plan;
	struct pool *pool;
	struct progress *progress;
	struct output *out;
	struct table_join_result *r;
	struct join_worker *worker;
};

/** Joins LEFT, with sides on disk. */
int table_join_disk_left(struct join_disk *d, struct err *e) MUST_CHECK;
/** Joins the rows of side `at` that matched nothing with the sides behind it; sides on disk or not. */
int table_join_disk_unmatched(struct join_disk *d, size_t at, struct err *e) MUST_CHECK;

#endif
