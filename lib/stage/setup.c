#include "stage/setup.h"

#include <string.h>

#include "base/input.h"
#include "base/output.h"
#include "base/path.h"
#include "cas/git.h"
#include "cas/repo.h"
#include "stage/merge.h"

#define REMOTE_NAME   "cd4ml"
#define INSIDE_DVC    "remote"
#define IGNORE_INSIDE "/" INSIDE_DVC

bool stage_setup_is_done(void)
{
	struct err e = ERR_INIT;
	struct cas_repo *r = cas_repo_open(NULL, &e);

	cas_repo_close(r);
	return r != NULL;
}

static int make_repo(struct err *e)
{
	static const char *const args[] = { "rev-parse", "--show-toplevel", NULL };
	struct buf top = BUF_INIT;
	struct err no_git = ERR_INIT;
	int rc = cas_git_run(".", args, (struct slice){ NULL, 0 }, &top, NULL, &no_git);

	if (!rc && top.len && top.p[top.len - 1] == '\n') {
		top.p[top.len - 1] = '\0';
		rc = cas_repo_init(top.p, CAS_INIT_ROOT, e);
	} else {
		rc = cas_repo_init(".", CAS_INIT_NO_SCM, e);
	}
	buf_release(&top);
	return rc;
}

/* The folder inside .dvc holds data: git must not see it. */
static int ignore_inside(const struct cas_repo *r, struct err *e)
{
	struct buf path = BUF_INIT, text = BUF_INIT;
	struct slice rest, line;
	int rc = -1;

	path_join(&path, r->dvc_dir, ".gitignore");
	if (buf_check(&path, e) || (path_exists(path.p) && input_load(path.p, 1 << 20, &text, e)))
		goto out;
	rest = buf_slice(&text);
	rc = 0;
	while (slice_cut(&rest, '\n', &line))
		if (slice_is(line, IGNORE_INSIDE))
			goto out;
	if (text.len && text.p[text.len - 1] != '\n')
		buf_add_char(&text, '\n');
	buf_add_text(&text, IGNORE_INSIDE "\n");
	rc = buf_check(&text, e) ? -1 : output_save(path.p, OUTPUT_PLAIN, buf_slice(&text), e);
out:
	buf_release(&path);
	buf_release(&text);
	return rc;
}

/* As .dvc/config has it: paths that were relative to here become relative to .dvc. */
static int config_url(const struct cas_repo *r, const char *url, struct buf *out, struct err *e)
{
	struct buf abs = BUF_INIT;
	int rc = 0;

	buf_reset(out);
	if (!strncmp(url, "file://", 7)) {
		url += 7;
		if (*url != '/') {
			err_set(e, ERR_INPUT, "'file://%s' has no absolute path", url);
			return err_hint(e, "write file:///path, or a path alone");
		}
	}
	if (strstr(url, "://") || *url == '/' || *url == '~') {
		buf_add_text(out, url);
	} else {
		rc = path_absolute(&abs, url, e);
		if (!rc)
			path_relative(out, r->dvc_dir, abs.p);
	}
	buf_release(&abs);
	return rc ? rc : buf_check(out, e);
}

static int set_remote(struct cas_repo *r, const char *url, bool local, struct err *e)
{
	enum cas_level level = local ? CAS_LEVEL_LOCAL : CAS_LEVEL_REPO;
	const char *name = cas_repo_get(r, "core", "remote"), *is;
	struct buf section = BUF_INIT, want = BUF_INIT;
	int rc = -1;

	if (!name)
		name = REMOTE_NAME;
	buf_addf(&section, "remote \"%s\"", name);
	if (buf_check(&section, e) || config_url(r, url, &want, e))
		goto out;
	is = cas_repo_get(r, section.p, "url");
	rc = 0;
	if (!is || strcmp(is, want.p) != 0)
		rc = cas_repo_set(r, level, section.p, "url", want.p, e);
	if (!rc && !cas_repo_get(r, "core", "remote"))
		rc = cas_repo_set(r, level, "core", "remote", REMOTE_NAME, e);
out:
	buf_release(&section);
	buf_release(&want);
	return rc;
}

static int set_inside(struct cas_repo *r, struct err *e)
{
	if (cas_repo_get(r, "core", "remote"))
		return 0;
	if (ignore_inside(r, e) ||
		cas_repo_set(r, CAS_LEVEL_REPO, "remote \"" REMOTE_NAME "\"", "url", INSIDE_DVC, e))
		return -1;
	return cas_repo_set(r, CAS_LEVEL_REPO, "core", "remote", REMOTE_NAME, e);
}

int stage_setup(const char *url, bool local, bool merge, struct err *e)
{
	struct cas_repo *r;
	int rc;

	if (!stage_setup_is_done() && make_repo(e))
		return -1;
	r = cas_repo_open(NULL, e);
	if (!r)
		return -1;
	rc = url && *url ? set_remote(r, url, local, e) : set_inside(r, e);
	if (!rc && r->git_root)
		rc = stage_merge_setup(r->git_root, merge, e);
	else if (!rc && merge)
		rc = err_set(e, ERR_INPUT, "this project is not in git");
	cas_repo_close(r);
	return rc;
}
