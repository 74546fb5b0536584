#include "cas/id.h"

size_t cas_id_format(const struct cas_id *id, char out[CAS_ID_TEXT_MAX])
{
	hash_md5_format(id->md5, out);
	if (!id->is_dir)
		return HASH_MD5_HEX;
	memcpy(out + HASH_MD5_HEX, ".dir", 5);
	return HASH_MD5_HEX + 4;
}

bool cas_id_parse(struct slice s, struct cas_id *id)
{
	bool is_dir = slice_ends(s, ".dir");

	if (is_dir)
		s.len -= 4;
	if (!hash_md5_parse(s, id->md5))
		return false;
	id->is_dir = is_dir;
	id->is_legacy = false;
	return true;
}

int cas_id_cmp(const struct cas_id *a, const struct cas_id *b)
{
	int d;

	if (a->is_legacy != b->is_legacy)
		return a->is_legacy ? 1 : -1;
	d = memcmp(a->md5, b->md5, HASH_MD5_LEN);
	return d ? d : (int)a->is_dir - (int)b->is_dir;
}

bool cas_id_eq(const struct cas_id *a, const struct cas_id *b)
{
	return cas_id_cmp(a, b) == 0;
}
