#include "tree/group.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tree/objective.h"

enum { AHEAD = 16 };

int tree_group_init(struct tree_group *g, const struct tree_frame *f, struct err *e)
{
	g->f = f;
	g->records = f->records;
	g->records.rows = mem_aligned(f->n_rows * f->records.stride + 64, 1, e);
	g->row_of = g->records.rows ? mem_aligned(f->n_rows, sizeof(*g->row_of), e) : NULL;
	return g->row_of ? 0 : -1;
}

void tree_group_release(struct tree_group *g)
{
	free(g->row_of);
	if (g->f)
		free(g->records.rows);
	memset(g, 0, sizeof(*g));
}

void tree_group_copy(struct tree_group *g, const uint32_t *rows, size_t n, size_t place)
{
	size_t stride = g->f->records.stride;
	const uint8_t *restrict in = g->f->records.rows;
	uint8_t *restrict out = g->records.rows + place * stride;

	for (size_t i = 0; i < n; i++) {
		__builtin_prefetch(in + rows[i + AHEAD < n ? i + AHEAD : n - 1] * stride);
		if (stride == 16)
			memcpy(out + i * 16, in + (size_t)rows[i] * 16, 16);
		else if (stride == 32)
			memcpy(out + i * 32, in + (size_t)rows[i] * 32, 32);
		else
			memcpy(out + i * stride, in + rows[i] * stride, stride);
	}
	memcpy(g->row_of + place, rows, n * sizeof(*rows));
}

struct job {
	struct tree_group *g;
	uint32_t *rows;
	size_t begin, n;
};

static void group_block(void *ctx, size_t block, int worker)
{
	struct job *j = ctx;
	size_t from = block * TREE_ROW_BLOCK, at = j->begin + from;
	size_t n = j->n - from < TREE_ROW_BLOCK ? j->n - from : TREE_ROW_BLOCK;

	(void)worker;
	tree_group_copy(j->g, j->rows + at, n, at);
	for (size_t i = at; i < at + n; i++)
		j->rows[i] = (uint32_t)i;
}

void tree_group_rows(
	struct tree_group *g, uint32_t *rows, size_t begin, size_t n, struct pool *pool)
{
	struct job j = { g, rows, begin, n };

	if (pool) {
		pool_for(pool, tree_n_blocks(n), group_block, &j);
		return;
	}
	for (size_t b = 0; b < tree_n_blocks(n); b++)
		group_block(&j, b, 0);
}

void tree_group_undo(const struct tree_group *g, uint32_t *rows, size_t begin, size_t n)
{
	for (size_t i = begin; i < begin + n; i++)
		rows[i] = g->row_of[rows[i]];
}
