#include "stage/look.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/opt.h"
#include "base/path.h"
#include "stage/where.h"

/* ---- for make ---- */

static void add_word(const struct stage_graph *g, size_t i, const bool *todo, struct buf *b)
{
	bool first = true;

	buf_addf(b, " %s", g->p->stages[i].name);
	for (size_t k = 0; k < g->nodes[i].n_needs; k++) {
		size_t need = g->nodes[i].needs[k];

		if (todo && !todo[need])
			continue;
		buf_addf(b, "%c%s", first ? ':' : ',', g->p->stages[need].name);
		first = false;
	}
}

static void add_all(const struct stage_graph *g, struct buf *b)
{
	buf_add_text(b, "ok");
	for (size_t k = 0; k < g->p->n; k++)
		add_word(g, g->order[k], NULL, b);
	buf_add_char(b, '\n');
}

int stage_look_plan_new(const json_t *doc, struct buf *b, struct err *e)
{
	struct stage_pipeline p;
	struct stage_graph g;
	int rc;

	if (stage_spec_parse(&p, doc, ".", "dvc.yaml", e))
		return -1;
	rc = stage_graph_build(&g, &p, e);
	if (!rc) {
		add_all(&g, b);
		stage_graph_release(&g);
	}
	stage_spec_release(&p);
	return rc;
}

/* Is there anything, or anybody who makes it or holds it? 1, 0, -1. */
static int can_be_had(struct stage_project *p, const char *dep, struct err *e)
{
	struct buf full = BUF_INIT, holder = BUF_INIT;
	struct cas_content c;
	int rc = 1;

	cas_repo_absolute(p->tree->repo, dep, &full);
	if (buf_check(&full, e))
		rc = -1;
	else if (!path_exists(full.p) && stage_graph_maker(&p->graph, dep) == SIZE_MAX)
		rc = stage_project_holder(p, dep, &holder, &c, e);
	buf_release(&full);
	buf_release(&holder);
	return rc;
}

static bool is_same_folder(const char *a, const char *b)
{
	size_t len = strlen(a) - strlen(path_base(a));

	return len == strlen(b) - strlen(path_base(b)) && !strncmp(a, b, len);
}

/* The output of a stage, in the same folder, that this is nearly the name of; NULL: none. */
static const char *nearest_out(const struct stage_pipeline *p, const char *name)
{
	struct err e = ERR_INIT;
	const char **names, *near = NULL;
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += p->stages[i].n_outs;
	names = mem_array(n + 1, sizeof(*names), &e); /* no memory: nothing is proposed */
	n = 0;
	for (size_t i = 0; names && i < p->n; i++)
		for (size_t k = 0; k < p->stages[i].n_outs; k++)
			if (is_same_folder(name, p->stages[i].outs[k].path.text))
				names[n++] = p->stages[i].outs[k].path.text;
	if (names)
		near = opt_nearest(name, names);
	free(names);
	return near;
}

/* What a stage that is to run reads, but nobody has or makes: told before others run for hours. */
static int tell_missing(struct stage_project *p, const struct stage_spec *s,
	const struct stage_look_plan *how, struct err *e)
{
	for (size_t i = 0; i < s->n_deps; i++) {
		const char *dep = s->deps[i].text, *near;
		struct buf variable = BUF_INIT;
		int rc = can_be_had(p, s->deps[i].full, e);

		if (rc < 0)
			return -1;
		if (rc)
			continue;
		if (!how->strict) {
			diag_say(p->tree->diag, DIAG_WARNING,
				"stage '%s': '%s' is not there, no stage makes it, and no .dvc "
				"file names it",
				s->name, dep);
			continue;
		}
		err_set(e, ERR_INPUT,
			"'%s' in %s_DEPS is not there, no stage makes it, and no .dvc file names "
			"it",
			dep, s->name);
		near = nearest_out(&p->pipeline, dep);
		if (near)
			err_hint(e, "did you mean '%s'?", near);
		else
			err_hint(e,
				"put it there (make add FILE=... versions it); if a rule of yours "
				"makes it, ask for it first: make %s %s",
				dep, s->name);
		buf_addf(&variable, "%s_DEPS", s->name);
		if (!variable.failed)
			stage_where_at(how->words, how->n_words, variable.p, NULL, e);
		buf_release(&variable);
		return -1;
	}
	return 0;
}

