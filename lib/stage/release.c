#include "stage/release.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/path.h"
#include "cas/git.h"

/* Arguments for git: a head, then names of files that exist. */
struct args {
	const char **list;
	size_t n, cap;
	struct arena mem;
};

static int add_arg(struct args *a, const char *s, struct err *e)
{
	if (mem_grow(&a->list, &a->cap, a->n + 2, sizeof(*a->list), e))
		return -1;
	a->list[a->n] = arena_dup(&a->mem, s, strlen(s), e);
	if (!a->list[a->n])
		return -1;
	a->list[++a->n] = NULL;
	return 0;
}

/* A file relative to root, if it is there. */
static int add_file(struct stage_project *p, struct args *a, const char *full, struct err *e)
{
	struct buf path = BUF_INIT;
	int rc;

	for (size_t i = 0; i < a->n; i++)
		if (!strcmp(a->list[i], full))
			return 0;
	cas_repo_absolute(p->tree->repo, full, &path);
	rc = buf_check(&path, e);
	if (!rc && path_exists(path.p))
		rc = add_arg(a, full, e);
	buf_release(&path);
	return rc;
}

static int add_beside(
	struct stage_project *p, struct args *a, const char *full, const char *name, struct err *e)
{
	struct buf dir = BUF_INIT, path = BUF_INIT;
	int rc;

	path_dir(&dir, full);
	path_join(&path, dir.p, name);
	rc = buf_check(&dir, e) || buf_check(&path, e) ? -1 : add_file(p, a, path.p, e);
	buf_release(&dir);
	buf_release(&path);
	return rc;
}

static int add_pointer(struct stage_project *p, struct args *a, const char *full, struct err *e)
{
	struct buf path = BUF_INIT;
	int rc;

	buf_addf(&path, "%s.dvc", full);
	rc = buf_check(&path, e) ? -1 : add_file(p, a, path.p, e);
	buf_release(&path);
	return rc || add_beside(p, a, full, ".gitignore", e) ? -1 : 0;
}

static int add_stage_files(
	struct stage_project *p, struct args *a, const struct stage_spec *s, struct err *e)
{
	for (size_t i = 0; i < s->n_deps; i++)
		if (add_pointer(p, a, s->deps[i].full, e))
			return -1;
	for (size_t i = 0; i < s->n_params; i++)
		if (add_file(p, a, s->params[i].full, e))
			return -1;
	for (size_t i = 0; i < s->n_outs; i++) {
		const struct stage_out *out = &s->outs[i];

		if (out->cache ? add_beside(p, a, out->path.full, ".gitignore", e)
			       : add_file(p, a, out->path.full, e))
			return -1;
	}
	return 0;
}

static int list_files(
	struct stage_project *p, const struct stage_release *r, struct args *a, struct err *e)
{
	static const char *const fixed[] = { "dvc.yaml", "dvc.lock" };
	static const char *const root[] = { ".dvc/config", ".dvc/.gitignore", ".dvcignore" };
	struct buf path = BUF_INIT;
	int rc = 0;

	for (size_t i = 0; i < 2 + r->n_with && !rc; i++) {
		path_join(&path, p->tree->repo->here, i < 2 ? fixed[i] : r->with[i - 2]);
		path_normalise(&path);
		rc = buf_check(&path, e) ? -1 : add_file(p, a, path.p, e);
	}
	for (size_t i = 0; i < 3 && !rc; i++)
		rc = add_file(p, a, root[i], e);
	for (size_t i = 0; i < p->pipeline.n && !rc; i++)
		rc = add_stage_files(p, a, &p->pipeline.stages[i], e);
	buf_release(&path);
	return rc;
}

