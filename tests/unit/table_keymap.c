/*
 * table/keymap, and that the engines on it survive when memory runs out.
 */
#include <stdio.h>
#include <string.h>

#include "table/concat.h"
#include "table/cut.h"
#include "table/join.h"
#include "table/keymap.h"
#include "tap.h"

static const struct csv_dialect plain = CSV_DIALECT_DEFAULT;

static int raw_text(
	void *ctx, const struct csv_row *row, struct buf *b, uint32_t *tail_len, struct err *e)
{
	(void)ctx;
	(void)e;
	buf_add(b, row->raw.p, row->raw.len);
	buf_add_char(b, '!');
	*tail_len = 1;
	return 0;
}

static struct table_keymap *load(
	const char *text, const struct table_keymap_spec *spec, struct pool *pool, struct err *e)
{
	static const size_t cols[] = { 0 };
	struct table_key key = { .cols = cols, .n_cols = 1, .dialect = &plain };
	struct input *in = input_open_memory("t.csv", slice_of(text), e);
	struct csv_table *t = in ? csv_table_new(in, &plain, e) : NULL;
	struct table_keymap *m = t ? table_keymap_new(spec, e) : NULL;

	if (m && (table_keymap_add(m, t, &key, raw_text, NULL, pool, NULL, e) ||
			 table_keymap_finish(m, pool, "t.csv", e))) {
		table_keymap_free(m);
		m = NULL;
	}
	csv_table_close(t);
	return m;
}

static struct table_row *find(const struct table_keymap *m, const char *key)
{
	return table_keymap_find(m, table_keymap_hash(m, slice_of(key)), slice_of(key));
}

/* Many keys, some twice, in several chunks: all are found, rows come in file order. */
static void test_many(struct pool *pool, enum table_duplicates duplicates)
{
	enum { N = 150000, PERIOD = 100000 };
	struct table_keymap_spec spec = { .duplicates = duplicates };
	struct table_keymap_place place = { 0 };
	struct table_keymap_counts counts;
	struct buf text = BUF_INIT;
	struct err e = ERR_INIT;
	struct table_keymap *m;
	struct table_row *row;
	size_t n = 0, bad = 0;

	buf_add_text(&text, "k,v\n");
	for (int i = 0; i < N; i++)
		buf_addf(&text, "key%d,%d\n", i % PERIOD, i);
	m = load(text.p, &spec, pool, &e);
	ok(m != NULL, "loaded");
	for (int i = 0; i < PERIOD; i++) {
		char key[32], want[64];
		int at = duplicates == TABLE_DUPLICATES_LAST && i + PERIOD < N ? i + PERIOD : i;

		snprintf(key, sizeof(key), "key%d", i);
		snprintf(want, sizeof(want), "key%d,%d", i, at);
		row = find(m, key);
		bad += !row || !slice_is(table_row_text(row), want) ||
		       row->line != (uint64_t)at + 2;
		if (duplicates == TABLE_DUPLICATES_ALL && i + PERIOD < N)
			bad += !row || !row->next || row->next->line != (uint64_t)(i + PERIOD + 2);
	}
	is_int(bad, 0, "each key is found");
	ok(!find(m, "key") && !find(m, "key100000") && !find(m, ""), "no other is");
	for (uint64_t line = 2; (row = table_keymap_next(m, &place)); line++, n++)
		bad += row->line != line || !slice_is(table_row_tail(row), "!");
	is_int(bad, 0, "rows come in file order");
	is_int(n, N, "all of them");
	table_keymap_get_counts(m, &counts);
	is_int(counts.n_rows, N, "rows");
	is_int(counts.n_keys, PERIOD, "keys");
	is_int(counts.n_duplicates, N - PERIOD, "duplicates");
	table_keymap_free(m);
	buf_release(&text);
}

static void test_few(struct pool *pool)
{
	struct table_keymap_spec spec = { .keep_unkeyed = true };
	struct err e = ERR_INIT;
	struct table_keymap *m = load("k,v\na,1\n,2\n\"b\"\"\",3\n", &spec, pool, &e);
	struct table_keymap_counts counts;

	ok(m && find(m, "a") && find(m, "b\"") && !find(m, ""), "quotes are no part of a key");
	table_keymap_get_counts(m, &counts);
	is_int(counts.n_unkeyed, 1, "a missing key is none");
	table_keymap_free(m);
	ok(!load("k\na\nb\nb\na\n", &spec, pool, &e), "duplicates are refused");
	is_err(&e, ERR_INPUT, "t.csv:4: key 'b' is already in line 3", "the first in the file");
	m = load("k\n", &spec, pool, &e);
	ok(m && !find(m, "a"), "an empty table");
	table_keymap_free(m);
}

