/* Which refs a target names. */
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
