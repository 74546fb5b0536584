/*
 * join - one big table joined to any number of others in one pass.
 *
 * The others are loaded one after another (table/keymap), then LEFT streams through on all threads, and its
 * rows come out in their order. ((LEFT with side 0) with side 1) ... is what is computed: a row that
 * one side drops does not reach the next; rows that a right or full side adds behind go through the later sides.
 *
 *   left   all rows of LEFT; empty fields where nothing matches
 *   inner  only the rows that match
 *   right  those that match, and behind all others the side's rows that matched nothing, in their order
 *   full   all rows of LEFT, and the side's rows that matched nothing
 *   semi   the rows that match, without columns of the side
 *   anti   the rows that do not match
 *
 * Output: LEFT's columns, then each side's without its key. Bytes of fields are LEFT's and the side's own, quotes
 * included. A name that two tables have is an error, unless one of them has a prefix, which its colliding
 * columns then get.
 */
#ifndef CD4ML_TABLE_JOIN_H
#define CD4ML_TABLE_JOIN_H

#include "base/diag.h"
#include "base/output.h"
#include "table/keymap.h"

enum table_join_kind {
	TABLE_JOIN_LEFT,
	TABLE_JOIN_INNER,
	TABLE_JOIN_RIGHT,
	TABLE_JOIN_FULL,
	TABLE_JOIN_SEMI,
	TABLE_JOIN_ANTI,
};

extern const char *const table_join_kinds[]; /* "left", "inner", ...; NULL behind them */

struct table_join_side {
	enum table_join_kind kind;
	const char *key; /* "tailnum", "year,month,day", "dest=faa": LEFT's name, then the side's */
	const char *path;
	const char *cols; /* "a,b": the columns to bring, in this order; NULL: all but the key */
	const char *prefix; /* for names that collide; NULL: none */
	int duplicates; /* enum table_duplicates */
	double require_match; /* share of the rows that reach this side and must match */
	bool ignore_case, trim, match_empty; /* as in struct table_key */
};

struct table_join {
	const char *left; /* path */
	const char *cols; /* of LEFT; NULL: all */
	const struct table_join_side *sides;
	size_t n_sides;
	const struct csv_dialect *dialect;
	/**
	 * Bytes for the sides, all together; 0: no limit. A side that does not fit goes to a temporary file in
	 * partitions, as do LEFT's keys for it; the result is the same.
	 */
	uint64_t memory;
	const char *temp_dir; /* for it; NULL: /tmp */
};

struct table_join_counts {
	struct table_keymap_counts rows; /* of the side's file */
	uint64_t n_matched, n_unmatched; /* rows that reached it */
	uint64_t n_added; /* the side's rows that came behind: right, full */
};

struct table_join_result {
	uint64_t n_left, n_out; /* rows read of LEFT, rows written */
	uint64_t n_ragged; /* rows of all tables that --ragged padded or left out */
	size_t n_spilled; /* sides for which there was no memory */
	struct table_join_counts *sides; /* [n_sides], the caller's memory */
};

/** Joins into `out`. Warns of a side that nothing matches; too few matches are an error. */
int table_join_run(const struct table_join *j, struct output *out, struct pool *pool,
	struct progress *progress, struct diag *diag, struct table_join_result *r,
	struct err *e) MUST_CHECK;

/** Tells `diag` the counts as notes, a line for each side. */
void table_join_note(
	const struct table_join *j, const struct table_join_result *r, struct diag *diag);
/** Writes them as JSON: {"left": {...}, "tables": [{...}], "rows_out": N}. */
int table_join_save_report(const struct table_join *j, const struct table_join_result *r,
	const char *path, struct err *e) MUST_CHECK;

#endif
