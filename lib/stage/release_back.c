/* Going back to a release, and making one again. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/ydoc.h"
#include "cas/git.h"
#include "stage/copy.h"
#include "stage/files.h"
#include "stage/release.h"
#include "stage/revision.h"

static const struct slice nothing = { NULL, 0 };

/* A document of this pipeline's folder as the tag has it. */
static json_t *load_at(struct stage_project *p, const char *tag, const char *name, struct err *e)
{
	struct buf path = BUF_INIT;
	json_t *v = NULL;

	path_join(&path, p->tree->repo->here, name);
	path_normalise(&path);
	if (!buf_check(&path, e))
		v = stage_revision_load(p, tag, path.p, e);
	buf_release(&path);
	return v;
}

/* Ignore files and configuration describe the clone, not the model. */
static bool is_of_model(const char *file)
{
	return strcmp(path_base(file), ".gitignore") != 0 && strncmp(file, ".dvc/", 5) != 0 &&
	       strcmp(file, ".dvcignore") != 0;
}

/* The files that describe the model in the release, of those that it has. */
static int files_at(struct stage_project *p, const char *tag, const struct stage_rollback *r,
	struct stage_files *f, struct err *e)
{
	const char *ls[] = { "ls-tree", "-r", "--name-only", "-z", tag, NULL };
	struct stage_files all = { .root = NULL };
	struct stage_pipeline pipeline = { .n = 0 };
	json_t *doc = load_at(p, tag, "dvc.yaml", e);
	struct buf names = BUF_INIT;
	int rc = doc ? stage_spec_parse(&pipeline, doc, p->tree->repo->here, "dvc.yaml", e) : -1;

	if (!rc) {
		rc = stage_files_add_all(&all, &pipeline, r->with, r->n_with, e);
		stage_spec_release(&pipeline);
	}
	if (!rc)
		rc = stage_files_git(p->tree->repo->root, ls, &all, true, &names, e);
	for (const char *s = names.p; !rc && s < names.p + names.len; s += strlen(s) + 1)
		if (is_of_model(s))
			rc = stage_files_add(f, s, e);
	json_decref(doc);
	stage_files_release(&all);
	buf_release(&names);
	return rc;
}

/* Is the workspace, in these files, as in the release? 1, 0, -1. */
static int is_here(
	struct stage_project *p, const char *tag, const struct stage_rollback *r, struct err *e)
{
	const char *diff[] = { "diff", "--quiet", tag, NULL };
	struct stage_files f = { .root = NULL };
	int rc = files_at(p, tag, r, &f, e);

	if (!rc)
		rc = stage_files_git(p->tree->repo->root, diff, &f, false, NULL, e);
	stage_files_release(&f);
	return rc < 0 ? -1 : rc == 0;
}

static int set_tag(struct buf *tag, const char *prefix, uint64_t number, struct err *e)
{
	buf_reset(tag);
	buf_addf(tag, "%s%llu", prefix, (unsigned long long)number);
	return buf_check(tag, e);
}

static int no_release(const char *prefix, const char *than, struct err *e)
{
	err_set(e, ERR_INPUT, "there is no release %s", than);
	return err_hint(e, "git tag --list '%s*' names those there are", prefix);
}

/* The release before the one that is here; the last one when none is. */
static int choose(
	struct stage_project *p, const struct stage_rollback *r, struct buf *tag, struct err *e)
{
	uint64_t last, at;
	int same = 0;

	if (stage_release_last(p, r->prefix, UINT64_MAX, &last, e))
		return -1;
	if (!last)
		return no_release(r->prefix, "yet", e);
	for (at = last; at && !same;) {
		if (set_tag(tag, r->prefix, at, e))
			return -1;
		same = is_here(p, tag->p, r, e);
		if (same < 0 || stage_release_last(p, r->prefix, at, &at, e))
			return -1;
	}
	if (same && !at)
		return no_release(r->prefix, "before the one that is here", e);
	return set_tag(tag, r->prefix, same ? at : last, e);
}

static int check_committed(struct stage_project *p, const struct stage_files *f, struct err *e)
{
	const char *status[] = { "status", "--porcelain", "--no-renames", "-z", NULL };
	struct buf out = BUF_INIT;
	int rc = stage_files_git(p->tree->repo->root, status, f, true, &out, e);

	if (!rc && out.len > 3) {
		rc = err_set(e, ERR_INPUT, "'%s' has changes that are not committed", out.p + 3);
		err_hint(e, "commit or undo them, or --force");
	}
	buf_release(&out);
	return rc;
}

/* What the release has otherwise, but for these files: code, mostly. */
static int tell_rest(struct stage_project *p, const char *tag, struct buf *b, struct err *e)
{
	const char *diff[] = { "diff", "--name-only", "--no-renames", tag, NULL };
	struct buf out = BUF_INIT;
	struct slice rest, line;
	int rc = cas_git_must(p->tree->repo->root, diff, nothing, &out, e);
	size_t n = 0;

	rest = buf_slice(&out);
	while (!rc && slice_cut(&rest, '\n', &line))
		if (line.len)
			buf_addf(b, "%s%.*s",
				n++ ? ", " : "left as it is, but other than then: ", (int)line.len,
				line.p);
	if (n)
		buf_add_char(b, '\n');
	buf_release(&out);
	return rc;
}

