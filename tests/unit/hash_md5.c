#include "hash/md5.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "tap.h"

enum { N = 200, MOST = 5000 };

static void test_rfc(void)
{
	/* RFC 1321, A.5 */
	static const char *const cases[][2] = {
		{ "", "d41d8cd98f00b204e9800998ecf8427e" },
		{ "a", "0cc175b9c0f1b6a831c399e269772661" },
		{ "abc", "900150983cd24fb0d6963f7d28e17f72" },
		{ "message digest", "f96b697d7cb7938d525a2f31aaf161d0" },
		{ "abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b" },
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
			"d174ab98d277d9f5a5611c2c9f419d9f" },
		{ "1234567890123456789012345678901234567890123456789012345678901234567890123456789"
		  "0",
			"57edf4a22be3c955ac49da2e2107b67a" },
	};
	char hex[HASH_MD5_HEX + 1];
	uint8_t md5[HASH_MD5_LEN];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		hash_md5_of(slice_of(cases[i][0]), md5);
		hash_md5_format(md5, hex);
		is_text(hex, cases[i][1], "RFC 1321's text %zu", i + 1);
	}
}

static void by_stream(struct slice s, uint8_t md5[HASH_MD5_LEN])
{
	struct err e = ERR_INIT;
	struct hash_md5 *h = hash_md5_new(&e);

	/* in two pieces */
	if (!h || hash_md5_add(h, s.p, s.len / 3, &e) ||
		hash_md5_add(h, s.p + s.len / 3, s.len - s.len / 3, &e) ||
		hash_md5_finish(h, md5, &e))
		abort();
	hash_md5_free(h);
}

/* Every kernel that this machine has, against the stream, over many mixes of lengths. */
static void test_lanes(enum cpu_isa isa)
{
	static char data[MOST + N];
	static uint8_t md5[N][HASH_MD5_LEN];
	struct slice s[N];
	uint8_t want[HASH_MD5_LEN];
	int bad = 0;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)rng_bits(1, 2, i);
	for (uint64_t round = 0; round < 40; round++) {
		size_t n = rng_below(3, round, 0, N);
		size_t most = round % 2 ? 200 : MOST;

		for (size_t i = 0; i < n; i++)
			s[i] = (struct slice){ data + i, rng_below(4, round, i, most) };
		hash_md5_many(s, n, md5, isa);
		for (size_t i = 0; i < n; i++) {
			by_stream(s[i], want);
			bad += memcmp(md5[i], want, HASH_MD5_LEN) != 0;
		}
	}
	is_int(bad, 0, "%s lanes give what the stream gives", cpu_name(isa));
}

static void test_text(void)
{
	uint8_t md5[HASH_MD5_LEN];

	ok(hash_md5_parse(slice_of("0123456789abcdefABCDEF0123456789"), md5), "hex of both cases");
	is_int(md5[8], 0xab, "is read");
	ok(!hash_md5_parse(slice_of("0123456789abcdefABCDEF012345678"), md5), "31 digits are not");
	ok(!hash_md5_parse(slice_of("0123456789abcdefABCDEF012345678g"), md5), "g is not");
}

int main(void)
{
	static const enum cpu_isa sets[] = { CPU_SCALAR, CPU_SSE42, CPU_AVX2, CPU_AVX512 };

	test_rfc();
	for (size_t i = 0; i < 4; i++)
		if (sets[i] <= cpu_best())
			test_lanes(sets[i]);
		else
			skip("this CPU has no such lanes");
	test_text();
	return done_testing();
}
