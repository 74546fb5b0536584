/*
 * tree/quantile: against a sorted list; the way of many values and that of few.
 */
#include <stdlib.h>

#include "base/rng.h"
#include "tap.h"
#include "tree/quantile.h"

enum { N = 2000 };

static float values[N];
static uint32_t weights[N];

static int by_value(const void *a, const void *b)
{
	const float *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/** Each value as often as it weighs, sorted. */
static double plain(const float *v, const uint32_t *w, size_t n, double alpha)
{
	static float list[8 * N];
	size_t m = 0, i = 0;

	for (size_t k = 0; k < n; k++)
		for (uint32_t c = 0; c < (w ? w[k] : 1); c++)
			list[m++] = v[k];
	qsort(list, m, sizeof(*list), by_value);
	while (i + 1 < m && (double)(i + 1) < alpha * (double)m)
		i++;
	if ((double)(i + 1) == alpha * (double)m && i + 1 < m)
		return ((double)list[i] + (double)list[i + 1]) / 2;
	return (double)list[i];
}

int main(void)
{
	static const float odd[] = { 3, 1, 2 }, even[] = { 4, 1, 3, 2 }, minus[] = { -1, -5, 0, 7 };
	static const double alphas[] = { 0.001, 0.1, 0.25, 0.5, 0.9, 0.999 };
	size_t bad = 0, bad_weighted = 0;

	is_num((double)tree_quantile(odd, NULL, 3, 0.5, NULL), 2, "the median of an odd number");
	is_num((double)tree_quantile(even, NULL, 4, 0.5, NULL), 2.5,
		"the median of an even number");
	is_num((double)tree_quantile(minus, NULL, 4, 0.1, NULL), -5, "the lowest");
	for (size_t i = 0; i < N; i++) {
		values[i] = (float)(rng_unit(1, 0, i) * 20 - 10);
		if (i % 3 == 0)
			values[i] = (float)(int)values[i];
		weights[i] = (uint32_t)rng_below(1, 1, i, 7);
	}
	for (size_t a = 0; a < 6; a++)
		for (size_t n = 1; n < N; n += n < 80 ? 1 : 173) {
			float want = (float)plain(values, NULL, n, alphas[a]);

			bad += tree_quantile(values, NULL, n, alphas[a], NULL) != want;
			if (n < 5)
				continue;
			want = (float)plain(values, weights, n, alphas[a]);
			bad_weighted += tree_quantile(values, weights, n, alphas[a], NULL) != want;
		}
	is_int((long)bad, 0, "quantiles are those of the sorted list");
	is_int((long)bad_weighted, 0, "a weight is like a value so many times");
	return done_testing();
}
