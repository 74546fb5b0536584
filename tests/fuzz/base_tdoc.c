/* base/tdoc: a document that is taken is written so that the same is read back; else it is input's fault. */
#include "base/tdoc.h"

#include "base/utf8.h"
#include "fuzz.h"

static void add_text(struct buf *b, const char *p, size_t len)
{
	struct slice s = { p, len };
	uint32_t c;

	buf_add_char(b, '"');
	while (s.len) {
		size_t n = utf8_first(s, &c);

		MUST(n > 0);
		buf_addf(b, "\\U%08X", c);
		s = (struct slice){ s.p + n, s.len - n };
	}
	buf_add_char(b, '"');
}

static void add_value(struct buf *b, const json_t *v)
{
	const char *key;
	json_t *inner;
	size_t i;

	if (json_is_string(v)) {
		add_text(b, json_string_value(v), json_string_length(v));
	} else if (json_is_array(v)) {
		buf_add_char(b, '[');
		json_array_foreach(v, i, inner)
		{
			add_value(b, inner);
			buf_add_text(b, " , ");
		}
		buf_add_char(b, ']');
	} else if (json_is_object(v)) {
		bool first = true;

		buf_add_char(b, '{');
		json_object_foreach((json_t *)(uintptr_t)v, key, inner)
		{
			buf_add_text(b, first ? "" : ",");
			add_text(b, key, strlen(key));
			buf_add_char(b, '=');
			add_value(b, inner);
			first = false;
		}
		buf_add_char(b, '}');
	} else {
		jdoc_format(b, v, JDOC_LINE);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = ERR_INIT;
	json_t *v = tdoc_parse((struct slice){ (const char *)data, size }, "fuzz", &e), *again,
	       *inner;
	struct buf b = BUF_INIT;
	const char *key;

	MUST(v || (e.code == ERR_INPUT && e.what[0]));
	if (v) {
		json_object_foreach(v, key, inner)
		{
			add_text(&b, key, strlen(key));
			buf_add_text(&b, "\t=\t");
			add_value(&b, inner);
			buf_add_text(&b, " # end\r\n");
		}
		again = tdoc_parse(buf_slice(&b), "again", &e);
		MUST(again && json_equal(v, again));
		json_decref(again);
	}
	buf_release(&b);
	json_decref(v);
	return 0;
}
