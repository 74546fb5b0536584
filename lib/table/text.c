#include "table/text.h"

#include <stdint.h>
#include <string.h>

#define EACH_BYTE(x) (UINT64_C(0x0101010101010101) * (x))

size_t table_text_length(struct slice s)
{
	size_t n = s.len, i = 0;

	/* less the bytes 10xxxxxx, which continue a character */
	for (; s.len - i >= 8; i += 8) {
		uint64_t word;

		memcpy(&word, s.p + i, 8);
		n -= ((word & ~(word << 1) & EACH_BYTE(0x80)) >> 7) * EACH_BYTE(1) >> 56;
	}
	for (; i < s.len; i++)
		n -= ((uint8_t)s.p[i] & 0xc0) == 0x80;
	return n;
}

void table_text_json(struct buf *b, struct slice s)
{
	size_t from = 0;

	buf_add_char(b, '"');
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
			continue;
		buf_add(b, s.p + from, i - from);
		from = i + 1;
		if (c == '"' || c == '\\')
			buf_addf(b, "\\%c", c);
		else
			buf_addf(b, "\\u%04x", c);
	}
	buf_add(b, s.p + from, s.len - from);
	buf_add_char(b, '"');
}
