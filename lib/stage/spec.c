#include "stage/spec.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/opt.h"
#include "base/path.h"
#include "base/ydoc.h"
#include "cas/repo.h"

struct reader {
	struct stage_pipeline *p;
	struct stage_spec *s;
	const char *where; /* "dvc.yaml: stage 'x'" */
	struct err *e;
};

static int refuse(struct reader *r, const char *what, const char *of)
{
	err_set(r->e, ERR_INPUT, what, of);
	return err_at(r->e, "%s", r->where);
}

static const char *keep(struct reader *r, const char *s)
{
	return arena_dup(&r->p->mem, s, strlen(s), r->e);
}

/* `name` in the folder `dir`, both relative to root, normalised. */
static const char *keep_joined(struct reader *r, const char *dir, const char *name)
{
	struct buf b = BUF_INIT;
	const char *s = NULL;

	path_join(&b, dir, name);
	path_normalise(&b);
	if (!buf_check(&b, r->e))
		s = keep(r, b.p);
	buf_release(&b);
	return s;
}

static int set_path(struct reader *r, const char *text, struct stage_path *path)
{
	if (!*text || strchr(text, '\n'))
		return refuse(r, "'%s' cannot be a path", text);
	if (strstr(text, "${"))
		return refuse(r, "templates such as '%s' are not read", text);
	path->text = keep(r, text);
	path->full = path->text ? keep_joined(r, r->s->full_wdir, text) : NULL;
	return path->full ? 0 : -1;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct stage_path *)a)->text, ((const struct stage_path *)b)->text);
}

static int by_out(const void *a, const void *b)
{
	return by_path(&((const struct stage_out *)a)->path, &((const struct stage_out *)b)->path);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_param(const void *a, const void *b)
{
	const struct stage_param *x = a, *y = b;
	bool x_first = !strcmp(x->file, "params.yaml"), y_first = !strcmp(y->file, "params.yaml");

	return x_first != y_first ? (x_first ? -1 : 1) : strcmp(x->file, y->file);
}

/* A list that may be missing; NULL and no message when it is. */
static json_t *get_list(struct reader *r, const json_t *stage, const char *key, int *rc)
{
	json_t *v = json_object_get(stage, key);

	if (!v || json_is_null(v))
		return NULL;
	if (!json_is_array(v))
		*rc = refuse(r, "'%s' should be a list", key);
	return v;
}

static void *new_array(struct reader *r, size_t n, size_t size)
{
	void *p = arena_alloc(&r->p->mem, n * size + 1, r->e);

	if (p)
		memset(p, 0, n * size + 1);
	return p;
}

static int read_deps(struct reader *r, const json_t *stage)
{
	int rc = 0;
	json_t *list = get_list(r, stage, "deps", &rc);
	size_t n = json_array_size(list);

	if (rc)
		return -1;
	r->s->deps = new_array(r, n, sizeof(*r->s->deps));
	if (!r->s->deps)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const char *text = json_string_value(json_array_get(list, i));

		if (!text)
			return refuse(r, "each of '%s' should be a path", "deps");
		if (set_path(r, text, &r->s->deps[r->s->n_deps++]))
			return -1;
	}
	qsort(r->s->deps, n, sizeof(*r->s->deps), by_path);
	return 0;
}

static bool flag_of(const json_t *o, const char *key, bool missing)
{
	json_t *v = json_object_get(o, key);

	return v ? json_is_true(v) : missing;
}

/* Outputs are removed before the command runs: that must not be able to take anything else along. */
static int check_out(struct reader *r, const struct stage_path *path)
{
	const char *base = path_base(path->full), *wdir = r->s->full_wdir;
	size_t len = strlen(path->full);

	if (!cas_repo_is_data(path->full))
		return refuse(
			r, "'%s' cannot be an output: it is not data of the workspace", path->text);
	if (!strncmp(wdir, path->full, len) && (wdir[len] == '/' || !wdir[len]))
		return refuse(r, "'%s' cannot be an output: the stage runs in it", path->text);
	if (!strcmp(base, "dvc.yaml") || !strcmp(base, "dvc.lock"))
		return refuse(r, "'%s' cannot be an output: it declares the pipeline", path->text);
	return 0;
}

static int read_out(struct reader *r, json_t *item, enum stage_out_kind kind, const char *key)
{
	struct stage_out *out = &r->s->outs[r->s->n_outs++];
	const char *text = json_string_value(item);
	json_t *flags = NULL;

	if (json_is_object(item) && json_object_size(item) == 1) {
		void *it = json_object_iter(item);

		text = json_object_iter_key(it);
		flags = json_object_iter_value(it);
	}
	if (!text)
		return refuse(r, "each of '%s' should be a path", key);
	out->kind = kind;
	out->cache = flag_of(flags, "cache", true);
	out->persist = flag_of(flags, "persist", false);
	out->push = flag_of(flags, "push", true);
	return set_path(r, text, &out->path) || check_out(r, &out->path) ? -1 : 0;
}

