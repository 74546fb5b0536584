/*
 * join_found - what rows have found in a side that lies on disk, in the order of the rows. Private to
 * lib/table/join*.c.
 *
 * Each partition of the side gives a run of findings, ascending by the number of the row that looked; the runs are
 * merged as they are read.
 */
#ifndef CD4ML_TABLE_JOIN_FOUND_H
#define CD4ML_TABLE_JOIN_FOUND_H

#include "table/keymap.h"
#include "table/spill.h"

/** A set of line numbers. */
struct join_lines {
	_Atomic uint8_t *bits;
};

/** Room for the lines up to `last`; none is in it. */
int table_join_lines_init(struct join_lines *l, uint64_t last, struct err *e) MUST_CHECK;
void table_join_lines_release(struct join_lines *l);
/** Any thread. */
void table_join_lines_add(struct join_lines *l, uint64_t line);
bool table_join_lines_has(const struct join_lines *l, uint64_t line);

/** Writes what row `number` has found: `row` and those of its key behind it. */
int table_join_found_add(struct table_spill *s, size_t stream, uint64_t number,
	const struct table_row *row, struct err *e) MUST_CHECK;

struct join_found;

/** Reads the runs, streams [first, first + n) of `s`. */
struct join_found *table_join_found_new(
	const struct table_spill *s, size_t first, size_t n, struct err *e) MUST_CHECK;
void table_join_found_free(struct join_found *f);
/**
 * What row `number` has found, or NULL; the numbers asked for ascend. Keys and tails are empty; lives until the
 * next call. After a failure all is NULL.
 */
struct table_row *table_join_found_take(struct join_found *f, uint64_t number);
/** Has reading failed? */
int table_join_found_check(const struct join_found *f, struct err *e) MUST_CHECK;

#endif
