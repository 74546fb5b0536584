/*
 * cas-hash get. A local source goes into the cache from where it lies; others come to .dvc/tmp/get
 * first. Only then it is checked out at its place, so that nothing half is ever seen there.
 */
#include <stdlib.h>

#include "base/lock.h"
#include "base/mem.h"
#include "base/path.h"
#include "cas/actions_internal.h"
#include "remote/sync.h"
#include "remote/url.h"
#include "remote/web.h"

struct get {
	const struct cas_actions *a;
	const struct cas_actions_get *o;
	struct buf out; /* relative to root */
	struct buf tmp; /* .dvc/tmp/get, where something was brought to */
	struct buf from; /* absolute path of the bytes */
	struct buf stored; /* the source as the .dvc file says it */
	struct buf tag; /* by what a web server knows it */
};

/* The last part of the url's path. */
static int name_of(const char *url, struct buf *name, struct err *e)
{
	const char *host = strstr(url, "://");
	size_t len, from;

	url = host ? host + 3 + strcspn(host + 3, "/") : url;
	len = strcspn(url, host ? "?#" : "");
	while (len && url[len - 1] == '/')
		len--;
	for (from = len; from && url[from - 1] != '/'; from--)
		;
	buf_reset(name);
	buf_add(name, url + from, len - from);
	if (!len || !strcmp(name->p, "..") || !strcmp(name->p, ".")) {
		err_set(e, ERR_INPUT, "there is no name in it that the data could have here");
		return err_hint(e, "give one behind it");
	}
	return buf_check(name, e);
}

/*
 * What is tracked is not replaced without being told so. What is not, and is in the cache, may be what a run has left that
 * was killed: it is gone on with.
 */
static int check_free(const struct get *g, struct err *e)
{
	struct cas_worktree *w = g->a->w;
	struct buf pointer = BUF_INIT, absolute = BUF_INIT;
	int r = -1;

	buf_addf(&pointer, "%s.dvc", g->out.p);
	cas_repo_absolute(w->repo, pointer.p, &absolute);
	if (buf_check(&pointer, e) || buf_check(&absolute, e))
		goto out;
	if (path_exists(absolute.p)) {
		err_set(e, ERR_INPUT, "is there already");
		err_hint(e, "--force replaces it");
		err_at(e, "%s", g->out.p);
		goto out;
	}
	r = cas_worktree_check_spare(w, g->out.p, e);
out:
	buf_release(&pointer);
	buf_release(&absolute);
	return r;
}

static int choose_place(struct get *g, struct err *e)
{
	struct cas_repo *repo = g->a->w->repo;
	struct buf name = BUF_INIT, typed = BUF_INIT;
	int r = -1;

	if (!g->o->out || path_is_dir(g->o->out)) {
		if (name_of(g->o->url, &name, e)) {
			err_at(e, "%s", g->o->url);
			goto out;
		}
		path_join(&typed, g->o->out ? g->o->out : ".", name.p);
	} else {
		buf_add_text(&typed, g->o->out);
	}
	if (buf_check(&typed, e) || cas_repo_relative(repo, typed.p, &g->out, e))
		goto out;
	r = g->o->force ? 0 : check_free(g, e);
out:
	buf_release(&name);
	buf_release(&typed);
	return r;
}

/* A relative path is said relative to the .dvc file, as DVC does. */
static int from_path(struct get *g, const char *path, struct err *e)
{
	struct cas_repo *repo = g->a->w->repo;
	struct buf place = BUF_INIT, dir = BUF_INIT;
	int r = path_absolute(&g->from, path, e);

	cas_repo_absolute(repo, g->out.p, &place);
	path_dir(&dir, place.p);
	if (r || buf_check(&place, e) || buf_check(&dir, e))
		r = -1;
	else if (path[0] == '/')
		buf_add_text(&g->stored, path);
	else
		path_relative(&g->stored, dir.p, g->from.p);
	buf_release(&place);
	buf_release(&dir);
	return r ? -1 : buf_check(&g->stored, e);
}

/* An empty .dvc/tmp/get, and a path in it. What a killed run left there goes. */
static int make_room(struct get *g, struct err *e)
{
	path_join(&g->tmp, g->a->w->repo->tmp_dir, "get");
	if (buf_check(&g->tmp, e) || path_remove_all(g->tmp.p, e) || path_make_dirs(g->tmp.p, e))
		return -1;
	path_join(&g->from, g->tmp.p, path_base(g->out.p));
	return buf_check(&g->from, e);
}

