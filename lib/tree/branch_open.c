/* The open leaves: a list, or a heap. */
#include "tree/branch.h"

#include "base/mem.h"

int tree_branch_append(struct tree_grower *g, uint32_t node, struct err *e)
{
	if (mem_grow(&g->open, &g->cap_open, g->n_open + 1, sizeof(*g->open), e))
		return -1;
	g->open[g->n_open++] = node;
	return 0;
}

/** Larger gain first; of equals the one with the first rows: no order of work shows in it. */
static bool is_before(const struct tree_grower *g, uint32_t a, uint32_t b)
{
	const struct tree_branch *x = tree_branch_at(g, a), *y = tree_branch_at(g, b);

	return x->split.gain != y->split.gain ? x->split.gain > y->split.gain
					      : x->all_begin < y->all_begin;
}

int tree_branch_heap_push(struct tree_grower *g, uint32_t node, struct err *e)
{
	size_t i = g->n_open;

	if (tree_branch_append(g, node, e))
		return -1;
	for (; i > 0 && is_before(g, node, g->open[(i - 1) / 2]); i = (i - 1) / 2)
		g->open[i] = g->open[(i - 1) / 2];
	g->open[i] = node;
	return 0;
}

uint32_t tree_branch_heap_pop(struct tree_grower *g)
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
