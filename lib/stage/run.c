#include "stage/run.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/lock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/path.h"
#include "cas/ignore.h"
#include "stage/pull.h"
#include "stage/runcache.h"
#include "stage/timing.h"

enum { LOCK_WAIT_MS = 60000 };

struct run {
	struct stage_project *p;
	const struct stage_spec *s;
	const struct stage_run_options *o;
	struct stage_run_result *r;
	json_t *entry; /* cmd, deps, params; outs when they are known */
	struct arena *mem;
	struct err *e;
};

static void say(struct run *x, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void say(struct run *x, const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;
	va_list ap;

	if (!x->o->out)
		return;
	va_start(ap, fmt);
	buf_addf(&b, "%s: ", x->s->name);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	output_slice(x->o->out, buf_slice(&b));
	/* flushed, since the command prints on the same descriptor; closing reports a failure */
	if (output_fd(x->o->out, &e) < 0)
		err_clear(&e);
	buf_release(&b);
}

static int judge(struct run *x, struct stage_state *state)
{
	*state = (struct stage_state){ .verdict = STAGE_SAME };
	return stage_change_judge(x->p, x->s,
		x->o->allow_missing ? STAGE_LOOK_STATUS : STAGE_LOOK_RUN, state, x->mem, x->e);
}

/* ---- the entry for dvc.lock ---- */

/* 1, 0 it is not there, -1. */
static int hash_dep(struct run *x, const struct stage_path *dep, struct cas_content *c)
{
	int there = stage_project_hash(x->p, dep->full, c, x->e), pulled;

	if (there || !x->o->pull || x->o->dry)
		return there;
	pulled = stage_pull_path(x->p, dep->full, x->e);
	if (pulled == 1)
		say(x, "pulled %s\n", dep->text);
	return pulled == 1 ? stage_project_hash(x->p, dep->full, c, x->e) : pulled;
}

static int add_deps(struct run *x)
{
	json_t *list = json_array();

	if (!list || (x->s->n_deps && json_object_set(x->entry, "deps", list))) {
		json_decref(list);
		return err_nomem(x->e);
	}
	json_decref(list);
	for (size_t i = 0; i < x->s->n_deps; i++) {
		const struct stage_path *dep = &x->s->deps[i];
		struct cas_content c;
		json_t *item;
		int there = hash_dep(x, dep, &c);

		if (there < 0)
			return -1;
		if (!there) {
			err_set(x->e, ERR_INPUT, "'%s' is not there", dep->text);
			return err_hint(x->e, "get it with make pull or make checkout, or make it");
		}
		item = stage_project_item(dep->text, &c, x->e);
		if (!item)
			return -1;
		if (json_array_append_new(list, item))
			return err_nomem(x->e);
	}
	return 0;
}

static int begin_entry(struct run *x)
{
	json_t *params;

	x->entry = json_object();
	if (!x->entry || json_object_set(x->entry, "cmd", x->s->cmd))
		return err_nomem(x->e);
	if (add_deps(x))
		return -1;
	if (!x->s->n_params)
		return 0;
	params = stage_params_collect(&x->p->params, x->s, x->p->tree->repo->root, NULL, x->e);
	if (!params)
		return -1;
	return json_object_set_new(x->entry, "params", params) ? err_nomem(x->e) : 0;
}

/* ---- outputs ---- */

static int make_parents(struct run *x, const struct stage_out *out)
{
	struct buf full = BUF_INIT;
	int rc;

	cas_repo_absolute(x->p->tree->repo, out->path.full, &full);
	rc = buf_check(&full, x->e) || path_make_parents(full.p, x->e);
	buf_release(&full);
	return rc ? -1 : 0;
}

/*
 * Folders to write into, and the lines in .gitignore: under the lock, since stages side by side write to the
 * same file, and before anything else, so that what is up to date is ignored, whenever we are stopped.
 */
static int prepare_outs(struct run *x)
{
	struct lock *lock = cas_repo_lock(x->p->tree->repo, LOCK_WAIT_MS, x->e);
	int rc = lock ? 0 : -1;

	for (size_t i = 0; i < x->s->n_outs && !rc; i++) {
		const struct stage_out *out = &x->s->outs[i];

		rc = make_parents(x, out);
		if (!rc && out->cache)
			rc = cas_ignore_add_git(x->p->tree->repo, out->path.full, NULL, x->e);
	}
	lock_drop(lock);
	return rc;
}

static int checkout(struct run *x, const json_t *entry)
{
	if (prepare_outs(x))
		return -1;
	for (size_t i = 0; i < x->s->n_outs; i++) {
		const struct stage_out *out = &x->s->outs[i];
		json_t *item = stage_lockfile_find(entry, "outs", out->path.text);
		struct cas_content c;
		bool has_id = false;

		if (!item) /* of a frozen stage that did not make it yet */
			continue;
		if (cas_pointer_read_entry(item, "dvc.lock", &c, &has_id, x->e) || !has_id)
			return -1;
		if (cas_worktree_checkout(
			    x->p->tree, out->path.full, &c, CAS_CHECKOUT_FORCE, NULL, x->e))
			return -1;
	}
	return 0;
}

/* What was there before goes, as with DVC. */
static int clear_outs(struct run *x)
{
	for (size_t i = 0; i < x->s->n_outs; i++) {
		const struct stage_out *out = &x->s->outs[i];

		if (!out->persist &&
			cas_worktree_remove(x->p->tree, out->path.full, CAS_CHECKOUT_FORCE, x->e))
			return -1;
	}
	return 0;
}

static int store_outs(struct run *x)
{
	bool for_run_cache = !x->o->no_run_cache && stage_runcache_is_fit(x->s);
	json_t *list = json_array();

	for (size_t i = 0; list && i < x->s->n_outs; i++) {
		const struct stage_out *out = &x->s->outs[i];
		unsigned flags = out->cache      ? 0
				 : for_run_cache ? CAS_PUT_NO_LINK
						 : CAS_PUT_HASH_ONLY;
		struct cas_content c;
		json_t *item;
		int there = stage_project_hash(x->p, out->path.full, &c, x->e);

		if (there == 0) {
			err_set(x->e, ERR_INPUT, "the command ended well but did not make '%s'",
				out->path.text);
			goto fail;
		}
		if (there < 0)
			goto fail;
		if (cas_worktree_put(x->p->tree, out->path.full, flags, &c, x->e)) {
			err_at(x->e, "'%s' into the cache", out->path.text);
			goto fail;
		}
		item = stage_project_item(out->path.text, &c, x->e);
		if (!item)
			goto fail;
		if (json_array_append_new(list, item)) {
			err_nomem(x->e);
			goto fail;
		}
	}
	if (!list)
		return err_nomem(x->e);
	if (x->s->n_outs && json_object_set(x->entry, "outs", list)) {
		err_nomem(x->e);
		goto fail;
	}
	json_decref(list);
	return 0;
fail:
	json_decref(list);
	return -1;
}

/* ---- ways to bring it up to date ---- */

/* 1: done; 0: not in the run cache. */
static int try_run_cache(struct run *x)
{
	json_t *found = NULL;
	int rc;

	if (x->o->force || x->o->no_run_cache || !stage_runcache_is_fit(x->s))
		return 0;
	rc = stage_runcache_get(x->p, x->s, x->entry, x->o->pull && !x->o->dry, &found, x->e);
	if (rc == 1 && x->o->dry)
		say(x, "would be restored from the run cache\n");
	else if (rc == 1)
		rc = checkout(x, found) ||
				     json_object_set(
					     x->entry, "outs", json_object_get(found, "outs")) ||
				     stage_project_record(x->p, x->s->name, x->entry, x->e)
			     ? -1
			     : 1;
	json_decref(found);
	if (rc == 1) {
		x->r->outcome = STAGE_FROM_RUN_CACHE;
		if (!x->o->dry)
			say(x, "restored from the run cache\n");
	}
	return rc;
}

static void say_command(struct run *x, const char *how)
{
	struct buf b = BUF_INIT;

	if (json_is_array(x->s->cmd)) {
		for (size_t i = 0; i < json_array_size(x->s->cmd); i++)
			buf_addf(&b, "%s%s", i ? "\n    " : "",
				json_string_value(json_array_get(x->s->cmd, i)));
	} else {
		buf_add_text(&b, json_string_value(x->s->cmd));
	}
	say(x, "%s: %s\n", how, b.p);
	buf_release(&b);
}

static int make_log(struct run *x, struct buf *log)
{
	path_join(log, x->p->tree->repo->tmp_dir, "log");
	if (buf_check(log, x->e) || path_make_dirs(log->p, x->e))
		return -1;
	buf_addf(log, "/%s.log", x->s->name);
	return buf_check(log, x->e);
}

static int run_command(struct run *x)
{
	struct stage_exec how = { .cmd = x->s->cmd, .shell = x->o->shell };
	struct buf dir = BUF_INIT, log = BUF_INIT;
	char memory[NUM_TEXT_MAX];
	int rc = -1;

	cas_repo_absolute(x->p->tree->repo, x->s->full_wdir, &dir);
	if (buf_check(&dir, x->e) || make_log(x, &log))
		goto out;
	how.dir = dir.p;
	how.log = log.p;
	say_command(x, "running");
	if (stage_exec_run(&how, &x->r->exec, x->e) ||
		stage_timing_put(x->p, x->s->name, &x->r->exec, x->e))
		goto out;
	if (x->r->exec.stopped_by) {
		err_set(x->e, ERR_SYSTEM, "stopped by a signal");
		goto out;
	}
	if (x->r->exec.status) {
		err_set(x->e, ERR_INPUT, "the command ended with status %d", x->r->exec.status);
		err_hint(x->e, "dvc.lock is as it was; what it printed is in %s", log.p);
		goto out;
	}
	num_format_bytes(memory, (double)x->r->exec.max_rss * 1024);
	say(x, "done in %.1f s, at most %s of memory\n", x->r->exec.seconds, memory);
	rc = 0;
out:
	buf_release(&dir);
	buf_release(&log);
	return rc;
}

/* Dependencies must be what they were when the command began, or the lock would lie. */
static int check_deps_again(struct run *x)
{
	for (size_t i = 0; i < x->s->n_deps; i++) {
		json_t *item = stage_lockfile_find(x->entry, "deps", x->s->deps[i].text);
		struct cas_content was, is;
		bool has_id;
		int there = stage_project_hash(x->p, x->s->deps[i].full, &is, x->e);

		if (there < 0 || cas_pointer_read_entry(item, "dvc.lock", &was, &has_id, x->e))
			return -1;
		if (there && cas_id_eq(&was.id, &is.id))
			continue;
		err_set(x->e, ERR_SYSTEM, "'%s' changed while the command ran", x->s->deps[i].text);
		return err_hint(x->e, "run it again");
	}
	return 0;
}

static struct cas_claim *claim_once(struct run *x, bool *is_busy)
{
	const char **writes = mem_array(x->s->n_outs + 1, sizeof(*writes), x->e);
	const char **reads = mem_array(x->s->n_deps + 1, sizeof(*reads), x->e);
	struct cas_claim *c = NULL;

	*is_busy = false;
	if (writes && reads) {
		for (size_t i = 0; i < x->s->n_outs; i++)
			writes[i] = x->s->outs[i].path.full;
		for (size_t i = 0; i < x->s->n_deps; i++)
			reads[i] = x->s->deps[i].full;
		c = cas_repo_claim(x->p->tree->repo, "stage-run", writes, x->s->n_outs, reads,
			x->s->n_deps, is_busy, x->e);
	}
	free(writes);
	free(reads);
	return c;
}

/* Waits while another process has the paths, up to o->wait_s; *waited tells if that was so. */
static struct cas_claim *claim(struct run *x, bool *waited)
{
	struct timespec pause = { 0, 20000000 };
	struct cas_claim *c;
	double left = x->o->wait_s < 0 ? 1e300 : x->o->wait_s;
	bool is_busy;

	*waited = false;
	while (!(c = claim_once(x, &is_busy)) && is_busy && left > 0) {
		if (!*waited)
			say(x, "waits: %s\n", x->e->what);
		*waited = true;
		err_clear(x->e);
		nanosleep(&pause, NULL);
		left -= (double)pause.tv_nsec / 1e9;
		if (pause.tv_nsec < 320000000)
			pause.tv_nsec *= 2;
	}
	return c;
}

static int run_and_store(struct run *x)
{
	if (clear_outs(x) || prepare_outs(x) || run_command(x) || check_deps_again(x) ||
		store_outs(x) || stage_project_record(x->p, x->s->name, x->entry, x->e))
		return -1;
	x->r->outcome = STAGE_RAN;
	if (!x->o->no_run_cache && stage_runcache_is_fit(x->s))
		return stage_runcache_put(x->p, x->entry, x->e);
	return 0;
}

/* From the run cache, or by its command. */
static int make_now(struct run *x)
{
	int rc = begin_entry(x);

	if (!rc)
		rc = try_run_cache(x);
	if (!rc && x->o->dry) {
		say_command(x, "would run");
		x->r->outcome = STAGE_RAN;
	} else if (!rc) {
		rc = run_and_store(x);
	}
	json_decref(x->entry);
	x->entry = NULL;
	return rc < 0 ? -1 : 0;
}

static int restore(struct run *x)
{
	x->r->outcome = STAGE_RESTORED;
	if (x->o->dry) {
		say(x, "would be restored from the cache\n");
		return 0;
	}
	if (checkout(x, stage_lockfile_get(x->p->lock, x->s->name)))
		return -1;
	say(x, "restored from the cache\n");
	return 0;
}

/* 1: what another process did while we waited for it is what we would have done. */
static int made_by_other(struct run *x)
{
	struct stage_state state;
	int rc;

	if (x->o->force)
		return 0;
	if (stage_project_reload(x->p, x->e) || judge(x, &state))
		return -1;
	rc = state.verdict == STAGE_SAME;
	stage_change_release_one(&state);
	if (rc)
		say(x, "made by another process meanwhile\n");
	return rc;
}

static int make_anew(struct run *x)
{
	struct err late = ERR_INIT;
	struct cas_claim *c;
	bool waited;
	int rc = 0;

	if (x->o->dry)
		return make_now(x);
	c = claim(x, &waited);
	if (!c)
		return -1;
	if (waited)
		rc = made_by_other(x);
	if (!rc)
		rc = make_now(x);
	if (cas_repo_unclaim(c, &late))
		diag_say(x->p->tree->diag, DIAG_WARNING, "%s", late.what);
	return rc < 0 ? -1 : 0;
}

/* Outputs that are all that is missing may be in the remote: then they are only to be put into place. */
static int pull_missing(struct run *x, struct stage_state *state)
{
	int rc;

	for (size_t i = 0; i < state->n_reasons; i++)
		if (strcmp(state->reasons[i].kind, "missing output") != 0)
			return 0;
	rc = stage_pull_outs(x->p, stage_lockfile_get(x->p->lock, x->s->name), x->e);
	if (rc != 1)
		return rc;
	stage_change_release_one(state);
	return judge(x, state);
}

int stage_run_one(struct stage_project *p, const struct stage_spec *s,
	const struct stage_run_options *o, struct stage_run_result *r, struct err *e)
{
	struct arena mem = ARENA_INIT;
	struct run x = { .p = p, .s = s, .o = o, .r = r, .mem = &mem, .e = e };
	struct stage_state state;
	int rc;

	memset(r, 0, sizeof(*r));
	rc = judge(&x, &state);
	if (!rc && o->pull && !o->dry && state.verdict == STAGE_CHANGED)
		rc = pull_missing(&x, &state);
	if (!rc && o->force && !s->frozen && s->cmd)
		state.verdict = STAGE_CHANGED;
	if (rc)
		goto out;
	if (s->frozen && state.verdict == STAGE_CHANGED) {
		rc = err_set(e, ERR_INPUT,
			"it is frozen, and '%s' is neither here nor in the cache",
			state.reasons[0].what);
		err_hint(e, "get it with make pull, or let the stage run");
		err_at(e, "stage '%s'", s->name);
	} else if (state.verdict == STAGE_SAME) {
		r->outcome = STAGE_WAS_SAME;
		if (o->verbose)
			say(&x, state.is_absent ? "up to date, its data is not here\n"
						: "up to date\n");
	} else {
		rc = state.verdict == STAGE_RESTORE ? restore(&x) : make_anew(&x);
		if (rc)
			err_at(e, "stage '%s'", s->name);
	}
out:
	stage_change_release_one(&state);
	arena_release(&mem);
	return rc;
}
