#include "stage/compare.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/path.h"
#include "base/ydoc.h"
#include "cas/git.h"

struct row {
	const char *file;
	char *name, *old, *new, *change; /* owned; "" where there is none */
};

struct table {
	struct row *rows;
	size_t n, cap;
	json_t *list; /* the same as JSON */
	bool measured; /* numbers are metrics */
};

static void release(struct table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->rows[i].name);
		free(t->rows[i].old);
		free(t->rows[i].new);
		free(t->rows[i].change);
	}
	free(t->rows);
	json_decref(t->list);
}

/* ---- cells ---- */

/* Six digits of a measured number say all; a parameter is shown as it was set. */
static char *cell(const json_t *v, bool measured, struct err *e)
{
	struct buf b = BUF_INIT;
	char *s;

	if (json_is_string(v))
		buf_add_text(&b, json_string_value(v));
	else if (json_is_real(v) && measured)
		buf_addf(&b, "%.6g", json_real_value(v));
	else if (v)
		jdoc_format(&b, v, JDOC_LINE);
	else
		buf_add_char(&b, '-');
	s = buf_detach(&b, e);
	buf_release(&b);
	return s;
}

static char *change_cell(const json_t *old, const json_t *new, struct err *e)
{
	struct buf b = BUF_INIT;
	char *s;

	if (json_is_number(old) && json_is_number(new) && !stage_params_equal(old, new)) {
		double d = json_number_value(new) - json_number_value(old);

		buf_addf(&b, "%+.6g", d);
	} else if (!stage_params_equal(old, new)) {
		buf_add_text(&b, !old ? "new" : !new ? "gone" : "changed");
	}
	s = buf_detach(&b, e);
	buf_release(&b);
	return s;
}

static int add_row(struct table *t, const char *file, const char *name, json_t *old, json_t *new,
	struct err *e)
{
	struct row *r;
	json_t *o;

	if (mem_grow(&t->rows, &t->cap, t->n + 1, sizeof(*t->rows), e))
		return -1;
	r = &t->rows[t->n++];
	*r = (struct row){ file, mem_dup(name, e), cell(old, t->measured, e),
		cell(new, t->measured, e), change_cell(old, new, e) };
	if (!r->name || !r->old || !r->new || !r->change)
		return -1;
	o = json_pack("{s:s, s:s, s:O, s:O}", "file", file, "name", name, "old",
		old ? old : json_null(), "new", new ? new : json_null());
	if (o && json_is_number(old) && json_is_number(new))
		json_object_set_new(
			o, "change", json_real(json_number_value(new) - json_number_value(old)));
	return json_array_append_new(t->list, o) ? err_nomem(e) : 0;
}

/* ---- documents ---- */

static json_t *parse(const char *name, struct slice text, struct err *e)
{
	return slice_ends(slice_of(name), ".json") ? jdoc_parse(text, name, e)
						   : ydoc_parse(text, name, e);
}

/* The file as it is here; null if it is not. */
static json_t *load_now(struct stage_project *p, const char *full, struct err *e)
{
	struct buf path = BUF_INIT;
	json_t *v = NULL;

	cas_repo_absolute(p->tree->repo, full, &path);
	if (!buf_check(&path, e)) {
		if (!path_exists(path.p))
			v = json_null();
		else
			v = slice_ends(slice_of(full), ".json") ? jdoc_load(path.p, e)
								: ydoc_load(path.p, e);
	}
	buf_release(&path);
	return v;
}

/* The file as git has it at the revision; null if it has none. */
static json_t *load_then(struct stage_project *p, const char *rev, const char *full, struct err *e)
{
	struct buf object = BUF_INIT, text = BUF_INIT;
	const char *args[] = { "show", NULL, NULL };
	json_t *v = NULL;
	int rc;

	buf_addf(&object, "%s:./%s", rev, full);
	args[1] = object.p;
	rc = buf_check(&object, e) ? -1
				   : cas_git_run(p->tree->repo->root, args,
					     (struct slice){ NULL, 0 }, &text, NULL, e);
	if (rc > 0)
		v = json_null();
	else if (!rc)
		v = parse(full, buf_slice(&text), e);
	buf_release(&object);
	buf_release(&text);
	return v;
}

