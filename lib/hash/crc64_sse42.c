/*
 * crc64_sse42 - 16 bytes at a time by carry-less multiplication.
 *
 * The message so far is kept as a polynomial of 128 bits that has the same remainder: its halves times x^192 and
 * x^128, reduced, and added to the next 16 bytes (Gopal et al., "Fast CRC Computation for Generic Polynomials Using
 * PCLMULQDQ Instruction", Intel, 2009). Bits are reflected, which makes a product one bit short: hence x^191, x^127.
 */
#ifdef __x86_64__
#include <nmmintrin.h>
#include <wmmintrin.h>

#include "hash/crc64_kernel.h"

/* x^191 and x^127 modulo the polynomial, reflected. */
#define X191 0xeadc41fd2ba3d420
#define X127 0x21e9761e252621ac

uint64_t hash_crc64_sse42(uint64_t remainder, const uint8_t *p, size_t len)
{
	__m128i factors = _mm_set_epi64x((long long)X127, (long long)X191), sum;
	uint8_t last[16];

	if (len < 32)
		return hash_crc64_scalar(remainder, p, len);
	sum = _mm_xor_si128(
		_mm_loadu_si128((const void *)p), _mm_set_epi64x(0, (long long)remainder));
	for (p += 16, len -= 16; len >= 16; p += 16, len -= 16)
		sum = _mm_xor_si128(_mm_loadu_si128((const void *)p),
			_mm_xor_si128(_mm_clmulepi64_si128(sum, factors, 0x00),
				_mm_clmulepi64_si128(sum, factors, 0x11)));
	_mm_storeu_si128((void *)last, sum);
	return hash_crc64_scalar(hash_crc64_scalar(0, last, sizeof(last)), p, len);
}
#endif
