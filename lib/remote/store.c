#include "remote/store.h"

#include "remote/bucket.h"
#include "remote/dir.h"
#include "remote/url.h"

struct remote_store *remote_store_open(const struct remote_store_options *o, struct err *e)
{
	struct remote_store *s = NULL;
	struct remote_url u;

	if (remote_url_parse(&u, o->url, e))
		goto out;
	switch (u.kind) {
	case REMOTE_URL_PATH:
		s = remote_dir_open(u.path.p, o, e);
		break;
	case REMOTE_URL_S3:
		s = remote_bucket_open(u.bucket.p, u.path.p, o, e);
		break;
	case REMOTE_URL_STREAM:
		err_set(e, ERR_INPUT, "'-' is not a place that can be listed");
		break;
	}
out:
	remote_url_release(&u);
	return s;
}

void remote_store_close(struct remote_store *s)
{
	if (s)
		s->kind->close(s);
}

const char *remote_store_name(const struct remote_store *s)
{
	return s->name;
}

bool remote_store_asks_cheaply(const struct remote_store *s)
{
	return s->kind->asks_cheaply;
}

bool remote_store_path(const struct remote_store *s, const char *key, struct buf *b)
{
	return s->kind->path && s->kind->path(s, key, b);
}

struct remote_listing *remote_store_list(struct remote_store *s, const char *prefix, struct err *e)
{
	return s->kind->list(s, prefix, e);
}

int remote_listing_next(struct remote_listing *l, struct remote_entry *entry, struct err *e)
{
	return l->next(l, entry, e);
}

void remote_listing_close(struct remote_listing *l)
{
	if (l)
		l->close(l);
}

int remote_store_run(struct remote_store *s, const struct remote_queue *q, void *ctx, struct err *e)
{
	return s->kind->run(s, q, ctx, e);
}

/* ---- one job ---- */

struct one {
	struct remote_job *job;
	struct err failed;
	bool given, has_failed;
};

static int next_one(void *ctx, struct remote_job **job, struct err *e)
{
	struct one *o = ctx;

	(void)e;
	if (o->given)
		return 0;
	o->given = true;
	*job = o->job;
	return 1;
}

static int one_done(void *ctx, struct remote_job *job, const struct err *failed, struct err *e)
{
	struct one *o = ctx;

	(void)job;
	(void)e;
	if (failed) {
		o->failed = *failed;
		o->has_failed = true;
	}
	return 0;
}

int remote_store_do(struct remote_store *s, struct remote_job *job, struct err *e)
{
	static const struct remote_queue queue = { next_one, one_done };
	struct one o = { .job = job };

	if (remote_store_run(s, &queue, &o, e))
		return -1;
	if (o.has_failed)
		*e = o.failed;
	return o.has_failed ? -1 : 0;
}

/* ---- for those who make a kind of store ---- */

int remote_job_check_md5(
	const struct remote_job *job, const uint8_t md5[HASH_MD5_LEN], struct err *e)
{
	char is[HASH_MD5_HEX + 1], must[HASH_MD5_HEX + 1];

	if (job->has_md5 && memcmp(md5, job->md5, HASH_MD5_LEN) != 0) {
		hash_md5_format(md5, is);
		hash_md5_format(job->md5, must);
		err_set(e, ERR_INPUT, "is corrupt: its MD5 is %s, not %s", is, must);
		return err_hint(e, "it was not copied");
	}
	return 0;
}
