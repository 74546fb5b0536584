#include "cas/actions.h"

#include <stdlib.h>

#include "base/jdoc.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/path.h"
#include "cas/actions_internal.h"
#include "cas/diff.h"
#include "cas/ignore.h"
#include "cas/tree.h"

int cas_actions_open(struct cas_actions *a, struct pool *pool, struct progress *progress,
	struct diag *diag, struct err *e)
{
	a->w = cas_worktree_open(NULL, pool, diag, e);
	if (!a->w)
		return -1;
	a->w->progress = progress;
	return 0;
}

void cas_actions_close(struct cas_actions *a)
{
	if (a->w)
		cas_worktree_close(a->w);
}

void cas_actions_release(struct cas_actions_selection *s)
{
	free(s->wanted);
	cas_refs_release(&s->refs);
}

int cas_actions_choose(const struct cas_actions *a, struct cas_actions_selection *s, struct err *e)
{
	const struct cas_refs_revisions *revisions = a->revisions;
	bool is_here = !revisions || !revisions->one;

	*s = (struct cas_actions_selection){ .refs = CAS_REFS_INIT };
	if (is_here &&
		(cas_refs_scan(&s->refs, a->w->repo, e) || cas_refs_check_apart(&s->refs, e)))
		return -1;
	if (revisions && cas_refs_scan_revisions(&s->refs, a->w->repo, revisions, e))
		return -1;
	s->wanted = mem_array(s->refs.n + 1, sizeof(*s->wanted), e);
	if (!s->wanted)
		return -1;
	return cas_refs_select(&s->refs, a->w->repo, a->targets, a->n_targets, s->wanted, e);
}

void cas_actions_print_path(struct output *out, const char *path)
{
	char shown[4096] = "";

	err_escape(shown, sizeof(shown), path);
	output_text(out, shown);
}

int cas_actions_print_json(struct output *out, const json_t *v, struct err *e)
{
	struct buf b = BUF_INIT;
	int r;

	jdoc_format(&b, v, JDOC_PRETTY);
	r = buf_check(&b, e);
	if (!r)
		output_slice(out, buf_slice(&b));
	buf_release(&b);
	return r;
}

/* ---- add, commit ---- */

static int print_added(
	const struct cas_actions *a, const char *path, const struct cas_content *c, struct err *e)
{
	char hex[CAS_ID_TEXT_MAX];
	struct buf b = BUF_INIT;
	json_t *o;
	int r;

	cas_id_format(&c->id, hex);
	if (!a->json) {
		diag_say(
			a->w->diag, DIAG_NOTE, "%s: %s, %lld bytes", path, hex, (long long)c->size);
		return 0;
	}
	o = json_pack("{s:s, s:s, s:I, s:I}", "path", path, "hash", hex, "size",
		(json_int_t)c->size, "nfiles", (json_int_t)(c->id.is_dir ? c->n_files : 1));
	if (o)
		jdoc_format(&b, o, JDOC_LINE);
	buf_add_char(&b, '\n');
	r = o ? buf_check(&b, e) : err_nomem(e);
	if (!r)
		output_slice(a->out, buf_slice(&b));
	json_decref(o);
	buf_release(&b);
	return r;
}

/* A stage that is running must not have the path, as it would not have DVC's either. */
static int add_claimed(const struct cas_actions *a, const char *path, struct err *e)
{
	struct cas_claim *claim =
		cas_repo_claim(a->w->repo, "cas-hash add", &path, 1, NULL, 0, NULL, e);
	struct cas_content c;
	struct err late = ERR_INIT;
	int r = claim ? cas_worktree_add(a->w, path, &c, e) : -1;

	if (cas_repo_unclaim(claim, &late))
		diag_say(a->w->diag, DIAG_WARNING, "%s", late.what);
	return r ? -1 : print_added(a, path, &c, e);
}

int cas_actions_add(const struct cas_actions *a, struct err *e)
{
	struct lock *lock = cas_repo_lock(a->w->repo, CAS_ACTIONS_LOCK_MS, e);
	struct buf rel = BUF_INIT;
	int r = lock ? 0 : -1;

	for (size_t i = 0; i < a->n_targets && !r; i++)
		r = cas_repo_relative(a->w->repo, a->targets[i], &rel, e) ||
				    add_claimed(a, rel.p, e)
			    ? -1
			    : 0;
	lock_drop(lock);
	buf_release(&rel);
	return r;
}

