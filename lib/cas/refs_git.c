/* The refs of a revision, from git: the names by ls-tree, the texts by one cat-file. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/path.h"
#include "cas/git.h"
#include "cas/refs.h"

struct blob {
	const char *path;
	char oid[65];
	struct slice text;
};

struct blobs {
	struct blob *items; /* [n], sorted by path as ls-tree gives them */
	size_t n, cap;
	struct arena names;
	struct buf text;
};

static bool is_wanted(const char *name)
{
	size_t len = strlen(name);

	return (len > 4 && !strcmp(name + len - 4, ".dvc")) || !strcmp(name, "dvc.lock") ||
	       !strcmp(name, "dvc.yaml");
}

/* "100644 blob OID\tPATH" */
static int take_line(struct blobs *b, struct slice line, struct err *e)
{
	struct slice mode, kind, oid, rest = line;
	struct blob *t;
	const char *path;

	if (!slice_cut(&rest, ' ', &mode) || !slice_cut(&rest, ' ', &kind) ||
		!slice_cut(&rest, '\t', &oid) || !rest.len || oid.len > 64)
		return err_set(e, ERR_SYSTEM, "git ls-tree printed something else");
	if (!slice_is(kind, "blob") || slice_is(mode, "120000"))
		return 0;
	path = arena_dup(&b->names, rest.p, rest.len, e);
	if (!path)
		return -1;
	if (!is_wanted(path_base(path)) || !strncmp(path, ".dvc/", 5))
		return 0;
	if (mem_grow(&b->items, &b->cap, b->n + 1, sizeof(*b->items), e))
		return -1;
	t = &b->items[b->n++];
	*t = (struct blob){ .path = path };
	memcpy(t->oid, oid.p, oid.len);
	return 0;
}

static int list(struct blobs *b, const struct cas_repo *repo, const char *rev, struct err *e)
{
	const char *const args[] = { "ls-tree", "-r", "-z", "--end-of-options", rev, NULL };
	struct buf out = BUF_INIT;
	struct slice rest, line;
	int r = cas_git_must(repo->root, args, (struct slice){ NULL, 0 }, &out, e);

	for (rest = buf_slice(&out); !r && slice_cut(&rest, '\0', &line);)
		if (line.len)
			r = take_line(b, line, e);
	buf_release(&out);
	return r;
}

/* cat-file --batch: "OID blob SIZE\n", the bytes, "\n", for each. */
static int split_batch(struct blobs *b, struct err *e)
{
	struct slice rest = buf_slice(&b->text), head, word;
	uint64_t size;

	for (size_t i = 0; i < b->n; i++) {
		if (!slice_cut(&rest, '\n', &head) || !slice_cut(&head, ' ', &word) ||
			!slice_is(word, b->items[i].oid) || !slice_cut(&head, ' ', &word) ||
			!num_parse_uint(head, &size) || !rest.p || size >= rest.len)
			return err_set(e, ERR_SYSTEM, "git cat-file could not give '%s'",
				b->items[i].path);
		b->items[i].text = (struct slice){ rest.p, (size_t)size };
		rest = (struct slice){ rest.p + size + 1, rest.len - (size_t)size - 1 };
	}
	return 0;
}

static int fetch(struct blobs *b, const struct cas_repo *repo, struct err *e)
{
	static const char *const args[] = { "cat-file", "--batch", NULL };
	struct buf in = BUF_INIT;
	int r = -1;

	for (size_t i = 0; i < b->n; i++)
		buf_addf(&in, "%s\n", b->items[i].oid);
	if (!buf_check(&in, e) && !cas_git_must(repo->root, args, buf_slice(&in), &b->text, e))
		r = split_batch(b, e);
	buf_release(&in);
	return r;
}

static const struct blob *find_beside(const struct blobs *b, const char *file, const char *name)
{
	size_t dir = strlen(file) - strlen(path_base(file));

	for (size_t i = 0; i < b->n; i++)
		if (!strncmp(b->items[i].path, file, dir) && !strcmp(b->items[i].path + dir, name))
			return &b->items[i];
	return NULL;
}

