#include "cas/diff.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cas/refs.h"
#include "cas/tree.h"

/* Everything that one side has: outputs, and what is in the directories among them. */
struct item {
	const char *path;
	char id[CAS_ID_TEXT_MAX];
	int64_t size;
	bool used; /* part of a rename */
};

struct side {
	struct item *items; /* sorted by path */
	size_t n, cap;
	struct arena names;
};

static void side_release(struct side *s)
{
	free(s->items);
	arena_release(&s->names);
}

static int add(struct side *s, const char *path, const char *inside, const struct cas_id *id,
	int64_t size, struct err *e)
{
	struct buf name = BUF_INIT;
	struct item *t;
	char *kept;

	buf_add_text(&name, path);
	if (inside)
		buf_addf(&name, "/%s", inside);
	else if (id->is_dir)
		buf_add_char(&name, '/');
	kept = buf_check(&name, e) ? NULL : arena_dup(&s->names, name.p, name.len, e);
	buf_release(&name);
	if (!kept || mem_grow(&s->items, &s->cap, s->n + 1, sizeof(*s->items), e))
		return -1;
	t = &s->items[s->n++];
	*t = (struct item){ .path = kept, .size = size };
	cas_id_format(id, t->id);
	return 0;
}

static int add_members(
	struct side *s, const char *path, const struct cas_manifest *m, struct err *e)
{
	for (size_t i = 0; i < m->n; i++) {
		struct cas_id id = { .is_dir = false };

		memcpy(id.md5, m->entries[i].md5, HASH_MD5_LEN);
		if (add(s, path, m->entries[i].relpath, &id, m->entries[i].size, e))
			return -1;
	}
	return 0;
}

static int add_recorded(
	struct cas_worktree *w, struct side *s, const struct cas_out *out, struct err *e)
{
	struct cas_manifest m = CAS_MANIFEST_INIT;
	const struct cas_id *id = &out->content.id;
	int r = add(s, out->path, NULL, id, out->content.size, e);

	if (!r && id->is_dir && cas_object_has(w->cache, id))
		r = cas_worktree_manifest(w, id, &m, e) || add_members(s, out->path, &m, e) ? -1
											    : 0;
	cas_manifest_release(&m);
	return r;
}

static int add_present(
	struct cas_worktree *w, struct side *s, const struct cas_out *out, struct err *e)
{
	static const struct cas_tree_options plain = { .is_legacy = false };
	struct cas_manifest m = CAS_MANIFEST_INIT;
	struct cas_content c;
	int r = cas_worktree_hash(w, out->path, false, &c, e);

	if (r > 0) {
		r = add(s, out->path, NULL, &c.id, c.size, e);
		if (!r && c.id.is_dir)
			r = cas_tree_read(w, out->path, &plain, &m, e) ||
					    add_members(s, out->path, &m, e)
				    ? -1
				    : 0;
	}
	cas_manifest_release(&m);
	return r;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct item *)a)->path, ((const struct item *)b)->path);
}

static int load_side(struct cas_worktree *w, const char *rev, struct side *s, struct err *e)
{
	struct cas_refs refs = CAS_REFS_INIT;
	int r = rev ? cas_refs_scan_revision(&refs, w->repo, rev, e)
		    : cas_refs_scan(&refs, w->repo, e);

	for (size_t i = 0; i < refs.n && !r; i++) {
		const struct cas_ref *ref = &refs.refs[i];

		if (!ref->out.cache || ref->is_stale || (rev && !ref->out.has_id))
			continue;
		r = rev ? add_recorded(w, s, &ref->out, e) : add_present(w, s, &ref->out, e);
	}
	if (s->n)
		qsort(s->items, s->n, sizeof(*s->items), by_path);
	cas_refs_release(&refs);
	return r;
}

