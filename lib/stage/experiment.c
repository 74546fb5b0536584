#include "stage/experiment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/input.h"
#include "base/output.h"
#include "base/path.h"
#include "base/yedit.h"
#include "cas/git.h"
#include "stage/files.h"

static const struct slice nothing = { NULL, 0 };

/* The commit of an experiment into the emptied `id`: 1, 0 there is none, -1. */
static int find(const struct cas_worktree *w, const char *name, struct buf *id, struct err *e)
{
	struct buf ref = BUF_INIT;
	const char *args[] = { "rev-parse", "--verify", "--quiet", NULL, NULL };
	int rc = -1;

	buf_addf(&ref, CAS_REFS_EXPERIMENTS "%s^{commit}", name);
	args[3] = ref.p;
	if (!buf_check(&ref, e))
		rc = cas_git_run(w->repo->root, args, nothing, id, NULL, e);
	buf_release(&ref);
	if (id->len && id->p[id->len - 1] == '\n')
		buf_truncate(id, id->len - 1);
	return rc < 0 ? -1 : rc == 0;
}

static int find_or_fail(
	const struct cas_worktree *w, const char *name, struct buf *id, struct err *e)
{
	int rc = find(w, name, id, e);

	if (rc)
		return rc < 0 ? -1 : 0;
	err_set(e, ERR_INPUT, "there is no experiment '%s' that ended well", name);
	return err_hint(e, "make exp-show lists them");
}

static void folder_of(const struct cas_worktree *w, const char *name, struct buf *path)
{
	path_join(path, w->repo->tmp_dir, "exp");
	path_append(path, name);
}

/* ---- a name that nobody else has ---- */

static int check_name(const char *name, struct err *e)
{
	const char *p = name;

	while ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
		*p == '_' || (*p == '-' && p > name))
		p++;
	return *name && !*p ? 0
			    : err_set(e, ERR_INPUT,
				      "'%s' cannot be a name: letters, digits, - and _", name);
}

/* Its folder, made here, is what reserves a name: 1; 0 it is taken; -1. */
static int reserve(struct cas_worktree *w, const char *name, struct buf *path, struct err *e)
{
	struct buf id = BUF_INIT;
	int rc;

	folder_of(w, name, path);
	if (buf_check(path, e) || path_make_parents(path->p, e))
		return -1;
	if (mkdir(path->p, 0777)) {
		if (errno == EEXIST)
			return 0;
		err_errno(e, "cannot make the folder");
		return err_at(e, "%s", path->p);
	}
	rc = find(w, name, &id, e);
	buf_release(&id);
	if (rc)
		rmdir(path->p);
	return rc < 0 ? -1 : !rc;
}

static int choose_name(struct cas_worktree *w, const char *wanted, struct buf *name,
	struct buf *path, struct err *e)
{
	int rc = 0;

	if (wanted) {
		buf_add_text(name, wanted);
		rc = check_name(wanted, e) ? -1 : reserve(w, wanted, path, e);
		if (rc)
			return rc < 0 ? -1 : 0;
		err_set(e, ERR_INPUT, "there is an experiment '%s' already", wanted);
		return err_hint(e, "choose another name, or make exp-remove NAME=%s", wanted);
	}
	for (int i = 1; !rc; i++) {
		buf_reset(name);
		buf_addf(name, "exp-%d", i);
		rc = buf_check(name, e) ? -1 : reserve(w, name->p, path, e);
	}
	return rc < 0 ? -1 : 0;
}

/* ---- what it begins with ---- */

/* HEAD, or a commit of it with what is not committed yet; into the emptied `rev`. */
static int base_revision(const struct cas_worktree *w, struct buf *rev, struct err *e)
{
	const char *head[] = { "rev-parse", "--verify", "--quiet", "HEAD", NULL };
	const char *stash[] = { "stash", "create", NULL };
	int rc = cas_git_run(w->repo->root, head, nothing, rev, NULL, e);

	if (rc > 0) {
		err_set(e, ERR_INPUT, "there is no commit to begin with");
		err_hint(e, "git add and git commit the project first");
	}
	if (rc || cas_git_must(w->repo->root, stash, nothing, rev, e))
		return -1;
	if (!rev->len)
		buf_add_text(rev, "HEAD");
	else
		buf_truncate(rev, rev->len - 1);
	return buf_check(rev, e);
}

