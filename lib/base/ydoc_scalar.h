/*
 * ydoc_scalar - scalars of YAML 1.2's core schema: what a plain one says, and how a text must be written. Private to
 * base/ydoc.
 */
#ifndef CD4ML_BASE_YDOC_SCALAR_H
#define CD4ML_BASE_YDOC_SCALAR_H

#include <jansson.h>
#include <yaml.h>

#include "base/buf.h"

/** The value of a plain scalar. Owned by the caller. Errors, without a place: beyond 64 bits, .inf and .nan, a NUL. */
json_t *ydoc_scalar_parse(struct slice s, struct err *e) MUST_CHECK;
/** The text of a quoted or block scalar. Owned by the caller. Error, without a place: a NUL. */
json_t *ydoc_scalar_text(struct slice s, struct err *e) MUST_CHECK;
/** The style in which a text is read back as this text, by DVC too: plain where that does. */
yaml_scalar_style_t ydoc_scalar_style(struct slice s);

#endif
