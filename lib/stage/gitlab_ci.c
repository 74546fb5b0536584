#include "stage/gitlab_ci.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/ydoc.h"

enum { MAX_NEEDS = 50 }; /* GitLab's; a job without `needs` waits for all earlier stages */

/* The template has a job of its own for these. */
static const char *const known_jobs[] = { "check_data", "train", "check_predictions", "evaluate",
	"release" };
static const char *const keywords[] = { "after_script", "before_script", "cache", "default",
	"false", "image", "include", "nil", "pages", "services", "spec", "stages", "true", "types",
	"variables", "workflow" };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool is_one_of(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(name, list[i]))
			return true;
	return false;
}

/* The groups in the order of their first stages, and which needs which. */
struct groups {
	const struct stage_graph *g;
	const char **names; /* [n] */
	bool *needs; /* [n][n] */
	size_t n;
};

static size_t find_group(const struct groups *s, const char *name)
{
	size_t i = 0;

	while (i < s->n && strcmp(s->names[i], name) != 0)
		i++;
	return i;
}

/* Notes what a group needs, through stages that are in no group. */
static void mark_needs(struct groups *s, size_t group, bool *seen)
{
	const struct stage_graph *g = s->g;

	memset(seen, 0, g->p->n * sizeof(*seen));
	/* backwards: those that need come before what they need */
	for (size_t k = g->p->n; k-- > 0;) {
		size_t i = g->order[k];
		const char *ci = g->p->stages[i].ci;
		bool is_ours = ci && !strcmp(ci, s->names[group]);

		if (seen[i] && ci && !is_ours)
			s->needs[group * s->n + find_group(s, ci)] = true;
		if (is_ours || (seen[i] && !ci))
			for (size_t j = 0; j < g->nodes[i].n_needs; j++)
				seen[g->nodes[i].needs[j]] = true;
	}
}

static int find_groups(struct groups *s, struct err *e)
{
	const struct stage_graph *g = s->g;
	bool *seen = mem_array(g->p->n + 1, sizeof(*seen), e);

	s->names = mem_array(g->p->n + 1, sizeof(*s->names), e);
	for (size_t k = 0; s->names && k < g->p->n; k++) {
		const char *ci = g->p->stages[g->order[k]].ci;

		if (ci && find_group(s, ci) == s->n)
			s->names[s->n++] = ci;
	}
	s->needs = s->names ? mem_array(s->n * s->n + 1, sizeof(*s->needs), e) : NULL;
	for (size_t i = 0; seen && s->needs && i < s->n; i++)
		mark_needs(s, i, seen);
	free(seen);
	return seen && s->needs ? 0 : -1;
}

static int check_names(const struct groups *s, const struct stage_gitlab_ci *o, struct err *e)
{
	if (!s->n) {
		err_set(e, ERR_INPUT, "no stage is in a group");
		return err_hint(e, "say which CI job runs it, with NAME_CI");
	}
	for (size_t i = 0; i < s->n + o->n_then; i++) {
		const char *name = i < s->n ? s->names[i] : o->then[i - s->n];

		if (*name != '.' && !is_one_of(name, keywords, COUNT(keywords)))
			continue;
		err_set(e, ERR_INPUT, "a job called '%s' means something else to GitLab", name);
		return err_hint(e, "give the group another name (NAME_CI)");
	}
	return 0;
}

/* Takes groups whose needs are all taken, until none is left: `order` [n]. */
static int sort_groups(const struct groups *s, size_t *order, struct err *e)
{
	bool *done = mem_array(s->n, sizeof(*done), e);
	size_t n = 0, before = 0;

	if (!done)
		return -1;
	do {
		before = n;
		for (size_t i = 0; i < s->n; i++) {
			size_t j = 0;

			while (j < s->n && (done[j] || !s->needs[i * s->n + j]))
				j++;
			if (!done[i] && j == s->n)
				done[order[n++] = i] = true;
		}
	} while (n > before && n < s->n);
	for (size_t i = 0; i < s->n && n < s->n; i++) {
		if (done[i])
			continue;
		err_set(e, ERR_INPUT, "the group '%s' needs itself by way of another", s->names[i]);
		err_hint(e, "a group runs in one job: move stages to another (NAME_CI)");
		break;
	}
	free(done);
	return n == s->n ? 0 : -1;
}

