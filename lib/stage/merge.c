#include "stage/merge.h"

#include <string.h>

#include "base/input.h"
#include "base/output.h"
#include "base/path.h"
#include "cas/git.h"
#include "stage/lockfile.h"

enum { MAX_TEXT = 1 << 24 };

static bool same(const json_t *a, const json_t *b)
{
	return a == b || (a && b && json_equal(a, b));
}

/* Borrowed: the merged entry, NULL if there is none or it cannot be merged (`*conflict`). */
static json_t *merge_entry(json_t *base, json_t *ours, json_t *theirs, bool *conflict)
{
	*conflict = false;
	if (same(ours, theirs) || same(theirs, base))
		return ours;
	if (same(ours, base))
		return theirs;
	*conflict = true;
	return NULL;
}

static int take(json_t *stages, const char *name, const json_t *base, const json_t *ours,
	const json_t *theirs, json_t *dropped, struct err *e)
{
	bool conflict;
	json_t *entry = merge_entry(stage_lockfile_get(base, name), stage_lockfile_get(ours, name),
		stage_lockfile_get(theirs, name), &conflict);

	if (entry && json_object_set(stages, name, entry))
		return err_nomem(e);
	if (conflict && json_array_append_new(dropped, json_string(name)))
		return err_nomem(e);
	return 0;
}

json_t *stage_merge_locks(const json_t *base, const json_t *ours, const json_t *theirs,
	json_t *dropped, struct err *e)
{
	json_t *merged = json_copy((json_t *)(uintptr_t)ours), *stages = json_object(), *ignored;
	const char *name;

	if (!merged || !stages || json_object_set(merged, "stages", stages)) {
		err_nomem(e);
		goto fail;
	}
	json_object_foreach(json_object_get(ours, "stages"), name,
		ignored) if (take(stages, name, base, ours, theirs, dropped, e)) goto fail;
	json_object_foreach(json_object_get(theirs, "stages"), name,
		ignored) if (!stage_lockfile_get(ours, name) &&
			     take(stages, name, base, ours, theirs, dropped, e)) goto fail;
	json_decref(stages);
	return merged;
fail:
	json_decref(stages);
	json_decref(merged);
	return NULL;
}

/* git gives names of files that are there, empty where a side has none. */
static json_t *load(const char *path, struct err *e)
{
	if (!path_exists(path)) {
		err_set(e, ERR_INPUT, "is not there");
		err_at(e, "%s", path);
		return NULL;
	}
	return stage_lockfile_load(path, e);
}

int stage_merge_files(
	const char *base, const char *ours, const char *theirs, json_t *dropped, struct err *e)
{
	json_t *b = load(base, e), *o = b ? load(ours, e) : NULL, *t = o ? load(theirs, e) : NULL;
	json_t *merged = t ? stage_merge_locks(b, o, t, dropped, e) : NULL;
	int rc = merged ? stage_lockfile_save(ours, merged, e) : -1;

	json_decref(b);
	json_decref(o);
	json_decref(t);
	json_decref(merged);
	return rc;
}

/* ---- set up in git ---- */

static int load_if_there(const char *path, struct buf *text, struct err *e)
{
	buf_reset(text);
	return path_exists(path) && !path_is_dir(path) ? input_load(path, MAX_TEXT, text, e) : 0;
}

static bool has_attribute(const struct buf *text)
{
	struct slice rest = buf_slice(text), line;

	while (slice_cut(&rest, '\n', &line)) {
		if (line.len && line.p[line.len - 1] == '\r')
			line.len--;
		if (slice_is(line, STAGE_MERGE_ATTRIBUTE))
			return true;
	}
	return false;
}

/* 1 there, 0 not, -1. */
static int ensure_attribute(const char *git_root, bool add, struct err *e)
{
	struct buf path = BUF_INIT, text = BUF_INIT;
	int rc = -1;

	path_join(&path, git_root, ".gitattributes");
	if (buf_check(&path, e) || load_if_there(path.p, &text, e))
		goto out;
	rc = has_attribute(&text);
	if (rc || !add)
		goto out;
	if (text.len && text.p[text.len - 1] != '\n')
		buf_add_char(&text, '\n');
	buf_add_text(&text, STAGE_MERGE_ATTRIBUTE "\n");
	rc = buf_check(&text, e) || output_save(path.p, OUTPUT_PLAIN, buf_slice(&text), e) ? -1 : 1;
out:
	buf_release(&path);
	buf_release(&text);
	return rc;
}

/* Seen without a process where .git is a folder; a linked work tree asks git. */
static int is_configured(const char *git_root, struct err *e)
{
	static const char *const get[] = { "config", "--get", "merge.cd4ml.driver", NULL };
	struct buf path = BUF_INIT, text = BUF_INIT;
	int rc = -1;

	path_join(&path, git_root, ".git/config");
	if (!buf_check(&path, e) && !load_if_there(path.p, &text, e))
		rc = text.len && strstr(text.p, STAGE_MERGE_SECTION) ? 1 : 0;
	buf_release(&path);
	buf_release(&text);
	if (rc)
		return rc;
	rc = cas_git_run(git_root, get, (struct slice){ NULL, 0 }, NULL, NULL, e);
	return rc < 0 ? -1 : rc == 0;
}

int stage_merge_setup(const char *git_root, bool add, struct err *e)
{
	static const char *const name[] = { "config", "merge.cd4ml.name",
		"dvc.lock, stage by stage", NULL };
	static const char *const driver[] = { "config", "merge.cd4ml.driver",
		"stage-run merge-driver %O %A %B", NULL };
	struct slice nothing = { NULL, 0 };
	int rc = ensure_attribute(git_root, add, e);

	if (rc == 1)
		rc = is_configured(git_root, e);
	else
		return rc;
	if (rc)
		return rc < 0 ? -1 : 0;
	if (cas_git_must(git_root, name, nothing, NULL, e))
		return -1;
	return cas_git_must(git_root, driver, nothing, NULL, e);
}
