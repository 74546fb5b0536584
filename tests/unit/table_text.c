#include "table/text.h"

#include <string.h>

#include "base/rng.h"
#include "base/utf8.h"
#include "table/kind.h"
#include "tap.h"

/* A character at a time. */
static bool is_utf8(struct slice s)
{
	while (s.len) {
		size_t n = utf8_first(s, NULL);

		if (!n)
			return false;
		s.p += n;
		s.len -= n;
	}
	return true;
}

static size_t count_begins(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

/* Texts of up to some words of eight bytes: characters, of which one in `damage` loses its first byte. */
static void test_drawn(uint64_t damage)
{
	static const char *const pieces[] = { "a", "bc", "defghijk", "\xc3\xa9", "\xe6\xad\x8c",
		"\xf0\x9f\x8e\xb5" };
	size_t wrong = 0, n_good = 0;

	for (uint64_t i = 0; i < 20000; i++) {
		char text[96];
		struct slice s = { text, 0 };

		for (uint64_t k = 0; k < i % 12; k++) {
			uint64_t r = rng_bits(1, damage, i * 16 + k);
			const char *piece = pieces[r % 6] + (damage && (r >> 32) % damage == 0);

			memcpy(text + s.len, piece, strlen(piece));
			s.len += strlen(piece);
		}
		wrong += utf8_is_valid(s) != is_utf8(s);
		wrong += table_text_length(s) != count_begins(s);
		n_good += is_utf8(s);
	}
	is_int(wrong, 0, "texts as read a character at a time, damage %d", (int)damage);
	ok(damage ? n_good > 2000 && n_good < 18000 : n_good == 20000, "some are good, some not");
}

static void test_kinds(void)
{
	static const char *const times[] = { "00:00:00", "23:59:60", "12:00:00.5", "12:00:00Z",
		"12:00:00+01:00" };
	static const char *const others[] = { "", "1:00:00", "24:00:00", "12:60:00", "12:00:61",
		"12-00:00", "12:00:00x", "12:00:0" };

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		ok(table_kind_is_time(slice_of(times[i])), "%s is a time", times[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		ok(!table_kind_is_time(slice_of(others[i])), "'%s' is not", others[i]);
	ok(table_kind_is_datetime(slice_of("2024-02-29T12:00:00")), "a day and a time");
	ok(!table_kind_is_datetime(slice_of("2023-02-29T12:00:00")), "a day that is not");
	ok(!table_kind_is_datetime(slice_of("2024-02-29T12:00")), "no seconds");
	ok(table_kind_is_whole(slice_of("-012")), "-012 is whole");
	ok(!table_kind_is_whole(slice_of("-")) && !table_kind_is_whole(slice_of("")), "no digits");
	ok(!table_kind_is_whole(slice_of("1.0")), "1.0 is not");
}

int main(void)
{
	test_drawn(0);
	test_drawn(20);
	test_kinds();
	return done_testing();
}
