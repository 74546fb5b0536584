/* base/mem, base/arena, base/buf: memory that grows, and what happens when there is none. */
#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "tap.h"

static void check_mem(void)
{
	struct err e = ERR_INIT;
	char *p = mem_new(0, &e);
	uint32_t *array = NULL;
	size_t cap = 0;

	ok(p != NULL, "mem_new(0) is memory");
	free(p);
	ok(mem_array(SIZE_MAX / 2, 3, &e) == NULL, "an overflow of n * size is refused");
	is_err(&e, ERR_SYSTEM, "out of memory", "as out of memory");
	ok(mem_array_raw(SIZE_MAX / 2, 3, &e) == NULL, "raw too");
	ok(mem_aligned(SIZE_MAX / 2, 3, &e) == NULL, "aligned too");
	err_clear(&e);
	p = mem_aligned(3, 7, &e);
	ok(p && (uintptr_t)p % 64 == 0, "aligned to 64");
	free(p);
	for (uint32_t i = 0; i < 1000; i++) {
		if (mem_grow(&array, &cap, i + 1, sizeof(*array), &e))
			break;
		array[i] = i;
	}
	ok(cap >= 1000 && array && array[0] == 0 && array[999] == 999,
		"mem_grow keeps what is there");
	is_int(mem_grow(&array, &cap, SIZE_MAX, sizeof(*array), &e), -1,
		"growing without end is refused");
	is_int(mem_grow(&array, &cap, SIZE_MAX / 2, sizeof(*array), &e), -1, "also by the bytes");
	ok(array[999] == 999, "and leaves the array");
	free(array);
	p = mem_dup_n("abc", 2, &e);
	is_text(p, "ab", "mem_dup_n");
	free(p);
	p = mem_dup_n(NULL, 0, &e);
	is_text(p, "", "mem_dup_n of nothing");
	free(p);
}

static void check_arena(void)
{
	struct arena a = ARENA_INIT;
	struct err e = ERR_INIT;
	bool aligned = true, kept = true;
	char *first = NULL, *p;

	for (size_t i = 0; i < 100000; i++) {
		p = arena_alloc(&a, i % 37, &e);
		aligned = aligned && p && (uintptr_t)p % 16 == 0;
		if (p)
			memset(p, (int)i, i % 37);
		p = arena_copy(&a, "xyz", 3, &e);
		first = first ? first : p;
		kept = kept && p && memcmp(first, "xyz", 3) == 0;
	}
	ok(aligned, "allocations lie at multiples of 16");
	ok(kept, "copies stay");
	p = arena_copy(&a, "a", 1, &e);
	ok(p && arena_copy(&a, "b", 1, &e) == p + 1, "copies lie side by side");
	is_text(arena_dup(&a, "hello", 4, &e), "hell", "arena_dup ends with a NUL");
	p = arena_alloc(&a, 50 << 20, &e);
	ok(p != NULL, "larger than the largest block");
	memset(p, 1, 50 << 20);
	ok(arena_alloc(&a, SIZE_MAX - 8, &e) == NULL, "the impossible is refused");
	is_err(&e, ERR_SYSTEM, "out of memory", "as out of memory");
	ok(arena_dup(&a, "", SIZE_MAX, &e) == NULL, "also by a length");
	arena_reset(&a);
	ok(arena_alloc(&a, 100, &e) != NULL, "usable after a reset");
	arena_release(&a);
	arena_release(&a);
	is_int(a.total, 0, "empty after release, twice");
	ok(arena_alloc(&a, 0, &e) != NULL, "usable again");
	arena_release(&a);
}

