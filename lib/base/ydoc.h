/*
 * ydoc - YAML documents as JSON values: libyaml with limits, YAML 1.2 scalars, DVC's style.
 *
 * Mappings keep their order. Scalars are read by YAML 1.2's core schema (0x10, 0o17, null, true; yes is
 * text), as DVC's reader does; integers beyond 64 bits, .inf and .nan are refused with their place.
 * Anchors and aliases are read (to a limit of expanded nodes); tags and several documents are refused.
 * Comments are not kept.
 */
#ifndef CD4ML_BASE_YDOC_H
#define CD4ML_BASE_YDOC_H

#include "base/jdoc.h"

/** Parses one document; an empty one is JSON null. Owned by the caller. Errors: name:line. */
json_t *ydoc_parse(struct slice text, const char *name, struct err *e) MUST_CHECK;
/** The same for a file ("-" for standard input). */
json_t *ydoc_load(const char *path, struct err *e) MUST_CHECK;
/** Adds the document in DVC's style: indent 2, dashes not indented, quoting and folding as formats/dvc.md 8. */
int ydoc_format(struct buf *b, const json_t *v, struct err *e) MUST_CHECK;
/** Writes the document to a file (see base/output for the flags). */
int ydoc_save(const char *path, const json_t *v, unsigned flags, struct err *e) MUST_CHECK;

#endif
