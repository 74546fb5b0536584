/* base/ydoc: a document that is taken is written so that the same is read back; else it is input's fault. */
#include "base/ydoc.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = ERR_INIT;
	json_t *v = ydoc_parse((struct slice){ (const char *)data, size }, "fuzz", &e), *again;
	struct buf b = BUF_INIT;

	MUST(v || (e.code == ERR_INPUT && e.what[0]));
	if (v && (json_is_object(v) || json_is_array(v))) {
		if (ydoc_format(&b, v, &e) == 0) {
			again = ydoc_parse(buf_slice(&b), "again", &e);
			MUST(again && json_equal(v, again));
			json_decref(again);
		} else {
			MUST(e.code == ERR_INPUT);
		}
	}
	buf_release(&b);
	json_decref(v);
	return 0;
}
