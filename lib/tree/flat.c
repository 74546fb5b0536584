#include "tree/flat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	ROW_BLOCK = 1 << 16, /* rows that are ranked, and then go through all trees */
	MAX_SLOTS = 1 << 16,
	EMPTY = 0xffffffff, /* the bits of no threshold: a NaN */
};

/** How a split looks at a column. */
enum look { NUMBER_LEFT, NUMBER_RIGHT, SET_LEFT, SET_RIGHT, N_LOOKS };

struct column {
	bool is_used[N_LOOKS];
	uint16_t slot[N_LOOKS];
	float *cuts; /* [n_cuts] thresholds, ascending */
	uint32_t n_cuts;
	uint32_t *keys; /* [cap] hash table of their bits; a power of two, half of it free */
	uint16_t *ranks; /* [cap] place in `cuts` of each key */
	size_t cap;
};

struct tree_flat {
	size_t n_trees, n_features, n_slots;
	struct column *columns; /* [n_features] */
	struct tree_cells *trees; /* [n_trees] */
	const struct tree_flat_kernel *kernel;
	bool does_not_fit;
};

/* ---- life ---------------------------------------------------------------------------------------------------- */

struct tree_flat *tree_flat_new(size_t n_trees, size_t n_features, struct err *e)
{
	struct tree_flat *f = mem_new(sizeof(*f), e);

	if (!f)
		return NULL;
	f->n_trees = n_trees;
	f->n_features = n_features;
	f->kernel = tree_flat_kernel_best();
	f->columns = mem_array(n_features, sizeof(*f->columns), e);
	f->trees = f->columns ? mem_array(n_trees, sizeof(*f->trees), e) : NULL;
	if (!f->trees) {
		tree_flat_free(f);
		return NULL;
	}
	return f;
}

void tree_flat_free(struct tree_flat *f)
{
	if (!f)
		return;
	for (size_t i = 0; f->columns && i < f->n_features; i++) {
		free(f->columns[i].cuts);
		free(f->columns[i].keys);
		free(f->columns[i].ranks);
	}
	free(f->columns);
	for (size_t i = 0; f->trees && i < f->n_trees; i++) {
		free(f->trees[i].cells);
		free(f->trees[i].sets);
	}
	free(f->trees);
	free(f);
}

/* ---- thresholds ---------------------------------------------------------------------------------------------- */

/** Equal numbers have equal bits: there is one zero. */
static uint32_t bits_of(float v)
{
	uint32_t bits;

	v += 0.0f;
	memcpy(&bits, &v, sizeof(bits));
	return bits;
}

static size_t place_of(const struct column *c, uint32_t bits)
{
	size_t i = (bits * 0x9e3779b97f4a7c15u) >> 40 & (c->cap - 1);

	while (c->keys[i] != bits && c->keys[i] != EMPTY)
		i = (i + 1) & (c->cap - 1);
	return i;
}

static int grow_table(struct column *c, struct err *e)
{
	struct column old = *c;

	c->cap = old.cap ? 2 * old.cap : 64;
	c->keys = mem_array_raw(c->cap, sizeof(*c->keys), e);
	if (!c->keys) {
		*c = old;
		return -1;
	}
	memset(c->keys, 0xff, c->cap * sizeof(*c->keys));
	for (size_t i = 0; i < old.cap; i++)
		if (old.keys[i] != EMPTY)
			c->keys[place_of(c, old.keys[i])] = old.keys[i];
	free(old.keys);
	return 0;
}

static int add_cut(struct tree_flat *f, struct column *c, float cut, struct err *e)
{
	size_t i;

	if (isnan(cut) || c->n_cuts == TREE_RANK_MAX) {
		f->does_not_fit = true;
		return 0;
	}
	if (2 * c->n_cuts >= c->cap && grow_table(c, e))
		return -1;
	i = place_of(c, bits_of(cut));
	c->n_cuts += c->keys[i] == EMPTY;
	c->keys[i] = bits_of(cut);
	return 0;
}

static enum look look_of(const struct tree_node *n)
{
	if (n->split & TREE_CATEGORICAL)
		return n->split & TREE_DEFAULT_LEFT ? SET_LEFT : SET_RIGHT;
	return n->split & TREE_DEFAULT_LEFT ? NUMBER_LEFT : NUMBER_RIGHT;
}

