#include "hash/crc64.h"

#include "hash/crc64_kernel.h"

/* table[i]: the remainder of four bits; the reflected polynomial is table[8]. */
uint64_t hash_crc64_scalar(uint64_t remainder, const uint8_t *p, size_t len)
{
	static const uint64_t table[16] = { 0x0000000000000000, 0x78e0ff3b88be6f81,
		0xf1c1fe77117cdf02, 0x8921014c99c2b083, 0xd75adabd7a6e2d6f, 0xafba2586f2d042ee,
		0x269b24ca6b12f26d, 0x5e7bdbf1e3ac9dec, 0x9a6c9329ac4bc9b5, 0xe28c6c1224f5a634,
		0x6bad6d5ebd3716b7, 0x134d926535897936, 0x4d364994d625e4da, 0x35d6b6af5e9b8b5b,
		0xbcf7b7e3c7593bd8, 0xc41748d84fe75459 };

	for (size_t i = 0; i < len; i++) {
		remainder ^= p[i];
		remainder = remainder >> 4 ^ table[remainder & 15];
		remainder = remainder >> 4 ^ table[remainder & 15];
	}
	return remainder;
}

uint64_t hash_crc64_add(uint64_t crc, struct slice data, enum cpu_isa isa)
{
	hash_crc64_kernel *kernel = hash_crc64_scalar;

#if defined(__x86_64__)
	if (isa == CPU_SSE42 || isa == CPU_AVX2 || isa == CPU_AVX512)
		kernel = hash_crc64_sse42;
#else
	(void)isa;
#endif
	return ~kernel(~crc, (const uint8_t *)data.p, data.len);
}
