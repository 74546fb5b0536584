#include "table/keymap.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "hash/h64.h"
#include "table/keymap_block.h"

enum {
	PUT_BYTES = 1 << 20,
	TAG_BITS = 16,
};

#define TAG_SHIFT  (64 - TAG_BITS)
#define TAG_MASK   (((uint64_t)1 << TAG_BITS) - 1)
#define PLACE_MASK (((uint64_t)1 << TAG_SHIFT) - 1)

struct table_keymap {
	struct table_keymap_spec spec;
	struct table_keymap_counts counts;
	uint64_t seed;
	struct keymap_block *blocks;
	size_t n_blocks, cap_blocks;
	struct keymap_slabs slabs;
	uint64_t *slots; /* tag and address of a record; 0: empty */
	uint64_t n_taken; /* from the budget */
	atomic_bool is_spilled; /* what is read from now on will not stay */
	struct reading *put; /* what table_keymap_put() has not made a block of yet */
	struct buf put_bytes;
	int shift; /* hash >> shift is where to begin */
	uint64_t region_mask; /* slots of a partition, less one */
};

/* ---- reading ------------------------------------------------------------------------------------ */

struct table_keymap *table_keymap_new(const struct table_keymap_spec *spec, struct err *e)
{
	struct table_keymap *m = mem_new(sizeof(*m), e);
	struct timespec now;

	if (!m)
		return NULL;
	m->spec = *spec;
	buf_init(&m->put_bytes);
	pthread_mutex_init(&m->slabs.mutex, NULL);
	/* so that nobody can prepare keys that all collide; no result depends on it */
	clock_gettime(CLOCK_MONOTONIC, &now);
	m->seed = h64_word((uint64_t)now.tv_nsec, (uint64_t)(uintptr_t)m);
	return m;
}

/* What a chunk's worker makes. */
struct reading {
	struct keymap_block block; /* until it is handed over */
	struct table_keymap_counts counts;
	struct keymap_keyed keyed;
	struct arena keys;
};

struct loader {
	struct table_keymap *map;
	const struct table_key *key;
	table_keymap_text *text;
	void *ctx;
};

static void release_reading(void *result)
{
	struct reading *r = result;

	table_keymap_block_release(&r->block);
	free(r->keyed.hashes);
	free(r->keyed.offsets);
	arena_release(&r->keys);
}

static void release_rows(struct table_keymap *m)
{
	for (size_t i = 0; i < m->n_blocks; i++)
		table_keymap_block_release(&m->blocks[i]);
	free(m->blocks);
	free(m->slots);
	table_keymap_slabs_release(&m->slabs);
	m->blocks = NULL;
	m->slots = NULL;
	m->n_blocks = m->cap_blocks = 0;
	budget_give(m->spec.budget, m->n_taken);
	m->n_taken = 0;
}

void table_keymap_free(struct table_keymap *m)
{
	if (!m)
		return;
	release_rows(m);
	pthread_mutex_destroy(&m->slabs.mutex);
	if (m->put)
		release_reading(m->put);
	free(m->put);
	buf_release(&m->put_bytes);
	free(m);
}

/* Pads the record and notes where it is. */
static int end_record(struct table_keymap *m, struct reading *r, size_t at, struct slice key,
	bool has_key, struct buf *b, struct err *e)
{
	buf_add(b, "\0\0\0\0\0\0\0", (KEYMAP_ALIGN - b->len % KEYMAP_ALIGN) % KEYMAP_ALIGN);
	if (has_key && !m->spec.is_list &&
		table_keymap_keyed_add(&r->keyed, table_keymap_hash(m, key), at, e))
		return -1;
	return buf_check(b, e);
}

static int store_row(const struct loader *l, struct reading *r, const struct csv_row *row,
	struct buf *b, struct err *e)
{
	size_t at = b->len, key_end;
	struct table_row head = { .line = row->line };
	struct slice key = { NULL, 0 };
	int has_key = l->key ? table_key_of(l->key, row, &r->keys, &key, e) : 0;

