/* The lines of requests and answers. */
#include <stdio.h>
#include <strings.h>

#include "remote/http_internal.h"

bool remote_http_is_small(const struct remote_http_transfer *t)
{
	return t->body && t->body_len <= REMOTE_HTTP_SMALL_BODY;
}

static bool has_header(const struct curl_slist *list, const char *name)
{
	size_t len = strlen(name);

	for (; list; list = list->next)
		if (strncasecmp(list->data, name, len) == 0)
			return true;
	return false;
}

static int add_line(struct remote_http_headers *h, const char *line)
{
	struct curl_slist *list = h->curl->slist_append(h->list, line);

	if (!list)
		return -1;
	h->list = list;
	return 0;
}

int remote_http_leave_out_headers(
	const struct remote_http_transfer *t, struct remote_http_headers *h)
{
	if (t->body_len < 1 << 20 && add_line(h, "Expect:"))
		return -1;
	return remote_http_is_small(t) && !has_header(h->list, "content-type:")
		       ? add_line(h, "Content-Type:")
		       : 0;
}

int remote_http_add_header(
	struct remote_http_headers *h, const char *name, struct slice value, struct err *e)
{
	struct buf line = BUF_INIT;
	struct curl_slist *list = NULL;

	buf_addf(
		&line, value.len ? "%s: " : "%s;", name); /* libcurl's way to send an empty value */
	buf_add_slice(&line, value);
	if (memchr(value.p, '\n', value.len) || memchr(value.p, '\r', value.len)) {
		buf_release(&line);
		return err_set(e, ERR_INPUT, "header '%s': a line break in its value", name);
	}
	if (!line.failed)
		list = h->curl->slist_append(h->list, line.p);
	buf_release(&line);
	if (!list)
		return err_nomem(e);
	h->list = list;
	return 0;
}

struct slice remote_http_header(const struct remote_http_transfer *t, const char *name)
{
	struct slice rest = buf_slice(&t->header_text), line;
	size_t len = strlen(name);

	while (slice_cut(&rest, '\n', &line)) {
		if (line.len <= len || line.p[len] != ':' || strncasecmp(line.p, name, len) != 0)
			continue;
		line.p += len + 1;
		line.len -= len + 1;
		if (line.len && line.p[line.len - 1] == '\r')
			line.len--;
		return slice_trim(line);
	}
	return (struct slice){ NULL, 0 };
}

int64_t remote_http_time(const struct remote_http *h, struct slice date)
{
	char text[64];
	time_t t;

	if (!date.len || date.len >= sizeof(text))
		return 0;
	snprintf(text, sizeof(text), "%.*s", (int)date.len, date.p);
	t = h->curl.getdate(text, NULL);
	return t > 0 && t <= INT64_MAX / 1000000000 ? t : 0;
}
