/*
 * tree/frame, hist, split, grow, boost, forest, cv: on a small table made here.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "tap.h"
#include "tree/boost.h"
#include "tree/cv.h"
#include "tree/forest.h"
#include "tree/predict.h"
#include "tree/sums.h"

enum { N = 3000, COLS = 4 };

/* A number with gaps, a number of many values, a constant, a text. */
struct fixture {
	struct table_column cols[COLS];
	struct table table;
	float numbers[3][N];
	uint32_t codes[N], class[N], class3[N];
	float values[N];
	struct slice texts[40];
	char text_bytes[40][4];
	char names[COLS][4];
};

static void fill(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	for (size_t i = 0; i < COLS; i++) {
		f->names[i][0] = (char)('a' + i);
		f->cols[i].name = f->names[i];
		f->cols[i].numbers = i < 3 ? f->numbers[i] : NULL;
	}
	f->cols[3] = (struct table_column){ .name = f->names[3],
		.type = TABLE_TEXT,
		.codes = f->codes,
		.texts = f->texts,
		.n_texts = 40 };
	for (uint32_t i = 0; i < 40; i++) {
		f->text_bytes[i][0] = (char)('0' + (39 - i) / 10);
		f->text_bytes[i][1] = (char)('0' + (39 - i) % 10);
		f->texts[i] = (struct slice){ f->text_bytes[i], 2 };
	}
	for (size_t i = 0; i < N; i++) {
		double z;

		f->numbers[0][i] = (float)rng_below(1, 0, i, 20);
		if (rng_unit(1, 1, i) < 0.1)
			f->numbers[0][i] = NAN;
		f->numbers[1][i] = (float)rng_unit(1, 2, i);
		f->numbers[2][i] = 7;
		f->codes[i] =
			rng_unit(1, 3, i) < 0.05 ? TABLE_MISSING : (uint32_t)rng_below(1, 4, i, 40);
		z = (isnan(f->numbers[0][i]) ? 12 : (double)f->numbers[0][i]) / 10 - 1 +
		    4 * (double)f->numbers[1][i] * (f->codes[i] % 3 == 0) - 1;
		f->values[i] = (float)(z + rng_unit(1, 5, i));
		f->class[i] = f->values[i] > 0.5f;
		f->class3[i] = f->values[i] > 0.5f ? 2 : f->values[i] > 0;
	}
	f->table = (struct table){ .n_rows = N, .n_cols = COLS, .cols = f->cols };
}

static struct fixture fx;
static const size_t all_cols[COLS] = { 0, 1, 2, 3 };

static struct tree_frame *make_frame(uint32_t max_bin, bool share_bytes, struct pool *pool)
{
	struct tree_frame_options o = { max_bin, share_bytes, false };
	struct err e = ERR_INIT;
	struct tree_frame *f = tree_frame_new(&fx.table, all_cols, COLS, &o, pool, &e);

	no_err(&e, "binned with at most %u bins", max_bin);
	return f;
}

static struct tree_frame *frame(uint32_t max_bin, struct pool *pool)
{
	return make_frame(max_bin, true, pool);
}

static uint32_t record_bin(const struct tree_frame *f, size_t col, size_t row)
{
	const struct tree_records *r = &f->records;
	const struct tree_place *p = &f->cols[col].place;

	return tree_place_bin(
		p, tree_record_code(&r->bundles[p->bundle], r->rows + row * r->stride));
}

static void check_frame(struct pool *pool)
{
	struct tree_frame *f = frame(255, pool);
	size_t bad = 0;

	is_int(f->cols[0].n_bins, 21, "20 values and missing");
	is_int(f->cols[1].n_bins, 256, "many values fill all bins");
	is_int(f->cols[2].n_bins, 2, "a constant has one bin and missing");
	is_int(f->cols[3].n_bins, 41, "40 texts and missing");
	for (size_t c = 0; c < 3; c++)
		for (size_t i = 0; i < N; i++) {
			uint32_t b = tree_frame_bin(f, c, i);
			float v = fx.numbers[c][i];
			bool fits = isnan(v) ? b == 0
					     : b > 0 && (b == 1 || v >= f->cols[c].cuts[b - 2]) &&
						       (b == f->cols[c].n_bins - 1 ||
							       v < f->cols[c].cuts[b - 1]);

			bad += !fits;
			bad += b != record_bin(f, c, i);
		}
	is_int(bad, 0, "each number lies between the cuts of its bin");
	tree_frame_free(f);
	f = frame(10, pool);
	ok(f->cols[0].n_bins <= 11 && f->cols[1].n_bins == 11, "fewer bins when asked for");
	ok(f->cols[3].has_other && f->cols[3].n_categories == 9, "rare texts share a bin");
	tree_frame_free(f);
	f = frame(1000, pool);
	is_int(f->cols[1].width, 2, "more than 255 bins take two bytes");
	is_int(f->cols[1].n_bins, 1001, "and are used");
	tree_frame_free(f);
}

