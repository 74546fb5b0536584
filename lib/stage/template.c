#include "stage/template.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/doc.h"
#include "base/path.h"
#include "base/yedit.h"

enum { MAX_DEPTH = 50, MAX_STAGES = 100000 };

struct expander {
	const char *dir;
	json_t *context; /* the names of all stages */
	json_t *stages, *problems;
	struct err *e;
};

/* ---- one template ---- */

/* "a.b[0]" as yedit_find knows it. */
static void add_key(struct buf *key, struct slice expr)
{
	for (size_t i = 0; i < expr.len; i++)
		if (expr.p[i] == '[')
			buf_add_char(key, '.');
		else if (expr.p[i] != ']')
			buf_add_char(key, expr.p[i]);
}

/* The value that ${expr} stands for, borrowed. */
static json_t *look_up(struct expander *x, const json_t *context, struct slice expr)
{
	struct buf key = BUF_INIT;
	json_t *v = NULL;

	add_key(&key, slice_trim(expr));
	if (!buf_check(&key, x->e)) {
		v = yedit_find(context, key.p);
		if (!v)
			err_set(x->e, ERR_INPUT, "nothing is called '%s' in '${%s}'", key.p, key.p);
	}
	buf_release(&key);
	return v;
}

static int add_scalar(struct expander *x, struct buf *b, struct slice expr, const json_t *v)
{
	if (json_is_string(v))
		buf_add_text(b, json_string_value(v));
	else if (json_is_number(v) || json_is_boolean(v))
		jdoc_format(b, v, JDOC_LINE);
	else
		return err_set(x->e, ERR_INPUT, "'${%.*s}' stands for %s, not for one value",
			(int)expr.len, expr.p, json_is_null(v) ? "null" : "several values");
	return 0;
}

static json_t *resolve_text(struct expander *x, const json_t *context, const char *text)
{
	struct buf b = BUF_INIT;
	const char *p = text;
	json_t *v = NULL;

	while (*p) {
		const char *end = NULL;
		struct slice expr;
		json_t *found;

		if (!strncmp(p, "\\${", 3)) {
			buf_add(&b, p, 3);
			p += 3;
			continue;
		}
		if (!strncmp(p, "${", 2))
			end = strchr(p, '}');
		if (!end) {
			buf_add_char(&b, *p++);
			continue;
		}
		expr = (struct slice){ p + 2, (size_t)(end - p - 2) };
		found = look_up(x, context, expr);
		if (!found)
			goto out;
		if (p == text && !end[1]) { /* alone it may be of any kind */
			v = json_deep_copy(found);
			goto out;
		}
		if (add_scalar(x, &b, expr, found))
			goto out;
		p = end + 1;
	}
	if (!buf_check(&b, x->e)) {
		v = json_stringn(b.p, b.len);
		if (!v)
			err_nomem(x->e);
	}
out:
	buf_release(&b);
	return v;
}

/* A copy of `v` with all templates in it resolved, in keys too. */
static json_t *resolve(struct expander *x, const json_t *context, const json_t *v, int depth)
{
	json_t *to = json_is_object(v) ? json_object() : json_array(), *member, *key_value, *made;
	const char *key;
	size_t i;

	if (!json_is_object(v) && !json_is_array(v)) {
		json_decref(to);
		return json_is_string(v) ? resolve_text(x, context, json_string_value(v))
					 : json_deep_copy(v);
	}
	if (depth > MAX_DEPTH || !to) {
		json_decref(to);
		err_set(x->e, ERR_INPUT, "this is nested too deeply");
		return NULL;
	}
	json_array_foreach(v, i, member)
	{
		made = resolve(x, context, member, depth + 1);
		if (!made || json_array_append_new(to, made))
			goto fail;
	}
	json_object_foreach((json_t *)(uintptr_t)v, key, member)
	{
		key_value = resolve_text(x, context, key);
		made = json_is_string(key_value) ? resolve(x, context, member, depth + 1) : NULL;
		if (!made || json_object_set_new(to, json_string_value(key_value), made)) {
			if (key_value && !json_is_string(key_value))
				err_set(x->e, ERR_INPUT, "'%s' cannot be a name", key);
			json_decref(key_value);
			goto fail;
		}
		json_decref(key_value);
	}
	return to;
fail:
	if (!x->e->code)
		err_nomem(x->e);
	json_decref(to);
	return NULL;
}

