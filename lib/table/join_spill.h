/*
 * join_spill - a side of a join for which there is no memory: its rows in partitions on disk, and the looking up
 * partition by partition. Private to lib/table/join*.c.
 *
 * Partitions are by hash of the key, for the side and for the keys that are looked up in it alike. Of a
 * partition as much as fits is loaded at a time, by further bits of the hash; each such round gives a run of what
 * was found (table/join_found). Rounds run side by side, each with its share of the memory that is left.
 */
#ifndef CD4ML_TABLE_JOIN_SPILL_H
#define CD4ML_TABLE_JOIN_SPILL_H

#include "table/join_found.h"
#include "table/join_plan.h"

struct join_spilled {
	struct table_spill
		*rows; /* the partitions; behind them, if `has_list`, all in the file's order */
	bool has_list; /* right, full */
	uint64_t n_rows[TABLE_PARTITIONS];
	uint64_t last_line;
	struct join_lines matched, dropped; /* with `has_list` */
	uint64_t n_keys, n_duplicates; /* once all was looked up */
	bool is_counted;
};

/** The table_keymap_sink of a side: `ctx` is a struct join_side. */
int table_join_spill_row(void *ctx, const struct table_row *row, struct err *e) MUST_CHECK;
/** All rows of the side are there. */
int table_join_spill_finish(struct join_side *s, struct err *e) MUST_CHECK;
void table_join_spill_free(struct join_spilled *d);

/** Reads the rows of a right or full side that matched nothing, in their order. */
struct join_spill_rest {
	const struct join_side *side;
	struct table_spill_reader reader;
	struct table_row *row;
	size_t cap;
};

/** table_join_spill_rest_end() also after a failure. */
int table_join_spill_rest_begin(
	struct join_spill_rest *r, const struct join_side *s, struct err *e) MUST_CHECK;
/** 1, 0 at the end, -1. The row lives until the next call. */
int table_join_spill_rest_next(
	struct join_spill_rest *r, struct table_row **row, struct err *e) MUST_CHECK;
void table_join_spill_rest_end(struct join_spill_rest *r);

/** Keys on their way to be looked up, of all sides on disk from `from` on. */
struct join_probe {
	struct table_join_plan *plan;
	size_t from;
	struct table_spill *keys; /* TABLE_PARTITIONS streams for each side of the plan */
	struct table_spill *runs; /* what was found */
	struct arena memory;
};

/** table_join_probe_release() also after a failure. */
int table_join_probe_init(
	struct join_probe *q, struct table_join_plan *p, size_t from, struct err *e) MUST_CHECK;
/** Notes the keys of row `number`; the numbers ascend. */
int table_join_probe_add(
	struct join_probe *q, const struct csv_row *row, uint64_t number, struct err *e) MUST_CHECK;
/** Looks all keys up. Each side on disk has `found` then, until table_join_probe_release(). */
int table_join_probe_run(struct join_probe *q, struct pool *pool, struct err *e) MUST_CHECK;
void table_join_probe_release(struct join_probe *q);

#endif
