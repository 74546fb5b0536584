#include "remote/s3xml.h"

#include <expat.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"

enum { DEPTH_MAX = 16, TEXT_MAX = 1 << 20 };

struct parser {
	XML_Parser xml;
	remote_s3xml_each *each;
	void *ctx;
	struct err *e;
	struct buf path, text;
	size_t lengths[DEPTH_MAX]; /* of path before each open element */
	int depth;
	bool failed;
};

static void stop(struct parser *p)
{
	p->failed = true;
	XML_StopParser(p->xml, XML_FALSE);
}

static void XMLCALL on_start(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
	struct parser *p = ctx;
	const char *colon = strrchr(name, ':');

	(void)attributes;
	if (p->depth == DEPTH_MAX) {
		err_set(p->e, ERR_SYSTEM, "XML: nested too deep");
		stop(p);
		return;
	}
	p->lengths[p->depth++] = p->path.len;
	if (p->path.len)
		buf_add_char(&p->path, '/');
	buf_add_text(&p->path, colon ? colon + 1 : name);
	buf_reset(&p->text);
}

static void XMLCALL on_text(void *ctx, const XML_Char *s, int len)
{
	struct parser *p = ctx;

	if (p->text.len + (size_t)len > TEXT_MAX) {
		err_set(p->e, ERR_SYSTEM, "XML: a text is too long");
		stop(p);
		return;
	}
	buf_add(&p->text, s, (size_t)len);
}

static void XMLCALL on_end(void *ctx, const XML_Char *name)
{
	struct parser *p = ctx;

	(void)name;
	if (buf_check(&p->path, p->e) || buf_check(&p->text, p->e) ||
		p->each(p->ctx, p->path.p, buf_slice(&p->text), p->e)) {
		stop(p);
		return;
	}
	buf_truncate(&p->path, p->lengths[--p->depth]);
	buf_reset(&p->text);
}

static void XMLCALL on_doctype(void *ctx, const XML_Char *name, const XML_Char *system_id,
	const XML_Char *public_id, int has_internal)
{
	struct parser *p = ctx;

	(void)name;
	(void)system_id;
	(void)public_id;
	(void)has_internal;
	err_set(p->e, ERR_SYSTEM, "XML: a document type is not expected");
	stop(p);
}

int remote_s3xml_parse(struct slice xml, remote_s3xml_each *each, void *ctx, struct err *e)
{
	struct parser p = { .each = each, .ctx = ctx, .e = e, .path = BUF_INIT, .text = BUF_INIT };
	int result = -1;

	/* S3 sends blanks while it is at work, some servers also before the declaration. */
	while (xml.len && strchr(" \t\r\n", xml.p[0]) && xml.p[0])
		xml = (struct slice){ xml.p + 1, xml.len - 1 };
	p.xml = XML_ParserCreate(NULL);
	if (!p.xml)
		return err_nomem(e);
	XML_SetUserData(p.xml, &p);
	XML_SetElementHandler(p.xml, on_start, on_end);
	XML_SetCharacterDataHandler(p.xml, on_text);
	XML_SetStartDoctypeDeclHandler(p.xml, on_doctype);
	if (xml.len > INT32_MAX)
		err_set(e, ERR_SYSTEM, "XML: too long");
	else if (XML_Parse(p.xml, xml.p, (int)xml.len, XML_TRUE) == XML_STATUS_OK)
		result = 0;
	else if (!p.failed)
		err_set(e, ERR_SYSTEM, "XML line %lu: %s",
			(unsigned long)XML_GetCurrentLineNumber(p.xml),
			XML_ErrorString(XML_GetErrorCode(p.xml)));
	XML_ParserFree(p.xml);
	buf_release(&p.path);
	buf_release(&p.text);
	return result;
}

/* ---- errors --------------------------------------------------------------------------------------- */

