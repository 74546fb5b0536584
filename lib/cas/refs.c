#define _DEFAULT_SOURCE /* d_type */
#include "cas/refs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/input.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/ydoc.h"

enum { REFS_MAX_BYTES = 1 << 28 };

void cas_refs_release(struct cas_refs *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->refs[i].out.path);
	for (size_t i = 0; i < r->n_docs; i++)
		json_decref(r->docs[i]);
	json_decref(r->seen);
	free(r->docs);
	free(r->refs);
	arena_release(&r->names);
	*r = (struct cas_refs)CAS_REFS_INIT;
}

/* By file; within one the order of adding stays. */
void cas_refs_sort(struct cas_refs *r)
{
	for (size_t i = 1; i < r->n; i++) {
		struct cas_ref moved = r->refs[i];
		size_t lo = 0, hi = i;

		if (strcmp(r->refs[i - 1].file, moved.file) <= 0)
			continue;
		while (lo < hi) {
			size_t mid = lo + (hi - lo) / 2;

			if (strcmp(r->refs[mid].file, moved.file) <= 0)
				lo = mid + 1;
			else
				hi = mid;
		}
		memmove(r->refs + lo + 1, r->refs + lo, (i - lo) * sizeof(*r->refs));
		r->refs[lo] = moved;
	}
}

/* Keeps the document alive for as long as the refs. */
static int keep_doc(struct cas_refs *r, json_t *doc, struct err *e)
{
	if (mem_grow(&r->docs, &r->cap_docs, r->n_docs + 1, sizeof(*r->docs), e)) {
		json_decref(doc);
		return -1;
	}
	r->docs[r->n_docs++] = doc;
	return 0;
}

static struct cas_ref *add_ref(struct cas_refs *r, const char *file, struct err *e)
{
	if (mem_grow(&r->refs, &r->cap, r->n + 1, sizeof(*r->refs), e))
		return NULL;
	r->refs[r->n] = (struct cas_ref){ .file = file };
	return &r->refs[r->n++];
}

int cas_refs_add_pointer(struct cas_refs *r, const char *file, struct slice text, struct err *e)
{
	struct cas_pointer *p = cas_pointer_parse(text, file, e);
	const char *name = p ? arena_dup(&r->names, file, strlen(file), e) : NULL;
	int result = -1;

	if (!name)
		goto out;
	for (size_t i = 0; i < p->n_outs; i++) {
		struct cas_ref *ref = add_ref(r, name, e);

		if (!ref)
			goto out;
		ref->out = p->outs[i];
		p->outs[i].path = NULL;
	}
	result = keep_doc(r, json_incref(p->doc), e);
out:
	cas_pointer_free(p);
	return result;
}

/* ---- dvc.lock ---- */

/* Does a path of dvc.yaml, in which each "${...}" stands for any text, mean this path? */
static bool fits(const char *pattern, const char *path)
{
	const char *star = NULL, *star_path = NULL;

	while (*path) {
		const char *end;

		if (pattern[0] == '$' && pattern[1] == '{' && (end = strchr(pattern, '}'))) {
			star = pattern = end + 1;
			star_path = path;
		} else if (*pattern == *path) {
			pattern++;
			path++;
		} else if (star) {
			pattern = star;
			path = ++star_path;
		} else {
			return false;
		}
	}
	while (pattern[0] == '$' && pattern[1] == '{' && strchr(pattern, '}'))
		pattern = strchr(pattern, '}') + 1;
	return !*pattern;
}

/* What dvc.yaml says about an output: {cache:, push:, remote:}; NULL: nothing. */
static json_t *find_settings(json_t *stage, const char *path)
{
	static const char *const kinds[] = { "outs", "metrics", "plots" };
	const char *key;
	json_t *one, *settings;
	size_t i;

	for (size_t k = 0; k < 3; k++)
		json_array_foreach(json_object_get(stage, kinds[k]), i, one) json_object_foreach(
			one, key, settings) if (fits(key, path)) return settings;
	return NULL;
}

/* The stage in dvc.yaml; of "name@item" the template. */
static json_t *find_stage(json_t *yaml, const char *name)
{
	json_t *stages = json_object_get(yaml, "stages"), *stage;
	const char *at = strchr(name, '@');
	char base[256];

	if (at && (size_t)(at - name) < sizeof(base)) {
		snprintf(base, sizeof(base), "%.*s", (int)(at - name), name);
		name = base;
	}
	stage = json_object_get(stages, name);
	return json_is_object(json_object_get(stage, "do")) ? json_object_get(stage, "do") : stage;
}

static void apply_settings(struct cas_out *out, json_t *settings)
{
	if (json_is_false(json_object_get(settings, "cache")))
		out->cache = false;
	if (json_is_false(json_object_get(settings, "push")))
		out->push = false;
	out->remote = json_string_value(json_object_get(settings, "remote"));
}

