/* A manifest that is read is safe, and reads back from what is written; that form is stable. */
#include "cas/manifest.h"

#include "fuzz.h"

static bool is_safe(const char *p)
{
	struct slice rest = slice_of(p), part;

	while (slice_cut(&rest, '/', &part))
		if (!part.len || slice_is(part, "..") || slice_is(part, "."))
			return false;
	return *p != '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cas_manifest m = CAS_MANIFEST_INIT, again = CAS_MANIFEST_INIT;
	struct buf a = BUF_INIT, b = BUF_INIT;
	struct err e = ERR_INIT;
	struct cas_id x, y;

	if (cas_manifest_parse(&m, (struct slice){ (const char *)data, size }, "m", &e))
		return 0;
	for (size_t i = 0; i < m.n; i++) {
		MUST(is_safe(m.entries[i].relpath));
		MUST(i == 0 || strcmp(m.entries[i - 1].relpath, m.entries[i].relpath) < 0);
	}
	MUST(!cas_manifest_id(&m, &a, &x, &e));
	MUST(!cas_manifest_parse(&again, buf_slice(&a), "m", &e));
	MUST(again.n == m.n);
	MUST(!cas_manifest_id(&again, &b, &y, &e));
	MUST(slice_eq(buf_slice(&a), buf_slice(&b)) && cas_id_eq(&x, &y));
	cas_manifest_release(&m);
	cas_manifest_release(&again);
	buf_release(&a);
	buf_release(&b);
	return 0;
}
