#include "tree/model_file.h"

#include <string.h>

#include "base/input.h"
#include "tree/journal.h"
#include "tree/model_json.h"
#include "tree/model_ubj.h"

/* ---- reading --------------------------------------------------------------------------------------- */

static struct tree_model *parse(struct slice data, const char *name, bool keep_views, struct err *e)
{
	if (data.len >= 4 && memcmp(data.p, "binf", 4) == 0) {
		err_set(e, ERR_INPUT, "the binary format of xgboost before 3.1 is not supported");
		err_hint(e, "save it as .json or .ubj");
		err_at(e, "%s", name);
		return NULL;
	}
	if (slice_starts(data, TREE_JOURNAL_MAGIC)) {
		err_set(e, ERR_INPUT, "a checkpoint of a forest, no model");
		err_hint(e, "run rf-train with it again, so that it makes the model");
		err_at(e, "%s", name);
		return NULL;
	}
	/* behind the brace UBJSON has the marker of a length, JSON a quote or a blank */
	if (data.len >= 2 && data.p[0] == '{' && strchr("LliUI", data.p[1]))
		return tree_ubj_parse(data, name, keep_views, e);
	return tree_json_parse(data, name, e);
}

struct tree_model *tree_model_parse(struct slice data, const char *name, struct err *e)
{
	return parse(data, name, false, e);
}

static struct tree_model *read_file(const char *path, bool keep_views, struct err *e)
{
	struct input *in = input_open(path, e);
	struct tree_model *m = NULL;
	struct slice all;

	if (!in)
		return NULL;
	if (input_map(in, 0, &all, e) == 0)
		m = parse(all, input_name(in), keep_views, e);
	if (m && m->views)
		m->file = in;
	else
		input_close(in);
	return m;
}

struct tree_model *tree_model_load(const char *path, struct err *e)
{
	return read_file(path, false, e);
}

struct tree_model *tree_model_open(const char *path, struct err *e)
{
	return read_file(path, true, e);
}

enum tree_format tree_format_of(const char *path)
{
	return path && slice_ends(slice_of(path), ".ubj") ? TREE_UBJ : TREE_JSON;
}

int tree_model_save(
	const struct tree_model *m, struct output *out, enum tree_format format, struct err *e)
{
	struct tree_writer w = { 0 };
	int rc = tree_writer_begin(&w, out, format, m, m->n_trees, e);

	for (size_t i = 0; !rc && i < m->n_trees; i++)
		rc = tree_writer_add(&w, &m->trees[i], e);
	if (!rc)
		rc = tree_writer_end(&w, e);
	tree_writer_release(&w);
	return rc;
}