static int read_outs(struct reader *r, const json_t *stage)
{
	static const char *const keys[] = { "outs", "metrics", "plots" };
	size_t n = 0;
	int rc = 0;

	for (int k = 0; k < 3; k++)
		n += json_array_size(json_object_get(stage, keys[k]));
	r->s->outs = new_array(r, n, sizeof(*r->s->outs));
	if (!r->s->outs)
		return -1;
	for (int k = 0; k < 3; k++) {
		json_t *list = get_list(r, stage, keys[k], &rc);

		for (size_t i = 0; !rc && i < json_array_size(list); i++)
			rc = read_out(r, json_array_get(list, i), (enum stage_out_kind)k, keys[k]);
		if (rc)
			return -1;
	}
	qsort(r->s->outs, n, sizeof(*r->s->outs), by_out);
	for (size_t i = 1; i < n; i++)
		if (!strcmp(r->s->outs[i].path.full, r->s->outs[i - 1].path.full))
			return refuse(r, "output '%s' is there twice", r->s->outs[i].path.text);
	return 0;
}

/* The params of a file, made when it is not there yet. `room` is enough for all. */
static struct stage_param *param_of(struct reader *r, const char *file, size_t room)
{
	struct stage_param *p;

	for (size_t i = 0; i < r->s->n_params; i++)
		if (!strcmp(r->s->params[i].file, file))
			return &r->s->params[i];
	p = &r->s->params[r->s->n_params++];
	p->file = keep(r, file);
	p->full = p->file ? keep_joined(r, r->s->full_wdir, file) : NULL;
	p->keys = p->full ? new_array(r, room, sizeof(*p->keys)) : NULL;
	return p->keys ? p : NULL;
}

static int add_key(struct reader *r, struct stage_param *p, const char *key)
{
	if (!p)
		return -1;
	if (!key)
		return refuse(r, "each of '%s' should be a key, or FILE: with keys", "params");
	for (size_t i = 0; i < p->n_keys; i++)
		if (!strcmp(p->keys[i], key))
			return 0;
	p->keys[p->n_keys] = keep(r, key);
	return p->keys[p->n_keys++] ? 0 : -1;
}

static int read_param_file(struct reader *r, const char *file, json_t *keys, size_t room)
{
	struct stage_param *p = param_of(r, file, room);

	if (!p)
		return -1;
	if (!json_is_null(keys) && !json_is_array(keys))
		return refuse(r, "params of '%s' should be a list", file);
	for (size_t i = 0; i < json_array_size(keys); i++)
		if (add_key(r, p, json_string_value(json_array_get(keys, i))))
			return -1;
	return 0;
}

static size_t count_params(json_t *list)
{
	size_t n = json_array_size(list);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *file;
		json_t *keys;

		json_object_foreach(json_array_get(list, i), file, keys) n +=
			json_array_size(keys) + 1;
	}
	return n;
}

static int read_params(struct reader *r, const json_t *stage)
{
	int rc = 0;
	json_t *list = get_list(r, stage, "params", &rc);
	size_t room = count_params(list);

	if (rc)
		return -1;
	r->s->params = new_array(r, room, sizeof(*r->s->params));
	if (!r->s->params)
		return -1;
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *item = json_array_get(list, i), *keys;
		const char *file;

		if (!json_is_object(item)) {
			if (add_key(r, param_of(r, "params.yaml", room), json_string_value(item)))
				return -1;
			continue;
		}
		json_object_foreach(
			item, file, keys) if (read_param_file(r, file, keys, room)) return -1;
	}
	for (size_t i = 0; i < r->s->n_params; i++)
		qsort(r->s->params[i].keys, r->s->params[i].n_keys, sizeof(char *), by_text);
	qsort(r->s->params, r->s->n_params, sizeof(*r->s->params), by_param);
	return 0;
}

/* `\${` is a dollar and a brace; a bare `${` is a template. NULL: one of these, or no memory. */
static json_t *unescaped(struct reader *r, const char *text)
{
	struct buf b = BUF_INIT;
	json_t *v = NULL;

	for (const char *p = text; *p; p++) {
		if (!strncmp(p, "\\${", 3))
			continue;
		if (!strncmp(p, "${", 2) && (p == text || p[-1] != '\\')) {
			refuse(r, "templates are not read: '%s'", text);
			goto out;
		}
		buf_add_char(&b, *p);
	}
	if (buf_check(&b, r->e))
		goto out;
	v = json_stringn(b.p, b.len);
	if (!v)
		err_nomem(r->e);
out:
	buf_release(&b);
	return v;
}

static int read_cmd(struct reader *r, const json_t *stage)
{
	json_t *cmd = json_object_get(stage, "cmd");

	if (!cmd)
		return 0;
	if (json_is_string(cmd)) {
		r->s->cmd = unescaped(r, json_string_value(cmd));
		return r->s->cmd ? 0 : -1;
	}
	if (!json_is_array(cmd))
		return refuse(r, "'%s' should be text or a list of texts", "cmd");
	r->s->cmd = json_array();
	if (!r->s->cmd)
		return err_nomem(r->e);
	for (size_t i = 0; i < json_array_size(cmd); i++) {
		const char *text = json_string_value(json_array_get(cmd, i));
		json_t *line;

		if (!text)
			return refuse(r, "'%s' should be text or a list of texts", "cmd");
		line = unescaped(r, text);
		if (!line)
			return -1;
		if (json_array_append_new(r->s->cmd, line))
			return err_nomem(r->e);
	}
	return 0;
}

