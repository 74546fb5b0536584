/*
 * join_rows - rows on their way through the sides of a join, to text. Private to lib/table/join*.c.
 *
 * Rows are looked up BATCH at a time: first all keys are hashed and their slots asked for, then the
 * records that the slots point to, and only then anything waits for memory.
 */
#ifndef CD4ML_TABLE_JOIN_ROWS_H
#define CD4ML_TABLE_JOIN_ROWS_H

#include "table/join_plan.h"

enum { JOIN_BATCH = 64, JOIN_AHEAD = 16 };

/* A row on its way through the sides. */
struct join_pending {
	struct slice raw; /* LEFT's part of the output */
	const char *eol;
	uint32_t n_eol;
};

struct join_lookup {
	struct slice key;
	uint64_t hash;
	bool has_key;
};

/* One thread's. */
struct join_worker {
	struct arena memory; /* keys that are composed, until the batch is written */
	struct join_pending rows[JOIN_BATCH];
	size_t n;
	uint64_t number; /* of the first of them, where sides are looked up on disk */
	struct join_lookup *lookups; /* [JOIN_BATCH][n_sides] */
	struct table_row **first, **row; /* [n_sides] what the row found; where the product is */
	uint64_t n_left, n_out;
	struct table_join_counts *counts; /* [n_sides] */
};

/** What one thread needs to look rows up: batch, buffers, counts of its own. `p` is borrowed. */
struct join_worker *table_join_worker_new(
	const struct table_join_plan *p, struct err *e) MUST_CHECK;
void table_join_worker_free(struct join_worker *w);
/** Takes a row into the batch (never more than JOIN_BATCH) and asks for its keys' slots, from side `from` on. */
int table_join_rows_add(const struct table_join_plan *p, struct join_worker *w,
	const struct csv_row *row, size_t from, struct err *e) MUST_CHECK;
/** Looks the batch up in the sides from `from` on, those before have given `first` already; appends it to `out`. */
int table_join_rows_flush(const struct table_join_plan *p, struct join_worker *w, size_t from,
	struct buf *out, struct err *e) MUST_CHECK;
/**
 * A row of LEFT's shape with only the key filled, of a row of side `s`. `fields` has room for all columns; the row
 * lies there and in the emptied `text`.
 */
int table_join_rows_make(const struct table_join_plan *p, const struct join_side *s,
	const struct table_row *from, struct csv_field *fields, struct buf *text,
	struct csv_row *row, struct err *e) MUST_CHECK;

#endif