	if (has_key < 0)
		return -1;
	r->counts.n_rows++;
	if (!has_key) {
		key.len = 0;
		r->counts.n_unkeyed++;
		if (!l->map->spec.keep_unkeyed)
			return 0;
	}
	head.has_key = has_key;
	head.key_len = (uint32_t)key.len;
	buf_add(b, &head, offsetof(struct table_row, bytes));
	buf_add(b, key.p, key.len);
	key_end = b->len;
	if (l->text(l->ctx, row, b, &head.tail_len, e) || buf_check(b, e))
		return -1;
	head.text_len = (uint32_t)(b->len - key_end) - head.tail_len;
	memcpy(b->p + at, &head, offsetof(struct table_row, bytes));
	return end_record(l->map, r, at, key, has_key, b, e);
}

static int make_block(struct table_keymap *m, struct reading *r, struct slice rows, struct err *e)
{
	return table_keymap_block_make(
		&r->block, rows, &r->keyed, atomic_load(&m->is_spilled) ? NULL : &m->slabs, e);
}

static int read_chunk(void *ctx, struct csv_chunk *c, int worker, struct err *e)
{
	const struct loader *l = ctx;
	struct reading *r = csv_chunk_result(c);
	struct buf *b = csv_chunk_buf(c);
	struct csv_row row;
	int got;

	(void)worker;
	r->keyed.n = 0;
	r->counts = (struct table_keymap_counts){ 0 };
	arena_reset(&r->keys);
	while ((got = csv_chunk_next(c, &row, e)) > 0)
		if (store_row(l, r, &row, b, e))
			return -1;
	return got ? -1 : make_block(l->map, r, buf_slice(b), e);
}

static int sink_block(struct table_keymap *m, const struct keymap_block *b, struct err *e)
{
	for (size_t at = 0; at < b->len;) {
		const struct table_row *row = (const struct table_row *)(void *)(b->bytes + at);

		if (m->spec.sink(m->spec.sink_ctx, row, e))
			return -1;
		at += table_keymap_row_size(row);
	}
	return 0;
}

/* The slabs stay: other threads may still be filling their blocks there. */
static int sink_blocks(struct table_keymap *m, struct err *e)
{
	atomic_store(&m->is_spilled, true);
	for (size_t i = 0; i < m->n_blocks; i++)
		if (sink_block(m, &m->blocks[i], e))
			return -1;
	for (size_t i = 0; i < m->n_blocks; i++)
		table_keymap_block_release(&m->blocks[i]);
	m->n_blocks = 0;
	return 0;
}

int table_keymap_spill(struct table_keymap *m, struct err *e)
{
	if (sink_blocks(m, e))
		return -1;
	release_rows(m);
	return 0;
}

bool table_keymap_is_spilled(const struct table_keymap *m)
{
	return atomic_load(&m->is_spilled);
}

uint64_t table_keymap_memory(const struct table_keymap *m)
{
	return m->n_taken;
}

/* Takes the block over, or hands its rows on. */
static int keep_block(struct table_keymap *m, struct reading *r, struct err *e)
{
	uint64_t cost = r->block.len +
			r->keyed.n * (TABLE_ROW_COST - sizeof(struct table_row) - KEYMAP_ALIGN);

	m->counts.n_rows += r->counts.n_rows;
	m->counts.n_unkeyed += r->counts.n_unkeyed;
	if (!table_keymap_is_spilled(m) && !budget_take(m->spec.budget, cost) && sink_blocks(m, e))
		return -1;
	if (table_keymap_is_spilled(m)) {
		int rc = sink_block(m, &r->block, e);

		table_keymap_block_release(&r->block);
		return rc;
	}
	m->n_taken += cost;
	if (mem_grow(&m->blocks, &m->cap_blocks, m->n_blocks + 1, sizeof(*m->blocks), e))
		return -1;
	m->blocks[m->n_blocks++] = r->block;
	r->block = (struct keymap_block){ 0 };
	return 0;
}

static int take_block(void *ctx, struct csv_chunk *c, struct err *e)
{
	return keep_block(((struct loader *)ctx)->map, csv_chunk_result(c), e);
}

static int flush_put(struct table_keymap *m, struct err *e)
{
	struct reading *r = m->put;

	if (!r)
		return 0;
	if (make_block(m, r, buf_slice(&m->put_bytes), e) || keep_block(m, r, e))
		return -1;
	r->keyed.n = 0;
	r->counts = (struct table_keymap_counts){ 0 };
	buf_reset(&m->put_bytes);
	return 0;
}

