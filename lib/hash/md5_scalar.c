/* The scalar kernel: one lane. What the vector kernels are compared with. */
#include <string.h>

#include "hash/md5_kernel.h"

/* RFC 1321's F and G with one operation less each. */
#define ROUND_F(b, c, d) ((d) ^ ((b) & ((c) ^ (d))))
#define ROUND_G(b, c, d) ((c) ^ ((d) & ((b) ^ (c))))
#define ROUND_H(b, c, d) ((b) ^ (c) ^ (d))
#define ROUND_I(b, c, d) ((c) ^ ((b) | ~(d)))

static uint32_t rotate(uint32_t x, int n)
{
	return x << n | x >> (32 - n);
}

static uint32_t word_at(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

void hash_md5_scalar(uint32_t *state, const uint8_t *const *data, size_t n_blocks)
{
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	const uint8_t *p = data[0];

	for (; n_blocks; n_blocks--, p += 64) {
		uint32_t a0 = a, b0 = b, c0 = c, d0 = d, m[16];

		for (int i = 0; i < 16; i++)
			m[i] = word_at(p + (size_t)4 * (size_t)i);
#define STEP(round, a, b, c, d, k, t, s) a = b + rotate(a + round(b, c, d) + m[k] + t##u, s);
		HASH_MD5_STEPS(STEP)
#undef STEP
		a += a0;
		b += b0;
		c += c0;
		d += d0;
	}
	state[0] = a;
	state[1] = b;
	state[2] = c;
	state[3] = d;
}
