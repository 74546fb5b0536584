#include "tree/part.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tree/objective.h"

int tree_part_init(struct tree_part *p, const struct tree_frame *f, struct err *e)
{
	p->f = f;
	p->kernel = tree_kernel_best();
	p->tmp = mem_aligned(f->n_rows, sizeof(*p->tmp), e);
	if (!p->tmp)
		return -1;
	p->block_left = mem_array(tree_n_blocks(f->n_rows) + 1, sizeof(*p->block_left), e);
	p->numbers = mem_array(TREE_PART_TILE, sizeof(*p->numbers), e);
	if (!p->block_left || !p->numbers)
		return -1;
	for (uint32_t i = 0; i < TREE_PART_TILE; i++)
		p->numbers[i] = i;
	return 0;
}

void tree_part_release(struct tree_part *p)
{
	free(p->tmp);
	free(p->block_left);
	free(p->numbers);
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

/* By the column's bins, or by the codes of its own records. */
struct tree_threshold tree_part_threshold(const struct tree_part_leaf *leaf, uint32_t *set)
{
	const struct tree_split *s = leaf->split;
	const struct tree_frame_column *c = &leaf->p->f->cols[s->col];
	const struct tree_records *r = &leaf->p->f->records;
	uint16_t shift = s->default_left ? 0 : 1;
	struct tree_threshold t = { make_set(leaf, set) ? set : NULL, c->bins, c->width, c->width,
		shift, (uint16_t)(s->bin - shift) };

	if (leaf->records) {
		const struct tree_bundle *b = &r->bundles[c->place.bundle];

		t.bins = leaf->records + b->at;
		t.width = b->width;
		t.stride = r->stride;
	}
	return t;
}

/* ---- pieces of a leaf ---------------------------------------------------------------------------------- */

struct job {
	const struct tree_part_leaf *leaf;
	struct tree_threshold threshold;
	uint32_t *rows, *tmp;
	size_t stride, n_left;
};

/** Copies the records of a list; in place if no record goes behind where it comes from. */
static void take_records(
	uint8_t *out, const uint8_t *in, const uint32_t *list, size_t n, size_t stride)
{
	for (size_t i = 0; i < n; i++)
		tree_record_copy(out + i * stride, in + list[i] * stride, stride);
}

static void take_rows(uint32_t *out, const uint32_t *in, const uint32_t *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = in[list[i]];
}

/** Parts rows and records: tile by tile, the right ones first, as the left ones take their place. */
static size_t move_piece(const struct job *j, size_t from, size_t n)
{
	size_t stride = j->stride, n_left = 0, n_right = 0;
	uint8_t *records = j->leaf->records + from * stride, *tmp = j->leaf->tmp + from * stride;
	uint32_t *rows = j->rows + from, left[TREE_PART_TILE], right[TREE_PART_TILE];
	struct tree_threshold t = j->threshold;

	for (size_t at = 0; at < n; at += TREE_PART_TILE) {
		size_t m = n - at < TREE_PART_TILE ? n - at : TREE_PART_TILE, l;

		t.bins = (const uint8_t *)j->threshold.bins + (from + at) * stride;
		l = j->leaf->p->kernel->part(&t, j->leaf->p->numbers, m, left, right);
		take_records(tmp + n_right * stride, records + at * stride, right, m - l, stride);
		take_rows(j->tmp + from + n_right, rows + at, right, m - l);
		take_records(records + n_left * stride, records + at * stride, left, l, stride);
		take_rows(rows + n_left, rows + at, left, l);
		n_left += l;
		n_right += m - l;
	}
	return n_left;
}

/** Parts a piece within itself: the left rows stay in place, the right ones go to the scratch. */
static size_t part_piece(const struct job *j, size_t from, size_t n)
{
	uint32_t *rows = j->rows + from;

	if (j->leaf->records)
		return move_piece(j, from, n);
	return j->leaf->p->kernel->part(&j->threshold, rows, n, rows, j->tmp + from);
}

/** Moves rows within the leaf, towards its front. */
static void move_rows(const struct job *j, size_t to, size_t from, size_t n)
{
	uint8_t *records = j->leaf->records;

	memmove(j->rows + to, j->rows + from, n * sizeof(*j->rows));
	if (records)
		memmove(records + to * j->stride, records + from * j->stride, n * j->stride);
}

/** Takes rows out of the scratch. */
static void put_rows(const struct job *j, size_t to, size_t from, size_t n)
{
	memcpy(j->rows + to, j->tmp + from, n * sizeof(*j->rows));
	if (j->leaf->records)
		memcpy(j->leaf->records + to * j->stride, j->leaf->tmp + from * j->stride,
			n * j->stride);
}

/* ---- with all threads ---------------------------------------------------------------------------------- */

static size_t block_size(const struct job *j, size_t block)
{
	size_t left = j->leaf->n - block * TREE_ROW_BLOCK;

	return left < TREE_ROW_BLOCK ? left : TREE_ROW_BLOCK;
}

/** Task: parts a block within itself. */
static void part_block(void *ctx, size_t block, int worker)
{
	struct job *j = ctx;

	(void)worker;
	j->leaf->p->block_left[block + 1] =
		part_piece(j, block * TREE_ROW_BLOCK, block_size(j, block));
}

/** Task: moves a block's right rows behind all left ones, which are in their place. */
static void move_right(void *ctx, size_t block, int worker)
{
	struct job *j = ctx;
	size_t from = block * TREE_ROW_BLOCK, left_before = j->leaf->p->block_left[block];
	size_t n_right = block_size(j, block) - (j->leaf->p->block_left[block + 1] - left_before);

	(void)worker;
	put_rows(j, j->n_left + (from - left_before), from, n_right);
}

static size_t part_together(struct job *j, struct pool *pool)
{
	size_t n_blocks = tree_n_blocks(j->leaf->n), *left = j->leaf->p->block_left;

	pool_for(pool, n_blocks, part_block, j);
	left[0] = 0;
	for (size_t b = 0; b < n_blocks; b++) {
		/* moves towards the front only, so that no block is written before it is read */
		move_rows(j, left[b], b * TREE_ROW_BLOCK, left[b + 1]);
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
		.stride = leaf->p->f->records.stride };

	if (pool)
		return part_together(&j, pool);
	n_left = part_piece(&j, 0, n);
	put_rows(&j, n_left, 0, n - n_left);
	return n_left;
}
