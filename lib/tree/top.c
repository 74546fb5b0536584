#include "tree/top.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tree/objective.h"

enum {
	BLOCK_BYTES = 1 << 20, /* of the records of a block */
	LEAF_BYTES = 4 << 20, /* of the records of a leaf that is still split here */
	BATCH_MAX = 16, /* leaves at a time */
	SUMS_BYTES = 64 << 20, /* for all leaves and threads, about */
};

#define NONE UINT32_MAX

/** The rows of a leaf in one block. */
struct piece {
	uint32_t begin, n;
};

/** What one thread sums up of one leaf. */
struct sums {
	struct tree_sums s;
	void *hist; /* zero between levels */
};

struct tree_top {
	struct tree_grower *g;
	size_t block_rows, n_blocks;
	struct piece *pieces; /* [nodes][n_blocks] */
	size_t cap_pieces;
	size_t n_batch; /* leaves at a time */
	struct sums *sums; /* [n_workers][n_batch] */
	uint32_t *tmp; /* [n_workers][block_rows] for parting: stays in the cache */

	/* of the leaves at hand */
	struct tree_threshold thresholds[BATCH_MAX];
	uint32_t *sets; /* [BATCH_MAX][TREE_SET_WORDS] */
	uint32_t small
		[BATCH_MAX]; /* the node that is summed up, NONE if its children are leaves anyway */
	size_t n_small;
	uint32_t *leaves; /* [n_leaves] from left to right */
	size_t n_leaves, cap_leaves;
	uint32_t *places; /* [n_leaves][n_blocks] where the pieces go */
	size_t cap_places;
};

static struct piece *pieces_of(const struct tree_top *t, uint32_t node)
{
	return t->pieces + node * t->n_blocks;
}

/* ---- life ---------------------------------------------------------------------------------------------- */

static int make_sums(struct tree_top *t, struct err *e)
{
	const struct tree_grower *g = t->g;
	size_t n = (size_t)g->n_workers * t->n_batch;

	t->sums = mem_array(n, sizeof(*t->sums), e);
	if (!t->sums)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (tree_sums_init(&t->sums[i].s, g->f, e))
			return -1;
		t->sums[i].hist = mem_aligned(g->hist_size, 1, e);
		if (!t->sums[i].hist)
			return -1;
		memset(t->sums[i].hist, 0, g->hist_size);
	}
	return 0;
}

static struct tree_top *top_new(struct tree_grower *g, struct err *e)
{
	struct tree_top *t = mem_new(sizeof(*t), e);
	size_t size = g->hist_size + g->f->records.n_slots * sizeof(uint64_t);

	if (!t)
		return NULL;
	t->g = g;
	t->block_rows = (g->p.block_bytes ? g->p.block_bytes : BLOCK_BYTES) / g->f->records.stride;
	t->block_rows = t->block_rows ? t->block_rows : 1;
	t->n_blocks = (g->f->n_rows + t->block_rows - 1) / t->block_rows;
	t->n_batch = SUMS_BYTES / size / (size_t)g->n_workers;
	t->n_batch = t->n_batch < 1 ? 1 : t->n_batch > BATCH_MAX ? BATCH_MAX : t->n_batch;
	t->sets = mem_array((size_t)BATCH_MAX * TREE_SET_WORDS, sizeof(*t->sets), e);
	t->tmp = mem_aligned((size_t)g->n_workers * t->block_rows, sizeof(*t->tmp), e);
	if (!t->sets || !t->tmp || make_sums(t, e)) {
		tree_top_free(t);
		return NULL;
	}
	return t;
}

void tree_top_free(struct tree_top *t)
{
	if (!t)
		return;
	for (size_t i = 0; t->sums && i < (size_t)t->g->n_workers * t->n_batch; i++) {
		tree_sums_release(&t->sums[i].s);
		free(t->sums[i].hist);
	}
	free(t->sums);
	free(t->sets);
	free(t->tmp);
	free(t->pieces);
	free(t->leaves);
	free(t->places);
	free(t);
}

/** Are the records of so many rows too many for a leaf to be grown by itself? */
static bool is_large(const struct tree_grower *g, size_t n)
{
	return n * g->f->records.stride >= (g->p.leaf_bytes ? g->p.leaf_bytes : LEAF_BYTES);
}

bool tree_top_is_due(const struct tree_grower *g)
{
	return !g->p.mtry && !g->q->class && is_large(g, tree_branch_at(g, 0)->n / 2);
}

/* ---- a level ------------------------------------------------------------------------------------------- */

static struct tree_hist_job job_of(const struct tree_grower *g)
{
	return (struct tree_hist_job){ g->kernel, g->f, g->f->records.rows, g->q };
}

