/*
 * infer - a schema from what a table holds.
 *
 * As TFDV does: full presence is required, gaps give a minimum count of 1, text columns with few
 * values get them as domain; ranges only when asked. A type is what all values are: integer
 * (leading zeros make a text of it), number, boolean (words), date (yyyy-mm-dd), datetime (with
 * T), else string.
 */
#ifndef CD4ML_TABLE_INFER_H
#define CD4ML_TABLE_INFER_H

#include "base/diag.h"
#include "base/jdoc.h"
#include "table/stats.h"

struct table_infer_options {
	uint32_t max_domain; /* text columns of at most so many values get a domain; 0: none */
	bool ranges; /* minimum and maximum of numbers, as they are in the data */
	struct opt_list domains; /* columns that get their values as domain, whatever their type */
	struct opt_list unique; /* columns whose values occur once */
	struct opt_list key; /* the columns of the primary key */
	const char *label; /* absent in the environment "serving"; NULL: none */
	const struct csv_dialect *dialect; /* its --na texts become missingValues */
};

/** The schema as JSON, owned by the caller. Names that are not columns are refused. */
json_t *table_infer(
	const struct table_stats *s, const struct table_infer_options *o, struct err *e) MUST_CHECK;

/** Refuses a schema whose unique columns or key the data contradicts. */
int table_infer_confirm(struct slice schema, const char *const *paths, size_t n_paths,
	const struct csv_dialect *d, struct pool *pool, struct err *e) MUST_CHECK;

/**
 * Says what looks wrong: columns that number the rows, that hold one value or none, that hold
 * nearly only different texts.
 */
void table_infer_warn(const struct table_stats *s, struct diag *diag);

#endif
