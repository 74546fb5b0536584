#include "hash/crc64.h"

#include "base/rng.h"
#include "tap.h"

static void test_published(void)
{
	ok(hash_crc64_add(0, slice_of("123456789"), CPU_SCALAR) == 0xae8b14860a799888,
		"the published check value");
	ok(hash_crc64_add(0, slice_of(""), cpu_best()) == 0, "nothing");
}

/* Every length and start, whole and in two pieces, with each kernel that this machine has. */
static void test_kernels(void)
{
	static char data[400];
	int bad = 0;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)rng_bits(1, 2, i);
	for (size_t len = 0; len < sizeof(data) - 16; len++) {
		const char *p = data + len % 16;
		uint64_t want = hash_crc64_add(0, (struct slice){ p, len }, CPU_SCALAR);

		for (int isa = CPU_SCALAR; isa <= (int)cpu_best(); isa++) {
			size_t cut = len / 3;
			uint64_t crc =
				hash_crc64_add(0, (struct slice){ p, cut }, (enum cpu_isa)isa);

			crc = hash_crc64_add(
				crc, (struct slice){ p + cut, len - cut }, (enum cpu_isa)isa);
			bad += crc != want || hash_crc64_add(0, (struct slice){ p, len },
						      (enum cpu_isa)isa) != want;
		}
	}
	is_int(bad, 0, "kernels agree, whole and in pieces");
}

int main(void)
{
	test_published();
	test_kernels();
	return done_testing();
}
