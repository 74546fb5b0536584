/*
 * markup - text made safe inside XML and HTML.
 *
 * XML 1.0 has no way to write most control characters, not even as references: they become U+FFFD,
 * and so does each byte that is not part of well-formed UTF-8. Tab and newline are kept, as
 * references in attributes, where a parser would make blanks of them.
 */
#ifndef CD4ML_EVAL_MARKUP_H
#define CD4ML_EVAL_MARKUP_H

#include "base/buf.h"

/** Adds `s` as content of an element. */
void eval_markup_text(struct buf *b, const char *s);
/** Adds `s` as the value of an attribute in double quotes, without them. */
void eval_markup_attribute(struct buf *b, const char *s);
/** Adds ` name="value"`. */
void eval_markup_pair(struct buf *b, const char *name, const char *value);

#endif
