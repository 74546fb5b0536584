/*
 * tree/constraint, choose, sample: small cases, and the expectation of what is drawn.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "tap.h"
#include "tree/choose.h"
#include "tree/sample.h"

static struct tree_model *model(void)
{
	struct err e = ERR_INIT;
	struct tree_model *m = tree_model_new(70, 1, &e);

	for (size_t i = 0; i < 70; i++) {
		char name[8];

		snprintf(name, sizeof(name), "c%zu", i);
		m->features[i].name = mem_dup(name, &e);
	}
	return m;
}

static void check_sets(const struct tree_model *m)
{
	const char *items[] = { "c1,c2,c68", "c2, c3" };
	struct opt_list none = { 0 }, sets = { items, 2, 2 };
	struct tree_constraints c;
	struct err e = ERR_INIT;
	uint64_t path[2] = { 0 }, allowed[2] = { ~(uint64_t)0, ~(uint64_t)0 };

	is_int(tree_constraints_parse(&c, m, &none, &sets, &e), 0, "two sets");
	tree_constraints_meet(&c, path, allowed);
	ok(allowed[0] == ~(uint64_t)0 && allowed[1] == ~(uint64_t)0, "the root may take any");
	path[0] = 1 << 2;
	tree_constraints_meet(&c, path, allowed);
	ok(allowed[0] == 0xe && allowed[1] == 1 << 4, "behind c2 those of both sets");
	path[0] |= 1 << 1;
	tree_constraints_meet(&c, path, allowed);
	ok(allowed[0] == 0x6 && allowed[1] == 1 << 4, "behind c1 and c2 those of the first");
	path[0] = 1 << 5;
	allowed[0] = allowed[1] = ~(uint64_t)0;
	tree_constraints_meet(&c, path, allowed);
	ok(allowed[0] == 1 << 5 && allowed[1] == 0, "a column in no set meets none");
	tree_constraints_release(&c);
}

static void check_choice(void)
{
	uint32_t cols[20], out[20], seen[20] = { 0 };
	struct tree_choice c = { 0.5, 0.5, NULL };
	size_t bad = 0, n;

	for (uint32_t i = 0; i < 20; i++)
		cols[i] = i;
	for (uint64_t key = 0; key < 2000; key++) {
		struct tree_choice_node node = { key, rng_mix(key), 3, NULL, NULL };

		n = tree_choose(&c, (struct tree_columns){ cols, 20 }, &node, out);
		bad += n != 5;
		for (size_t i = 0; i < n; i++) {
			bad += i > 0 && out[i] <= out[i - 1];
			seen[out[i]]++;
		}
	}
	is_int((long)bad, 0, "a half of a half, ascending");
	for (size_t i = 0; i < 20; i++)
		bad += seen[i] < 420 || seen[i] > 580;
	is_int((long)bad, 0, "each column as often as the others");
}

enum { N = 100000 };

static void check_sample(struct pool *pool)
{
	struct err e = ERR_INIT;
	struct tree_hold_out none = { NULL, 0 };
	struct tree_sample s = { .n_rows = N,
		.out = &none,
		.share = 0.2,
		.by_gradient = true,
		.lambda = 1,
		.seed = 7,
		.stream = 3 };
	struct tree_grad *g = mem_array(N, sizeof(*g), &e), *was = mem_array(N, sizeof(*g), &e);
	uint32_t *rows = mem_array(N, sizeof(*rows), &e);
	uint8_t *drawn = mem_array(N, 1, &e);
	double all = 0, sum = 0;
	size_t n, bad = 0;

	for (size_t i = 0; i < N; i++) {
		g[i].grad = (float)pow(rng_unit(1, 0, i), 3) * (i % 2 ? 1.0f : 0.5f);
		g[i].hess = 0.01f;
		all += (double)g[i].grad;
	}
	memcpy(was, g, N * sizeof(*g));
	is_int(tree_sample_draw(&s, pool, g, rows, drawn, &n, &e), 0, "drawn by gradient");
	ok(fabs((double)n - 0.2 * N) < 0.01 * N, "about the share: %zu", n);
	for (size_t i = 0; i < n; i++) {
		sum += (double)g[rows[i]].grad;
		bad += !drawn[rows[i]] || (i > 0 && rows[i] <= rows[i - 1]) ||
		       g[rows[i]].grad < was[rows[i]].grad * 0.999f;
	}
	for (size_t i = 0; i < N; i++)
		bad += !drawn[i] && g[i].grad != 0;
	is_int((long)bad, 0, "what is drawn grows, what is not is nothing");
	ok(fabs(sum / all - 1) < 0.01, "the sum stays: %g", sum / all);
	s.by_gradient = false;
	is_int(tree_sample_draw(&s, pool, NULL, rows, drawn, &n, &e), 0, "drawn alike");
	ok(fabs((double)n - 0.2 * N) < 0.01 * N, "the share: %zu", n);
	free(g);
	free(was);
	free(rows);
	free(drawn);
}

int main(void)
{
	struct err e = ERR_INIT;
	struct pool *pool = pool_new(2, &e);
	struct tree_model *m = model();

	check_sets(m);
	check_choice();
	check_sample(pool);
	tree_model_free(m);
	pool_free(pool);
	return done_testing();
}