static void check_buf(void)
{
	struct buf b = BUF_INIT, zeroed = { 0 };
	struct err e = ERR_INIT;
	char *text;

	is_text(b.p, "", "an empty buf is an empty text");
	buf_add(&b, NULL, 0);
	buf_add_text(&b, "abc");
	buf_add_char(&b, 'd');
	buf_add_slice(&b, (struct slice){ "efgh", 2 });
	buf_addf(&b, "%d-%s", 42, "x");
	is_text(b.p, "abcdef42-x", "all ways of adding");
	buf_truncate(&b, 3);
	is_text(b.p, "abc", "truncated");
	buf_truncate(&b, 99);
	is_int(b.len, 3, "not to more");
	buf_reset(&b);
	ok(b.len == 0 && b.cap > 0 && b.p[0] == '\0', "reset keeps the memory");
	buf_addf(&b, "%0500d", 7);
	ok(b.len == 500 && b.p[499] == '7' && b.p[500] == '\0', "a long format");
	buf_addf(&b, "%s", "");
	is_int(b.len, 500, "an empty one");
	text = buf_detach(&b, &e);
	ok(text && strlen(text) == 500 && b.len == 0 && b.cap == 0, "detached");
	free(text);
	text = buf_detach(&b, &e);
	is_text(text, "", "an empty buf is detached as an empty text");
	free(text);
	ok(buf_reserve(&b, SIZE_MAX - 1) == NULL && b.failed, "the impossible fails");
	buf_add_text(&b, "more");
	is_int(b.len, 0, "nothing is added after a failure");
	is_int(buf_check(&b, &e), -1, "which is kept");
	ok(buf_detach(&b, &e) == NULL, "and not handed out");
	buf_reset(&b);
	is_int(buf_check(&b, &e), 0, "until a reset");
	buf_release(&b);
	buf_release(&zeroed);
	is_text(zeroed.p, "", "release takes a zeroed one");
}

static void cut_is(const char *text, const char *want)
{
	struct slice rest = slice_of(text), part;
	struct buf b = BUF_INIT;

	while (slice_cut(&rest, ',', &part))
		buf_addf(&b, "<%.*s>", (int)part.len, part.p);
	is_text(b.p, want, "'%s' in parts", text);
	buf_release(&b);
}

static void check_slices(void)
{
	struct slice none = { NULL, 0 }, part;

	ok(slice_eq(none, slice_of("")) && slice_is(none, ""), "nothing equals the empty text");
	ok(slice_cmp(slice_of("ab"), slice_of("b")) < 0 &&
			slice_cmp(slice_of("ab"), slice_of("a")) > 0 &&
			slice_cmp(none, none) == 0 &&
			slice_cmp(slice_of("\xff"), slice_of("a")) > 0,
		"order by bytes");
	ok(slice_starts(slice_of("abc"), "ab") && !slice_starts(slice_of("a"), "ab") &&
			slice_starts(slice_of("a"), ""),
		"starts");
	ok(slice_ends(slice_of("abc"), "bc") && !slice_ends(slice_of("c"), "bc"), "ends");
	ok(slice_is(slice_trim(slice_of(" \t a b\t ")), "a b") &&
			slice_is(slice_trim(slice_of(" \t")), ""),
		"trimmed");
	cut_is("a,,b", "<a><><b>");
	cut_is("a,", "<a><>");
	cut_is(",", "<><>");
	cut_is("abc", "<abc>");
	cut_is("", "<>");
	ok(!slice_cut(&none, ',', &part), "no text has no part");
}

static int use_all(void *ctx, struct err *e)
{
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	uint32_t *array = NULL;
	size_t cap = 0;
	char *p = NULL, *q = NULL, *text = NULL;
	int result = -1;

	(void)ctx;
	for (int i = 0; i < 300; i++)
		buf_addf(&b, "%d,", i);
	text = buf_detach(&b, e);
	if (!text)
		goto out;
	for (size_t i = 0; i < 100; i++)
		if (mem_grow(&array, &cap, i + 1, sizeof(*array), e))
			goto out;
	for (int i = 0; i < 10; i++)
		if (!arena_alloc(&a, 100000, e) || !arena_dup(&a, "text", 4, e))
			goto out;
	p = mem_aligned(10, 10, e);
	q = p ? mem_dup("text", e) : NULL;
	result = q ? 0 : -1;
out:
	free(text);
	free(array);
	free(p);
	free(q);
	buf_release(&b);
	arena_release(&a);
	return result;
}

int main(void)
{
	check_mem();
	check_arena();
	check_buf();
	check_slices();
	survives_oom(use_all, NULL, "each allocation of mem, arena and buf may fail");
	return done_testing();
}
