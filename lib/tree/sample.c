#include "tree/sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

enum {
	CUT = 18, /* bits of a float that do not matter for a bucket: 32 buckets for each power of 2 */
	N_BUCKETS = 1 << (31 - CUT),
	BITS = 30, /* of the largest size in a sum */
};

struct buckets {
	int64_t sum[N_BUCKETS]; /* of sizes, in steps */
	int64_t n[N_BUCKETS];
};

struct draw {
	const struct tree_sample *s;
	struct tree_grad *grad;
	uint8_t *drawn;
	uint32_t *rows; /* those that are drawn */
	size_t *n_before; /* [blocks + 1] how many are before each block */
	struct buckets *buckets; /* [pool_size] */
	double per_step;
	double limit; /* a size from which on a row is always taken */
};

static float size_of(const struct draw *d, size_t row)
{
	double g = (double)d->grad[row].grad, h = (double)d->grad[row].hess;

	return (float)sqrt(g * g + d->s->lambda * h * h);
}

static size_t bucket_of(float size)
{
	uint32_t u;

	memcpy(&u, &size, sizeof(u));
	return u >> CUT;
}

/** The lowest size of a bucket. */
static double lowest_of(size_t bucket)
{
	uint32_t u = (uint32_t)(bucket << CUT);
	float v;

	memcpy(&v, &u, sizeof(v));
	return (double)v;
}

static size_t end_of(const struct draw *d, size_t block)
{
	size_t to = (block + 1) * TREE_ROW_BLOCK;

	return to < d->s->n_rows ? to : d->s->n_rows;
}

static void count_block(void *ctx, size_t block, int worker)
{
	struct draw *d = ctx;
	struct buckets *b = &d->buckets[worker];

	for (size_t i = block * TREE_ROW_BLOCK, to = end_of(d, block); i < to; i++) {
		float size = size_of(d, i);

		if (tree_is_held_out(d->s->out, i) || !(size > 0))
			continue;
		b->n[bucket_of(size)]++;
		b->sum[bucket_of(size)] += (int64_t)((double)size * d->per_step);
	}
}

/**
 * The size at which the chance is 1, so that `wanted` rows are expected: those above it, and sum / limit of those
 * below.
 */
static double find_limit(const struct buckets *b, double per_step, double wanted)
{
	double below = 0, above = 0, limit = 0;

	for (size_t i = 0; i < N_BUCKETS; i++)
		below += (double)b->sum[i] / per_step;
	for (size_t i = N_BUCKETS; i-- > 0;) {
		if (wanted > above)
			limit = below / (wanted - above);
		if (wanted <= above || limit > lowest_of(i + 1))
			break;
		above += (double)b->n[i];
		below -= (double)b->sum[i] / per_step;
	}
	return limit;
}

static int prepare(struct draw *d, struct pool *pool, struct err *e)
{
	size_t n_workers = (size_t)pool_size(pool), n_in = 0;
	float most = 0;
	int exponent;

	d->buckets = mem_array(n_workers, sizeof(*d->buckets), e);
	if (!d->buckets)
		return -1;
	for (size_t i = 0; i < d->s->n_rows; i++) {
		n_in += !tree_is_held_out(d->s->out, i);
		most = fmaxf(most, size_of(d, i));
	}
	tree_comm_most(d->s->comm, &most, 1);
	n_in = (size_t)tree_comm_sum_of(d->s->comm, (int64_t)n_in);
	frexp((double)most, &exponent);
	d->per_step = ldexp(1, BITS - exponent);
	pool_for(pool, tree_n_blocks(d->s->n_rows), count_block, d);
	for (size_t w = 1; w < n_workers; w++)
		for (size_t i = 0; i < N_BUCKETS; i++) {
			d->buckets[0].n[i] += d->buckets[w].n[i];
			d->buckets[0].sum[i] += d->buckets[w].sum[i];
		}
	tree_comm_sum(d->s->comm, d->buckets[0].sum, N_BUCKETS);
	tree_comm_sum(d->s->comm, d->buckets[0].n, N_BUCKETS);
	d->limit = find_limit(d->buckets, d->per_step, d->s->share * (double)n_in);
	return 0;
}

static void draw_block(void *ctx, size_t block, int worker)
{
	struct draw *d = ctx;
	const struct tree_sample *s = d->s;
	size_t n = 0;

	(void)worker;
	for (size_t i = block * TREE_ROW_BLOCK, to = end_of(d, block); i < to; i++) {
		double chance = s->share;
		bool is_drawn;

		if (s->by_gradient)
			chance = d->limit > 0 ? (double)size_of(d, i) / d->limit : 1;
		is_drawn = !tree_is_held_out(s->out, i) &&
			   (chance >= 1 || rng_unit(s->seed, s->stream, s->first_row + i) < chance);
		d->drawn[i] = is_drawn;
		n += is_drawn;
		if (!s->by_gradient || (is_drawn && chance >= 1))
			continue;
		d->grad[i].grad = is_drawn ? (float)((double)d->grad[i].grad / chance) : 0;
		d->grad[i].hess = is_drawn ? (float)((double)d->grad[i].hess / chance) : 0;
	}
	d->n_before[block + 1] = n;
}

/** Task: the rows of a block that are drawn, to their place. */
static void list_block(void *ctx, size_t block, int worker)
{
	struct draw *d = ctx;
	size_t at = d->n_before[block], end = d->n_before[block + 1];

	(void)worker;
	/* written in any case, counted if it is wanted: no branch to guess */
	for (size_t i = block * TREE_ROW_BLOCK; at < end; i++) {
		d->rows[at] = (uint32_t)i;
		at += d->drawn[i];
	}
}

int tree_sample_draw(const struct tree_sample *s, struct pool *pool, struct tree_grad *grad,
	uint32_t *rows, uint8_t *drawn, size_t *n, struct err *e)
{
	struct draw d = { .s = s, .grad = grad, .drawn = drawn, .rows = rows };
	size_t n_blocks = tree_n_blocks(s->n_rows);
	int rc = -1;

	*n = 0;
	d.n_before = mem_array(n_blocks + 1, sizeof(*d.n_before), e);
	if (!d.n_before || (s->by_gradient && prepare(&d, pool, e)))
		goto out;
	pool_for(pool, n_blocks, draw_block, &d);
	for (size_t b = 0; b < n_blocks; b++)
		d.n_before[b + 1] += d.n_before[b];
	pool_for(pool, n_blocks, list_block, &d);
	*n = d.n_before[n_blocks];
	rc = 0;
out:
	free(d.n_before);
	free(d.buckets);
	return rc;
}