static struct tree_gh gh[N];
static const struct tree_kernel *kernel;

/* Each row's bin, and how often the row counts. */
static size_t count_bad(const struct tree_frame *f, const struct tree_hist *h, size_t n_twice)
{
	size_t bad = 0;

	for (size_t c = 0; c < COLS; c++)
		for (uint32_t b = 0; b < f->cols[c].n_bins; b++) {
			uint32_t at = f->cols[c].first + b;
			int64_t g = 0, hs = 0, n = 0;

			for (size_t i = 0; i < N; i++)
				if (tree_frame_bin(f, c, i) == b) {
					int64_t times = i < n_twice ? 2 : 1;

					g += times * gh[i].grad;
					hs += times * gh[i].hess;
					n += times;
				}
			bad += h->packed ? h->packed[at] != tree_packed(g, hs, (uint32_t)n)
					 : h->grad[at] != g || h->hess[at] != hs || h->n[at] != n;
			bad += tree_hist_n(h, at) != n;
		}
	return bad;
}

static void check_hist(uint32_t max_bin, bool share_bytes, bool packed, struct pool *pool)
{
	struct tree_frame *f = make_frame(max_bin, share_bytes, pool);
	struct tree_columns cols = { NULL, COLS };
	struct tree_quant q = { 1, 1, NULL, 1 };
	struct err e = ERR_INIT;
	void *memory = mem_new(tree_hist_size(f->n_bins, 1), &e);
	void *other = mem_new(tree_hist_size(f->n_bins, 1), &e);
	struct tree_hist_job job = { kernel, f, f->records.rows, &q };
	struct tree_sums sums = { 0 };
	struct tree_plan plan = { 0 };
	struct tree_hist h = tree_hist_at(memory, f->n_bins, 1);
	struct tree_hist few = tree_hist_packed_at(other);
	uint32_t rows[N];
	size_t bad = 0;

	if (packed)
		h = tree_hist_packed_at(memory);
	for (uint32_t i = 0; i < N; i++) {
		rows[i] = i;
		gh[i].grad = (int16_t)((int)rng_below(2, 0, i, 4095) - 2047);
		gh[i].hess = (uint16_t)rng_below(2, 1, i, 4096);
		tree_frame_set_gh(f, i, gh[i]);
	}
	if (tree_sums_init(&sums, f, &e) || tree_plan_init(&plan, f, &e))
		no_err(&e, "memory for sums");
	tree_plan_set(&plan, f, cols);
	tree_hist_add(&job, &plan, rows, N, &sums, &h);
	tree_hist_add(&job, &plan, rows, 50, &sums, &h); /* few: not packed on their way */
	is_int(count_bad(f, &h, 50), 0, "sums of blocks are those of one row after another");
	for (size_t i = 0; i < f->records.n_slots; i++)
		bad += sums.packed[i] != 0;
	is_int(bad, 0, "the scratch is zero again");
	tree_hist_add(&job, &plan, rows, 0, &sums, &few);
	tree_hist_add(&job, &plan, rows, 1, &sums, &few);
	tree_hist_add(&job, &plan, rows + 1, 49, &sums, &few);
	tree_hist_subtract(&h, &few, f->n_bins, 1);
	is_int(count_bad(f, &h, 0), 0, "less what a packed one holds");
	if (!packed) {
		tree_hist_pack(&h, f->n_bins);
		is_int(count_bad(f, &h, 0), 0, "and packed in its place");
	}
	free(memory);
	free(other);
	tree_sums_release(&sums);
	tree_plan_release(&plan);
	tree_frame_free(f);
}

