/*
 * kernel_avx512 - 8 doubles or 16 rows at a time, in the order of operations of the scalar ones.
 */
#ifdef __x86_64__
#include <immintrin.h>
#include <string.h>

#include "base/rng.h"
#include "tree/kernel.h"

/* ---- gradients ---------------------------------------------------------------------------------------- */

/** fmath_exp() of x in [-700, 0], step by step the same. */
static inline __m512d exp_of(__m512d x)
{
	static const double terms[] = { 1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800,
		1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120,
		1.0 / 24, 1.0 / 6, 1.0 / 2 };
	__m512d shifter = _mm512_set1_pd(0x1.8p52), one = _mm512_set1_pd(1);
	__m512d k = _mm512_sub_pd(
		_mm512_add_pd(_mm512_mul_pd(x, _mm512_set1_pd(0x1.71547652b82fep0)), shifter),
		shifter);
	__m512d hi = _mm512_sub_pd(x, _mm512_mul_pd(k, _mm512_set1_pd(0x1.62e42fefp-1)));
	__m512d lo = _mm512_mul_pd(k, _mm512_set1_pd(0x1.473de6af278edp-34));
	__m512d r = _mm512_sub_pd(hi, lo), p = _mm512_set1_pd(terms[0]), rest;
	__m512i n = _mm512_cvtpd_epi64(k), bits;

	for (int i = 1; i < 12; i++)
		p = _mm512_add_pd(_mm512_mul_pd(p, r), _mm512_set1_pd(terms[i]));
	rest = _mm512_sub_pd(_mm512_sub_pd(hi, r), lo);
	p = _mm512_add_pd(_mm512_mul_pd(p, _mm512_mul_pd(r, r)), rest);
	p = _mm512_add_pd(one, _mm512_add_pd(r, p));
	bits = _mm512_slli_epi64(_mm512_add_epi64(n, _mm512_set1_epi64(1023)), 52);
	return _mm512_mul_pd(p, _mm512_castsi512_pd(bits));
}

static inline void store_pairs(struct tree_grad *out, __m256 g, __m256 h)
{
	__m512i order = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);

	_mm512_storeu_ps(out, _mm512_permutex2var_ps(
				      _mm512_castps256_ps512(g), order, _mm512_castps256_ps512(h)));
}

static void logistic(const float *margins, const uint32_t *class, const float *weights, size_t n,
	struct tree_grad *out)
{
	__m512d one = _mm512_set1_pd(1), w = one, least = _mm512_set1_pd(1e-16);
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		__m512d x = _mm512_cvtps_pd(_mm256_loadu_ps(margins + i));
		__m512d y = _mm512_cvtepu32_pd(_mm256_loadu_si256((const void *)(class + i)));
		__m512d size = _mm512_abs_pd(x), t, p, h;
		__mmask8 below = _mm512_cmp_pd_mask(x, _mm512_setzero_pd(), _CMP_LT_OQ);

		if (_mm512_cmp_pd_mask(size, _mm512_set1_pd(700), _CMP_NLE_UQ)) {
			tree_kernel_scalar.logistic(
				margins + i, class + i, weights ? weights + i : NULL, 8, out + i);
			continue;
		}
		t = exp_of(_mm512_sub_pd(_mm512_setzero_pd(), size));
		p = _mm512_div_pd(_mm512_mask_blend_pd(below, one, t), _mm512_add_pd(one, t));
		h = _mm512_mul_pd(p, _mm512_sub_pd(one, p));
		h = _mm512_max_pd(h, least);
		p = _mm512_sub_pd(p, y);
		if (weights) {
			w = _mm512_cvtps_pd(_mm256_loadu_ps(weights + i));
			p = _mm512_mul_pd(w, p);
			h = _mm512_mul_pd(w, h);
		}
		store_pairs(out + i, _mm512_cvtpd_ps(p), _mm512_cvtpd_ps(h));
	}
	tree_kernel_scalar.logistic(
		margins + i, class + i, weights ? weights + i : NULL, n - i, out + i);
}

/* ---- quantization --------------------------------------------------------------------------------------- */

static inline __m512i mix(__m512i z)
{
	z = _mm512_mullo_epi64(_mm512_xor_si512(z, _mm512_srli_epi64(z, 30)),
		_mm512_set1_epi64((int64_t)0xbf58476d1ce4e5b9u));
	z = _mm512_mullo_epi64(_mm512_xor_si512(z, _mm512_srli_epi64(z, 27)),
		_mm512_set1_epi64((int64_t)0x94d049bb133111ebu));
	return _mm512_xor_si512(z, _mm512_srli_epi64(z, 31));
}

