#include "tree/grow.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "tree/group.h"
#include "tree/objective.h"
#include "tree/part.h"

enum {
	LARGE = 1 << 16, /* rows of a leaf that all threads handle together */
	WORTH = 1 << 12, /* rows in all that are worth waking threads for */
	LOOK_AHEAD = 4, /* leaves per thread that are split before their turn */
};

/** A node on its way. */
struct node {
	struct tree_split split; /* gain 0: none */
	uint64_t key;
	void *hist; /* kept for its children, or NULL */
	uint32_t begin, n, depth;
	uint32_t left; /* first child, 0: not split yet */
	uint32_t parent; /* of the root: itself */
	struct tree_bounds bounds;
	bool is_taken; /* its split is part of the tree */
	bool is_grouped; /* its rows were brought together */
	uint32_t first_place; /* of those that it was one of then */
};

/** What one thread needs. */
struct worker {
	struct tree_sums sums;
	struct tree_plan plan; /* of drawn columns */
	void *hist;
	uint32_t *cols; /* [n_cols] drawn for a split */
	uint64_t *path; /* [2][words of sets of columns] above a node, and scratch */
	struct tree_split_work split;
};

struct tree_grower {
	const struct tree_frame *f;
	struct tree_grow_params p;
	struct pool *pool;
	size_t n_classes, hist_size;
	struct worker *workers; /* [pool_size] */
	int n_workers;
	void *spare; /* histogram of a large leaf that is not kept */
	uint32_t *rows; /* [n_rows] */
	struct tree_part part;
	struct tree_group group;
	const struct tree_kernel *kernel;

	atomic_bool has_no_memory; /* for a split's set */
	pthread_mutex_t lock; /* of the following */
	void **kept; /* free histograms */
	size_t n_kept, n_made, max_kept;

	/* of a run */
	const struct tree_quant *q;
	struct tree_plan plan; /* of the tree's columns */
	uint64_t key;
	struct node *nodes;
	size_t n_nodes, cap_nodes;
	uint32_t *open; /* a heap, or the nodes of a level */
	size_t n_open, cap_open;
	uint32_t *batch;
	size_t n_batch, cap_batch;

	struct tree_grow_node *done;
	size_t n_done, cap_done;
};

/* ---- life ---------------------------------------------------------------------------------------------- */

static int make_workers(struct tree_grower *g, struct err *e)
{
	g->workers = mem_array((size_t)g->n_workers, sizeof(*g->workers), e);
	if (!g->workers)
		return -1;
	for (int i = 0; i < g->n_workers; i++) {
		struct worker *w = &g->workers[i];

		if (tree_sums_init(&w->sums, g->f, e) || tree_plan_init(&w->plan, g->f, e))
			return -1;
		w->hist = mem_aligned(g->hist_size, 1, e);
		w->cols = w->hist ? mem_array(g->f->n_cols, sizeof(*w->cols), e) : NULL;
		w->path = w->cols ? mem_array(2 * ((g->f->n_cols + 63) / 64), sizeof(*w->path), e)
				  : NULL;
		if (!w->path || tree_split_work_init(&w->split, g->f, e))
			return -1;
	}
	g->spare = mem_aligned(g->hist_size, 1, e);
	g->rows = g->spare ? mem_aligned(g->f->n_rows, sizeof(*g->rows), e) : NULL;
	g->kept = g->rows ? mem_array(g->max_kept, sizeof(*g->kept), e) : NULL;
	if (!g->kept || tree_plan_init(&g->plan, g->f, e) || tree_part_init(&g->part, g->f, e) ||
		tree_group_init(&g->group, g->f, e))
		return -1;
	return 0;
}

struct tree_grower *tree_grower_new(const struct tree_frame *f, const struct tree_grow_params *p,
	size_t n_classes, struct pool *pool, struct err *e)
{
	struct tree_grower *g = mem_new(sizeof(*g), e);

	if (!g)
		return NULL;
	g->f = f;
	g->p = *p;
	g->pool = pool;
	g->kernel = tree_kernel_best();
	g->n_workers = pool_size(pool);
	g->n_classes = n_classes;
	g->hist_size = tree_hist_size(f->n_bins, n_classes);
	g->max_kept = p->mtry ? 0 : p->hist_memory / g->hist_size;
	if (g->max_kept > 1 << 20)
		g->max_kept = 1 << 20;
	pthread_mutex_init(&g->lock, NULL);
	if (make_workers(g, e)) {
		tree_grower_free(g);
		return NULL;
	}
	return g;
}

