#include "tree/hist.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/rng.h"
#include "tree/objective.h"

enum {
	AHEAD = 16, /* rows that are fetched before they are needed */
	FEW = 96, /* fewer rows are not worth packing */
};

size_t tree_hist_size(size_t n_bins, size_t n_classes)
{
	return n_bins * ((n_classes + 1) * sizeof(int64_t) + sizeof(uint32_t)) + 64;
}

struct tree_hist tree_hist_at(void *memory, size_t n_bins, size_t n_classes)
{
	int64_t *p = memory;
	struct tree_hist h = { p, p + n_bins * n_classes, NULL };

	h.n = (uint32_t *)(h.hess + n_bins);
	return h;
}

void tree_hist_clear(
	const struct tree_frame *f, struct tree_columns cols, size_t n_classes, struct tree_hist *h)
{
	for (size_t i = 0; i < cols.n; i++) {
		const struct tree_frame_column *c = &f->cols[cols.list ? cols.list[i] : i];

		memset(h->grad + c->first * n_classes, 0, c->n_bins * n_classes * sizeof(*h->grad));
		memset(h->hess + c->first, 0, c->n_bins * sizeof(*h->hess));
		memset(h->n + c->first, 0, c->n_bins * sizeof(*h->n));
	}
}

static inline uint64_t pack(struct tree_gh gh)
{
	return ((uint64_t)(int64_t)gh.grad << 39) + ((uint64_t)gh.hess << 14) + 1;
}

static void unpack(uint64_t *packed, struct tree_hist *h, uint32_t first, uint32_t n)
{
	for (uint32_t i = first; i < first + n; i++) {
		uint64_t v = packed[i];

		packed[i] = 0;
		h->grad[i] += (int64_t)v >> 39;
		h->hess[i] += (int64_t)(v >> 14 & 0x1ffffff);
		h->n[i] += v & 0x3fff;
	}
}

/* ---- one gradient: packed ---------------------------------------------------------------------------- */

/** Rows and columns of one block. Copied into locals by the kernels: `packed` may alias nothing then. */
struct piece {
	const struct tree_frame *f;
	const uint32_t *first; /* [n_cols] bin 0 of each column */
	const uint32_t *cols; /* [n_cols] */
	size_t n_cols;
	const struct tree_gh *gh;
	const uint32_t *rows;
	size_t n;
	uint64_t *packed;
};

static void add_all_8(const struct piece *p)
{
	const uint8_t *bins = p->f->by_row;
	const uint32_t *rows = p->rows, *restrict first = p->first;
	const struct tree_gh *gh = p->gh;
	uint64_t *restrict packed = p->packed;
	size_t n_cols = p->n_cols, n = p->n;

	for (size_t i = 0; i < n; i++) {
		const uint8_t *restrict row = bins + (size_t)rows[i] * n_cols;
		uint64_t v = pack(gh[rows[i]]);
		size_t c = 0;

		if (i + AHEAD < n) {
			__builtin_prefetch(bins + (size_t)rows[i + AHEAD] * n_cols);
			__builtin_prefetch(gh + rows[i + AHEAD]);
		}
		for (; c + 4 <= n_cols; c += 4) {
			packed[first[c] + row[c]] += v;
			packed[first[c + 1] + row[c + 1]] += v;
			packed[first[c + 2] + row[c + 2]] += v;
			packed[first[c + 3] + row[c + 3]] += v;
		}
		for (; c < n_cols; c++)
			packed[first[c] + row[c]] += v;
	}
}

static void add_some_8(const struct piece *p)
{
	const uint8_t *bins = p->f->by_row;
	const uint32_t *rows = p->rows, *restrict first = p->first, *restrict cols = p->cols;
	const struct tree_gh *gh = p->gh;
	uint64_t *restrict packed = p->packed;
	size_t n_cols = p->n_cols, n = p->n, stride = p->f->n_cols;

	for (size_t i = 0; i < n; i++) {
		const uint8_t *restrict row = bins + (size_t)rows[i] * stride;
		uint64_t v = pack(gh[rows[i]]);

		if (i + AHEAD < n) {
			__builtin_prefetch(bins + (size_t)rows[i + AHEAD] * stride);
			__builtin_prefetch(gh + rows[i + AHEAD]);
		}
		for (size_t c = 0; c < n_cols; c++)
			packed[first[c] + row[cols[c]]] += v;
	}
}

