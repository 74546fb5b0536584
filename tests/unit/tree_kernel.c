/*
 * tree/kernel: each instruction set gives the bits of the scalar one.
 */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "tap.h"
#include "tree/kernel.h"

enum { N = 1003, BINS = 261, SET_WORDS = 65536 / 32 };

static double random_of(uint64_t stream, uint64_t i)
{
	return rng_unit(9, stream, i);
}

static void check_gradients(const struct tree_kernel *k, bool weighted)
{
	static float margins[N], weights[N];
	static uint32_t class[N];
	static struct tree_grad a[N], b[N];
	static const float odd[] = { 0, -0.0f, 1e-30f, -1e-30f, 699, -699, 701, -701, 1e30f, -1e30f,
		INFINITY, -INFINITY };

	for (size_t i = 0; i < N; i++) {
		margins[i] = (float)((random_of(0, i) - 0.5) * (i % 3 ? 10 : 1500));
		weights[i] = (float)random_of(1, i);
		class[i] = random_of(2, i) < 0.5;
	}
	memcpy(margins + 500, odd, sizeof(odd));
	tree_kernel_scalar.logistic(margins, class, weighted ? weights : NULL, N, a);
	k->logistic(margins, class, weighted ? weights : NULL, N, b);
	ok(!memcmp(a, b, sizeof(a)), "gradients%s", weighted ? " with weights" : "");
}

static void check_quantize(const struct tree_kernel *k, bool exact)
{
	static struct tree_grad grad[N];
	static unsigned char a[N * 12], b[N * 12];
	struct tree_rounding r = { TREE_GRAD_MAX, TREE_HESS_MAX, exact, 77, 12 };

	for (size_t i = 0; i < N; i++)
		grad[i] = (struct tree_grad){ (float)(2 * random_of(0, i) - 1),
			(float)random_of(1, i) };
	grad[0] = (struct tree_grad){ 1, 1 };
	grad[1] = (struct tree_grad){ -1, 0 };
	memset(a, 0, sizeof(a));
	memset(b, 0, sizeof(b));
	tree_kernel_scalar.quantize(&r, grad, 5, N, a, 12);
	k->quantize(&r, grad, 5, N, b, 12);
	ok(!memcmp(a, b, sizeof(a)), "rounding%s", exact ? " with equal hessians" : "");
}

/* Bins every `stride` bytes. */
static void check_part(const struct tree_kernel *k, unsigned width, size_t stride, uint16_t limit,
	const uint32_t *set)
{
	static uint8_t bins[3 * N * 6 + 8];
	static uint32_t rows[N], a_left[N], b_left[N], a_right[N], b_right[N];
	struct tree_threshold t = { set, bins, width, stride, limit % 2, limit };
	size_t a, b;

	for (size_t i = 0; i < sizeof(bins); i++)
		bins[i] = rng_below(9, 3, i, 5) ? (uint8_t)rng_below(9, 4, i, 256) : 0;
	for (size_t i = 0; i < N; i++)
		b_left[i] = rows[i] = (uint32_t)(3 * i + rng_below(9, 5, i, 3));
	a = tree_kernel_scalar.part(&t, rows, N, a_left, a_right);
	b = k->part(&t, b_left, N, b_left, b_right); /* in place */
	is_int(a, b, "as many rows go left (width %u, every %zu bytes, limit %u%s)", width, stride,
		limit, set ? ", by a set" : "");
	ok(!memcmp(a_left, b_left, a * sizeof(*a_left)) &&
			!memcmp(a_right, b_right, (N - a) * sizeof(*a_right)),
		"the same ones, in order");
}

struct sums {
	uint64_t packed[BINS];
	int64_t grad[BINS], hess[BINS];
	uint32_t n[BINS];
};

static void fill(struct sums *s, uint64_t seed, uint64_t most)
{
	for (size_t i = 0; i < BINS; i++) {
		int64_t n = (int64_t)rng_below(9, seed, i, i % 4 ? most : 1);

		s->n[i] = (uint32_t)n;
		s->hess[i] = n * (int64_t)rng_below(9, seed + 1, i, 4096);
		s->grad[i] = n * ((int64_t)rng_below(9, seed + 2, i, 4095) - 2047);
		s->packed[i] = tree_packed(s->grad[i], s->hess[i], s->n[i]);
	}
}

static void check_unpack(const struct tree_kernel *k)
{
	static struct sums a, b;

	fill(&a, 20, 1000);
	fill(&b, 20, 1000);
	tree_kernel_scalar.unpack(a.packed, BINS, a.grad, a.hess, a.n);
	k->unpack(b.packed, BINS, b.grad, b.hess, b.n);
	ok(!memcmp(&a, &b, sizeof(a)), "unpacked sums");
}

/* Packed, there are at most TREE_PACK_ROWS rows: 30 in each bin. */
static void check_scan(const struct tree_kernel *k, bool packed)
{
	static struct sums s;
	size_t bad = 0, found = 0;

	for (uint64_t t = 0; t < 300; t++) {
		struct tree_scan z = { s.grad, s.hess, s.n, s.packed, (uint32_t)(t % (BINS - 1)),
			.grad_unit = 0.001, .hess_unit = 0.0003, .lambda = t % 3 ? 1 : 0,
			.min_hess = t % 2 ? 0 : 20,
			.min_n = t % 7    ? 20
				 : packed ? 300
					  : 3000 };
		double a = (double)(t % 5) / (packed ? 10 : 1), b = a;
		uint32_t i, j;

		fill(&s, 30 + 3 * t, packed ? 30 : 1000);
		for (size_t c = 0; c < BINS; c++) {
			z.all_grad += s.grad[c];
			z.all_hess += s.hess[c];
			z.all_n += s.n[c];
		}
		if (t % 2) {
			z.left_grad = s.grad[0];
			z.left_hess = s.hess[0];
			z.left_n = s.n[0];
		}
		i = tree_kernel_scalar.scan(&z, &a);
		j = (packed ? k->scan_packed : k->scan)(&z, &b);
		bad += i != j || a != b;
		found += i > 0;
	}
	is_int(bad, 0, "the same splits%s", packed ? " of packed sums" : "");
	ok(found > 100, "in most cases there is one (%zu)", found);
}

static void check(const struct tree_kernel *k)
{
	static const uint16_t limits[] = { 0, 1, 100, 253, 254, 30000, 65533 };
	static uint32_t set[SET_WORDS];

	check_gradients(k, false);
	check_gradients(k, true);
	check_quantize(k, false);
	check_quantize(k, true);
	for (size_t i = 0; i < SET_WORDS; i++)
		set[i] = (uint32_t)rng_bits(9, 6, i);
	for (size_t i = 0; i < 8; i++) {
		const uint32_t *by = i < 7 ? NULL : set;

		check_part(k, 1, 1, limits[i % 7], by);
		check_part(k, 1, 5, limits[i % 7], by);
		check_part(k, 2, 2, limits[i % 7], by);
		check_part(k, 2, 6, limits[i % 7], by);
	}
	check_unpack(k);
	check_scan(k, false);
	check_scan(k, true);
}

int main(void)
{
	ok(tree_kernel_best() != NULL, "there is always a kernel");
	for (enum cpu_isa isa = CPU_SCALAR; isa <= cpu_best() && isa <= CPU_AVX512; isa++)
		if (tree_kernel_for(isa)) {
			check(tree_kernel_for(isa));
		}
	return done_testing();
}