/* A job by the template's own for this name, if it has one. */
static json_t *make_job(const char *name)
{
	bool is_known = is_one_of(name, known_jobs, COUNT(known_jobs));

	return json_pack("{s:s++, s:s}", "extends", ".cd4ml", is_known ? ":" : "",
		is_known ? name : "", "stage", name);
}

static int add_needs(json_t *job, const struct groups *s, size_t i)
{
	json_t *needs = json_array();

	for (size_t j = 0; j < s->n; j++)
		if (s->needs[i * s->n + j] &&
			json_array_append_new(needs, json_string(s->names[j])))
			break;
	if (json_array_size(needs) > MAX_NEEDS) {
		json_decref(needs);
		return 0;
	}
	return json_object_set_new(job, "needs", needs);
}

/* The small files that git keeps are artifacts: those that the template's list does not hold. */
static int add_artifacts(json_t *job, const struct stage_graph *g, const char *group)
{
	json_t *paths = json_pack("[s, s, s, s, s]", "dvc.lock", "metrics/", "reports/",
		"baseline.txt", "baseline.json");
	size_t n = json_array_size(paths);

	for (size_t i = 0; i < g->p->n; i++) {
		const struct stage_spec *s = &g->p->stages[i];

		for (size_t k = 0; k < s->n_outs && s->ci && !strcmp(s->ci, group); k++) {
			struct slice path = slice_of(s->outs[k].path.text);

			if (!s->outs[k].cache && !slice_starts(path, "metrics/") &&
				!slice_starts(path, "reports/"))
				json_array_append_new(paths, json_string(s->outs[k].path.text));
		}
	}
	if (json_array_size(paths) > n)
		return json_object_set_new(job, "artifacts", json_pack("{s:o}", "paths", paths));
	json_decref(paths);
	return 0;
}

static int add_job(json_t *doc, const char *name, json_t *job)
{
	return json_array_append_new(json_object_get(doc, "stages"), json_string(name)) ||
			       json_object_set_new(doc, name, job)
		       ? -1
		       : 0;
}

static json_t *make_document(
	const struct groups *s, const size_t *order, const struct stage_gitlab_ci *o, struct err *e)
{
	json_t *doc = json_pack("{s:[{s:s}], s:[]}", "include", "local", o->template, "stages");
	int rc = doc ? 0 : -1;

	for (size_t k = 0; k < s->n && !rc; k++) {
		const char *name = s->names[order[k]];
		json_t *job = make_job(name);

		rc = !job || add_needs(job, s, order[k]) || add_artifacts(job, s->g, name) ||
				     add_job(doc, name, json_incref(job))
			     ? -1
			     : 0;
		json_decref(job);
	}
	for (size_t k = 0; k < o->n_then && !rc; k++)
		if (find_group(s, o->then[k]) == s->n)
			rc = add_job(doc, o->then[k], make_job(o->then[k]));
	if (!rc)
		return doc;
	err_nomem(e);
	json_decref(doc);
	return NULL;
}

int stage_gitlab_ci_format(
	const struct stage_graph *g, const struct stage_gitlab_ci *o, struct buf *b, struct err *e)
{
	struct groups s = { .g = g };
	size_t *order = NULL;
	json_t *doc = NULL;
	int rc = -1;

	if (find_groups(&s, e) || check_names(&s, o, e))
		goto out;
	order = mem_array(s.n, sizeof(*order), e);
	if (!order || sort_groups(&s, order, e))
		goto out;
	doc = make_document(&s, order, o, e);
	if (!doc)
		goto out;
	buf_add_text(b, "# Written by `make gitlab-ci.yml` from the stages; write it anew when "
			"they change.\n");
	rc = ydoc_format(b, doc, e);
out:
	json_decref(doc);
	free(order);
	free(s.names);
	free(s.needs);
	return rc;
}
