#include "stage/start.h"

#include <string.h>

#include "base/input.h"
#include "base/output.h"
#include "base/path.h"
#include "cas/git.h"
#include "stage/setup.h"

#define PLACE "@CD4ML_MK@"

static const char *const files[][2] = {
	{ "new/Makefile", "Makefile" },
	{ "new/params.yaml", "params.yaml" },
	{ "new/gitlab-ci.yml", ".gitlab-ci.yml" },
	{ "gitlab/cd4ml.gitlab-ci.yml", "cd4ml.gitlab-ci.yml" },
	{ "new/gitignore", ".gitignore" },
};

enum { N_FILES = sizeof(files) / sizeof(*files) };

static void add_replaced(struct buf *b, const char *text, const char *include)
{
	const char *at;

	while ((at = strstr(text, PLACE))) {
		buf_add(b, text, (size_t)(at - text));
		buf_add_text(b, include);
		text = at + strlen(PLACE);
	}
	buf_add_text(b, text);
}

static int write_one(
	const char *mk_dir, const char *const file[2], const char *include, struct err *e)
{
	struct buf path = BUF_INIT, text = BUF_INIT, made = BUF_INIT;
	int rc = -1;

	path_join(&path, mk_dir, file[0]);
	if (!buf_check(&path, e) && !input_load(path.p, 1 << 20, &text, e)) {
		add_replaced(&made, text.p, include);
		rc = buf_check(&made, e) ? -1
					 : output_save(file[1], OUTPUT_PLAIN, buf_slice(&made), e);
	}
	buf_release(&path);
	buf_release(&text);
	buf_release(&made);
	return rc;
}

static int make_git(struct err *e)
{
	static const char *const inside[] = { "rev-parse", "--is-inside-work-tree", NULL };
	static const char *const init[] = { "init", "--quiet", NULL };
	struct slice nothing = { NULL, 0 };
	int rc = cas_git_run(".", inside, nothing, NULL, NULL, e);

	return rc > 0 ? cas_git_must(".", init, nothing, NULL, e) : rc;
}

int stage_start(const char *mk_dir, const char *include, struct buf *b, struct err *e)
{
	for (size_t i = 0; i < N_FILES; i++) {
		if (!path_exists(files[i][1]))
			continue;
		err_set(e, ERR_INPUT, "'%s' is there already", files[i][1]);
		return err_hint(e, "a project is started in a folder without it");
	}
	for (size_t i = 0; i < N_FILES; i++) {
		if (write_one(mk_dir, files[i], include, e))
			return -1;
		buf_addf(b, "%s\n", files[i][1]);
	}
	if (make_git(e) || stage_setup(NULL, false, true, e))
		return -1;
	return buf_check(b, e);
}