static int note(struct cas_diff *d, enum cas_diff_kind kind, const struct item *a,
	const struct item *b, struct err *e)
{
	const char *path = (a ? a : b)->path;
	struct cas_diff_change *c;

	if (mem_grow(&d->changes, &d->cap, d->n + 1, sizeof(*d->changes), e))
		return -1;
	c = &d->changes[d->n];
	*c = (struct cas_diff_change){
		.kind = kind, .old_size = a ? a->size : -1, .new_size = b ? b->size : -1
	};
	if (a)
		memcpy(c->old_id, a->id, sizeof(c->old_id));
	if (b)
		memcpy(c->new_id, b->id, sizeof(c->new_id));
	c->path = arena_dup(&d->names, path, strlen(path), e);
	if (c->path && kind == CAS_DIFF_RENAMED)
		c->new_path = arena_dup(&d->names, b->path, strlen(b->path), e);
	if (!c->path || (kind == CAS_DIFF_RENAMED && !c->new_path))
		return -1;
	d->n++;
	return 0;
}

struct pairs {
	struct item **gone, **come; /* by id, then path */
	size_t n_gone, n_come;
};

static int by_id(const void *a, const void *b)
{
	const struct item *x = *(struct item *const *)a, *y = *(struct item *const *)b;
	int d = strcmp(x->id, y->id);

	return d ? d : strcmp(x->path, y->path);
}

/* What went away under one name and came under another is the same thing. */
static int find_renamed(struct cas_diff *d, struct pairs *p, struct err *e)
{
	size_t i = 0, k = 0;

	if (p->n_gone)
		qsort(p->gone, p->n_gone, sizeof(*p->gone), by_id);
	if (p->n_come)
		qsort(p->come, p->n_come, sizeof(*p->come), by_id);
	while (i < p->n_gone && k < p->n_come) {
		int order = strcmp(p->gone[i]->id, p->come[k]->id);

		if (!order) {
			if (note(d, CAS_DIFF_RENAMED, p->gone[i], p->come[k], e))
				return -1;
			p->gone[i]->used = p->come[k]->used = true;
		}
		i += order <= 0;
		k += order >= 0;
	}
	for (i = 0; i < p->n_gone; i++)
		if (!p->gone[i]->used && note(d, CAS_DIFF_DELETED, p->gone[i], NULL, e))
			return -1;
	for (k = 0; k < p->n_come; k++)
		if (!p->come[k]->used && note(d, CAS_DIFF_ADDED, NULL, p->come[k], e))
			return -1;
	return 0;
}

static int compare(struct cas_diff *d, struct side *a, struct side *b, struct err *e)
{
	struct pairs p = { .gone = mem_array(a->n + 1, sizeof(*p.gone), e) };
	size_t i = 0, k = 0;
	int r = -1;

	p.come = p.gone ? mem_array(b->n + 1, sizeof(*p.come), e) : NULL;
	if (!p.come)
		goto out;
	while (i < a->n || k < b->n) {
		int order = i == a->n   ? 1
			    : k == b->n ? -1
					: strcmp(a->items[i].path, b->items[k].path);

		if (!order && strcmp(a->items[i].id, b->items[k].id) != 0 &&
			note(d, CAS_DIFF_MODIFIED, &a->items[i], &b->items[k], e))
			goto out;
		if (order < 0)
			p.gone[p.n_gone++] = &a->items[i];
		if (order > 0)
			p.come[p.n_come++] = &b->items[k];
		i += order <= 0;
		k += order >= 0;
	}
	r = find_renamed(d, &p, e);
out:
	free(p.gone);
	free(p.come);
	return r;
}

static int by_kind(const void *a, const void *b)
{
	const struct cas_diff_change *x = a, *y = b;

	return x->kind != y->kind ? (int)x->kind - (int)y->kind : strcmp(x->path, y->path);
}

int cas_diff_run(
	struct cas_worktree *w, const char *from, const char *to, struct cas_diff *d, struct err *e)
{
	struct side a = { 0 }, b = { 0 };
	int r = load_side(w, from, &a, e) || load_side(w, to, &b, e) || compare(d, &a, &b, e) ? -1
											      : 0;

	if (d->n)
		qsort(d->changes, d->n, sizeof(*d->changes), by_kind);
	side_release(&a);
	side_release(&b);
	return r;
}

void cas_diff_release(struct cas_diff *d)
{
	free(d->changes);
	arena_release(&d->names);
	*d = (struct cas_diff)CAS_DIFF_INIT;
}
