#include "tree/part.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tree/objective.h"

int tree_part_init(struct tree_part *p, const struct tree_frame *f, struct err *e)
{
	p->f = f;
	p->kernel = tree_kernel_best();
	p->block_left = NULL;
	p->tmp = mem_aligned(f->n_rows, sizeof(*p->tmp), e);
	if (!p->tmp)
		return -1;
	p->block_left = mem_array(tree_n_blocks(f->n_rows) + 1, sizeof(*p->block_left), e);
	return p->block_left ? 0 : -1;
}

void tree_part_release(struct tree_part *p)
{
	free(p->tmp);
	free(p->block_left);
	memset(p, 0, sizeof(*p));
}

/** Bits of the bins that go right, or with records of the bundle's codes. False: a threshold says as much. */
static bool make_set(const struct tree_part_leaf *leaf, uint32_t *right)
{
	const struct tree_split *s = leaf->split;
	const struct tree_frame_column *c = &leaf->p->f->cols[s->col];
	const struct tree_bundle *b = &leaf->p->f->records.bundles[c->place.bundle];
	bool by_code = leaf->records && b->is_shared;
	uint32_t n = by_code ? b->n_codes : c->n_bins;

	if (!s->is_categorical && !by_code)
		return false;
	memset(right, 0, (n + 31) / 32 * sizeof(*right));
	for (uint32_t i = 0; i < n; i++) {
		uint32_t bin = by_code ? tree_place_bin(&c->place, i) : i;

		right[i / 32] |= (uint32_t)tree_split_right(s, bin) << i % 32;
	}
	return true;
}

/* By the column's bins, or by records from row `first` on. */
struct tree_threshold tree_part_threshold(const struct tree_part_leaf *leaf, uint32_t *set)
{
	const struct tree_split *s = leaf->split;
	const struct tree_frame_column *c = &leaf->p->f->cols[s->col];
	const struct tree_records *r = &leaf->p->f->records;
	uint16_t shift = s->default_left ? 0 : 1;
	struct tree_threshold t = { make_set(leaf, set) ? set : NULL, c->bins, c->width, 0,
		c->width, shift, (uint16_t)(s->bin - shift) };

	if (leaf->records) {
		const struct tree_bundle *b = &r->bundles[c->place.bundle];

		t.bins = leaf->records + leaf->first * r->stride + b->at;
		t.width = b->width;
		t.first = (uint32_t)leaf->first;
		t.stride = r->stride;
	}
	return t;
}

/* ---- with all threads ---------------------------------------------------------------------------------- */

struct job {
	const struct tree_part_leaf *leaf;
	struct tree_threshold threshold;
	uint32_t *rows, *tmp;
	size_t n, n_left;
};

static size_t block_size(const struct job *j, size_t block)
{
	size_t left = j->n - block * TREE_ROW_BLOCK;

	return left < TREE_ROW_BLOCK ? left : TREE_ROW_BLOCK;
}

/** Task: parts a block within itself: the left ones stay in place, the right ones go to tmp. */
static void part_block(void *ctx, size_t block, int worker)
{
	struct job *j = ctx;
	uint32_t *rows = j->rows + block * TREE_ROW_BLOCK, *tmp = j->tmp + block * TREE_ROW_BLOCK;

	(void)worker;
	j->leaf->p->block_left[block + 1] =
		j->leaf->p->kernel->part(&j->threshold, rows, block_size(j, block), rows, tmp);
}

/** Task: moves a block's right rows behind all left ones, which are in their place. */
static void move_right(void *ctx, size_t block, int worker)
{
	struct job *j = ctx;
	size_t from = block * TREE_ROW_BLOCK, left_before = j->leaf->p->block_left[block];
	size_t n_right = block_size(j, block) - (j->leaf->p->block_left[block + 1] - left_before);

	(void)worker;
	memcpy(j->rows + j->n_left + (from - left_before), j->tmp + from,
		n_right * sizeof(*j->rows));
}

static size_t part_together(struct job *j, struct pool *pool)
{
	size_t n_blocks = tree_n_blocks(j->n), *left = j->leaf->p->block_left;

	pool_for(pool, n_blocks, part_block, j);
	left[0] = 0;
	for (size_t b = 0; b < n_blocks; b++) {
		/* moves towards the front only, so that no block is written before it is read */
		memmove(j->rows + left[b], j->rows + b * TREE_ROW_BLOCK,
			left[b + 1] * sizeof(*j->rows));
		left[b + 1] += left[b];
	}
	j->n_left = left[n_blocks];
	pool_for(pool, n_blocks, move_right, j);
	return j->n_left;
}

size_t tree_part_rows(const struct tree_part_leaf *leaf, uint32_t *rows, struct pool *pool)
{
	uint32_t set[TREE_SET_WORDS];
	size_t n = leaf->n, n_left;
	struct job j = { .leaf = leaf,
		.threshold = tree_part_threshold(leaf, set),
		.rows = rows + leaf->begin,
		.tmp = leaf->p->tmp + leaf->begin,
		.n = n };

	if (pool)
		return part_together(&j, pool);
	n_left = leaf->p->kernel->part(&j.threshold, j.rows, n, j.rows, j.tmp);
	memcpy(j.rows + n_left, j.tmp, (n - n_left) * sizeof(*rows));
	return n_left;
}
