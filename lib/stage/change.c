#include "stage/change.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct judge {
	struct stage_project *p;
	const struct stage_spec *spec;
	const json_t *entry; /* of dvc.lock */
	enum stage_look look;
	struct stage_state *s;
	struct arena *mem;
	struct err *e;
};

static int add_reason(struct judge *j, const char *kind, const char *what, const char *detail)
{
	struct stage_reason *r;

	if (mem_grow(&j->s->reasons, &j->s->cap_reasons, j->s->n_reasons + 1, sizeof(*r), j->e))
		return -1;
	r = &j->s->reasons[j->s->n_reasons];
	r->kind = kind;
	r->what = arena_dup(j->mem, what, strlen(what), j->e);
	r->detail = arena_dup(j->mem, detail, strlen(detail), j->e);
	if (!r->what || !r->detail)
		return -1;
	j->s->n_reasons++;
	return 0;
}

static int changed(struct judge *j, const char *kind, const char *what, const char *detail)
{
	j->s->verdict = STAGE_CHANGED;
	return add_reason(j, kind, what, detail);
}

static int judge_command(struct judge *j)
{
	json_t *was = json_object_get(j->entry, "cmd");

	if (json_equal(was, j->spec->cmd) || (!was && !j->spec->cmd))
		return 0;
	return changed(j, "changed command", "", "");
}

/* ---- parameters ---- */

static void add_short(struct buf *b, const json_t *v)
{
	size_t from = b->len;

	if (!v) {
		buf_add_text(b, "none");
		return;
	}
	jdoc_format(b, v, JDOC_LINE);
	if (b->len - from > 40) {
		buf_truncate(b, from + 37);
		buf_add_text(b, "...");
	}
}

static int judge_param(
	struct judge *j, const char *file, const char *key, const json_t *was, const json_t *is)
{
	struct buf what = BUF_INIT, detail = BUF_INIT;
	int rc;

	if (was && is && stage_params_equal(was, is))
		return 0;
	buf_addf(&what, "%s: %s", file, key);
	add_short(&detail, was);
	buf_add_text(&detail, " -> ");
	add_short(&detail, is);
	rc = buf_check(&what, j->e) || buf_check(&detail, j->e)
		     ? -1
		     : changed(j, "changed parameter", what.p, detail.p);
	buf_release(&what);
	buf_release(&detail);
	return rc;
}

static int judge_param_file(struct judge *j, const char *file, const json_t *was, const json_t *is)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)is, key,
		v) if (judge_param(j, file, key, json_object_get(was, key), v)) return -1;
	json_object_foreach((json_t *)(uintptr_t)was, key,
		v) if (!json_object_get(is, key) && judge_param(j, file, key, v, NULL)) return -1;
	return 0;
}

static int judge_params(struct judge *j)
{
	json_t *was = json_object_get(j->entry, "params"), *is, *v;
	struct buf missing = BUF_INIT;
	struct slice rest, line;
	const char *file;
	int rc = -1;

	is = stage_params_collect(&j->p->params, j->spec, j->p->tree->repo->root, &missing, j->e);
	if (!is)
		goto out;
	rest = buf_slice(&missing);
	while (slice_cut(&rest, '\n', &line)) {
		missing.p[line.p - missing.p + (ptrdiff_t)line.len] = '\0';
		if (line.len && changed(j, "missing parameter", line.p, ""))
			goto out;
	}
	json_object_foreach(
		is, file, v) if (judge_param_file(j, file, json_object_get(was, file), v)) goto out;
	json_object_foreach(was, file,
		v) if (!json_object_get(is, file) && judge_param_file(j, file, v, NULL)) goto out;
	rc = 0;
out:
	json_decref(is);
	buf_release(&missing);
	return rc;
}

/* ---- dependencies ---- */

static int judge_dep(struct judge *j, const struct stage_path *dep)
{
	json_t *item = stage_lockfile_find(j->entry, "deps", dep->text);
	struct cas_content was, is;
	bool has_id = false;
	int there;

	if (item && cas_pointer_read_entry(item, "dvc.lock", &was, &has_id, j->e))
		return -1;
	there = stage_project_hash(j->p, dep->full, &is, j->e);
	if (there < 0)
		return -1;
	if (!there) {
		there = stage_project_recorded(j->p, dep->full, &is, j->e);
		if (there < 0)
			return -1;
		if (!there)
			return changed(j, "missing dependency", dep->text, "");
		j->s->is_absent = true;
		if (there == 2)
			return has_id ? 0 : changed(j, "new dependency", dep->text, "");
	}
	if (!item || !has_id)
		return changed(j, "new dependency", dep->text, "");
	return cas_id_eq(&was.id, &is.id) ? 0 : changed(j, "changed dependency", dep->text, "");
}

static bool has_dep(const struct stage_spec *s, const char *text)
{
	for (size_t i = 0; i < s->n_deps; i++)
		if (!strcmp(s->deps[i].text, text))
			return true;
	return false;
}

static bool has_out(const struct stage_spec *s, const char *text)
{
	for (size_t i = 0; i < s->n_outs; i++)
		if (!strcmp(s->outs[i].path.text, text))
			return true;
	return false;
}

/* What dvc.lock has and the stage no longer names. */
static int judge_dropped(struct judge *j)
{
	json_t *deps = json_object_get(j->entry, "deps"), *outs = json_object_get(j->entry, "outs");

	for (size_t i = 0; i < json_array_size(deps); i++) {
		const char *text =
			json_string_value(json_object_get(json_array_get(deps, i), "path"));

		if (!has_dep(j->spec, text) && changed(j, "dropped dependency", text, ""))
			return -1;
	}
	for (size_t i = 0; i < json_array_size(outs); i++) {
		const char *text =
			json_string_value(json_object_get(json_array_get(outs, i), "path"));

		if (!has_out(j->spec, text) && changed(j, "dropped output", text, ""))
			return -1;
	}
	return 0;
}

