#include "stage/recall.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stage/runcache.h"

/* As it is here, or as it is recorded: 1, 0 not known, -1. */
static int content_of(
	struct stage_project *p, const char *full, struct cas_content *c, struct err *e)
{
	int there = stage_project_hash(p, full, c, e);

	if (!there)
		there = stage_project_recorded(p, full, c, e);
	return there == 2 ? 0 : there;
}

/* Into `deps`: 1, 0 one of them is not known, -1. */
static int add_deps(
	struct stage_project *p, const struct stage_spec *s, json_t *deps, struct err *e)
{
	for (size_t i = 0; i < s->n_deps; i++) {
		struct cas_content c;
		int known = content_of(p, s->deps[i].full, &c, e);
		json_t *item = known == 1 ? stage_project_item(s->deps[i].text, &c, e) : NULL;

		if (known != 1)
			return known;
		if (!item)
			return -1;
		if (json_array_append_new(deps, item))
			return err_nomem(e);
	}
	return 1;
}

/* The stage's entry without outputs, into the empty `entry`: 1, 0 not all is known, -1. */
static int make_entry(
	struct stage_project *p, const struct stage_spec *s, json_t *entry, struct err *e)
{
	struct buf missing = BUF_INIT;
	json_t *deps = json_array(), *params = NULL;
	int rc = -1;

	if (!deps || json_object_set(entry, "cmd", s->cmd) ||
		(s->n_deps && json_object_set(entry, "deps", deps))) {
		err_nomem(e);
		goto out;
	}
	rc = add_deps(p, s, deps, e);
	if (rc != 1 || !s->n_params)
		goto out;
	params = stage_params_collect(&p->params, s, p->tree->repo->root, &missing, e);
	rc = !params ? -1 : !missing.len;
	if (rc == 1 && json_object_set(entry, "params", params))
		rc = err_nomem(e);
out:
	buf_release(&missing);
	json_decref(params);
	json_decref(deps);
	return rc;
}

static int recall_one(
	struct stage_project *p, const struct stage_spec *s, struct output *out, struct err *e)
{
	json_t *entry = json_object(), *found = NULL;
	struct buf line = BUF_INIT;
	int rc = entry ? make_entry(p, s, entry, e) : err_nomem(e);

	if (rc == 1)
		rc = stage_runcache_recall(p, s, entry, &found, e);
	if (rc == 1) {
		rc = json_object_set(entry, "outs", json_object_get(found, "outs"))
			     ? err_nomem(e)
			     : stage_project_record(p, s->name, entry, e);
		buf_addf(&line, "%s: recorded from the remote's run cache\n", s->name);
		if (out)
			output_slice(out, buf_slice(&line));
	}
	buf_release(&line);
	json_decref(found);
	json_decref(entry);
	return rc < 0 ? -1 : 0;
}

static int recall_if_changed(
	struct stage_project *p, const struct stage_spec *s, struct output *out, struct err *e)
{
	struct arena mem = ARENA_INIT;
	struct stage_state state = { .verdict = STAGE_SAME };
	int rc = stage_change_judge(p, s, STAGE_LOOK_STATUS, &state, &mem, e);

	if (!rc && state.verdict == STAGE_CHANGED)
		rc = recall_one(p, s, out, e);
	stage_change_release_one(&state);
	arena_release(&mem);
	return rc;
}

int stage_recall(struct stage_project *p, const bool *picked, struct output *out, struct err *e)
{
	bool *needed = mem_array(p->pipeline.n + 1, sizeof(*needed), e);
	int rc = needed ? 0 : -1;

	for (size_t i = 0; needed && i < p->pipeline.n; i++)
		needed[i] = !picked || picked[i];
	if (needed)
		stage_graph_close_up(&p->graph, needed);
	for (size_t k = 0; !rc && k < p->pipeline.n; k++) {
		size_t i = p->graph.order[k];

		if (needed[i] && !(picked && picked[i]) &&
			stage_runcache_is_fit(&p->pipeline.stages[i]))
			rc = recall_if_changed(p, &p->pipeline.stages[i], out, e);
	}
	free(needed);
	return rc;
}
