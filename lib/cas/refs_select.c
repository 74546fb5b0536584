/* Which refs a target names, and whether they can stand side by side. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/path.h"
#include "cas/refs.h"

static bool is_at_or_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	if (!strcmp(dir, "."))
		return true;
	return !strncmp(path, dir, len) && (!path[len] || path[len] == '/');
}

/* "path/dvc.yaml:stage" or "stage" against the lock file that stands beside that dvc.yaml. */
static bool is_stage_named(const struct cas_ref *ref, const char *target)
{
	const char *colon = strrchr(target, ':'), *name = colon ? colon + 1 : target;
	size_t dir = strlen(ref->file) - strlen("dvc.lock"), len = strlen(name);
	bool same = !strncmp(ref->stage, name, len) && (!ref->stage[len] || ref->stage[len] == '@');

	if (!same)
		return false;
	if (!colon)
		return !strchr(target, '/') && dir == 0;
	return (size_t)(colon - target) == dir + strlen("dvc.yaml") &&
	       !strncmp(target, ref->file, dir) && !strncmp(target + dir, "dvc.yaml", 8);
}

bool cas_refs_is_named(const struct cas_ref *ref, const char *target)
{
	size_t len = strlen(target);

	if (!strcmp(target, ref->file) || is_at_or_below(ref->out.path, target))
		return true;
	if (!ref->stage)
		return false;
	if (len >= 8 && !strcmp(target + len - 8, "dvc.yaml") && strlen(ref->file) == len &&
		!strncmp(target, ref->file, len - 8))
		return true;
	return is_stage_named(ref, target);
}

static int no_such(const struct cas_refs *r, const char *typed, const char *rel, struct err *e)
{
	err_set(e, ERR_INPUT, "'%s' is neither an output nor a stage nor a .dvc file", typed);
	for (size_t i = 0; i < r->n; i++)
		if (is_at_or_below(rel, r->refs[i].out.path))
			return err_hint(e, "it is inside of '%s', which is stored as a whole",
				r->refs[i].out.path);
	return err_hint(e, "cas-hash add NAME tracks a file or a folder");
}

int cas_refs_select(const struct cas_refs *r, const struct cas_repo *repo, char *const *targets,
	size_t n_targets, bool *wanted, struct err *e)
{
	struct buf rel = BUF_INIT;
	int result = -1;

	for (size_t i = 0; i < r->n; i++)
		wanted[i] = !n_targets && !r->refs[i].is_stale;
	for (size_t t = 0; t < n_targets; t++) {
		bool found = false;

		if (cas_repo_relative(repo, targets[t], &rel, e))
			goto out;
		for (size_t i = 0; i < r->n; i++) {
			if (r->refs[i].is_stale ||
				(!cas_refs_is_named(&r->refs[i], rel.p) &&
					!(r->refs[i].stage &&
						is_stage_named(&r->refs[i], targets[t]))))
				continue;
			wanted[i] = found = true;
		}
		if (!found) {
			no_such(r, targets[t], rel.p, e);
			goto out;
		}
	}
	result = 0;
out:
	buf_release(&rel);
	return result;
}

/* ---- owners ---- */

/* By path, with "/" before every other character: what lies inside of a folder comes right behind it. */
static int by_path(const void *a, const void *b)
{
	const struct cas_ref *const *p = a, *const *q = b;
	const char *x = (*p)->out.path, *y = (*q)->out.path;

	while (*x && *x == *y) {
		x++;
		y++;
	}
	return (*x == '/'   ? 1
		       : *x ? 2 + (unsigned char)*x
			    : 0) -
	       (*y == '/'   ? 1
		       : *y ? 2 + (unsigned char)*y
			    : 0);
}

int cas_refs_check_apart(const struct cas_refs *r, struct err *e)
{
	const struct cas_ref **sorted = mem_array(r->n + 1, sizeof(struct cas_ref *), e);
	size_t n = 0;
	int result = sorted ? 0 : -1;

	for (size_t i = 0; i < r->n && sorted; i++)
		if (!r->refs[i].is_stale)
			sorted[n++] = &r->refs[i];
	if (n)
		qsort(sorted, n, sizeof(struct cas_ref *), by_path);
	for (size_t i = 1; i < n && !result; i++) {
		const struct cas_ref *outer = sorted[i - 1], *inner = sorted[i];

		if (!is_at_or_below(inner->out.path, outer->out.path))
			continue;
		err_set(e, ERR_INPUT, "'%s' (%s) lies inside of '%s' (%s)", inner->out.path,
			inner->file, outer->out.path, outer->file);
		result = err_hint(e, "only one of them can have it: remove the other");
	}
	free(sorted);
	return result;
}