static void quantize(const struct tree_rounding *r, const struct tree_grad *grad, size_t first,
	size_t n, uint8_t *out, size_t stride)
{
	uint64_t step = 0x9e3779b97f4a7c15u;
	uint64_t key = rng_mix(r->seed + step) ^ (r->stream * 0xd1342543de82ef95u);
	__m512i stream = _mm512_set1_epi64((int64_t)r->stream);
	__m512i at = _mm512_add_epi64(_mm512_set1_epi64((int64_t)(key + first * step)),
		_mm512_mullo_epi64(_mm512_set1_epi64((int64_t)step),
			_mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7)));
	__m512i low = _mm512_set1_epi64(0xffffffff),
		even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 0, 0, 0, 0, 0, 0, 0, 0);
	__m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
	__m512d unit = _mm512_set1_pd(0x1p-32), lift = _mm512_set1_pd(TREE_GRAD_MAX + 1);
	__m256i zero = _mm256_setzero_si256();
	uint8_t *o = out;
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		__m512i v = _mm512_loadu_si512(grad + i);
		__m512i bits = mix(_mm512_add_epi64(mix(at), stream));
		__m512d g = _mm512_cvtps_pd(_mm256_castsi256_ps(
			_mm512_castsi512_si256(_mm512_permutexvar_epi32(even, v))));
		__m256i h32 = _mm512_castsi512_si256(_mm512_permutexvar_epi32(odd, v));
		__m512d h = _mm512_cvtps_pd(_mm256_castsi256_ps(h32));
		__m256i gi, hi;
		uint32_t both[8];

		at = _mm512_add_epi64(at, _mm512_set1_epi64((int64_t)(8 * step)));
		g = _mm512_add_pd(_mm512_mul_pd(g, _mm512_set1_pd(r->per_grad)),
			_mm512_mul_pd(_mm512_cvtepu64_pd(_mm512_and_si512(bits, low)), unit));
		h = _mm512_add_pd(_mm512_mul_pd(h, _mm512_set1_pd(r->per_hess)),
			_mm512_mul_pd(_mm512_cvtepu64_pd(_mm512_srli_epi64(bits, 32)), unit));
		gi = _mm256_sub_epi32(_mm512_cvttpd_epi32(_mm512_add_pd(g, lift)),
			_mm256_set1_epi32(TREE_GRAD_MAX + 1));
		gi = _mm256_min_epi32(gi, _mm256_set1_epi32(TREE_GRAD_MAX));
		hi = _mm512_cvttpd_epi32(h);
		if (r->exact_hess)
			hi = _mm256_maskz_set1_epi32(_mm256_cmpgt_epi32_mask(h32, zero), 1);
		hi = _mm256_min_epi32(hi, _mm256_set1_epi32(TREE_HESS_MAX));
		gi = _mm256_or_si256(
			_mm256_and_si256(gi, _mm256_set1_epi32(0xfff)), _mm256_slli_epi32(hi, 12));
		_mm256_storeu_si256((void *)both, gi);
		for (int j = 0; j < 8; j++, o += stride) {
			memcpy(o, &both[j], 2);
			o[2] = (uint8_t)(both[j] >> 16);
		}
	}
	tree_kernel_scalar.quantize(r, grad + i, first + i, n - i, o, stride);
}

/* ---- rows ------------------------------------------------------------------------------------------------ */

/** Those of the numbers whose bit is set. */
static inline __mmask16 is_in(const uint32_t *set, __m512i number)
{
	__m512i word = _mm512_i32gather_epi32(_mm512_srli_epi32(number, 5), set, 4);
	__m512i bit = _mm512_and_si512(number, _mm512_set1_epi32(31));

	return _mm512_test_epi32_mask(_mm512_srlv_epi32(word, bit), _mm512_set1_epi32(1));
}

