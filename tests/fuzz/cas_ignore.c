/* Rules and a path: an end is found, whatever they are; an ignored folder ignores what is below. */
#include "cas/ignore.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rules = { (const char *)data, size }, path;
	struct buf name = BUF_INIT, below = BUF_INIT;
	struct err e = ERR_INIT;
	struct cas_ignore *ig;

	if (size > 4096)
		return 0;
	/* the path behind the first NUL */
	if (!slice_cut(&rules, '\0', &path) || !rules.len)
		return 0;
	buf_add_slice(&name, rules);
	ig = cas_ignore_parse(path, size % 2 ? CAS_IGNORE_DVC : CAS_IGNORE_GIT, ".", NULL, &e);
	MUST(ig);
	cas_ignore_has(ig, name.p, false);
	buf_addf(&below, "%s/x", name.p);
	if (name.p[0] && name.p[0] != '/' && cas_ignore_has_above(ig, name.p, true))
		MUST(cas_ignore_has_above(ig, below.p, false));
	cas_ignore_free(ig);
	buf_release(&name);
	buf_release(&below);
	return 0;
}