/* S3: Error/Code. STS: ErrorResponse/Error/Code. */
static int each_error(void *ctx, const char *path, struct slice text, struct err *e)
{
	struct remote_s3xml_error *r = ctx;
	struct slice p = slice_of(path);
	struct buf *to = NULL;

	(void)e;
	if (slice_starts(p, "DeleteResult/"))
		return 0; /* of single keys: the request itself went well */
	if (slice_ends(p, "Error/Code"))
		to = &r->code;
	else if (slice_ends(p, "Error/Message"))
		to = &r->message;
	else if (slice_ends(p, "Error/Region"))
		to = &r->region;
	if (to) {
		buf_reset(to);
		buf_add_slice(to, text);
	}
	return 0;
}

void remote_s3xml_read_error(struct slice xml, struct remote_s3xml_error *r)
{
	struct err ignored = ERR_INIT;

	buf_init(&r->code);
	buf_init(&r->message);
	buf_init(&r->region);
	if (remote_s3xml_parse(xml, each_error, r, &ignored))
		return; /* what came before the damage is kept */
}

void remote_s3xml_error_release(struct remote_s3xml_error *r)
{
	buf_release(&r->code);
	buf_release(&r->message);
	buf_release(&r->region);
}

/* ---- listings ------------------------------------------------------------------------------------- */

struct listing {
	struct remote_s3xml_list *l;
	struct remote_s3xml_object now; /* the entry that is being read */
	bool complete, encoded;
};

/* encoding-type=url: %XX, and '+' for a blank. The decoded text is never longer. */
static int decode(struct slice *key, struct err *e)
{
	char *to = (char *)(uintptr_t)key->p; /* our own copy */
	struct slice s = *key;
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		int hi, lo;

		if (s.p[i] != '%') {
			to[n++] = s.p[i] == '+' ? ' ' : s.p[i];
			continue;
		}
		if (i + 2 >= s.len || (hi = num_hex_digit(s.p[i + 1])) < 0 ||
			(lo = num_hex_digit(s.p[i + 2])) < 0)
			return err_set(e, ERR_SYSTEM, "listing: a key is not encoded as asked");
		to[n++] = (char)(hi << 4 | lo);
		i += 2;
	}
	key->len = n;
	return 0;
}

static int two(const char *p)
{
	return (p[0] - '0') * 10 + (p[1] - '0');
}

/* 2009-10-12T17:50:30.000Z; 0 for anything else, and for what does not fit into nanoseconds. */
static int64_t parse_time(struct slice s)
{
	struct num_date d;
	int64_t t;

	if (s.len < 19 || !num_parse_date(s, &d))
		return 0;
	for (int i = 11; i < 19; i++)
		if ((i == 13 || i == 16) ? s.p[i] != ':' : s.p[i] < '0' || s.p[i] > '9')
			return 0;
	t = num_date_to_days(&d) * 86400 + two(s.p + 11) * 3600 + two(s.p + 14) * 60 +
	    two(s.p + 17);
	return t <= INT64_MAX / 1000000000 ? t : 0;
}

static int add_object(struct listing *g, struct err *e)
{
	struct remote_s3xml_list *l = g->l;

	if (!g->now.key.p)
		return err_set(e, ERR_SYSTEM, "listing: an entry has no key");
	if (mem_grow(&l->objects, &l->cap, l->n + 1, sizeof(*l->objects), e))
		return -1;
	l->objects[l->n++] = g->now;
	memset(&g->now, 0, sizeof(g->now));
	return 0;
}

static int copy(struct remote_s3xml_list *l, struct slice text, struct slice *to, struct err *e)
{
	to->p = arena_copy(&l->names, text.p, text.len, e);
	to->len = text.len;
	return to->p ? 0 : -1;
}

