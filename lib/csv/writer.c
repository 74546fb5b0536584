#include "csv/writer.h"

static bool has(struct slice v, char c)
{
	return v.len && memchr(v.p, c, v.len);
}

int csv_writer_add(struct buf *b, const struct csv_dialect *d, struct slice value, struct err *e)
{
	char delimiter = csv_dialect_delimiter(d), quote = csv_dialect_quote(d);

	if (!has(value, delimiter) && !has(value, '\n') && !has(value, '\r') &&
		!(quote && has(value, quote))) {
		buf_add_slice(b, value);
		return 0;
	}
	if (!quote) {
		err_set(e, ERR_INPUT, "the value '%.*s' holds a delimiter or a line end",
			(int)(value.len < 200 ? value.len : 200), value.p);
		err_hint(e, "it can be written with a --quote only");
		return -1;
	}
	buf_add_char(b, quote);
	while (value.len) {
		const char *q = memchr(value.p, quote, value.len);
		size_t n = q ? (size_t)(q - value.p) + 1 : value.len;

		buf_add(b, value.p, n);
		if (q)
			buf_add_char(b, quote);
		value.p += n;
		value.len -= n;
	}
	buf_add_char(b, quote);
	return 0;
}

struct csv_field csv_writer_field(struct slice raw, char quote)
{
	struct csv_field f = { .p = raw.p, .len = (uint32_t)raw.len };

	f.quoted = quote && raw.len >= 2 && *raw.p == quote;
	f.escaped = f.quoted && memchr(raw.p + 1, quote, raw.len - 2);
	return f;
}
