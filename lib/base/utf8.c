#include "base/utf8.h"

#include <string.h>

#define EACH_BYTE(x) (UINT64_C(0x0101010101010101) * (x))

size_t utf8_first(struct slice s, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char b = s.len ? (unsigned char)s.p[0] : 0xff;
	size_t n = b < 0x80 ? 1 : b < 0xc2 ? 0 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : b < 0xf5 ? 4 : 0;
	uint32_t v = n > 1 ? b & (0xffu >> (n + 1)) : b;

	if (n > s.len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s.p[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | ((unsigned char)s.p[i] & 0x3fu);
	}
	if (!n || v < least[n] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
		return 0;
	if (c)
		*c = v;
	return n;
}

bool utf8_is_valid(struct slice s)
{
	for (size_t i = 0; i < s.len;) {
		uint64_t word = EACH_BYTE(0x80);
		size_t n = 8;

		if (s.len - i >= 8)
			memcpy(&word, s.p + i, 8);
		if (word & EACH_BYTE(0x80))
			n = (uint8_t)s.p[i] < 0x80
				    ? 1
				    : utf8_first((struct slice){ s.p + i, s.len - i }, NULL);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

void utf8_add(struct buf *b, uint32_t c)
{
	if (c < 0x80) {
		buf_add_char(b, (char)c);
	} else if (c < 0x800) {
		buf_add_char(b, (char)(0xc0 | c >> 6));
		buf_add_char(b, (char)(0x80 | (c & 63)));
	} else {
		if (c < 0x10000) {
			buf_add_char(b, (char)(0xe0 | c >> 12));
		} else {
			buf_add_char(b, (char)(0xf0 | c >> 18));
			buf_add_char(b, (char)(0x80 | (c >> 12 & 63)));
		}
		buf_add_char(b, (char)(0x80 | (c >> 6 & 63)));
		buf_add_char(b, (char)(0x80 | (c & 63)));
	}
}
