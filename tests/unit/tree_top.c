/*
 * tree/top: a table of many records, whose leaves stay large where histograms cannot be kept.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "tap.h"
#include "tree/boost.h"

enum { N = 200000, COLS = 60, SHIFT = 7 };

static float numbers[N + COLS * SHIFT], values[N];
static struct table_column columns[COLS];
static size_t all[COLS];
static struct table table = { .n_rows = N, .n_cols = COLS, .cols = columns };
static const struct tree_truth truth = {
	.loss = TREE_LOSS_SQUARED, .n_rows = N, .n_outputs = 1, .values = values
};

static void fill(void)
{
	static char names[COLS][4];

	for (uint32_t i = 0; i < N + COLS * SHIFT; i++)
		numbers[i] = (float)rng_below(1, 0, i, 250);
	for (size_t c = 0; c < COLS; c++) {
		names[c][0] = (char)('a' + c / 26);
		names[c][1] = (char)('a' + c % 26);
		columns[c] =
			(struct table_column){ .name = names[c], .numbers = numbers + c * SHIFT };
		all[c] = c;
	}
	for (size_t i = 0; i < N; i++)
		values[i] = numbers[i] + numbers[i + 3 * SHIFT] / 2 + numbers[i + 9 * SHIFT] / 3;
}

static float *margins_of(struct tree_frame *f, size_t hist_memory, size_t leaf_bytes,
	uint32_t max_leaves, struct pool *pool)
{
	struct err e = ERR_INIT;
	struct tree_job job = { f, &truth, { NULL, 0 }, pool, NULL, 11 };
	struct tree_boost_params p = { .grow = { .split = TREE_SPLIT_DEFAULT,
					       .max_leaves = max_leaves,
					       .max_depth = max_leaves ? 0 : 3,
					       .hist_memory = hist_memory,
					       .leaf_bytes = leaf_bytes },
		.n_trees = 1,
		.learning_rate = 0.3,
		.subsample = 1,
		.colsample = 1 };
	struct tree_model *m = tree_model_new(COLS, 1, &e);
	float *margins = mem_array(N, sizeof(*margins), &e);
	double start;

	for (size_t i = 0; i < COLS; i++)
		m->features[i].name = mem_dup(columns[i].name, &e);
	if (tree_model_set_objective(m, "reg:squarederror", &e) ||
		tree_boost_start(&job, m, &start, &e) ||
		tree_boost(&job, &p, NULL, m, margins, NULL, NULL, &e))
		no_err(&e, "boosted");
	tree_model_free(m);
	return margins;
}

static void check(struct tree_frame *f, uint32_t max_leaves, struct pool *pool)
{
	/* one histogram takes about 300 kB */
	static const size_t memory[] = { 64 << 20, 400 << 10 };
	float *plain = margins_of(f, memory[0], SIZE_MAX, max_leaves, pool);

	for (size_t i = 0; i < sizeof(memory) / sizeof(*memory); i++) {
		float *got = margins_of(f, memory[i], 0, max_leaves, pool);

		ok(!memcmp(plain, got, N * sizeof(*plain)),
			"the same with %zu bytes of histograms (%u leaves)", memory[i], max_leaves);
		free(got);
	}
	free(plain);
}

int main(void)
{
	fill();
	for (int threads = 1; threads <= 2; threads++) {
		struct err e = ERR_INIT;
		struct tree_frame_options o = { 255, true, false };
		struct pool *pool = pool_new(threads, &e);
		struct tree_frame *f = tree_frame_new(&table, all, COLS, &o, pool, &e);

		no_err(&e, "binned");
		check(f, 0, pool);
		check(f, 9, pool);
		tree_frame_free(f);
		pool_free(pool);
	}
	return done_testing();
}
