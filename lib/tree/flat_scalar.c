#include <string.h>

#include "base/cpu.h"
#include "tree/flat_kernel.h"

enum { LANES = 8 }; /* rows side by side: their loads overlap */

bool tree_cells_has(const struct tree_cells *t, struct tree_cell set, uint16_t value)
{
	const uint16_t *words = t->sets + set.next;
	size_t lo = 0, hi = set.rank;

	if (value >= TREE_RANK_NOWHERE)
		return value == TREE_RANK_RIGHT;
	if (set.slot != UINT16_MAX) {
		size_t word = (size_t)(value / 16) - set.slot; /* huge if it is before the first */

		return word < set.rank && (words[word] >> (value % 16) & 1);
	}
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (words[mid] < value)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < set.rank && words[lo] == value;
}

/** Where a row goes from the node; a leaf is where it stays. */
static inline uint32_t step(const struct tree_cells *t, const uint16_t *x, uint32_t at)
{
	struct tree_cell c = t->cells[at];
	uint32_t to = c.next + (x[c.slot] > c.rank);

	if (c.rank == TREE_RANK_SET)
		to = c.next + tree_cells_has(t, t->cells[c.next - 1], x[c.slot]);
	return c.rank == TREE_RANK_LEAF ? at : to;
}

static float leaf_value(const struct tree_cells *t, uint32_t at)
{
	float v;

	memcpy(&v, &t->cells[at].next, sizeof(v));
	return v;
}

static void add(const struct tree_cells *t, const uint16_t *x, size_t stride, size_t n_rows,
	float *out, size_t out_stride)
{
	for (size_t i = 0; i < n_rows; i += LANES) {
		size_t n = n_rows - i < LANES ? n_rows - i : LANES;
		uint32_t at[LANES] = { 0 }, moved;

		do {
			moved = 0;
			for (size_t j = 0; j < n; j++) {
				uint32_t to = step(t, x + (i + j) * stride, at[j]);

				moved |= to ^ at[j];
				at[j] = to;
			}
		} while (moved);
		for (size_t j = 0; j < n; j++)
			out[(i + j) * out_stride] += leaf_value(t, at[j]);
	}
}

static uint16_t rank_of(const struct tree_ranking *r, float v)
{
	const float *from = r->cuts;
	uint32_t n = r->n_cuts;

	while (n > 1) {
		uint32_t half = n / 2;

		from += half &
			-(uint32_t)(from[half - 1] <= v); /* no branch: it would be guessed */
		n -= half;
	}
	return (uint16_t)(from - r->cuts + (*from <= v));
}

static void rank(const struct tree_ranking *r, size_t n_rows)
{
	for (size_t i = 0; i < n_rows; i++) {
		float v = r->x[i * r->x_stride];

		r->out[i * r->out_stride] = v != v ? r->missing : rank_of(r, v);
	}
}

void tree_flat_rank_groups(const struct tree_ranking *r, size_t n_rows, size_t size,
	void (*rank_group)(const struct tree_ranking *r, const float *x, uint16_t *out))
{
	struct tree_ranking rest = *r;
	size_t i = 0;

	for (; i + size <= n_rows; i += size)
		rank_group(r, r->x + i * r->x_stride, r->out + i * r->out_stride);
	rest.x += i * r->x_stride;
	rest.out += i * r->out_stride;
	rank(&rest, n_rows - i);
}

const struct tree_flat_kernel tree_flat_scalar = { rank, add };

const struct tree_flat_kernel *tree_flat_kernel_best(void)
{
	switch (cpu_best()) {
#ifdef __x86_64__
	case CPU_AVX2:
		return &tree_flat_avx2;
	case CPU_AVX512:
		return &tree_flat_avx512;
#endif
	default:
		return &tree_flat_scalar;
	}
}