/* Runs git with `head` (ended by NULL) and the files behind "--". Its status, which is 0 if it must be. */
static int git_files(struct stage_project *p, const char *const *head, const struct args *files,
	bool must, struct err *e)
{
	struct slice nothing = { NULL, 0 };
	const char *root = p->tree->repo->root;
	struct args all = { 0 };
	int rc = 0;

	while (*head && !rc)
		rc = add_arg(&all, *head++, e);
	if (!rc)
		rc = add_arg(&all, "--", e);
	for (size_t i = 0; i < files->n && !rc; i++)
		rc = add_arg(&all, files->list[i], e);
	if (!rc)
		rc = must ? cas_git_must(root, all.list, nothing, NULL, e)
			  : cas_git_run(root, all.list, nothing, NULL, NULL, e);
	free(all.list);
	arena_release(&all.mem);
	return rc;
}

/* Data that is merely not in its place says nothing against what is recorded. */
static bool is_only_missing(const struct stage_state *s)
{
	for (size_t i = 0; i < s->n_reasons; i++)
		if (strcmp(s->reasons[i].kind, "missing output") != 0)
			return false;
	return s->verdict == STAGE_RESTORE;
}

static int check_up_to_date(struct stage_project *p, struct err *e)
{
	struct stage_states s;
	int rc = 0;

	if (stage_change_judge_all(p, STAGE_LOOK_STATUS, &s, e))
		return -1;
	for (size_t i = 0; i < p->pipeline.n && !rc; i++) {
		if (s.all[i].verdict == STAGE_SAME || p->pipeline.stages[i].always ||
			is_only_missing(&s.all[i]))
			continue;
		rc = err_set(
			e, ERR_INPUT, "stage '%s' is not up to date", p->pipeline.stages[i].name);
		err_hint(e, "make status tells why; make repro runs it");
	}
	stage_change_release(p, &s);
	return rc;
}

/* ---- the gate's word ---- */

static int not_passed(const char *what, struct err *e)
{
	err_set(e, ERR_INPUT, "%s", what);
	return err_hint(e, "make gate judges this one");
}

/* What baseline-gate wrote must name the model by the hash that it has now, or is recorded with. */
static int check_model(struct stage_project *p, const char *model, json_t *gate, struct err *e)
{
	const char *judged = json_string_value(json_object_get(gate, "model_hash"));
	struct cas_content c;
	struct buf full = BUF_INIT;
	char hex[CAS_ID_TEXT_MAX];
	int there = -1;

	path_join(&full, p->tree->repo->here, model);
	path_normalise(&full);
	if (!buf_check(&full, e))
		there = stage_project_hash(p, full.p, &c, e);
	if (!there)
		there = stage_project_recorded(p, full.p, &c, e);
	buf_release(&full);
	if (there < 0)
		return -1;
	if (there != 1)
		return err_set(e, ERR_INPUT, "there is no model '%s'", model);
	cas_id_format(&c.id, hex);
	return judged && !strcmp(judged, hex)
		       ? 0
		       : not_passed("the gate passed another model than this one", e);
}

static int check_test_set(const char *metrics, json_t *gate, struct err *e)
{
	json_t *doc = jdoc_load(metrics, e);
	const char *judged = json_string_value(json_object_get(gate, "test_hash"));
	const char *now = json_string_value(json_object_get(doc, "test_hash"));
	int rc = 0;

	if (!doc)
		return -1;
	if (now && (!judged || strcmp(judged, now) != 0))
		rc = not_passed("the gate passed a model on another test set than this one", e);
	json_decref(doc);
	return rc;
}

static int check_gate(struct stage_project *p, const struct stage_release *r, struct err *e)
{
	json_t *gate;
	int rc = 0;

	if (!r->gate)
		return 0;
	if (!path_exists(r->gate))
		return not_passed("the gate has not passed any model yet", e);
	gate = jdoc_load(r->gate, e);
	if (!gate)
		return -1;
	if (r->model)
		rc = check_model(p, r->model, gate, e);
	if (!rc && r->metrics)
		rc = check_test_set(r->metrics, gate, e);
	json_decref(gate);
	return rc;
}

