#include "stage/gitlab_note.h"

#include <stdlib.h>
#include <string.h>

#include "base/jdoc.h"
#include "remote/http.h"

enum { PER_PAGE = 100, MAX_PAGES = 1000 };

struct call {
	const char *token;
	struct buf url, body;
	struct remote_http_transfer t;
	struct err *e;
	bool has_failed;
};

static int prepare(struct remote_http_transfer *t, int attempt, struct buf *url,
	struct remote_http_headers *h, struct err *e)
{
	const struct call *c = t->ctx;

	(void)attempt;
	buf_add(url, c->url.p, c->url.len);
	if (c->body.len &&
		remote_http_add_header(h, "Content-Type", slice_of("application/json"), e))
		return -1;
	return remote_http_add_header(h, "PRIVATE-TOKEN", slice_of(c->token), e);
}

static int done(struct remote_http_transfer *t, const struct err *failed, struct err *e)
{
	struct call *c = t->ctx;

	(void)e;
	c->has_failed = failed != NULL;
	if (failed)
		*c->e = *failed;
	return 0;
}

/* GitLab says why in {"message": ...} or {"error": ...}. */
static int refused(const struct call *c, struct err *e)
{
	json_t *doc = jdoc_parse(buf_slice(&c->t.text), "answer", e), *why;
	struct buf text = BUF_INIT;
	bool is_ours = c->t.status >= 400 && c->t.status < 500;

	err_clear(e);
	why = json_object_get(doc, "message");
	if (!why)
		why = json_object_get(doc, "error");
	if (json_is_string(why))
		buf_addf(&text, ": %.300s", json_string_value(why));
	err_set(e, is_ours ? ERR_INPUT : ERR_SYSTEM, "GitLab answers %ld%s", c->t.status,
		text.len ? text.p : "");
	if (c->t.status == 401 || c->t.status == 403)
		err_hint(e, "the token needs the scope 'api' and the role Reporter; a job's own "
			    "may not");
	else if (c->t.status == 404)
		err_hint(e, "there is no such merge request, or the token may not see the project");
	buf_release(&text);
	json_decref(doc);
	return -1;
}

/* The answer's document, owned by the caller. */
static json_t *run(struct remote_http *http, struct call *c, const char *method, struct err *e)
{
	c->e = e;
	c->t.method = method;
	c->t.prepare = prepare;
	c->t.done = done;
	c->t.ctx = c;
	c->t.body = c->body.p;
	c->t.body_len = c->body.len;
	if (buf_check(&c->url, e) || buf_check(&c->body, e) || remote_http_start(http, &c->t, e) ||
		remote_http_run(http, e) || c->has_failed)
		return NULL;
	if (c->t.status / 100 != 2) {
		refused(c, e);
		return NULL;
	}
	return jdoc_parse(buf_slice(&c->t.text), "GitLab's answer", e);
}

static struct call call_init(const struct stage_gitlab_note *n)
{
	struct call c = { .token = n->token };

	buf_init(&c.url);
	buf_init(&c.body);
	buf_init(&c.t.text);
	buf_init(&c.t.header_text);
	buf_addf(&c.url, "%s/projects/%s/merge_requests/%s/notes", n->api, n->project, n->request);
	return c;
}

static void call_release(struct call *c)
{
	remote_http_release(&c->t);
	buf_release(&c->url);
	buf_release(&c->body);
}

/* 1 and its number; 0 no note of these begins with the marker. */
static int find_on_page(const json_t *notes, const char *marker, json_int_t *id)
{
	size_t i;
	json_t *note;

	json_array_foreach(notes, i, note)
	{
		const char *body = json_string_value(json_object_get(note, "body"));

		if (!body || strncmp(body, marker, strlen(marker)) != 0 ||
			json_is_true(json_object_get(note, "system")))
			continue;
		*id = json_integer_value(json_object_get(note, "id"));
		return 1;
	}
	return 0;
}

/* 1 and its number, 0 there is none yet, -1. */
static int find(struct remote_http *http, const struct stage_gitlab_note *n, const char *marker,
	json_int_t *id, struct err *e)
{
	int found = 0;

	for (int page = 1, more = 1; more && !found && page <= MAX_PAGES; page++) {
		struct call c = call_init(n);
		json_t *notes;

		buf_addf(&c.url, "?sort=asc&order_by=created_at&per_page=%d&page=%d", PER_PAGE,
			page);
		notes = run(http, &c, "GET", e);
		found = notes ? find_on_page(notes, marker, id) : -1;
		more = json_array_size(notes) == PER_PAGE;
		json_decref(notes);
		call_release(&c);
	}
	return found;
}

static int put(struct remote_http *http, const struct stage_gitlab_note *n, struct slice body,
	int found, json_int_t id, struct err *e)
{
	struct call c = call_init(n);
	json_t *doc = json_pack("{s:s%}", "body", body.p, body.len), *answer = NULL;

	if (found)
		buf_addf(&c.url, "/%lld", (long long)id);
	if (doc)
		jdoc_format(&c.body, doc, JDOC_LINE);
	else
		err_set(e, ERR_INPUT, "the note is not UTF-8");
	if (doc)
		answer = run(http, &c, found ? "PUT" : "POST", e);
	json_decref(doc);
	json_decref(answer);
	call_release(&c);
	return answer ? 0 : -1;
}

int stage_gitlab_note_put(const struct stage_gitlab_note *n, struct slice text, struct err *e)
{
	struct remote_http_options o = {
		.in_flight = 1, .ca_bundle = n->ca_bundle, .diag = n->diag
	};
	struct remote_http *http = remote_http_new(&o, e);
	struct buf body = BUF_INIT, marker = BUF_INIT;
	json_int_t id = 0;
	int found = -1;

	if (!http)
		return -1;
	buf_addf(&marker, "<!-- cd4ml: %s -->", n->marker);
	buf_addf(&body, "%s\n", marker.p);
	buf_add(&body, text.p, text.len);
	if (!buf_check(&marker, e) && !buf_check(&body, e))
		found = find(http, n, marker.p, &id, e);
	if (found >= 0 && put(http, n, buf_slice(&body), found, id, e))
		found = -1;
	buf_release(&body);
	buf_release(&marker);
	remote_http_free(http);
	return found;
}
