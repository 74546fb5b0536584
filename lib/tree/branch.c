#include "tree/branch.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "tree/objective.h"
#include "tree/together.h"

enum { WORTH = 1 << 9 }; /* rows in all that are worth waking threads for */

/* ---- histograms ---------------------------------------------------------------------------------------- */

void *tree_branch_slot(struct tree_grower *g)
{
	struct err ignored = ERR_INIT;
	void *p = NULL;
	bool make = false;

	pthread_mutex_lock(&g->lock);
	if (g->n_kept) {
		p = g->kept[--g->n_kept];
	} else if (g->n_made < g->max_kept) {
		g->n_made++;
		make = true;
	}
	pthread_mutex_unlock(&g->lock);
	return make ? mem_aligned(g->hist_size, 1, &ignored) : p;
}

void tree_branch_give_back(struct tree_grower *g, void *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&g->lock);
	g->kept[g->n_kept++] = p;
	pthread_mutex_unlock(&g->lock);
}

struct sum_job {
	struct tree_grower *g;
	const struct tree_branch *leaf;
	struct tree_hist_job hist;
	const struct tree_plan *plan;
	const uint32_t *rows; /* NULL: records lie side by side */
	size_t n;
};

static void sum_block(void *ctx, size_t block, int worker)
{
	struct sum_job *j = ctx;
	struct tree_grow_worker *w = &j->g->workers[worker];
	struct tree_hist h = tree_branch_hist(j->g, j->leaf, w->hist);
	struct tree_hist_job part = j->hist;
	size_t from = block * TREE_ROW_BLOCK;
	size_t n = j->n - from < TREE_ROW_BLOCK ? j->n - from : TREE_ROW_BLOCK;

	if (!j->rows)
		part.records += from * j->g->f->records.stride;
	tree_hist_add(&part, j->plan, j->rows ? j->rows + from : NULL, n, &w->sums, &h);
}

void tree_branch_sum_up(struct tree_grower *g, const struct tree_plan *plan,
	const struct tree_branch *n, void *memory, int worker)
{
	const uint8_t *records =
		n->is_grouped ? tree_group_at(&g->group, n->begin) : g->f->records.rows;
	struct sum_job j = { g, n, { g->kernel, g->f, records, g->q }, plan,
		n->is_grouped ? NULL : g->rows + n->begin, n->n };
	struct tree_hist h = tree_branch_hist(g, n, memory);
	struct tree_columns cols = plan->cols;

	tree_hist_clear(g->f, cols, g->n_classes, &h);
	if (worker >= 0) {
		tree_hist_add(&j.hist, plan, j.rows, j.n, &g->workers[worker].sums, &h);
		return;
	}
	for (int i = 0; i < g->n_workers; i++) {
		struct tree_hist part = tree_branch_hist(g, n, g->workers[i].hist);

		tree_hist_clear(g->f, cols, g->n_classes, &part);
	}
	pool_for(g->pool, tree_n_blocks(n->n), sum_block, &j);
	for (int i = 0; i < g->n_workers; i++) {
		struct tree_hist part = tree_branch_hist(g, n, g->workers[i].hist);

		for (size_t c = 0; c < cols.n; c++) {
			const struct tree_frame_column *col =
				&g->f->cols[cols.list ? cols.list[c] : c];
			struct tree_hist a = tree_hist_from(&h, col->first, g->n_classes);
			struct tree_hist b = tree_hist_from(&part, col->first, g->n_classes);

			tree_hist_merge(&a, &b, col->n_bins, g->n_classes);
		}
	}
}

/* ---- a leaf's split ------------------------------------------------------------------------------------- */

bool tree_branch_may_split(const struct tree_grower *g, const struct tree_branch *n)
{
	return n->all_n >= 2 * g->p.split.min_samples_leaf && n->all_n >= 2 &&
	       (g->p.max_depth == 0 || n->depth < g->p.max_depth);
}

/** The columns that the node may be split by. */
static struct tree_columns columns_of(
	struct tree_grower *g, const struct tree_branch *n, int worker)
{
	struct tree_grow_worker *w = &g->workers[worker < 0 ? 0 : worker];
	size_t words = (g->f->n_cols + 63) / 64;
	struct tree_choice_node c = { g->key, n->key, n->depth, w->path, w->path + words };

	if (tree_choice_is_free(&g->p.choice))
		return g->plan.cols;
	memset(w->path, 0, words * sizeof(*w->path));
	for (const struct tree_branch *up = n->parent; up; up = up->parent)
		w->path[up->split.col / 64] |= (uint64_t)1 << (up->split.col % 64);
	return (struct tree_columns){ w->cols,
		tree_choose(&g->p.choice, g->plan.cols, &c, w->cols) };
}

