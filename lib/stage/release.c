#include "stage/release.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/path.h"
#include "cas/git.h"
#include "stage/files.h"

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

int stage_release_last(
	struct stage_project *p, const char *prefix, uint64_t below, uint64_t *last, struct err *e)
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
		if (num_parse_uint(tag, &v) && v > *last && v < below)
			*last = v;
	}
	buf_release(&pattern);
	buf_release(&out);
	return rc;
}

/* 1: the files are as they were in that release; 0; -1. */
static int is_released(
	struct stage_project *p, const char *tag, const struct stage_files *files, struct err *e)
{
	const char *head[] = { "diff", "--quiet", tag, NULL };
	int rc = stage_files_git(p->tree->repo->root, head, files, false, NULL, e);

	return rc < 0 ? -1 : rc == 0;
}

static int commit(struct stage_project *p, const char *tag, const struct stage_files *files,
	struct buf *b, struct err *e)
{
	const char *add[] = { "add", "--force", NULL };
	const char *diff[] = { "diff", "--cached", "--quiet", NULL };
	const char *make[] = { "commit", "--quiet", "--message", NULL, "--only", NULL };
	struct buf message = BUF_INIT;
	int rc = -1;

	buf_addf(&message, "Release %s", tag);
	make[3] = message.p;
	if (buf_check(&message, e) ||
		stage_files_git(p->tree->repo->root, add, files, true, NULL, e))
		goto out;
	rc = stage_files_git(p->tree->repo->root, diff, files, false, NULL, e);
	if (rc > 0) {
		rc = stage_files_git(p->tree->repo->root, make, files, true, NULL, e);
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
	struct stage_files files = { .root = p->tree->repo->root };
	struct buf tag = BUF_INIT;
	uint64_t last;
	int rc = -1, was = 0;

	if (!p->tree->repo->git_root)
		return err_set(e, ERR_INPUT, "this project is not in git");
	if (check_up_to_date(p, e) || check_gate(p, r, e) ||
		stage_files_add_all(&files, &p->pipeline, r->with, r->n_with, e) ||
		stage_release_last(p, r->prefix, UINT64_MAX, &last, e))
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
	stage_files_release(&files);
	buf_release(&tag);
	return rc;
}