int stage_look_plan(
	struct stage_project *p, const struct stage_look_plan *how, struct buf *b, struct err *e)
{
	struct stage_states s;
	bool *todo;
	int rc = 0;

	if (how->all) {
		add_all(&p->graph, b);
		return 0;
	}
	todo = mem_array(p->pipeline.n + 1, sizeof(*todo), e);
	if (!todo)
		return -1;
	if (stage_change_judge_all(p, STAGE_LOOK_RUN, &s, e)) {
		free(todo);
		return -1;
	}
	buf_add_text(b, "ok");
	for (size_t k = 0; k < p->pipeline.n && !rc; k++) {
		size_t i = p->graph.order[k];

		todo[i] = s.all[i].verdict != STAGE_SAME;
		if (s.all[i].verdict == STAGE_RESTORE)
			buf_addf(b, " =%s", p->pipeline.stages[i].name);
		if (s.all[i].verdict != STAGE_CHANGED)
			continue;
		add_word(&p->graph, i, todo, b);
		rc = tell_missing(p, &p->pipeline.stages[i], how, e);
	}
	buf_add_char(b, '\n');
	stage_change_release(p, &s);
	free(todo);
	return rc;
}

/* ---- choosing ---- */

static int pick_group(const struct stage_project *p, const char *ci, bool *picked, struct err *e)
{
	bool any = false;

	for (size_t k = p->pipeline.n; k-- > 0;) {
		size_t i = p->graph.order[k];
		const struct stage_node *node = &p->graph.nodes[i];
		const char *group = p->pipeline.stages[i].ci;

		if (group && !strcmp(group, ci))
			picked[i] = any = true;
		for (size_t j = 0; picked[i] && j < node->n_needs; j++)
			if (!p->pipeline.stages[node->needs[j]].ci)
				picked[node->needs[j]] = true;
	}
	return any ? 0 : err_set(e, ERR_INPUT, "no stage belongs to the group '%s'", ci);
}

bool *stage_look_pick(
	const struct stage_project *p, char **names, size_t n_names, const char *ci, struct err *e)
{
	bool *picked;
	int rc;

	if (ci && n_names) {
		err_set(e, ERR_INPUT, "--ci and names of stages exclude each other");
		return NULL;
	}
	picked = mem_array(p->pipeline.n + 1, sizeof(*picked), e);
	rc = picked ? 0 : -1;
	if (!rc && ci)
		rc = pick_group(p, ci, picked, e);
	for (size_t i = 0; !rc && i < n_names; i++) {
		const struct stage_spec *s = stage_spec_get(&p->pipeline, names[i], e);

		if (s)
			picked[s - p->pipeline.stages] = true;
		else
			rc = -1;
	}
	for (size_t i = 0; !rc && !ci && !n_names && i < p->pipeline.n; i++)
		picked[i] = true;
	if (!rc)
		return picked;
	free(picked);
	return NULL;
}

/* ---- for people ---- */

static const char *verdict_name(const struct stage_state *s)
{
	if (s->verdict == STAGE_SAME)
		return s->is_absent ? "up to date, but its data is not here" : "up to date";
	if (s->verdict == STAGE_RESTORE)
		return "can be restored";
	return s->is_waiting && s->n_reasons == 1 ? "waits" : "out of date";
}

static int status_text(const struct stage_project *p, const bool *picked,
	const struct stage_states *s, struct buf *b)
{
	size_t n_todo = 0, n_absent = 0, n = 0;

	for (size_t k = 0; k < p->pipeline.n; k++) {
		size_t i = p->graph.order[k];

		if (!picked[i])
			continue;
		n++;
		n_absent += s->all[i].is_absent;
		if (s->all[i].verdict == STAGE_SAME)
			continue;
		n_todo++;
		buf_addf(b, "%s: %s\n", p->pipeline.stages[i].name, verdict_name(&s->all[i]));
		stage_change_format(&s->all[i], b);
	}
	if (n_todo)
		buf_addf(b, "%zu of %zu stages are not up to date\n", n_todo, n);
	else
		buf_addf(b, "all %zu stages are up to date%s\n", n,
			n_absent ? "; some of the data is not here: make pull" : "");
	return n_todo == 0;
}