void tree_branch_own_set(struct tree_grower *g, struct tree_split *s)
{
	struct err none = ERR_INIT;
	uint64_t *own;
	size_t size;

	if (!(s->gain > 0) || !s->is_categorical) {
		s->right = NULL;
		return;
	}
	size = tree_split_words(&g->f->cols[s->col]) * sizeof(*own);
	own = mem_array_raw(size, 1, &none);
	if (own) {
		memcpy(own, s->right, size);
	} else {
		s->gain = 0;
		atomic_store(&g->has_no_memory, true);
	}
	s->right = own;
}

uint32_t tree_branch_count_left(
	const struct tree_grower *g, const struct tree_branch *n, const struct tree_hist *h)
{
	const struct tree_frame_column *c = &g->f->cols[n->split.col];
	uint32_t n_left = 0;

	for (uint32_t bin = 0; bin < c->n_bins; bin++)
		n_left += tree_split_right(&n->split, bin) ? 0 : tree_hist_n(h, c->first + bin);
	return n_left;
}

void tree_branch_search(struct tree_grower *g, struct tree_columns cols, struct tree_branch *n,
	void *memory, int worker)
{
	struct tree_hist h = tree_branch_hist(g, n, memory);
	struct tree_split *s = &n->split;

	if (cols.n == 0) {
		s->gain = 0;
		return;
	}
	tree_split_find(g->f, cols, g->q, &g->p.split, n->bounds, &h,
		&g->workers[worker < 0 ? 0 : worker].split, s);
	if (g->f->comm && s->gain > 0)
		n->all_left = tree_branch_count_left(g, n, &h);
	tree_branch_own_set(g, s);
}

struct tree_columns tree_branch_draw(
	struct tree_grower *g, const struct tree_branch *n, size_t drawn, int worker)
{
	struct tree_grow_worker *w = &g->workers[worker < 0 ? 0 : worker];
	struct tree_columns all = columns_of(g, n, worker);
	size_t more = all.n - drawn < g->p.mtry ? all.n - drawn : g->p.mtry;

	for (size_t i = 0; i < all.n && all.list != w->cols; i++)
		w->cols[i] = all.list ? all.list[i] : (uint32_t)i;
	for (size_t i = 0; i < drawn + more; i++) {
		size_t k = i + rng_below(n->key, 1, i, all.n - i);
		uint32_t swap = w->cols[i];

		w->cols[i] = w->cols[k];
		w->cols[k] = swap;
	}
	return (struct tree_columns){ w->cols + drawn, more };
}

/** More columns are drawn if the first ones have no split at all. */
static void find_among_drawn(struct tree_grower *g, struct tree_branch *n, int worker)
{
	struct tree_grow_worker *w = &g->workers[worker < 0 ? 0 : worker];
	void *memory = worker < 0 ? g->spare : w->hist;
	struct tree_columns cols = tree_branch_draw(g, n, 0, worker);

	for (size_t drawn = 0; cols.n > 0 && !(n->split.gain > 0);) {
		tree_plan_set(&w->plan, g->f, cols);
		tree_branch_sum_up(g, &w->plan, n, memory, worker);
		tree_branch_search(g, cols, n, memory, worker);
		drawn += cols.n;
		if (!(n->split.gain > 0))
			cols = tree_branch_draw(g, n, drawn, worker);
	}
}

/** A node that will be split keeps its histogram, if that is in a slot. */
static void keep(struct tree_grower *g, struct tree_branch *n, void *memory, bool is_slot)
{
	if (is_slot && n->split.gain > 0)
		n->hist = memory;
	else if (is_slot)
		tree_branch_give_back(g, memory);
}

void tree_branch_find_in(
	struct tree_grower *g, struct tree_branch *n, void *memory, bool is_slot, int worker)
{
	tree_branch_search(g, columns_of(g, n, worker), n, memory, worker);
	keep(g, n, memory, is_slot);
}

void tree_branch_find(struct tree_grower *g, struct tree_branch *n, int worker)
{
	void *slot;

	if (g->p.mtry) {
		find_among_drawn(g, n, worker);
		return;
	}
	slot = tree_branch_slot(g);
	if (slot) {
		tree_branch_sum_up(g, &g->plan, n, slot, worker);
		tree_branch_find_in(g, n, slot, true, worker);
		return;
	}
	slot = worker < 0 ? g->spare : g->workers[worker].hist;
	tree_branch_sum_up(g, &g->plan, n, slot, worker);
	tree_branch_find_in(g, n, slot, false, worker);
}

