#include "tree/grow.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tree/branch.h"
#include "tree/objective.h"
#include "tree/together.h"
#include "tree/top.h"

enum {
	LOOK_AHEAD = 4, /* leaves per thread that are split before their turn */
	LOOK_AHEAD_TOGETHER = 8, /* by several processes */
	CACHED_BYTES = 1 << 19, /* of the records of a leaf that one thread splits to its end */
	SHARES = 4, /* for each thread, of which such a leaf is one at most */
};

/* ---- life ---------------------------------------------------------------------------------------------- */

static int make_workers(struct tree_grower *g, struct err *e)
{
	g->workers = mem_array((size_t)g->n_workers, sizeof(*g->workers), e);
	if (!g->workers)
		return -1;
	for (int i = 0; i < g->n_workers; i++) {
		struct tree_grow_worker *w = &g->workers[i];

		if (tree_sums_init(&w->sums, g->f, e) || tree_plan_init(&w->plan, g->f, e))
			return -1;
		w->hist = mem_aligned(g->hist_size, 1, e);
		w->tmp = w->hist ? mem_aligned(TREE_GROUP_BYTES, 1, e) : NULL;
		w->cols = w->tmp ? mem_array(g->f->n_cols, sizeof(*w->cols), e) : NULL;
		w->path = w->cols ? mem_array(2 * ((g->f->n_cols + 63) / 64), sizeof(*w->path), e)
				  : NULL;
		if (!w->path || tree_split_work_init(&w->split, g->f, e))
			return -1;
	}
	g->spare = mem_aligned(g->hist_size, 1, e);
	g->rows = g->spare ? mem_aligned(g->f->n_rows, sizeof(*g->rows), e) : NULL;
	g->kept = g->rows ? mem_array(g->max_kept, sizeof(*g->kept), e) : NULL;
	if (!g->kept || tree_plan_init(&g->plan, g->f, e) || tree_part_init(&g->part, g->f, e) ||
		tree_group_init(&g->group, g->f, e) || tree_spread_init(&g->spread, g, e))
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
		free(g->workers[i].tmp);
		free(g->workers[i].cols);
		free(g->workers[i].stack);
		free(g->workers[i].path);
		tree_split_work_release(&g->workers[i].split);
	}
	free(g->workers);
	tree_top_free(g->top);
	for (size_t i = 0; i < g->n_nodes; i++) {
		free(tree_branch_at(g, i)->hist);
		free(tree_branch_at(g, i)->split.right);
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
	tree_exchange_release(&g->asks.exchange);
	free(g->asks.list);
	free(g->asks.cols);
	tree_spread_release(&g->spread);
	for (int i = 0; i < TREE_BRANCH_CHUNKS; i++)
		free(g->nodes[i]);
	free(g->open);
	free(g->batch);
	free(g->done);
	free(g);
}

uint32_t *tree_grower_rows(const struct tree_grower *g)
{
	return g->rows;
}

/* ---- depth-wise ------------------------------------------------------------------------------------------- */

/** Is a leaf better split to its end by one thread, and are there enough for all threads? */
static bool is_small(const struct tree_grower *g, const struct tree_branch *n)
{
	size_t share = tree_branch_at(g, 0)->n / (SHARES * (size_t)g->n_workers);

	return !g->f->comm && n->n * g->f->records.stride <= CACHED_BYTES &&
	       (g->n_workers == 1 || n->n <= share);
}

/** Into the batch: the leaves from node `from` on that can be split, small ones or others. */
static int gather_open(struct tree_grower *g, size_t from, bool small, struct err *e)
{
	g->n_batch = 0;
	for (size_t i = from; i < g->n_nodes; i++) {
		const struct tree_branch *n = tree_branch_at(g, i);

		if (!n->left && n->split.gain > 0 && is_small(g, n) == small &&
			tree_branch_push(g, (uint32_t)i, e))
			return -1;
	}
	return 0;
}

/** Level by level while leaves are large; what is below the small ones then. */
static int grow_levels(struct tree_grower *g, struct err *e)
{
	size_t from = 0;

	do {
		if (gather_open(g, from, false, e))
			return -1;
		from = g->n_nodes;
		if (tree_branch_expand(g, e))
			return -1;
	} while (g->n_nodes > from);
	if (gather_open(g, 0, true, e))
		return -1;
	tree_branch_finish(g);
	for (size_t i = 0; i < g->n_nodes; i++)
		tree_branch_at(g, i)->is_taken = tree_branch_at(g, i)->left > 0;
	return 0;
}

/* ---- leaf-wise -------------------------------------------------------------------------------------------- */