static void check_quantize(struct pool *pool)
{
	static struct tree_grad grad[N];
	struct tree_frame *f = frame(255, pool);
	struct tree_quant q = { 0 };
	double sum = 0, want = 0, off = 0;

	for (size_t i = 0; i < N; i++) {
		grad[i] = (struct tree_grad){ (float)(rng_unit(3, 0, i) - 0.3), 0.5f };
	}
	tree_quantize(f, grad, 5, 7, pool, &q);
	for (size_t i = 0; i < N; i++) {
		double v = tree_frame_gh(f, i).grad * q.grad_unit;
		double d = v - (double)grad[i].grad;

		sum += v;
		want += (double)grad[i].grad;
		off = fabs(d) > off ? fabs(d) : off;
	}
	ok(off <= q.grad_unit, "a rounded gradient is less than a unit off");
	ok(fabs(sum - want) < 4 * q.grad_unit * sqrt(N), "and their sum is not biased");
	ok(tree_frame_gh(f, 0).hess == 1 && tree_frame_gh(f, N - 1).hess == 1,
		"equal hessians are exact");
	is_num(q.hess_unit, 0.5, "with their value as the unit");
	tree_frame_free(f);
}

/* Values as prediction takes them. */
static float *matrix(const struct tree_frame *f)
{
	struct err e = ERR_INIT;
	float *x = mem_array(N * COLS, sizeof(*x), &e);

	for (size_t i = 0; i < N; i++) {
		for (size_t c = 0; c < 3; c++)
			x[i * COLS + c] = fx.numbers[c][i];
		x[i * COLS + 3] = fx.codes[i] == TABLE_MISSING
					  ? NAN
					  : (float)(f->cols[3].code_of_text[fx.codes[i]] - 1);
	}
	return x;
}

static struct tree_model *new_model(const struct tree_truth *t, struct err *e)
{
	static const char *const names[] = { "reg:squarederror", "binary:logistic",
		"multi:softprob" };
	struct tree_model *m = tree_model_new(COLS, t->n_outputs, e);

	for (size_t i = 0; i < COLS; i++)
		m->features[i].name = mem_dup("x", e);
	ok(!tree_model_set_objective(m, names[t->loss], e), "%s", names[t->loss]);
	return m;
}

/* Boosts; the margins of training are those of prediction, and grow better. */
static void check_boost(const struct tree_truth *t, uint32_t max_bin, uint32_t max_leaves,
	double subsample, struct pool *pool)
{
	struct tree_boost_params p = { .grow = { .split = TREE_SPLIT_DEFAULT,
					       .max_leaves = max_leaves,
					       .max_depth = 5,
					       .hist_memory = 1 << 20 },
		.n_trees = 12,
		.learning_rate = 0.3,
		.subsample = subsample,
		.colsample = subsample };
	struct err e = ERR_INIT;
	struct tree_frame *f = frame(max_bin, pool);
	struct tree_job job = { f, t, { NULL, 0 }, pool, NULL, 11 };
	struct tree_model *m = new_model(t, &e);
	size_t n = N * t->n_outputs;
	float *margins = mem_array(n, sizeof(*margins), &e);
	float *again = mem_array(n, sizeof(*again), &e), *x = matrix(f);
	struct tree_margins *predictor;
	double start[8], most = 0;

	ok(!tree_boost_start(&job, m, start, &e) &&
			!tree_boost(&job, &p, t->n_outputs > 1 ? start : NULL, m, margins, NULL,
				NULL, &e),
		"boosted");
	no_err(&e, "without an error");
	is_int(m->n_trees, 12 * t->n_outputs, "all trees are there");
	predictor = tree_margins_new(m, &e);
	ok(!tree_margins_of(predictor, x, N, again, &e), "predicted");
	for (size_t i = 0; i < n; i++)
		most = fmax(most, fabs((double)(margins[i] - again[i])));
	ok(most <= 1e-6, "what was learned is what is predicted (%g)", most);
	for (size_t i = 0; i < m->n_trees; i++) {
		const struct tree *tree = &m->trees[i];

		if (max_leaves && tree->n_nodes > 2 * max_leaves - 1)
			ok(false, "too many leaves");
		for (uint32_t k = 0; k < tree->n_nodes; k++)
			if (tree->nodes[k].left > 0 &&
				(double)fabsf(tree->stats[k].hessian -
					      tree->stats[tree->nodes[k].left].hessian -
					      tree->stats[tree->nodes[k].left + 1].hessian) >
					1e-3 * (1 + (double)tree->stats[k].hessian))
				ok(false, "cover of node %u is not its children's", k);
	}
	tree_margins_free(predictor);
	tree_model_free(m);
	tree_frame_free(f);
	free(margins);
	free(again);
	free(x);
}

