/*
 * config - options from a file, for tools that have --config.
 *
 * FILE.yaml, FILE.yml, FILE.json and FILE.toml hold a mapping from option names to values (text, numbers, true or
 * false, lists of these); FILE:KEY takes the mapping at a dotted key in it. Any other file holds lines
 * `name = value`; what follows a '#' at the beginning of a line or behind a blank is a comment.
 */
#ifndef CD4ML_BASE_CONFIG_H
#define CD4ML_BASE_CONFIG_H

#include "base/arena.h"
#include "base/opt.h"

/**
 * Sets each option of the file that the command line did not set (`r` comes from opt_parse on the same
 * tables). Texts live in `memory`, which must outlive the structs. An unknown name is an error that
 * proposes the nearest; places are "file:line" or "file: key".
 */
int config_apply(const char *file_and_key, const struct opt_table *tables, size_t n_tables,
	struct opt_result *r, struct arena *memory, struct err *e) MUST_CHECK;

#endif