/** The first leaf and those behind it that are not split yet: as many as keep the threads busy. */
static int gather_batch(struct tree_grower *g, uint32_t first, size_t most, struct err *e)
{
	size_t room = g->n_workers > 1 ? (size_t)g->n_workers * LOOK_AHEAD : 1, n_popped = 0;
	size_t most_popped = 256;
	uint32_t popped[256];

	/* here it is the waiting that counts, not idle threads: only what is sure to be needed */
	if (g->f->comm)
		room = most_popped = LOOK_AHEAD_TOGETHER;
	g->n_batch = 0;
	if (tree_branch_push(g, first, e))
		return -1;
	if (tree_branch_at(g, first)->all_n >= TREE_LARGE ||
		tree_spread_is_due(g, tree_branch_at(g, first)))
		return 0;
	room = room < most ? room : most;
	while (g->n_open && n_popped < most_popped && g->n_batch < room) {
		uint32_t i = tree_branch_heap_pop(g);
		const struct tree_branch *n = tree_branch_at(g, i);

		popped[n_popped++] = i;
		if (n->left == 0 && n->all_n < TREE_LARGE && !tree_spread_is_due(g, n) &&
			tree_branch_push(g, i, e))
			return -1;
	}
	while (n_popped > 0)
		if (tree_branch_heap_push(g, popped[--n_popped], e))
			return -1;
	return 0;
}

static int grow_leaves(struct tree_grower *g, struct err *e)
{
	g->n_open = 0;
	if (tree_branch_at(g, 0)->split.gain > 0 && tree_branch_append(g, 0, e))
		return -1;
	for (size_t n_leaves = 1; g->n_open && n_leaves < g->p.max_leaves; n_leaves++) {
		uint32_t i = tree_branch_heap_pop(g);

		if (tree_branch_at(g, i)->left == 0 &&
			(gather_batch(g, i, g->p.max_leaves - n_leaves, e) ||
				tree_branch_expand(g, e)))
			return -1;
		tree_branch_at(g, i)->is_taken = true;
		for (uint32_t c = tree_branch_at(g, i)->left; c < tree_branch_at(g, i)->left + 2;
			c++)
			if (tree_branch_at(g, c)->split.gain > 0 && tree_branch_heap_push(g, c, e))
				return -1;
	}
	return 0;
}

/**
 * The rows of a node as the frame counts them, ascending: what a split ahead of its turn has parted is merged,
 * so that sums over a leaf have one order.
 */
static void restore_rows(struct tree_grower *g, const struct tree_branch *n)
{
	uint32_t *rows = g->rows + n->begin, *tmp = g->part.tmp + n->begin, *out = rows;
	size_t i = 0, k = 0, n_left, n_right;

	if (n->left == 0)
		return;
	n_left = tree_branch_at(g, n->left)->n;
	n_right = n->n - n_left;
	restore_rows(g, tree_branch_at(g, n->left));
	restore_rows(g, tree_branch_at(g, n->left + 1));
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
	const struct tree_branch *n = tree_branch_at(g, i);

	(void)worker;
	for (uint32_t c = n->left; n->is_taken && c < n->left + 2; c++)
		if (!tree_branch_at(g, c)->is_taken)
			restore_rows(g, tree_branch_at(g, c));
}

/* ---- a run -------------------------------------------------------------------------------------------------- */

static int finish(struct tree_grower *g, struct err *e)
{
	/* open[] serves as the queue: the node on its way of each finished one */
	g->n_open = 0;
	g->n_done = 1;
	if (tree_branch_append(g, 0, e))
		return -1;
	for (size_t i = 0; i < g->n_open; i++) {
		const struct tree_branch *n = tree_branch_at(g, g->open[i]);

		if (mem_grow(&g->done, &g->cap_done, i + 1, sizeof(*g->done), e))
			return -1;
		g->done[i] = (struct tree_grow_node){
			n->is_taken ? (int32_t)g->n_done : -1,
			n->begin,
			n->n,
			n->depth,
			n->is_grouped,
			n->split,
		};
		if (!n->is_taken)
			continue;
		g->n_done += 2;
		if (tree_branch_append(g, n->left, e) || tree_branch_append(g, n->left + 1, e))
			return -1;
	}
	return 0;
}

static void reset(struct tree_grower *g)
{
	for (size_t i = 0; i < g->n_nodes; i++) {
		tree_branch_give_back(g, tree_branch_at(g, i)->hist);
		free(tree_branch_at(g, i)->split.right);
	}
	atomic_store(&g->has_no_memory, false);
	g->n_nodes = g->n_open = g->n_done = 0;
}

/** A tree of a leaf that has all rows. */
static int begin(struct tree_grower *g, size_t n_rows, struct err *e)
{
	reset(g);
	if (tree_branch_add_root(g, e))
		return -1;
	tree_branch_at(g, 0)->n = (uint32_t)n_rows;
	return 0;
}

/** The root's split, or those of the top of a large tree. */
static int find_root(struct tree_grower *g, struct err *e)
{
	struct tree_branch *root = tree_branch_at(g, 0);

	if (g->f->comm)
		return tree_together_find(g, e);
	if (tree_top_is_due(g))
		return tree_top_grow(g, e);
	tree_branch_find(g, root, tree_branch_is_large(g, root) ? -1 : 0);
	return 0;
}

