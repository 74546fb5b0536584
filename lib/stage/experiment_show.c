#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/doc.h"
#include "base/path.h"
#include "cas/git.h"
#include "stage/experiment.h"
#include "stage/revision.h"
#include "stage/table.h"

enum { MAX_DEPTH = 20 };

/* Members of members as "a.b": v. Only numbers, if asked. */
static int flatten(json_t *to, struct buf *name, const json_t *v, bool numbers, int depth)
{
	size_t len = name->len;
	const char *key;
	json_t *member;

	if (!json_is_object(v) || depth > MAX_DEPTH) {
		if ((numbers && !json_is_number(v)) || name->failed)
			return name->failed ? -1 : 0;
		return json_object_set(to, name->p, (json_t *)(uintptr_t)v);
	}
	json_object_foreach((json_t *)(uintptr_t)v, key, member)
	{
		buf_addf(name, "%s%s", len ? "." : "", key);
		if (flatten(to, name, member, numbers, depth + 1))
			return -1;
		buf_truncate(name, len);
	}
	return 0;
}

/* {file: {name: value}} */
static int add_flat(json_t *to, const char *file, const json_t *v, bool numbers, struct err *e)
{
	json_t *flat = json_object_get(to, file);
	struct buf name = BUF_INIT;
	int rc;

	if (!flat) {
		flat = json_object();
		if (!flat || json_object_set_new(to, file, flat))
			return err_nomem(e);
	}
	rc = json_is_object(v) ? flatten(flat, &name, v, numbers, 0) : 0;
	buf_release(&name);
	return rc ? err_nomem(e) : 0;
}

static int add_params(json_t *to, const json_t *lock, struct err *e)
{
	json_t *stages = json_object_get(lock, "stages"), *entry, *values;
	const char *stage, *file;

	json_object_foreach(stages, stage, entry)
	{
		json_object_foreach(json_object_get(entry, "params"), file, values)
		{
			if (add_flat(to, file, values, false, e))
				return -1;
		}
	}
	return 0;
}

static int add_metrics(struct stage_project *p, json_t *to, const struct stage_pipeline *pipeline,
	const json_t *lock, const char *rev, struct err *e)
{
	for (size_t i = 0; i < pipeline->n; i++) {
		const struct stage_spec *s = &pipeline->stages[i];

		for (size_t k = 0; k < s->n_outs; k++) {
			const struct stage_out *out = &s->outs[k];
			json_t *doc;
			int rc;

			if (out->kind != STAGE_METRIC || !doc_is_named(slice_of(out->path.text)))
				continue;
			doc = rev && out->cache ? stage_revision_load_cached(p, lock, s, out, e)
						: stage_revision_load(p, rev, out->path.full, e);
			rc = doc ? add_flat(to, out->path.text, doc, true, e) : -1;
			json_decref(doc);
			if (rc)
				return -1;
		}
	}
	return 0;
}

/* {"name", "state", "params", "metrics"} of a revision, or of the workspace (NULL). */
static json_t *describe(struct stage_project *p, const char *name, const char *rev, struct err *e)
{
	const char *here = p->tree->repo->here;
	json_t *row = json_pack("{s:s, s:s, s:{}, s:{}}", "name", name, "state",
		rev ? "done" : "workspace", "params", "metrics");
	json_t *yaml = NULL, *lock = NULL;
	struct stage_pipeline pipeline = { .n = 0 };
	struct buf path = BUF_INIT;
	int rc = row ? 0 : err_nomem(e);

	path_join(&path, here, "dvc.yaml");
	path_normalise(&path);
	yaml = rc || buf_check(&path, e) ? NULL : stage_revision_load(p, rev, path.p, e);
	path_join(&path, here, "dvc.lock");
	path_normalise(&path);
	lock = !yaml || buf_check(&path, e) ? NULL : stage_revision_load(p, rev, path.p, e);
	rc = !lock || stage_spec_parse(&pipeline, yaml, here, "dvc.yaml", e) ? -1 : 0;
	if (!rc) {
		rc = add_params(json_object_get(row, "params"), lock, e) ||
				     add_metrics(p, json_object_get(row, "metrics"), &pipeline,
					     lock, rev, e)
			     ? -1
			     : 0;
		stage_spec_release(&pipeline);
	}
	json_decref(yaml);
	json_decref(lock);
	buf_release(&path);
	if (!rc)
		return row;
	err_at(e, "%s", name);
	json_decref(row);
	return NULL;
}

/* ---- which there are ---- */

