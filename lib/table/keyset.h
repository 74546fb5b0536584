/*
 * keyset - a set of keys in a file that is looked into without being read: what csv-merge --into knows of its table.
 *
 * Of a key, 128 bits of its SHA-256 are kept: two keys are the same when these are, as objects of a cache are.
 * They lie in open-addressing tables, segments, each at most three quarters full. When the last is full, another
 * as large as all before is added: nothing is ever moved, and a key is looked for in a few places, however
 * many there are. The file is mapped and touched where keys are.
 *
 * A stamp says what the keys are those of. It is written when all are there, and taken off before the first is
 * added; a file without the very stamp that is asked for (an older table, other columns, a run that was
 * killed, another machine's byte order) is emptied: the caller then adds all keys anew.
 *
 *	s = table_keyset_open("train.keys", &stamp, e);       NULL, NULL: an unnamed one, empty
 *	if (!table_keyset_is_known(s))
 *		...table_keyset_add(s, print, e) for all keys
 *	table_keyset_has(s, print)
 *	table_keyset_save(s, &stamp, e)
 *	table_keyset_close(s)
 */
#ifndef CD4ML_TABLE_KEYSET_H
#define CD4ML_TABLE_KEYSET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/** A key's fingerprint; never all zeros. */
struct table_print {
	uint64_t a, b;
};

/** The fingerprint of a key: 128 bits of SHA-256. ERR_SYSTEM. */
int table_print_of(struct slice key, struct table_print *print, struct err *e) MUST_CHECK;

/** What the keys belong to; compared as bytes. */
struct table_keyset_stamp {
	uint64_t size; /* of the table */
	int64_t mtime_ns;
	uint8_t content[32]; /* a hash of some of its bytes */
	uint8_t meaning[32]; /* a hash of what a key is: columns, dialect */
};

struct table_keyset;

/**
 * Opens or makes the file; with `path` NULL an unnamed one in `temp_dir` (NULL: /tmp). The caller sees to it that no
 * other process has it open.
 */
struct table_keyset *table_keyset_open(const char *path, const char *temp_dir,
	const struct table_keyset_stamp *stamp, struct err *e) MUST_CHECK;
/** NULL is fine. */
void table_keyset_close(struct table_keyset *s);
/** Was the stamp the one that was asked for? Else the set is empty. */
bool table_keyset_is_known(const struct table_keyset *s);
/** The next segment will have room for `n` keys at least: for who adds many. */
void table_keyset_expect(struct table_keyset *s, uint64_t n);
bool table_keyset_has(const struct table_keyset *s, struct table_print print);
/** Adds it: 1, or 0 if it is there already, or -1 and `e`. */
int table_keyset_add(struct table_keyset *s, struct table_print print, struct err *e) MUST_CHECK;
/** Adds all keys of `from`. */
int table_keyset_add_all(
	struct table_keyset *s, const struct table_keyset *from, struct err *e) MUST_CHECK;
uint64_t table_keyset_n(const struct table_keyset *s);
/** Syncs the keys, then the stamp. */
int table_keyset_save(
	struct table_keyset *s, const struct table_keyset_stamp *stamp, struct err *e) MUST_CHECK;

#endif
