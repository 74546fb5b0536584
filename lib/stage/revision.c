#include "stage/revision.h"

#include <string.h>

#include "base/doc.h"
#include "base/path.h"
#include "cas/git.h"

static json_t *load_here(struct stage_project *p, const char *full, struct err *e)
{
	struct buf path = BUF_INIT;
	json_t *v = NULL;

	cas_repo_absolute(p->tree->repo, full, &path);
	if (!buf_check(&path, e))
		v = path_exists(path.p) ? doc_load(path.p, e) : json_null();
	buf_release(&path);
	return v;
}

json_t *stage_revision_load(
	struct stage_project *p, const char *rev, const char *full, struct err *e)
{
	struct buf object = BUF_INIT, text = BUF_INIT;
	const char *args[] = { "show", NULL, NULL };
	json_t *v = NULL;
	int rc;

	if (!rev)
		return load_here(p, full, e);
	buf_addf(&object, "%s:./%s", rev, full);
	args[1] = object.p;
	rc = buf_check(&object, e) ? -1
				   : cas_git_run(p->tree->repo->root, args,
					     (struct slice){ NULL, 0 }, &text, NULL, e);
	if (rc > 0)
		v = json_null();
	else if (!rc)
		v = doc_parse(buf_slice(&text), full, e);
	buf_release(&object);
	buf_release(&text);
	return v;
}

json_t *stage_revision_load_cached(struct stage_project *p, const json_t *lock,
	const struct stage_spec *s, const struct stage_out *out, struct err *e)
{
	json_t *item =
		stage_lockfile_find(stage_lockfile_get(lock, s->name), "outs", out->path.text);
	struct buf text = BUF_INIT;
	struct cas_content c;
	json_t *v = NULL;
	bool has_id = false;

	if (!item || cas_pointer_read_entry(item, "dvc.lock", &c, &has_id, e) || !has_id ||
		!cas_object_has(p->tree->cache, &c.id)) {
		err_clear(e);
		return json_null();
	}
	if (!cas_object_load(p->tree->cache, &c.id, &text, e))
		v = doc_parse(buf_slice(&text), out->path.text, e);
	buf_release(&text);
	return v;
}

int stage_revision_check(const struct stage_project *p, const char *rev, struct err *e)
{
	const char *args[] = { "rev-parse", "--verify", "--quiet", NULL, NULL };
	struct buf name = BUF_INIT, out = BUF_INIT;
	int rc;

	buf_addf(&name, "%s^{commit}", rev);
	args[3] = name.p;
	rc = *rev == '-' ? 1
			 : cas_git_run(p->tree->repo->root, args, (struct slice){ NULL, 0 }, &out,
				   NULL, e);
	/* before the first commit there is nothing to compare with, which is no mistake */
	if (rc > 0)
		rc = !strcmp(rev, "HEAD")
			     ? 0
			     : err_set(e, ERR_INPUT, "git knows no revision '%s'", rev);
	buf_release(&name);
	buf_release(&out);
	return rc;
}