/* ---- outputs ---- */

static int restorable(struct judge *j, const char *kind, const char *text)
{
	if (j->s->verdict == STAGE_SAME)
		j->s->verdict = STAGE_RESTORE;
	return add_reason(j, kind, text, "in the cache");
}

static int judge_out(struct judge *j, const struct stage_out *out)
{
	json_t *item = stage_lockfile_find(j->entry, "outs", out->path.text);
	struct cas_content was, is;
	bool has_id = false;
	int there, cached;

	if (item && cas_pointer_read_entry(item, "dvc.lock", &was, &has_id, j->e))
		return -1;
	if (!has_id)
		return changed(j, "new output", out->path.text, "");
	there = stage_project_hash(j->p, out->path.full, &is, j->e);
	if (there < 0)
		return -1;
	if (there && cas_id_eq(&was.id, &is.id))
		return 0;
	cached = cas_worktree_has(j->p->tree, &was.id, j->e);
	if (cached < 0)
		return -1;
	if (cached)
		return restorable(j, there ? "changed output" : "missing output", out->path.text);
	if (!there && j->look == STAGE_LOOK_STATUS) {
		j->s->is_absent = true;
		return 0;
	}
	return changed(j, there ? "changed output" : "missing output", out->path.text, "");
}

/* ---- all of it ---- */

/* What is missing of a frozen stage's outputs; nothing else is asked of it. */
static int judge_frozen(struct judge *j)
{
	for (size_t i = 0; i < j->spec->n_outs; i++) {
		const struct stage_out *out = &j->spec->outs[i];
		struct cas_content is;
		int there = stage_lockfile_find(j->entry, "outs", out->path.text)
				    ? stage_project_hash(j->p, out->path.full, &is, j->e)
				    : 1;

		if (there < 0 || (!there && judge_out(j, out)))
			return -1;
	}
	return 0;
}

static int judge_all_of(struct judge *j)
{
	const struct stage_spec *s = j->spec;

	if (judge_command(j) || judge_params(j) || judge_dropped(j))
		return -1;
	for (size_t i = 0; i < s->n_deps; i++)
		if (judge_dep(j, &s->deps[i]))
			return -1;
	for (size_t i = 0; i < s->n_outs; i++)
		if (judge_out(j, &s->outs[i]))
			return -1;
	return 0;
}

int stage_change_judge(struct stage_project *p, const struct stage_spec *spec, enum stage_look look,
	struct stage_state *s, struct arena *mem, struct err *e)
{
	struct judge j = { p, spec, stage_lockfile_get(p->lock, spec->name), look, s, mem, e };
	int rc = 0;

	if (!spec->cmd)
		return 0;
	if (spec->frozen) {
		rc = judge_frozen(&j);
		goto out;
	}
	if (spec->always)
		return changed(&j, "always runs", "", "");
	if (!spec->n_deps && !spec->n_params && !spec->n_outs)
		return changed(&j, "always runs", "", "it has neither dependencies nor outputs");
	if (!j.entry)
		rc = changed(&j, "never run", "", "");
	else
		rc = judge_all_of(&j);
out:
	if (rc)
		err_at(e, "stage '%s'", spec->name);
	return rc;
}

static int note_waiting(struct stage_project *p, struct stage_states *all, size_t i, struct err *e)
{
	const struct stage_node *node = &p->graph.nodes[i];
	struct stage_state *s = &all->all[i];
	struct judge j = { .s = s, .mem = &all->mem, .e = e };

	if (p->pipeline.stages[i].frozen)
		return 0;
	for (size_t k = 0; k < node->n_needs; k++) {
		if (all->all[node->needs[k]].verdict != STAGE_CHANGED)
			continue;
		s->is_waiting = true;
		if (changed(&j, "comes after", p->pipeline.stages[node->needs[k]].name, ""))
			return -1;
	}
	return 0;
}

int stage_change_judge_all(
	struct stage_project *p, enum stage_look look, struct stage_states *s, struct err *e)
{
	memset(s, 0, sizeof(*s));
	s->all = mem_array(p->pipeline.n + 1, sizeof(*s->all), e);
	if (!s->all)
		return -1;
	for (size_t k = 0; k < p->pipeline.n; k++) {
		size_t i = p->graph.order[k];

		if (stage_change_judge(p, &p->pipeline.stages[i], look, &s->all[i], &s->mem, e) ||
			note_waiting(p, s, i, e)) {
			stage_change_release(p, s);
			return -1;
		}
	}
	return 0;
}

void stage_change_release_one(struct stage_state *s)
{
	free(s->reasons);
	memset(s, 0, sizeof(*s));
}

void stage_change_release(struct stage_project *p, struct stage_states *s)
{
	for (size_t i = 0; s->all && i < p->pipeline.n; i++)
		stage_change_release_one(&s->all[i]);
	free(s->all);
	arena_release(&s->mem);
	memset(s, 0, sizeof(*s));
}

void stage_change_format(const struct stage_state *s, struct buf *b)
{
	for (size_t i = 0; i < s->n_reasons; i++) {
		const struct stage_reason *r = &s->reasons[i];

		buf_addf(b, "    %s%s%s", r->kind, *r->what ? ": " : "", r->what);
		if (*r->detail)
			buf_addf(b, " (%s)", r->detail);
		buf_add_char(b, '\n');
	}
}
