#include <stdlib.h>

#include "base/mem.h"
#include "hash/sha256.h"
#include "table/append.h"
#include "table/concat_plan.h"
#include "table/keyset.h"
#include "table/store.h"

struct appending {
	struct concat_plan plan;
	struct table_append *table;
	struct table_keyset *known; /* keys of the table */
	struct table_keyset *added; /* keys of rows in `rows` */
	struct table_store rows; /* to be appended */
	struct table_concat_result *result;
	/* of the file that is being read */
	const struct concat_file *file;
	struct table_key key;
	uint8_t meaning[HASH_SHA256_LEN];
};

/* What a chunk's worker makes: the keys of its rows, and where these end in the chunk's buf. */
struct keyed {
	struct table_print *prints;
	size_t *ends;
	size_t n, cap_prints, cap_ends;
	struct arena memory;
};

static void release_keyed(void *result)
{
	struct keyed *k = result;

	free(k->prints);
	free(k->ends);
	arena_release(&k->memory);
}

/* ---- the table's keys --------------------------------------------------------------------------- */

/* What the stored keys mean: columns, and what of the dialect has a say in values. */
static int hash_meaning(struct appending *a, struct err *e)
{
	const struct table_concat *spec = a->plan.spec;
	struct buf b = BUF_INIT;
	int rc;

	buf_addf(&b, "%s\n%c%c%d%d\n", spec->key, csv_dialect_delimiter(spec->dialect),
		csv_dialect_quote(spec->dialect), spec->dialect->no_header, spec->dialect->ragged);
	for (size_t i = 0; i < spec->dialect->na.n; i++)
		buf_addf(&b, "%s\n", spec->dialect->na.items[i]);
	rc = buf_check(&b, e) ? -1 : hash_sha256_of(buf_slice(&b), a->meaning, e);
	buf_release(&b);
	return rc;
}

static struct table_keyset_stamp stamp_of(const struct appending *a)
{
	struct table_keyset_stamp s = {
		.size = table_append_size(a->table),
		.mtime_ns = table_append_mtime_ns(a->table),
	};

	memcpy(s.content, table_append_content(a->table), sizeof(s.content));
	memcpy(s.meaning, a->meaning, sizeof(s.meaning));
	return s;
}

static int add_print(struct keyed *k, struct slice key, struct err *e)
{
	if (mem_grow(&k->prints, &k->cap_prints, k->n + 1, sizeof(*k->prints), e))
		return -1;
	return table_print_of(key, &k->prints[k->n++], e);
}

static int read_keys(void *ctx, struct csv_chunk *c, int worker, struct err *e)
{
	const struct appending *a = ctx;
	struct keyed *k = csv_chunk_result(c);
	struct csv_row row;
	int got;

	(void)worker;
	k->n = 0;
	arena_reset(&k->memory);
	while ((got = csv_chunk_next(c, &row, e)) > 0) {
		struct slice key;
		int has_key = table_key_of(&a->key, &row, &k->memory, &key, e);

		if (has_key < 0 || (has_key && add_print(k, key, e)))
			return -1;
	}
	return got;
}

static int keep_keys(void *ctx, struct csv_chunk *c, struct err *e)
{
	struct appending *a = ctx;
	const struct keyed *k = csv_chunk_result(c);

	if (!table_keyset_n(a->known)) {
		/* as many rows to a byte as here, and a tenth more */
		uint64_t chunks = table_append_size(a->table) / csv_chunk_n_bytes(c) + 1;

		table_keyset_expect(a->known, chunks * k->n * 11 / 10);
	}
	for (size_t i = 0; i < k->n; i++)
		if (table_keyset_add(a->known, k->prints[i], e) < 0)
			return -1;
	return 0;
}

/* ---- new rows ----------------------------------------------------------------------------------- */

static int fail_unkeyed(const struct appending *a, const struct csv_row *row, struct err *e)
{
	err_set(e, ERR_INPUT, "the key has a missing value");
	err_hint(e, "a row without key would be appended again each time: fill it, or name other "
		    "columns with --key");
	return err_at(e, "%s:%llu", a->file->path, (unsigned long long)row->line);
}

static int read_rows(void *ctx, struct csv_chunk *c, int worker, struct err *e)
{
	const struct appending *a = ctx;
	struct keyed *k = csv_chunk_result(c);
	struct buf *b = csv_chunk_buf(c);
	struct csv_row row;
	int got;

	(void)worker;
	k->n = 0;
	arena_reset(&k->memory);
	while ((got = csv_chunk_next(c, &row, e)) > 0) {
		struct slice key;
		int has_key = table_key_of(&a->key, &row, &k->memory, &key, e);

		if (has_key < 0)
			return -1;
		if (!has_key)
			return fail_unkeyed(a, &row, e);
		if (mem_grow(&k->ends, &k->cap_ends, k->n + 1, sizeof(*k->ends), e) ||
			add_print(k, key, e))
			return -1;
		table_concat_plan_row(&a->plan, a->file, &row, b);
		k->ends[k->n - 1] = b->len;
	}
	return got ? -1 : buf_check(b, e);
}

