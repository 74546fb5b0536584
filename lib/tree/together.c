#include "tree/together.h"

#include "base/mem.h"

enum { MESSAGE = 1 << 19 }; /* numbers that are worth a message, and no more wait for */

static int ask(struct tree_grower *g, struct tree_branch *node, struct tree_branch *parent,
	uint32_t drawn, struct err *e)
{
	struct tree_asks *a = &g->asks;

	if (mem_grow(&a->list, &a->cap, a->n + 1, sizeof(*a->list), e))
		return -1;
	a->list[a->n++] = (struct tree_ask){ .node = node, .parent = parent, .drawn = drawn };
	return 0;
}

/** Asks for the splits of a parted node's children: by one sum, if the parent's histogram is there. */
static int ask_for_children(struct tree_grower *g, struct tree_branch *n, struct err *e)
{
	struct tree_branch *c = tree_branch_at(g, n->left);
	struct tree_branch *small = tree_branch_small_child(g, n);

	if (n->hist && tree_branch_may_split(g, tree_branch_sibling(g, small)))
		return ask(g, small, n, 0, e);
	tree_branch_give_back(g, n->hist);
	n->hist = NULL;
	for (int i = 0; i < 2; i++)
		if (tree_branch_may_split(g, &c[i]) && ask(g, &c[i], NULL, 0, e))
			return -1;
	return 0;
}

/* ---- a message ------------------------------------------------------------------------------------------- */

static struct tree_columns columns_of(const struct tree_grower *g, const struct tree_ask *a)
{
	if (!g->p.mtry)
		return g->plan.cols;
	return (struct tree_columns){ g->asks.cols + a->first_col, a->n_cols };
}

static struct tree_exchange_leaf leaf_of(const struct tree_grower *g, const struct tree_ask *a)
{
	return (struct tree_exchange_leaf){ g->f, columns_of(g, a), g->n_classes,
		tree_branch_is_packed(g, a->node), a->node->all_n, a->at };
}

/** Draws the columns of the ask, behind those that were drawn before. */
static int draw(struct tree_grower *g, struct tree_ask *a, struct err *e)
{
	struct tree_asks *all = &g->asks;
	struct tree_columns cols = tree_branch_draw(g, a->node, a->drawn, 0);

	a->first_col = all->n_cols;
	a->n_cols = cols.n;
	if (mem_grow(&all->cols, &all->cap_cols, all->n_cols + cols.n, sizeof(*all->cols), e))
		return -1;
	for (size_t i = 0; i < cols.n; i++)
		all->cols[all->n_cols++] = cols.list[i];
	return 0;
}

/** As many asks from the first one on as a message takes. */
static int plan(struct tree_grower *g, struct err *e)
{
	struct tree_asks *all = &g->asks;
	struct tree_exchange *x = &all->exchange;

	tree_exchange_reset(x);
	all->n_cols = 0;
	for (all->to = all->from; all->to < all->n && x->n_wide + x->n_narrow < MESSAGE;
		all->to++) {
		struct tree_ask *a = &all->list[all->to];
		struct tree_exchange_leaf l;

		if (g->p.mtry && draw(g, a, e))
			return -1;
		/* not by the threads: that all processes keep the same histograms */
		if (!g->p.mtry && tree_branch_may_split(g, a->node))
			a->slot = tree_branch_slot(g);
		l = leaf_of(g, a);
		if (tree_exchange_reserve(x, &l, e))
			return -1;
		a->at = l.at;
	}
	return 0;
}

/** This process's sums. `worker` < 0: with all threads. */
static void sum(struct tree_grower *g, const struct tree_ask *a, int worker)
{
	struct tree_grow_worker *w = &g->workers[worker < 0 ? 0 : worker];
	struct tree_exchange_leaf l = leaf_of(g, a);
	void *memory = worker < 0 ? g->spare : w->hist;
	struct tree_hist h = tree_branch_hist(g, a->node, memory);

	if (l.cols.n == 0)
		return;
	if (g->p.mtry)
		tree_plan_set(&w->plan, g->f, l.cols);
	tree_branch_sum_up(g, g->p.mtry ? &w->plan : &g->plan, a->node, memory, worker);
	tree_exchange_put(&g->asks.exchange, &l, &h);
}

static void sum_task(void *ctx, size_t i, int worker)
{
	struct tree_grower *g = ctx;
	const struct tree_ask *a = &g->asks.list[g->asks.from + i];

	if (!tree_branch_is_large(g, a->node))
		sum(g, a, worker);
}

/** Task: the split by the sums of all processes. */
static void find_task(void *ctx, size_t i, int worker)
{
	struct tree_grower *g = ctx;
	const struct tree_ask *a = &g->asks.list[g->asks.from + i];
	struct tree_exchange_leaf l = leaf_of(g, a);
	void *memory = a->slot ? a->slot : g->workers[worker].hist;
	struct tree_hist h = tree_branch_hist(g, a->node, memory);

	tree_exchange_get(&g->asks.exchange, &l, &h);
	if (a->parent)
		tree_branch_find_both(g, a->parent, a->node, memory, a->slot != NULL, worker);
	else if (g->p.mtry)
		tree_branch_search(g, l.cols, a->node, memory, worker);
	else
		tree_branch_find_in(g, a->node, memory, a->slot != NULL, worker);
}

/** Answers all asks; those that find no split among their columns draw more, behind the others. */
static int answer(struct tree_grower *g, struct err *e)
{
	struct tree_asks *all = &g->asks;

	for (all->from = 0; all->from < all->n; all->from = all->to) {
		if (plan(g, e))
			return -1;
		pool_for(g->pool, all->to - all->from, sum_task, g);
		for (size_t i = all->from; i < all->to; i++)
			if (tree_branch_is_large(g, all->list[i].node))
				sum(g, &all->list[i], -1);
		tree_exchange_run(&all->exchange, g->f->comm);
		pool_for(g->pool, all->to - all->from, find_task, g);
		/* a process that went on without would wait for others for ever */
		if (atomic_load(&g->has_no_memory))
			return err_nomem(e);
		for (size_t i = all->from; g->p.mtry && i < all->to; i++) {
			struct tree_ask a = all->list[i];

			if (!(a.node->split.gain > 0) && a.n_cols > 0 &&
				ask(g, a.node, NULL, a.drawn + (uint32_t)a.n_cols, e))
				return -1;
		}
	}
	return 0;
}

int tree_together_find(struct tree_grower *g, struct err *e)
{
	g->asks.n = 0;
	return ask(g, tree_branch_at(g, 0), NULL, 0, e) || answer(g, e) ? -1 : 0;
}

/* ---- nodes of a batch -------------------------------------------------------------------------------------- */

static void part_task(void *ctx, size_t i, int worker)
{
	struct tree_grower *g = ctx;
	struct tree_branch *n = tree_branch_at(g, g->batch[i]);

	if (!tree_branch_is_large(g, n))
		tree_branch_part(g, n, worker);
}

int tree_together_expand(struct tree_grower *g, struct err *e)
{
	pool_for(g->pool, g->n_batch, part_task, g);
	for (size_t i = 0; i < g->n_batch; i++)
		if (tree_branch_is_large(g, tree_branch_at(g, g->batch[i])))
			tree_branch_part(g, tree_branch_at(g, g->batch[i]), -1);
	g->asks.n = 0;
	for (size_t i = 0; i < g->n_batch; i++)
		if (ask_for_children(g, tree_branch_at(g, g->batch[i]), e))
			return -1;
	return answer(g, e);
}
