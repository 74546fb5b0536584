/* The commands of s3-sync on a repository. */
#include "base/jdoc.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/num.h"
#include "cas/actions_internal.h"
#include "cas/transfer.h"

#include <stdlib.h>

struct telling {
	const struct cas_actions *a;
	bool is_push, dry_run, explain;
};

static int print_line(struct output *out, json_t *o)
{
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;
	int r;

	jdoc_format(&b, o, JDOC_LINE);
	buf_add_char(&b, '\n');
	r = buf_check(&b, &e);
	if (!r)
		output_slice(out, buf_slice(&b));
	buf_release(&b);
	return r;
}

static const char *const event_names[] = { "moved", "missing", "failed", "there", "held" };

static void tell_json(const struct telling *t, enum cas_transfer_event event, const char *path,
	const char *hex, int64_t size, const char *why)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:I, s:s}", "action",
		t->is_push ? "push" : "fetch", "result", event_names[event], "path", path, "hash",
		hex, "size", (json_int_t)size, "why", why);

	if (o)
		print_line(t->a->out, o);
	json_decref(o);
}

/* "moved	data/a.txt	4f...	not in the remote" */
static void explain(const struct telling *t, enum cas_transfer_event event, const char *path,
	const char *hex, const char *why)
{
	char reason[2048] = "";

	err_escape(reason, sizeof(reason), why);
	output_printf(t->a->out, "%s\t", event_names[event]);
	cas_actions_print_path(t->a->out, path);
	output_printf(t->a->out, "\t%s\t%s\n", hex, reason);
}

/*
 * With --json a line for each object, with --explain for those too that are left; else what went wrong as warnings, and
 * the rest with -v.
 */
static void tell(void *ctx, enum cas_transfer_event event, const char *path,
	const struct cas_id *id, int64_t size, const char *text)
{
	const struct telling *t = ctx;
	const char *verb = t->is_push ? "push" : "fetch";
	bool is_left = event == CAS_TRANSFER_LEFT || event == CAS_TRANSFER_HELD;
	char hex[CAS_ID_TEXT_MAX];

	if (is_left && !t->explain)
		return;
	cas_id_format(id, hex);
	if (t->a->json) {
		tell_json(t, event, path, hex, size, text);
		return;
	}
	if (t->explain)
		explain(t, event, path, hex, text);
	if (event == CAS_TRANSFER_MOVED && !t->explain) {
		diag_say(t->a->w->diag, t->dry_run ? DIAG_WARNING : DIAG_NOTE, "%s%s %s (%s)",
			t->dry_run ? "would " : "", verb, path, hex);
	} else if (event == CAS_TRANSFER_MISSING || event == CAS_TRANSFER_FAILED) {
		diag_say(t->a->w->diag, DIAG_WARNING, "%s (%s): %s", path, hex, text);
	}
}

static void print_summary(const struct cas_actions *a, bool is_push,
	const struct cas_transfer_result *res, bool dry_run)
{
	char size[NUM_TEXT_MAX];

	if (a->json)
		return;
	num_format_bytes(size, (double)res->bytes_moved);
	if (!res->n_moved && !res->n_runs && !res->n_missing && !res->n_failed) {
		output_text(a->out, "Everything is up to date.\n");
		return;
	}
	output_printf(a->out, "%llu objects %s%s (%s)", (unsigned long long)res->n_moved,
		dry_run ? "would be " : "", is_push ? "pushed" : "fetched", size);
	if (res->n_runs)
		output_printf(a->out, ", %llu results of runs", (unsigned long long)res->n_runs);
	if (res->n_missing)
		output_printf(a->out, ", %llu missing", (unsigned long long)res->n_missing);
	if (res->n_failed)
		output_printf(a->out, ", %llu failed", (unsigned long long)res->n_failed);
	output_char(a->out, '\n');
}