static void add_some_16(const struct piece *p)
{
	const uint16_t *bins = p->f->by_row;
	const uint32_t *rows = p->rows, *restrict first = p->first, *restrict cols = p->cols;
	const struct tree_gh *gh = p->gh;
	uint64_t *restrict packed = p->packed;
	size_t n_cols = p->n_cols, n = p->n, stride = p->f->n_cols;

	for (size_t i = 0; i < n; i++) {
		const uint16_t *restrict row = bins + (size_t)rows[i] * stride;
		uint64_t v = pack(gh[rows[i]]);

		if (i + AHEAD < n) {
			__builtin_prefetch(bins + (size_t)rows[i + AHEAD] * stride);
			__builtin_prefetch(gh + rows[i + AHEAD]);
		}
		for (size_t c = 0; c < n_cols; c++)
			packed[first[c] + row[cols[c]]] += v;
	}
}

/** Few rows: straight into the histogram, so that its many empty bins need not be unpacked. */
static void add_few(const struct piece *p, struct tree_hist *h)
{
	size_t stride = p->f->n_cols;

	for (size_t i = 0; i < p->n; i++) {
		size_t at = (size_t)p->rows[i] * stride;
		struct tree_gh gh = p->gh[p->rows[i]];

		for (size_t c = 0; c < p->n_cols; c++) {
			size_t k = at + p->cols[c];
			uint32_t b = p->first[c] +
				     (p->f->width == 1 ? ((const uint8_t *)p->f->by_row)[k]
						       : ((const uint16_t *)p->f->by_row)[k]);

			h->grad[b] += gh.grad;
			h->hess[b] += gh.hess;
			h->n[b]++;
		}
	}
}

/* ---- several classes ----------------------------------------------------------------------------------- */

static void add_classes(const struct tree_frame *f, struct tree_columns cols,
	const struct tree_quant *q, const uint32_t *rows, size_t n, struct tree_hist *h)
{
	for (size_t c = 0; c < cols.n; c++) {
		size_t col = cols.list ? cols.list[c] : c;
		uint32_t first = f->cols[col].first;

		for (size_t i = 0; i < n; i++) {
			uint32_t b = first + tree_frame_bin(f, col, rows[i]);
			uint16_t w = q->gh[rows[i]].hess;

			h->grad[(size_t)b * q->n_classes + q->class[rows[i]]] += w;
			h->hess[b] += w;
			h->n[b]++;
		}
	}
}

enum { COLS_AT_ONCE = 256 }; /* columns whose numbers lie on the stack */

/** Columns cols[0..n), at most COLS_AT_ONCE, or all if there are no more. */
static void add_columns(const struct tree_frame *f, const uint32_t *list, size_t n_cols,
	const struct tree_quant *q, const uint32_t *rows, size_t n, uint64_t *packed,
	struct tree_hist *h)
{
	uint32_t first[COLS_AT_ONCE], col[COLS_AT_ONCE];
	struct piece p = { f, first, col, n_cols, q->gh, rows, 0, packed };
	bool all = n_cols == f->n_cols;

	for (size_t i = 0; i < n_cols; i++) {
		col[i] = list ? list[i] : (uint32_t)i;
		first[i] = f->cols[col[i]].first;
		all &= col[i] == i;
	}
	for (size_t from = 0; from < n; from += TREE_PACK_ROWS) {
		p.rows = rows + from;
		p.n = n - from < TREE_PACK_ROWS ? n - from : TREE_PACK_ROWS;
		if (p.n < FEW) {
			add_few(&p, h);
			continue;
		}
		if (f->width == 2)
			add_some_16(&p);
		else if (all)
			add_all_8(&p);
		else
			add_some_8(&p);
		for (size_t i = 0; i < n_cols; i++)
			unpack(packed, h, first[i], f->cols[col[i]].n_bins);
	}
}