/* Was this file read before, with the same text (and the same dvc.yaml beside it)? */
static int is_seen(struct cas_refs *r, const struct blob *t, const struct blob *yaml, struct err *e)
{
	struct buf key = BUF_INIT;
	int result = -1;

	buf_addf(&key, "%s %s %s", t->oid, yaml ? yaml->oid : "", t->path);
	if (buf_check(&key, e))
		goto out;
	if (!r->seen)
		r->seen = json_object();
	result = json_object_get(r->seen, key.p) != NULL;
	/* A path that is not UTF-8 cannot be a key: then it is read again. */
	if (!result)
		json_object_set_new(r->seen, key.p, json_true());
out:
	buf_release(&key);
	return result;
}

static int read_texts(struct cas_refs *r, const struct blobs *b, struct err *e)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct blob *t = &b->items[i], *yaml = NULL;
		bool is_lock = !strcmp(path_base(t->path), "dvc.lock");
		int seen;

		if (!strcmp(path_base(t->path), "dvc.yaml"))
			continue;
		if (is_lock)
			yaml = find_beside(b, t->path, "dvc.yaml");
		seen = is_seen(r, t, yaml, e);
		if (seen < 0)
			return -1;
		if (seen > 0)
			continue;
		if (is_lock ? cas_refs_add_lock(r, t->path, t->text,
				      yaml ? yaml->text : (struct slice){ NULL, 0 }, e)
			    : cas_refs_add_pointer(r, t->path, t->text, e))
			return -1;
	}
	return 0;
}

int cas_refs_scan_revision(
	struct cas_refs *r, const struct cas_repo *repo, const char *rev, struct err *e)
{
	struct blobs b = { .text = BUF_INIT };
	int result;

	if (!repo->git_root) {
		err_set(e, ERR_INPUT, "revision '%s': there is no git repository here", rev);
		return -1;
	}
	result = list(&b, repo, rev, e) || fetch(&b, repo, e) || read_texts(r, &b, e) ? -1 : 0;
	if (result)
		err_at(e, "revision %s", rev);
	cas_refs_sort(r);
	free(b.items);
	arena_release(&b.names);
	buf_release(&b.text);
	return result;
}

/* A revision to a line. */
static int scan_lines(
	struct cas_refs *refs, const struct cas_repo *repo, struct slice revs, struct err *e)
{
	struct buf rev = BUF_INIT;
	struct slice line;
	int rc = 0;

	while (!rc && slice_cut(&revs, '\n', &line)) {
		buf_reset(&rev);
		buf_add_slice(&rev, line);
		if (line.len)
			rc = buf_check(&rev, e) || cas_refs_scan_revision(refs, repo, rev.p, e);
	}
	buf_release(&rev);
	return rc ? -1 : 0;
}

int cas_refs_scan_revisions(struct cas_refs *refs, const struct cas_repo *repo,
	const struct cas_refs_revisions *which, struct err *e)
{
	const char *const branches[] = { "for-each-ref", "--format=%(objectname)", "refs/heads",
		"refs/remotes", NULL };
	const char *const tags[] = { "for-each-ref", "--format=%(refname)", "refs/tags", NULL };
	const char *const experiments[] = { "for-each-ref", "--format=%(refname)",
		CAS_REFS_EXPERIMENTS, NULL };
	const char *const commits[] = { "rev-list", "--all", "HEAD", NULL };
	const struct {
		bool wanted;
		const char *const *args;
	} lists[] = { { which->all_branches, branches }, { which->all_tags, tags },
		{ which->all_commits, commits }, { which->experiments, experiments } };
	struct buf out = BUF_INIT;
	int r = 0;

	if (which->one)
		r = cas_refs_scan_revision(refs, repo, which->one, e);
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists) && !r; i++) {
		if (!lists[i].wanted)
			continue;
		if (!repo->git_root) {
			err_set(e, ERR_INPUT, "there is no git repository here");
			r = err_hint(e, "without revisions the workspace alone is looked at");
		} else {
			r = cas_git_must(repo->root, lists[i].args, (struct slice){ NULL, 0 }, &out,
				    e) || scan_lines(refs, repo, buf_slice(&out), e)
				    ? -1
				    : 0;
		}
	}
	buf_release(&out);
	return r;
}