static int each_listed(void *ctx, const char *path, struct slice text, struct err *e)
{
	struct listing *g = ctx;
	struct remote_s3xml_list *l = g->l;
	struct slice p = slice_of(path);

	if (!slice_starts(p, "ListBucketResult"))
		return err_set(e, ERR_SYSTEM, "listing: the answer is not a listing");
	if (slice_is(p, "ListBucketResult/Contents/Key") ||
		slice_is(p, "ListBucketResult/CommonPrefixes/Prefix"))
		return copy(l, text, &g->now.key, e);
	if (slice_is(p, "ListBucketResult/EncodingType"))
		g->encoded = slice_is(text, "url");
	if (slice_is(p, "ListBucketResult/Contents/ETag"))
		return copy(l, text, &g->now.etag, e);
	if (slice_is(p, "ListBucketResult/Contents/Size")) {
		if (!num_parse_int(text, &g->now.size) || g->now.size < 0)
			return err_set(e, ERR_SYSTEM, "listing: a size is not a number");
	} else if (slice_is(p, "ListBucketResult/Contents/LastModified")) {
		g->now.mtime = parse_time(text);
	} else if (slice_is(p, "ListBucketResult/Contents")) {
		return add_object(g, e);
	} else if (slice_is(p, "ListBucketResult/CommonPrefixes")) {
		g->now.is_prefix = true;
		return add_object(g, e);
	} else if (slice_is(p, "ListBucketResult/IsTruncated")) {
		l->truncated = slice_is(text, "true");
	} else if (slice_is(p, "ListBucketResult/NextContinuationToken")) {
		buf_add_slice(&l->next_token, text);
	} else if (slice_is(p, "ListBucketResult/KeyCount")) {
		if (!num_parse_int(text, &l->n_stated))
			return err_set(e, ERR_SYSTEM, "listing: the count of keys is not a number");
	} else if (slice_is(p, "ListBucketResult")) {
		g->complete = true;
	}
	return 0;
}

int remote_s3xml_read_list(struct slice xml, struct remote_s3xml_list *l, struct err *e)
{
	struct listing g = { .l = l };

	l->n = 0;
	l->truncated = false;
	l->n_stated = -1;
	arena_reset(&l->names);
	buf_reset(&l->next_token);
	if (remote_s3xml_parse(xml, each_listed, &g, e) || buf_check(&l->next_token, e))
		return -1;
	/* Some servers do not encode, though asked to, and some say so behind the keys. */
	for (size_t i = 0; i < l->n && g.encoded; i++) {
		const struct slice *key = &l->objects[i].key;

		if (decode(&l->objects[i].key, e))
			return -1;
		if (memchr(key->p, '\0', key->len))
			return err_set(e, ERR_SYSTEM, "listing: a key with a NUL");
	}
	if (!g.complete)
		return err_set(e, ERR_SYSTEM, "listing: the answer is not complete");
	if (l->n_stated >= 0 && (uint64_t)l->n_stated != l->n)
		return err_set(e, ERR_SYSTEM, "listing: it states %lld keys, and holds %zu",
			(long long)l->n_stated, l->n);
	if (l->truncated && !l->next_token.len)
		return err_set(e, ERR_SYSTEM, "listing: there is more, but no token to ask for it");
	return 0;
}

void remote_s3xml_list_release(struct remote_s3xml_list *l)
{
	free(l->objects);
	arena_release(&l->names);
	buf_release(&l->next_token);
	*l = (struct remote_s3xml_list)REMOTE_S3XML_LIST_INIT;
}

/* ---- one element ---------------------------------------------------------------------------------- */

struct wanted {
	const char *path;
	struct buf *b;
	bool found;
};

static int each_wanted(void *ctx, const char *path, struct slice text, struct err *e)
{
	struct wanted *w = ctx;

	(void)e;
	if (!w->found && strcmp(path, w->path) == 0) {
		buf_add_slice(w->b, text);
		w->found = true;
	}
	return 0;
}

bool remote_s3xml_has(struct slice xml, const char *path)
{
	struct buf ignored = BUF_INIT;
	bool found = remote_s3xml_get(xml, path, &ignored);

	buf_release(&ignored);
	return found;
}

bool remote_s3xml_get(struct slice xml, const char *path, struct buf *b)
{
	struct wanted w = { path, b, false };
	struct err ignored = ERR_INIT;

	buf_reset(b);
	return remote_s3xml_parse(xml, each_wanted, &w, &ignored) == 0 && w.found && !b->failed;
}
