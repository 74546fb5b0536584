/*
 * flat_avx512 - 16 rows in a register, several registers on their way at once.
 */
#ifdef __x86_64__
#include <immintrin.h>

#include "tree/flat_kernel.h"

enum { LANES = 16, GROUPS = 4 };

struct group {
	__m512i low, high; /* cells of the lower and upper 8 rows */
	__m512i row; /* byte offset of each row's values */
	__mmask16 busy; /* not at a leaf yet */
};

static inline __m512i load_8(const struct tree_cell *cells, __m512i old, __mmask8 m, __m256i at)
{
	return _mm512_mask_i32gather_epi64(old, m, at, cells, 8);
}

static void load_cells(struct group *g, const struct tree_cell *cells, __m512i at)
{
	g->low = load_8(cells, g->low, (__mmask8)g->busy, _mm512_castsi512_si256(at));
	g->high =
		load_8(cells, g->high, (__mmask8)(g->busy >> 8), _mm512_extracti64x4_epi64(at, 1));
}

static __m512i nexts(const struct group *g)
{
	const __m512i even =
		_mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);

	return _mm512_permutex2var_epi32(g->low, even, g->high);
}

/** Rows at nodes with a set, one by one. */
static __mmask16 members(
	const struct tree_cells *t, __m512i next, __m512i value, __mmask16 which, __mmask16 right)
{
	uint32_t nexts[LANES], values[LANES];

	_mm512_storeu_si512(nexts, next);
	_mm512_storeu_si512(values, value);
	for (int j = 0; j < LANES; j++) {
		__mmask16 bit = (__mmask16)(1u << j);

		if (!(which & bit))
			continue;
		right &= (__mmask16)~bit;
		if (tree_cells_has(t, t->cells[nexts[j] - 1], (uint16_t)values[j]))
			right |= bit;
	}
	return right;
}

/** One level down. */
static inline void step(struct group *g, const struct tree_cells *t, const uint16_t *x)
{
	const __m512i odd =
		_mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
	const __m512i low16 = _mm512_set1_epi32(0xffff);
	__m512i where = _mm512_permutex2var_epi32(g->low, odd, g->high);
	__m512i rank = _mm512_and_si512(where, low16), next = nexts(g), value;
	__mmask16 right, sets;

	g->busy = _mm512_mask_cmpneq_epi32_mask(g->busy, rank, low16);
	value = _mm512_mask_i32gather_epi32(rank, g->busy,
		_mm512_add_epi32(g->row, _mm512_slli_epi32(_mm512_srli_epi32(where, 16), 1)), x, 1);
	value = _mm512_and_si512(value, low16);
	right = _mm512_cmpgt_epu32_mask(value, rank);
	sets = _mm512_mask_cmpeq_epi32_mask(g->busy, rank, _mm512_set1_epi32(TREE_RANK_SET));
	if (sets)
		right = members(t, next, value, sets, right);
	next = _mm512_mask_add_epi32(next, right, next, _mm512_set1_epi32(1));
	load_cells(g, t->cells, next);
}

static void add_values(const struct group *g, float *out, size_t stride)
{
	__m512 v = _mm512_castsi512_ps(nexts(g));
	float values[LANES];

	if (stride == 1) {
		_mm512_storeu_ps(out, _mm512_add_ps(_mm512_loadu_ps(out), v));
		return;
	}
	_mm512_storeu_ps(values, v);
	for (size_t j = 0; j < LANES; j++)
		out[j * stride] += values[j];
}

/** `n` groups of rows, from `x` on, to their leaves. */
static inline void add_groups(const struct tree_cells *t, const uint16_t *x, size_t stride, int n,
	float *out, size_t out_stride)
{
	const __m512i lane =
		_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
	__m512i step_of = _mm512_set1_epi32((int)(stride * sizeof(*x)));
	struct group g[GROUPS];
	unsigned busy;

	for (int k = 0; k < n; k++) {
		g[k].low = g[k].high = _mm512_setzero_si512();
		g[k].row = _mm512_mullo_epi32(
			_mm512_add_epi32(lane, _mm512_set1_epi32(k * LANES)), step_of);
		g[k].busy = 0xffff;
		load_cells(&g[k], t->cells, _mm512_setzero_si512());
	}
	do {
		busy = 0;
		for (int k = 0; k < n; k++) {
			step(&g[k], t, x);
			busy |= g[k].busy;
		}
	} while (busy);
	for (int k = 0; k < n; k++)
		add_values(&g[k], out + (size_t)k * LANES * out_stride, out_stride);
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
	__m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
	__m512i step = _mm512_mullo_epi32(lane, _mm512_set1_epi32((int)r->x_stride));
	__m512i at[GROUPS];
	__m512 v[GROUPS];
	uint32_t n = r->n_cuts, ranks[LANES];

	for (size_t k = 0; k < GROUPS; k++) {
		v[k] = _mm512_i32gather_ps(step, x + k * LANES * r->x_stride, 4);
		at[k] = _mm512_setzero_si512();
	}
	while (n > 1) {
		uint32_t half = n / 2;

		for (int k = 0; k < GROUPS; k++) {
			__m512 cut = _mm512_i32gather_ps(at[k], r->cuts + half - 1, 4);

			at[k] = _mm512_mask_add_epi32(at[k],
				_mm512_cmp_ps_mask(cut, v[k], _CMP_LE_OQ), at[k],
				_mm512_set1_epi32((int)half));
		}
		n -= half;
	}
	for (size_t k = 0; k < GROUPS; k++) {
		__m512 cut = _mm512_i32gather_ps(at[k], r->cuts, 4);

		at[k] = _mm512_mask_add_epi32(at[k], _mm512_cmp_ps_mask(cut, v[k], _CMP_LE_OQ),
			at[k], _mm512_set1_epi32(1));
		at[k] = _mm512_mask_set1_epi32(
			at[k], _mm512_cmp_ps_mask(v[k], v[k], _CMP_UNORD_Q), r->missing);
		_mm512_storeu_si512(ranks, at[k]);
		for (size_t j = 0; j < LANES; j++)
			out[(k * LANES + j) * r->out_stride] = (uint16_t)ranks[j];
	}
}

static void rank(const struct tree_ranking *r, size_t n_rows)
{
	tree_flat_rank_groups(r, n_rows, GROUPS * LANES, rank_groups);
}

const struct tree_flat_kernel tree_flat_avx512 = { rank, add };
#endif
