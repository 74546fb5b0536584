/* A dvc.lock and a dvc.yaml (behind the first NUL): every output that is read stays inside. */
#include "cas/refs.h"

#include "base/path.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice yaml = { (const char *)data, size }, lock = { NULL, 0 };
	struct cas_refs r = CAS_REFS_INIT;
	struct err e = ERR_INIT;

	slice_cut(&yaml, '\0', &lock);
	if (!cas_refs_add_lock(&r, "sub/dvc.lock", lock, yaml, &e))
		for (size_t i = 0; i < r.n; i++)
			MUST(path_stays_below(r.refs[i].out.path));
	cas_refs_release(&r);
	return 0;
}
