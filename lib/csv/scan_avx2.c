/*
 * scan_avx2 - 32 bytes in a vector: two compares and two moves give a mask of 64 bytes.
 */
#ifdef __x86_64__
#include <immintrin.h>

#include "csv/scan_kernel.h"

static inline uint64_t mask_of(__m256i lo, __m256i hi, __m256i c)
{
	uint32_t a = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(lo, c));
	uint32_t b = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(hi, c));

	return (uint64_t)b << 32 | a;
}

static inline uint64_t prefix_xor(uint64_t v)
{
	__m128i ones = _mm_set1_epi8(-1);

	return (uint64_t)_mm_cvtsi128_si64(
		_mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)v), ones, 0));
}

static size_t index_blocks(
	struct csv_scan_state *state, const char *p, size_t n_blocks, uint32_t base, uint32_t *out)
{
	struct csv_scan_state s = *state; /* in registers */
	uint32_t *o = out;
	__m256i quote = _mm256_set1_epi8(s.quote), delimiter = _mm256_set1_epi8(s.delimiter);
	__m256i newline = _mm256_set1_epi8('\n'), lowest = _mm256_set1_epi8(-1);

	for (size_t i = 0; i < n_blocks; i++, p += CSV_SCAN_BLOCK, base += CSV_SCAN_BLOCK) {
		__m256i lo = _mm256_loadu_si256((const __m256i *)(const void *)p);
		__m256i hi = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
		uint64_t q = mask_of(lo, hi, quote) & s.has_quote;
		uint64_t d = mask_of(lo, hi, delimiter), n = mask_of(lo, hi, newline);
		uint64_t ends = d | n;

		lowest = _mm256_min_epu8(lowest, _mm256_min_epu8(lo, hi));
		if (csv_scan_is_plain(&s, q))
			s.may_open = ends >> 63;
		else
			ends = csv_scan_resolve(&s, q, d, n,
				mask_of(lo, hi, _mm256_set1_epi8('\r')), prefix_xor(q));
		o = csv_scan_flatten(o, ends, base);
	}
	if (_mm256_movemask_epi8(_mm256_cmpeq_epi8(lowest, _mm256_setzero_si256())))
		s.has_nul = true;
	*state = s;
	return (size_t)(o - out);
}

static inline uint64_t sum_bytes(__m256i v)
{
	__m256i s = _mm256_sad_epu8(v, _mm256_setzero_si256());
	__m128i t = _mm_add_epi64(_mm256_castsi256_si128(s), _mm256_extracti128_si256(s, 1));

	return (uint64_t)_mm_cvtsi128_si64(t) + (uint64_t)_mm_extract_epi64(t, 1);
}

static void count_bytes(
	const char *p, size_t len, char quote, uint64_t *n_quotes, uint64_t *n_newlines)
{
	__m256i quotes = _mm256_set1_epi8(quote), newlines = _mm256_set1_epi8('\n');

	while (len >= 32) {
		__m256i nq = _mm256_setzero_si256(), nn = _mm256_setzero_si256();

		/* a lane of eight bits counts to 255 */
		for (int i = 0; i < 255 && len >= 32; i++, p += 32, len -= 32) {
			__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);

			nq = _mm256_sub_epi8(nq, _mm256_cmpeq_epi8(v, quotes));
			nn = _mm256_sub_epi8(nn, _mm256_cmpeq_epi8(v, newlines));
		}
		*n_quotes += sum_bytes(nq);
		*n_newlines += sum_bytes(nn);
	}
	csv_scan_scalar.count(p, len, quote, n_quotes, n_newlines);
}

const struct csv_scan csv_scan_avx2 = { index_blocks, count_bytes };
#else
typedef int csv_scan_avx2_is_empty;
#endif
