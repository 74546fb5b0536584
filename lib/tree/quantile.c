#include "tree/quantile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

enum { DIGIT = 11, N_DIGITS = 1 << DIGIT, FEW = 64 };

struct pair {
	uint32_t key, weight;
};

static int by_key(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static double middle(uint32_t key, uint32_t next)
{
	return (double)num_of_order(key) / 2 + (double)num_of_order(next) / 2;
}

/** Few values are sorted. */
static float of_few(const float *values, const uint32_t *weights, size_t n, double alpha)
{
	struct pair list[FEW];
	uint64_t all = 0, sum = 0;
	size_t m = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t w = weights ? weights[i] : 1;

		if (w)
			list[m++] = (struct pair){ num_order_of(values[i]), w };
		all += w;
	}
	if (m == 0)
		return 0;
	qsort(list, m, sizeof(*list), by_key);
	for (size_t i = 0; i + 1 < m; i++) {
		sum += list[i].weight;
		if ((double)sum == alpha * (double)all)
			return (float)middle(list[i].key, list[i + 1].key);
		if ((double)sum > alpha * (double)all)
			return num_of_order(list[i].key);
	}
	return num_of_order(list[m - 1].key);
}

/** The smallest key above `key` that has weight; `key` if there is none. */
static uint32_t next_key(const float *values, const uint32_t *weights, size_t n, uint32_t key,
	struct tree_comm *comm)
{
	uint32_t next = UINT32_MAX;
	float least = -INFINITY;

	for (size_t i = 0; i < n; i++) {
		uint32_t k = num_order_of(values[i]);

		if (k > key && k < next && (!weights || weights[i]))
			next = k;
	}
	if (next != UINT32_MAX)
		least = -num_of_order(next);
	/* the least is the one whose negative is the largest */
	tree_comm_most(comm, &least, 1);
	return isinf(least) ? key : num_order_of(-least);
}

/** Many are counted digit by digit, the highest first. */
float tree_quantile(const float *values, const uint32_t *weights, size_t n, double alpha,
	struct tree_comm *comm)
{
	int64_t sums[N_DIGITS], all = 0, below = 0;
	uint32_t prefix = 0, mask = 0;

	if (n <= FEW && !comm)
		return of_few(values, weights, n, alpha);
	for (int shift = 32 - DIGIT;; shift -= DIGIT) {
		int low = shift > 0 ? shift : 0;
		uint32_t digits = (1u << (DIGIT + (shift < 0 ? shift : 0))) - 1, d = 0, last = 0;

		memset(sums, 0, sizeof(sums));
		for (size_t i = 0; i < n; i++) {
			uint32_t key = num_order_of(values[i]);

			if ((key & mask) == prefix)
				sums[key >> low & digits] += weights ? weights[i] : 1;
		}
		tree_comm_sum(comm, sums, (size_t)digits + 1);
		for (uint32_t i = 0; mask == 0 && i <= digits; i++)
			all += sums[i];
		if (all == 0)
			return 0;
		for (uint32_t i = 0; i <= digits; i++)
			last = sums[i] ? i : last;
		while (d < last &&
			(sums[d] == 0 || (double)(below + sums[d]) < alpha * (double)all))
			below += sums[d++];
		prefix |= d << low;
		mask |= digits << low;
		if (low == 0) {
			below += sums[d];
			break;
		}
	}
	if ((double)below == alpha * (double)all)
		return (float)middle(prefix, next_key(values, weights, n, prefix, comm));
	return num_of_order(prefix);
}
