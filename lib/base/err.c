#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Bytes of the well-formed UTF-8 character at `s`, 0 if it is malformed (RFC 3629, table in 4). */
static size_t utf8_len(const unsigned char *s)
{
	unsigned char lo = 0x80, hi = 0xbf;
	size_t n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		n = 2;
	} else if (s[0] >= 0xe0 && s[0] <= 0xef) {
		n = 3;
		lo = s[0] == 0xe0 ? 0xa0 : 0x80;
		hi = s[0] == 0xed ? 0x9f : 0xbf;
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		n = 4;
		lo = s[0] == 0xf0 ? 0x90 : 0x80;
		hi = s[0] == 0xf4 ? 0x8f : 0xbf;
	} else {
		return 0;
	}
	if (s[1] < lo || s[1] > hi)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* Is the character a C1 control (U+0080 to U+009F), which some terminals obey? */
static int is_c1(const unsigned char *s, size_t n)
{
	return n == 2 && s[0] == 0xc2 && s[1] < 0xa0;
}

size_t err_escape(char *out, size_t cap, const char *s)
{
	size_t len = strlen(out);
	const unsigned char *p = (const unsigned char *)s;

	while (*p) {
		size_t n = utf8_len(p);
		char esc[8];
		const char *from = (const char *)p;
		size_t n_out = n;

		if (n == 0 || *p < 0x20 || *p == 0x7f || is_c1(p, n)) {
			if (*p == '\n' || *p == '\t' || *p == '\r')
				n_out = (size_t)snprintf(esc, sizeof(esc), "\\%c",
					*p == '\n'   ? 'n'
					: *p == '\t' ? 't'
						     : 'r');
			else
				n_out = (size_t)snprintf(esc, sizeof(esc), "\\x%02x", *p);
			from = esc;
			n = 1;
		}
		if (len + n_out >= cap)
			break;
		memcpy(out + len, from, n_out);
		len += n_out;
		p += n;
	}
	out[len] = '\0';
	return len;
}

static void format_escaped(char *out, size_t cap, const char *fmt, va_list ap)
{
	char raw[1024];

	vsnprintf(raw, sizeof(raw), fmt, ap);
	out[0] = '\0';
	err_escape(out, cap, raw);
}

int err_vset(struct err *e, enum err_code code, const char *fmt, va_list ap)
{
	e->code = code;
	e->place[0] = '\0';
	e->hint[0] = '\0';
	format_escaped(e->what, sizeof(e->what), fmt, ap);
	return -1;
}

int err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_vset(e, code, fmt, ap);
	va_end(ap);
	return -1;
}

static enum err_code code_of_errno(int no)
{
	switch (no) {
	case ENOENT:
	case ENOTDIR:
	case EISDIR:
	case EACCES:
	case EPERM:
	case ELOOP:
	case ENAMETOOLONG:
	case EINVAL:
		return ERR_INPUT;
	default:
		return ERR_SYSTEM;
	}
}

int err_errno(struct err *e, const char *fmt, ...)
{
	int no = errno;
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	err_vset(e, code_of_errno(no), fmt, ap);
	va_end(ap);
	if (strerror_r(no, text, sizeof(text)) != 0)
		snprintf(text, sizeof(text), "error %d", no);
	size_t len = strlen(e->what);
	snprintf(e->what + len, sizeof(e->what) - len, ": %s", text);
	if (no == ENOSPC || no == EDQUOT)
		err_hint(e, "make room on that disk, and try again");
	return -1;
}

int err_nomem(struct err *e)
{
	return err_set(e, ERR_SYSTEM, "out of memory");
}

int err_at(struct err *e, const char *fmt, ...)
{
	char outer[sizeof(e->place)];
	char inner[sizeof(e->place)];
	va_list ap;

	va_start(ap, fmt);
	format_escaped(outer, sizeof(outer), fmt, ap);
	va_end(ap);
	memcpy(inner, e->place, sizeof(inner));
	e->place[0] = '\0';
	err_escape(e->place, sizeof(e->place), outer);
	if (inner[0]) {
		err_escape(e->place, sizeof(e->place), ": ");
		err_escape(e->place, sizeof(e->place), inner);
	}
	return -1;
}

int err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	format_escaped(e->hint, sizeof(e->hint), fmt, ap);
	va_end(ap);
	return -1;
}

void err_clear(struct err *e)
{
	*e = (struct err)ERR_INIT;
}

size_t err_format(const struct err *e, char *out, size_t cap)
{
	int n = snprintf(out, cap, "%s%s%s%s%s", e->place, e->place[0] ? ": " : "", e->what,
		e->hint[0] ? "; " : "", e->hint);

	if (n < 0)
		return 0;
	return (size_t)n < cap ? (size_t)n : cap - 1;
}
