#include "eval/markup.h"

#include <stdint.h>

/*
 * Length of the well-formed UTF-8 character at `s` that XML can hold, 0 if there is none. (RFC 3629:
 * no overlong forms, no surrogates, nothing above U+10FFFF; XML 1.0 2.2: not U+FFFE, U+FFFF.)
 */
static size_t char_len(const unsigned char *s)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc0 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	uint32_t c = len > 1 ? s[0] & (0x7fu >> len) : s[0];

	if (s[0] >= 0xf8)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (len < 2)
		return len == 1 && (c >= 0x20 || c == '\t' || c == '\n') && c != 0x7f;
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ||
		(c & 0xfffe) == 0xfffe)
		return 0;
	return c < 0xa0 ? 0 : len; /* C1 controls: allowed by XML, but they drive terminals */
}

static const char *reference_of(char c, bool in_attribute)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return in_attribute ? "&quot;" : NULL;
	case '\n':
		return in_attribute ? "&#10;" : NULL;
	case '\t':
		return in_attribute ? "&#9;" : NULL;
	}
	return NULL;
}

static void add_escaped(struct buf *b, const char *s, bool in_attribute)
{
	while (*s) {
		const char *reference = reference_of(*s, in_attribute);
		size_t len = char_len((const unsigned char *)s);

		if (reference)
			buf_add_text(b, reference);
		else if (len)
			buf_add(b, s, len);
		else
			buf_add_text(b, "\xef\xbf\xbd");
		s += len ? len : 1;
	}
}

void eval_markup_text(struct buf *b, const char *s)
{
	add_escaped(b, s, false);
}

void eval_markup_attribute(struct buf *b, const char *s)
{
	add_escaped(b, s, true);
}

void eval_markup_pair(struct buf *b, const char *name, const char *value)
{
	buf_addf(b, " %s=\"", name);
	eval_markup_attribute(b, value);
	buf_add_char(b, '"');
}