void tree_grower_free(struct tree_grower *g)
{
	if (!g)
		return;
	for (int i = 0; g->workers && i < g->n_workers; i++) {
		tree_sums_release(&g->workers[i].sums);
		tree_plan_release(&g->workers[i].plan);
		free(g->workers[i].hist);
		free(g->workers[i].cols);
		free(g->workers[i].path);
		tree_split_work_release(&g->workers[i].split);
	}
	free(g->workers);
	for (size_t i = 0; i < g->n_nodes; i++) {
		free(g->nodes[i].hist);
		free(g->nodes[i].split.right);
	}
	for (size_t i = 0; i < g->n_kept; i++)
		free(g->kept[i]);
	pthread_mutex_destroy(&g->lock);
	free(g->kept);
	free(g->spare);
	free(g->rows);
	tree_plan_release(&g->plan);
	tree_part_release(&g->part);
	tree_group_release(&g->group);
	free(g->nodes);
	free(g->open);
	free(g->batch);
	free(g->done);
	free(g);
}

uint32_t *tree_grower_rows(const struct tree_grower *g)
{
	return g->rows;
}

/* ---- histograms ---------------------------------------------------------------------------------------- */

/** Memory to keep a histogram in, or NULL: then it is not kept, which costs time only. */
static void *slot_get(struct tree_grower *g)
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

static void slot_put(struct tree_grower *g, void *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&g->lock);
	g->kept[g->n_kept++] = p;
	pthread_mutex_unlock(&g->lock);
}

static struct tree_hist hist_at(const struct tree_grower *g, void *memory)
{
	return tree_hist_at(memory, g->f->n_bins, g->n_classes);
}

struct sum_job {
	struct tree_grower *g;
	struct tree_hist_job hist;
	const struct tree_plan *plan;
	const uint32_t *rows;
	size_t n;
};

static void sum_block(void *ctx, size_t block, int worker)
{
	struct sum_job *j = ctx;
	struct worker *w = &j->g->workers[worker];
	struct tree_hist h = hist_at(j->g, w->hist);
	size_t from = block * TREE_ROW_BLOCK;
	size_t n = j->n - from < TREE_ROW_BLOCK ? j->n - from : TREE_ROW_BLOCK;

	tree_hist_add(&j->hist, j->plan, j->rows + from, n, &w->sums, &h);
}

/** Sums up a leaf's rows into `memory`; `worker` < 0: with all threads. */
static void sum_up(struct tree_grower *g, const struct tree_plan *plan, const struct node *n,
	void *memory, int worker)
{
	const struct tree_records *records = n->is_grouped ? &g->group.records : &g->f->records;
	struct sum_job j = { g, { g->kernel, g->f, records, g->q }, plan, g->rows + n->begin,
		n->n };
	struct tree_hist h = hist_at(g, memory);
	struct tree_columns cols = plan->cols;

	tree_hist_clear(g->f, cols, g->n_classes, &h);
	if (worker >= 0) {
		tree_hist_add(&j.hist, plan, j.rows, j.n, &g->workers[worker].sums, &h);
		return;
	}
	for (int i = 0; i < g->n_workers; i++) {
		struct tree_hist part = hist_at(g, g->workers[i].hist);

		tree_hist_clear(g->f, cols, g->n_classes, &part);
	}
	pool_for(g->pool, tree_n_blocks(n->n), sum_block, &j);
	for (int i = 0; i < g->n_workers; i++) {
		struct tree_hist part = hist_at(g, g->workers[i].hist);

		for (size_t c = 0; c < cols.n; c++) {
			const struct tree_frame_column *col =
				&g->f->cols[cols.list ? cols.list[c] : c];
			struct tree_hist a = { h.grad + col->first * g->n_classes,
				h.hess + col->first, h.n + col->first };
			struct tree_hist b = { part.grad + col->first * g->n_classes,
				part.hess + col->first, part.n + col->first };

			tree_hist_merge(&a, &b, col->n_bins, g->n_classes);
		}
	}
}

/* ---- a leaf's split ------------------------------------------------------------------------------------- */

static bool may_split(const struct tree_grower *g, const struct node *n)
{
	return n->n >= 2 * g->p.split.min_samples_leaf && n->n >= 2 &&
	       (g->p.max_depth == 0 || n->depth < g->p.max_depth);
}

