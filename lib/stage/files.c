#include "stage/files.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "cas/git.h"

void stage_files_release(struct stage_files *f)
{
	free(f->list);
	arena_release(&f->mem);
	memset(f, 0, sizeof(*f));
}

static int append(struct stage_files *f, const char *s, struct err *e)
{
	if (mem_grow(&f->list, &f->cap, f->n + 2, sizeof(*f->list), e))
		return -1;
	f->list[f->n] = arena_dup(&f->mem, s, strlen(s), e);
	if (!f->list[f->n])
		return -1;
	f->list[++f->n] = NULL;
	return 0;
}

int stage_files_add(struct stage_files *f, const char *full, struct err *e)
{
	struct buf path = BUF_INIT;
	int rc;

	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->list[i], full))
			return 0;
	if (!f->root)
		return append(f, full, e);
	path_join(&path, f->root, full);
	rc = buf_check(&path, e);
	if (!rc && path_exists(path.p))
		rc = append(f, full, e);
	buf_release(&path);
	return rc;
}

static int add_beside(struct stage_files *f, const char *full, const char *name, struct err *e)
{
	struct buf dir = BUF_INIT, path = BUF_INIT;
	int rc;

	path_dir(&dir, full);
	path_join(&path, dir.p, name);
	rc = buf_check(&dir, e) || buf_check(&path, e) ? -1 : stage_files_add(f, path.p, e);
	buf_release(&dir);
	buf_release(&path);
	return rc;
}

static int add_pointer(struct stage_files *f, const char *full, struct err *e)
{
	struct buf path = BUF_INIT;
	int rc;

	buf_addf(&path, "%s.dvc", full);
	rc = buf_check(&path, e) ? -1 : stage_files_add(f, path.p, e);
	buf_release(&path);
	return rc || add_beside(f, full, ".gitignore", e) ? -1 : 0;
}

static int add_stage(struct stage_files *f, const struct stage_spec *s, struct err *e)
{
	for (size_t i = 0; i < s->n_deps; i++)
		if (add_pointer(f, s->deps[i].full, e))
			return -1;
	for (size_t i = 0; i < s->n_params; i++)
		if (stage_files_add(f, s->params[i].full, e))
			return -1;
	for (size_t i = 0; i < s->n_outs; i++) {
		const struct stage_out *out = &s->outs[i];

		if (out->cache ? add_beside(f, out->path.full, ".gitignore", e)
			       : stage_files_add(f, out->path.full, e))
			return -1;
	}
	return 0;
}

int stage_files_add_all(struct stage_files *f, const struct stage_pipeline *p,
	const char *const *with, size_t n_with, struct err *e)
{
	static const char *const fixed[] = { "dvc.yaml", "dvc.lock" };
	static const char *const root[] = { ".dvc/config", ".dvc/.gitignore", ".dvcignore" };
	struct buf path = BUF_INIT;
	int rc = 0;

	for (size_t i = 0; i < 2 + n_with && !rc; i++) {
		path_join(&path, p->dir, i < 2 ? fixed[i] : with[i - 2]);
		path_normalise(&path);
		rc = buf_check(&path, e) ? -1 : stage_files_add(f, path.p, e);
	}
	for (size_t i = 0; i < 3 && !rc; i++)
		rc = stage_files_add(f, root[i], e);
	for (size_t i = 0; i < p->n && !rc; i++)
		rc = add_stage(f, &p->stages[i], e);
	buf_release(&path);
	return rc;
}

int stage_files_git(const char *dir, const char *const *head, const struct stage_files *f,
	bool must, struct buf *out, struct err *e)
{
	struct slice nothing = { NULL, 0 };
	struct stage_files all = { 0 };
	int rc = 0;

	if (!f->n)
		return 0;
	while (*head && !rc)
		rc = append(&all, *head++, e);
	if (!rc)
		rc = append(&all, "--", e);
	for (size_t i = 0; i < f->n && !rc; i++)
		rc = append(&all, f->list[i], e);
	if (!rc)
		rc = must ? cas_git_must(dir, all.list, nothing, out, e)
			  : cas_git_run(dir, all.list, nothing, out, NULL, e);
	stage_files_release(&all);
	return rc;
}
