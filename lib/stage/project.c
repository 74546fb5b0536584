#include "stage/project.h"

#include <stdlib.h>
#include <string.h>

#include "base/lock.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/ydoc.h"

enum { LOCK_WAIT_MS = 60000 };

static char *beside(const struct stage_project *p, const char *name, struct err *e)
{
	struct buf b = BUF_INIT;
	char *s;

	cas_repo_absolute(p->tree->repo, p->tree->repo->here, &b);
	path_append(&b, name);
	path_normalise(&b);
	s = buf_detach(&b, e);
	buf_release(&b);
	return s;
}

static int read_pipeline(struct stage_project *p, const json_t *doc, struct err *e)
{
	const char *here = p->tree->repo->here;

	if (doc)
		return stage_spec_parse(&p->pipeline, doc, here, "dvc.yaml", e);
	if (!path_exists(p->yaml_path)) {
		err_set(e, ERR_INPUT, "there is no dvc.yaml here");
		return err_hint(e, "with cd4ml.mk, `make repro` writes it from the Makefile");
	}
	return stage_spec_load(&p->pipeline, p->yaml_path, here, e);
}

int stage_project_open(struct stage_project *p, const json_t *doc, struct pool *pool,
	struct diag *diag, struct err *e)
{
	memset(p, 0, sizeof(*p));
	p->tree = cas_worktree_open(NULL, pool, diag, e);
	if (!p->tree)
		return -1;
	p->yaml_path = beside(p, "dvc.yaml", e);
	p->lock_path = beside(p, "dvc.lock", e);
	if (!p->yaml_path || !p->lock_path || read_pipeline(p, doc, e) ||
		stage_graph_build(&p->graph, &p->pipeline, e) || stage_project_reload(p, e)) {
		stage_project_close(p);
		return -1;
	}
	return 0;
}

void stage_project_close(struct stage_project *p)
{
	json_decref(p->lock);
	stage_params_release(&p->params);
	stage_graph_release(&p->graph);
	stage_spec_release(&p->pipeline);
	cas_worktree_close(p->tree);
	free(p->yaml_path);
	free(p->lock_path);
	memset(p, 0, sizeof(*p));
}

int stage_project_reload(struct stage_project *p, struct err *e)
{
	json_t *lock = stage_lockfile_load(p->lock_path, e);

	if (!lock)
		return -1;
	json_decref(p->lock);
	p->lock = lock;
	return 0;
}

int stage_project_record(struct stage_project *p, const char *stage, json_t *entry, struct err *e)
{
	struct lock *lock = cas_repo_lock(p->tree->repo, LOCK_WAIT_MS, e);
	int rc = -1;

	if (!lock)
		return -1;
	if (!stage_project_reload(p, e) &&
		!stage_lockfile_put(p->lock, &p->pipeline, stage, entry, e))
		rc = stage_lockfile_save(p->lock_path, p->lock, e);
	lock_drop(lock);
	return rc;
}

int stage_project_hash(
	struct stage_project *p, const char *full, struct cas_content *c, struct err *e)
{
	return cas_worktree_hash(p->tree, full, false, c, e);
}

/* The content of what lies at `rest` in the recorded folder `c`; 2 if its list is not here. */
static int member_of(
	struct stage_project *p, const char *rest, struct cas_content *c, struct err *e)
{
	struct cas_manifest m = CAS_MANIFEST_INIT;
	const struct cas_manifest_entry *entry;
	int rc = 0;

	if (!c->id.is_dir)
		return 0;
	if (!cas_object_has(p->tree->cache, &c->id))
		return 2;
	if (cas_worktree_manifest(p->tree, &c->id, &m, e)) {
		cas_manifest_release(&m);
		return -1;
	}
	entry = cas_manifest_find(&m, slice_of(rest));
	if (entry) {
		memset(c, 0, sizeof(*c));
		memcpy(c->id.md5, entry->md5, sizeof(c->id.md5));
		c->size = -1;
		rc = 1;
	}
	cas_manifest_release(&m);
	/* a folder inside of it: its hash is not known without its files */
	return entry ? rc : 2;
}

