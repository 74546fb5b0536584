/*
 * join_plan - which columns a join's keys and output have. Private to lib/table/join*.c.
 */
#ifndef CD4ML_TABLE_JOIN_PLAN_H
#define CD4ML_TABLE_JOIN_PLAN_H

#include "table/join.h"

struct join_side {
	const struct table_join_side *spec;
	struct csv_table *table; /* open until loaded */
	struct table_key left_key, right_key;
	size_t *left_cols, *right_cols; /* [left_key.n_cols], of the keys */
	size_t *cols; /* [n_cols] of the side that are in the output */
	size_t n_cols;
	struct table_keymap *map;
	struct slice blank; /* n_cols delimiters: what a row without match gets */
	bool adds_unmatched; /* right, full */
	enum table_duplicates duplicates;
	/* where there is no memory for it (table/join_spill) */
	struct budget *budget;
	const char *temp_dir;
	size_t spill_block;
	struct join_spilled *spilled; /* its rows on disk; NULL: in `map` */
	struct join_found *found; /* what was found there, while rows take it */
};

struct table_join_plan {
	const struct table_join *join;
	struct csv_table *left;
	size_t *cols; /* [n_cols] of LEFT that are in the output; NULL: all, as they stand */
	size_t n_cols;
	struct join_side *sides; /* [n_sides] */
	size_t n_sides;
	struct budget budget; /* of all sides */
	struct buf header; /* the output's first line; empty without header */
	struct arena memory;
};

/** Opens all tables and finds all columns. table_join_plan_release() also after a failure. */
int table_join_plan_init(
	struct table_join_plan *p, const struct table_join *j, struct err *e) MUST_CHECK;
void table_join_plan_release(struct table_join_plan *p);

#endif