/* Cached metrics are not in git, but the dvc.lock of the revision names them. */
static json_t *load_cached(struct stage_project *p, const json_t *lock, const struct stage_spec *s,
	const struct stage_out *out, struct err *e)
{
	json_t *item =
		stage_lockfile_find(stage_lockfile_get(lock, s->name), "outs", out->path.text);
	struct buf text = BUF_INIT;
	struct cas_content c;
	json_t *v = NULL;
	bool has_id = false;

	if (!item || cas_pointer_read_entry(item, "dvc.lock", &c, &has_id, e) || !has_id ||
		!cas_object_has(p->tree->cache, &c.id)) {
		err_clear(e);
		return json_null();
	}
	if (!cas_object_load(p->tree->cache, &c.id, &text, e))
		v = parse(out->path.text, buf_slice(&text), e);
	buf_release(&text);
	return v;
}

static int check_revision(const struct stage_project *p, const char *rev, struct err *e)
{
	const char *args[] = { "rev-parse", "--verify", "--quiet", NULL, NULL };
	struct buf name = BUF_INIT, out = BUF_INIT;
	int rc;

	buf_addf(&name, "%s^{commit}", rev);
	args[3] = name.p;
	rc = *rev == '-' ? 1
			 : cas_git_run(p->tree->repo->root, args, (struct slice){ NULL, 0 }, &out,
				   NULL, e);
	/* before the first commit there is nothing to compare with, which is no mistake */
	if (rc > 0)
		rc = !strcmp(rev, "HEAD")
			     ? 0
			     : err_set(e, ERR_INPUT, "git knows no revision '%s'", rev);
	buf_release(&name);
	buf_release(&out);
	return rc;
}

/* ---- metrics ---- */

/* Rows for all numbers in either document, in the order of the new one, then what is gone. */
static int add_numbers(struct table *t, const char *file, struct buf *name, json_t *old,
	json_t *new, int depth, struct err *e)
{
	json_t *walk[2] = { new, old };
	size_t len = name->len;
	const char *key;
	json_t *v;

	for (int k = 0; k < 2 && depth < 20; k++) {
		json_object_foreach(walk[k], key, v)
		{
			json_t *o = json_object_get(old, key), *n = json_object_get(new, key);
			int rc = 0;

			if (k == 1 && n)
				continue;
			buf_addf(name, "%s%s", len ? "." : "", key);
			if (json_is_object(v))
				rc = add_numbers(t, file, name, json_is_object(o) ? o : NULL,
					json_is_object(n) ? n : NULL, depth + 1, e);
			else if (json_is_number(v))
				rc = add_row(t, file, name->p, o, n, e);
			buf_truncate(name, len);
			if (rc)
				return -1;
		}
	}
	return buf_check(name, e);
}

/* A report in words may be declared as metrics too. */
static bool has_numbers(const char *name)
{
	struct slice s = slice_of(name);

	return slice_ends(s, ".json") || slice_ends(s, ".yaml") || slice_ends(s, ".yml");
}

static int add_metrics(struct stage_project *p, const struct stage_spec *s, const json_t *old_lock,
	const char *rev, struct table *t, struct err *e)
{
	for (size_t i = 0; i < s->n_outs; i++) {
		const struct stage_out *out = &s->outs[i];
		struct buf name = BUF_INIT;
		json_t *old, *new;
		int rc = -1;

		if (out->kind != STAGE_METRIC || !has_numbers(out->path.text))
			continue;
		new = load_now(p, out->path.full, e);
		old = !new         ? NULL
		      : out->cache ? load_cached(p, old_lock, s, out, e)
				   : load_then(p, rev, out->path.full, e);
		if (new &&old)
			rc = add_numbers(t, out->path.text, &name, old, new, 0, e);
		json_decref(new);
		json_decref(old);
		buf_release(&name);
		if (rc)
			return -1;
	}
	return 0;
}

/* ---- parameters ---- */

static bool has_row(const struct table *t, const char *file, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->rows[i].file, file) && !strcmp(t->rows[i].name, name))
			return true;
	return false;
}

static int add_params(struct stage_project *p, const struct stage_spec *s, const char *rev,
	struct table *t, struct err *e)
{
	struct buf missing = BUF_INIT;
	json_t *all = stage_params_collect(&p->params, s, p->tree->repo->root, &missing, e);
	int rc = all ? 0 : -1;

	for (size_t i = 0; !rc && i < s->n_params; i++) {
		json_t *old = load_then(p, rev, s->params[i].full, e), *v;
		const char *key;

		rc = old ? 0 : -1;
		json_object_foreach(json_object_get(all, s->params[i].file), key, v)
		{
			if (!rc && !has_row(t, s->params[i].file, key))
				rc = add_row(t, s->params[i].file, key, stage_params_find(old, key),
					v, e);
		}
		json_decref(old);
	}
	json_decref(all);
	buf_release(&missing);
	return rc;
}