void tree_hist_add(const struct tree_frame *f, struct tree_columns cols, const struct tree_quant *q,
	const uint32_t *rows, size_t n, uint64_t *packed, struct tree_hist *h)
{
	uint32_t range[COLS_AT_ONCE];

	if (q->class) {
		add_classes(f, cols, q, rows, n, h);
		return;
	}
	for (size_t from = 0; from < cols.n; from += COLS_AT_ONCE) {
		size_t many = cols.n - from < COLS_AT_ONCE ? cols.n - from : COLS_AT_ONCE;

		for (size_t i = 0; i < many; i++)
			range[i] = cols.list ? cols.list[from + i] : (uint32_t)(from + i);
		add_columns(f, range, many, q, rows, n, packed, h);
	}
}

void tree_hist_merge(
	struct tree_hist *a, const struct tree_hist *b, size_t n_bins, size_t n_classes)
{
	for (size_t i = 0; i < n_bins * n_classes; i++)
		a->grad[i] += b->grad[i];
	for (size_t i = 0; i < n_bins; i++)
		a->hess[i] += b->hess[i];
	for (size_t i = 0; i < n_bins; i++)
		a->n[i] += b->n[i];
}

void tree_hist_subtract(
	struct tree_hist *a, const struct tree_hist *b, size_t n_bins, size_t n_classes)
{
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
	const float *grad, *hess;
	size_t n_rows;
	uint64_t seed, stream;
	struct tree_gh *gh;
	_Atomic uint32_t most_grad, most_hess, least_hess;
	double per_grad, per_hess;
	bool exact_hess;
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
	if (to > z->n_rows)
		to = z->n_rows;
	for (size_t i = from; i < to; i++) {
		float a = fabsf(z->grad[i]);

		g = a > g ? a : g;
		h = z->hess[i] > h ? z->hess[i] : h;
		l = z->hess[i] < l ? z->hess[i] : l;
	}
	raise_to(&z->most_grad, g);
	raise_to(&z->most_hess, h);
	lower_to(&z->least_hess, l);
}

static void quantize_block(void *ctx, size_t block, int worker)
{
	struct quantize *z = ctx;
	size_t from = block * TREE_ROW_BLOCK, to = from + TREE_ROW_BLOCK;

	(void)worker;
	if (to > z->n_rows)
		to = z->n_rows;
	for (size_t i = from; i < to; i++) {
		uint64_t r = rng_bits(z->seed, z->stream, i);
		double g = (double)z->grad[i] * z->per_grad + (double)(uint32_t)r * 0x1p-32;
		double h = (double)z->hess[i] * z->per_hess + (double)(r >> 32) * 0x1p-32;
		/* down to the next integer, also below 0; one never goes past the largest */
		int32_t gi = (int32_t)(g + TREE_GRAD_MAX + 1) - (TREE_GRAD_MAX + 1);
		int32_t hi = z->exact_hess ? z->hess[i] > 0 : (int32_t)h;

		z->gh[i].grad = (int16_t)(gi > TREE_GRAD_MAX ? TREE_GRAD_MAX : gi);
		z->gh[i].hess = (uint16_t)(hi > TREE_HESS_MAX ? TREE_HESS_MAX : hi);
	}
}

void tree_quantize(const float *grad, const float *hess, size_t n_rows, uint64_t seed,
	uint64_t stream, struct pool *pool, struct tree_gh *gh, struct tree_quant *q)
{
	struct quantize z = { .grad = grad,
		.hess = hess,
		.n_rows = n_rows,
		.seed = seed,
		.stream = stream,
		.gh = gh };
	float g, h, l;

	atomic_init(&z.least_hess, bits_of(INFINITY));
	pool_for(pool, tree_n_blocks(n_rows), find_range, &z);
	g = float_of(atomic_load(&z.most_grad));
	h = float_of(atomic_load(&z.most_hess));
	l = float_of(atomic_load(&z.least_hess));
	z.exact_hess = l == h && h > 0;
	z.per_grad = g > 0 ? TREE_GRAD_MAX / (double)g : 0;
	z.per_hess = h > 0 ? TREE_HESS_MAX / (double)h : 0;
	q->gh = gh;
	q->grad_unit = (double)g / TREE_GRAD_MAX;
	q->hess_unit = z.exact_hess ? (double)h : (double)h / TREE_HESS_MAX;
	q->class = NULL;
	q->n_classes = 1;
	pool_for(pool, tree_n_blocks(n_rows), quantize_block, &z);
}