int table_keymap_put(struct table_keymap *m, const struct table_row *row, struct err *e)
{
	size_t at;

	if (!m->put) {
		m->put = mem_new(sizeof(*m->put), e);
		if (!m->put)
			return -1;
	}
	if (m->put_bytes.len > PUT_BYTES && flush_put(m, e))
		return -1;
	at = m->put_bytes.len;
	m->put->counts.n_rows++;
	m->put->counts.n_unkeyed += !row->has_key;
	buf_add(&m->put_bytes, row,
		offsetof(struct table_row, bytes) + row->key_len + row->text_len + row->tail_len);
	return end_record(m, m->put, at, table_row_key(row), row->has_key, &m->put_bytes, e);
}

int table_keymap_add(struct table_keymap *m, struct csv_table *t, const struct table_key *key,
	table_keymap_text *text, void *ctx, struct pool *pool, struct progress *progress,
	struct err *e)
{
	struct loader l = { m, key, text, ctx };

	return csv_table_run(t, pool,
		&(struct csv_run){
			.work = read_chunk,
			.done = take_block,
			.ctx = &l,
			.result_size = sizeof(struct reading),
			.result_release = release_reading,
			.progress = progress,
		},
		e);
}

/* ---- the table ---------------------------------------------------------------------------------- */

/* What a partition's task finds. */
struct filled {
	uint64_t n_keys, n_duplicates;
	const struct table_row *first, *again; /* the first duplicate in the file */
};

struct filling {
	struct table_keymap *map;
	struct filled parts[TABLE_PARTITIONS];
};

static struct table_row *slot_row(uint64_t slot)
{
	return (struct table_row *)(uintptr_t)(slot & PLACE_MASK);
}

/* The slot that holds the key, or the empty one where it belongs. */
static inline uint64_t *find_slot(const struct table_keymap *m, uint64_t hash, struct slice key)
{
	uint64_t i = hash >> m->shift, tag = hash & TAG_MASK;

	for (;;) {
		uint64_t *slot = &m->slots[i];

		if (!*slot)
			return slot;
		if (*slot >> TAG_SHIFT == tag && slice_eq(table_row_key(slot_row(*slot)), key))
			return slot;
		i = (i & ~m->region_mask) | ((i + 1) & m->region_mask);
	}
}

static void insert_row(
	struct table_keymap *m, uint64_t hash, struct table_row *row, struct filled *f)
{
	uint64_t *slot = find_slot(m, hash, table_row_key(row));
	struct table_row *had = *slot ? slot_row(*slot) : NULL;

	assert(((uint64_t)(uintptr_t)row & ~PLACE_MASK) == 0);
	if (!had) {
		f->n_keys++;
	} else {
		f->n_duplicates++;
		if (!f->again) {
			f->first = had;
			f->again = row;
		}
		switch (m->spec.duplicates) {
		case TABLE_DUPLICATES_ERROR:
		case TABLE_DUPLICATES_FIRST:
			row->is_dropped = true;
			return;
		case TABLE_DUPLICATES_LAST:
			had->is_dropped = true;
			break;
		case TABLE_DUPLICATES_ALL:
			row->next = had;
			break;
		}
	}
	*slot = (hash & TAG_MASK) << TAG_SHIFT | (uint64_t)(uintptr_t)row;
}

static void fill_partition(void *ctx, size_t p, int worker)
{
	struct filling *f = ctx;
	struct table_keymap *m = f->map;
	/* backwards, so that a row is put before those of its key that come later in the file */
	bool backwards = m->spec.duplicates == TABLE_DUPLICATES_ALL;

	(void)worker;
	memset(m->slots + p * (m->region_mask + 1), 0, (m->region_mask + 1) * sizeof(*m->slots));
	for (size_t i = 0; i < m->n_blocks; i++) {
		struct keymap_block *b = &m->blocks[backwards ? m->n_blocks - 1 - i : i];
		uint32_t begin = b->begin[p], n = b->begin[p + 1] - begin;

		for (uint32_t k = 0; k < n; k++) {
			uint32_t at = begin + (backwards ? n - 1 - k : k);

			insert_row(m, b->hashes[at],
				(struct table_row *)(void *)(b->bytes +
							     (size_t)b->offsets[at] * KEYMAP_ALIGN),
				&f->parts[p]);
		}
	}
}