/** Parts the block's piece of a leaf. */
static void part_piece(struct tree_top *t, size_t i, size_t block, int worker)
{
	struct tree_grower *g = t->g;
	uint32_t node = g->batch[i];
	struct piece p = pieces_of(t, node)[block];
	struct piece *left = &pieces_of(t, tree_branch_at(g, node)->left)[block];
	struct piece *right = &pieces_of(t, tree_branch_at(g, node)->left + 1)[block];
	uint32_t *rows = g->rows + p.begin, *tmp = t->tmp + (size_t)worker * t->block_rows;
	uint32_t n_left = (uint32_t)g->kernel->part(&t->thresholds[i], rows, p.n, rows, tmp);

	memcpy(rows + n_left, tmp, (p.n - n_left) * sizeof(*rows));
	*left = (struct piece){ p.begin, n_left };
	*right = (struct piece){ p.begin + n_left, p.n - n_left };
}

/** Task: one block's pieces of all leaves at hand, which have children; or of the root, which is summed up. */
static void pass_block(void *ctx, size_t block, int worker)
{
	struct tree_top *t = ctx;
	struct tree_grower *g = t->g;
	struct tree_hist_job job = job_of(g);

	for (size_t i = 0; i < t->n_small; i++) {
		struct sums *s = &t->sums[(size_t)worker * t->n_batch + i];
		struct tree_hist h = tree_grower_hist(g, s->hist);
		struct piece p;

		if (tree_branch_at(g, g->batch[i])->left)
			part_piece(t, i, block, worker);
		if (t->small[i] == NONE)
			continue;
		p = pieces_of(t, t->small[i])[block];
		tree_sums_add(&job, &g->plan, g->rows + p.begin, p.n, &s->s, &h);
	}
}

/** What all threads have of leaf `i` into `memory`. */
static void collect(struct tree_top *t, size_t i, void *memory)
{
	struct tree_grower *g = t->g;
	struct tree_hist_job job = job_of(g);
	struct tree_hist all = tree_grower_hist(g, memory);

	memset(memory, 0, g->hist_size);
	for (int w = 0; w < g->n_workers; w++) {
		struct sums *s = &t->sums[(size_t)w * t->n_batch + i];
		struct tree_hist h = tree_grower_hist(g, s->hist);

		tree_sums_finish(&job, &g->plan, &s->s, &h);
		tree_hist_merge(&all, &h, g->f->n_bins, 1);
		memset(s->hist, 0, g->hist_size);
	}
	if (tree_branch_is_packed(g, tree_branch_at(g, t->small[i])))
		tree_hist_pack(&all, g->f->n_bins);
}

/** Task: the splits of both children of a leaf. */
static void find_children(void *ctx, size_t i, int worker)
{
	struct tree_top *t = ctx;
	struct tree_grower *g = t->g;
	struct tree_branch *parent = tree_branch_at(g, g->batch[i]), *small;
	void *slot, *memory;

	if (t->small[i] == NONE) {
		tree_branch_give_back(g, parent->hist);
		parent->hist = NULL;
		return;
	}
	small = tree_branch_at(g, t->small[i]);
	slot = tree_branch_may_split(g, small) ? tree_branch_slot(g) : NULL;
	memory = slot ? slot : g->workers[worker].hist;
	collect(t, i, memory);
	tree_branch_find_both(g, parent, small, memory, slot != NULL, worker);
}

/** Splits the leaves of the batch. */
static int split_batch(struct tree_top *t, struct err *e)
{
	struct tree_grower *g = t->g;

	if (tree_branch_add_children(g, e) ||
		mem_grow(&t->pieces, &t->cap_pieces, g->n_nodes * t->n_blocks, sizeof(*t->pieces),
			e))
		return -1;
	t->n_small = g->n_batch;
	for (size_t i = 0; i < g->n_batch; i++) {
		struct tree_branch *n = tree_branch_at(g, g->batch[i]);
		struct tree_part_leaf leaf = { &g->part, &n->split, n->begin, n->n, NULL, NULL };
		struct tree_hist h = tree_branch_hist(g, n, n->hist);
		size_t n_left = tree_branch_count_left(g, n, &h);

		t->thresholds[i] = tree_part_threshold(&leaf, t->sets + i * TREE_SET_WORDS);
		tree_branch_set_children(g, n, n_left);
		/* if the larger one may not be split, the smaller one may not either */
		t->small[i] = n->left + (n_left > n->n - n_left);
		if (!tree_branch_may_split(g, tree_branch_at(g, 2 * n->left + 1 - t->small[i])))
			t->small[i] = NONE;
	}
	pool_for(g->pool, t->n_blocks, pass_block, t);
	pool_for(g->pool, g->n_batch, find_children, t);
	return 0;
}

/* ---- which leaves -------------------------------------------------------------------------------------- */

/** The leaves to split next: those that come first in the order of growth, as far as it is known. */
static int choose_batch(struct tree_top *t, struct err *e)
{
	struct tree_grower *g = t->g;
	size_t turns = g->p.max_leaves ? g->p.max_leaves - 1 : SIZE_MAX;

	g->n_batch = g->n_open = 0;
	if (tree_branch_at(g, 0)->split.gain > 0 && tree_branch_heap_push(g, 0, e))
		return -1;
	for (; g->n_open && turns > 0 && g->n_batch < t->n_batch; turns--) {
		uint32_t i = tree_branch_heap_pop(g), left = tree_branch_at(g, i)->left;

		if (!left && tree_branch_at(g, i)->hist && is_large(g, tree_branch_at(g, i)->n) &&
			tree_branch_push(g, i, e))
			return -1;
		for (uint32_t c = left; left && c < left + 2; c++)
			if (tree_branch_at(g, c)->split.gain > 0 && tree_branch_heap_push(g, c, e))
				return -1;
	}
	g->n_open = 0;
	return 0;
}

