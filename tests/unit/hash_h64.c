/*
 * hash/h64: reads only its bytes, depends on all of them and on the seed, and spreads.
 */
#include <stdio.h>
#include <stdlib.h>

#include "hash/h64.h"
#include "tap.h"

static void test_all_bits_count(void)
{
	int weak = 0;

	for (size_t len = 1; len <= 100; len++) {
		char *p = malloc(len); /* of just this size: the sanitizer sees a byte too many */
		uint64_t want;

		memset(p, 'x', len);
		want = h64_bytes(p, len, 1);
		weak += h64_bytes(p, len, 2) == want;
		weak += h64_bytes(p, len - 1, 1) == want;
		for (size_t bit = 0; bit < 8 * len; bit++) {
			p[bit / 8] ^= (char)(1 << bit % 8);
			weak += h64_bytes(p, len, 1) == want;
			p[bit / 8] ^= (char)(1 << bit % 8);
		}
		free(p);
	}
	is_int(weak, 0, "each bit, the length and the seed change the hash");
}

static void test_spread(void)
{
	enum { N = 1 << 16, SLOTS = 1 << 16 };
	uint32_t *high = calloc(SLOTS, sizeof(*high)), *low = calloc(SLOTS, sizeof(*low));
	int most_high = 0, most_low = 0;

	for (int i = 0; i < N; i++) {
		char key[16];
		int len = snprintf(key, sizeof(key), "user%d", i);
		uint64_t h = h64_bytes(key, (size_t)len, 0);
		int a = (int)++high[h >> 48], b = (int)++low[h & (SLOTS - 1)];

		most_high = a > most_high ? a : most_high;
		most_low = b > most_low ? b : most_low;
	}
	ok(most_high < 12, "the high bits spread: at most %d of %d in a slot", most_high, N);
	ok(most_low < 12, "the low bits too: at most %d", most_low);
	free(high);
	free(low);
}

int main(void)
{
	test_all_bits_count();
	test_spread();
	ok(h64_bytes("", 0, 3) == h64_bytes(NULL, 0, 3), "nothing is hashed without a pointer");
	ok(h64_word(1, 0) != h64_word(2, 0) && h64_word(1, 0) != h64_word(1, 1), "words");
	return done_testing();
}