static json_t *state_json(const char *name, const struct stage_state *s)
{
	static const char *const verdicts[] = { "same", "restore", "changed" };
	json_t *o = json_pack("{s:s, s:s, s:b, s:[]}", "stage", name, "state", verdicts[s->verdict],
		"absent", s->is_absent, "reasons");

	for (size_t i = 0; o && i < s->n_reasons; i++) {
		const struct stage_reason *r = &s->reasons[i];

		if (json_array_append_new(json_object_get(o, "reasons"),
			    json_pack("{s:s, s:s, s:s}", "kind", r->kind, "what", r->what, "detail",
				    r->detail))) {
			json_decref(o);
			return NULL;
		}
	}
	return o;
}

static int status_json(const struct stage_project *p, const bool *picked,
	const struct stage_states *s, struct buf *b, struct err *e)
{
	json_t *doc = json_pack("{s:b, s:[]}", "up_to_date", 1, "stages");
	bool all_same = true;

	for (size_t k = 0; doc && k < p->pipeline.n; k++) {
		size_t i = p->graph.order[k];

		if (!picked[i])
			continue;
		all_same = all_same && s->all[i].verdict == STAGE_SAME;
		if (json_array_append_new(json_object_get(doc, "stages"),
			    state_json(p->pipeline.stages[i].name, &s->all[i]))) {
			json_decref(doc);
			doc = NULL;
		}
	}
	if (!doc)
		return err_nomem(e);
	json_object_set_new(doc, "up_to_date", json_boolean(all_same));
	jdoc_format(b, doc, JDOC_PRETTY);
	json_decref(doc);
	return all_same;
}

int stage_look_status(
	struct stage_project *p, const bool *picked, bool json, struct buf *b, struct err *e)
{
	struct stage_states s;
	int rc;

	if (stage_change_judge_all(p, STAGE_LOOK_STATUS, &s, e))
		return -1;
	rc = json ? status_json(p, picked, &s, b, e) : status_text(p, picked, &s, b);
	stage_change_release(p, &s);
	return rc < 0 || buf_check(b, e) ? -1 : rc;
}

/* ---- for s3-sync ---- */

static bool has_line(const struct buf *b, const char *line)
{
	struct slice rest = buf_slice(b), one;

	while (slice_cut(&rest, '\n', &one))
		if (slice_is(one, line))
			return true;
	return false;
}

static void add_line(struct buf *b, const char *line)
{
	if (!has_line(b, line))
		buf_addf(b, "%s\n", line);
}

/* The output or pointer that holds it is named: a remote knows nothing of a file inside of a folder. */
static int add_dep(
	struct stage_project *p, const bool *picked, const char *full, struct buf *b, struct err *e)
{
	size_t maker = stage_graph_maker(&p->graph, full);
	struct cas_content c;
	struct buf holder = BUF_INIT;
	int known;

	if (maker != SIZE_MAX && picked[maker])
		return 0;
	known = stage_project_holder(p, full, &holder, &c, e);
	if (known >= 0 && (known || maker != SIZE_MAX))
		add_line(b, known ? holder.p : full);
	buf_release(&holder);
	return known < 0 ? -1 : 0;
}

int stage_look_targets(
	struct stage_project *p, const bool *picked, bool outs, struct buf *b, struct err *e)
{
	for (size_t k = 0; k < p->pipeline.n; k++) {
		const struct stage_spec *s = &p->pipeline.stages[p->graph.order[k]];

		if (!picked[p->graph.order[k]])
			continue;
		for (size_t i = 0; outs && i < s->n_outs; i++)
			if (s->outs[i].cache && s->outs[i].push)
				add_line(b, s->outs[i].path.full);
		for (size_t i = 0; !outs && i < s->n_deps; i++)
			if (add_dep(p, picked, s->deps[i].full, b, e))
				return -1;
	}
	return buf_check(b, e);
}
