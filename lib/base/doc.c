#include "base/doc.h"

#include "base/tdoc.h"
#include "base/ydoc.h"

enum format { FORMAT_YAML, FORMAT_JSON, FORMAT_TOML, FORMAT_NONE };

static enum format format_of(const char *name, struct err *e)
{
	struct slice s = slice_of(name);

	if (slice_ends(s, ".json"))
		return FORMAT_JSON;
	if (slice_ends(s, ".toml"))
		return FORMAT_TOML;
	if (!slice_ends(s, ".py"))
		return FORMAT_YAML;
	err_set(e, ERR_INPUT, "values are read from YAML, JSON and TOML, not from Python");
	err_hint(e, "move them to a params.yaml that the program reads");
	err_at(e, "%s", name);
	return FORMAT_NONE;
}

json_t *doc_parse(struct slice text, const char *name, struct err *e)
{
	switch (format_of(name, e)) {
	case FORMAT_JSON:
		return jdoc_parse(text, name, e);
	case FORMAT_TOML:
		return tdoc_parse(text, name, e);
	case FORMAT_YAML:
		return ydoc_parse(text, name, e);
	default:
		return NULL;
	}
}

json_t *doc_load(const char *path, struct err *e)
{
	switch (format_of(path, e)) {
	case FORMAT_JSON:
		return jdoc_load(path, e);
	case FORMAT_TOML:
		return tdoc_load(path, e);
	case FORMAT_YAML:
		return ydoc_load(path, e);
	default:
		return NULL;
	}
}