static inline __attribute__((always_inline)) size_t part_16(const struct tree_threshold *t,
	const uint32_t *rows, size_t n, uint32_t *left, uint32_t *right, int width, bool by_col)
{
	__m512i mask = _mm512_set1_epi32(width == 1 ? 0xff : 0xffff);
	__m512i shift = _mm512_set1_epi32(t->shift);
	__m512i stride = _mm512_set1_epi32((int)t->stride);
	__m512i limit = _mm512_and_si512(_mm512_set1_epi32(t->limit), mask);
	size_t n_left = 0, i = 0, tail;

	for (; i + 16 <= n; i += 16) {
		__m512i row = _mm512_loadu_si512(rows + i), bin, at = row;
		__mmask16 r;

		if (!by_col)
			at = _mm512_mullo_epi32(row, stride);
		bin = width == 1 || !by_col ? _mm512_i32gather_epi32(at, t->bins, 1)
					    : _mm512_i32gather_epi32(at, t->bins, 2);
		bin = _mm512_and_si512(bin, mask);
		if (t->right)
			r = is_in(t->right, bin);
		else
			r = _mm512_cmpgt_epu32_mask(
				_mm512_and_si512(_mm512_sub_epi32(bin, shift), mask), limit);
		/* whole vectors: what is too much lies where later rows will come, which are read already */
		_mm512_storeu_si512(left + n_left, _mm512_maskz_compress_epi32((__mmask16)~r, row));
		_mm512_storeu_si512(right + (i - n_left), _mm512_maskz_compress_epi32(r, row));
		n_left += 16 - (size_t)_mm_popcnt_u32(r);
	}
	tail = tree_kernel_scalar.part(t, rows + i, n - i, left + n_left, right + (i - n_left));
	return n_left + tail;
}

static size_t part(const struct tree_threshold *t, const uint32_t *rows, size_t n, uint32_t *left,
	uint32_t *right)
{
	/* rows ascend; the gather's offsets have a sign */
	if (n == 0 || rows[n - 1] * t->stride / t->width > INT32_MAX / t->width)
		return tree_kernel_scalar.part(t, rows, n, left, right);
	if (t->stride == t->width)
		return t->width == 1 ? part_16(t, rows, n, left, right, 1, true)
				     : part_16(t, rows, n, left, right, 2, true);
	return t->width == 1 ? part_16(t, rows, n, left, right, 1, false)
			     : part_16(t, rows, n, left, right, 2, false);
}

/* ---- histograms ------------------------------------------------------------------------------------------ */

static void unpack(uint64_t *packed, size_t n_bins, int64_t *grad, int64_t *hess, uint32_t *n)
{
	__m512i middle = _mm512_set1_epi64(0x1ffffff), low = _mm512_set1_epi64(0x3fff);
	size_t i = 0;

	for (; i + 8 <= n_bins; i += 8) {
		__m512i v = _mm512_loadu_si512(packed + i);
		__m512i h = _mm512_and_si512(_mm512_srli_epi64(v, 14), middle);
		__m256i c = _mm512_cvtepi64_epi32(_mm512_and_si512(v, low));

		_mm512_storeu_si512(packed + i, _mm512_setzero_si512());
		_mm512_storeu_si512(grad + i,
			_mm512_add_epi64(_mm512_loadu_si512(grad + i), _mm512_srai_epi64(v, 39)));
		_mm512_storeu_si512(hess + i, _mm512_add_epi64(_mm512_loadu_si512(hess + i), h));
		_mm256_storeu_si256((void *)(n + i),
			_mm256_add_epi32(_mm256_loadu_si256((const void *)(n + i)), c));
	}
	tree_kernel_scalar.unpack(packed + i, n_bins - i, grad + i, hess + i, n + i);
}

/** Sums from the first lane on. */
static inline __m512i running(__m512i v)
{
	__m512i zero = _mm512_setzero_si512();

	v = _mm512_add_epi64(v, _mm512_alignr_epi64(v, zero, 7));
	v = _mm512_add_epi64(v, _mm512_alignr_epi64(v, zero, 6));
	return _mm512_add_epi64(v, _mm512_alignr_epi64(v, zero, 4));
}

static inline __m512i last_lane(__m512i v)
{
	return _mm512_permutexvar_epi64(_mm512_set1_epi64(7), v);
}

/* What eight splits leave on one side. */
struct sides {
	__m512i grad, hess, n;
};

/* Their gradients, and hessians with lambda, as numbers; returns which sides may be. */
static inline __mmask8 weigh(
	const struct tree_scan *s, const struct sides *a, __m512d *g, __m512d *h)
{
	__m512d bare = _mm512_mul_pd(_mm512_cvtepi64_pd(a->hess), _mm512_set1_pd(s->hess_unit));

	*g = _mm512_mul_pd(_mm512_cvtepi64_pd(a->grad), _mm512_set1_pd(s->grad_unit));
	*h = _mm512_add_pd(bare, _mm512_set1_pd(s->lambda));
	return _mm512_cmpge_epi64_mask(a->n, _mm512_set1_epi64(s->min_n)) &
	       _mm512_cmpgt_epi64_mask(a->hess, _mm512_setzero_si512()) &
	       _mm512_cmp_pd_mask(bare, _mm512_set1_pd(s->min_hess), _CMP_GE_OQ);
}

