/*
 * utf8 - characters of UTF-8 (RFC 3629: no overlong forms, no surrogates).
 */
#ifndef CD4ML_BASE_UTF8_H
#define CD4ML_BASE_UTF8_H

#include <stdint.h>

#include "base/buf.h"

/**
 * The bytes of the well-formed character at the beginning of `s`, and its code point in *c (may be
 * NULL); 0 if there is none. Cannot fail.
 */
size_t utf8_first(struct slice s, uint32_t *c);
/** Is all of it well-formed? */
bool utf8_is_valid(struct slice s);
/** Adds the character of a code point up to U+10FFFF. */
void utf8_add(struct buf *b, uint32_t c);

#endif
