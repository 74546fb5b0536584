/* base/budget and table/spill: limits that hold, streams that come back. */
#include "table/spill.h"

#include <stdlib.h>

#include "base/budget.h"
#include "base/pool.h"
#include "base/rng.h"
#include "tap.h"

static void test_budget(void)
{
	struct budget b;

	budget_init(&b, 100);
	ok(budget_take(&b, 60) && !budget_take(&b, 41) && budget_take(&b, 40), "up to the limit");
	is_int(budget_left(&b), 0, "nothing is left");
	ok(!budget_take(&b, 1) && budget_take(&b, 0), "then nothing more");
	budget_give(&b, 30);
	is_int(budget_left(&b), 30, "what is given back can be taken again");
	ok(!budget_take(&b, UINT64_MAX), "no overflow");
	ok(budget_take(NULL, UINT64_MAX), "no budget, no limit");
}

enum { STREAMS = 7, BYTES = 50000 };

static char byte_at(size_t stream, size_t i)
{
	return (char)rng_below(stream, 0, i, 256);
}

struct writing {
	struct table_spill *spill;
	bool failed[STREAMS];
};

static void write_stream(void *ctx, size_t stream, int worker)
{
	struct writing *w = ctx;
	struct err e = ERR_INIT;
	char piece[300];

	(void)worker;
	for (size_t i = 0; i < stream * BYTES / STREAMS;) {
		size_t n = 0;

		while (n < 1 + i % 299 && i < stream * BYTES / STREAMS)
			piece[n++] = byte_at(stream, i++);
		if (table_spill_write(w->spill, stream, piece, n, &e))
			w->failed[stream] = true;
	}
	if (table_spill_close(w->spill, stream, &e))
		w->failed[stream] = true;
}

static void test_streams(size_t block)
{
	struct err e = ERR_INIT;
	struct writing w = { .spill = table_spill_new(".", block, &e) };
	struct pool *pool = pool_new(3, &e);

	ok(w.spill && !table_spill_add_streams(w.spill, STREAMS, &e), "streams of blocks of %zu",
		block);
	is_int(count_files("."), 0, "in a file without a name");
	pool_for(pool, STREAMS, write_stream, &w);
	for (size_t s = 0; s < STREAMS; s++) {
		struct table_spill_reader r;
		size_t n = 0, bad = 0;
		char c;
		int got = table_spill_begin(&r, w.spill, s, &e);

		while (!got && (got = table_spill_read(&r, &c, 1, &e)) > 0) {
			bad += c != byte_at(s, n++);
			got = 0;
		}
		ok(!w.failed[s] && !got && !bad, "stream %zu", s);
		is_int(n, s * BYTES / STREAMS, "has its length");
		is_int(table_spill_size(w.spill, s), n, "and knows it");
		table_spill_end(&r);
	}
	pool_free(pool);
	table_spill_free(w.spill);
}

static void test_end(void)
{
	struct err e = ERR_INIT;
	struct table_spill *s = table_spill_new(".", 10, &e);
	struct table_spill_reader r;
	char out[4];

	ok(s && !table_spill_add_streams(s, 1, &e) && !table_spill_write(s, 0, "abc", 3, &e) &&
			!table_spill_close(s, 0, &e),
		"three bytes");
	ok(!table_spill_begin(&r, s, 0, &e) && table_spill_read(&r, out, 2, &e) == 1,
		"two of them");
	is_int(table_spill_read(&r, out, 2, &e), -1, "the end within what is wanted is an error");
	is_err(&e, ERR_SYSTEM, "cut short", "it says so");
	table_spill_end(&r);
	table_spill_free(s);
	ok(!table_spill_new("no/such/folder", 10, &e), "no folder");
	is_err(&e, ERR_INPUT, "no/such/folder/cd4ml-", "is named");
}

int main(void)
{
	scratch();
	test_budget();
	test_streams(1);
	test_streams(4096);
	test_streams(1 << 20);
	test_end();
	return done_testing();
}
