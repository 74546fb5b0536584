/*
 * tdoc - TOML documents (toml.io, version 1.0) as JSON values. Read only.
 *
 * Tables are objects that keep their order. Dates and times are text as written; inf and nan are refused, as in
 * base/ydoc, and so are integers beyond 64 bits and tables more than a hundred deep.
 */
#ifndef CD4ML_BASE_TDOC_H
#define CD4ML_BASE_TDOC_H

#include "base/jdoc.h"

/** Parses a document: always an object. Owned by the caller. Errors: name:line. */
json_t *tdoc_parse(struct slice text, const char *name, struct err *e) MUST_CHECK;

#endif