void tree_branch_subtract(const struct tree_grower *g, struct tree_columns cols,
	const struct tree_hist *a, const struct tree_hist *b, bool packs)
{
	/* the bins of all columns lie side by side */
	bool is_all = cols.n == g->f->n_cols;

	for (size_t i = 0; i < (is_all ? 1 : cols.n); i++) {
		const struct tree_frame_column *c = is_all ? NULL : &g->f->cols[cols.list[i]];
		uint32_t first = c ? c->first : 0, n = c ? c->n_bins : g->f->n_bins;
		struct tree_hist x = tree_hist_from(a, first, g->n_classes);
		struct tree_hist y = tree_hist_from(b, first, g->n_classes);

		tree_hist_subtract(&x, &y, n, g->n_classes);
		if (packs && !x.packed)
			tree_hist_pack(&x, n);
	}
}

void tree_branch_find_both(struct tree_grower *g, struct tree_branch *parent,
	struct tree_branch *small, void *memory, bool is_slot, int worker)
{
	struct tree_branch *large = tree_branch_sibling(g, small);
	struct tree_hist all = tree_branch_hist(g, parent, parent->hist);
	struct tree_hist part = tree_branch_hist(g, small, memory);

	tree_branch_subtract(g, g->plan.cols, &all, &part, tree_branch_is_packed(g, large));
	if (tree_branch_may_split(g, small))
		tree_branch_find_in(g, small, memory, is_slot, worker);
	tree_branch_find_in(g, large, parent->hist, true, worker);
	parent->hist = NULL;
}

/** The smaller child is summed up, the larger is what is left of the parent's histogram. */
static void find_by_rest(
	struct tree_grower *g, struct tree_branch *parent, struct tree_branch *small, int worker)
{
	void *slot = tree_branch_may_split(g, small) ? tree_branch_slot(g) : NULL;
	void *memory = slot ? slot : worker < 0 ? g->spare : g->workers[worker].hist;

	if (tree_spread_is_due(g, parent)) {
		memory = slot ? slot : g->spare;
		tree_spread_find(g, parent, small, memory);
		keep(g, small, memory, slot != NULL);
		keep(g, tree_branch_sibling(g, small), parent->hist, true);
		parent->hist = NULL;
		return;
	}
	tree_branch_sum_up(g, &g->plan, small, memory, worker);
	tree_branch_find_both(g, parent, small, memory, slot != NULL, worker);
}

/** Brings the leaf's rows together if it is time. Classes are looked up by row: theirs stay. */
static void group_rows(struct tree_grower *g, struct tree_branch *n, int worker)
{
	if (n->n == 0 || n->is_grouped || g->q->class || !tree_group_is_due(&g->group, n->n))
		return;
	tree_group_rows(&g->group, g->rows + n->begin, n->n, n->begin, worker < 0 ? g->pool : NULL);
	n->is_grouped = true;
}

void tree_branch_set_children(struct tree_grower *g, const struct tree_branch *n, size_t n_left)
{
	struct tree_branch *c = tree_branch_at(g, n->left);
	uint32_t all_left = g->f->comm ? n->all_left : (uint32_t)n_left;

	for (int i = 0; i < 2; i++) {
		memset(&c[i], 0, sizeof(c[i]));
		c[i].all_begin = n->all_begin + (i ? all_left : 0);
		c[i].all_n = i ? n->all_n - all_left : all_left;
		c[i].begin = n->begin + (i ? (uint32_t)n_left : 0);
		c[i].n = i ? n->n - (uint32_t)n_left : (uint32_t)n_left;
		c[i].depth = n->depth + 1;
		c[i].is_grouped = n->is_grouped;
		c[i].parent = n;
		c[i].bounds = n->bounds;
		c[i].key = rng_mix(n->key + 0x9e3779b97f4a7c15u * (uint64_t)(1 + i));
	}
	if (g->p.split.monotone)
		tree_bounds_part(n->bounds, g->p.split.monotone[n->split.col], n->split.left_weight,
			n->split.right_weight, &c[0].bounds, &c[1].bounds);
}

void tree_branch_part(struct tree_grower *g, struct tree_branch *n, int worker)
{
	struct tree_part_leaf leaf = { &g->part, &n->split, n->begin, n->n, NULL,
		g->workers[worker < 0 ? 0 : worker].tmp };

	group_rows(g, n, worker);
	if (n->is_grouped)
		leaf.records = tree_group_at(&g->group, n->begin);
	tree_branch_set_children(g, n, tree_part_rows(&leaf, g->rows, worker < 0 ? g->pool : NULL));
}

