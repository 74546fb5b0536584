/*
 * validate - a table against a schema: one pass over all rows on all threads, one finding for each
 * column and anomaly.
 *
 * An absent value (one of missingValues) is exempt from all checks but presence. Rows of another
 * length than the header are counted as ROW_SHAPE and looked at no further (unless the dialect
 * pads or skips them). Rows are numbered from 1, the header counted, so that in a table without
 * newlines inside of quotes a row's number is its line.
 */
#ifndef CD4ML_TABLE_VALIDATE_H
#define CD4ML_TABLE_VALIDATE_H

#include "csv/chunk.h"
#include "table/anomaly.h"

struct table_validate_options {
	const struct csv_dialect *dialect; /* its --na texts are missing too */
	const char *environment; /* NULL: all fields are expected */
	struct progress *progress;
};

/**
 * Fills `f`, which is empty, with all that is found. -1 and `e` if the table cannot be read at
 * all.
 */
int table_validate(const char *path, const struct table_schema *s,
	const struct table_validate_options *o, struct pool *pool, struct table_findings *f,
	struct err *e) MUST_CHECK;

#endif