/* ---- the root, and the end ----------------------------------------------------------------------------- */

/** Cuts the root's rows into blocks by their numbers. */
static void cut_blocks(struct tree_top *t)
{
	struct tree_grower *g = t->g;
	uint32_t at = 0, n = tree_branch_at(g, 0)->n;

	for (size_t b = 0; b < t->n_blocks; b++) {
		uint32_t end = tree_rows_find(g->rows, at, n, (b + 1) * t->block_rows);

		t->pieces[b] = (struct piece){ at, end - at };
		at = end;
	}
}

static int find_root(struct tree_top *t, struct err *e)
{
	struct tree_grower *g = t->g;
	void *slot = tree_branch_slot(g);

	if (mem_grow(&t->pieces, &t->cap_pieces, t->n_blocks, sizeof(*t->pieces), e)) {
		tree_branch_give_back(g, slot);
		return -1;
	}
	cut_blocks(t);
	g->n_batch = 0;
	if (tree_branch_push(g, 0, e)) {
		tree_branch_give_back(g, slot);
		return -1;
	}
	t->small[0] = 0;
	t->n_small = 1;
	pool_for(g->pool, t->n_blocks, pass_block, t);
	collect(t, 0, slot ? slot : g->spare);
	tree_branch_find_in(g, tree_branch_at(g, 0), slot ? slot : g->spare, slot != NULL, 0);
	return 0;
}

/** The leaves from left to right; each node's rows are to begin where its first leaf's do. */
static int line_up(struct tree_top *t, struct err *e)
{
	struct tree_grower *g = t->g;
	uint32_t at = 0;

	/* depth first, with the heap's array as the stack: the left child on top */
	t->n_leaves = 0;
	g->n_open = 0;
	if (tree_branch_append(g, 0, e))
		return -1;
	while (g->n_open) {
		uint32_t i = g->open[--g->n_open], left = tree_branch_at(g, i)->left;

		tree_branch_at(g, i)->begin = at;
		/* one that no histogram could be kept for may still be large */
		tree_branch_at(g, i)->is_grouped =
			tree_group_is_due(&g->group, tree_branch_at(g, i)->n);
		if (left) {
			if (tree_branch_append(g, left + 1, e) || tree_branch_append(g, left, e))
				return -1;
			continue;
		}
		if (mem_grow(&t->leaves, &t->cap_leaves, t->n_leaves + 1, sizeof(*t->leaves), e))
			return -1;
		t->leaves[t->n_leaves++] = i;
		at += tree_branch_at(g, i)->n;
	}
	return 0;
}

/** Where each piece of a leaf goes. */
static void assign_places(struct tree_top *t)
{
	for (size_t l = 0; l < t->n_leaves; l++) {
		uint32_t at = tree_branch_at(t->g, t->leaves[l])->begin;

		for (size_t b = 0; b < t->n_blocks; b++) {
			t->places[l * t->n_blocks + b] = at;
			at += pieces_of(t, t->leaves[l])[b].n;
		}
	}
}

/** Task: brings the rows of a block, and their records, to the places of their leaves. */
static void group_block(void *ctx, size_t block, int worker)
{
	struct tree_top *t = ctx;
	struct tree_grower *g = t->g;

	(void)worker;
	for (size_t l = 0; l < t->n_leaves; l++) {
		struct piece p = pieces_of(t, t->leaves[l])[block];
		uint32_t place = t->places[l * t->n_blocks + block];

		if (tree_branch_at(g, t->leaves[l])->is_grouped)
			tree_group_copy(&g->group, g->rows + p.begin, p.n, place);
		memcpy(g->part.tmp + place, g->rows + p.begin, p.n * sizeof(*g->rows));
	}
}

static void group(struct tree_top *t)
{
	struct tree_grower *g = t->g;
	uint32_t *swap = g->rows;

	assign_places(t);
	pool_for(g->pool, t->n_blocks, group_block, t);
	g->rows = g->part.tmp;
	g->part.tmp = swap;
}

int tree_top_grow(struct tree_grower *g, struct err *e)
{
	struct tree_top *t = g->top;

	if (!t)
		t = g->top = top_new(g, e);
	if (!t || find_root(t, e))
		return -1;
	do {
		if (choose_batch(t, e) || split_batch(t, e))
			return -1;
	} while (g->n_batch);
	if (!tree_branch_at(g, 0)->left)
		return 0;
	if (line_up(t, e) || mem_grow(&t->places, &t->cap_places, t->n_leaves * t->n_blocks,
				     sizeof(*t->places), e))
		return -1;
	group(t);
	return 0;
}