/* Reads one output of a stage; `dir` is what its path is relative to. */
static int add_stage_out(struct cas_refs *r, struct cas_ref proto, json_t *entry, json_t *stage,
	const char *dir, struct err *e)
{
	const char *path = json_string_value(json_object_get(entry, "path"));
	struct buf b = BUF_INIT;
	struct cas_ref *ref;
	int result = -1;

	if (!path)
		return err_set(
			e, ERR_INPUT, "stage '%s' has an output without a path", proto.stage);
	if (cas_pointer_read_entry(entry, path, &proto.out.content, &proto.out.has_id, e))
		return -1;
	proto.out.cache = proto.out.push = true;
	apply_settings(&proto.out, find_settings(stage, path));
	path_join(&b, dir, path);
	path_normalise(&b);
	/* Outside of the repository nothing is cached. */
	if (!b.failed && !path_stays_below(b.p)) {
		result = 0;
		goto out;
	}
	proto.out.path = buf_detach(&b, e);
	ref = proto.out.path ? add_ref(r, proto.file, e) : NULL;
	if (!ref) {
		free(proto.out.path);
		goto out;
	}
	*ref = proto;
	result = 0;
out:
	buf_release(&b);
	return result;
}

static int add_stage(struct cas_refs *r, const char *file, const char *name, json_t *locked,
	json_t *yaml, struct err *e)
{
	json_t *stage = find_stage(yaml, name), *outs = json_object_get(locked, "outs"), *entry;
	const char *wdir = json_string_value(json_object_get(stage, "wdir"));
	struct cas_ref proto = { .file = file, .is_stale = json_is_object(yaml) && !stage };
	struct buf base = BUF_INIT, dir = BUF_INIT;
	size_t i;
	int result = -1;

	proto.stage = arena_dup(&r->names, name, strlen(name), e);
	path_dir(&base, file);
	path_join(&dir, base.p, wdir ? wdir : ".");
	path_normalise(&dir);
	if (!proto.stage || buf_check(&base, e) || buf_check(&dir, e))
		goto out;
	if (outs && !json_is_array(outs)) {
		err_set(e, ERR_INPUT, "'outs' of stage '%s' is not a list", name);
		goto out;
	}
	json_array_foreach(
		outs, i, entry) if (add_stage_out(r, proto, entry, stage, dir.p, e)) goto out;
	result = 0;
out:
	buf_release(&base);
	buf_release(&dir);
	return result;
}

int cas_refs_add_lock(
	struct cas_refs *r, const char *file, struct slice lock, struct slice yaml, struct err *e)
{
	const char *name, *kept = arena_dup(&r->names, file, strlen(file), e);
	json_t *doc = kept ? ydoc_parse(lock, file, e) : NULL, *made = NULL, *stages, *stage;

	if (!doc || keep_doc(r, doc, e))
		return -1;
	if (yaml.len) {
		made = ydoc_parse(yaml, "dvc.yaml", e);
		if (!made || keep_doc(r, made, e))
			return -1;
	}
	if (json_is_null(doc))
		return 0;
	stages = json_object_get(doc, "schema") ? json_object_get(doc, "stages") : doc;
	if (stages && !json_is_object(stages)) {
		err_set(e, ERR_INPUT, "is not a table of stages");
		return err_at(e, "%s", file);
	}
	json_object_foreach(stages, name,
		stage) if (add_stage(r, kept, name, stage, made, e)) return err_at(e, "%s", file);
	return 0;
}

/* ---- the workspace ---- */

struct scan {
	struct cas_refs *refs;
	const struct cas_repo *repo;
	char **dirs; /* [n], still to be looked at */
	struct cas_ignore **rules; /* [n], those of each folder's parent; borrowed from `all` */
	size_t n, cap, cap_rules;
	struct cas_ignore **all; /* [n_all], to be freed */
	size_t n_all, cap_all;
	json_t *outs; /* a set of paths: outputs that are folders are not entered */
};

static int load(const struct scan *s, const char *file, struct buf *text, struct err *e)
{
	struct buf absolute = BUF_INIT;
	int r = -1;

	cas_repo_absolute(s->repo, file, &absolute);
	buf_reset(text);
	if (!buf_check(&absolute, e))
		r = access(absolute.p, F_OK) ? 0 : input_load(absolute.p, REFS_MAX_BYTES, text, e);
	buf_release(&absolute);
	return r;
}

static int take_file(struct scan *s, const char *file, struct err *e)
{
	struct buf text = BUF_INIT, yaml = BUF_INIT, name = BUF_INIT, dir = BUF_INIT;
	size_t from = s->refs->n;
	int r = load(s, file, &text, e);

	if (!r && !strcmp(path_base(file), "dvc.lock")) {
		path_dir(&dir, file);
		path_join(&name, dir.p, "dvc.yaml");
		r = buf_check(&name, e) || load(s, name.p, &yaml, e) ? -1 : 0;
		if (!r)
			r = cas_refs_add_lock(s->refs, file, buf_slice(&text), buf_slice(&yaml), e);
	} else if (!r) {
		r = cas_refs_add_pointer(s->refs, file, buf_slice(&text), e);
	}
	for (; !r && from < s->refs->n; from++)
		json_object_set_new(s->outs, s->refs->refs[from].out.path, json_true());
	buf_release(&text);
	buf_release(&yaml);
	buf_release(&name);
	buf_release(&dir);
	return r;
}