/* "KEY=VALUE" or "FILE:KEY=VALUE" into the copy's file. */
static int set_one(const struct stage_copy *c, const char *set, struct err *e)
{
	struct buf file = BUF_INIT, key = BUF_INIT, path = BUF_INIT, text = BUF_INIT,
		   out = BUF_INIT;
	const char *eq = strchr(set, '='),
		   *colon = eq ? memchr(set, ':', (size_t)(eq - set)) : NULL;
	int rc = -1;

	if (!eq || eq == set) {
		err_set(e, ERR_INPUT, "'%s' sets nothing: KEY=VALUE is expected", set);
		goto out;
	}
	if (colon)
		buf_add(&file, set, (size_t)(colon - set));
	else
		buf_add_text(&file, "params.yaml");
	buf_add(&key, colon ? colon + 1 : set, (size_t)(eq - (colon ? colon + 1 : set)));
	path_normalise(&file);
	path_join(&path, c->dir, file.p);
	if (buf_check(&path, e) || buf_check(&key, e))
		goto out;
	if (!path_stays_below(file.p) || !path_exists(path.p)) {
		err_set(e, ERR_INPUT, "git has no file of parameters '%s' here", file.p);
		goto out;
	}
	if (!input_load(path.p, JDOC_MAX_BYTES, &text, e) &&
		!yedit_set(&out, buf_slice(&text), file.p, key.p, eq + 1, e))
		rc = output_save(path.p, OUTPUT_PLAIN, buf_slice(&out), e);
out:
	buf_release(&file);
	buf_release(&key);
	buf_release(&path);
	buf_release(&text);
	buf_release(&out);
	return rc;
}

/* ---- what it ends with ---- */

static int commit(const struct stage_experiment *x, const struct stage_copy *c, const char *name,
	struct err *e)
{
	const char *update[] = { "add", "--update", ".", NULL };
	const char *add[] = { "add", "--force", NULL };
	const char *make[] = { "commit", "--quiet", "--no-verify", "--allow-empty", "-m", NULL,
		NULL };
	const char *keep[] = { "update-ref", NULL, "HEAD", "", NULL };
	struct cas_repo *r = cas_repo_open(c->dir, e);
	struct stage_files files = { .root = r ? r->root : NULL };
	struct stage_pipeline p = { .n = 0 };
	struct buf yaml = BUF_INIT, message = BUF_INIT, ref = BUF_INIT;
	int rc = -1;

	path_join(&yaml, c->dir, "dvc.yaml");
	buf_addf(&message, "Experiment %s\n", name);
	for (size_t i = 0; i < x->n_set; i++)
		buf_addf(&message, "\n%s", x->set[i]);
	buf_addf(&ref, CAS_REFS_EXPERIMENTS "%s", name);
	make[5] = message.p;
	keep[1] = ref.p;
	if (!r || buf_check(&yaml, e) || buf_check(&message, e) || buf_check(&ref, e) ||
		stage_spec_load(&p, yaml.p, r->here, e))
		goto out;
	if (!stage_files_add_all(&files, &p, NULL, 0, e) &&
		!cas_git_must(c->top, update, nothing, NULL, e) &&
		stage_files_git(r->root, add, &files, true, NULL, e) == 0 &&
		!cas_git_must(c->top, make, nothing, NULL, e))
		rc = cas_git_must(c->top, keep, nothing, NULL, e);
	stage_spec_release(&p);
out:
	stage_files_release(&files);
	cas_repo_close(r);
	buf_release(&yaml);
	buf_release(&message);
	buf_release(&ref);
	return rc;
}

static int run_in_copy(struct cas_worktree *w, const struct stage_experiment *x,
	const struct stage_copy *c, const char *name, struct stage_exec_result *r, struct err *e)
{
	struct buf log = BUF_INIT;
	int rc = -1;

	buf_addf(&log, "%s/log/exp-%s.log", w->repo->tmp_dir, name);
	if (!buf_check(&log, e))
		rc = stage_copy_run(c, x->command, x->shell, log.p, r, e);
	buf_release(&log);
	return rc;
}

int stage_experiment_run(struct cas_worktree *w, const struct stage_experiment *x,
	struct stage_exec_result *r, struct buf *b, struct err *e)
{
	struct buf name = BUF_INIT, path = BUF_INIT, rev = BUF_INIT;
	struct stage_copy c = { NULL, NULL };
	struct err late = ERR_INIT;
	int rc = -1;

	memset(r, 0, sizeof(*r));
	if (!w->repo->git_root) {
		err_set(e, ERR_INPUT, "this project is not in git");
		goto out;
	}
	if (base_revision(w, &rev, e) || choose_name(w, x->name, &name, &path, e) ||
		stage_copy_make(w, path.p, rev.p, &c, e))
		goto out;
	rc = 0;
	for (size_t i = 0; i < x->n_set && !rc; i++)
		rc = set_one(&c, x->set[i], e);
	if (rc) {
		if (stage_copy_remove(w, path.p, &late))
			diag_say(w->diag, DIAG_WARNING, "%s", late.what);
		goto out;
	}
	rc = run_in_copy(w, x, &c, name.p, r, e) || commit(x, &c, name.p, e) ||
			     stage_copy_remove(w, path.p, e)
		     ? -1
		     : 0;
	if (rc)
		err_at(e, "experiment '%s' (its files are in %s)", name.p, path.p);
	else
		buf_addf(b, "experiment '%s' is done\n", name.p);
out:
	buf_release(&name);
	buf_release(&path);
	buf_release(&rev);
	stage_copy_release(&c);
	return rc;
}

