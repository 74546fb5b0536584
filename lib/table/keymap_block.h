/*
 * keymap_block - where a keymap's rows lie: a block for each chunk of the file. Private to lib/table/keymap*.c.
 */
#ifndef CD4ML_TABLE_KEYMAP_BLOCK_H
#define CD4ML_TABLE_KEYMAP_BLOCK_H

#include <pthread.h>

#include "base/mem.h"
#include "table/keymap.h"

enum { KEYMAP_ALIGN = 8 };

/** The rows of one chunk. */
struct keymap_block {
	char *bytes; /* struct table_row, each at a multiple of KEYMAP_ALIGN */
	bool own_bytes; /* else they lie in a slab */
	size_t len;
	/* until the table is filled: the rows with a key by partition, in file order within */
	uint64_t *hashes;
	uint32_t *offsets; /* of rows, in units of KEYMAP_ALIGN */
	uint32_t begin[TABLE_PARTITIONS + 1];
};

/** Rows with a key in file order: what a block is made of. */
struct keymap_keyed {
	uint64_t *hashes;
	uint32_t *offsets;
	size_t n, cap_hashes, cap_offsets;
};

/** Adds a row by the hash of its key and where it lies in the bytes of its block. */
static inline int table_keymap_keyed_add(
	struct keymap_keyed *k, uint64_t hash, size_t at, struct err *e)
{
	if (mem_grow(&k->hashes, &k->cap_hashes, k->n + 1, sizeof(*k->hashes), e) ||
		mem_grow(&k->offsets, &k->cap_offsets, k->n + 1, sizeof(*k->offsets), e))
		return -1;
	k->hashes[k->n] = hash;
	k->offsets[k->n++] = (uint32_t)(at / KEYMAP_ALIGN);
	return 0;
}

/** Memory for the rows of many blocks: huge pages want large pieces. */
struct keymap_slabs {
	pthread_mutex_t mutex;
	char **slabs;
	size_t n, cap;
	char *next;
	size_t left;
};

/** Bytes that a row takes in a block. */
static inline size_t table_keymap_row_size(const struct table_row *row)
{
	size_t size =
		offsetof(struct table_row, bytes) + row->key_len + row->text_len + row->tail_len;

	return (size + KEYMAP_ALIGN - 1) / KEYMAP_ALIGN * KEYMAP_ALIGN;
}

/** Frees all slabs; the mutex stays. */
void table_keymap_slabs_release(struct keymap_slabs *s);
/**
 * Sorts the rows by partition, stably, and copies all to memory of just their size: in a slab, or of the block's own
 * with `slabs` NULL. Any thread. table_keymap_block_release() also after a failure.
 */
int table_keymap_block_make(struct keymap_block *to, struct slice rows,
	const struct keymap_keyed *keyed, struct keymap_slabs *slabs, struct err *e) MUST_CHECK;
/** Forgets hashes and offsets: the table is filled. */
void table_keymap_block_settle(struct keymap_block *b);
void table_keymap_block_release(struct keymap_block *b);

#endif
