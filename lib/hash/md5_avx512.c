/* The AVX-512 kernel: 16 lanes; rotation and each round's function are one instruction. */
#if defined(__x86_64__)
#include <immintrin.h>

#include "hash/md5_kernel.h"

#define ADD(x, y) _mm512_add_epi32(x, y)
/* The truth tables of RFC 1321's F, G, H, I over (b, c, d). */
#define ROUND_F(b, c, d) _mm512_ternarylogic_epi32(b, c, d, 0xca)
#define ROUND_G(b, c, d) _mm512_ternarylogic_epi32(b, c, d, 0xe4)
#define ROUND_H(b, c, d) _mm512_ternarylogic_epi32(b, c, d, 0x96)
#define ROUND_I(b, c, d) _mm512_ternarylogic_epi32(b, c, d, 0x39)

/* The 16 words of the block at `at` of 16 lanes: rows become columns, 4 x 4 in each quarter first. */
static void transpose(__m512i *m, const uint8_t *const *data, size_t at)
{
	__m512i r[16], t[16];

	for (int i = 0; i < 16; i++)
		r[i] = _mm512_loadu_si512(data[i] + at);
	for (int i = 0; i < 16; i += 2) {
		t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
		t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
	}
	for (int i = 0; i < 16; i += 4) {
		r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
		r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
		r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
		r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
	}
	/* r[4 g + w], quarter q: word 4 q + w of lanes 4 g .. 4 g + 3 */
	for (int w = 0; w < 4; w++) {
		__m512i lo01 = _mm512_shuffle_i32x4(r[w], r[4 + w], 0x44);
		__m512i hi01 = _mm512_shuffle_i32x4(r[w], r[4 + w], 0xee);
		__m512i lo23 = _mm512_shuffle_i32x4(r[8 + w], r[12 + w], 0x44);
		__m512i hi23 = _mm512_shuffle_i32x4(r[8 + w], r[12 + w], 0xee);

		m[w] = _mm512_shuffle_i32x4(lo01, lo23, 0x88);
		m[4 + w] = _mm512_shuffle_i32x4(lo01, lo23, 0xdd);
		m[8 + w] = _mm512_shuffle_i32x4(hi01, hi23, 0x88);
		m[12 + w] = _mm512_shuffle_i32x4(hi01, hi23, 0xdd);
	}
}

void hash_md5_avx512(uint32_t *state, const uint8_t *const *data, size_t n_blocks)
{
	__m512i a = _mm512_loadu_si512(state), b = _mm512_loadu_si512(state + 16);
	__m512i c = _mm512_loadu_si512(state + 32), d = _mm512_loadu_si512(state + 48);

	for (size_t at = 0; at < n_blocks * 64; at += 64) {
		__m512i a0 = a, b0 = b, c0 = c, d0 = d, m[16];

		transpose(m, data, at);
#define STEP(round, a, b, c, d, k, t, s)                                          \
	a = ADD(ADD(a, ADD(m[k], _mm512_set1_epi32((int)t##u))), round(b, c, d)); \
	a = ADD(b, _mm512_rol_epi32(a, s));
		HASH_MD5_STEPS(STEP)
#undef STEP
		a = ADD(a, a0);
		b = ADD(b, b0);
		c = ADD(c, c0);
		d = ADD(d, d0);
	}
	_mm512_storeu_si512(state, a);
	_mm512_storeu_si512(state + 16, b);
	_mm512_storeu_si512(state + 32, c);
	_mm512_storeu_si512(state + 48, d);
}
#else
typedef int hash_md5_avx512_not_here;
#endif