/** The columns that the node may be split by. */
static struct tree_columns columns_of(struct tree_grower *g, const struct node *n, int worker)
{
	struct worker *w = &g->workers[worker < 0 ? 0 : worker];
	size_t words = (g->f->n_cols + 63) / 64;
	struct tree_choice_node c = { g->key, n->key, n->depth, w->path, w->path + words };

	if (tree_choice_is_free(&g->p.choice))
		return g->plan.cols;
	memset(w->path, 0, words * sizeof(*w->path));
	for (const struct node *up = n; up != g->nodes;) {
		uint32_t col;

		up = &g->nodes[up->parent];
		col = up->split.col;
		w->path[col / 64] |= (uint64_t)1 << (col % 64);
	}
	return (struct tree_columns){ w->cols,
		tree_choose(&g->p.choice, g->plan.cols, &c, w->cols) };
}

/** Searches the histogram; the split's set becomes the node's own. */
static void search(
	struct tree_grower *g, struct tree_columns cols, struct node *n, void *memory, int worker)
{
	struct tree_hist h = hist_at(g, memory);
	struct err none = ERR_INIT;
	struct tree_split *s = &n->split;
	uint64_t *own;
	size_t size;

	if (cols.n == 0) {
		s->gain = 0;
		return;
	}
	tree_split_find(g->f, cols, g->q, &g->p.split, n->bounds, &h,
		&g->workers[worker < 0 ? 0 : worker].split, s);
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

/** Draws columns for the split, as many as --mtry says; more if those have no split at all. */
static void find_among_drawn(struct tree_grower *g, struct node *n, int worker)
{
	struct worker *w = &g->workers[worker < 0 ? 0 : worker];
	void *memory = worker < 0 ? g->spare : w->hist;
	struct tree_columns all = columns_of(g, n, worker);
	size_t n_cols = all.n, drawn = 0;

	for (size_t i = 0; i < n_cols && all.list != w->cols; i++)
		w->cols[i] = all.list ? all.list[i] : (uint32_t)i;
	while (drawn < n_cols && !(n->split.gain > 0)) {
		size_t more = n_cols - drawn < g->p.mtry ? n_cols - drawn : g->p.mtry;
		struct tree_columns cols = { w->cols + drawn, more };

		for (size_t i = drawn; i < drawn + more; i++) {
			size_t k = i + rng_below(n->key, 1, i, n_cols - i);
			uint32_t swap = w->cols[i];

			w->cols[i] = w->cols[k];
			w->cols[k] = swap;
		}
		tree_plan_set(&w->plan, g->f, cols);
		sum_up(g, &w->plan, n, memory, worker);
		search(g, cols, n, memory, worker);
		drawn += more;
	}
}

/** Finds the split of a leaf whose histogram lies in `memory`; keeps that if it is a slot and of use. */
static void find_in(struct tree_grower *g, struct node *n, void *memory, bool is_slot, int worker)
{
	search(g, columns_of(g, n, worker), n, memory, worker);
	if (!is_slot)
		return;
	if (n->split.gain > 0)
		n->hist = memory;
	else
		slot_put(g, memory);
}

/** Sums up the leaf's rows and finds its split. */
static void find_directly(struct tree_grower *g, struct node *n, int worker)
{
	void *slot;

	if (g->p.mtry) {
		find_among_drawn(g, n, worker);
		return;
	}
	slot = slot_get(g);
	if (slot) {
		sum_up(g, &g->plan, n, slot, worker);
		find_in(g, n, slot, true, worker);
		return;
	}
	slot = worker < 0 ? g->spare : g->workers[worker].hist;
	sum_up(g, &g->plan, n, slot, worker);
	find_in(g, n, slot, false, worker);
}

/** The smaller child is summed up, the larger is what is left of the parent's histogram. */
static void find_by_rest(struct tree_grower *g, struct node *parent, struct node *small,
	struct node *large, int worker)
{
	void *slot = may_split(g, small) ? slot_get(g) : NULL;
	void *memory = slot ? slot : worker < 0 ? g->spare : g->workers[worker].hist;
	struct tree_hist all = hist_at(g, parent->hist), part = hist_at(g, memory);

