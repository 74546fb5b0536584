/*
 * rng - random values without state: each is a function of (seed, stream, index), so that any
 * thread can draw its own and the result does not depend on who draws first.
 *
 * Two rounds of the finaliser of splitmix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom
 * Number Generators", OOPSLA 2014) over the three words.
 */
#ifndef CD4ML_BASE_RNG_H
#define CD4ML_BASE_RNG_H

#include <stdint.h>

static inline uint64_t rng_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/** 64 random bits. */
static inline uint64_t rng_bits(uint64_t seed, uint64_t stream, uint64_t index)
{
	uint64_t key = rng_mix(seed + 0x9e3779b97f4a7c15u) ^ (stream * 0xd1342543de82ef95u);

	return rng_mix(rng_mix(key + index * 0x9e3779b97f4a7c15u) + stream);
}

/** Uniform in [0, 1), with 53 bits. */
static inline double rng_unit(uint64_t seed, uint64_t stream, uint64_t index)
{
	return (double)(rng_bits(seed, stream, index) >> 11) * 0x1p-53;
}

/** Uniform below n (n > 0); its bias is below n / 2^64. */
static inline uint64_t rng_below(uint64_t seed, uint64_t stream, uint64_t index, uint64_t n)
{
	return (uint64_t)(((unsigned __int128)rng_bits(seed, stream, index) * n) >> 64);
}

#endif
