/*
 * yedit - one value of a YAML or JSON text changed, all else, comments too, left as it is.
 */
#ifndef CD4ML_BASE_YEDIT_H
#define CD4ML_BASE_YEDIT_H

#include "base/jdoc.h"

/**
 * Puts the text with the value of `key` ("train.depth": members, numbers pick from lists; a member
 * with that whole name comes first) replaced by `value` into the emptied `out`. `value` is YAML: 8,
 * 0.5, true, [1, 2], text. In a `name` that ends in .json it is written as JSON. ERR_INPUT: no
 * such key (the nearest is proposed); the value stands in a block of several lines, or is shared by
 * an anchor; `value` is no value of one line; `name` ends in .toml.
 */
int yedit_set(struct buf *out, struct slice text, const char *name, const char *key,
	const char *value, struct err *e) MUST_CHECK;
/** The member that such a key names in a document, borrowed; NULL if there is none. */
json_t *yedit_find(const json_t *doc, const char *key);

#endif
