/*
 * opt_help - what --help shows of an option table.
 */
#ifndef CD4ML_BASE_OPT_HELP_H
#define CD4ML_BASE_OPT_HELP_H

#include "base/opt.h"

/** Adds the lines of a table, wrapped at 80 columns, defaults taken from `args` (NULL: none shown). */
void opt_help_format(struct buf *b, const struct opt *options, const void *args);

#endif
