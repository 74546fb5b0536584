/*
 * h64 - a 64-bit hash for tables in memory. Never stored, never sent: its values may change.
 *
 * Multiply-fold: two words are xored with odd constants, multiplied to 128 bits, and the halves xored
 * together. The construction is that of wyhash (Wang Yi, https://github.com/wangyi-fudan/wyhash, public
 * domain), in a form of our own: short keys take two overlapping loads and two multiplications,
 * long ones two independent lanes of 16 bytes. Not for adversaries who know the seed.
 */
#ifndef CD4ML_HASH_H64_H
#define CD4ML_HASH_H64_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define H64_A 0xa0761d6478bd642fu
#define H64_B 0xe7037ed1a0b428dbu
#define H64_C 0x8ebc6af09c88c6e3u

/** Both halves of the product of `a` and `b`, xored. */
static inline uint64_t h64_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 m = (unsigned __int128)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t h64_load8(const char *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return v;
}

static inline uint64_t h64_load4(const char *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

/** Hash of one word. */
static inline uint64_t h64_word(uint64_t v, uint64_t seed)
{
	return h64_fold(h64_fold(v ^ H64_A, seed ^ H64_B), H64_C);
}

/** Hash of `len` bytes. Reads nothing outside of them. */
static inline uint64_t h64_bytes(const char *p, size_t len, uint64_t seed)
{
	size_t left = len;
	uint64_t a = 0, b = 0;

	seed ^= H64_C;
	if (left > 16) {
		uint64_t lane = seed ^ H64_B;

		for (; left > 32; left -= 32, p += 32) {
			seed = h64_fold(h64_load8(p) ^ H64_A, h64_load8(p + 8) ^ seed);
			lane = h64_fold(h64_load8(p + 16) ^ H64_B, h64_load8(p + 24) ^ lane);
		}
		if (left > 16) {
			seed = h64_fold(h64_load8(p) ^ H64_A, h64_load8(p + 8) ^ seed);
			left -= 16;
			p += 16;
		}
		seed ^= lane;
	}
	if (left >= 8) {
		a = h64_load8(p);
		b = h64_load8(p + left - 8);
	} else if (left >= 4) {
		a = h64_load4(p);
		b = h64_load4(p + left - 4);
	} else if (left) {
		a = (uint64_t)(uint8_t)p[0] << 16 | (uint64_t)(uint8_t)p[left / 2] << 8 |
		    (uint8_t)p[left - 1];
	}
	return h64_fold(H64_C ^ len, h64_fold(a ^ H64_B, b ^ seed));
}

#endif
