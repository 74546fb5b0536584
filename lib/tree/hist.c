#include "tree/hist.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "tree/objective.h"

size_t tree_hist_size(size_t n_bins, size_t n_classes)
{
	return n_bins * ((n_classes + 1) * sizeof(int64_t) + sizeof(uint32_t)) + 64;
}

struct tree_hist tree_hist_at(void *memory, size_t n_bins, size_t n_classes)
{
	int64_t *p = memory;
	struct tree_hist h = { .grad = p, .hess = p + n_bins * n_classes };

	h.n = (uint32_t *)(h.hess + n_bins);
	return h;
}

struct tree_hist tree_hist_packed_at(void *memory)
{
	return (struct tree_hist){ .packed = memory };
}

struct tree_hist tree_hist_from(const struct tree_hist *h, uint32_t bin, size_t n_classes)
{
	if (h->packed)
		return (struct tree_hist){ .packed = h->packed + bin };
	return (struct tree_hist){
		.grad = h->grad + bin * n_classes, .hess = h->hess + bin, .n = h->n + bin
	};
}

/* The words come to lie where the gradients were. */
void tree_hist_pack(struct tree_hist *h, size_t n_bins)
{
	uint64_t *packed = (uint64_t *)h->grad;

	for (size_t i = 0; i < n_bins; i++)
		packed[i] = tree_packed(h->grad[i], h->hess[i], h->n[i]);
	*h = tree_hist_packed_at(packed);
}

void tree_hist_clear(
	const struct tree_frame *f, struct tree_columns cols, size_t n_classes, struct tree_hist *h)
{
	for (size_t i = 0; i < cols.n; i++) {
		const struct tree_frame_column *c = &f->cols[cols.list ? cols.list[i] : i];

		if (h->packed) {
			memset(h->packed + c->first, 0, c->n_bins * sizeof(*h->packed));
			continue;
		}
		memset(h->grad + c->first * n_classes, 0, c->n_bins * n_classes * sizeof(*h->grad));
		memset(h->hess + c->first, 0, c->n_bins * sizeof(*h->hess));
		memset(h->n + c->first, 0, c->n_bins * sizeof(*h->n));
	}
}

void tree_hist_merge(
	struct tree_hist *a, const struct tree_hist *b, size_t n_bins, size_t n_classes)
{
	if (a->packed) {
		for (size_t i = 0; i < n_bins; i++)
			a->packed[i] += b->packed[i];
		return;
	}
	for (size_t i = 0; i < n_bins * n_classes; i++)
		a->grad[i] += b->grad[i];
	for (size_t i = 0; i < n_bins; i++)
		a->hess[i] += b->hess[i];
	for (size_t i = 0; i < n_bins; i++)
		a->n[i] += b->n[i];
}

static void subtract_packed(struct tree_hist *a, const uint64_t *packed, size_t n_bins)
{
	for (size_t i = 0; i < n_bins; i++) {
		a->grad[i] -= tree_packed_grad(packed[i]);
		a->hess[i] -= tree_packed_hess(packed[i]);
		a->n[i] -= tree_packed_n(packed[i]);
	}
}

void tree_hist_subtract(
	struct tree_hist *a, const struct tree_hist *b, size_t n_bins, size_t n_classes)
{
	if (a->packed) {
		for (size_t i = 0; i < n_bins; i++)
			a->packed[i] -= b->packed[i];
		return;
	}
	if (b->packed) {
		subtract_packed(a, b->packed, n_bins);
		return;
	}
	for (size_t i = 0; i < n_bins * n_classes; i++)
		a->grad[i] -= b->grad[i];
	for (size_t i = 0; i < n_bins; i++)
		a->hess[i] -= b->hess[i];
	for (size_t i = 0; i < n_bins; i++)
		a->n[i] -= b->n[i];
}

/* ---- quantization ---------------------------------------------------------------------------------------- */

/** Floats that are not below 0 have the order of their bits: largest and smallest by integer atomics. */
struct quantize {
	const struct tree_frame *f;
	const struct tree_grad *grad;
	const struct tree_kernel *kernel;
	struct tree_rounding r;
	_Atomic uint32_t most_grad, most_hess, least_hess;
};

static uint32_t bits_of(float v)
{
	uint32_t u;

	memcpy(&u, &v, sizeof(u));
	return u;
}

static float float_of(uint32_t u)
{
	float v;

	memcpy(&v, &u, sizeof(v));
	return v;
}

static void raise_to(_Atomic uint32_t *most, float v)
{
	uint32_t old = atomic_load(most), new = bits_of(v);

	while (new > old && !atomic_compare_exchange_weak(most, &old, new))
		;
}

static void lower_to(_Atomic uint32_t *least, float v)
{
	uint32_t old = atomic_load(least), new = bits_of(v);

	while (new < old && !atomic_compare_exchange_weak(least, &old, new))
		;
}

static void find_range(void *ctx, size_t block, int worker)
{
	struct quantize *z = ctx;
	size_t from = block * TREE_ROW_BLOCK, to = from + TREE_ROW_BLOCK;
	float g = 0, h = 0, l = INFINITY;

	(void)worker;
	if (to > z->f->n_rows)
		to = z->f->n_rows;
	for (size_t i = from; i < to; i++) {
		float a = fabsf(z->grad[i].grad), b = z->grad[i].hess;

		g = a > g ? a : g;
		h = b > h ? b : h;
		l = b < l ? b : l;
	}
	raise_to(&z->most_grad, g);
	raise_to(&z->most_hess, h);
	lower_to(&z->least_hess, l);
}

static void quantize_block(void *ctx, size_t block, int worker)
{
	struct quantize *z = ctx;
	size_t from = block * TREE_ROW_BLOCK;
	size_t n = z->f->n_rows - from < TREE_ROW_BLOCK ? z->f->n_rows - from : TREE_ROW_BLOCK;
	const struct tree_records *r = &z->f->records;

	(void)worker;
	z->kernel->quantize(&z->r, z->grad + from, z->f->first_row + from, n,
		r->rows + from * r->stride, r->stride);
}

void tree_quantize(const struct tree_frame *f, const struct tree_grad *grad, uint64_t seed,
	uint64_t stream, struct pool *pool, struct tree_quant *q)
{
	struct quantize z = { .f = f,
		.grad = grad,
		.kernel = tree_kernel_best(),
		.r = { .seed = seed, .stream = stream } };
	float g, h, l;

	atomic_init(&z.least_hess, bits_of(INFINITY));
	pool_for(pool, tree_n_blocks(f->n_rows), find_range, &z);
	g = float_of(atomic_load(&z.most_grad));
	h = float_of(atomic_load(&z.most_hess));
	l = float_of(atomic_load(&z.least_hess));
	if (f->comm) {
		float most[] = { g, h, -l };

		tree_comm_most(f->comm, most, 3);
		g = most[0];
		h = most[1];
		l = -most[2];
	}
	z.r.exact_hess = l == h && h > 0;
	z.r.per_grad = g > 0 ? TREE_GRAD_MAX / (double)g : 0;
	z.r.per_hess = h > 0 ? TREE_HESS_MAX / (double)h : 0;
	q->grad_unit = (double)g / TREE_GRAD_MAX;
	q->hess_unit = z.r.exact_hess ? (double)h : (double)h / TREE_HESS_MAX;
	q->grad_max = (double)g;
	q->hess_max = (double)h;
	q->class = NULL;
	q->n_classes = 1;
	pool_for(pool, tree_n_blocks(f->n_rows), quantize_block, &z);
}
