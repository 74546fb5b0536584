/*
 * Dictionaries, the set of what was there before, and characters.
 */
#include "base/utf8.h"
#include "table/dict.h"

#include <stdio.h>

#include "base/pool.h"
#include "table/once.h"
#include "table/text.h"
#include "tap.h"

static uint32_t add(struct table_dict *d, const char *text, struct err *e)
{
	uint32_t code = TABLE_DICT_NONE;
	struct slice s = slice_of(text);

	if (table_dict_add(d, s, table_dict_hash(s), &code, e))
		return TABLE_DICT_NONE;
	return code;
}

static uint32_t get(const struct table_dict *d, const char *text)
{
	struct slice s = slice_of(text);

	return table_dict_get(d, s, table_dict_hash(s));
}

static void codes(void)
{
	struct table_dict d = TABLE_DICT_INIT, other = TABLE_DICT_INIT;
	const uint32_t order[] = { 2, 0, 1 };
	struct err e = ERR_INIT;
	uint32_t map[3];

	is_int(get(&d, "a"), TABLE_DICT_NONE, "nothing is in an empty one");
	ok(add(&d, "b", &e) == 0 && add(&d, "", &e) == 1 && add(&d, "a", &e) == 2 &&
			add(&d, "b", &e) == 0,
		"codes by appearance");
	add(&other, "x", &e);
	add(&other, "a", &e);
	ok(table_dict_merge(&d, &other, map, &e) == 0 && map[0] == 3 && map[1] == 2, "merged");
	table_dict_release(&other);
	table_dict_reset(&d);
	ok(d.n == 0 && get(&d, "a") == TABLE_DICT_NONE, "reset");
	add(&d, "p", &e);
	add(&d, "q", &e);
	add(&d, "r", &e);
	ok(table_dict_reorder(&d, order, &e) == 0, "reordered");
	ok(get(&d, "p") == 2 && get(&d, "q") == 0 && get(&d, "r") == 1 && slice_is(d.items[0], "q"),
		"by a permutation");
	is_int(add(&d, "s", &e), 3, "and goes on");
	table_dict_release(&d);
}

static void many(void)
{
	struct table_dict d = TABLE_DICT_INIT;
	struct table_once once = { 0 };
	struct err e = ERR_INIT;
	bool right = true;
	uint64_t first;

	for (int i = 0; i < 200000; i++) {
		char text[16];
		int len = snprintf(text, sizeof(text), "%d", i % 70000);
		struct table_once_hash h = table_once_hash(
			(struct table_once_hash){ 0, 0 }, (struct slice){ text, (size_t)len });

		right = right && add(&d, text, &e) == (uint32_t)(i % 70000) &&
			table_once_add(&once, h, (uint64_t)i, &first, &e) == 0 &&
			first == (i < 70000 ? UINT64_MAX : (uint64_t)(i % 70000));
	}
	ok(right, "many texts get their codes, and are known again");
	is_int(d.n, 70000, "once each");
	is_int(once.n, 70000, "here too");
	table_dict_release(&d);
	table_once_release(&once);
}

/* ---- one adds, others look ---- */

enum { N_SHARED = 50000 };

struct shared {
	struct table_dict d;
	atomic_bool all_added;
	atomic_uint n_wrong, n_missed_last;
};

static struct slice nth(char text[16], uint32_t i)
{
	return (struct slice){ text, (size_t)snprintf(text, 16, "%u", i * 2654435761u) };
}

/* Task 0 adds, the others look: what they find must be right; at the end they find all. */
static void share(void *ctx, size_t task, int worker)
{
	struct shared *s = ctx;
	struct err e = ERR_INIT;
	char text[16];

	(void)worker;
	for (uint32_t i = 0; task == 0 && i < N_SHARED; i++) {
		struct slice v = nth(text, i);
		uint32_t code;

		if (table_dict_add(&s->d, v, table_dict_hash(v), &code, &e) || code != i)
			atomic_fetch_add(&s->n_wrong, 1);
	}
	if (task == 0)
		atomic_store(&s->all_added, true);
	for (bool last = false; task > 0 && !last;) {
		const struct table_dict_view *view;

		last = atomic_load(&s->all_added);
		view = table_dict_newest(&s->d);
		for (uint32_t i = 0; i < N_SHARED; i += 7) {
			struct slice v = nth(text, i);
			uint32_t code = table_dict_look(view, v, table_dict_hash(v));

			if (code != i && code != TABLE_DICT_NONE)
				atomic_fetch_add(&s->n_wrong, 1);
			if (code == TABLE_DICT_NONE && last)
				atomic_fetch_add(&s->n_missed_last, 1);
		}
	}
}

static void shared(void)
{
	struct err e = ERR_INIT;
	struct pool *pool = pool_new(3, &e);
	struct shared s = { .d = TABLE_DICT_INIT };

	ok(pool && table_dict_share(&s.d, &e) == 0, "shared");
	pool_for(pool, 3, share, &s);
	is_int(s.n_wrong, 0, "what is found while another adds is right");
	is_int(s.n_missed_last, 0, "and in the end all is found");
	table_dict_unshare(&s.d);
	is_int(get(&s.d, "0"), 0, "also when it is shared no more");
	is_int(s.d.n, N_SHARED, "once each");
	table_dict_release(&s.d);
	pool_free(pool);
}

static void characters(void)
{
	struct buf b = BUF_INIT;

	ok(utf8_is_valid(slice_of("plain text that is long enough \xc3\xa9 \xf0\x9f\x98\x80")),
		"UTF-8");
	ok(!utf8_is_valid(slice_of("\xc0\xaf")), "an overlong form is none");
	ok(!utf8_is_valid(slice_of("\xed\xa0\x80")), "a surrogate is none");
	ok(!utf8_is_valid(slice_of("0123456\xff")), "a lone byte is none");
	ok(!utf8_is_valid(slice_of("\xf0\x9f\x98")), "a cut character is none");
	is_int(table_text_length(slice_of("a\xc3\xa9\xf0\x9f\x98\x80")), 3, "characters");
	table_text_json(&b, slice_of("a\"\\\n\x7f\xc3\xa9"));
	is_text(b.p, "\"a\\\"\\\\\\u000a\\u007f\xc3\xa9\"", "JSON");
	buf_release(&b);
}

int main(void)
{
	codes();
	many();
	shared();
	characters();
	return done_testing();
}