/** Parts the leaf and finds the splits of its children, which are there already. */
static void expand(struct tree_grower *g, struct tree_branch *n, int worker)
{
	struct tree_branch *c = tree_branch_at(g, n->left);

	tree_branch_part(g, n, worker);
	if (n->hist) {
		struct tree_branch *small = tree_branch_small_child(g, n);

		if (tree_branch_may_split(g, tree_branch_sibling(g, small))) {
			find_by_rest(g, n, small, worker);
			return;
		}
		tree_branch_give_back(g, n->hist);
		n->hist = NULL;
	}
	for (int i = 0; i < 2; i++)
		if (tree_branch_may_split(g, &c[i]))
			tree_branch_find(g, &c[i], worker);
}

static void expand_task(void *ctx, size_t i, int worker)
{
	struct tree_grower *g = ctx;

	expand(g, tree_branch_at(g, g->batch[i]), worker);
}

/** Adds `n` nodes side by side, without content, and says the first one's number. */
static int add_nodes(struct tree_grower *g, size_t n, uint32_t *first, struct err *e)
{
	size_t size = TREE_BRANCH_CHUNK, end = size;
	struct tree_branch **chunk = g->nodes;
	int rc = -1;

	pthread_mutex_lock(&g->lock);
	for (; g->n_nodes + 1 >= end; size *= 2, end += size)
		chunk++;
	if (!*chunk)
		*chunk = mem_array_raw(size, sizeof(**chunk), e);
	if (*chunk) {
		*first = (uint32_t)g->n_nodes;
		memset(tree_branch_at(g, *first), 0, n * sizeof(**chunk));
		g->n_nodes += n;
		rc = 0;
	}
	pthread_mutex_unlock(&g->lock);
	return rc;
}

int tree_branch_add_root(struct tree_grower *g, struct err *e)
{
	uint32_t first;

	g->n_nodes = 0;
	return add_nodes(g, 1, &first, e);
}

int tree_branch_add_children(struct tree_grower *g, struct err *e)
{
	for (size_t i = 0; i < g->n_batch; i++)
		if (add_nodes(g, 2, &tree_branch_at(g, g->batch[i])->left, e))
			return -1;
	return 0;
}

/** Splits the leaf and those below it, depth first. */
static int grow_below(struct tree_grower *g, uint32_t leaf, int worker, struct err *e)
{
	struct tree_grow_worker *w = &g->workers[worker];
	size_t n = 1;

	if (mem_grow(&w->stack, &w->cap_stack, n, sizeof(*w->stack), e))
		return -1;
	w->stack[0] = leaf;
	while (n) {
		struct tree_branch *b = tree_branch_at(g, w->stack[--n]);

		if (mem_grow(&w->stack, &w->cap_stack, n + 2, sizeof(*w->stack), e) ||
			add_nodes(g, 2, &b->left, e))
			return -1;
		expand(g, b, worker);
		for (uint32_t c = b->left; c < b->left + 2; c++)
			if (tree_branch_at(g, c)->split.gain > 0)
				w->stack[n++] = c;
	}
	return 0;
}

static void grow_task(void *ctx, size_t i, int worker)
{
	struct tree_grower *g = ctx;
	struct err none = ERR_INIT;

	if (grow_below(g, g->batch[i], worker, &none))
		atomic_store(&g->has_no_memory, true);
}

void tree_branch_finish(struct tree_grower *g)
{
	pool_for(g->pool, g->n_batch, grow_task, g);
}

int tree_branch_expand(struct tree_grower *g, struct err *e)
{
	size_t n_small = 0, n_rows = 0;

	if (tree_branch_add_children(g, e))
		return -1;
	if (g->f->comm)
		return tree_together_expand(g, e);
	for (size_t i = 0; i < g->n_batch; i++) {
		struct tree_branch *n = tree_branch_at(g, g->batch[i]);

		if (tree_branch_is_large(g, n)) {
			expand(g, n, -1);
			continue;
		}
		n_rows += n->n;
		g->batch[n_small++] = g->batch[i];
	}
	if (g->n_workers > 1 && n_small > 1 && n_rows >= WORTH)
		pool_for(g->pool, n_small, expand_task, g);
	else
		for (size_t i = 0; i < n_small; i++)
			expand_task(g, i, 0);
	return 0;
}

int tree_branch_push(struct tree_grower *g, uint32_t node, struct err *e)
{
	if (mem_grow(&g->batch, &g->cap_batch, g->n_batch + 1, sizeof(*g->batch), e))
		return -1;
	g->batch[g->n_batch++] = node;
	return 0;
}