struct shape {
	uint64_t hash;
};

static int hash_tree(void *ctx, size_t number, struct tree_forest_tree *t, struct err *e)
{
	struct shape *s = ctx;

	(void)number;
	(void)e;
	for (uint32_t i = 0; i < t->tree->n_nodes; i++) {
		uint32_t bits;

		memcpy(&bits, &t->tree->nodes[i].value, sizeof(bits));
		s->hash = rng_mix(s->hash + bits + ((uint64_t)t->tree->nodes[i].split << 32));
	}
	return 0;
}

/* Margins after some rounds, with the upper part of each tree grown level by level. */
static float *margins_of(const struct tree_truth *t, struct tree_boost_params p, size_t leaf_bytes,
	struct pool *pool)
{
	struct err e = ERR_INIT;
	struct tree_frame *f = frame(255, pool);
	struct tree_job job = { f, t, { NULL, 0 }, pool, NULL, 11 };
	struct tree_model *m = new_model(t, &e);
	float *margins = mem_array(N, sizeof(*margins), &e);
	double start;

	p.grow.leaf_bytes = leaf_bytes;
	p.grow.block_bytes = 1000;
	if (tree_boost_start(&job, m, &start, &e) ||
		tree_boost(&job, &p, NULL, m, margins, NULL, NULL, &e))
		no_err(&e, "boosted");
	tree_model_free(m);
	tree_frame_free(f);
	return margins;
}

static void check_top(const struct tree_truth *t, uint32_t max_leaves, uint32_t max_depth,
	double subsample, struct pool *pool)
{
	struct tree_boost_params p = { .grow = { .split = TREE_SPLIT_DEFAULT,
					       .max_leaves = max_leaves,
					       .max_depth = max_depth,
					       .hist_memory = 1 << 20 },
		.n_trees = 5,
		.learning_rate = 0.3,
		.subsample = subsample,
		.colsample = subsample };
	float *plain = margins_of(t, p, SIZE_MAX, pool);

	for (size_t leaf = 100; leaf < 20000; leaf *= 6) {
		float *levels = margins_of(t, p, leaf, pool);

		ok(!memcmp(plain, levels, N * sizeof(*plain)),
			"the same with leaves of %zu bytes (%u leaves, depth %u)", leaf, max_leaves,
			max_depth);
		free(levels);
	}
	free(plain);
}

static void check_forest(const struct tree_truth *t, struct pool *pool, uint64_t *hash)
{
	struct tree_forest_params p = {
		.grow = { .split = TREE_SPLIT_DEFAULT, .max_depth = 8, .mtry = 2 },
		.n_trees = 10,
		.bootstrap = true,
		.sample = 1
	};
	struct err e = ERR_INIT;
	struct tree_frame *f = frame(255, pool);
	struct tree_job job = { f, t, { NULL, 0 }, pool, NULL, 3 };
	float *margins = mem_array(N * t->n_outputs, sizeof(*margins), &e);
	struct shape shape = { 0 };
	size_t bad = 0, right = 0;

	p.grow.split.lambda = 0;
	p.grow.split.min_samples_leaf = 5;
	ok(!tree_forest(&job, &p, margins, hash_tree, &shape, &e), "a forest");
	no_err(&e, "without an error");
	for (size_t i = 0; i < N; i++) {
		float sum = 0;

		for (size_t k = 0; k < t->n_outputs; k++)
			sum += margins[i * t->n_outputs + k];
		if (t->loss == TREE_LOSS_SOFTMAX) {
			bad += fabsf(sum - 1) > 1e-5f;
			right += margins[i * 3 + t->class[i]] > 0.4f;
		} else if (t->loss == TREE_LOSS_LOGISTIC) {
			bad += sum < 0 || sum > 1.00001f;
			right += (sum > 0.5f) == (t->class[i] == 1);
		} else {
			right += fabsf(sum - t->values[i]) < 0.7f;
		}
	}
	is_int(bad, 0, "shares are probabilities");
	ok(right > N * 8 / 10, "which are right for most rows (%zu)", right);
	if (*hash)
		ok(*hash == shape.hash, "the same trees with %d threads", pool_size(pool));
	*hash = shape.hash;
	free(margins);
	tree_frame_free(f);
}