/* One .dvc file with all of its outputs. */
static int commit_file(const struct cas_actions *a, const char *file, struct err *e)
{
	struct cas_pointer *p = cas_pointer_load(a->w->repo->root, file, e);
	struct cas_content c;
	int r = p ? 0 : -1;

	for (size_t i = 0; !r && i < p->n_outs; i++) {
		const char *path = p->outs[i].path;
		unsigned flags = p->outs[i].cache ? 0 : CAS_PUT_HASH_ONLY;

		r = cas_worktree_put(a->w, path, flags, &c, e) || cas_pointer_set(p, i, &c, e) ||
				    print_added(a, path, &c, e)
			    ? -1
			    : 0;
		if (!r && p->outs[i].cache)
			r = cas_ignore_add_git(a->w->repo, path, NULL, e);
	}
	if (!r)
		r = cas_pointer_save(p, a->w->repo->root, e);
	cas_pointer_free(p);
	return r;
}

int cas_actions_commit(const struct cas_actions *a, struct err *e)
{
	struct lock *lock = cas_repo_lock(a->w->repo, CAS_ACTIONS_LOCK_MS, e);
	struct cas_actions_selection s = { .refs = CAS_REFS_INIT };
	const char *before = NULL;
	int r = lock ? cas_actions_choose(a, &s, e) : -1;

	for (size_t i = 0; i < s.refs.n && !r; i++) {
		const struct cas_ref *ref = &s.refs.refs[i];
		enum cas_state state;

		if (!s.wanted[i] || (ref->stage && !a->n_targets) || ref->file == before)
			continue;
		if (ref->stage) {
			err_set(e, ERR_INPUT, "'%s' is an output of stage '%s'", ref->out.path,
				ref->stage);
			r = err_hint(e, "stage-run writes down what a stage makes");
			break;
		}
		r = cas_worktree_state(a->w, &ref->out, &state, e);
		if (!r && state == CAS_DELETED && !a->n_targets)
			continue; /* not here: nothing to store */
		if (!r && (state != CAS_SAME || ref->out.content.id.is_legacy)) {
			before = ref->file;
			r = commit_file(a, ref->file, e);
		}
	}
	cas_actions_release(&s);
	lock_drop(lock);
	return r;
}

/* ---- checkout ---- */

static void print_checkout(const struct cas_actions *a, const char *path,
	const struct cas_checkout_result *res, bool was_there)
{
	char letter = !was_there ? 'A' : 'M';

	if (!res->n_added && !res->n_modified && !res->n_deleted)
		return;
	output_printf(a->out, "%c\t", letter);
	cas_actions_print_path(a->out, path);
	output_char(a->out, '\n');
}

/* An output of which nothing is recorded, or that is not cached, cannot be brought. */
static bool is_stored(const struct cas_ref *ref)
{
	return ref->out.has_id && ref->out.cache;
}

int cas_actions_checkout(const struct cas_actions *a, unsigned flags, struct err *e)
{
	struct lock *lock = cas_repo_lock(a->w->repo, CAS_ACTIONS_LOCK_MS, e);
	struct cas_actions_selection s = { .refs = CAS_REFS_INIT };
	struct buf absolute = BUF_INIT;
	bool failed = false;
	int r = lock ? cas_actions_choose(a, &s, e) : -1;

	for (size_t i = 0; i < s.refs.n && !r; i++) {
		const struct cas_out *out = &s.refs.refs[i].out;
		struct cas_checkout_result res = { 0 };
		struct err why = ERR_INIT;
		char text[2048];
		bool was_there;

		if (!s.wanted[i] || !is_stored(&s.refs.refs[i]))
			continue;
		cas_repo_absolute(a->w->repo, out->path, &absolute);
		r = buf_check(&absolute, e);
		was_there = path_exists(absolute.p);
		if (r ||
			!cas_worktree_checkout(a->w, out->path, &out->content, flags, &res, &why)) {
			print_checkout(a, out->path, &res, was_there);
			continue;
		}
		/* One that cannot be brought is no reason to leave the others out. */
		if (failed) {
			err_format(&why, text, sizeof(text));
			diag_say(a->w->diag, DIAG_WARNING, "%s", text);
		} else {
			*e = why;
			failed = true;
		}
	}
	cas_actions_release(&s);
	buf_release(&absolute);
	lock_drop(lock);
	return r || failed ? -1 : 0;
}

