/* The AVX2 kernel: 8 lanes. */
#if defined(__x86_64__)
#include <immintrin.h>

#include "hash/md5_kernel.h"

#define AND(x, y)        _mm256_and_si256(x, y)
#define XOR(x, y)        _mm256_xor_si256(x, y)
#define ADD(x, y)        _mm256_add_epi32(x, y)
#define ROUND_F(b, c, d) XOR(d, AND(b, XOR(c, d)))
#define ROUND_G(b, c, d) XOR(c, AND(d, XOR(b, c)))
#define ROUND_H(b, c, d) XOR(XOR(c, d), b)
#define ROUND_I(b, c, d) XOR(c, _mm256_or_si256(b, XOR(d, ones)))
#define ROTATE(x, s)     _mm256_or_si256(_mm256_slli_epi32(x, s), _mm256_srli_epi32(x, 32 - (s)))

/* Words 8 * half .. 8 * half + 7 of the block at `at` of eight lanes: rows become columns. */
static void transpose(__m256i *m, const uint8_t *const *data, size_t at)
{
	__m256i r[8], t[8];

	for (int i = 0; i < 8; i++)
		r[i] = _mm256_loadu_si256((const __m256i *)(data[i] + at));
	for (int i = 0; i < 8; i += 2) {
		t[i] = _mm256_unpacklo_epi32(r[i], r[i + 1]);
		t[i + 1] = _mm256_unpackhi_epi32(r[i], r[i + 1]);
	}
	for (int i = 0; i < 8; i += 4) {
		r[i] = _mm256_unpacklo_epi64(t[i], t[i + 2]);
		r[i + 1] = _mm256_unpackhi_epi64(t[i], t[i + 2]);
		r[i + 2] = _mm256_unpacklo_epi64(t[i + 1], t[i + 3]);
		r[i + 3] = _mm256_unpackhi_epi64(t[i + 1], t[i + 3]);
	}
	for (int i = 0; i < 4; i++) {
		m[i] = _mm256_permute2x128_si256(r[i], r[i + 4], 0x20);
		m[i + 4] = _mm256_permute2x128_si256(r[i], r[i + 4], 0x31);
	}
}

void hash_md5_avx2(uint32_t *state, const uint8_t *const *data, size_t n_blocks)
{
	const __m256i ones = _mm256_set1_epi32(-1);
	__m256i *rows = (__m256i *)state;
	__m256i a = _mm256_loadu_si256(rows), b = _mm256_loadu_si256(rows + 1);
	__m256i c = _mm256_loadu_si256(rows + 2), d = _mm256_loadu_si256(rows + 3);

	for (size_t at = 0; at < n_blocks * 64; at += 64) {
		__m256i a0 = a, b0 = b, c0 = c, d0 = d, m[16];

		transpose(m, data, at);
		transpose(m + 8, data, at + 32);
#define STEP(round, a, b, c, d, k, t, s)                                          \
	a = ADD(ADD(a, ADD(m[k], _mm256_set1_epi32((int)t##u))), round(b, c, d)); \
	a = ADD(b, ROTATE(a, s));
		HASH_MD5_STEPS(STEP)
#undef STEP
		a = ADD(a, a0);
		b = ADD(b, b0);
		c = ADD(c, c0);
		d = ADD(d, d0);
	}
	_mm256_storeu_si256(rows, a);
	_mm256_storeu_si256(rows + 1, b);
	_mm256_storeu_si256(rows + 2, c);
	_mm256_storeu_si256(rows + 3, d);
}
#else
typedef int hash_md5_avx2_not_here;
#endif