/* ---- the names ---- */

static json_t *load(struct expander *x, const char *file)
{
	struct buf path = BUF_INIT;
	json_t *v = NULL;

	path_join(&path, x->dir, file);
	if (!buf_check(&path, x->e))
		v = doc_load(path.p, x->e);
	buf_release(&path);
	return v;
}

/* "FILE" or "FILE:KEY,KEY" */
static int add_file(struct expander *x, json_t *context, const char *text)
{
	const char *colon = strchr(text, ':');
	struct buf file = BUF_INIT, name = BUF_INIT;
	struct slice keys = slice_of(colon ? colon + 1 : ""), key;
	json_t *doc = NULL, *v;
	int rc = -1;

	buf_add(&file, text, colon ? (size_t)(colon - text) : strlen(text));
	doc = buf_check(&file, x->e) ? NULL : load(x, file.p);
	if (!doc)
		goto out;
	rc = colon ? 0 : json_object_update(context, doc);
	while (colon && !rc && slice_cut(&keys, ',', &key)) {
		buf_reset(&name);
		buf_add_slice(&name, slice_trim(key));
		v = yedit_find(doc, name.p);
		rc = v ? json_object_set(context, name.p, v)
		       : err_set(x->e, ERR_INPUT, "%s: there is no '%s'", file.p, name.p);
	}
	if (rc && !x->e->code)
		err_set(x->e, ERR_INPUT, "%s: keys with values are expected", file.p);
out:
	json_decref(doc);
	buf_release(&file);
	buf_release(&name);
	return rc;
}

static int add_vars(struct expander *x, json_t *context, const json_t *vars)
{
	json_t *item;
	size_t i;

	json_array_foreach(vars, i, item)
	{
		if (json_is_string(item) ? add_file(x, context, json_string_value(item))
					 : json_object_update(context, item)) {
			if (!x->e->code)
				err_set(x->e, ERR_INPUT,
					"vars: a file or keys with values are expected");
			return -1;
		}
	}
	return 0;
}

static int make_context(struct expander *x, const json_t *doc)
{
	struct buf path = BUF_INIT;
	int rc = x->context ? 0 : err_nomem(x->e);

	path_join(&path, x->dir, "params.yaml");
	if (!rc)
		rc = buf_check(&path, x->e);
	if (!rc && path_exists(path.p))
		rc = add_file(x, x->context, "params.yaml");
	buf_release(&path);
	return rc ? rc : add_vars(x, x->context, json_object_get(doc, "vars"));
}

/* ---- stages ---- */

/* Adds `body` as a stage, with `item` and `key` (may be NULL) as further names. */
static int add_stage(
	struct expander *x, const char *name, const json_t *body, json_t *item, const char *key)
{
	json_t *context = json_copy(x->context), *plain = json_copy((json_t *)(uintptr_t)body);
	json_t *made = NULL;
	int rc = -1;

	if (!context || !plain || (item && json_object_set(context, "item", item)) ||
		(key && json_object_set_new(context, "key", json_string(key)))) {
		err_nomem(x->e);
		goto out;
	}
	if (add_vars(x, context, json_object_get(body, "vars")))
		goto out;
	json_object_del(plain, "vars");
	made = resolve(x, context, plain, 0);
	if (!made)
		goto out;
	if (json_object_size(x->stages) >= MAX_STAGES)
		err_set(x->e, ERR_INPUT, "these are too many stages");
	else if (json_object_set(x->stages, name, made))
		err_nomem(x->e);
	else
		rc = 0;
out:
	json_decref(context);
	json_decref(plain);
	json_decref(made);
	return rc;
}

/* What DVC puts behind the "@": the value, or its place where it is no single one. */
static void add_suffix(struct buf *name, const json_t *v, const char *prefix, size_t i)
{
	if (json_is_string(v))
		buf_add_text(name, json_string_value(v));
	else if (json_is_number(v) || json_is_boolean(v))
		jdoc_format(name, v, JDOC_LINE);
	else
		buf_addf(name, "%s%zu", prefix, i);
}