/* As many slots for each partition as the fullest needs to stay a third empty. */
static int make_slots(struct table_keymap *m, struct err *e)
{
	uint64_t most = 4;
	int bits = 3;

	for (int p = 0; p < TABLE_PARTITIONS; p++) {
		uint64_t n = 0;

		for (size_t i = 0; i < m->n_blocks; i++)
			n += m->blocks[i].begin[p + 1] - m->blocks[i].begin[p];
		if (n > most)
			most = n;
	}
	while (((uint64_t)1 << bits) < most + most / 2)
		bits++;
	m->region_mask = ((uint64_t)1 << bits) - 1;
	m->shift = 64 - TABLE_PARTITION_BITS - bits;
	m->slots = mem_huge(sizeof(*m->slots) * TABLE_PARTITIONS << bits, e);
	return m->slots ? 0 : -1;
}

static int fail_duplicate(const struct filled *f, const char *name, struct err *e)
{
	char key[256];
	size_t len = f->again->key_len < sizeof(key) - 1 ? f->again->key_len : sizeof(key) - 1;

	memcpy(key, f->again->bytes, len);
	for (size_t i = 0; i < len; i++)
		if (key[i] == '\0')
			key[i] = ',';
	key[len] = '\0';
	err_set(e, ERR_INPUT, "key '%s' is already in line %llu", key,
		(unsigned long long)f->first->line);
	err_hint(e, "choose one with --duplicates");
	return err_at(e, "%s:%llu", name, (unsigned long long)f->again->line);
}

int table_keymap_finish(struct table_keymap *m, struct pool *pool, const char *name, struct err *e)
{
	struct filling f = { .map = m };
	const struct filled *worst = NULL;

	if (flush_put(m, e))
		return -1;
	if (table_keymap_is_spilled(m))
		release_rows(m); /* slabs, and what was taken */
	if (m->spec.is_list || table_keymap_is_spilled(m))
		return 0;
	if (make_slots(m, e))
		return -1;
	pool_for(pool, TABLE_PARTITIONS, fill_partition, &f);
	for (int p = 0; p < TABLE_PARTITIONS; p++) {
		m->counts.n_keys += f.parts[p].n_keys;
		m->counts.n_duplicates += f.parts[p].n_duplicates;
		if (f.parts[p].again && (!worst || f.parts[p].again->line < worst->again->line))
			worst = &f.parts[p];
	}
	for (size_t i = 0; i < m->n_blocks; i++)
		table_keymap_block_settle(&m->blocks[i]);
	m->counts.duplicate_line = worst ? worst->again->line : 0;
	if (worst && m->spec.duplicates == TABLE_DUPLICATES_ERROR)
		return fail_duplicate(worst, name, e);
	return 0;
}

void table_keymap_get_counts(const struct table_keymap *m, struct table_keymap_counts *c)
{
	*c = m->counts;
}

uint64_t table_keymap_hash(const struct table_keymap *m, struct slice key)
{
	return h64_bytes(key.p, key.len, m->seed);
}

void table_keymap_prefetch(const struct table_keymap *m, uint64_t hash)
{
	__builtin_prefetch(&m->slots[hash >> m->shift]);
}

void table_keymap_prefetch_row(const struct table_keymap *m, uint64_t hash)
{
	uint64_t slot = m->slots[hash >> m->shift];

	if (slot >> TAG_SHIFT != (hash & TAG_MASK))
		slot = m->slots[(hash >> m->shift & ~m->region_mask) |
				(((hash >> m->shift) + 1) & m->region_mask)];
	if (slot) {
		const char *row = (const char *)slot_row(slot);

		__builtin_prefetch(row);
		__builtin_prefetch(row + 64);
		__builtin_prefetch(row + 128);
	}
}

struct table_row *table_keymap_find(const struct table_keymap *m, uint64_t hash, struct slice key)
{
	uint64_t slot = *find_slot(m, hash, key);

	return slot ? slot_row(slot) : NULL;
}

struct table_row *table_keymap_next(const struct table_keymap *m, struct table_keymap_place *at)
{
	struct table_row *row;

	while (at->block < m->n_blocks && at->offset == m->blocks[at->block].len) {
		at->block++;
		at->offset = 0;
	}
	if (at->block == m->n_blocks)
		return NULL;
	row = (struct table_row *)(void *)(m->blocks[at->block].bytes + at->offset);
	at->offset += table_keymap_row_size(row);
	return row;
}
