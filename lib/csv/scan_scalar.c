/*
 * scan_scalar - eight bytes in a word at a time, on any machine.
 */
#include <string.h>

#include "csv/scan_kernel.h"

#define ONES  0x0101010101010101u
#define LOWS  0x7f7f7f7f7f7f7f7fu
#define HIGHS 0x8080808080808080u

/* The high bit of each byte of `v` that equals the byte repeated in `same`; exact, no borrow between bytes. */
static inline uint64_t equal_bytes(uint64_t v, uint64_t same)
{
	uint64_t x = v ^ same;

	return ~(((x & LOWS) + LOWS) | x) & HIGHS;
}

/* The high bits of eight bytes as eight bits, the lowest address first. */
static inline uint64_t gather(uint64_t high_bits)
{
	return ((high_bits >> 7) * 0x0102040810204080u) >> 56;
}

static inline uint64_t load_word(const char *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

static uint64_t mask_of(const char *p, char c)
{
	uint64_t same = ONES * (uint8_t)c, mask = 0;

	for (int i = 0; i < 8; i++)
		mask |= gather(equal_bytes(load_word(p + 8 * i), same)) << (8 * i);
	return mask;
}

static size_t index_blocks(
	struct csv_scan_state *s, const char *p, size_t n_blocks, uint32_t base, uint32_t *out)
{
	uint32_t *o = out;

	for (size_t i = 0; i < n_blocks; i++, p += CSV_SCAN_BLOCK, base += CSV_SCAN_BLOCK) {
		uint64_t q = mask_of(p, s->quote) & s->has_quote;
		uint64_t d = mask_of(p, s->delimiter), n = mask_of(p, '\n');
		uint64_t ends = d | n;

		if (memchr(p, 0, CSV_SCAN_BLOCK))
			s->has_nul = true;
		if (csv_scan_is_plain(s, q))
			s->may_open = ends >> 63;
		else
			ends = csv_scan_resolve(
				s, q, d, n, mask_of(p, '\r'), csv_scan_prefix_xor(q));
		o = csv_scan_flatten(o, ends, base);
	}
	return (size_t)(o - out);
}

static void count_bytes(
	const char *p, size_t len, char quote, uint64_t *n_quotes, uint64_t *n_newlines)
{
	uint64_t quotes = 0, newlines = 0;

	for (; len >= 8; len -= 8, p += 8) {
		uint64_t v = load_word(p);

		quotes += (uint64_t)__builtin_popcountll(equal_bytes(v, ONES * (uint8_t)quote));
		newlines += (uint64_t)__builtin_popcountll(equal_bytes(v, ONES * (uint8_t)'\n'));
	}
	for (; len; len--, p++) {
		quotes += *p == quote;
		newlines += *p == '\n';
	}
	*n_quotes += quotes;
	*n_newlines += newlines;
}

const struct csv_scan csv_scan_scalar = { index_blocks, count_bytes };
