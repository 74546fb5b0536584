/*
 * text - what this folder's formats need to know about characters.
 */
#ifndef CD4ML_TABLE_TEXT_H
#define CD4ML_TABLE_TEXT_H

#include "base/buf.h"

/** Characters of well-formed UTF-8; of other bytes each that begins one. */
size_t table_text_length(struct slice s);
/** Adds a JSON string; `s` is UTF-8 and stays as it is, but for what JSON must escape. */
void table_text_json(struct buf *b, struct slice s);
#endif
