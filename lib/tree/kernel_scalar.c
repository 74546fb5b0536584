#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "base/rng.h"
#include "tree/record.h"

static void logistic(const float *margins, const uint32_t *class, const float *weights, size_t n,
	struct tree_grad *out)
{
	for (size_t i = 0; i < n; i++) {
		double p = fmath_sigmoid((double)margins[i]), h = p * (1 - p);
		double w = weights ? (double)weights[i] : 1;

		out[i].grad = (float)(w * (p - class[i]));
		out[i].hess = (float)(w * (h > 1e-16 ? h : 1e-16));
	}
}

static void quantize(const struct tree_rounding *r, const struct tree_grad *grad, size_t first,
	size_t n, uint8_t *out, size_t stride)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t bits = rng_bits(r->seed, r->stream, first + i);
		double g = (double)grad[i].grad * r->per_grad + (double)(uint32_t)bits * 0x1p-32;
		double h = (double)grad[i].hess * r->per_hess + (double)(bits >> 32) * 0x1p-32;
		/* down to the next integer, also below 0; one never goes past the largest */
		int32_t gi = (int32_t)(g + (TREE_GRAD_MAX + 1)) - (TREE_GRAD_MAX + 1);
		int32_t hi = r->exact_hess ? grad[i].hess > 0 : (int32_t)h;
		struct tree_gh gh;

		gh.grad = (int16_t)(gi > TREE_GRAD_MAX ? TREE_GRAD_MAX : gi);
		gh.hess = (uint16_t)(hi > TREE_HESS_MAX ? TREE_HESS_MAX : hi);
		tree_record_set_gh(out + i * stride, gh);
	}
}

static inline bool is_right(const struct tree_threshold *t, const uint8_t *at)
{
	uint16_t bin = *at;

	if (t->width > 1)
		memcpy(&bin, at, sizeof(bin));
	if (t->right)
		return t->right[bin / 32] >> bin % 32 & 1;
	return t->width > 1 ? (uint16_t)(bin - t->shift) > t->limit
			    : (uint8_t)(bin - t->shift) > (uint8_t)t->limit;
}

/* Both places are written, one counts: no branch to guess. */
static size_t part(const struct tree_threshold *threshold, const uint32_t *rows, size_t n,
	uint32_t *left, uint32_t *right)
{
	const struct tree_threshold t = *threshold;
	const uint8_t *bins = t.bins;
	size_t n_left = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t row = rows[i];
		bool goes_right = is_right(&t, bins + row * t.stride);

		left[n_left] = row;
		right[i - n_left] = row;
		n_left += !goes_right;
	}
	return n_left;
}

static void unpack(uint64_t *packed, size_t n_bins, int64_t *grad, int64_t *hess, uint32_t *n)
{
	for (size_t i = 0; i < n_bins; i++) {
		uint64_t v = packed[i];

		packed[i] = 0;
		grad[i] += tree_packed_grad(v);
		hess[i] += tree_packed_hess(v);
		n[i] += tree_packed_n(v);
	}
}

/* What lies on the left; the rest is on the right. */
struct left {
	int64_t grad, hess, n;
};

/* The gain, or below 0 where a side has not enough. */
static inline double judge(const struct tree_scan *s, const struct left *a)
{
	double gl = (double)a->grad * s->grad_unit,
	       gr = (double)(s->all_grad - a->grad) * s->grad_unit;
	double hl = (double)a->hess * s->hess_unit,
	       hr = (double)(s->all_hess - a->hess) * s->hess_unit;

	if (a->n < s->min_n || a->hess <= 0 || s->all_hess - a->hess <= 0)
		return -1;
	if (hl < s->min_hess || hr < s->min_hess)
		return -1;
	return gl * gl / (hl + s->lambda) + gr * gr / (hr + s->lambda) - s->parent;
}

static uint32_t scan(const struct tree_scan *s, double *gain)
{
	struct left a = { s->left_grad, s->left_hess, s->left_n };
	uint32_t best = 0;

	for (uint32_t b = 1; b <= s->last; b++) {
		double v;

		if (s->n[b] == 0)
			continue;
		a.grad += s->grad[b];
		a.hess += s->hess[b];
		a.n += s->n[b];
		if (s->all_n - a.n < s->min_n)
			break;
		v = judge(s, &a);
		if (v > *gain) {
			*gain = v;
			best = b;
		}
	}
	return best;
}

static uint32_t scan_packed(const struct tree_scan *s, double *gain)
{
	uint64_t sum = tree_packed(s->left_grad, s->left_hess, (uint32_t)s->left_n);
	uint32_t best = 0;

	for (uint32_t b = 1; b <= s->last; b++) {
		struct left a;
		double v;

		if (tree_packed_n(s->packed[b]) == 0)
			continue;
		sum += s->packed[b];
		a = (struct left){ tree_packed_grad(sum), tree_packed_hess(sum),
			tree_packed_n(sum) };
		if (s->all_n - a.n < s->min_n)
			break;
		v = judge(s, &a);
		if (v > *gain) {
			*gain = v;
			best = b;
		}
	}
	return best;
}

const struct tree_kernel tree_kernel_scalar = { logistic, quantize, part, unpack, scan,
	scan_packed };
