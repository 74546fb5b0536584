/*
 * diag - warnings and notes on their way from a library to whoever called it.
 */
#ifndef CD4ML_BASE_DIAG_H
#define CD4ML_BASE_DIAG_H

#include "base/err.h"

enum diag_level {
	DIAG_WARNING, /* something is probably not as the user wants it */
	DIAG_NOTE, /* what was done, counted: shown by -v */
	DIAG_DETAIL, /* shown by -vv */
};

/** Where they go: base/tool prints them; a test collects them. `say` gets a finished, escaped line. */
struct diag {
	void (*say)(struct diag *d, enum diag_level level, const char *text);
	enum diag_level most; /* levels above it are not even formatted */
};

/** A NULL `d`, or one without `say`, swallows it. */
void diag_say(struct diag *d, enum diag_level level, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