static void check_folds(void)
{
	struct tree_truth t = {
		.loss = TREE_LOSS_SOFTMAX, .n_rows = N, .n_outputs = 3, .class = fx.class3
	};
	size_t count[5][3] = { { 0 } }, all[3] = { 0 }, bad = 0;
	struct err e = ERR_INIT;
	uint8_t *fold = tree_cv_folds(&t, 3, 5, 1, &e);

	for (size_t i = 0; i < N; i++) {
		count[fold[i]][fx.class3[i]]++;
		all[fx.class3[i]]++;
	}
	for (size_t f = 0; f < 5; f++)
		for (size_t k = 0; k < 3; k++)
			bad += count[f][k] < all[k] / 5 || count[f][k] > all[k] / 5 + 1;
	is_int(bad, 0, "each fold has its share of each class");
	free(fold);
}

static int grow_again(void *ctx, struct err *e)
{
	struct tree_truth t = { .loss = TREE_LOSS_LOGISTIC,
		.n_rows = N,
		.n_outputs = 1,
		.class = fx.class };
	struct tree_boost_params p = {
		.grow = { .split = TREE_SPLIT_DEFAULT,
			.max_leaves = 8,
			.hist_memory =
				0 /* kept histograms are done without when memory is short */ },
		.n_trees = 2,
		.learning_rate = 0.3,
		.subsample = 1,
		.colsample = 1
	};
	struct tree_frame_options o = { 20, true, false };
	struct tree_frame *f = tree_frame_new(&fx.table, all_cols, COLS, &o, ctx, e);
	struct tree_job job = { f, &t, { NULL, 0 }, ctx, NULL, 11 };
	struct tree_model *m = f ? tree_model_new(COLS, 1, e) : NULL;
	static float margins[N];
	double start[1];
	int rc = -1;

	if (m && !tree_model_set_objective(m, "binary:logistic", e) &&
		!tree_boost_start(&job, m, start, e))
		rc = tree_boost(&job, &p, NULL, m, margins, NULL, NULL, e);
	tree_model_free(m);
	tree_frame_free(f);
	return rc;
}

int main(void)
{
	struct tree_truth binary = { TREE_LOSS_LOGISTIC, N, 1, NULL, fx.class, NULL };
	struct tree_truth multi = { TREE_LOSS_SOFTMAX, N, 3, NULL, fx.class3, NULL };
	struct tree_truth values = { TREE_LOSS_SQUARED, N, 1, fx.values, NULL, NULL };
	static const int threads[] = { 1, 2, 7 };
	uint64_t hash[3] = { 0 };

	fill(&fx);
	kernel = tree_kernel_best();
	for (size_t i = 0; i < 3; i++) {
		struct err e = ERR_INIT;
		struct pool *pool = pool_new(threads[i], &e);

		check_frame(pool);
		for (int share_bytes = 0; share_bytes < 2; share_bytes++) {
			check_hist(255, share_bytes, false, pool);
			check_hist(255, share_bytes, true, pool);
			check_hist(5, share_bytes, true, pool);
			check_hist(1000, share_bytes, true, pool);
			check_hist(65535, share_bytes, true, pool);
		}
		check_quantize(pool);
		check_boost(&binary, 255, 15, 1, pool);
		check_boost(&binary, 255, 0, 1, pool);
		check_boost(&values, 1000, 31, 1, pool);
		check_boost(&multi, 20, 15, 0.7, pool);
		check_top(&binary, 31, 0, 1, pool);
		check_top(&values, 20, 4, 0.7, pool);
		check_top(&binary, 0, 6, 1, pool);
		check_forest(&binary, pool, &hash[0]);
		check_forest(&multi, pool, &hash[1]);
		check_forest(&values, pool, &hash[2]);
		if (i == 0)
			survives_oom(grow_again, pool, "boosting");
		pool_free(pool);
	}
	check_folds();
	return done_testing();
}