static int push_dir(struct scan *s, const char *rel, struct cas_ignore *rules, struct err *e)
{
	if (mem_grow(&s->dirs, &s->cap, s->n + 1, sizeof(*s->dirs), e) ||
		mem_grow(&s->rules, &s->cap_rules, s->n + 1, sizeof(*s->rules), e))
		return -1;
	s->dirs[s->n] = mem_dup(rel, e);
	if (!s->dirs[s->n])
		return -1;
	s->rules[s->n++] = rules;
	return 0;
}

static bool is_dir(DIR *d, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return !fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode);
}

/* A pipe of that name would be waited for. */
static bool is_file(DIR *d, const struct dirent *entry)
{
	struct stat st;

	return entry->d_type == DT_REG ||
	       (!fstatat(dirfd(d), entry->d_name, &st, 0) && S_ISREG(st.st_mode));
}

static bool is_tools(const char *name)
{
	return !strcmp(name, ".git") || !strcmp(name, ".hg") || !strcmp(name, ".dvc");
}

/* A repository of DVC's inside of this one has pointers and a cache of its own. */
static bool is_other_repo(DIR *d, const char *name)
{
	struct buf path = BUF_INIT;
	struct stat st;
	bool is_one;

	path_join(&path, name, ".dvc");
	is_one = !path.failed && !fstatat(dirfd(d), path.p, &st, 0) && S_ISDIR(st.st_mode);
	buf_release(&path);
	return is_one;
}

/* Files first, for they tell which folders are outputs. */
static int list_dir(struct scan *s, DIR *d, const char *dir, struct cas_ignore *rules, bool files,
	struct err *e)
{
	struct buf rel = BUF_INIT;
	struct dirent *entry;
	int r = 0;

	rewinddir(d);
	while (!r && (entry = readdir(d))) {
		const char *name = entry->d_name;
		bool folder = is_dir(d, entry);
		bool pointer = slice_ends(slice_of(name), ".dvc") && strlen(name) > 4;

		if (folder == files || !strcmp(name, ".") || !strcmp(name, ".."))
			continue;
		if (files ? !pointer && strcmp(name, "dvc.lock") != 0 : is_tools(name))
			continue;
		if (files ? !is_file(d, entry) : is_other_repo(d, name))
			continue;
		path_join(&rel, dir, name);
		if (buf_check(&rel, e))
			r = -1;
		else if (cas_ignore_has(rules, rel.p, folder))
			continue;
		else if (files)
			r = take_file(s, rel.p, e);
		else if (!json_object_get(s->outs, rel.p))
			r = push_dir(s, rel.p, rules, e);
	}
	buf_release(&rel);
	return r;
}

static int scan_dir(struct scan *s, const char *dir, struct cas_ignore *above, struct err *e)
{
	struct cas_ignore *rules = cas_ignore_load(s->repo, dir, CAS_IGNORE_DVC, above, e);
	struct buf absolute = BUF_INIT;
	DIR *d = NULL;
	int r = -1;

	if (!rules)
		return -1;
	if (mem_grow(&s->all, &s->cap_all, s->n_all + 1, sizeof(*s->all), e)) {
		cas_ignore_free(rules);
		return -1;
	}
	s->all[s->n_all++] = rules;
	cas_repo_absolute(s->repo, dir, &absolute);
	if (buf_check(&absolute, e))
		goto out;
	d = opendir(absolute.p);
	if (!d) {
		/* Another process may have removed it just now. */
		r = errno == ENOENT ? 0 : err_errno(e, "cannot list the folder '%s'", dir);
		goto out;
	}
	r = list_dir(s, d, dir, rules, true, e) || list_dir(s, d, dir, rules, false, e) ? -1 : 0;
out:
	if (d)
		closedir(d);
	buf_release(&absolute);
	return r;
}

int cas_refs_scan(struct cas_refs *r, const struct cas_repo *repo, struct err *e)
{
	struct scan s = { .refs = r, .repo = repo, .outs = json_object() };
	int result = s.outs ? push_dir(&s, ".", NULL, e) : err_nomem(e);

	while (!result && s.n) {
		char *dir = s.dirs[--s.n];

		result = scan_dir(&s, dir, s.rules[s.n], e);
		free(dir);
	}
	cas_refs_sort(r);
	while (s.n)
		free(s.dirs[--s.n]);
	while (s.n_all)
		cas_ignore_free(s.all[--s.n_all]);
	free(s.dirs);
	free(s.rules);
	free(s.all);
	json_decref(s.outs);
	return result;
}
