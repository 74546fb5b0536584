/*
 * doc - documents in the format that their names say: .json, .toml, and all else YAML, as DVC has it.
 */
#ifndef CD4ML_BASE_DOC_H
#define CD4ML_BASE_DOC_H

#include "base/jdoc.h"

/** Does the name end as one of a YAML, JSON or TOML document? */
bool doc_is_named(struct slice name);
/** Owned by the caller. ERR_INPUT, with name:line; a Python file (.py) is refused by name. */
json_t *doc_parse(struct slice text, const char *name, struct err *e) MUST_CHECK;
/** The same for a file ("-": standard input, YAML). */
json_t *doc_load(const char *path, struct err *e) MUST_CHECK;

#endif