int stage_release_rollback(
	struct stage_project *p, const struct stage_rollback *r, struct buf *b, struct err *e)
{
	struct buf tag = BUF_INIT;
	struct stage_files f = { .root = NULL };
	const char *checkout[] = { "checkout", "--quiet", NULL, NULL };
	int rc = -1;

	if (!p->tree->repo->git_root)
		return err_set(e, ERR_INPUT, "this project is not in git");
	if (r->to)
		buf_add_text(&tag, r->to);
	if (r->to ? stage_revision_check(p, r->to, e) : choose(p, r, &tag, e))
		goto out;
	checkout[2] = tag.p;
	if (buf_check(&tag, e) || files_at(p, tag.p, r, &f, e) ||
		(!r->force && check_committed(p, &f, e)) ||
		stage_files_git(p->tree->repo->root, checkout, &f, true, NULL, e))
		goto out;
	buf_addf(b, "as in %s again:", tag.p);
	for (size_t i = 0; i < f.n; i++)
		buf_addf(b, "%s %s", i ? "," : "", f.list[i]);
	buf_add_char(b, '\n');
	rc = tell_rest(p, tag.p, b, e);
	if (!rc)
		buf_addf(b, "git commit -m 'Roll back to %s' makes it so\n", tag.p);
out:
	stage_files_release(&f);
	buf_release(&tag);
	return rc;
}

/* ---- making one again ---- */

static const char *hash_of(const json_t *item)
{
	return json_string_value(json_object_get(item, "md5"));
}

/* A line for each output; *n_other counts those that differ. */
static void compare(
	const json_t *then, const json_t *now, size_t *n, size_t *n_other, struct buf *b)
{
	const char *stage;
	json_t *entry, *item;
	size_t i;

	json_object_foreach(json_object_get(then, "stages"), stage, entry)
	{
		json_array_foreach(json_object_get(entry, "outs"), i, item)
		{
			const char *path = json_string_value(json_object_get(item, "path"));
			const char *was = hash_of(item), *is;

			if (!path || !was)
				continue;
			is = hash_of(
				stage_lockfile_find(stage_lockfile_get(now, stage), "outs", path));
			*n += 1;
			if (is && !strcmp(was, is)) {
				buf_addf(b, "same   %s: %s\n", stage, path);
				continue;
			}
			*n_other += 1;
			buf_addf(b, "other  %s: %s (%s, now %s)\n", stage, path, was,
				is ? is : "nothing");
		}
	}
}

static int verify_in(struct stage_project *p, const struct stage_copy *c,
	const struct stage_verify *v, const char *tag, struct stage_exec_result *x, struct buf *b,
	struct err *e)
{
	struct buf log = BUF_INIT, lock = BUF_INIT;
	json_t *then = NULL, *now = NULL;
	size_t n = 0, n_other = 0;
	int rc = -1;

	path_join(&log, p->tree->repo->tmp_dir, "log/verify.log");
	path_join(&lock, c->dir, "dvc.lock");
	then = load_at(p, tag, "dvc.lock", e);
	if (!then || buf_check(&log, e) || buf_check(&lock, e) ||
		stage_copy_run(c, v->command, v->shell, log.p, x, e))
		goto out;
	now = stage_lockfile_load(lock.p, e);
	if (!now)
		goto out;
	compare(then, now, &n, &n_other, b);
	if (!n) {
		rc = err_set(e, ERR_INPUT, "'%s' has no dvc.lock with outputs", tag);
		goto out;
	}
	if (n_other)
		buf_addf(b, "%s: %zu of %zu outputs came out otherwise\n", tag, n_other, n);
	else
		buf_addf(b, "%s: all %zu outputs are the same bytes again\n", tag, n);
	rc = n_other == 0;
out:
	json_decref(then);
	json_decref(now);
	buf_release(&log);
	buf_release(&lock);
	return rc;
}

int stage_release_verify(struct stage_project *p, const struct stage_verify *v,
	struct stage_exec_result *x, struct buf *b, struct err *e)
{
	struct buf tag = BUF_INIT, path = BUF_INIT;
	struct stage_copy c = { NULL, NULL };
	struct err late = ERR_INIT;
	uint64_t last;
	int rc = -1;

	memset(x, 0, sizeof(*x));
	if (!p->tree->repo->git_root)
		return err_set(e, ERR_INPUT, "this project is not in git");
	if (stage_release_last(p, v->prefix, UINT64_MAX, &last, e))
		goto out;
	if (!v->tag && !last) {
		rc = no_release(v->prefix, "yet", e);
		goto out;
	}
	if (v->tag)
		buf_add_text(&tag, v->tag);
	else if (set_tag(&tag, v->prefix, last, e))
		goto out;
	buf_addf(&path, "%s/verify/%ld", p->tree->repo->tmp_dir, (long)getpid());
	if (buf_check(&path, e) || stage_revision_check(p, tag.p, e) ||
		stage_copy_make(p->tree, path.p, tag.p, &c, e))
		goto out;
	rc = verify_in(p, &c, v, tag.p, x, b, e);
	if (stage_copy_remove(p->tree, path.p, rc < 0 ? &late : e))
		rc = -1;
out:
	if (rc < 0 && tag.len)
		err_at(e, "%s", tag.p);
	stage_copy_release(&c);
	buf_release(&tag);
	buf_release(&path);
	return rc;
}
