#include "base/doc.h"

#include "base/tdoc.h"
#include "base/ydoc.h"

static jdoc_parser *parser_of(const char *name, struct err *e)
{
	struct slice s = slice_of(name);

	if (slice_ends(s, ".json"))
		return jdoc_parse;
	if (slice_ends(s, ".toml"))
		return tdoc_parse;
	if (!slice_ends(s, ".py"))
		return ydoc_parse;
	err_set(e, ERR_INPUT, "values are read from YAML, JSON and TOML, not from Python");
	err_hint(e, "move them to a params.yaml that the program reads");
	err_at(e, "%s", name);
	return NULL;
}

bool doc_is_named(struct slice name)
{
	return slice_ends(name, ".yaml") || slice_ends(name, ".yml") || slice_ends(name, ".json") ||
	       slice_ends(name, ".toml");
}

json_t *doc_parse(struct slice text, const char *name, struct err *e)
{
	jdoc_parser *parse = parser_of(name, e);

	return parse ? parse(text, name, e) : NULL;
}

json_t *doc_load(const char *path, struct err *e)
{
	jdoc_parser *parse = parser_of(path, e);

	return parse ? jdoc_read(path, parse, e) : NULL;
}
