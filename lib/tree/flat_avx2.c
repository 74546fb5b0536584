/*
 * flat_avx2 - 8 rows in a register, several registers on their way at once.
 */
#ifdef __x86_64__
#include <immintrin.h>
#include <string.h>

#include "tree/flat_kernel.h"

enum { LANES = 8, GROUPS = 4 };

struct group {
	__m256i at; /* each row's cell */
	__m256i row; /* byte offset of each row's values */
};

/** Rows at nodes with a set, one by one: all ones for those that go right. */
static __m256i members(
	const struct tree_cells *t, __m256i next, __m256i value, unsigned which, __m256i right)
{
	uint32_t nexts[LANES], values[LANES], rights[LANES];

	_mm256_storeu_si256((void *)nexts, next);
	_mm256_storeu_si256((void *)values, value);
	_mm256_storeu_si256((void *)rights, right);
	for (int j = 0; j < LANES; j++)
		if (which >> j & 1)
			rights[j] = -(uint32_t)tree_cells_has(
				t, t->cells[nexts[j] - 1], (uint16_t)values[j]);
	return _mm256_loadu_si256((const void *)rights);
}

static inline unsigned mask_of(__m256i v)
{
	return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(v));
}

/** One level down, but for rows at a leaf. False if all are. */
static inline bool step(struct group *g, const struct tree_cells *t, const uint16_t *x)
{
	const __m256i low16 = _mm256_set1_epi32(0xffff);
	const long long *cells = (const void *)t->cells;
	__m256d low = _mm256_castsi256_pd(
		_mm256_i32gather_epi64(cells, _mm256_castsi256_si128(g->at), 8));
	__m256d high = _mm256_castsi256_pd(
		_mm256_i32gather_epi64(cells, _mm256_extracti128_si256(g->at, 1), 8));
	/* rows 0, 1, 4, 5 and 2, 3, 6, 7: what the shuffles below take pairs of */
	__m256 a = _mm256_castpd_ps(_mm256_permute2f128_pd(low, high, 0x20));
	__m256 b = _mm256_castpd_ps(_mm256_permute2f128_pd(low, high, 0x31));
	__m256i next = _mm256_castps_si256(_mm256_shuffle_ps(a, b, _MM_SHUFFLE(2, 0, 2, 0)));
	__m256i where = _mm256_castps_si256(_mm256_shuffle_ps(a, b, _MM_SHUFFLE(3, 1, 3, 1)));
	__m256i rank = _mm256_and_si256(where, low16), leaf = _mm256_cmpeq_epi32(rank, low16);
	__m256i slot = _mm256_slli_epi32(_mm256_srli_epi32(where, 16), 1), value, right;
	unsigned sets = mask_of(_mm256_cmpeq_epi32(rank, _mm256_set1_epi32(TREE_RANK_SET)));

	value = _mm256_and_si256(
		low16, _mm256_i32gather_epi32((const void *)x, _mm256_add_epi32(g->row, slot), 1));
	right = _mm256_cmpgt_epi32(value, rank);
	if (sets)
		right = members(t, next, value, sets, right);
	g->at = _mm256_blendv_epi8(_mm256_sub_epi32(next, right), g->at, leaf);
	return mask_of(leaf) != 0xff;
}

/** `n` groups of rows, from `x` on, to their leaves. */
static inline void add_groups(const struct tree_cells *t, const uint16_t *x, size_t stride,
	size_t n, float *out, size_t out_stride)
{
	__m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
	__m256i step_of = _mm256_set1_epi32((int)(stride * sizeof(*x)));
	struct group g[GROUPS];
	uint32_t leaf[LANES];
	float value;
	bool busy;

	for (size_t k = 0; k < n; k++) {
		g[k].at = _mm256_setzero_si256();
		g[k].row = _mm256_mullo_epi32(
			_mm256_add_epi32(lane, _mm256_set1_epi32((int)k * LANES)), step_of);
	}
	do {
		busy = false;
		for (size_t k = 0; k < n; k++)
			busy |= step(&g[k], t, x);
	} while (busy);
	for (size_t k = 0; k < n; k++) {
		_mm256_storeu_si256((void *)leaf, g[k].at);
		for (size_t j = 0; j < LANES; j++) {
			memcpy(&value, &t->cells[leaf[j]].next, sizeof(value));
			out[(k * LANES + j) * out_stride] += value;
		}
	}
}

static void add(const struct tree_cells *t, const uint16_t *x, size_t stride, size_t n_rows,
	float *out, size_t out_stride)
{
	size_t i = 0;

	for (; i + GROUPS * LANES <= n_rows; i += GROUPS * LANES)
		add_groups(t, x + i * stride, stride, GROUPS, out + i * out_stride, out_stride);
	for (; i + LANES <= n_rows; i += LANES)
		add_groups(t, x + i * stride, stride, 1, out + i * out_stride, out_stride);
	if (i < n_rows)
		tree_flat_scalar.add(
			t, x + i * stride, stride, n_rows - i, out + i * out_stride, out_stride);
}

/* ---- ranks --------------------------------------------------------------------------------------------------- */

static void rank_groups(const struct tree_ranking *r, const float *x, uint16_t *out)
{
	__m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
	__m256i step_of = _mm256_mullo_epi32(lane, _mm256_set1_epi32((int)r->x_stride));
	__m256i at[GROUPS], more, missing = _mm256_set1_epi32(r->missing);
	__m256 v[GROUPS];
	uint32_t n = r->n_cuts, ranks[LANES];

	for (size_t k = 0; k < GROUPS; k++) {
		v[k] = _mm256_i32gather_ps(x + k * LANES * r->x_stride, step_of, 4);
		at[k] = _mm256_setzero_si256();
	}
	for (uint32_t half; n > 1; n -= half) {
		half = n / 2;
		for (int k = 0; k < GROUPS; k++) {
			__m256 cut = _mm256_i32gather_ps(r->cuts + half - 1, at[k], 4);

			more = _mm256_castps_si256(_mm256_cmp_ps(cut, v[k], _CMP_LE_OQ));
			at[k] = _mm256_add_epi32(
				at[k], _mm256_and_si256(more, _mm256_set1_epi32((int)half)));
		}
	}
	for (size_t k = 0; k < GROUPS; k++) {
		__m256 cut = _mm256_i32gather_ps(r->cuts, at[k], 4);

		more = _mm256_castps_si256(_mm256_cmp_ps(cut, v[k], _CMP_LE_OQ));
		at[k] = _mm256_blendv_epi8(_mm256_sub_epi32(at[k], more), missing,
			_mm256_castps_si256(_mm256_cmp_ps(v[k], v[k], _CMP_UNORD_Q)));
		_mm256_storeu_si256((void *)ranks, at[k]);
		for (size_t j = 0; j < LANES; j++)
			out[(k * LANES + j) * r->out_stride] = (uint16_t)ranks[j];
	}
}

static void rank(const struct tree_ranking *r, size_t n_rows)
{
	tree_flat_rank_groups(r, n_rows, GROUPS * LANES, rank_groups);
}

const struct tree_flat_kernel tree_flat_avx2 = { rank, add };
#else
typedef int tree_flat_avx2_is_empty;
#endif