/* ---- status ---- */

/* "data.dvc", "train", "sub/dvc.yaml:train": as DVC names them. */
static int ref_name(const struct cas_ref *ref, struct buf *b, struct err *e)
{
	size_t dir = strlen(ref->file) - strlen(path_base(ref->file));

	buf_reset(b);
	if (!ref->stage)
		buf_add_text(b, ref->file);
	else if (dir)
		buf_addf(b, "%.*sdvc.yaml:%s", (int)dir, ref->file, ref->stage);
	else
		buf_add_text(b, ref->stage);
	return buf_check(b, e);
}

/* {"data.dvc": [{"changed outs": {"data": "modified"}}]} */
static int note_state(
	json_t *all, const char *name, const char *path, enum cas_state state, struct err *e)
{
	json_t *list = json_object_get(all, name), *outs;

	if (!list) {
		list = json_pack("[{s:{}}]", "changed outs");
		if (!list || json_object_set_new(all, name, list))
			return err_nomem(e);
	}
	outs = json_object_get(json_array_get(list, 0), "changed outs");
	if (json_object_set_new(outs, path, json_string(cas_worktree_state_name(state))))
		return err_nomem(e);
	return 0;
}

static void print_status(struct output *out, json_t *all)
{
	const char *name, *path;
	json_t *list, *state;

	json_object_foreach(all, name, list)
	{
		cas_actions_print_path(out, name);
		output_text(out, ":\n\tchanged outs:\n");
		json_object_foreach(
			json_object_get(json_array_get(list, 0), "changed outs"), path, state)
		{
			output_printf(out, "\t\t%s:%*s", json_string_value(state),
				(int)(19 - json_string_length(state)), "");
			cas_actions_print_path(out, path);
			output_char(out, '\n');
		}
	}
}

int cas_actions_status(const struct cas_actions *a, bool *changed, struct err *e)
{
	struct cas_actions_selection s;
	struct buf name = BUF_INIT;
	json_t *all = json_object();
	int r = cas_actions_choose(a, &s, e);

	*changed = false;
	if (!all && !r)
		r = err_nomem(e);
	for (size_t i = 0; i < s.refs.n && !r; i++) {
		const struct cas_ref *ref = &s.refs.refs[i];
		enum cas_state state;

		if (!s.wanted[i])
			continue;
		r = cas_worktree_state(a->w, &ref->out, &state, e);
		if (r || state == CAS_SAME)
			continue;
		*changed = true;
		r = ref_name(ref, &name, e) || note_state(all, name.p, ref->out.path, state, e) ? -1
												: 0;
	}
	if (!r && a->json)
		r = cas_actions_print_json(a->out, all, e);
	else if (!r && *changed)
		print_status(a->out, all);
	else if (!r)
		output_text(a->out, "Data is up to date.\n");
	json_decref(all);
	buf_release(&name);
	cas_actions_release(&s);
	return r;
}

/* ---- diff ---- */

static const char *const kind_names[] = { "added", "deleted", "modified", "renamed" };

static json_t *pair(const char *a, const char *b)
{
	return json_pack("{s:s, s:s}", "old", a, "new", b);
}

/* DVC's shape: {"added": [{"path":, "hash":}], ..., "modified": [{"path":, "hash": {"old":, "new":}}]}. */
static json_t *diff_json(const struct cas_diff *d)
{
	json_t *all = json_pack("{s:[], s:[], s:[], s:[]}", kind_names[0], kind_names[1],
		kind_names[2], kind_names[3]);

	for (size_t i = 0; all && i < d->n; i++) {
		const struct cas_diff_change *c = &d->changes[i];
		json_t *path = c->kind == CAS_DIFF_RENAMED ? pair(c->path, c->new_path)
							   : json_string(c->path);
		json_t *hash = c->kind == CAS_DIFF_MODIFIED
				       ? pair(c->old_id, c->new_id)
				       : json_string(*c->old_id ? c->old_id : c->new_id);
		json_t *one = json_pack("{s:o, s:o}", "path", path, "hash", hash);

		if (one && c->old_size >= 0)
			json_object_set_new(one, "old_size", json_integer(c->old_size));
		if (one && c->new_size >= 0)
			json_object_set_new(one, "new_size", json_integer(c->new_size));
		if (!one || json_array_append_new(json_object_get(all, kind_names[c->kind]), one)) {
			json_decref(all);
			all = NULL;
		}
	}
	return all;
}

