#include "tree/record.h"

#include <stdlib.h>

#include "base/mem.h"
#include "tree/frame.h"
#include "tree/objective.h"

enum { SHARED_MAX = 128 }; /* bins that leave room for another column in a byte */

/* ---- bundles ----------------------------------------------------------------------------------------- */

struct candidate {
	uint32_t col, n_used;
};

static int by_used(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->n_used != y->n_used)
		return x->n_used > y->n_used ? -1 : 1;
	return x->col < y->col ? -1 : 1;
}

/** A bundle of the column alone. */
static void add_alone(struct tree_frame *f, uint32_t col)
{
	struct tree_records *r = &f->records;
	struct tree_frame_column *c = &f->cols[col];

	c->place = (struct tree_place){
		.bundle = (uint32_t)r->n_bundles, .step = 1, .span = c->n_bins, .by_step = 65537
	};
	r->bundles[r->n_bundles++] = (struct tree_bundle){
		.width = (uint8_t)c->width, .n_codes = c->n_bins, .col = col
	};
}

static void join(struct tree_frame *f, uint32_t bundle, const struct candidate *one)
{
	struct tree_bundle *b = &f->records.bundles[bundle];
	struct tree_frame_column *c = &f->cols[one->col];

	c->place = (struct tree_place){
		.bundle = bundle,
		.base = c->n_bins - one->n_used,
		.step = b->n_codes,
		.span = one->n_used,
		.by_step = 65536 / b->n_codes + 1,
		.by_span = 65536 / one->n_used + 1,
	};
	b->n_codes *= one->n_used;
}

/** First fit, the columns of most bins first. */
static void share_bytes(struct tree_frame *f, struct candidate *list, size_t n)
{
	struct tree_records *r = &f->records;
	size_t first = r->n_bundles, at;

	qsort(list, n, sizeof(*list), by_used);
	for (size_t i = 0; i < n; i++) {
		for (at = first; at < r->n_bundles; at++)
			if (r->bundles[at].n_codes * list[i].n_used <= TREE_SLOTS)
				break;
		if (at == r->n_bundles)
			r->bundles[r->n_bundles++] =
				(struct tree_bundle){ .width = 1, .is_shared = true, .n_codes = 1 };
		join(f, (uint32_t)at, &list[i]);
	}
}

static int make_bundles(struct tree_frame *f, bool share, struct err *e)
{
	struct tree_records *r = &f->records;
	struct candidate *list = mem_array(f->n_cols, sizeof(*list), e);
	size_t n = 0;

	r->bundles = mem_array(f->n_cols, sizeof(*r->bundles), e);
	if (!list || !r->bundles) {
		free(list);
		return -1;
	}
	for (uint32_t i = 0; i < f->n_cols; i++) {
		const struct tree_frame_column *c = &f->cols[i];
		uint32_t n_used = c->n_bins - (c->n_bins > 1 && !c->has_missing);

		if (share && n_used <= SHARED_MAX)
			list[n++] = (struct candidate){ i, n_used };
		else if (c->width == 1)
			add_alone(f, i);
	}
	share_bytes(f, list, n);
	r->n_narrow = r->n_bundles;
	for (uint32_t i = 0; i < f->n_cols; i++)
		if (f->cols[i].width == 2)
			add_alone(f, i);
	free(list);
	return 0;
}

/** Places in a record; a record of up to a cache line lies in one. */
static void lay_out(struct tree_records *r)
{
	size_t at = TREE_GH_BYTES;

	for (size_t i = 0; i < r->n_bundles; i++) {
		struct tree_bundle *b = &r->bundles[i];

		b->at = at;
		b->first = r->n_slots;
		at += b->width;
		r->n_slots += b->width == 1 ? TREE_SLOTS : b->n_codes;
	}
	r->stride = at <= 64 ? 8 : (at + 15) / 16 * 16;
	while (r->stride < at)
		r->stride *= 2;
}

/* ---- filling ------------------------------------------------------------------------------------------ */

/** Task: one block of rows from columns to records. */
static void turn_block(void *ctx, size_t block, int worker)
{
	struct tree_frame *f = ctx;
	size_t from = block * TREE_ROW_BLOCK, to = from + TREE_ROW_BLOCK,
	       stride = f->records.stride;

	(void)worker;
	if (to > f->n_rows)
		to = f->n_rows;
	memset(f->records.rows + from * stride, 0, (to - from) * stride);
	/* a piece of rows that stays in the cache while all columns are put into it */
	for (size_t piece = from; piece < to; piece += 512) {
		size_t n = piece + 512 < to ? 512 : to - piece;

		for (size_t i = 0; i < f->n_cols; i++) {
			const struct tree_frame_column *c = &f->cols[i];
			const struct tree_bundle *b = &f->records.bundles[c->place.bundle];
			const uint8_t *in = (const uint8_t *)c->bins + piece * c->width;
			uint8_t *out = f->records.rows + piece * stride + b->at;
			uint8_t base = (uint8_t)c->place.base, step = (uint8_t)c->place.step;

			if (c->width == 1)
				for (size_t k = 0; k < n; k++)
					out[k * stride] =
						(uint8_t)(out[k * stride] + (in[k] - base) * step);
			else
				for (size_t k = 0; k < n; k++)
					memcpy(out + k * stride, in + 2 * k, 2);
		}
	}
}

int tree_records_make(struct tree_frame *f, bool share, struct pool *pool, struct err *e)
{
	struct tree_records *r = &f->records;

	if (make_bundles(f, share, e))
		return -1;
	lay_out(r);
	r->rows = mem_aligned(f->n_rows * r->stride + 64, 1, e);
	if (!r->rows)
		return -1;
	pool_for(pool, tree_n_blocks(f->n_rows), turn_block, f);
	return 0;
}

void tree_records_release(struct tree_records *r)
{
	free(r->rows);
	free(r->bundles);
	memset(r, 0, sizeof(*r));
}
