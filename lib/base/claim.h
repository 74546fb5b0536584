/*
 * claim - the files that a run will write: each in one place only, and none over what it reads.
 *
 * base/tool checks before the work begins, since what is wrong with a report's name should not come out
 * when hours of it are done.
 */
#ifndef CD4ML_BASE_CLAIM_H
#define CD4ML_BASE_CLAIM_H

#include <stdbool.h>

#include "base/opt.h"

/**
 * Checks the options of the table that have `writes`, together with the main output (NULL, "-": standard
 * output; `has_output` false: there is none). ERR_INPUT: an empty name, a folder, a file whose folder is not
 * there, two that are the same file or standard output, and one that is an operand (NULL behind the
 * last). The main output may be an operand: it replaces it when all is read.
 */
int claim_check(const struct opt_table *table, bool has_output, const char *output,
	char *const *operands, struct err *e) MUST_CHECK;

#endif