static int move(const struct cas_actions *a, const struct cas_transfer_options *options,
	bool is_push, bool *lost, struct err *e)
{
	struct telling t = {
		.a = a, .is_push = is_push, .dry_run = options->dry_run, .explain = options->explain
	};
	struct cas_transfer_options o = *options;
	struct cas_transfer_result res = { 0 };
	struct cas_actions_selection s = { .refs = CAS_REFS_INIT };
	struct lock *lock = cas_repo_lock(a->w->repo, CAS_ACTIONS_LOCK_MS, e);
	int r = lock ? cas_actions_choose(a, &s, e) : -1;

	o.each = tell;
	o.ctx = &t;
	if (!r)
		r = is_push ? cas_transfer_push(a->w, &s.refs, s.wanted, &o, &res, e)
			    : cas_transfer_fetch(a->w, &s.refs, s.wanted, &o, &res, e);
	if (!r)
		print_summary(a, is_push, &res, o.dry_run);
	*lost = res.n_missing;
	if (!r && res.n_failed)
		r = err_set(e, res.code, "%llu objects could not be %s",
			(unsigned long long)res.n_failed, is_push ? "pushed" : "fetched");
	cas_actions_release(&s);
	lock_drop(lock);
	return r;
}

int cas_actions_push(const struct cas_actions *a, const struct cas_transfer_options *o, bool *lost,
	struct err *e)
{
	return move(a, o, true, lost, e);
}

int cas_actions_fetch(const struct cas_actions *a, const struct cas_transfer_options *o, bool *lost,
	struct err *e)
{
	return move(a, o, false, lost, e);
}

static void print_states(const struct cas_actions *a, const struct cas_refs *refs,
	const enum cas_transfer_state *state, bool differ)
{
	static const char *const names[] = { "", "new", "deleted", "missing" };

	if (!differ)
		output_text(a->out, "Cache and remote are in sync.\n");
	for (size_t i = 0; i < refs->n; i++) {
		if (state[i] == CAS_TRANSFER_SAME)
			continue;
		output_printf(a->out, "\t%s:%*s", names[state[i]],
			(int)(19 - strlen(names[state[i]])), "");
		cas_actions_print_path(a->out, refs->refs[i].out.path);
		output_char(a->out, '\n');
	}
}

static int print_states_json(const struct cas_actions *a, const struct cas_refs *refs,
	const enum cas_transfer_state *state, struct err *e)
{
	static const char *const names[] = { "", "new", "deleted", "missing" };
	json_t *all = json_object(), *list;
	int r = all ? 0 : err_nomem(e);

	for (size_t i = 0; i < refs->n && !r; i++) {
		if (state[i] == CAS_TRANSFER_SAME)
			continue;
		list = json_object_get(all, names[state[i]]);
		if (!list) {
			list = json_array();
			json_object_set_new(all, names[state[i]], list);
		}
		if (json_array_append_new(list, json_string(refs->refs[i].out.path)))
			r = err_nomem(e);
	}
	if (!r)
		r = cas_actions_print_json(a->out, all, e);
	json_decref(all);
	return r;
}

int cas_actions_compare(const struct cas_actions *a, const struct cas_transfer_options *o,
	bool *differ, struct err *e)
{
	struct cas_actions_selection s;
	enum cas_transfer_state *state = NULL;
	int r = cas_actions_choose(a, &s, e);

	*differ = false;
	if (!r) {
		state = mem_array(s.refs.n + 1, sizeof(*state), e);
		r = state ? cas_transfer_status(a->w, &s.refs, s.wanted, o, state, e) : -1;
	}
	for (size_t i = 0; i < s.refs.n && !r; i++)
		*differ = *differ || state[i] != CAS_TRANSFER_SAME;
	if (!r && a->json)
		r = print_states_json(a, &s.refs, state, e);
	else if (!r)
		print_states(a, &s.refs, state, *differ);
	free(state);
	cas_actions_release(&s);
	return r;
}
