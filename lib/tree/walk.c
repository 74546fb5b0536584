#include "tree/walk.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	BLOCK_ROWS = 1 << 14, /* what is looked up of them fits into the second cache */
	LEAF_ROWS = 16, /* of a leaf in a block, on average, at least */
	STRIPS = 64, /* of blocks: tasks */
};

struct leaf {
	uint32_t node, begin, end; /* of the rows */
};

struct walk {
	const uint32_t *rows;
	struct leaf *leaves;
	uint32_t n_leaves, *at; /* [n_workers][n_leaves] where a thread is */
	size_t n_rows, block_rows, strip_rows;
	tree_walk_visit *visit;
	void *ctx;
};

/** Task: some blocks, one after another. */
static void walk_strip(void *ctx, size_t strip, int worker)
{
	const struct walk *w = ctx;
	uint32_t *at = w->at + (size_t)worker * w->n_leaves;
	size_t from = strip * w->strip_rows, to = from + w->strip_rows;

	to = to < w->n_rows ? to : w->n_rows;
	for (uint32_t i = 0; i < w->n_leaves; i++)
		at[i] = tree_rows_find(w->rows, w->leaves[i].begin, w->leaves[i].end, from);
	for (size_t end; from < to; from = end) {
		end = from + w->block_rows < to ? from + w->block_rows : to;
		for (uint32_t i = 0; i < w->n_leaves; i++) {
			const struct leaf *l = &w->leaves[i];

			at[i] += (uint32_t)w->visit(w->ctx, l->node, w->rows + at[i],
				l->end - at[i], (uint32_t)end, worker);
		}
	}
}

int tree_walk(const struct tree_grower *g, size_t n_rows, struct pool *pool, tree_walk_visit *visit,
	void *ctx, struct err *e)
{
	struct walk w = {
		.rows = tree_grower_rows(g), .n_rows = n_rows, .visit = visit, .ctx = ctx
	};
	uint32_t n;
	const struct tree_grow_node *nodes = tree_grower_nodes(g, &n);
	int rc = -1;

	w.leaves = mem_array_raw(n, sizeof(*w.leaves), e);
	w.at = mem_array_raw((size_t)pool_size(pool) * n, sizeof(*w.at), e);
	if (!w.leaves || !w.at)
		goto out;
	for (uint32_t i = 0; i < n; i++)
		if (nodes[i].left < 0 && nodes[i].n)
			w.leaves[w.n_leaves++] =
				(struct leaf){ i, nodes[i].begin, nodes[i].begin + nodes[i].n };
	w.block_rows = (size_t)w.n_leaves * LEAF_ROWS;
	if (w.block_rows < BLOCK_ROWS)
		w.block_rows = BLOCK_ROWS;
	w.strip_rows = (n_rows / STRIPS + w.block_rows) / w.block_rows * w.block_rows;
	pool_for(pool, (n_rows + w.strip_rows - 1) / w.strip_rows, walk_strip, &w);
	rc = 0;
out:
	free(w.leaves);
	free(w.at);
	return rc;
}
