/*
 * base/jdoc: a document that is taken is written in all styles so that the same is read back; else it is
 * the fault of the input.
 */
#include "base/jdoc.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum jdoc_style styles[] = { JDOC_LINE, JDOC_SORTED, JDOC_PRETTY };
	struct err e = ERR_INIT;
	json_t *v = jdoc_parse((struct slice){ (const char *)data, size }, "fuzz", &e), *again;
	struct buf b = BUF_INIT;

	MUST(v || (e.code == ERR_INPUT && e.what[0]));
	for (size_t i = 0; v && i < 3; i++) {
		buf_reset(&b);
		jdoc_format(&b, v, styles[i]);
		again = jdoc_parse(buf_slice(&b), "again", &e);
		MUST(again && json_equal(v, again));
		json_decref(again);
	}
	buf_release(&b);
	json_decref(v);
	return 0;
}