static void print_diff(struct output *out, const struct cas_diff *d)
{
	static const char *const titles[] = { "Added", "Deleted", "Modified", "Renamed" };
	size_t counts[4] = { 0 };

	for (size_t i = 0; i < d->n; i++) {
		const struct cas_diff_change *c = &d->changes[i];
		char was[NUM_TEXT_MAX], is[NUM_TEXT_MAX];

		if (!counts[c->kind]++)
			output_printf(out, "%s:\n", titles[c->kind]);
		output_text(out, "    ");
		cas_actions_print_path(out, c->path);
		if (c->new_path) {
			output_text(out, " -> ");
			cas_actions_print_path(out, c->new_path);
		}
		num_format_bytes(was, (double)c->old_size);
		num_format_bytes(is, (double)c->new_size);
		if (c->old_size >= 0 && c->new_size >= 0 && c->kind == CAS_DIFF_MODIFIED)
			output_printf(out, " (%s -> %s)", was, is);
		else if (c->old_size >= 0 || c->new_size >= 0)
			output_printf(out, " (%s)", c->new_size >= 0 ? is : was);
		output_char(out, '\n');
	}
	output_printf(out, "%zu added, %zu deleted, %zu modified, %zu renamed\n", counts[0],
		counts[1], counts[2], counts[3]);
}

int cas_actions_diff(
	const struct cas_actions *a, const char *from, const char *to, bool *changed, struct err *e)
{
	struct cas_diff d = CAS_DIFF_INIT;
	json_t *json = NULL;
	int r = cas_diff_run(a->w, from, to, &d, e);

	*changed = d.n > 0;
	if (!r && a->json) {
		json = diff_json(&d);
		r = json ? cas_actions_print_json(a->out, json, e) : err_nomem(e);
	} else if (!r) {
		print_diff(a->out, &d);
	}
	json_decref(json);
	cas_diff_release(&d);
	return r;
}

/* ---- verify ---- */

struct verifying {
	struct cas_worktree *w;
	struct cas_id *ids; /* [n] */
	signed char *sound; /* [n]: 1, 0, or -1 */
	size_t n, cap;
};

static int collect(void *ctx, const struct cas_id *id, const struct stat *st, struct err *e)
{
	struct verifying *v = ctx;

	(void)st;
	if (mem_grow(&v->ids, &v->cap, v->n + 1, sizeof(*v->ids), e))
		return -1;
	v->ids[v->n++] = *id;
	return 0;
}

static int verify_piece(void *ctx, size_t from, size_t to, struct err *e)
{
	struct verifying *v = ctx;

	for (size_t i = from; i < to; i++) {
		v->sound[i] = (signed char)cas_object_verify(v->w->cache, &v->ids[i], e);
		if (v->sound[i] < 0)
			return -1;
	}
	return 0;
}

int cas_actions_verify(const struct cas_actions *a, bool *corrupt, struct err *e)
{
	struct lock *lock = cas_repo_lock(a->w->repo, CAS_ACTIONS_LOCK_MS, e);
	struct verifying v = { .w = a->w };
	char hex[CAS_ID_TEXT_MAX];
	size_t n_bad = 0;
	int r = -1;

	if (!lock || cas_object_each(a->w->cache, collect, &v, e))
		goto out;
	v.sound = mem_array(v.n + 1, 1, e);
	if (!v.sound)
		goto out;
	progress_start(a->w->progress, "verify", v.n, "objects");
	r = cas_tree_spread(a->w, v.n, 4, verify_piece, &v, e);
	for (size_t i = 0; i < v.n && !r; i++) {
		if (v.sound[i])
			continue;
		n_bad++;
		cas_id_format(&v.ids[i], hex);
		r = cas_object_set_aside(a->w->cache, &v.ids[i], e);
		output_printf(a->out, "%s: corrupt, moved aside\n", hex);
	}
	if (!r)
		output_printf(a->out, "%zu objects, %zu corrupt\n", v.n, n_bad);
out:
	*corrupt = n_bad > 0;
	free(v.ids);
	free(v.sound);
	lock_drop(lock);
	return r;
}
