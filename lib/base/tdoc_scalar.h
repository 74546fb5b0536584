/*
 * tdoc_scalar - the texts, numbers, dates and words of TOML. For base/tdoc alone.
 */
#ifndef CD4ML_BASE_TDOC_SCALAR_H
#define CD4ML_BASE_TDOC_SCALAR_H

#include "base/jdoc.h"

/** Where reading stands. */
struct tdoc_place {
	const char *p, *end;
	size_t line; /* from 1 */
};

/**
 * Reads a text from its first quote to behind its last, into the emptied `text`. One over several lines only if
 * `many_lines` (which keys are not). The input is well-formed UTF-8. ERR_INPUT.
 */
int tdoc_scalar_text(
	struct tdoc_place *at, bool many_lines, struct buf *text, struct err *e) MUST_CHECK;
/** Is it yyyy-mm-dd, of a day that exists? */
bool tdoc_scalar_is_date(struct slice s);
/** A whole word without quotes: number, date or time (as text), true, false. Owned by the caller. ERR_INPUT. */
json_t *tdoc_scalar_word(struct slice word, struct err *e) MUST_CHECK;

#endif