static int add_foreach(struct expander *x, const char *base, const json_t *stage)
{
	json_t *over = resolve(x, x->context, json_object_get(stage, "foreach"), 0), *item;
	const json_t *body = json_object_get(stage, "do");
	struct buf name = BUF_INIT;
	const char *key;
	int rc = over ? 0 : -1;
	size_t i;

	if (over && ((!json_is_array(over) && !json_is_object(over)) || !json_is_object(body)))
		rc = err_set(x->e, ERR_INPUT, "foreach: a list or names, and 'do', are expected");
	for (i = 0; !rc && i < json_array_size(over); i++) {
		item = json_array_get(over, i);
		buf_reset(&name);
		buf_addf(&name, "%s@", base);
		add_suffix(&name, item, "", i);
		rc = buf_check(&name, x->e) || add_stage(x, name.p, body, item, NULL) ? -1 : 0;
	}
	json_object_foreach(over, key, item)
	{
		buf_reset(&name);
		buf_addf(&name, "%s@%s", base, key);
		if (!rc)
			rc = buf_check(&name, x->e) || add_stage(x, name.p, body, item, key) ? -1
											     : 0;
	}
	json_decref(over);
	buf_release(&name);
	return rc;
}

/* All choices of one value of each list, the last list running fastest. */
static int add_matrix(struct expander *x, const char *base, const json_t *stage)
{
	json_t *over = resolve(x, x->context, json_object_get(stage, "matrix"), 0), *list, *item;
	json_t *body = json_copy((json_t *)(uintptr_t)stage);
	struct buf name = BUF_INIT;
	size_t n = 1, rest;
	const char *key;
	int rc = over && body ? 0 : -1;

	json_object_del(body, "matrix");
	if (over && !json_object_size(over))
		rc = err_set(x->e, ERR_INPUT, "matrix: names with lists are expected");
	json_object_foreach(over, key, list)
	{
		n *= json_array_size(list);
		if (n > MAX_STAGES)
			rc = err_set(x->e, ERR_INPUT, "these are too many stages");
	}
	for (size_t i = 0; i < n && !rc; i++) {
		size_t block = n;

		item = json_object();
		buf_reset(&name);
		buf_addf(&name, "%s@", base);
		rest = i;
		json_object_foreach(over, key, list)
		{
			size_t at;

			block /= json_array_size(list);
			at = rest / block;
			rest %= block;
			if (name.p[name.len - 1] != '@')
				buf_add_char(&name, '-');
			add_suffix(&name, json_array_get(list, at), key, at);
			if (json_object_set(item, key, json_array_get(list, at)))
				rc = err_nomem(x->e);
		}
		if (!rc)
			rc = buf_check(&name, x->e) || add_stage(x, name.p, body, item, NULL) ? -1
											      : 0;
		json_decref(item);
	}
	json_decref(over);
	json_decref(body);
	buf_release(&name);
	return rc;
}

static int add_problem(struct expander *x, const char *name)
{
	char text[2048];

	err_at(x->e, "stage '%s'", name);
	if (!x->problems || x->e->code != ERR_INPUT)
		return -1;
	err_format(x->e, text, sizeof(text));
	err_clear(x->e);
	return json_array_append_new(x->problems, json_string(text)) ? err_nomem(x->e) : 0;
}

json_t *stage_template_expand(const json_t *doc, const char *dir, json_t *problems, struct err *e)
{
	struct expander x = { dir, json_object(), json_object(), problems, e };
	json_t *stage;
	const char *name;
	int rc = x.stages ? make_context(&x, doc) : err_nomem(e);

	json_object_foreach(json_object_get(doc, "stages"), name, stage)
	{
		if (rc)
			break;
		if (json_object_get(stage, "foreach"))
			rc = add_foreach(&x, name, stage);
		else if (json_object_get(stage, "matrix"))
			rc = add_matrix(&x, name, stage);
		else
			rc = add_stage(&x, name, stage, NULL, NULL);
		if (rc)
			rc = add_problem(&x, name);
	}
	json_decref(x.context);
	if (!rc)
		return x.stages;
	json_decref(x.stages);
	return NULL;
}