static int read_text(struct reader *r, const json_t *o, const char *key, const char **to)
{
	json_t *v = json_object_get(o, key);

	if (!v || json_is_null(v))
		return 0;
	if (!json_is_string(v))
		return refuse(r, "'%s' should be text", key);
	*to = keep(r, json_string_value(v));
	return *to ? 0 : -1;
}

static bool is_good_name(const char *name)
{
	for (const char *p = name; *p; p++)
		if (!(*p >= 'a' && *p <= 'z') && !(*p >= 'A' && *p <= 'Z') &&
			!(*p >= '0' && *p <= '9') && !strchr("-_", *p))
			return false;
	return *name != '\0';
}

/* What lies in an output goes with it before the command could read it. */
static int check_reads(struct reader *r)
{
	for (size_t i = 0; i < r->s->n_outs; i++) {
		const char *out = r->s->outs[i].path.full;
		size_t len = strlen(out), n = r->s->n_deps + r->s->n_params;

		for (size_t k = 0; k < n; k++) {
			const char *in = k < r->s->n_deps ? r->s->deps[k].full
							  : r->s->params[k - r->s->n_deps].full;

			if (!strncmp(in, out, len) && (in[len] == '/' || !in[len]))
				return refuse(r,
					"'%s' is an output too, or lies in one: it would be "
					"removed before it is read",
					in);
		}
	}
	return 0;
}

static int read_stage(struct reader *r, const char *name, const json_t *stage)
{
	struct stage_spec *s = r->s;

	if (!json_is_object(stage))
		return refuse(r, "%s should have keys and values", "it");
	if (json_object_get(stage, "foreach") || json_object_get(stage, "matrix")) {
		refuse(r, "%s is not read here", "foreach or matrix");
		return err_hint(r->e, "make from-dvc makes stages of a Makefile of it");
	}
	if (!is_good_name(name))
		return refuse(r, "'%s' cannot be a name: letters, digits, - and _", name);
	s->name = keep(r, name);
	s->wdir = ".";
	if (!s->name || read_text(r, stage, "wdir", &s->wdir))
		return -1;
	s->full_wdir = keep_joined(r, r->p->dir, s->wdir);
	if (!s->full_wdir)
		return -1;
	s->always = flag_of(stage, "always_changed", false);
	s->frozen = flag_of(stage, "frozen", false);
	if (read_text(r, stage, "desc", &s->desc) ||
		read_text(r, json_object_get(stage, "meta"), "ci", &s->ci))
		return -1;
	return read_cmd(r, stage) || read_deps(r, stage) || read_outs(r, stage) ||
			       read_params(r, stage) || check_reads(r)
		       ? -1
		       : 0;
}

int stage_spec_parse(struct stage_pipeline *p, const json_t *doc, const char *dir, const char *name,
	struct err *e)
{
	struct reader r = { .p = p, .e = e };
	json_t *stages = json_object_get(doc, "stages"), *stage;
	struct buf where = BUF_INIT;
	const char *key;
	int rc = -1;

	memset(p, 0, sizeof(*p));
	p->dir = arena_dup(&p->mem, dir, strlen(dir), e);
	if (!p->dir)
		return -1;
	if (!json_is_null(doc) && (!json_is_object(doc) || (stages && !json_is_object(stages)))) {
		err_set(e, ERR_INPUT, "this is not a dvc.yaml: 'stages' with names is expected");
		err_at(e, "%s", name);
		goto out;
	}
	p->stages = new_array(&r, json_object_size(stages), sizeof(*p->stages));
	if (!p->stages)
		goto out;
	json_object_foreach(stages, key, stage)
	{
		buf_reset(&where);
		buf_addf(&where, "%s: stage '%s'", name, key);
		r.where = where.p;
		r.s = &p->stages[p->n++];
		if (buf_check(&where, e) || read_stage(&r, key, stage))
			goto out;
	}
	rc = 0;
out:
	buf_release(&where);
	if (rc)
		stage_spec_release(p);
	return rc;
}

int stage_spec_load(struct stage_pipeline *p, const char *path, const char *dir, struct err *e)
{
	json_t *doc = path_exists(path) ? ydoc_load(path, e) : json_null();
	int rc = doc ? stage_spec_parse(p, doc, dir, path, e) : -1;

	json_decref(doc);
	return rc;
}

void stage_spec_release(struct stage_pipeline *p)
{
	for (size_t i = 0; i < p->n; i++)
		json_decref(p->stages[i].cmd);
	arena_release(&p->mem);
	memset(p, 0, sizeof(*p));
}
