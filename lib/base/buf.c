#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

char buf_empty[1] = "";

void buf_init(struct buf *b)
{
	*b = (struct buf)BUF_INIT;
}

void buf_release(struct buf *b)
{
	if (b->cap)
		free(b->p);
	buf_init(b);
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->cap)
		b->p[0] = '\0';
	else
		b->p = buf_empty;
}

char *buf_reserve(struct buf *b, size_t more)
{
	size_t need, cap;
	char *p;

	if (b->failed)
		return NULL;
	if (b->cap && more < b->cap - b->len)
		return b->p + b->len;
	if (__builtin_add_overflow(b->len, more, &need) || need >= SIZE_MAX / 2) {
		b->failed = true;
		return NULL;
	}
	cap = b->cap ? b->cap : 64;
	while (cap <= need)
		cap *= 2;
	p = realloc(b->cap ? b->p : NULL, cap);
	if (!p) {
		b->failed = true;
		return NULL;
	}
	p[b->len] = '\0';
	b->p = p;
	b->cap = cap;
	return p + b->len;
}

void buf_add(struct buf *b, const void *p, size_t len)
{
	char *to = buf_reserve(b, len);

	if (!to)
		return;
	if (len)
		memcpy(to, p, len);
	b->len += len;
	b->p[b->len] = '\0';
}

void buf_add_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_add_text(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_add_slice(struct buf *b, struct slice s)
{
	buf_add(b, s.p, s.len);
}

void buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
	char *to = buf_reserve(b, 128);
	va_list again;
	int n;

	if (!to)
		return;
	va_copy(again, ap);
	n = vsnprintf(to, b->cap - b->len, fmt, ap);
	if (n >= 0 && (size_t)n >= b->cap - b->len) {
		to = buf_reserve(b, (size_t)n);
		if (to)
			n = vsnprintf(to, b->cap - b->len, fmt, again);
	}
	va_end(again);
	if (n < 0)
		b->failed = true;
	if (b->failed)
		b->p[b->len] = '\0';
	else
		b->len += (size_t)n;
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(b, fmt, ap);
	va_end(ap);
}

void buf_truncate(struct buf *b, size_t len)
{
	if (len >= b->len)
		return;
	b->len = len;
	b->p[len] = '\0';
}

int buf_check(const struct buf *b, struct err *e)
{
	return b->failed ? err_nomem(e) : 0;
}

char *buf_detach(struct buf *b, struct err *e)
{
	char *p;

	if (buf_check(b, e))
		return NULL;
	p = b->cap ? b->p : mem_dup("", e);
	if (p)
		buf_init(b);
	return p;
}

int slice_cmp(struct slice a, struct slice b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.len > b.len) - (a.len < b.len);
}

bool slice_starts(struct slice a, const char *prefix)
{
	size_t n = strlen(prefix);

	return a.len >= n && memcmp(a.p, prefix, n) == 0;
}

bool slice_ends(struct slice a, const char *suffix)
{
	size_t n = strlen(suffix);

	return a.len >= n && memcmp(a.p + a.len - n, suffix, n) == 0;
}

struct slice slice_trim(struct slice a)
{
	while (a.len && (a.p[0] == ' ' || a.p[0] == '\t')) {
		a.p++;
		a.len--;
	}
	while (a.len && (a.p[a.len - 1] == ' ' || a.p[a.len - 1] == '\t'))
		a.len--;
	return a;
}

bool slice_cut(struct slice *rest, char sep, struct slice *part)
{
	const char *at;

	if (!rest->p)
		return false;
	at = rest->len ? memchr(rest->p, sep, rest->len) : NULL;
	*part = *rest;
	if (!at) {
		*rest = (struct slice){ NULL, 0 };
		return true;
	}
	part->len = (size_t)(at - rest->p);
	rest->p = at + 1;
	rest->len -= part->len + 1;
	return true;
}
