#include "stage/runcache.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/output.h"
#include "base/path.h"
#include "base/ydoc.h"
#include "stage/pull.h"

static int hash_text(const json_t *v, char hex[HASH_SHA256_HEX + 1], struct err *e)
{
	uint8_t sha[HASH_SHA256_LEN];
	struct buf b = BUF_INIT;
	int rc = -1;

	jdoc_format(&b, v, JDOC_SORTED);
	if (!buf_check(&b, e) && !hash_sha256_of(buf_slice(&b), sha, e)) {
		hash_sha256_format(sha, hex);
		rc = 0;
	}
	buf_release(&b);
	return rc;
}

/* The list without sizes and counts of files. */
static json_t *without_sizes(const json_t *list)
{
	json_t *copy = json_deep_copy(list);

	for (size_t i = 0; i < json_array_size(copy); i++) {
		json_object_del(json_array_get(copy, i), "size");
		json_object_del(json_array_get(copy, i), "nfiles");
	}
	return copy;
}

static json_t *paths_of(const json_t *list)
{
	json_t *paths = json_array();

	for (size_t i = 0; i < json_array_size(list); i++)
		if (json_array_append(paths, json_object_get(json_array_get(list, i), "path"))) {
			json_decref(paths);
			return NULL;
		}
	return paths;
}

int stage_runcache_keys(const json_t *entry, char key[HASH_SHA256_HEX + 1],
	char value[HASH_SHA256_HEX + 1], struct err *e)
{
	static const char *const lists[] = { "deps", "outs" };
	json_t *slim = json_copy((json_t *)(uintptr_t)entry), *outs;
	int rc = -1;

	for (int k = 0; k < 2; k++) {
		json_t *list = json_object_get(slim, lists[k]);

		if (list && json_object_set_new(slim, lists[k], without_sizes(list)))
			goto nomem;
	}
	if (!slim)
		goto nomem;
	if (hash_text(slim, value, e))
		goto out;
	outs = json_object_get(slim, "outs");
	if (outs && json_object_set_new(slim, "outs", paths_of(outs)))
		goto nomem;
	rc = hash_text(slim, key, e);
	goto out;
nomem:
	err_nomem(e);
out:
	json_decref(slim);
	return rc;
}

bool stage_runcache_is_fit(const struct stage_spec *s)
{
	if (s->always || !s->cmd || !s->n_outs || !(s->n_deps || s->n_params))
		return false;
	for (size_t i = 0; i < s->n_outs; i++)
		if (s->outs[i].persist || !path_stays_below(s->outs[i].path.full))
			return false;
	return true;
}

static void key_dir(const struct stage_project *p, const char *key, struct buf *b)
{
	path_join(b, p->tree->repo->cache_dir, "runs");
	buf_addf(b, "/%.2s/%s", key, key);
}

int stage_runcache_put(struct stage_project *p, const json_t *entry, struct err *e)
{
	char key[HASH_SHA256_HEX + 1], value[HASH_SHA256_HEX + 1];
	struct buf path = BUF_INIT;
	int rc = -1;

	if (stage_runcache_keys(entry, key, value, e))
		return -1;
	key_dir(p, key, &path);
	if (buf_check(&path, e) || path_make_dirs(path.p, e))
		goto out;
	path_append(&path, value);
	if (!buf_check(&path, e))
		rc = ydoc_save(path.p, entry, OUTPUT_SYNC, e);
out:
	buf_release(&path);
	return rc;
}

/* The name of the newest file in the folder, into `name`; empty when there is none. */
static void find_newest(const char *dir, struct buf *name)
{
	DIR *d = opendir(dir);
	struct buf path = BUF_INIT;
	struct timespec best = { 0, 0 };
	struct dirent *ent;
	struct stat st;

	buf_reset(name);
	while (d && (ent = readdir(d))) {
		if (strlen(ent->d_name) != HASH_SHA256_HEX)
			continue;
		path_join(&path, dir, ent->d_name);
		if (stat(path.p, &st) || !S_ISREG(st.st_mode))
			continue;
		if (name->len && (st.st_mtim.tv_sec < best.tv_sec ||
					 (st.st_mtim.tv_sec == best.tv_sec &&
						 st.st_mtim.tv_nsec <= best.tv_nsec)))
			continue;
		best = st.st_mtim;
		buf_reset(name);
		buf_add_text(name, ent->d_name);
	}
	if (d)
		closedir(d);
	buf_release(&path);
}

