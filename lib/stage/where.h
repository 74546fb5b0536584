/*
 * where - the line of a Makefile that an error is about: the one that sets a variable. A search in the text, as
 * make does not tell; what a template or a call sets is not found.
 */
#ifndef CD4ML_STAGE_WHERE_H
#define CD4ML_STAGE_WHERE_H

#include <stddef.h>

#include "base/err.h"

/**
 * Puts "Makefile:12" before the error: the first line in the files of `words` (makefile=FILE, others are passed
 * over) that sets `variable`, and has `word` in its value (NULL: whatever it is). No such line: nothing. -1.
 */
int stage_where_at(char **words, size_t n, const char *variable, const char *word, struct err *e);

#endif
