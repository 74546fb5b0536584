#include "tree/hist.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

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

/* ---- one gradient: packed ---------------------------------------------------------------------------- */

enum { COLS_AT_ONCE = 64 }; /* columns whose sums are made in one pass */

/** Rows and columns of one block: narrow columns first, then those of two bytes. */
struct piece {
	const struct tree_frame *f;
	const uint32_t *rows;
	size_t n;
	size_t n_narrow, n_cols;
	uint32_t col[COLS_AT_ONCE];
	uint32_t at[COLS_AT_ONCE]; /* in a record */
	uint64_t *sums[COLS_AT_ONCE]; /* of bin 0 */
};

/** Fetches a record of up to two cache lines, of larger ones those that are needed first. */
static inline void fetch(const uint8_t *record, size_t stride)
{
	__builtin_prefetch(record);
	if (stride > 64)
		__builtin_prefetch(record + 64);
}

/** All of up to 60 narrow columns, which lie side by side. */
static void add_all(const struct piece *p)
{
	const uint8_t *records = p->f->records;
	size_t stride = p->f->stride, n_cols = p->n_cols, n = p->n;
	const uint32_t *rows = p->rows;
	uint64_t *const *restrict sums = p->sums;

	for (size_t i = 0; i < n; i++) {
		const uint8_t *restrict record = records + rows[i] * stride;
		const uint8_t *restrict bins = record + sizeof(struct tree_gh);
		struct tree_gh gh;
		uint64_t v;
		size_t c = 0;

		fetch(records + rows[i + AHEAD < n ? i + AHEAD : n - 1] * stride, stride);
		memcpy(&gh, record, sizeof(gh));
		v = pack(gh);
		for (; c + 4 <= n_cols; c += 4) {
			sums[c][bins[c]] += v;
			sums[c + 1][bins[c + 1]] += v;
			sums[c + 2][bins[c + 2]] += v;
			sums[c + 3][bins[c + 3]] += v;
		}
		for (; c < n_cols; c++)
			sums[c][bins[c]] += v;
	}
}

static void add_some(const struct piece *p)
{
	const uint8_t *records = p->f->records;
	size_t stride = p->f->stride, n_narrow = p->n_narrow, n_cols = p->n_cols, n = p->n;
	const uint32_t *rows = p->rows, *restrict at = p->at;
	uint64_t *const *restrict sums = p->sums;

	for (size_t i = 0; i < n; i++) {
		const uint8_t *restrict record = records + rows[i] * stride;
		struct tree_gh gh;
		uint64_t v;
		size_t c = 0;

		fetch(records + rows[i + AHEAD < n ? i + AHEAD : n - 1] * stride, stride);
		memcpy(&gh, record, sizeof(gh));
		v = pack(gh);
		for (; c < n_narrow; c++)
			sums[c][record[at[c]]] += v;
		for (; c < n_cols; c++) {
			uint16_t bin;

			memcpy(&bin, record + at[c], sizeof(bin));
			sums[c][bin] += v;
		}
	}
}

/** Straight into the histogram, where the bins to unpack would be more than the rows. */
static void add_directly(
	const struct tree_frame *f, const struct piece *p, size_t from, struct tree_hist *h)
{
	for (size_t i = 0; i < p->n; i++) {
		const uint8_t *record = f->records + p->rows[i] * f->stride;
		struct tree_gh gh;

		memcpy(&gh, record, sizeof(gh));
		for (size_t c = from; c < p->n_cols; c++) {
			const struct tree_frame_column *col = &f->cols[p->col[c]];
			uint32_t b = col->first + tree_record_bin(col, record);

			h->grad[b] += gh.grad;
			h->hess[b] += gh.hess;
			h->n[b]++;
		}
	}
}

/** The columns of the list from `from` on that fit into a piece, of one width. */
static size_t set_columns(const struct tree_frame *f, struct tree_columns cols, size_t from,
	unsigned width, uint64_t *packed, struct piece *p)
{
	for (; from < cols.n && p->n_cols < COLS_AT_ONCE; from++) {
		uint32_t col = cols.list ? cols.list[from] : (uint32_t)from;
		const struct tree_frame_column *c = &f->cols[col];

		if (c->width != width)
			continue;
		p->col[p->n_cols] = col;
		p->at[p->n_cols] = (uint32_t)c->at;
		p->sums[p->n_cols++] = packed + c->first;
	}
	return from;
}

static void add_piece(const struct tree_kernel *k, const struct tree_frame *f, struct piece *p,
	const uint32_t *rows, size_t n, struct tree_hist *h)
{
	bool all = p->n_narrow == f->n_cols;
	size_t n_cols = p->n_cols, n_packed = n_cols;

	for (size_t i = 0; i < n_cols; i++)
		all &= p->col[i] == i;
	/* columns of many bins are the last ones; they are packed where that pays */
	if (n < TREE_PACK_ROWS)
		n_packed = p->n_narrow;
	for (size_t from = 0; from < n; from += TREE_PACK_ROWS) {
		p->rows = rows + from;
		p->n = n - from < TREE_PACK_ROWS ? n - from : TREE_PACK_ROWS;
		if (p->n < FEW)
			n_packed = 0;
		p->n_cols = n_packed;
		if (all && n_packed)
			add_all(p);
		else if (n_packed)
			add_some(p);
		for (size_t i = 0; i < n_packed; i++) {
			const struct tree_frame_column *c = &f->cols[p->col[i]];
			uint32_t b = c->first;

			k->unpack(p->sums[i], c->n_bins, h->grad + b, h->hess + b, h->n + b);
		}
		p->n_cols = n_cols;
		if (n_packed < n_cols)
			add_directly(f, p, n_packed, h);
	}
}

/* ---- several classes ----------------------------------------------------------------------------------- */

static void add_classes(const struct tree_frame *f, struct tree_columns cols,
	const struct tree_quant *q, const uint32_t *rows, size_t n, struct tree_hist *h)
{
	for (size_t c = 0; c < cols.n; c++) {
		const struct tree_frame_column *col = &f->cols[cols.list ? cols.list[c] : c];

		for (size_t i = 0; i < n; i++) {
			const uint8_t *record = f->records + rows[i] * f->stride;
			uint32_t b = col->first + tree_record_bin(col, record);
			uint16_t w = tree_frame_gh(f, rows[i]).hess;

			h->grad[(size_t)b * q->n_classes + q->class[rows[i]]] += w;
			h->hess[b] += w;
			h->n[b]++;
		}
	}
}

void tree_hist_add(const struct tree_kernel *k, const struct tree_frame *f,
	struct tree_columns cols, const struct tree_quant *q, const uint32_t *rows, size_t n,
	uint64_t *packed, struct tree_hist *h)
{
	size_t narrow = 0, wide = 0;

	if (q->class) {
		add_classes(f, cols, q, rows, n, h);
		return;
	}
	while (narrow < cols.n || wide < cols.n) {
		struct piece p = { .f = f };

		narrow = set_columns(f, cols, narrow, 1, packed, &p);
		p.n_narrow = p.n_cols;
		wide = set_columns(f, cols, wide, 2, packed, &p);
		if (p.n_cols)
			add_piece(k, f, &p, rows, n, h);
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

	(void)worker;
	z->kernel->quantize(
		&z->r, z->grad + from, from, n, z->f->records + from * z->f->stride, z->f->stride);
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