int tree_flat_look(struct tree_flat *f, const struct tree *t, struct err *e)
{
	if (t->n_nodes > INT32_MAX / 2)
		f->does_not_fit = true;
	for (uint32_t i = 0; i < t->n_sets; i++)
		if (t->sets[i].n_words * 64 > TREE_RANK_MAX + 64)
			f->does_not_fit = true;
	for (uint32_t i = 0; i < t->n_nodes && !f->does_not_fit; i++) {
		const struct tree_node *n = &t->nodes[i];
		struct column *c;

		if (n->left < 0)
			continue;
		c = &f->columns[n->split & TREE_COLUMN];
		c->is_used[look_of(n)] = true;
		if (!(n->split & TREE_CATEGORICAL) && add_cut(f, c, n->value, e))
			return -1;
	}
	return 0;
}

static int by_value(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static int rank_column(struct column *c, struct err *e)
{
	uint32_t n = 0;

	c->cuts = mem_array_raw(c->n_cuts, sizeof(*c->cuts), e);
	c->ranks = c->cuts ? mem_array_raw(c->cap, sizeof(*c->ranks), e) : NULL;
	if (!c->ranks)
		return -1;
	for (size_t i = 0; i < c->cap; i++)
		if (c->keys[i] != EMPTY)
			memcpy(&c->cuts[n++], &c->keys[i], sizeof(*c->cuts));
	qsort(c->cuts, n, sizeof(*c->cuts), by_value);
	for (uint32_t i = 0; i < n; i++)
		c->ranks[place_of(c, bits_of(c->cuts[i]))] = (uint16_t)i;
	return 0;
}

int tree_flat_rank(struct tree_flat *f, struct err *e)
{
	for (size_t i = 0; i < f->n_features; i++)
		for (int k = 0; k < N_LOOKS; k++)
			if (f->columns[i].is_used[k])
				f->columns[i].slot[k] = (uint16_t)f->n_slots++;
	if (f->does_not_fit || f->n_slots > MAX_SLOTS)
		return 0;
	for (size_t i = 0; i < f->n_features; i++)
		if (f->columns[i].n_cuts && rank_column(&f->columns[i], e))
			return -1;
	if (f->n_slots == 0)
		f->n_slots = 1; /* a leaf looks at slot 0 */
	return 1;
}

/* ---- trees --------------------------------------------------------------------------------------------------- */

static size_t words_of(const struct tree *t, uint32_t set)
{
	return (size_t)t->sets[set].n_words * 4;
}

/** As words from the first to the last that is not zero, or as a list of members, whichever is shorter. */
static size_t put_set(const struct tree *t, uint32_t set, uint16_t *out, struct tree_cell *cell)
{
	const uint64_t *w = t->words + t->sets[set].first;
	size_t first = SIZE_MAX, last = 0, n = 0;

	for (size_t i = 0; i < words_of(t, set); i++) {
		uint16_t word = (uint16_t)(w[i / 4] >> (i % 4 * 16));

		if (!word)
			continue;
		first = first == SIZE_MAX ? i : first;
		last = i + 1;
		for (uint16_t bits = word; bits; bits &= (uint16_t)(bits - 1))
			n++;
	}
	if (first == SIZE_MAX || last - first <= n) {
		cell->slot = (uint16_t)(first == SIZE_MAX ? 0 : first);
		n = first == SIZE_MAX ? 0 : last - first;
		for (size_t i = 0; i < n; i++)
			out[i] = (uint16_t)(w[(first + i) / 4] >> ((first + i) % 4 * 16));
	} else {
		cell->slot = UINT16_MAX;
		n = 0;
		for (size_t c = 16 * first; c < 16 * last; c++)
			if (w[c / 64] >> (c % 64) & 1)
				out[n++] = (uint16_t)c;
	}
	cell->rank = (uint16_t)n;
	return n;
}

/** A cell of its own before a pair of children whose parent has a set: where each node comes to lie. */
static uint32_t *place_nodes(const struct tree *t, struct err *e)
{
	uint32_t *at = mem_array(t->n_nodes, sizeof(*at), e);
	uint32_t next = 0;

	if (!at)
		return NULL;
	for (uint32_t i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].left >= 0 && t->nodes[i].split & TREE_CATEGORICAL)
			at[t->nodes[i].left] = 1;
	for (uint32_t i = 0; i < t->n_nodes; i++) {
		next += at[i];
		at[i] = next++;
	}
	return at;
}

