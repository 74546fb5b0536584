#include "stage/params.h"

#include <stdlib.h>
#include <string.h>

#include "base/doc.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/yedit.h"

void stage_params_release(struct stage_params *p)
{
	json_decref(p->files);
	p->files = NULL;
}

/* Borrowed; json_null() when there is no such file. */
static json_t *get_file(struct stage_params *p, const char *path, struct err *e)
{
	json_t *doc = json_object_get(p->files, path);

	if (doc)
		return doc;
	if (!p->files)
		p->files = json_object();
	doc = path_exists(path) ? doc_load(path, e) : json_null();
	if (!doc)
		return NULL;
	if (json_object_set_new(p->files, path, doc)) {
		err_nomem(e);
		return NULL;
	}
	return doc;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All of a file: keys at the top sorted, below as they stand. */
static json_t *sorted_copy(const json_t *doc, struct err *e)
{
	const char **keys = mem_array(json_object_size(doc) + 1, sizeof(*keys), e), *key;
	json_t *o = json_object(), *v;
	size_t n = 0;

	if (!keys || !o)
		goto fail;
	json_object_foreach((json_t *)(uintptr_t)doc, key, v) keys[n++] = key;
	qsort(keys, n, sizeof(*keys), by_text);
	for (size_t i = 0; i < n; i++)
		if (json_object_set(o, keys[i], json_object_get(doc, keys[i])))
			goto fail;
	free(keys);
	return o;
fail:
	err_nomem(e);
	free(keys);
	json_decref(o);
	return NULL;
}

static int note_missing(const char *file, const char *key, struct buf *missing, struct err *e)
{
	if (missing) {
		buf_addf(missing, "%s%s%s\n", file, key ? ": " : "", key ? key : "");
		return 0;
	}
	if (key)
		err_set(e, ERR_INPUT, "there is no parameter '%s'", key);
	else
		err_set(e, ERR_INPUT, "the file of parameters is missing");
	return err_at(e, "%s", file);
}

static json_t *collect_file(
	const struct stage_param *p, const json_t *doc, struct buf *missing, struct err *e)
{
	json_t *values;

	if (json_is_null(doc)) {
		if (note_missing(p->file, p->n_keys ? p->keys[0] : NULL, missing, e))
			return NULL;
	} else if (!p->n_keys) {
		return sorted_copy(doc, e);
	}
	values = json_object();
	for (size_t i = 0; i < p->n_keys && !json_is_null(doc); i++) {
		json_t *v = yedit_find(doc, p->keys[i]);

		if (!v && note_missing(p->file, p->keys[i], missing, e))
			goto fail;
		if (v && json_object_set(values, p->keys[i], v)) {
			err_nomem(e);
			goto fail;
		}
	}
	return values;
fail:
	json_decref(values);
	return NULL;
}

json_t *stage_params_collect(struct stage_params *p, const struct stage_spec *s, const char *root,
	struct buf *missing, struct err *e)
{
	struct buf path = BUF_INIT;
	json_t *all = json_object();

	for (size_t i = 0; all && i < s->n_params; i++) {
		json_t *doc, *values;

		path_join(&path, root, s->params[i].full);
		doc = buf_check(&path, e) ? NULL : get_file(p, path.p, e);
		values = doc ? collect_file(&s->params[i], doc, missing, e) : NULL;
		if (!values || json_object_set_new(all, s->params[i].file, values)) {
			if (values)
				err_nomem(e);
			json_decref(all);
			all = NULL;
			goto out;
		}
	}
	if (!all)
		err_nomem(e);
out:
	buf_release(&path);
	return all;
}

bool stage_params_equal(const json_t *a, const json_t *b)
{
	const char *key;
	json_t *v;

	if (json_is_number(a) && json_is_number(b)) {
		if (json_is_integer(a) && json_is_integer(b))
			return json_integer_value(a) == json_integer_value(b);
		return json_number_value(a) == json_number_value(b);
	}
	if (!a || !b || json_typeof(a) != json_typeof(b))
		return false;
	if (json_is_object(a)) {
		if (json_object_size(a) != json_object_size(b))
			return false;
		json_object_foreach((json_t *)(uintptr_t)a, key,
			v) if (!stage_params_equal(v, json_object_get(b, key))) return false;
		return true;
	}
	if (json_is_array(a)) {
		if (json_array_size(a) != json_array_size(b))
			return false;
		for (size_t i = 0; i < json_array_size(a); i++)
			if (!stage_params_equal(json_array_get(a, i), json_array_get(b, i)))
				return false;
		return true;
	}
	return json_equal(a, b);
}
