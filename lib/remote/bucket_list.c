#include "remote/bucket_task.h"

#include <stdlib.h>

#include "base/mem.h"
#include "remote/s3xml.h"

enum { ATTEMPTS = 3, BARREN_MAX = 1000 };

/*
 * Pages of a listing, 1000 keys each, on a loop of their own: a listing is read while a run is under
 * way. The next page is asked for when the one before is used up.
 */
struct listing {
	struct remote_listing listing;
	struct bucket *bucket;
	struct remote_http *http;
	struct remote_s3 *s3;
	struct remote_s3_op op;
	struct remote_s3xml_list page;
	struct buf prefix, query, key;
	struct buf mark; /* the token of an earlier page: see check_progress() */
	uint64_t n_pages;
	size_t n_barren; /* pages without a key, one after the other */
	size_t at;
	bool started, is_missing;
	struct err failed;
	bool has_failed;
};

static void list_close(struct remote_listing *r)
{
	struct listing *l = (struct listing *)r;

	remote_http_free(l->http);
	remote_s3_free(l->s3);
	remote_s3_release(&l->op);
	remote_s3xml_list_release(&l->page);
	buf_release(&l->prefix);
	buf_release(&l->query);
	buf_release(&l->key);
	buf_release(&l->mark);
	free(l);
}

static int page_done(struct remote_s3_op *op, const struct err *failed, struct err *e)
{
	struct listing *l = op->ctx;

	(void)e;
	l->has_failed = failed != NULL;
	if (failed)
		l->failed = *failed;
	return 0;
}

/*
 * A listing that goes in a circle would never end. Each token is held against the one of the page 1, 2, 4, 8, ... that is
 * the last before it, which finds a circle of any length (R. P. Brent, "An improved Monte Carlo factorization algorithm",
 * 1980); tokens that are always new must bring keys now and then.
 */
static int check_progress(struct listing *l, struct err *e)
{
	struct slice token = buf_slice(&l->page.next_token);

	l->n_barren = l->page.n ? 0 : l->n_barren + 1;
	l->n_pages++;
	if (!l->page.truncated)
		return 0;
	if (l->n_barren == BARREN_MAX || (l->mark.len && slice_eq(token, buf_slice(&l->mark))))
		return err_set(e, ERR_SYSTEM, "the server's listing does not get to an end");
	if (!(l->n_pages & (l->n_pages - 1))) {
		buf_reset(&l->mark);
		buf_add_slice(&l->mark, token);
	}
	return buf_check(&l->mark, e);
}

/* Parameters in the order of their names, as the signature wants them. */
static int ask_page(struct listing *l, struct err *e)
{
	buf_reset(&l->query);
	if (l->started) {
		buf_add_text(&l->query, "continuation-token=");
		remote_sigv4_encode(&l->query, buf_slice(&l->page.next_token), false);
		buf_add_char(&l->query, '&');
	}
	buf_add_text(&l->query, "encoding-type=url&list-type=2&prefix=");
	remote_sigv4_encode(&l->query, buf_slice(&l->prefix), false);
	if (buf_check(&l->query, e))
		return -1;
	l->started = true;
	l->op.method = "GET";
	l->op.query = l->query.p;
	l->op.key = (struct slice){ "", 0 };
	l->op.done = page_done;
	l->op.ctx = l;
	l->at = 0;
	for (int attempt = 1;; attempt++) {
		if (remote_s3_start(l->s3, &l->op, e) || remote_http_run(l->http, e))
			return -1;
		if (l->has_failed) {
			*e = l->failed;
			return -1;
		}
		/* A page that was damaged on its way is asked for again. */
		if (!remote_s3xml_read_list(buf_slice(&l->op.http.text), &l->page, e))
			return check_progress(l, e) ? err_at(e, "%s", l->bucket->name) : 0;
		if (attempt == ATTEMPTS)
			return err_at(e, "%s", l->bucket->name);
		err_clear(e);
	}
}

/* The ETag of an object that was put in one piece is its MD5, unless it is encrypted by KMS. */
static bool read_etag(struct slice etag, uint8_t md5[HASH_MD5_LEN])
{
	if (etag.len == HASH_MD5_HEX + 2 && etag.p[0] == '"') {
		etag.p++;
		etag.len -= 2;
	}
	return hash_md5_parse(etag, md5);
}

static int list_next(struct remote_listing *r, struct remote_entry *entry, struct err *e)
{
	struct listing *l = (struct listing *)r;
	size_t skip = l->bucket->prefix[0] ? strlen(l->bucket->prefix) + 1 : 0;

	for (;;) {
		const struct remote_s3xml_object *o;

		while (!l->started || l->at == l->page.n) {
			if (l->started && !l->page.truncated)
				return 0;
			if (ask_page(l, e))
				return -1;
		}
		o = &l->page.objects[l->at++];
		if (!slice_starts(o->key, l->prefix.p))
			return err_set(e, ERR_SYSTEM,
				"%s: the server lists '%.*s', which was not asked for",
				l->bucket->name, (int)(o->key.len < 300 ? o->key.len : 300),
				o->key.p);
		if (o->key.len <= skip || o->is_prefix)
			continue; /* a marker of the folder itself */
		if (o->key.p[o->key.len - 1] == '/' && o->size == 0)
			continue; /* consoles make these for folders */
		buf_reset(&l->key);
		buf_add(&l->key, o->key.p + skip, o->key.len - skip);
		if (buf_check(&l->key, e))
			return -1;
		*entry = (struct remote_entry){
			.key = l->key.p, .size = o->size, .mtime_ns = o->mtime * 1000000000
		};
		entry->has_md5 =
			!l->bucket->s3_options.sse_kms_key_id && read_etag(o->etag, entry->md5);
		return 1;
	}
}

struct remote_listing *remote_bucket_list(struct remote_store *s, const char *prefix, struct err *e)
{
	struct bucket *b = (struct bucket *)s;
	struct listing *l = mem_new(sizeof(*l), e);
	struct remote_s3_options o = b->s3_options;

	if (!l)
		return NULL;
	l->listing.next = list_next;
	l->listing.close = list_close;
	l->bucket = b;
	l->page = (struct remote_s3xml_list)REMOTE_S3XML_LIST_INIT;
	buf_init(&l->prefix);
	buf_init(&l->query);
	buf_init(&l->key);
	buf_init(&l->mark);
	if (b->prefix[0])
		buf_addf(&l->prefix, "%s/", b->prefix);
	buf_add_text(&l->prefix, prefix);
	l->http = remote_http_new(&b->http_options, e);
	o.http = l->http;
	l->s3 = l->http ? remote_s3_new(&o, e) : NULL;
	if (!l->s3 || buf_check(&l->prefix, e)) {
		list_close(&l->listing);
		return NULL;
	}
	return &l->listing;
}
