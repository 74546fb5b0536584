/*
 * scan_sse42 - 16 bytes in a vector, four of them to a mask.
 */
#ifdef __x86_64__
#include <nmmintrin.h>
#include <wmmintrin.h>

#include "csv/scan_kernel.h"

static inline uint64_t mask_of(const __m128i v[4], char byte)
{
	__m128i c = _mm_set1_epi8(byte);
	uint64_t mask = 0;

	for (int i = 0; i < 4; i++)
		mask |= (uint64_t)(uint16_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v[i], c)) << (16 * i);
	return mask;
}

static inline uint64_t prefix_xor(uint64_t v)
{
	__m128i ones = _mm_set1_epi8(-1);

	return (uint64_t)_mm_cvtsi128_si64(
		_mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)v), ones, 0));
}

static size_t index_blocks(
	struct csv_scan_state *s, const char *p, size_t n_blocks, uint32_t base, uint32_t *out)
{
	uint32_t *o = out;
	__m128i lowest = _mm_set1_epi8(-1);

	for (size_t i = 0; i < n_blocks; i++, p += CSV_SCAN_BLOCK, base += CSV_SCAN_BLOCK) {
		__m128i v[4];

		for (int k = 0; k < 4; k++) {
			v[k] = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * k));
			lowest = _mm_min_epu8(lowest, v[k]);
		}

		uint64_t q = mask_of(v, s->quote) & s->has_quote;
		uint64_t d = mask_of(v, s->delimiter), n = mask_of(v, '\n');
		uint64_t ends = d | n;

		if (csv_scan_is_plain(s, q))
			s->may_open = ends >> 63;
		else
			ends = csv_scan_resolve(s, q, d, n, mask_of(v, '\r'), prefix_xor(q));
		o = csv_scan_flatten(o, ends, base);
	}
	if (_mm_movemask_epi8(_mm_cmpeq_epi8(lowest, _mm_setzero_si128())))
		s->has_nul = true;
	return (size_t)(o - out);
}

static void count_bytes(
	const char *p, size_t len, char quote, uint64_t *n_quotes, uint64_t *n_newlines)
{
	__m128i quotes = _mm_set1_epi8(quote), newlines = _mm_set1_epi8('\n');
	__m128i zero = _mm_setzero_si128();

	while (len >= 16) {
		__m128i nq = zero, nn = zero;

		/* a lane of eight bits counts to 255 */
		for (int i = 0; i < 255 && len >= 16; i++, p += 16, len -= 16) {
			__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);

			nq = _mm_sub_epi8(nq, _mm_cmpeq_epi8(v, quotes));
			nn = _mm_sub_epi8(nn, _mm_cmpeq_epi8(v, newlines));
		}
		nq = _mm_sad_epu8(nq, zero);
		nn = _mm_sad_epu8(nn, zero);
		*n_quotes += (uint64_t)(_mm_cvtsi128_si64(nq) + _mm_extract_epi64(nq, 1));
		*n_newlines += (uint64_t)(_mm_cvtsi128_si64(nn) + _mm_extract_epi64(nn, 1));
	}
	csv_scan_scalar.count(p, len, quote, n_quotes, n_newlines);
}

const struct csv_scan csv_scan_sse42 = { index_blocks, count_bytes };
#else
typedef int csv_scan_sse42_is_empty;
#endif