static int from_web(struct get *g, struct err *e)
{
	struct remote_web web = { .url = g->o->url,
		.ca_bundle = g->o->ca_bundle,
		.progress = g->a->w->progress,
		.diag = g->a->w->diag,
		.tag = BUF_INIT };
	int r = make_room(g, e);

	web.path = g->from.p;
	if (!r)
		r = remote_web_get(&web, e);
	if (!r)
		buf_add_slice(&g->tag, buf_slice(&web.tag));
	buf_release(&web.tag);
	return r;
}

static int from_bucket(struct get *g, struct err *e)
{
	struct cas_worktree *w = g->a->w;
	struct remote_store_options open = { .pool = w->pool, .diag = w->diag };
	struct remote_sync_print told = { .out = g->a->out, .diag = w->diag };
	struct remote_sync_options o = {
		.max_delete = -1, .progress = w->progress, .each = remote_sync_print, .ctx = &told
	};
	struct remote_sync_result res = { 0 };

	if (make_room(g, e) || remote_sync_run(g->o->url, g->from.p, &o, &open, &res, e))
		return -1;
	if (res.n_failed)
		return err_set(e, ERR_SYSTEM, "%llu files could not be fetched",
			(unsigned long long)res.n_failed);
	if (!res.n_sent)
		return err_set(e, ERR_INPUT, "nothing is there");
	return 0;
}

static int bring(struct get *g, struct err *e)
{
	const char *url = g->o->url;
	struct remote_url parsed;
	int r = -1;

	if (!strncmp(url, "http://", 7) || !strncmp(url, "https://", 8)) {
		buf_add_text(&g->stored, url);
		return from_web(g, e);
	}
	if (remote_url_parse(&parsed, url, e))
		goto out;
	if (parsed.kind == REMOTE_URL_STREAM) {
		err_set(e, ERR_INPUT, "standard input cannot be brought again");
	} else if (parsed.kind == REMOTE_URL_PATH) {
		r = from_path(g, parsed.path.p, e);
	} else {
		buf_add_text(&g->stored, url);
		r = from_bucket(g, e);
	}
out:
	remote_url_release(&parsed);
	return r;
}

static int import(struct get *g, struct err *e)
{
	struct cas_worktree *w = g->a->w;
	struct cas_source source = { .path = g->stored.p };
	struct cas_content c;
	char hex[CAS_ID_TEXT_MAX];

	if (cas_worktree_put(w, g->from.p, CAS_PUT_NO_LINK, &c, e))
		return -1;
	cas_id_format(&c.id, hex);
	source.size = c.size;
	source.n_files = c.id.is_dir ? c.n_files : -1;
	if (!strstr(g->stored.p, "://")) {
		source.key = "md5";
		source.value = hex;
	} else if (g->tag.len) {
		source.key = "checksum";
		source.value = g->tag.p;
	}
	return cas_worktree_import(
		w, g->out.p, &c, &source, g->o->force ? CAS_CHECKOUT_FORCE : 0, e);
}

int cas_actions_get(const struct cas_actions *a, const struct cas_actions_get *o, struct err *e)
{
	struct cas_repo *repo = a->w->repo;
	struct lock *lock = cas_repo_lock(repo, CAS_ACTIONS_LOCK_MS, e);
	struct get g = { .a = a, .o = o };
	struct cas_claim *claim = NULL;
	struct err late = ERR_INIT;
	const char *path;
	int r = -1;

	if (!lock || choose_place(&g, e))
		goto out;
	path = g.out.p;
	claim = cas_repo_claim(repo, "cas-hash get", &path, 1, NULL, 0, NULL, e);
	if (!claim)
		goto out;
	r = bring(&g, e);
	if (r)
		err_at(e, "%s", o->url);
	else
		r = import(&g, e);
	if (g.tmp.len && path_remove_all(g.tmp.p, &late))
		diag_say(a->w->diag, DIAG_WARNING, "%s", late.what);
	if (cas_repo_unclaim(claim, &late))
		diag_say(a->w->diag, DIAG_WARNING, "%s", late.what);
out:
	buf_release(&g.out);
	buf_release(&g.tmp);
	buf_release(&g.from);
	buf_release(&g.stored);
	buf_release(&g.tag);
	lock_drop(lock);
	return r;
}
