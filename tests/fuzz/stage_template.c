/* stage/template and from_dvc: what expands, expands the same where problems are collected; else one is told. */
#include "stage/template.h"

#include "base/ydoc.h"
#include "fuzz.h"
#include "stage/from_dvc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = ERR_INIT, e2 = ERR_INIT, e3 = ERR_INIT;
	json_t *problems = json_array(), *doc, *strict, *lenient;
	struct buf b = BUF_INIT;

	doc = ydoc_parse((struct slice){ (const char *)data, size }, "dvc.yaml", &e);
	if (!doc)
		goto out;
	strict = stage_template_expand(doc, "/nonexistent", NULL, &e);
	lenient = stage_template_expand(doc, "/nonexistent", problems, &e2);
	if (strict) {
		MUST(lenient && json_equal(strict, lenient) && !json_array_size(problems));
	} else {
		MUST(e.code == ERR_INPUT && e.what[0]);
		MUST(lenient ? json_array_size(problems) > 0 : e2.code == ERR_INPUT);
	}
	if (stage_from_dvc(&b, doc, "/nonexistent", NULL, &e3))
		MUST(e3.code == ERR_INPUT && e3.what[0]);
	json_decref(strict);
	json_decref(lenient);
	json_decref(doc);
out:
	json_decref(problems);
	buf_release(&b);
	return 0;
}