/* Does the stored entry hold just the stage's outputs, with hashes? With `here`: and the cache all of them? */
static int is_usable(struct stage_project *p, const struct stage_spec *s, const json_t *entry,
	const char *name, bool here, struct err *e)
{
	if (json_array_size(json_object_get(entry, "outs")) != s->n_outs)
		return 0;
	for (size_t i = 0; i < s->n_outs; i++) {
		json_t *item = stage_lockfile_find(entry, "outs", s->outs[i].path.text);
		struct cas_content c;
		bool has_id;
		int rc;

		if (!item)
			return 0;
		if (cas_pointer_read_entry(item, name, &c, &has_id, e))
			return -1;
		rc = !has_id ? 0 : here ? cas_worktree_has(p->tree, &c.id, e) : 1;
		if (rc <= 0)
			return rc;
	}
	return 1;
}

/* The entry as it would be stored, with the outputs' paths only. */
static json_t *with_out_paths(const json_t *entry, const struct stage_spec *s)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)entry), *outs = json_array();

	for (size_t i = 0; i < s->n_outs; i++)
		if (json_array_append_new(outs, json_pack("{s:s}", "path", s->outs[i].path.text)))
			goto fail;
	if (!copy || json_object_set_new(copy, "outs", outs))
		goto fail_copy;
	return copy;
fail:
	json_decref(outs);
fail_copy:
	json_decref(copy);
	return NULL;
}

/* It is only a cache: what cannot be asked for is as good as missing. */
static void warn(struct stage_project *p, struct err *e)
{
	char text[1024];

	err_format(e, text, sizeof(text));
	diag_say(p->tree->diag, DIAG_WARNING, "the run cache of the remote: %s", text);
	err_clear(e);
}

/* How much of an entry must be in the cache. */
enum want { WANT_RECORD, WANT_DATA, WANT_DATA_PULLED };

/* The newest entry that is of use, owned by the caller; NULL: none. */
static json_t *find_usable(struct stage_project *p, const struct stage_spec *s, const char *dir,
	enum want want, struct err *e)
{
	struct buf path = BUF_INIT, name = BUF_INIT;
	json_t *doc = NULL;
	int rc = 0;

	find_newest(dir, &name);
	if (!name.len)
		goto out;
	path_join(&path, dir, name.p);
	doc = buf_check(&path, e) ? NULL : ydoc_load(path.p, e);
	if (doc && json_is_object(doc))
		rc = is_usable(p, s, doc, path.p, want != WANT_RECORD, e);
	if (doc && !rc && want == WANT_DATA_PULLED && json_is_object(doc)) {
		rc = stage_pull_outs(p, doc, e);
		if (rc < 0)
			warn(p, e);
		rc = rc == 1 ? is_usable(p, s, doc, path.p, true, e) : 0;
	}
	if (rc != 1) {
		json_decref(doc);
		doc = NULL;
	}
	/* what is damaged is as good as missing */
	err_clear(e);
out:
	buf_release(&path);
	buf_release(&name);
	return doc;
}

/* The folder that holds what was seen of this stage with these inputs, and its KEY. */
static int find_dir(const struct stage_project *p, const struct stage_spec *s, const json_t *entry,
	char key[HASH_SHA256_HEX + 1], struct buf *dir, struct err *e)
{
	char value[HASH_SHA256_HEX + 1];
	json_t *probe = with_out_paths(entry, s);
	int rc = probe ? stage_runcache_keys(probe, key, value, e) : err_nomem(e);

	json_decref(probe);
	if (rc)
		return -1;
	key_dir(p, key, dir);
	return buf_check(dir, e);
}

int stage_runcache_get(struct stage_project *p, const struct stage_spec *s, const json_t *entry,
	bool pull, json_t **found, struct err *e)
{
	char key[HASH_SHA256_HEX + 1];
	struct buf dir = BUF_INIT;
	int rc = find_dir(p, s, entry, key, &dir, e);

	if (!rc) {
		*found = find_usable(p, s, dir.p, WANT_DATA, e);
		if (!*found && pull) {
			if (stage_pull_runs(p, key, e))
				warn(p, e);
			*found = find_usable(p, s, dir.p, WANT_DATA_PULLED, e);
		}
		rc = *found != NULL;
	}
	buf_release(&dir);
	return rc;
}

int stage_runcache_recall(struct stage_project *p, const struct stage_spec *s, const json_t *entry,
	json_t **found, struct err *e)
{
	char key[HASH_SHA256_HEX + 1];
	struct buf dir = BUF_INIT;
	int rc = find_dir(p, s, entry, key, &dir, e);

	if (!rc) {
		if (stage_pull_runs(p, key, e))
			warn(p, e);
		*found = find_usable(p, s, dir.p, WANT_RECORD, e);
		rc = *found != NULL;
	}
	buf_release(&dir);
	return rc;
}
