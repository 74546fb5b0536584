/* stage/lockfile: what is taken as a dvc.lock can be asked, and written, and read back the same. */
#include "stage/lockfile.h"

#include "base/ydoc.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct err e = ERR_INIT;
	struct buf b = BUF_INIT;
	json_t *doc = ydoc_parse(text, "dvc.lock", &e), *lock, *back;

	lock = doc ? stage_lockfile_adopt(doc, "dvc.lock", &e) : NULL;
	if (!lock)
		return 0;
	stage_lockfile_find(stage_lockfile_get(lock, "a"), "outs", "b");
	if (!ydoc_format(&b, lock, &e)) {
		back = ydoc_parse(buf_slice(&b), "dvc.lock", &e);
		back = back ? stage_lockfile_adopt(back, "dvc.lock", &e) : NULL;
		MUST(json_equal(lock, back));
		json_decref(back);
	}
	buf_release(&b);
	json_decref(lock);
	return 0;
}