/* Keeps the rows whose key is new; they move together in the chunk's own buf. */
static int keep_rows(void *ctx, struct csv_chunk *c, struct err *e)
{
	struct appending *a = ctx;
	const struct keyed *k = csv_chunk_result(c);
	struct buf *b = csv_chunk_buf(c);
	size_t begin = 0, len = 0;

	a->result->n_in += k->n;
	for (size_t i = 0; i < k->n; begin = k->ends[i++]) {
		int is_new = !table_keyset_has(a->known, k->prints[i]);

		if (is_new)
			is_new = table_keyset_add(a->added, k->prints[i], e);
		if (is_new < 0)
			return -1;
		if (!is_new) {
			a->result->n_duplicates++;
			continue;
		}
		memmove(b->p + len, b->p + begin, k->ends[i] - begin);
		len += k->ends[i] - begin;
		a->result->n_out++;
	}
	return len ? table_store_add(&a->rows, (struct slice){ b->p, len }, e) : 0;
}

/* ---- the run ------------------------------------------------------------------------------------ */

static int read_file(struct appending *a, struct concat_file *f, const struct csv_run *run,
	struct pool *pool, struct err *e)
{
	int64_t size;
	int rc;

	a->file = f;
	if (table_concat_plan_open(&a->plan, f, e) ||
		table_concat_plan_key(&a->plan, f, &a->key, e))
		return -1;
	size = csv_table_size(f->table);
	progress_start(run->progress, f->path, size > 0 ? (uint64_t)size : 0, PROGRESS_BYTES);
	rc = csv_table_run(f->table, pool, run, e);
	a->result->n_ragged += csv_table_n_ragged(f->table);
	csv_table_close(f->table);
	f->table = NULL;
	return rc;
}

static int read_all(
	struct appending *a, struct pool *pool, struct progress *progress, struct err *e)
{
	struct csv_run run = {
		.work = read_keys,
		.done = keep_keys,
		.ctx = a,
		.result_size = sizeof(struct keyed),
		.result_release = release_keyed,
		.progress = progress,
	};

	if (!table_keyset_is_known(a->known) && read_file(a, &a->plan.files[0], &run, pool, e))
		return -1;
	run.work = read_rows;
	run.done = keep_rows;
	for (size_t i = 1; i < a->plan.n_files; i++)
		if (read_file(a, &a->plan.files[i], &run, pool, e))
			return -1;
	return 0;
}

/* The rows behind those of the table, with a line end wherever one is missing between. */
static int append_rows(struct appending *a, struct err *e)
{
	bool is_within_line = table_append_is_within_line(a->table);
	struct buf b = BUF_INIT;
	int rc = table_append_begin(a->table, e);

	for (size_t i = 0; !rc && i < a->rows.n; i++) {
		struct slice rows;

		rc = table_store_get(&a->rows, i, &b, &rows, e);
		if (!rc && is_within_line)
			rc = table_append_write(a->table, slice_of(a->plan.eol), e);
		if (!rc)
			rc = table_append_write(a->table, rows, e);
		if (!rc)
			is_within_line = rows.p[rows.len - 1] != '\n';
	}
	buf_release(&b);
	return rc ? -1 : table_append_end(a->table, e);
}

static int save_keys(struct appending *a, struct err *e)
{
	struct table_keyset_stamp stamp = stamp_of(a);

	if (table_keyset_is_known(a->known) && !a->rows.n)
		return 0;
	if (table_keyset_add_all(a->known, a->added, e))
		return -1;
	return table_keyset_save(a->known, &stamp, e);
}

static int run(struct appending *a, const char *index, struct pool *pool, struct progress *progress,
	struct err *e)
{
	const struct table_concat *spec = a->plan.spec;
	struct table_keyset_stamp stamp;

	if (hash_meaning(a, e))
		return -1;
	stamp = stamp_of(a);
	a->known = table_keyset_open(index, spec->temp_dir, &stamp, e);
	a->added = a->known ? table_keyset_open(NULL, spec->temp_dir, NULL, e) : NULL;
	if (!a->added || read_all(a, pool, progress, e))
		return -1;
	a->result->is_index_known = table_keyset_is_known(a->known);
	if (a->rows.n && append_rows(a, e))
		return -1;
	return index ? save_keys(a, e) : 0;
}

int table_concat_append(const struct table_concat *spec, const char *index, struct pool *pool,
	struct progress *progress, struct table_concat_result *r, struct err *e)
{
	struct appending a = {
		.table = table_append_open(spec->into, e),
		.rows = TABLE_STORE_INIT,
		.result = r,
	};
	int rc = -1;

	*r = (struct table_concat_result){ 0 };
	a.rows.memory = spec->memory;
	a.rows.temp_dir = spec->temp_dir;
	if (a.table) {
		rc = table_concat_plan_init(&a.plan, spec, e);
		r->n_filled = a.plan.n_filled;
		if (!rc)
			rc = run(&a, index, pool, progress, e);
	}
	table_keyset_close(a.known);
	table_keyset_close(a.added);
	table_store_release(&a.rows);
	table_append_close(a.table);
	table_concat_plan_release(&a.plan);
	return rc;
}
