/* A new repository, as dvc init makes it. */
#include <stdlib.h>

#include "base/output.h"
#include "base/path.h"
#include "cas/git.h"
#include "cas/repo.h"

static int save_text(const char *dir, const char *name, const char *text, struct err *e)
{
	struct buf path = BUF_INIT;
	int r = -1;

	path_join(&path, dir, name);
	if (!buf_check(&path, e))
		r = output_save(path.p, OUTPUT_SYNC, slice_of(text), e);
	buf_release(&path);
	return r;
}

static int check_git(const char *dir, enum cas_init how, struct err *e)
{
	struct buf git = BUF_INIT;
	char *physical = realpath(dir, NULL);
	int there = 0;

	if (!physical) {
		there = err_errno(e, "cannot open the folder '%s'", dir);
	} else if (how == CAS_INIT_SUBDIR) {
		there = cas_repo_find_git(physical, &git, e);
	} else {
		path_join(&git, physical, ".git");
		there = buf_check(&git, e) ? -1 : path_exists(git.p);
	}
	if (!there && how == CAS_INIT_SUBDIR) {
		err_set(e, ERR_INPUT, "'%s' is in no git repository", dir);
		err_hint(e, "run git init first, or give --no-scm");
	} else if (!there) {
		err_set(e, ERR_INPUT, "'%s' is not the root of a git repository", dir);
		err_hint(e, "run git init first, or give --subdir or --no-scm");
	}
	free(physical);
	buf_release(&git);
	return there > 0 ? 0 : -1;
}

int cas_repo_init(const char *dir, enum cas_init how, struct err *e)
{
	static const char *const stage[] = { "add", "--", ".dvc/config", ".dvc/.gitignore",
		".dvcignore", NULL };
	bool has_git = how != CAS_INIT_NO_SCM;
	struct buf b = BUF_INIT;
	int r = -1;

	if (has_git && check_git(dir, how, e))
		goto out;
	path_join(&b, dir, ".dvc/config");
	if (path_exists(b.p)) {
		err_set(e, ERR_INPUT, "there is a repository already in '%s'", dir);
		goto out;
	}
	path_join(&b, dir, ".dvc/tmp");
	if (buf_check(&b, e) || path_make_dirs(b.p, e))
		goto out;
	/* The configuration comes last: with it the repository is there. */
	if (has_git && save_text(dir, ".dvc/.gitignore", "/config.local\n/tmp\n/cache\n", e))
		goto out;
	path_join(&b, dir, ".dvcignore");
	if (!path_exists(b.p) &&
		save_text(dir, ".dvcignore",
			"# Add patterns of files dvc should ignore, which could improve\n"
			"# the performance. Learn more at\n"
			"# https://dvc.org/doc/user-guide/dvcignore\n",
			e))
		goto out;
	if (save_text(dir, ".dvc/config", has_git ? "" : "[core]\n    no_scm = True\n", e))
		goto out;
	if (has_git && cas_git_must(dir, stage, (struct slice){ NULL, 0 }, NULL, e))
		goto out;
	r = 0;
out:
	buf_release(&b);
	return r;
}
