/* A .dvc file that is read stays inside of the repository, and says the same after it was written. */
#include "cas/pointer.h"

#include "base/path.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct err e = ERR_INIT;
	struct cas_pointer *p = cas_pointer_parse(text, "sub/x.dvc", &e), *again;
	struct buf out = BUF_INIT;

	if (!p)
		return 0;
	for (size_t i = 0; i < p->n_outs; i++)
		MUST(path_stays_below(p->outs[i].path));
	MUST(!cas_pointer_format(p, &out, &e));
	again = cas_pointer_parse(buf_slice(&out), "sub/x.dvc", &e);
	MUST(again && again->n_outs == p->n_outs);
	for (size_t i = 0; i < p->n_outs; i++) {
		MUST(!strcmp(again->outs[i].path, p->outs[i].path));
		MUST(again->outs[i].has_id == p->outs[i].has_id);
		MUST(cas_id_eq(&again->outs[i].content.id, &p->outs[i].content.id));
	}
	cas_pointer_free(again);
	cas_pointer_free(p);
	buf_release(&out);
	return 0;
}
