#include "stage/lockfile.h"

#include <stdint.h>
#include <string.h>

#include "base/output.h"
#include "base/path.h"
#include "base/ydoc.h"

static json_t *refuse(json_t *doc, const char *name, struct err *e, const char *what)
{
	json_decref(doc);
	err_set(e, ERR_INPUT, "%s", what);
	err_at(e, "%s", name);
	return NULL;
}

/* DVC 1 wrote the stages at the top, without a schema. */
static json_t *from_first_schema(json_t *doc, struct err *e)
{
	json_t *lock = json_pack("{s:s, s:O}", "schema", "2.0", "stages", doc);

	json_decref(doc);
	if (!lock)
		err_nomem(e);
	return lock;
}

/* Items of deps and outs are objects with a path, params an object of objects. */
static bool is_good_entry(const json_t *entry)
{
	static const char *const lists[] = { "deps", "outs" };

	if (!json_is_object(entry))
		return false;
	for (int k = 0; k < 2; k++) {
		json_t *list = json_object_get(entry, lists[k]);

		if (list && !json_is_array(list))
			return false;
		for (size_t i = 0; i < json_array_size(list); i++)
			if (!json_is_string(json_object_get(json_array_get(list, i), "path")))
				return false;
	}
	return true;
}

json_t *stage_lockfile_adopt(json_t *doc, const char *name, struct err *e)
{
	json_t *schema, *stages, *entry;
	const char *stage;

	if (json_is_null(doc)) {
		json_decref(doc);
		doc = json_pack("{s:s, s:{}}", "schema", "2.0", "stages");
		if (!doc)
			err_nomem(e);
		return doc;
	}
	if (!json_is_object(doc))
		return refuse(doc, name, e, "this is not a dvc.lock");
	schema = json_object_get(doc, "schema");
	if (!schema) {
		doc = from_first_schema(doc, e);
	} else if (!json_is_string(schema) || strcmp(json_string_value(schema), "2.0") != 0) {
		return refuse(doc, name, e, "only schema '2.0' of dvc.lock is read");
	}
	stages = json_object_get(doc, "stages");
	if (!stages && doc && json_object_set_new(doc, "stages", json_object()))
		return refuse(doc, name, e, "out of memory");
	if (stages && !json_is_object(stages))
		return refuse(doc, name, e, "'stages' should have names and entries");
	json_object_foreach(stages, stage, entry)
	{
		if (is_good_entry(entry))
			continue;
		err_set(e, ERR_INPUT, "the entry of stage '%s' is damaged", stage);
		err_at(e, "%s", name);
		err_hint(e, "take it out: the stage then runs again");
		json_decref(doc);
		return NULL;
	}
	return doc;
}

json_t *stage_lockfile_load(const char *path, struct err *e)
{
	json_t *doc = path_exists(path) ? ydoc_load(path, e) : json_null();

	return doc ? stage_lockfile_adopt(doc, path, e) : NULL;
}

json_t *stage_lockfile_get(const json_t *lock, const char *stage)
{
	return json_object_get(json_object_get(lock, "stages"), stage);
}

static size_t place_of(const struct stage_pipeline *p, const char *stage)
{
	const struct stage_spec *s = stage_spec_find(p, stage);

	return s ? (size_t)(s - p->stages) : SIZE_MAX;
}

int stage_lockfile_put(json_t *lock, const struct stage_pipeline *p, const char *stage,
	json_t *entry, struct err *e)
{
	json_t *old = json_object_get(lock, "stages"), *all, *v;
	size_t place = place_of(p, stage);
	const char *name;
	int rc = 0;

	if (json_object_get(old, stage))
		return json_object_set(old, stage, entry) ? err_nomem(e) : 0;
	all = json_object();
	json_object_foreach(old, name, v)
	{
		size_t other = place_of(p, name);

		if (other != SIZE_MAX && other > place && !json_object_get(all, stage))
			rc |= json_object_set(all, stage, entry);
		rc |= json_object_set(all, name, v);
	}
	if (!json_object_get(all, stage))
		rc |= json_object_set(all, stage, entry);
	if (rc || !all || json_object_set(lock, "stages", all))
		rc = err_nomem(e);
	json_decref(all);
	return rc;
}

int stage_lockfile_save(const char *path, const json_t *lock, struct err *e)
{
	return ydoc_save(path, lock, OUTPUT_SYNC | OUTPUT_KEEP_SAME, e);
}

json_t *stage_lockfile_find(const json_t *entry, const char *list, const char *path)
{
	json_t *items = json_object_get(entry, list);

	for (size_t i = 0; i < json_array_size(items); i++) {
		json_t *item = json_array_get(items, i);
		const char *p = json_string_value(json_object_get(item, "path"));

		if (p && !strcmp(p, path))
			return item;
	}
	return NULL;
}