static int add_done(struct stage_project *p, json_t *rows, struct err *e)
{
	const char *args[] = { "for-each-ref", "--sort=version:refname", "--sort=creatordate",
		"--format=%(refname)", CAS_REFS_EXPERIMENTS, NULL };
	struct buf out = BUF_INIT, ref = BUF_INIT;
	struct slice rest, line;
	int rc = cas_git_must(p->tree->repo->root, args, (struct slice){ NULL, 0 }, &out, e);

	rest = buf_slice(&out);
	while (!rc && slice_cut(&rest, '\n', &line)) {
		json_t *row;

		if (!slice_starts(line, CAS_REFS_EXPERIMENTS))
			continue;
		buf_reset(&ref);
		buf_add_slice(&ref, line);
		if (buf_check(&ref, e)) {
			rc = -1;
			break;
		}
		row = describe(p, ref.p + strlen(CAS_REFS_EXPERIMENTS), ref.p, e);
		if (!row)
			rc = -1;
		else if (json_array_append_new(rows, row))
			rc = err_nomem(e);
	}
	buf_release(&out);
	buf_release(&ref);
	return rc;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Folders that are still there: running, or failed. */
static int add_unfinished(struct stage_project *p, json_t *rows, struct err *e)
{
	struct buf dir = BUF_INIT;
	struct dirent **list = NULL;
	int n = 0, rc;

	path_join(&dir, p->tree->repo->tmp_dir, "exp");
	rc = buf_check(&dir, e);
	if (!rc)
		n = scandir(dir.p, &list, NULL, by_name);
	if (n < 0 && errno != ENOENT)
		rc = err_errno(e, "cannot read '%s'", dir.p);
	for (int i = 0; i < n; i++) {
		if (!rc && list[i]->d_name[0] != '.' &&
			json_array_append_new(
				rows, json_pack("{s:s, s:s, s:{}, s:{}}", "name", list[i]->d_name,
					      "state", "unfinished", "params", "metrics")))
			rc = err_nomem(e);
		free(list[i]);
	}
	free(list);
	buf_release(&dir);
	return rc;
}

/* ---- the table ---- */

static json_t *value_of(const json_t *row, const char *kind, const char *file, const char *name)
{
	return json_object_get(json_object_get(json_object_get(row, kind), file), name);
}

/* Do the rows that ended differ in it? */
static bool varies(const json_t *rows, const char *kind, const char *file, const char *name)
{
	json_t *first = json_array_get(rows, 0), *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		if (strcmp(json_string_value(json_object_get(row, "state")), "unfinished") != 0 &&
			!stage_params_equal(
				value_of(row, kind, file, name), value_of(first, kind, file, name)))
			return true;
	}
	return false;
}

static bool is_there(const json_t *columns, const char *kind, const char *file, const char *name)
{
	json_t *c;
	size_t i;

	json_array_foreach(columns, i, c)
	{
		if (!strcmp(json_string_value(json_array_get(c, 0)), kind) &&
			!strcmp(json_string_value(json_array_get(c, 1)), file) &&
			!strcmp(json_string_value(json_array_get(c, 2)), name))
			return true;
	}
	return false;
}

/* Leaves the metrics of these names, if there are any. */
static void pick_metrics(json_t *columns, const struct opt_list *names)
{
	bool any = false;
	size_t i;
	json_t *c;

	json_array_foreach(columns, i, c) any =
		any || (!strcmp(json_string_value(json_array_get(c, 0)), "metrics") &&
			       opt_list_has(names, json_string_value(json_array_get(c, 2))));
	for (i = json_array_size(columns); any && i--;) {
		c = json_array_get(columns, i);
		if (!strcmp(json_string_value(json_array_get(c, 0)), "metrics") &&
			!opt_list_has(names, json_string_value(json_array_get(c, 2))))
			json_array_remove(columns, i);
	}
}

/* Adds [kind, file, name] for what any row has. */
static int add_columns(
	json_t *columns, const json_t *rows, const char *kind, bool only_varying, struct err *e)
{
	json_t *row, *values, *v;
	const char *file, *name;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		json_object_foreach(json_object_get(row, kind), file, values)
		{
			json_object_foreach(values, name, v)
			{
				if (is_there(columns, kind, file, name) ||
					(only_varying && !varies(rows, kind, file, name)))
					continue;
				if (json_array_append_new(
					    columns, json_pack("[s, s, s]", kind, file, name)))
					return err_nomem(e);
			}
		}
	}
	return 0;
}

static void add_row(struct stage_table *t, const json_t *row, const json_t *columns)
{
	json_t *c;
	size_t i;

	stage_table_add(t, json_string_value(json_object_get(row, "name")));
	stage_table_add(t, json_string_value(json_object_get(row, "state")));
	json_array_foreach(columns, i, c)
	{
		const char *kind = json_string_value(json_array_get(c, 0));

		stage_table_add_value(t,
			value_of(row, kind, json_string_value(json_array_get(c, 1)),
				json_string_value(json_array_get(c, 2))),
			!strcmp(kind, "metrics"));
	}
}

static int format(const json_t *rows, const struct opt_list *metrics, struct buf *b, struct err *e)
{
	json_t *columns = json_array(), *v;
	struct stage_table t = STAGE_TABLE_INIT(2);
	size_t i;
	int rc = columns ? 0 : err_nomem(e);

	if (!rc)
		rc = add_columns(columns, rows, "params", true, e) ||
				     add_columns(columns, rows, "metrics", false, e)
			     ? -1
			     : 0;
	pick_metrics(columns, metrics);
	t.n_cols += json_array_size(columns);
	stage_table_add(&t, "experiment");
	stage_table_add(&t, "state");
	json_array_foreach(columns, i, v)
		stage_table_add(&t, json_string_value(json_array_get(v, 2)));
	json_array_foreach(rows, i, v) add_row(&t, v, columns);
	if (!rc) {
		stage_table_format(&t, 2, false, b);
		rc = buf_check(b, e);
	}
	stage_table_release(&t);
	json_decref(columns);
	return rc;
}

int stage_experiment_show(struct stage_project *p, bool json, const struct opt_list *metrics,
	struct buf *b, struct err *e)
{
	json_t *rows = json_array(), *here;
	int rc = -1;

	if (!p->tree->repo->git_root) {
		err_set(e, ERR_INPUT, "this project is not in git");
		goto out;
	}
	here = rows ? describe(p, "workspace", NULL, e) : NULL;
	if (!here)
		goto out;
	if (json_array_append_new(rows, here)) {
		err_nomem(e);
		goto out;
	}
	if (add_done(p, rows, e) || add_unfinished(p, rows, e))
		goto out;
	rc = 0;
	if (json)
		jdoc_format(b, rows, JDOC_PRETTY);
	else
		rc = format(rows, metrics, b, e);
	if (!rc)
		rc = buf_check(b, e);
out:
	json_decref(rows);
	return rc;
}
