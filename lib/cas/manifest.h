/*
 * manifest - what a directory holds: DVC's .dir object, to the byte.
 *
 *	[{"md5": "b1946ac9...", "relpath": "a/b"}, ...]
 *
 * One line as Python's json.dumps(list, sort_keys=True) writes it, sorted by code point, no final
 * newline. Its MD5 with ".dir" behind is the directory's id. Paths that a reader must not follow
 * ("..", absolute, empty parts, NUL), that come twice, or for which another one is a folder, are
 * refused.
 */
#ifndef CD4ML_CAS_MANIFEST_H
#define CD4ML_CAS_MANIFEST_H

#include "base/arena.h"
#include "base/buf.h"
#include "cas/id.h"

struct cas_manifest_entry {
	const char *relpath; /* NUL-terminated, in the manifest's arena */
	uint32_t len;
	bool is_exec; /* of the workspace file; not stored, not read */
	uint8_t md5[HASH_MD5_LEN];
	int64_t size; /* of the workspace file; -1 after reading */
};

struct cas_manifest {
	struct cas_manifest_entry *entries; /* sorted after parse and sort */
	size_t n, cap;
	struct arena names;
};

#define CAS_MANIFEST_INIT \
	{                 \
		0         \
	}

void cas_manifest_release(struct cas_manifest *m);
/** Adds an entry at the end; the path is copied. UTF-8 is checked: ERR_INPUT. */
struct cas_manifest_entry *cas_manifest_add(
	struct cas_manifest *m, struct slice relpath, struct err *e) MUST_CHECK;
int cas_manifest_sort(struct cas_manifest *m, struct err *e) MUST_CHECK;
/** Finds a path in a sorted manifest, NULL if it is not there. */
const struct cas_manifest_entry *cas_manifest_find(
	const struct cas_manifest *m, struct slice relpath);
/** Reads the text into the emptied `m`, sorted. `name` begins the messages. */
int cas_manifest_parse(
	struct cas_manifest *m, struct slice text, const char *name, struct err *e) MUST_CHECK;
/** Adds the text of a sorted manifest. */
void cas_manifest_format(const struct cas_manifest *m, struct buf *b);
/** The id of a sorted manifest; `text` is emptied and then holds the object's bytes. */
int cas_manifest_id(const struct cas_manifest *m, struct buf *text, struct cas_id *id,
	struct err *e) MUST_CHECK;
/** Sum of the sizes of all entries. */
int64_t cas_manifest_size(const struct cas_manifest *m);

#endif
