/*
 * keymap - keys of several columns to rows, all in memory: the table that a join looks up in.
 *
 * Rows are read on all threads (csv/chunk), each stored once, as a record with its key and whatever text
 * the caller makes of it, in blocks that keep the file's order. When all are there, an open-addressing table of
 * 64-bit slots (16 bits of hash, 48 of address) is filled by all threads: the rows are dealt to 64
 * partitions by hash, and each partition is a region of the table of its own. Keys are compared
 * byte by byte; the hash only finds them. What is found does not depend on threads or hashes.
 *
 *	m = table_keymap_new(&spec, e);
 *	table_keymap_add(m, table, &key, text, ctx, pool, progress, e);     any number of times
 *	table_keymap_finish(m, pool, e);
 *	row = table_keymap_find(m, table_keymap_hash(m, key), key);         any thread
 *	table_keymap_free(m);
 */
#ifndef CD4ML_TABLE_KEYMAP_H
#define CD4ML_TABLE_KEYMAP_H

#include <stdint.h>

#include "base/budget.h"
#include "csv/chunk.h"
#include "table/key.h"

/** A row in the map. Its memory lives as long as the map. */
struct table_row {
	struct table_row
		*next; /* of the same key and later in the file, with TABLE_DUPLICATES_ALL */
	uint64_t line;
	uint32_t key_len, text_len, tail_len;
	bool has_key; /* else it cannot be found */
	bool is_dropped; /* another row of the same key counts */
	bool is_matched; /* for the caller; table_row_match() */
	char bytes[]; /* key, text, tail */
};

static inline struct slice table_row_key(const struct table_row *r)
{
	return (struct slice){ r->bytes, r->key_len };
}

static inline struct slice table_row_text(const struct table_row *r)
{
	return (struct slice){ r->bytes + r->key_len, r->text_len };
}

static inline struct slice table_row_tail(const struct table_row *r)
{
	return (struct slice){ r->bytes + r->key_len + r->text_len, r->tail_len };
}

/** Notes that the row was found; any thread. */
static inline void table_row_match(struct table_row *r)
{
	if (!__atomic_load_n(&r->is_matched, __ATOMIC_RELAXED))
		__atomic_store_n(&r->is_matched, true, __ATOMIC_RELAXED);
}

/** What to do when a key is there already; as the words of --duplicates. */
enum table_duplicates {
	TABLE_DUPLICATES_ERROR,
	TABLE_DUPLICATES_FIRST,
	TABLE_DUPLICATES_LAST,
	TABLE_DUPLICATES_ALL,
};

/** Takes a row that there is no memory for; in the order of the file, one thread at a time. */
typedef int table_keymap_sink(void *ctx, const struct table_row *row, struct err *e);

struct table_keymap_spec {
	enum table_duplicates duplicates;
	bool keep_unkeyed; /* rows whose key is missing are stored too */
	bool is_list; /* nothing will be looked up: no table, no duplicates */
	/**
	 * What rows and table are taken from; NULL: no limit. When it does not suffice, all rows, those that are stored
	 * already first, go to the sink, and the map stays empty.
	 */
	struct budget *budget;
	table_keymap_sink *sink;
	void *sink_ctx;
};

/** The partition of a hash, for those who cut tables into several by it. */
enum { TABLE_PARTITION_BITS = 6, TABLE_PARTITIONS = 1 << TABLE_PARTITION_BITS };

static inline size_t table_partition(uint64_t hash)
{
	return (size_t)(hash >> (64 - TABLE_PARTITION_BITS));
}

/** What a row takes of the budget besides its bytes, at most: head, padding, slots. */
enum { TABLE_ROW_COST = 88 };

struct table_keymap_counts {
	uint64_t n_rows; /* read */
	uint64_t n_keys; /* that can be found */
	uint64_t n_unkeyed; /* rows with a missing value in the key */
	uint64_t n_duplicates; /* rows whose key was there already */
	uint64_t duplicate_line; /* of the first of them; 0: none */
};

/** Adds to `b` what is to be stored of the row: text, then tail, whose length it sets. */
typedef int table_keymap_text(
	void *ctx, const struct csv_row *row, struct buf *b, uint32_t *tail_len, struct err *e);

struct table_keymap;

/** An empty map; `spec` is copied, budget and sink are borrowed. */
struct table_keymap *table_keymap_new(
	const struct table_keymap_spec *spec, struct err *e) MUST_CHECK;
void table_keymap_free(struct table_keymap *m);
/** Reads all rows of the table. `text` runs on all threads at once. */
int table_keymap_add(struct table_keymap *m, struct csv_table *t, const struct table_key *key,
	table_keymap_text *text, void *ctx, struct pool *pool, struct progress *progress,
	struct err *e) MUST_CHECK;
/** Adds one row, which is copied, behind those before. One thread. */
int table_keymap_put(struct table_keymap *m, const struct table_row *row, struct err *e) MUST_CHECK;
/** Hands all rows to the sink and empties the map, which keeps its counts of rows. */
int table_keymap_spill(struct table_keymap *m, struct err *e) MUST_CHECK;
/** Did the rows go to the sink? */
bool table_keymap_is_spilled(const struct table_keymap *m);
/** Bytes taken from the budget. */
uint64_t table_keymap_memory(const struct table_keymap *m);
/**
 * Fills the table; nothing can be added afterwards. With TABLE_DUPLICATES_ERROR the first row in the file whose
 * key is there already is an error "file:line: key 'a' is already in line 2; ...": `name` is the file.
 */
int table_keymap_finish(
	struct table_keymap *m, struct pool *pool, const char *name, struct err *e) MUST_CHECK;
void table_keymap_get_counts(const struct table_keymap *m, struct table_keymap_counts *c);

/** A keyed hash: it differs from map to map, and no result may depend on it. */
uint64_t table_keymap_hash(const struct table_keymap *m, struct slice key);
/** Brings near what find() will look at first, then second: for batches of keys. */
void table_keymap_prefetch(const struct table_keymap *m, uint64_t hash);
void table_keymap_prefetch_row(const struct table_keymap *m, uint64_t hash);
/** The row of the key (the first of them with TABLE_DUPLICATES_ALL), or NULL. */
struct table_row *table_keymap_find(const struct table_keymap *m, uint64_t hash, struct slice key);

/** All rows in the order in which they were added; start with a zeroed place. NULL at the end. */
struct table_keymap_place {
	size_t block, offset;
};
struct table_row *table_keymap_next(const struct table_keymap *m, struct table_keymap_place *at);

#endif