/* The highest number that a tag with the prefix has; 0: there is none. */
static int last_version(struct stage_project *p, const char *prefix, uint64_t *last, struct err *e)
{
	struct buf pattern = BUF_INIT, out = BUF_INIT;
	const char *args[] = { "tag", "--list", NULL, NULL };
	struct slice rest, tag;
	int rc;

	*last = 0;
	buf_addf(&pattern, "%s*", prefix);
	args[2] = pattern.p;
	rc = buf_check(&pattern, e)
		     ? -1
		     : cas_git_must(p->tree->repo->root, args, (struct slice){ NULL, 0 }, &out, e);
	rest = buf_slice(&out);
	while (!rc && slice_cut(&rest, '\n', &tag)) {
		uint64_t v;

		if (!slice_starts(tag, prefix))
			continue;
		tag.p += strlen(prefix);
		tag.len -= strlen(prefix);
		if (num_parse_uint(tag, &v) && v > *last)
			*last = v;
	}
	buf_release(&pattern);
	buf_release(&out);
	return rc;
}

/* 1: the files are as they were in that release; 0; -1. */
static int is_released(
	struct stage_project *p, const char *tag, const struct args *files, struct err *e)
{
	const char *head[] = { "diff", "--quiet", tag, NULL };
	int rc = git_files(p, head, files, false, e);

	return rc < 0 ? -1 : rc == 0;
}

static int commit(struct stage_project *p, const char *tag, const struct args *files, struct buf *b,
	struct err *e)
{
	const char *add[] = { "add", "--force", NULL };
	const char *diff[] = { "diff", "--cached", "--quiet", NULL };
	const char *make[] = { "commit", "--quiet", "--message", NULL, "--only", NULL };
	struct buf message = BUF_INIT;
	int rc = -1;

	buf_addf(&message, "Release %s", tag);
	make[3] = message.p;
	if (buf_check(&message, e) || git_files(p, add, files, true, e))
		goto out;
	rc = git_files(p, diff, files, false, e);
	if (rc > 0) {
		rc = git_files(p, make, files, true, e);
		if (!rc)
			buf_addf(b, "committed as '%s'\n", message.p);
	}
out:
	buf_release(&message);
	return rc;
}

static int tag_and_push(struct stage_project *p, const struct stage_release *r, const char *tag,
	struct buf *b, struct err *e)
{
	const char *make[] = { "tag", "--annotate", "--message", tag, tag, NULL };
	const char *push[] = { "push", "--quiet", "--atomic", r->push, "HEAD", tag, NULL };
	struct slice nothing = { NULL, 0 };

	if (cas_git_must(p->tree->repo->root, make, nothing, NULL, e))
		return -1;
	buf_addf(b, "tagged %s\n", tag);
	if (!r->push)
		return 0;
	if (cas_git_must(p->tree->repo->root, push, nothing, NULL, e))
		return -1;
	buf_addf(b, "pushed to %s\n", r->push);
	return 0;
}

int stage_release_make(
	struct stage_project *p, const struct stage_release *r, struct buf *b, struct err *e)
{
	struct args files = { 0 };
	struct buf tag = BUF_INIT;
	uint64_t last;
	int rc = -1, was = 0;

	if (!p->tree->repo->git_root)
		return err_set(e, ERR_INPUT, "this project is not in git");
	if (check_up_to_date(p, e) || check_gate(p, r, e) || list_files(p, r, &files, e) ||
		last_version(p, r->prefix, &last, e))
		goto out;
	buf_addf(&tag, "%s%llu", r->prefix, (unsigned long long)last);
	if (last)
		was = is_released(p, tag.p, &files, e);
	if (was < 0)
		goto out;
	if (was) {
		buf_addf(b, "nothing changed since %s\n", tag.p);
		rc = 0;
		goto out;
	}
	buf_reset(&tag);
	buf_addf(&tag, "%s%llu", r->prefix, (unsigned long long)last + 1);
	if (!buf_check(&tag, e) && !commit(p, tag.p, &files, b, e) &&
		!tag_and_push(p, r, tag.p, b, e))
		rc = 1;
out:
	free(files.list);
	arena_release(&files.mem);
	buf_release(&tag);
	return rc;
}
