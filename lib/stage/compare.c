#include "stage/compare.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/doc.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/path.h"
#include "base/ydoc.h"
#include "base/yedit.h"
#include "stage/revision.h"
#include "stage/table.h"

/* The table, and the same as JSON. */
struct rows {
	struct stage_table table;
	json_t *list;
	bool measured; /* numbers are metrics */
};

/* ---- cells ---- */

static void add_change(struct buf *b, const json_t *old, const json_t *new)
{
	if (stage_params_equal(old, new))
		return;
	if (json_is_number(old) && json_is_number(new))
		buf_addf(b, "%+.6g", json_number_value(new) - json_number_value(old));
	else
		buf_add_text(b, !old ? "new" : !new ? "gone" : "changed");
}

static int add_row(
	struct rows *r, const char *file, const char *name, json_t *old, json_t *new, struct err *e)
{
	struct buf change = BUF_INIT;
	json_t *o;

	add_change(&change, old, new);
	stage_table_add(&r->table, file);
	stage_table_add(&r->table, name);
	stage_table_add_value(&r->table, old, r->measured);
	stage_table_add_value(&r->table, new, r->measured);
	stage_table_add(&r->table, change.p);
	buf_release(&change);
	o = json_pack("{s:s, s:s, s:O, s:O}", "file", file, "name", name, "old",
		old ? old : json_null(), "new", new ? new : json_null());
	if (o && json_is_number(old) && json_is_number(new))
		json_object_set_new(
			o, "change", json_real(json_number_value(new) - json_number_value(old)));
	return json_array_append_new(r->list, o) ? err_nomem(e) : 0;
}

/* The row of a parameter that two stages use is there once. */
static bool has_row(const struct rows *r, const char *file, const char *name)
{
	size_t i;
	json_t *row;

	json_array_foreach(r->list, i, row)
	{
		if (!strcmp(json_string_value(json_object_get(row, "file")), file) &&
			!strcmp(json_string_value(json_object_get(row, "name")), name))
			return true;
	}
	return false;
}

/* A number of a metrics file; a parameter that is not there already. */
static int add_leaf(
	struct rows *t, const char *file, const char *name, json_t *old, json_t *new, struct err *e)
{
	if (t->measured ? !json_is_number(new ? new : old) : has_row(t, file, name))
		return 0;
	return add_row(t, file, name, old, new, e);
}

/* Rows for what is in either of two objects, in the order of the new one, then what is gone. */
static int add_leaves(struct rows *t, const char *file, struct buf *name, json_t *old, json_t *new,
	int depth, struct err *e)
{
	json_t *o_in = json_is_object(old) ? old : NULL, *n_in = json_is_object(new) ? new : NULL;
	json_t *walk[2] = { n_in, o_in };
	size_t len = name->len;
	const char *key;
	json_t *v;

	if ((!o_in && !n_in) || depth == 20)
		return add_leaf(t, file, name->p, old, new, e);
	if (old && !o_in && add_leaf(t, file, name->p, old, NULL, e))
		return -1;
	if (new && !n_in && add_leaf(t, file, name->p, NULL, new, e))
		return -1;
	for (int k = 0; k < 2; k++) {
		json_object_foreach(walk[k], key, v)
		{
			json_t *o = json_object_get(o_in, key), *n = json_object_get(n_in, key);
			int rc;

			if (k == 1 && n)
				continue;
			buf_addf(name, "%s%s", len ? "." : "", key);
			rc = buf_check(name, e) || add_leaves(t, file, name, o, n, depth + 1, e);
			buf_truncate(name, len);
			if (rc)
				return -1;
		}
	}
	return 0;
}

/* ---- metrics ---- */

static int add_metrics(struct stage_project *p, const struct stage_spec *s, const json_t *old_lock,
	const char *rev, struct rows *t, struct err *e)
{
	for (size_t i = 0; i < s->n_outs; i++) {
		const struct stage_out *out = &s->outs[i];
		struct buf name = BUF_INIT;
		json_t *old, *new;
		int rc = -1;

		/* a report in words may be declared as metrics too */
		if (out->kind != STAGE_METRIC || !doc_is_named(slice_of(out->path.text)))
			continue;
		new = stage_revision_load(p, NULL, out->path.full, e);
		old = !new         ? NULL
		      : out->cache ? stage_revision_load_cached(p, old_lock, s, out, e)
				   : stage_revision_load(p, rev, out->path.full, e);
		if (new &&old)
			rc = add_leaves(t, out->path.text, &name, old, new, 0, e);
		json_decref(new);
		json_decref(old);
		buf_release(&name);
		if (rc)
			return -1;
	}
	return 0;
}

/* ---- parameters ---- */

static int add_params(struct stage_project *p, const struct stage_spec *s, const char *rev,
	struct rows *t, struct err *e)
{
	struct buf missing = BUF_INIT;
	json_t *all = stage_params_collect(&p->params, s, p->tree->repo->root, &missing, e);
	int rc = all ? 0 : -1;

	for (size_t i = 0; !rc && i < s->n_params; i++) {
		json_t *old = stage_revision_load(p, rev, s->params[i].full, e), *v;
		struct buf name = BUF_INIT;
		const char *key;

		rc = old ? 0 : -1;
		json_object_foreach(json_object_get(all, s->params[i].file), key, v)
		{
			buf_reset(&name);
			buf_add_text(&name, key);
			if (!rc)
				rc = buf_check(&name, e) || add_leaves(t, s->params[i].file, &name,
								    yedit_find(old, key), v, 0, e);
		}
		buf_release(&name);
		json_decref(old);
	}
	json_decref(all);
	buf_release(&missing);
	return rc;
}

int stage_compare_format(
	struct stage_project *p, const struct stage_compare *how, struct buf *b, struct err *e)
{
	bool measured = how->what == STAGE_COMPARE_METRICS;
	struct rows t = {
		.table = STAGE_TABLE_INIT(5), .list = json_array(), .measured = measured
	};
	const char *head[5] = { "file", measured ? "metric" : "parameter",
		how->name ? how->name : how->rev, "now", "change" };
	struct buf lock_name = BUF_INIT;
	json_t *old_lock = NULL;
	const char *rev = how->rev;
	int rc = -1;

	if (!t.list)
		return err_nomem(e);
	for (int i = 0; i < 5; i++)
		stage_table_add(&t.table, head[i]);
	if (stage_revision_check(p, rev, e))
		goto out;
	path_join(&lock_name, p->tree->repo->here, "dvc.lock");
	old_lock = buf_check(&lock_name, e) ? NULL : stage_revision_load(p, rev, lock_name.p, e);
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
		stage_table_format(&t.table, 2, how->format == STAGE_COMPARE_MARKDOWN, b);
	rc = buf_check(b, e);
out:
	json_decref(old_lock);
	buf_release(&lock_name);
	stage_table_release(&t.table);
	json_decref(t.list);
	return rc;
}