	sum_up(g, &g->plan, small, memory, worker);
	if (g->plan.cols.n < g->f->n_cols) {
		for (size_t i = 0; i < g->plan.cols.n; i++) {
			const struct tree_frame_column *c = &g->f->cols[g->plan.cols.list[i]];
			struct tree_hist a = { all.grad + c->first * g->n_classes,
				all.hess + c->first, all.n + c->first };
			struct tree_hist b = { part.grad + c->first * g->n_classes,
				part.hess + c->first, part.n + c->first };

			tree_hist_subtract(&a, &b, c->n_bins, g->n_classes);
		}
	} else {
		tree_hist_subtract(&all, &part, g->f->n_bins, g->n_classes);
	}
	if (may_split(g, small))
		find_in(g, small, memory, slot != NULL, worker);
	find_in(g, large, parent->hist, true, worker);
	parent->hist = NULL;
}

/** Brings the leaf's rows together if it is time. Classes are looked up by row: theirs stay. */
static void group_rows(struct tree_grower *g, struct node *n, int worker)
{
	if (n->is_grouped || g->q->class || !tree_group_is_due(&g->group, n->n))
		return;
	tree_group_rows(&g->group, g->rows, n->begin, n->n, worker < 0 ? g->pool : NULL);
	n->is_grouped = true;
	n->first_place = n->begin;
}

/** Parts the leaf and finds the splits of its children, which are there already. `worker` < 0: all. */
static void expand(struct tree_grower *g, struct node *n, int worker)
{
	struct node *c = &g->nodes[n->left];
	struct tree_part_leaf leaf = { &g->part, &n->split, n->begin, n->n, NULL, 0 };
	size_t n_left;

	group_rows(g, n, worker);
	if (n->is_grouped)
		leaf.records = g->group.records.rows;
	leaf.first = n->first_place;
	n_left = tree_part_rows(&leaf, g->rows, worker < 0 ? g->pool : NULL);

	for (int i = 0; i < 2; i++) {
		memset(&c[i], 0, sizeof(c[i]));
		c[i].begin = n->begin + (i ? (uint32_t)n_left : 0);
		c[i].n = i ? n->n - (uint32_t)n_left : (uint32_t)n_left;
		c[i].depth = n->depth + 1;
		c[i].is_grouped = n->is_grouped;
		c[i].first_place = n->first_place;
		c[i].parent = (uint32_t)(n - g->nodes);
		c[i].bounds = n->bounds;
		c[i].key = rng_mix(n->key + 0x9e3779b97f4a7c15u * (uint64_t)(1 + i));
	}
	if (g->p.split.monotone)
		tree_bounds_part(n->bounds, g->p.split.monotone[n->split.col], n->split.left_weight,
			n->split.right_weight, &c[0].bounds, &c[1].bounds);
	if (n->hist) {
		struct node *small = c[0].n <= c[1].n ? &c[0] : &c[1];
		struct node *large = small == &c[0] ? &c[1] : &c[0];

		if (may_split(g, large)) {
			find_by_rest(g, n, small, large, worker);
			return;
		}
		slot_put(g, n->hist);
		n->hist = NULL;
	}
	for (int i = 0; i < 2; i++)
		if (may_split(g, &c[i]))
			find_directly(g, &c[i], worker);
}

static void expand_task(void *ctx, size_t i, int worker)
{
	struct tree_grower *g = ctx;

	expand(g, &g->nodes[g->batch[i]], worker);
}

/** Expands all nodes of the batch: large ones one after another with all threads, the others side by side. */
static int expand_batch(struct tree_grower *g, struct err *e)
{
	size_t n_small = 0, n_rows = 0;

	if (mem_grow(&g->nodes, &g->cap_nodes, g->n_nodes + 2 * g->n_batch, sizeof(*g->nodes), e))
		return -1;
	for (size_t i = 0; i < g->n_batch; i++) {
		g->nodes[g->batch[i]].left = (uint32_t)g->n_nodes;
		memset(&g->nodes[g->n_nodes], 0, 2 * sizeof(*g->nodes));
		g->n_nodes += 2;
	}
	for (size_t i = 0; i < g->n_batch; i++) {
		struct node *n = &g->nodes[g->batch[i]];

		if (g->n_workers > 1 && n->n >= LARGE) {
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

/* ---- depth-wise ------------------------------------------------------------------------------------------- */

static int push_open(struct tree_grower *g, uint32_t node, struct err *e)
{
	if (mem_grow(&g->open, &g->cap_open, g->n_open + 1, sizeof(*g->open), e))
		return -1;
	g->open[g->n_open++] = node;
	return 0;
}

static int push_batch(struct tree_grower *g, uint32_t node, struct err *e)
{
	if (mem_grow(&g->batch, &g->cap_batch, g->n_batch + 1, sizeof(*g->batch), e))
		return -1;
	g->batch[g->n_batch++] = node;
	return 0;
}

static int grow_levels(struct tree_grower *g, struct err *e)
{
	while (g->n_open > 0) {
		size_t n = g->n_open;

		g->n_batch = 0;
		for (size_t i = 0; i < n; i++)
			if (push_batch(g, g->open[i], e))
				return -1;
		if (expand_batch(g, e))
			return -1;
		g->n_open = 0;
		for (size_t i = g->n_nodes - 2 * n; i < g->n_nodes; i++)
			if (g->nodes[i].split.gain > 0 && push_open(g, (uint32_t)i, e))
				return -1;
	}
	for (size_t i = 0; i < g->n_nodes; i++)
		g->nodes[i].is_taken = g->nodes[i].left > 0;
	return 0;
}

/* ---- leaf-wise -------------------------------------------------------------------------------------------- */

/** Larger gain first; of equals the one with the first rows: no order of work shows in it. */
static bool is_before(const struct tree_grower *g, uint32_t a, uint32_t b)
{
	const struct node *x = &g->nodes[a], *y = &g->nodes[b];

	return x->split.gain != y->split.gain ? x->split.gain > y->split.gain : x->begin < y->begin;
}

static int heap_push(struct tree_grower *g, uint32_t node, struct err *e)
{
	size_t i = g->n_open;

	if (push_open(g, node, e))
		return -1;
	for (; i > 0 && is_before(g, node, g->open[(i - 1) / 2]); i = (i - 1) / 2)
		g->open[i] = g->open[(i - 1) / 2];
	g->open[i] = node;
	return 0;
}

static uint32_t heap_pop(struct tree_grower *g)
{
	uint32_t top = g->open[0], last = g->open[--g->n_open];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < g->n_open) {
		if (child + 1 < g->n_open && is_before(g, g->open[child + 1], g->open[child]))
			child++;
		if (!is_before(g, g->open[child], last))
			break;
		g->open[i] = g->open[child];
		i = child;
	}
	g->open[i] = last;
	return top;
}

/** The first leaf and those behind it that are not split yet: as many as keep the threads busy. */
static int gather_batch(struct tree_grower *g, uint32_t first, size_t most, struct err *e)
{
	size_t room = g->n_workers > 1 ? (size_t)g->n_workers * LOOK_AHEAD : 1, n_popped = 0;
	uint32_t popped[256];

	g->n_batch = 0;
	if (push_batch(g, first, e))
		return -1;
	if (g->nodes[first].n >= LARGE)
		return 0;
	room = room < most ? room : most;
	while (g->n_open && n_popped < 256 && g->n_batch < room) {
		uint32_t i = heap_pop(g);

		popped[n_popped++] = i;
		if (g->nodes[i].left == 0 && g->nodes[i].n < LARGE && push_batch(g, i, e))
			return -1;
	}
	while (n_popped > 0)
		if (heap_push(g, popped[--n_popped], e))
			return -1;
	return 0;
}

static int grow_leaves(struct tree_grower *g, struct err *e)
{
	for (size_t n_leaves = 1; g->n_open && n_leaves < g->p.max_leaves; n_leaves++) {
		uint32_t i = heap_pop(g);

		if (g->nodes[i].left == 0 &&
			(gather_batch(g, i, g->p.max_leaves - n_leaves, e) || expand_batch(g, e)))
			return -1;
		g->nodes[i].is_taken = true;
		for (uint32_t c = g->nodes[i].left; c < g->nodes[i].left + 2; c++)
			if (g->nodes[c].split.gain > 0 && heap_push(g, c, e))
				return -1;
	}
	return 0;
}

/**
 * The rows of a node as the frame counts them, ascending: what a split ahead of its turn has parted is merged,
 * so that sums over a leaf have one order.
 */
static void restore_rows(struct tree_grower *g, const struct node *n)
{
	uint32_t *rows = g->rows + n->begin, *tmp = g->part.tmp + n->begin, *out = rows;
	size_t i = 0, k = 0, n_left, n_right;

	if (n->left == 0) {
		if (n->is_grouped)
			tree_group_undo(&g->group, g->rows, n->begin, n->n);
		return;
	}
	n_left = g->nodes[n->left].n;
	n_right = n->n - n_left;
	restore_rows(g, &g->nodes[n->left]);
	restore_rows(g, &g->nodes[n->left + 1]);
	memcpy(tmp, rows, n->n * sizeof(*rows));
	while (i < n_left && k < n_right)
		*out++ = tmp[i] < tmp[n_left + k] ? tmp[i++] : tmp[n_left + k++];
	while (i < n_left)
		*out++ = tmp[i++];
	while (k < n_right)
		*out++ = tmp[n_left + k++];
}

/** Task: the node's children that are leaves of the tree. */
static void restore_children(void *ctx, size_t i, int worker)
{
	struct tree_grower *g = ctx;
	const struct node *n = &g->nodes[i];

	(void)worker;
	for (uint32_t c = n->left; n->is_taken && c < n->left + 2; c++)
		if (!g->nodes[c].is_taken)
			restore_rows(g, &g->nodes[c]);
}

/* ---- a run -------------------------------------------------------------------------------------------------- */

static int finish(struct tree_grower *g, struct err *e)
{
	/* open[] serves as the queue: the node on its way of each finished one */
	g->n_open = 0;
	g->n_done = 1;
	if (push_open(g, 0, e))
		return -1;
	for (size_t i = 0; i < g->n_open; i++) {
		const struct node *n = &g->nodes[g->open[i]];

		if (mem_grow(&g->done, &g->cap_done, i + 1, sizeof(*g->done), e))
			return -1;
		g->done[i] = (struct tree_grow_node){
			n->is_taken ? (int32_t)g->n_done : -1,
			n->begin,
			n->n,
			n->depth,
			n->split,
		};
		if (!n->is_taken)
			continue;
		g->n_done += 2;
		if (push_open(g, n->left, e) || push_open(g, n->left + 1, e))
			return -1;
	}
	return 0;
}

static void reset(struct tree_grower *g)
{
	for (size_t i = 0; i < g->n_nodes; i++) {
		slot_put(g, g->nodes[i].hist);
		free(g->nodes[i].split.right);
	}
	atomic_store(&g->has_no_memory, false);
	g->n_nodes = g->n_open = g->n_done = 0;
}

int tree_grower_run(struct tree_grower *g, const struct tree_quant *q, size_t n_rows,
	struct tree_columns cols, uint64_t key, struct err *e)
{
	struct node *root;

	reset(g);
	g->q = q;
	tree_plan_set(&g->plan, g->f, cols);
	if (mem_grow(&g->nodes, &g->cap_nodes, 1, sizeof(*g->nodes), e))
		return -1;
	root = &g->nodes[0];
	memset(root, 0, sizeof(*root));
	root->n = (uint32_t)n_rows;
	root->key = g->key = key;
	root->bounds = (struct tree_bounds)TREE_BOUNDS_NONE;
	g->n_nodes = 1;
	if (may_split(g, root) && cols.n > 0)
		find_directly(g, root, g->n_workers > 1 && n_rows >= LARGE ? -1 : 0);
	if (root->split.gain > 0) {
		if (push_open(g, 0, e))
			return -1;
		if (g->p.max_leaves ? grow_leaves(g, e) : grow_levels(g, e))
			return -1;
	}
	if (atomic_load(&g->has_no_memory))
		return err_nomem(e);
	pool_for(g->pool, g->n_nodes, restore_children, g);
	return finish(g, e);
}

const struct tree_grow_node *tree_grower_nodes(const struct tree_grower *g, uint32_t *n)
{
	*n = (uint32_t)g->n_done;
	return g->done;
}

uint32_t tree_grower_leaf(const struct tree_grower *g, size_t row)
{
	uint32_t i = 0;

	while (g->done[i].left >= 0) {
		const struct tree_split *s = &g->done[i].split;

		i = (uint32_t)g->done[i].left +
		    tree_split_right(s, tree_frame_bin(g->f, s->col, row));
	}
	return i;
}

int tree_grower_export(const struct tree_grower *g, struct tree *t, struct err *e)
{
	return tree_grown_export(g->f, g->done, (uint32_t)g->n_done, t, e);
}