static void put_node(const struct tree_flat *f, const struct tree *t, struct tree_cells *out,
	const uint32_t *at, uint32_t i, uint32_t *n_words)
{
	const struct tree_node *n = &t->nodes[i];
	struct tree_cell *cell = &out->cells[at ? at[i] : i];
	const struct column *c;

	if (n->left < 0) {
		*cell = (struct tree_cell){ 0, TREE_RANK_LEAF, 0 };
		memcpy(&cell->next, &n->value, sizeof(cell->next));
		return;
	}
	c = &f->columns[n->split & TREE_COLUMN];
	cell->next = at ? at[n->left] : (uint32_t)n->left;
	cell->slot = c->slot[look_of(n)];
	if (n->split & TREE_CATEGORICAL) {
		struct tree_cell *set = &out->cells[cell->next - 1];

		cell->rank = TREE_RANK_SET;
		set->next = *n_words;
		*n_words += (uint32_t)put_set(t, n->set, out->sets + *n_words, set);
	} else {
		cell->rank = c->ranks[place_of(c, bits_of(n->value))];
	}
}

static int make_sets(const struct tree *t, struct tree_cells *out, struct err *e)
{
	size_t n = 0;

	for (uint32_t i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].left >= 0 && t->nodes[i].split & TREE_CATEGORICAL)
			n += words_of(t, t->nodes[i].set);
	out->sets = mem_array_raw(n, sizeof(*out->sets), e);
	return out->sets ? 0 : -1;
}

int tree_flat_put(struct tree_flat *f, size_t i, const struct tree *t, struct err *e)
{
	struct tree_cells *out = &f->trees[i];
	uint32_t *at = NULL, n_words = 0;

	out->output = t->output;
	/* each set has a pair of children behind it: no more than half as many as nodes */
	out->cells = mem_aligned(
		t->n_nodes + (t->n_sets ? (size_t)t->n_nodes / 2 : 0), sizeof(*out->cells), e);
	if (!out->cells)
		return -1;
	if (t->n_sets) {
		at = place_nodes(t, e);
		if (!at || make_sets(t, out, e)) {
			free(at);
			return -1;
		}
	}
	for (uint32_t k = 0; k < t->n_nodes; k++)
		put_node(f, t, out, at, k, &n_words);
	free(at);
	return 0;
}

/* ---- rows ---------------------------------------------------------------------------------------------------- */

static void code_sets(const struct tree_ranking *r, size_t n_rows)
{
	for (size_t i = 0; i < n_rows; i++) {
		float v = r->x[i * r->x_stride];

		r->out[i * r->out_stride] = v != v                            ? r->missing
					    : v >= 0 && v < TREE_RANK_NOWHERE ? (uint16_t)v
									      : TREE_RANK_NOWHERE;
	}
}

static void rank_values(const struct tree_flat *f, size_t feature, const float *x, size_t n_rows,
	enum look look, uint16_t *out)
{
	const struct column *c = &f->columns[feature];
	struct tree_ranking r = { c->cuts, c->n_cuts, TREE_RANK_RIGHT, x + feature, f->n_features,
		out + c->slot[look], f->n_slots };

	if (look == NUMBER_LEFT || look == SET_LEFT)
		r.missing = look == NUMBER_LEFT ? 0 : TREE_RANK_NOWHERE;
	if (look == NUMBER_LEFT || look == NUMBER_RIGHT)
		f->kernel->rank(&r, n_rows);
	else
		code_sets(&r, n_rows);
}

static void rank_rows(const struct tree_flat *f, const float *x, size_t n_rows, uint16_t *out)
{
	for (size_t i = 0; i < f->n_features; i++)
		for (int look = 0; look < N_LOOKS; look++)
			if (f->columns[i].is_used[look])
				rank_values(f, i, x, n_rows, (enum look)look, out);
}

int tree_flat_add(const struct tree_flat *f, const float *x, size_t n_rows, float *margins,
	size_t n_outputs, struct err *e)
{
	size_t block = n_rows < ROW_BLOCK ? n_rows : ROW_BLOCK;
	uint16_t *ranks = mem_aligned(block * f->n_slots + 1, sizeof(*ranks), e);

	if (!ranks)
		return -1;
	for (size_t i = 0; i < n_rows; i += block) {
		size_t n = n_rows - i < block ? n_rows - i : block;

		rank_rows(f, x + i * f->n_features, n, ranks);
		for (size_t t = 0; t < f->n_trees; t++)
			f->kernel->add(&f->trees[t], ranks, f->n_slots, n,
				margins + i * n_outputs + f->trees[t].output, n_outputs);
	}
	free(ranks);
	return 0;
}