int tree_grower_run(struct tree_grower *g, const struct tree_quant *q, size_t n_rows,
	struct tree_columns cols, uint64_t key, struct err *e)
{
	struct tree_branch *root;

	if (begin(g, n_rows, e))
		return -1;
	g->q = q;
	tree_plan_set(&g->plan, g->f, cols);
	tree_spread_set(g);
	root = tree_branch_at(g, 0);
	root->all_n = (uint32_t)tree_comm_sum_of(g->f->comm, (int64_t)n_rows);
	root->key = g->key = key;
	root->bounds = (struct tree_bounds)TREE_BOUNDS_NONE;
	if (!tree_branch_may_split(g, root) || cols.n == 0)
		return finish(g, e);
	if (find_root(g, e))
		return -1;
	if (g->p.max_leaves ? grow_leaves(g, e) : grow_levels(g, e))
		return -1;
	if (atomic_load(&g->has_no_memory))
		return err_nomem(e);
	pool_for(g->pool, g->n_nodes, restore_children, g);
	return finish(g, e);
}

/* ---- a tree that was grown before --------------------------------------------------------------------------- */

/** Parts the rows of a node whose split and children are there. */
static void part_node(struct tree_grower *g, struct tree_branch *n, struct pool *pool)
{
	struct tree_part_leaf leaf = { &g->part, &n->split, n->begin, n->n, NULL, NULL };
	struct tree_branch *c = tree_branch_at(g, n->left);

	c[0].begin = n->begin;
	c[0].n = (uint32_t)tree_part_rows(&leaf, g->rows, pool);
	c[1].begin = n->begin + c[0].n;
	c[1].n = n->n - c[0].n;
}

static void part_task(void *ctx, size_t i, int worker)
{
	struct tree_grower *g = ctx;

	(void)worker;
	part_node(g, tree_branch_at(g, g->batch[i]), NULL);
}

/** Large nodes one after another with all threads, the others side by side. */
static int part_level(struct tree_grower *g, size_t from, size_t to, struct err *e)
{
	g->n_batch = 0;
	for (size_t i = from; i < to; i++) {
		if (!tree_branch_at(g, i)->is_taken)
			continue;
		if (tree_branch_is_large(g, tree_branch_at(g, i)))
			part_node(g, tree_branch_at(g, i), g->pool);
		else if (tree_branch_push(g, (uint32_t)i, e))
			return -1;
	}
	pool_for(g->pool, g->n_batch, part_task, g);
	return 0;
}

/** Gives the node of the grower the split of the tree's node, and children. */
static int take_split(
	struct tree_grower *g, const struct tree *t, uint32_t from, uint32_t to, struct err *e)
{
	struct tree_split s;

	if (tree_grown_import(g->f, t, from, &s, e))
		return -1;
	tree_branch_at(g, to)->split = s;
	tree_branch_at(g, to)->is_taken = true;
	g->n_batch = 0;
	return tree_branch_push(g, to, e) || tree_branch_add_children(g, e) ? -1 : 0;
}

int tree_grower_take(struct tree_grower *g, const struct tree *t, size_t n_rows, struct err *e)
{
	uint32_t *from = mem_array(t->n_nodes, sizeof(*from), e); /* of the tree, for each node */
	size_t level = 0;
	int rc = -1;

	if (!from || tree_check(t, g->f->n_cols, 1, e) || begin(g, n_rows, e))
		goto out;
	while (level < g->n_nodes) {
		size_t end = g->n_nodes;

		for (size_t i = level; i < end; i++) {
			int32_t left = t->nodes[from[i]].left;

			if (left < 0)
				continue;
			if (g->n_nodes + 2 > t->n_nodes) {
				err_set(e, ERR_INPUT, "a node of a tree has two parents");
				goto out;
			}
			from[g->n_nodes] = (uint32_t)left;
			from[g->n_nodes + 1] = (uint32_t)left + 1;
			if (take_split(g, t, from[i], (uint32_t)i, e))
				goto out;
		}
		if (part_level(g, level, end, e))
			goto out;
		level = end;
	}
	rc = finish(g, e);
out:
	free(from);
	return rc;
}

const struct tree_grow_node *tree_grower_nodes(const struct tree_grower *g, uint32_t *n)
{
	*n = (uint32_t)g->n_done;
	return g->done;
}

void tree_grower_sum(const struct tree_grower *g, uint32_t node, int64_t *grad, int64_t *hess)
{
	const struct tree_grow_node *n = &g->done[node];
	size_t stride = g->f->records.stride;

	*grad = *hess = 0;
	for (uint32_t i = 0; i < n->n; i++) {
		const uint8_t *record =
			n->is_grouped ? tree_group_at(&g->group, n->begin + i)
				      : g->f->records.rows + g->rows[n->begin + i] * stride;
		struct tree_gh gh = tree_record_gh(record);

		*grad += gh.grad;
		*hess += gh.hess;
	}
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
