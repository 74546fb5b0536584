/*
 * tree/flat: the leaves of random trees, with sets and missing values, are those of the trees themselves; each
 * instruction set adds the same bits.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "tap.h"
#include "tree/flat.h"
#include "tree/model_order.h"
#include "tree/predict.h"

enum { COLS = 7, TREES = 9, ROWS = 203, NODES = 301, SET_WORDS = 20, OUTPUTS = 3 };

static uint64_t state;

static uint32_t draw(uint32_t n)
{
	return (uint32_t)rng_below(7, 3, state++, n);
}

/* Column 0 and 1 hold categories: short sets, long ones, empty ones. */
static void add_random_set(struct tree *t, struct tree_node *n)
{
	struct tree_set *s = &t->sets[t->n_sets];
	uint32_t kind = draw(4);

	s->first = (uint32_t)t->n_words;
	s->n_words = 1 + draw(SET_WORDS);
	for (uint32_t i = 0; i < s->n_words; i++)
		t->words[t->n_words++] =
			kind == 0   ? 0
			: kind == 1 ? (uint64_t)1 << draw(64)
			: kind == 2 ? rng_bits(1, 2, state++)
				    : (i + 1 == s->n_words ? (uint64_t)draw(9) << 40 : 0);
	n->split |= TREE_CATEGORICAL;
	n->set = t->n_sets++;
}

static struct tree random_tree(uint32_t n_nodes, struct err *e)
{
	struct tree t = { .n_nodes = 1, .output = draw(OUTPUTS) };

	t.nodes = mem_array(n_nodes, sizeof(*t.nodes), e);
	t.sets = mem_array(n_nodes, sizeof(*t.sets), e);
	t.words = mem_array((size_t)n_nodes * SET_WORDS, sizeof(*t.words), e);
	if (!t.nodes || !t.sets || !t.words)
		return t;
	for (uint32_t i = 0; i < t.n_nodes; i++) {
		struct tree_node *n = &t.nodes[i];

		if (t.n_nodes + 2 > n_nodes || (i > 4 && draw(8) == 0)) {
			n->left = -1;
			n->value = draw(50) == 0 ? -0.0f : (float)draw(1000) / 100 - 5;
			continue;
		}
		n->left = (int32_t)t.n_nodes;
		t.n_nodes += 2;
		n->split = draw(COLS);
		if (n->split < 2)
			add_random_set(&t, n);
		else
			n->value = draw(30) == 0 ? INFINITY : (float)draw(40) - 20;
		n->split |= draw(2) ? TREE_DEFAULT_LEFT : 0;
	}
	return t;
}

static float random_value(size_t col)
{
	static const float odd[] = { NAN, -INFINITY, INFINITY, -0.0f, -1, 0.99f, 65533, 70000,
		1e30f };

	if (draw(6) == 0)
		return odd[draw(sizeof(odd) / sizeof(*odd))];
	return col < 2 ? (float)draw(64 * SET_WORDS + 100) : (float)draw(80) / 2 - 20;
}

static struct tree_flat *flatten(const struct tree *trees, struct err *e)
{
	struct tree_flat *f = tree_flat_new(TREES, COLS, e);

	for (size_t i = 0; f && i < TREES; i++)
		if (tree_flat_look(f, &trees[i], e))
			return f;
	if (!f || tree_flat_rank(f, e) != 1)
		return f;
	for (size_t i = 0; i < TREES; i++)
		if (tree_flat_put(f, i, &trees[i], e))
			return f;
	return f;
}

static void check_rows(
	const struct tree *trees, const struct tree_flat *f, size_t n_rows, const char *what)
{
	static float x[ROWS * COLS], want[ROWS * OUTPUTS], got[ROWS * OUTPUTS];
	struct err e = ERR_INIT;

	for (size_t i = 0; i < n_rows * COLS; i++)
		x[i] = random_value(i % COLS);
	memset(want, 0, sizeof(want));
	memset(got, 0, sizeof(got));
	for (size_t i = 0; i < TREES; i++)
		tree_add_leaves(&trees[i], x, n_rows, COLS, want + trees[i].output, OUTPUTS);
	ok(!tree_flat_add(f, x, n_rows, got, OUTPUTS, &e), "%s: %zu rows are added", what, n_rows);
	ok(memcmp(want, got, sizeof(want)) == 0, "%s: to the bits of the trees", what);
}

