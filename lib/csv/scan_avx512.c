/*
 * scan_avx512 - a block is one vector, a compare gives its mask at once.
 */
#ifdef __x86_64__
#include <immintrin.h>

#include "csv/scan_kernel.h"

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
	__m512i quote = _mm512_set1_epi8(s.quote), delimiter = _mm512_set1_epi8(s.delimiter);
	__m512i newline = _mm512_set1_epi8('\n'), lowest = _mm512_set1_epi8(-1);

	for (size_t i = 0; i < n_blocks; i++, p += CSV_SCAN_BLOCK, base += CSV_SCAN_BLOCK) {
		__m512i v = _mm512_loadu_si512(p);
		uint64_t q = _mm512_cmpeq_epi8_mask(v, quote) & s.has_quote;
		uint64_t d = _mm512_cmpeq_epi8_mask(v, delimiter);
		uint64_t n = _mm512_cmpeq_epi8_mask(v, newline);
		uint64_t ends = d | n;

		lowest = _mm512_min_epu8(lowest, v);
		if (csv_scan_is_plain(&s, q))
			s.may_open = ends >> 63;
		else
			ends = csv_scan_resolve(&s, q, d, n,
				_mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\r')), prefix_xor(q));
		o = csv_scan_flatten(o, ends, base);
	}
	if (_mm512_testn_epi8_mask(lowest, lowest))
		s.has_nul = true;
	*state = s;
	return (size_t)(o - out);
}

static void count_bytes(
	const char *p, size_t len, char quote, uint64_t *n_quotes, uint64_t *n_newlines)
{
	__m512i quotes = _mm512_set1_epi8(quote), newlines = _mm512_set1_epi8('\n');
	uint64_t nq = 0, nn = 0;

	for (; len >= 64; len -= 64, p += 64) {
		__m512i v = _mm512_loadu_si512(p);

		nq += (uint64_t)_mm_popcnt_u64(_mm512_cmpeq_epi8_mask(v, quotes));
		nn += (uint64_t)_mm_popcnt_u64(_mm512_cmpeq_epi8_mask(v, newlines));
	}
	*n_quotes += nq;
	*n_newlines += nn;
	csv_scan_scalar.count(p, len, quote, n_quotes, n_newlines);
}

const struct csv_scan csv_scan_avx512 = { index_blocks, count_bytes };
#else
typedef int csv_scan_avx512_is_empty;
#endif
