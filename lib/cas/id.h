/*
 * id - the name of content: an MD5, and what kind of content it names.
 *
 * As text: 32 hex digits, with ".dir" behind for a directory's manifest (cas/manifest.h).
 */
#ifndef CD4ML_CAS_ID_H
#define CD4ML_CAS_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "hash/md5.h"

struct cas_id {
	uint8_t md5[HASH_MD5_LEN];
	bool is_dir;
	/**
	 * DVC 1 and 2: the MD5 after \r\n became \n in text; objects lie without files/md5/ before
	 * them.
	 */
	bool is_legacy;
};

enum { CAS_ID_TEXT_MAX = HASH_MD5_HEX + 5 };

/** "hex" or "hex.dir", terminated. Returns the length. */
size_t cas_id_format(const struct cas_id *id, char out[CAS_ID_TEXT_MAX]);
/** Exactly that text; is_legacy becomes false. False for all else. */
bool cas_id_parse(struct slice s, struct cas_id *id);
/** Order by kind of layout, then as the texts sort: <0, 0, >0. */
int cas_id_cmp(const struct cas_id *a, const struct cas_id *b);
bool cas_id_eq(const struct cas_id *a, const struct cas_id *b);

/** What a path holds. */
struct cas_content {
	struct cas_id id;
	int64_t size; /* bytes; of a directory the sum of its files */
	int64_t n_files; /* of a directory; 0 for a file */
	bool is_exec; /* a single file with the owner's x bit; always false for a directory */
};

#endif