static void check_kernel(const char *isa)
{
	struct tree trees[TREES];
	struct err e = ERR_INIT;
	struct tree_flat *f;

	setenv("CD4ML_CPU", isa, 1);
	for (uint32_t size = 1; size <= NODES; size += 100) {
		for (size_t i = 0; i < TREES; i++)
			trees[i] = random_tree(size, &e);
		f = flatten(trees, &e);
		no_err(&e, "%s: trees of %u nodes are flat", isa, size);
		for (size_t n = 1; n <= ROWS; n = 2 * n + 7)
			check_rows(trees, f, n, isa);
		check_rows(trees, f, ROWS, isa);
		tree_flat_free(f);
		for (size_t i = 0; i < TREES; i++)
			tree_release(&trees[i]);
	}
}

/* More thresholds of a column than there are ranks. */
static void check_too_many(void)
{
	struct err e = ERR_INIT;
	struct tree_flat *f = tree_flat_new(1, 1, &e);
	struct tree t = { .n_nodes = 3 };
	struct tree_node nodes[3] = { { .left = 1 }, { .left = -1 }, { .left = -1 } };
	int rc = 0;

	t.nodes = nodes;
	for (int i = 0; i < 70000; i++) {
		nodes[0].value = (float)i;
		rc |= tree_flat_look(f, &t, &e);
	}
	ok(!rc && tree_flat_rank(f, &e) == 0, "70,000 thresholds of a column do not fit");
	tree_flat_free(f);
	f = tree_flat_new(1, 1, &e);
	nodes[0].value = NAN;
	ok(!tree_flat_look(f, &t, &e) && tree_flat_rank(f, &e) == 0,
		"nor does one that is no number");
	tree_flat_free(f);
}

/* A large tree in the order of files: the same rows fall into the same leaves. */
static void check_order(void)
{
	static float x[ROWS * COLS], want[ROWS], got[ROWS];
	struct err e = ERR_INIT;
	struct tree t = random_tree(9 * TREE_ORDER_TOP, &e), ordered;

	t.stats = mem_array(t.n_nodes, sizeof(*t.stats), &e);
	for (uint32_t i = 0; i < t.n_nodes; i++)
		t.stats[i].hessian = (float)draw(100);
	ok(t.n_nodes > TREE_ORDER_TOP && !tree_order(&t, &ordered, &e), "a large tree is ordered");
	no_err(&e, "without an error");
	is_int(ordered.n_nodes, t.n_nodes, "with all of its nodes");
	ok(!tree_check(&ordered, COLS, OUTPUTS, &e), "children are behind their parents");
	for (size_t i = 0; i < ROWS * COLS; i++)
		x[i] = random_value(i % COLS);
	tree_add_leaves(&t, x, ROWS, COLS, want, 1);
	tree_add_leaves(&ordered, x, ROWS, COLS, got, 1);
	ok(memcmp(want, got, sizeof(want)) == 0, "its leaves are the same");
	free(ordered.nodes);
	free(ordered.stats);
	tree_release(&t);
}

static int flatten_once(void *ctx, struct err *e)
{
	const struct tree *trees = ctx;
	float x[COLS] = { 0 }, out[OUTPUTS] = { 0 };
	struct tree_flat *f = flatten(trees, e);
	int rc = e->code != ERR_NONE || tree_flat_add(f, x, 1, out, OUTPUTS, e) ? -1 : 0;

	tree_flat_free(f);
	return rc;
}

int main(void)
{
	struct tree trees[TREES];
	struct err e = ERR_INIT;

	check_kernel("scalar");
	check_kernel("avx2");
	check_kernel("avx512");
	check_too_many();
	check_order();
	for (size_t i = 0; i < TREES; i++)
		trees[i] = random_tree(NODES, &e);
	survives_oom(flatten_once, trees, "making trees flat");
	for (size_t i = 0; i < TREES; i++)
		tree_release(&trees[i]);
	return done_testing();
}