/* ---- afterwards ---- */

/* Names of files that a command of git prints, each ended by a NUL. */
static int add_names(struct stage_files *f, struct slice text, struct err *e)
{
	for (const char *p = text.p; p < text.p + text.len; p += strlen(p) + 1)
		if (stage_files_add(f, p, e))
			return -1;
	return 0;
}

/* Is the workspace's file as in the revision? 1, 0, -1. */
static int is_as_in(const char *top, const char *rev, const char *file, struct err *e)
{
	const char *diff[] = { "diff", "--quiet", rev, "--", file, NULL };
	const char *others[] = { "ls-files", "--others", "--", file, NULL };
	struct buf out = BUF_INIT;
	int rc = cas_git_run(top, diff, nothing, NULL, NULL, e);

	/* git diff does not look at a file that git does not know */
	if (!rc)
		rc = cas_git_run(top, others, nothing, &out, NULL, e);
	if (!rc)
		rc = out.len > 0;
	buf_release(&out);
	return rc < 0 ? -1 : !rc;
}

static int check_workspace(const char *top, const char *base, const char *id,
	const struct stage_files *f, struct err *e)
{
	for (size_t i = 0; i < f->n; i++) {
		int same = is_as_in(top, base, f->list[i], e);

		if (!same)
			same = is_as_in(top, id, f->list[i], e);
		if (same < 0)
			return -1;
		if (same)
			continue;
		err_set(e, ERR_INPUT, "'%s' was changed here since the experiment began",
			f->list[i]);
		return err_hint(e, "commit or undo that, or --force");
	}
	return 0;
}

int stage_experiment_apply(
	struct cas_worktree *w, const char *name, bool force, struct buf *b, struct err *e)
{
	struct buf id = BUF_INIT, base = BUF_INIT, names = BUF_INIT, source = BUF_INIT;
	const char *diff[] = { "diff", "--name-only", "-z", "--no-renames", NULL, NULL, NULL };
	const char *restore[] = { "restore", "--worktree", NULL, NULL };
	struct stage_files files = { .root = NULL };
	const char *top = w->repo->git_root;
	int rc = -1;

	if (check_name(name, e) || find_or_fail(w, name, &id, e))
		goto out;
	buf_addf(&base, "%s^", id.p);
	buf_addf(&source, "--source=%s", id.p);
	if (buf_check(&base, e) || buf_check(&source, e))
		goto out;
	diff[4] = base.p;
	diff[5] = id.p;
	restore[2] = source.p;
	if (cas_git_must(top, diff, nothing, &names, e) ||
		add_names(&files, buf_slice(&names), e) ||
		(!force && check_workspace(top, base.p, id.p, &files, e)) ||
		stage_files_git(top, restore, &files, true, NULL, e))
		goto out;
	for (size_t i = 0; i < files.n; i++)
		buf_addf(b, "%s%s%s", i ? ", " : "", files.list[i], i + 1 < files.n ? "" : "\n");
	rc = 0;
out:
	buf_release(&id);
	buf_release(&base);
	buf_release(&names);
	buf_release(&source);
	stage_files_release(&files);
	return rc;
}

int stage_experiment_remove(struct cas_worktree *w, const char *name, struct err *e)
{
	struct buf id = BUF_INIT, path = BUF_INIT, ref = BUF_INIT;
	const char *forget[] = { "update-ref", "-d", NULL, NULL };
	int rc = check_name(name, e), known;

	if (rc)
		return -1;
	folder_of(w, name, &path);
	buf_addf(&ref, CAS_REFS_EXPERIMENTS "%s", name);
	forget[2] = ref.p;
	known = find(w, name, &id, e);
	rc = known < 0 || buf_check(&path, e) || buf_check(&ref, e) ? -1 : 0;
	if (!rc && !known && !path_exists(path.p))
		rc = err_set(e, ERR_INPUT, "there is no experiment '%s'", name);
	if (!rc && path_exists(path.p))
		rc = stage_copy_remove(w, path.p, e);
	if (!rc && known)
		rc = cas_git_must(w->repo->root, forget, nothing, NULL, e);
	buf_release(&id);
	buf_release(&path);
	buf_release(&ref);
	return rc;
}
