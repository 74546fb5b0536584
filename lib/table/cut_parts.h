/*
 * cut_parts - the files that a table is chopped into. Private to lib/table/cut*.c.
 *
 * Any number of parts may be unfinished: of more than a few, the rows are held in memory, up to a limit
 * for all together, and then added to the files one after another, of which only one is open.
 */
#ifndef CD4ML_TABLE_CUT_PARTS_H
#define CD4ML_TABLE_CUT_PARTS_H

#include "base/output.h"

struct table_cut_part {
	char *path;
	struct output *out; /* NULL once it is finished */
	struct buf held; /* not yet written to `out` */
	int tracked; /* of a finished one: removed by a signal, see output_track() */
};

struct table_cut_parts {
	const char *names; /* the template */
	const char *
		source; /* the table that is read, "-" for standard input: no part may replace it */
	struct slice header; /* what each begins with */
	struct table_cut_part *parts;
	size_t n, cap;
	size_t n_open; /* parts that are not finished */
	size_t n_held; /* bytes of all of them */
};

/** Refuses a template without just one %d, or, for values, just one %s. */
int table_cut_parts_check(const char *names, bool by_value, struct err *e) MUST_CHECK;
/**
 * The name of a part, by a template that was checked: its number, or its value. To be freed. Other
 * values have other names, and none leads to another folder; too long a name is refused.
 */
char *table_cut_parts_path(
	const char *names, size_t number, struct slice value, struct err *e) MUST_CHECK;
/** Starts the next part: number n from 1, or by value (`value.p` not NULL). */
int table_cut_parts_add(struct table_cut_parts *p, struct slice value, struct err *e) MUST_CHECK;
/** Writes to a part that is not finished. */
int table_cut_parts_write(
	struct table_cut_parts *p, size_t part, struct slice rows, struct err *e) MUST_CHECK;
/** Closes a part: it is there now, unless the run fails later. */
int table_cut_parts_finish(struct table_cut_parts *p, size_t part, struct err *e) MUST_CHECK;
/** Finishes all. */
int table_cut_parts_finish_all(struct table_cut_parts *p, struct err *e) MUST_CHECK;
/** Releases the memory; unless `keep`, removes all parts. */
void table_cut_parts_release(struct table_cut_parts *p, bool keep);

#endif
