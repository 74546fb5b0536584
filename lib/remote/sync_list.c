/* ls and rm: one side of a sync. */
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "base/path.h"
#include "remote/sync_trees.h"

/* A folder as a store of all below it; a file as the store of its folder, with `*key` its name in it. */
static struct remote_store *open_url(
	const struct remote_sync_list_options *o, struct buf *key, struct err *e)
{
	struct remote_store *s = NULL;
	struct remote_url u;
	int is_one = -1;

	if (remote_url_parse(&u, o->open.url, e))
		goto out;
	if (u.kind == REMOTE_URL_PATH && !path_exists(u.path.p))
		err_set(e, ERR_INPUT, "'%s' does not exist", u.path.p);
	else
		is_one = remote_sync_is_one(&u, &o->open, e);
	if (is_one == 1)
		s = remote_sync_open_parent(&u, &o->open, key, e);
	else if (is_one == 0)
		s = remote_store_open(&o->open, e);
out:
	remote_url_release(&u);
	return s;
}

static void print_key(struct output *out, const char *key)
{
	char shown[4096] = "";

	err_escape(shown, sizeof(shown), key);
	output_printf(out, "%s\n", shown);
}

static void print_entry(struct output *out, const struct remote_entry *entry)
{
	time_t t = (time_t)(entry->mtime_ns / 1000000000);
	char text[32] = "-";
	struct tm tm;

	if (gmtime_r(&t, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	output_printf(out, "%lld\t%s\t", (long long)entry->size, text);
	print_key(out, entry->key);
}

/* A folder may be empty; a bucket has no folders. */
static int refuse_nothing(const struct remote_store *s, struct err *e)
{
	if (remote_store_asks_cheaply(s))
		return 0;
	return err_set(e, ERR_INPUT, "%s: nothing lies there", remote_store_name(s));
}

int remote_sync_list(const struct remote_sync_list_options *o, struct output *out, struct err *e)
{
	struct buf key = BUF_INIT;
	struct remote_store *s = open_url(o, &key, e);
	struct remote_listing *l = s ? remote_store_list(s, key.p, e) : NULL;
	struct remote_entry entry;
	uint64_t n = 0;
	int r = l ? 1 : -1;

	while (r > 0 && (r = remote_listing_next(l, &entry, e)) > 0) {
		n++;
		if (!key.len || !strcmp(key.p, entry.key))
			print_entry(out, &entry);
	}
	if (!r && !n)
		r = refuse_nothing(s, e);
	remote_listing_close(l);
	remote_store_close(s);
	buf_release(&key);
	return r;
}

/* ---- rm ---- */

struct removal {
	const struct remote_sync_list_options *o;
	struct output *out;
	char **keys; /* [n] */
	size_t n, cap, at;
	struct remote_job *jobs; /* [n] */
	struct err first;
	size_t n_failed;
};

static int next(void *ctx, struct remote_job **job, struct err *e)
{
	struct removal *r = ctx;

	(void)e;
	if (r->at == r->n)
		return 0;
	*job = &r->jobs[r->at];
	**job = (struct remote_job){ .op = REMOTE_DELETE, .key = r->keys[r->at++] };
	return 1;
}

static int done(void *ctx, struct remote_job *job, const struct err *failed, struct err *e)
{
	struct removal *r = ctx;

	(void)e;
	if (!failed)
		print_key(r->out, job->key);
	else if (!r->n_failed++)
		r->first = *failed;
	return 0;
}

static int collect(struct removal *r, struct remote_store *s, const struct buf *key, struct err *e)
{
	struct remote_listing *l = remote_store_list(s, key->p, e);
	struct remote_entry entry;
	int got = l ? 1 : -1;

	while (got > 0 && (got = remote_listing_next(l, &entry, e)) > 0) {
		if (key->len && strcmp(key->p, entry.key) != 0)
			continue;
		if (mem_grow(&r->keys, &r->cap, r->n + 1, sizeof(*r->keys), e))
			got = -1;
		else if (!(r->keys[r->n] = mem_dup(entry.key, e)))
			got = -1;
		else
			r->n++;
	}
	remote_listing_close(l);
	return got;
}

int remote_sync_remove(const struct remote_sync_list_options *o, struct output *out, struct err *e)
{
	static const struct remote_queue queue = { next, done };
	struct removal r = { .o = o, .out = out };
	struct buf key = BUF_INIT;
	struct remote_store *s = open_url(o, &key, e);
	int result = -1;

	if (!s)
		goto out;
	if (!key.len && !o->recursive) {
		err_set(e, ERR_INPUT, "'%s' is %s", o->open.url,
			remote_store_asks_cheaply(s) ? "a folder" : "no object");
		err_hint(e, "--recursive removes all below it");
		goto out;
	}
	if (collect(&r, s, &key, e) || (!r.n && refuse_nothing(s, e)))
		goto out;
	r.jobs = mem_array(r.n + 1, sizeof(*r.jobs), e);
	if (!r.jobs)
		goto out;
	for (size_t i = 0; i < r.n && o->dry_run; i++)
		print_key(out, r.keys[i]);
	result = o->dry_run ? 0 : remote_store_run(s, &queue, &r, e);
	if (!result && r.n_failed) {
		*e = r.first;
		result = -1;
	}
out:
	for (size_t i = 0; i < r.n; i++)
		free(r.keys[i]);
	free(r.keys);
	free(r.jobs);
	remote_store_close(s);
	buf_release(&key);
	return result;
}