static const struct stage_out *out_above(const struct stage_spec *s, const char *full)
{
	for (size_t k = 0; k < s->n_outs; k++) {
		const char *out = s->outs[k].path.full;
		size_t n = strlen(out);

		if (!strncmp(full, out, n) && (!full[n] || full[n] == '/'))
			return &s->outs[k];
	}
	return NULL;
}

/* 1: an output of dvc.lock is or holds `full`; 0; -1. */
static int holder_in_lock(struct stage_project *p, const char *full, struct buf *holder,
	struct cas_content *c, struct err *e)
{
	size_t maker = stage_graph_maker(&p->graph, full);
	const struct stage_spec *s;
	const struct stage_out *out;
	json_t *item;
	bool has_id;

	if (maker == SIZE_MAX)
		return 0;
	s = &p->pipeline.stages[maker];
	out = out_above(s, full);
	item = stage_lockfile_find(stage_lockfile_get(p->lock, s->name), "outs", out->path.text);
	if (!item)
		return 0;
	if (cas_pointer_read_entry(item, "dvc.lock", c, &has_id, e))
		return -1;
	buf_add_text(holder, out->path.full);
	return has_id;
}

/* The same for full.dvc, or the .dvc of a folder above it. */
static int holder_in_pointer(struct stage_project *p, const char *full, struct buf *holder,
	struct cas_content *c, struct err *e)
{
	struct buf path = BUF_INIT, file = BUF_INIT;
	size_t len = strlen(full);
	int rc = 0;

	while (len && !rc) {
		buf_reset(&file);
		buf_add(&file, full, len);
		buf_add_text(&file, ".dvc");
		cas_repo_absolute(p->tree->repo, file.p, &path);
		rc = buf_check(&file, e) || buf_check(&path, e) ? -1 : 0;
		if (!rc && path_exists(path.p) && !path_is_dir(path.p)) {
			struct cas_pointer *ptr = cas_pointer_load(p->tree->repo->root, file.p, e);

			rc = ptr ? 0 : -1;
			if (ptr && ptr->n_outs && ptr->outs[0].has_id) {
				*c = ptr->outs[0].content;
				buf_add(holder, full, len);
				rc = 1;
			}
			cas_pointer_free(ptr);
			break;
		}
		while (len && full[len - 1] != '/')
			len--;
		if (len)
			len--;
	}
	buf_release(&path);
	buf_release(&file);
	return rc;
}

int stage_project_holder(struct stage_project *p, const char *full, struct buf *holder,
	struct cas_content *c, struct err *e)
{
	int rc;

	buf_reset(holder);
	memset(c, 0, sizeof(*c));
	rc = holder_in_lock(p, full, holder, c, e);
	if (!rc) {
		buf_reset(holder);
		rc = holder_in_pointer(p, full, holder, c, e);
	}
	return rc > 0 && buf_check(holder, e) ? -1 : rc;
}

int stage_project_recorded(
	struct stage_project *p, const char *full, struct cas_content *c, struct err *e)
{
	struct buf holder = BUF_INIT;
	int rc = stage_project_holder(p, full, &holder, c, e);

	if (rc == 1 && strcmp(holder.p, full) != 0)
		rc = member_of(p, full + holder.len + 1, c, e);
	buf_release(&holder);
	return rc;
}

json_t *stage_project_item(const char *path, const struct cas_content *c, struct err *e)
{
	char hex[CAS_ID_TEXT_MAX];
	json_t *item;

	cas_id_format(&c->id, hex);
	item = json_pack("{s:s, s:s, s:s, s:I}", "path", path, "hash", "md5", "md5", hex, "size",
		(json_int_t)c->size);
	if (item && c->id.is_dir)
		if (json_object_set_new(item, "nfiles", json_integer((json_int_t)c->n_files)))
			goto nomem;
	if (item && c->is_exec)
		if (json_object_set_new(item, "isexec", json_true()))
			goto nomem;
	if (item)
		return item;
nomem:
	json_decref(item);
	err_nomem(e);
	return NULL;
}
