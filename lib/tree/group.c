#include "tree/group.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tree/objective.h"

enum { AHEAD = 16 };

int tree_group_init(struct tree_group *g, const struct tree_frame *f, struct err *e)
{
	g->f = f;
	/* the kernels may read a few bytes behind the last record */
	g->records = mem_aligned(f->n_rows * f->records.stride + 64, 1, e);
	return g->records ? 0 : -1;
}

void tree_group_release(struct tree_group *g)
{
	free(g->records);
	memset(g, 0, sizeof(*g));
}

void tree_group_copy(struct tree_group *g, const uint32_t *rows, size_t n, size_t place)
{
	size_t stride = g->f->records.stride;
	const uint8_t *restrict in = g->f->records.rows;
	uint8_t *restrict out = tree_group_at(g, place);

	for (size_t i = 0; i < n; i++) {
		__builtin_prefetch(in + rows[i + AHEAD < n ? i + AHEAD : n - 1] * stride);
		tree_record_copy(out + i * stride, in + rows[i] * stride, stride);
	}
}

struct job {
	struct tree_group *g;
	const uint32_t *rows;
	size_t n, place;
};

static void copy_block(void *ctx, size_t block, int worker)
{
	struct job *j = ctx;
	size_t from = block * TREE_ROW_BLOCK;
	size_t n = j->n - from < TREE_ROW_BLOCK ? j->n - from : TREE_ROW_BLOCK;

	(void)worker;
	tree_group_copy(j->g, j->rows + from, n, j->place + from);
}

void tree_group_rows(
	struct tree_group *g, const uint32_t *rows, size_t n, size_t place, struct pool *pool)
{
	struct job j = { g, rows, n, place };

	if (pool)
		pool_for(pool, tree_n_blocks(n), copy_block, &j);
	else
		tree_group_copy(g, rows, n, place);
}