/*
 * Takes the best of eight splits, the first at bin `i`, if its gain is above *gain. Divisions are what takes the time
 * here: they are made only where G^2 times the other side's H says that the gain may be enough, rounding allowed for.
 */
static inline __attribute__((always_inline)) void judge(const struct tree_scan *s,
	const struct sides *left, __mmask8 may, uint32_t i, double *gain, uint32_t *best)
{
	struct sides right = { _mm512_sub_epi64(_mm512_set1_epi64(s->all_grad), left->grad),
		_mm512_sub_epi64(_mm512_set1_epi64(s->all_hess), left->hess),
		_mm512_sub_epi64(_mm512_set1_epi64(s->all_n), left->n) };
	__m512d gl, hl, gr, hr, gain_here, enough;
	double most;

	may &= weigh(s, left, &gl, &hl);
	may &= weigh(s, &right, &gr, &hr);
	gl = _mm512_mul_pd(gl, gl);
	gr = _mm512_mul_pd(gr, gr);
	enough = _mm512_mul_pd(
		_mm512_mul_pd(hl, hr), _mm512_set1_pd((*gain + s->parent) * (1 - 1e-12)));
	may &= _mm512_cmp_pd_mask(
		_mm512_add_pd(_mm512_mul_pd(gl, hr), _mm512_mul_pd(gr, hl)), enough, _CMP_GT_OQ);
	if (!may)
		return;
	gain_here = _mm512_sub_pd(_mm512_add_pd(_mm512_div_pd(gl, hl), _mm512_div_pd(gr, hr)),
		_mm512_set1_pd(s->parent));
	most = _mm512_mask_reduce_max_pd(may, gain_here);
	if (!(most > *gain))
		return;
	may &= _mm512_cmp_pd_mask(gain_here, _mm512_set1_pd(most), _CMP_EQ_OQ);
	*gain = most;
	*best = i + (uint32_t)__builtin_ctz(may);
}

/* The bins from `i` to the last one, eight at most. */
static inline __mmask8 bins_at(const struct tree_scan *s, uint32_t i)
{
	return s->last - i >= 7 ? 0xff : (__mmask8)((1u << (s->last - i + 1)) - 1);
}

static uint32_t scan(const struct tree_scan *s, double *gain)
{
	struct sides left = { _mm512_set1_epi64(s->left_grad), _mm512_set1_epi64(s->left_hess),
		_mm512_set1_epi64(s->left_n) };
	uint32_t best = 0;

	for (uint32_t i = 1; i <= s->last; i += 8) {
		__mmask8 in = bins_at(s, i);
		__m512i n = _mm512_cvtepu32_epi64(_mm256_maskz_loadu_epi32(in, s->n + i));
		__mmask8 may = _mm512_test_epi64_mask(n, n);

		if (!may)
			continue;
		left.n = _mm512_add_epi64(last_lane(left.n), running(n));
		left.grad = _mm512_add_epi64(
			last_lane(left.grad), running(_mm512_maskz_loadu_epi64(in, s->grad + i)));
		left.hess = _mm512_add_epi64(
			last_lane(left.hess), running(_mm512_maskz_loadu_epi64(in, s->hess + i)));
		judge(s, &left, may, i, gain, &best);
	}
	return best;
}

static uint32_t scan_packed(const struct tree_scan *s, double *gain)
{
	__m512i middle = _mm512_set1_epi64(0x1ffffff), low = _mm512_set1_epi64(0x3fff);
	__m512i sum = _mm512_set1_epi64(
		(int64_t)tree_packed(s->left_grad, s->left_hess, (uint32_t)s->left_n));
	uint32_t best = 0;

	for (uint32_t i = 1; i <= s->last; i += 8) {
		__m512i v = _mm512_maskz_loadu_epi64(bins_at(s, i), s->packed + i);
		__mmask8 may = _mm512_test_epi64_mask(v, low);
		struct sides left;

		if (!may)
			continue;
		sum = _mm512_add_epi64(last_lane(sum), running(v));
		left.grad = _mm512_srai_epi64(sum, 39);
		left.hess = _mm512_and_si512(_mm512_srli_epi64(sum, 14), middle);
		left.n = _mm512_and_si512(sum, low);
		judge(s, &left, may, i, gain, &best);
	}
	return best;
}

const struct tree_kernel tree_kernel_avx512 = { logistic, quantize, part, unpack, scan,
	scan_packed };
#else
typedef int tree_kernel_avx512_is_empty;
#endif