/* ---- when memory runs out ----------------------------------------------------------------------- */

static int join(void *ctx, struct err *e)
{
	struct table_join_side sides[] = {
		{ .kind = TABLE_JOIN_FULL, .key = "k=id,v", .path = "r.csv", .prefix = "r_" },
		{ .kind = TABLE_JOIN_LEFT, .key = "k", .path = "s.csv", .ignore_case = true },
	};
	struct table_join j = {
		.left = "l.csv",
		.sides = sides,
		.n_sides = 2,
		.dialect = &plain,
		.memory = ctx ? 1 : 0,
		.temp_dir = ".",
	};
	struct table_join_counts counts[2];
	struct table_join_result r = { .sides = counts };
	struct pool *pool = pool_new(2, e);
	struct output *out = pool ? output_open("out.csv", OUTPUT_PLAIN, e) : NULL;
	int rc = out ? table_join_run(&j, out, pool, NULL, NULL, &r, e) : -1;

	if (rc)
		output_abandon(out);
	else
		rc = output_close(out, e);
	pool_free(pool);
	return rc;
}

static int concat(void *ctx, struct err *e)
{
	char *paths[] = { (char[]){ "l.csv" }, (char[]){ "s.csv" } };
	struct table_concat c = {
		.paths = paths,
		.n_paths = 2,
		.dialect = &plain,
		.fill = true,
		.key = ctx,
		.sort_by = ctx,
		.memory = ctx ? strlen(ctx) > 1 : 0,
		.temp_dir = ".",
	};
	struct table_concat_result r;
	struct pool *pool = pool_new(2, e);
	struct output *out = pool ? output_open("out.csv", OUTPUT_PLAIN, e) : NULL;
	int rc = out ? table_concat_run(&c, out, pool, NULL, &r, e) : -1;

	if (rc)
		output_abandon(out);
	else
		rc = output_close(out, e);
	pool_free(pool);
	return rc;
}

static int cut(void *ctx, struct err *e)
{
	static const double shares[] = { 1, 2 };
	struct table_cut c = { .path = "l.csv", .dialect = &plain, .names = "p-%d" };
	struct table_cut_result r;
	struct pool *pool = pool_new(2, e);
	int rc;

	if (strcmp(ctx, "shares") == 0) {
		c.shares = shares;
		c.n_shares = 2;
		c.stratify = "k";
	} else if (strcmp(ctx, "by") == 0) {
		c.by = "k";
		c.names = "p-%s";
	} else {
		c.n_parts = 2;
	}
	rc = pool ? table_cut_run(&c, pool, NULL, &r, e) : -1;
	pool_free(pool);
	return rc;
}

static void test_memory(void)
{
	char k[] = "k", u[] = "k,k", shares[] = "shares", by[] = "by", parts[] = "parts";

	scratch();
	write_text("l.csv", "k,v\na,1\n\"b\"\"\",2\n,3\n");
	write_text("r.csv", "id,v,w\na,1,x\nc,2,\"y\nz\"\n");
	write_text("s.csv", "k,u\nA,7\n");
	survives_oom(join, NULL, "join");
	survives_oom(join, k, "join on disk");
	survives_oom(concat, NULL, "merge");
	survives_oom(concat, k, "merge by key");
	survives_oom(concat, u, "merge by key, on disk");
	survives_oom(cut, shares, "split by shares");
	survives_oom(cut, by, "split by value");
	survives_oom(cut, parts, "split to parts");
}

int main(void)
{
	struct err e = ERR_INIT;

	for (int n = 1; n <= 3; n += 2) {
		struct pool *pool = pool_new(n, &e);

		test_many(pool, TABLE_DUPLICATES_FIRST);
		test_many(pool, TABLE_DUPLICATES_LAST);
		test_many(pool, TABLE_DUPLICATES_ALL);
		test_few(pool);
		pool_free(pool);
	}
	test_memory();
	return done_testing();
}