/* ---- the table ---- */

/* Characters on a screen: bytes that do not continue one. */
static size_t width_of(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void add_padded(struct buf *b, const char *s, size_t width, bool right)
{
	size_t pad = width > width_of(s) ? width - width_of(s) : 0;
	char escaped[256] = "";

	err_escape(escaped, sizeof(escaped), s);
	if (!right)
		buf_add_text(b, escaped);
	while (pad--)
		buf_add_char(b, ' ');
	if (right)
		buf_add_text(b, escaped);
}

static void add_line(struct buf *b, const char *const *cells, const size_t *widths)
{
	for (int c = 0; c < 5; c++) {
		if (c)
			buf_add_text(b, "  ");
		add_padded(b, cells[c], widths[c], c >= 2);
	}
	while (b->len && b->p[b->len - 1] == ' ')
		buf_truncate(b, b->len - 1);
	buf_add_char(b, '\n');
}

struct cells {
	const char *c[5];
};

static struct cells cells_of(const struct row *r)
{
	return (struct cells){ { r->file, r->name, r->old, r->new, r->change } };
}

static void add_cell_markdown(struct buf *b, const char *s)
{
	char escaped[256] = "";

	err_escape(escaped, sizeof(escaped), s);
	for (const char *p = escaped; *p; p++) {
		if (strchr("|<&`*_[]\\", *p))
			buf_add_char(b, '\\');
		buf_add_char(b, *p);
	}
}

static void add_line_markdown(struct buf *b, const char *const *cells)
{
	for (int c = 0; c < 5; c++) {
		buf_add_text(b, "| ");
		add_cell_markdown(b, cells[c]);
		buf_add_char(b, ' ');
	}
	buf_add_text(b, "|\n");
}

static void format(const struct table *t, const struct stage_compare *how, struct buf *b)
{
	const char *head[5] = { "file", how->what == STAGE_COMPARE_METRICS ? "metric" : "parameter",
		how->name ? how->name : how->rev, "now", "change" };
	bool is_markdown = how->format == STAGE_COMPARE_MARKDOWN;
	size_t widths[5];

	for (int c = 0; c < 5; c++)
		widths[c] = width_of(head[c]);
	for (size_t i = 0; i < t->n; i++)
		for (int c = 0; c < 5; c++)
			if (width_of(cells_of(&t->rows[i]).c[c]) > widths[c])
				widths[c] = width_of(cells_of(&t->rows[i]).c[c]);
	if (is_markdown) {
		add_line_markdown(b, head);
		buf_add_text(b, "|---|---|---:|---:|---:|\n");
	} else {
		add_line(b, head, widths);
	}
	for (size_t i = 0; i < t->n; i++) {
		struct cells cells = cells_of(&t->rows[i]);

		if (is_markdown)
			add_line_markdown(b, cells.c);
		else
			add_line(b, cells.c, widths);
	}
}

int stage_compare_format(
	struct stage_project *p, const struct stage_compare *how, struct buf *b, struct err *e)
{
	bool measured = how->what == STAGE_COMPARE_METRICS;
	struct table t = { .list = json_array(), .measured = measured };
	const char *rev = how->rev;
	struct buf lock_name = BUF_INIT;
	json_t *old_lock = NULL;
	int rc = -1;

	if (!t.list)
		return err_nomem(e);
	if (check_revision(p, rev, e))
		goto out;
	path_join(&lock_name, p->tree->repo->here, "dvc.lock");
	old_lock = buf_check(&lock_name, e) ? NULL : load_then(p, rev, lock_name.p, e);
	if (!old_lock)
		goto out;
	for (size_t k = 0; k < p->pipeline.n; k++) {
		const struct stage_spec *s = &p->pipeline.stages[p->graph.order[k]];

		if (measured ? add_metrics(p, s, old_lock, rev, &t, e)
			     : add_params(p, s, rev, &t, e))
			goto out;
	}
	if (how->format == STAGE_COMPARE_JSON)
		jdoc_format(b, t.list, JDOC_PRETTY);
	else
		format(&t, how, b);
	rc = buf_check(b, e);
out:
	json_decref(old_lock);
	buf_release(&lock_name);
	release(&t);
	return rc;
}
