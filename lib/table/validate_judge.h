/*
 * validate_judge - what the counts of a validation come to: its findings. Private to lib/table/validate*.c.
 */
#ifndef CD4ML_TABLE_VALIDATE_JUDGE_H
#define CD4ML_TABLE_VALIDATE_JUDGE_H

#include "table/anomaly.h"
#include "table/validate_cells.h"

/**
 * Adds what is wrong with the table, its columns and its keys, in that order; `f` knows the columns. With a header,
 * rows are numbered from 2. The counts of unexpected values are used up.
 */
int table_validate_judge(const struct table_checks *c, bool has_header, struct table_findings *f,
	struct err *e) MUST_CHECK;

#endif
