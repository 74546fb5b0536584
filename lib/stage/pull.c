#include "stage/pull.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/ydoc.h"
#include "cas/transfer.h"

/* ---- the run cache ---- */

static int fetch_run(struct stage_project *p, struct remote_store *store,
	const struct remote_entry *entry, struct err *e)
{
	struct buf path = BUF_INIT, key = BUF_INIT;
	struct remote_job job = { .op = REMOTE_FETCH, .keep = true, .mtime_ns = entry->mtime_ns };
	int rc = -1;

	buf_add_text(&key, entry->key);
	path_join(&path, p->tree->repo->cache_dir, entry->key);
	if (!buf_check(&key, e) && !buf_check(&path, e)) {
		job.key = key.p;
		job.path = path.p;
		rc = path_exists(path.p) ? 0 : remote_store_do(store, &job, e);
	}
	buf_release(&path);
	buf_release(&key);
	return rc;
}

static bool is_name(const char *key, size_t prefix)
{
	return strlen(key) == prefix + HASH_SHA256_HEX &&
	       strspn(key + prefix, "0123456789abcdef") == HASH_SHA256_HEX;
}

int stage_pull_runs(struct stage_project *p, const char *key, struct err *e)
{
	struct remote_store *store = cas_transfer_open(p->tree, NULL, NULL, e);
	struct remote_listing *l = NULL;
	struct remote_entry entry;
	struct buf prefix = BUF_INIT;
	int rc = -1;

	if (!store)
		return -1;
	buf_addf(&prefix, "runs/%.2s/%s/", key, key);
	if (!buf_check(&prefix, e))
		l = remote_store_list(store, prefix.p, e);
	while (l && (rc = remote_listing_next(l, &entry, e)) > 0)
		if (is_name(entry.key, prefix.len) && fetch_run(p, store, &entry, e)) {
			rc = -1;
			break;
		}
	remote_listing_close(l);
	remote_store_close(store);
	buf_release(&prefix);
	return rc;
}

/* ---- objects ---- */

static int fetch(struct stage_project *p, const struct cas_refs *refs, struct err *e)
{
	struct cas_transfer_options o = { .in_flight = 0 };
	struct cas_transfer_result res;
	bool *wanted = mem_array(refs->n + 1, sizeof(*wanted), e);
	int rc = -1;

	if (!wanted)
		return -1;
	for (size_t i = 0; i < refs->n; i++)
		wanted[i] = cas_transfer_moves(&refs->refs[i], false);
	if (!cas_transfer_fetch(p->tree, refs, wanted, &o, &res, e))
		rc = !res.n_missing && !res.n_failed;
	free(wanted);
	return rc;
}

int stage_pull_outs(struct stage_project *p, const json_t *entry, struct err *e)
{
	json_t *outs = json_object_get(entry, "outs"), *doc;
	struct cas_refs refs = CAS_REFS_INIT;
	struct buf text = BUF_INIT;
	int rc = -1;

	if (!json_array_size(outs))
		return 1;
	doc = json_pack("{s:O}", "outs", outs);
	if (!doc)
		return err_nomem(e);
	/* as the text of a .dvc file, which names outputs in the same way */
	if (!ydoc_format(&text, doc, e) && !buf_check(&text, e) &&
		!cas_refs_add_pointer(&refs, "dvc.lock", buf_slice(&text), e))
		rc = fetch(p, &refs, e);
	json_decref(doc);
	buf_release(&text);
	cas_refs_release(&refs);
	return rc;
}

int stage_pull_path(struct stage_project *p, const char *full, struct err *e)
{
	struct cas_content c;
	struct buf holder = BUF_INIT, abs = BUF_INIT;
	json_t *entry = NULL, *item;
	int rc = stage_project_holder(p, full, &holder, &c, e);

	if (rc <= 0)
		goto out;
	rc = -1;
	item = stage_project_item(holder.p, &c, e);
	entry = item ? json_pack("{s:[o]}", "outs", item) : NULL;
	if (item && !entry)
		err_nomem(e);
	if (!entry)
		goto out;
	rc = stage_pull_outs(p, entry, e);
	cas_repo_absolute(p->tree->repo, holder.p, &abs);
	if (rc == 1 && (buf_check(&abs, e) || path_make_parents(abs.p, e) ||
			       cas_worktree_checkout(p->tree, holder.p, &c, 0, NULL, e)))
		rc = -1;
out:
	json_decref(entry);
	buf_release(&holder);
	buf_release(&abs);
	return rc;
}
