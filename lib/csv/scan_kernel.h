/*
 * scan_kernel - what the loops of all instruction sets share. Private to scan_*.c.
 */
#ifndef CD4ML_CSV_SCAN_KERNEL_H
#define CD4ML_CSV_SCAN_KERNEL_H

#include "csv/scan.h"

extern const struct csv_scan csv_scan_scalar;
#ifdef __x86_64__
extern const struct csv_scan csv_scan_sse42, csv_scan_avx2, csv_scan_avx512;
#endif

/** Bit i: the parity of the bits up to and with i. */
static inline uint64_t csv_scan_prefix_xor(uint64_t v)
{
	v ^= v << 1;
	v ^= v << 2;
	v ^= v << 4;
	v ^= v << 8;
	v ^= v << 16;
	v ^= v << 32;
	return v;
}

/**
 * Masks of one block to the mask of its separators outside of quotes.
 *   q d n r  where quotes, delimiters, newlines, carriage returns are
 *   parity   prefix xor of q
 */
static inline uint64_t csv_scan_resolve(
	struct csv_scan_state *s, uint64_t q, uint64_t d, uint64_t n, uint64_t r, uint64_t parity)
{
	uint64_t in = parity ^ s->inside;
	uint64_t opening = q & in, closing = q & ~in;
	uint64_t ends = (d | n) & ~in;
	uint64_t may_open = (ends | closing) << 1 | s->may_open;
	uint64_t behind = closing << 1 | s->closed;

	s->inside = (uint64_t)((int64_t)in >> 63);
	s->inner_newline |= n & in;
	s->bad_quotes |= (opening & ~may_open) | (behind & ~(ends | q | r));
	s->may_open = (ends | closing) >> 63;
	s->closed = closing >> 63;
	return ends;
}

/** Does the next block need csv_scan_resolve(), given its quotes? Else `d | n` are its separators. */
static inline bool csv_scan_is_plain(const struct csv_scan_state *s, uint64_t q)
{
	return !(q | s->inside | s->closed);
}

/** Appends the positions of the set bits. Up to 4 entries behind the last are overwritten. */
static inline uint32_t *csv_scan_flatten(uint32_t *out, uint64_t bits, uint32_t base)
{
	uint32_t *end = out + __builtin_popcountll(bits);

	while (bits) {
		for (int i = 0; i < 4; i++) {
			/* the bit 63 instead of none: ctz of 0 is undefined, the entry is not kept */
			out[i] = base + (uint32_t)__builtin_ctzll(bits | 1ull << 63);
			bits &= bits - 1;
		}
		out += 4;
	}
	return end;
}

#endif
