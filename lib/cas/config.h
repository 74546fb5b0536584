/*
 * config - DVC's configuration file, edited without losing what we do not know.
 *
 *	[core]
 *	    remote = store
 *	['remote "store"']
 *	    url = ../../store
 *
 * INI as Python's configobj writes it: sections may be quoted, values may be quoted, '#' begins a
 * comment. Keys and plain section names are compared without case. The file is kept as its lines; a
 * change touches one line. A section is named here without quotes: "core", "remote \"store\"".
 */
#ifndef CD4ML_CAS_CONFIG_H
#define CD4ML_CAS_CONFIG_H

#include <stdbool.h>

#include "base/buf.h"

struct cas_config;

/** An empty one for text in memory; errors name `name` and the line. */
struct cas_config *cas_config_parse(struct slice text, const char *name, struct err *e) MUST_CHECK;
/** Reads a file; one that is not there is empty. */
struct cas_config *cas_config_load(const char *path, struct err *e) MUST_CHECK;
/** NULL is fine. */
void cas_config_free(struct cas_config *c);
/** The value without quotes, NULL when not set. Valid until the next change. */
const char *cas_config_get(const struct cas_config *c, const char *section, const char *key);
/** Sets a value, or removes the key (NULL). Values with a line break are refused. */
int cas_config_set(struct cas_config *c, const char *section, const char *key, const char *value,
	struct err *e) MUST_CHECK;
/** Removes a section with all its keys; false if there was none. */
bool cas_config_remove(struct cas_config *c, const char *section);
/** The i-th section's name, NULL behind the last. Valid until the next change. */
const char *cas_config_section(const struct cas_config *c, size_t i);
/** Adds the text of the file. */
void cas_config_format(const struct cas_config *c, struct buf *b);
/** Writes the file, synced. */
int cas_config_save(const struct cas_config *c, const char *path, struct err *e) MUST_CHECK;

#endif
