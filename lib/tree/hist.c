#include "tree/hist.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tree/objective.h"

enum {
	AHEAD = 16, /* rows that are fetched before they are needed */
	FEW = 256, /* fewer rows are not worth packing */
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

/* ---- plans --------------------------------------------------------------------------------------------- */

int tree_plan_init(struct tree_plan *p, const struct tree_frame *f, struct err *e)
{
	memset(p, 0, sizeof(*p));
	p->bundles = mem_array(f->records.n_bundles, sizeof(*p->bundles), e);
	p->is_in = p->bundles ? mem_array(f->records.n_bundles, sizeof(*p->is_in), e) : NULL;
	return p->is_in ? 0 : -1;
}

void tree_plan_release(struct tree_plan *p)
{
	free(p->bundles);
	free(p->is_in);
	memset(p, 0, sizeof(*p));
}

void tree_plan_set(struct tree_plan *p, const struct tree_frame *f, struct tree_columns cols)
{
	for (size_t i = 0; i < p->n; i++)
		p->is_in[p->bundles[i]] = false;
	p->cols = cols;
	p->n = 0;
	for (size_t i = 0; i < cols.n; i++)
		p->is_in[f->cols[cols.list ? cols.list[i] : i].place.bundle] = true;
	for (uint32_t b = 0; b < f->records.n_bundles; b++) {
		if (b == f->records.n_narrow)
			p->n_narrow = p->n;
		if (p->is_in[b])
			p->bundles[p->n++] = b;
	}
	if (f->records.n_narrow == f->records.n_bundles)
		p->n_narrow = p->n;
}

/* ---- one gradient: packed ---------------------------------------------------------------------------- */

enum { BUNDLES_AT_ONCE = 64 };

int tree_sums_init(struct tree_sums *s, const struct tree_frame *f, struct err *e)
{
	size_t n = f->records.n_slots, n_codes = f->records.n_narrow * TREE_SLOTS;

	memset(s, 0, sizeof(*s));
	s->packed = mem_aligned(n, sizeof(*s->packed), e);
	s->memory = s->packed ? mem_aligned(tree_hist_size(n_codes, 1), 1, e) : NULL;
	if (!s->memory)
		return -1;
	memset(s->packed, 0, n * sizeof(*s->packed));
	memset(s->memory, 0, tree_hist_size(n_codes, 1));
	s->of_codes = tree_hist_at(s->memory, n_codes, 1);
	return 0;
}

void tree_sums_release(struct tree_sums *s)
{
	free(s->packed);
	free(s->memory);
	memset(s, 0, sizeof(*s));
}

static inline uint64_t pack(uint32_t bits)
{
	uint64_t grad = (uint64_t)((int64_t)((uint64_t)bits << 52) >> 13);

	return grad + ((uint64_t)(bits & 0xfff000) << 2) + 1;
}

/** Fetches a record of up to two cache lines, of larger ones those that are needed first. */
static inline void fetch(const uint8_t *record, size_t stride)
{
	__builtin_prefetch(record);
	if (stride > 64)
		__builtin_prefetch(record + 64);
}

/** Adds to `n_codes` bundles of one byte that lie side by side, the first one's code at `at`. */
static void add_run(const struct tree_records *r, size_t at, size_t n_codes, const uint32_t *rows,
	size_t n, uint64_t *first)
{
	size_t stride = r->stride;

	for (size_t i = 0; i < n; i++) {
		const uint8_t *record = r->rows + rows[i] * stride, *codes = record + at;
		uint64_t v = pack(tree_record_bits(record)), *restrict sums = first;
		size_t c = 0;

		fetch(r->rows + rows[i + AHEAD < n ? i + AHEAD : n - 1] * stride, stride);
		for (; c + 4 <= n_codes; c += 4, sums += 4 * TREE_SLOTS) {
			sums[codes[c]] += v;
			sums[TREE_SLOTS + codes[c + 1]] += v;
			sums[2 * TREE_SLOTS + codes[c + 2]] += v;
			sums[3 * TREE_SLOTS + codes[c + 3]] += v;
		}
		for (; c < n_codes; c++, sums += TREE_SLOTS)
			sums[codes[c]] += v;
	}
}

/** Adds to bundles of one width, wherever they lie. */
static void add_each(const struct tree_records *r, const uint32_t *bundles, size_t n_bundles,
	const uint32_t *rows, size_t n, uint64_t *packed)
{
	bool is_wide = r->bundles[bundles[0]].width > 1;
	size_t stride = r->stride, at[BUNDLES_AT_ONCE];
	uint64_t *sums[BUNDLES_AT_ONCE];

	for (size_t b = 0; b < n_bundles; b++) {
		at[b] = r->bundles[bundles[b]].at;
		sums[b] = packed + r->bundles[bundles[b]].first;
	}
	for (size_t i = 0; i < n; i++) {
		const uint8_t *restrict record = r->rows + rows[i] * stride;
		uint64_t v = pack(tree_record_bits(record));

		fetch(r->rows + rows[i + AHEAD < n ? i + AHEAD : n - 1] * stride, stride);
		for (size_t b = 0; !is_wide && b < n_bundles; b++)
			sums[b][record[at[b]]] += v;
		for (size_t b = 0; is_wide && b < n_bundles; b++) {
			uint16_t code;

			memcpy(&code, record + at[b], sizeof(code));
			sums[b][code] += v;
		}
	}
}

/** Adds to all bundles of the plan, which are narrow ones first, a number of them at a time. */
static void add_packed(const struct tree_records *r, const struct tree_plan *p,
	const uint32_t *rows, size_t n, uint64_t *packed)
{
	size_t from = 0;

	while (from < p->n) {
		size_t end = from < p->n_narrow ? p->n_narrow : p->n, to = from + 1;
		const struct tree_bundle *b = &r->bundles[p->bundles[from]];
		bool is_run = b->width == 1;

		for (; to < end && to - from < BUNDLES_AT_ONCE; to++)
			is_run &= p->bundles[to] == p->bundles[to - 1] + 1;
		if (is_run)
			add_run(r, b->at, to - from, rows, n, packed + b->first);
		else
			add_each(r, p->bundles + from, to - from, rows, n, packed);
		from = to;
	}
}

static void unpack(const struct tree_hist_job *j, const struct tree_plan *p, struct tree_sums *s,
	struct tree_hist *h)
{
	const struct tree_frame *f = j->f;

	for (size_t i = 0; i < p->n; i++) {
		const struct tree_bundle *b = &f->records.bundles[p->bundles[i]];
		struct tree_hist *to = b->is_shared ? &s->of_codes : h;
		uint32_t first = b->is_shared ? b->first : f->cols[b->col].first;

		j->kernel->unpack(s->packed + b->first, b->n_codes, to->grad + first,
			to->hess + first, to->n + first);
	}
	s->n_rows = 0;
}

void tree_sums_add(const struct tree_hist_job *j, const struct tree_plan *p, const uint32_t *rows,
	size_t n, struct tree_sums *s, struct tree_hist *h)
{
	for (size_t from = 0; from < n;) {
		size_t room = TREE_PACK_ROWS - s->n_rows, m = n - from < room ? n - from : room;

		add_packed(j->records, p, rows + from, m, s->packed);
		from += m;
		s->n_rows += m;
		if (s->n_rows == TREE_PACK_ROWS)
			unpack(j, p, s, h);
	}
}

/** Sums of a column's bins from those of the codes. */
static void add_codes(const struct tree_frame_column *c, const struct tree_bundle *b,
	const struct tree_hist *codes, struct tree_hist *h)
{
	uint32_t at = b->first, end = b->first + b->n_codes;

	while (at < end)
		for (uint32_t bin = c->first + c->place.base; bin < c->first + c->n_bins; bin++)
			for (uint32_t i = 0; i < c->place.step; i++, at++) {
				h->grad[bin] += codes->grad[at];
				h->hess[bin] += codes->hess[at];
				h->n[bin] += codes->n[at];
			}
}

void tree_sums_finish(const struct tree_hist_job *j, const struct tree_plan *p, struct tree_sums *s,
	struct tree_hist *h)
{
	const struct tree_frame *f = j->f;
	struct tree_hist *codes = &s->of_codes;

	unpack(j, p, s, h);
	for (size_t i = 0; i < p->cols.n; i++) {
		const struct tree_frame_column *c = &f->cols[p->cols.list ? p->cols.list[i] : i];
		const struct tree_bundle *b = &f->records.bundles[c->place.bundle];

		if (b->is_shared)
			add_codes(c, b, codes, h);
	}
	for (size_t i = 0; i < p->n; i++) {
		const struct tree_bundle *b = &f->records.bundles[p->bundles[i]];

		if (!b->is_shared)
			continue;
		memset(codes->grad + b->first, 0, b->n_codes * sizeof(*codes->grad));
		memset(codes->hess + b->first, 0, b->n_codes * sizeof(*codes->hess));
		memset(codes->n + b->first, 0, b->n_codes * sizeof(*codes->n));
	}
}

/** Straight into the histogram, where there are more bins to unpack than rows: columns of `width` and up. */
static void add_directly(const struct tree_frame *f, const struct tree_records *r,
	struct tree_columns cols, unsigned width, const uint32_t *rows, size_t n,
	struct tree_hist *h)
{
	for (size_t i = 0; i < n; i++) {
		const uint8_t *record = r->rows + rows[i] * r->stride;
		struct tree_gh gh = tree_record_gh(record);

		for (size_t c = 0; c < cols.n; c++) {
			const struct tree_frame_column *col =
				&f->cols[cols.list ? cols.list[c] : c];
			const struct tree_bundle *b = &r->bundles[col->place.bundle];
			uint32_t bin;

			if (b->width < width)
				continue;
			bin = col->first + tree_place_bin(&col->place, tree_record_code(b, record));
			h->grad[bin] += gh.grad;
			h->hess[bin] += gh.hess;
			h->n[bin]++;
		}
	}
}

/* ---- several classes ----------------------------------------------------------------------------------- */

static void add_classes(const struct tree_frame *f, struct tree_columns cols,
	const struct tree_quant *q, const uint32_t *rows, size_t n, struct tree_hist *h)
{
	for (size_t c = 0; c < cols.n; c++) {
		const struct tree_frame_column *col = &f->cols[cols.list ? cols.list[c] : c];

		const struct tree_bundle *in = &f->records.bundles[col->place.bundle];

		for (size_t i = 0; i < n; i++) {
			const uint8_t *record = f->records.rows + rows[i] * f->records.stride;
			uint32_t b = col->first +
				     tree_place_bin(&col->place, tree_record_code(in, record));
			uint16_t w = tree_record_gh(record).hess;

			h->grad[(size_t)b * q->n_classes + q->class[rows[i]]] += w;
			h->hess[b] += w;
			h->n[b]++;
		}
	}
}

void tree_hist_add(const struct tree_hist_job *j, const struct tree_plan *p, const uint32_t *rows,
	size_t n, struct tree_sums *s, struct tree_hist *h)
{
	struct tree_plan packed = *p;

	if (j->q->class) {
		add_classes(j->f, p->cols, j->q, rows, n, h);
		return;
	}
	if (n < FEW) {
		add_directly(j->f, j->records, p->cols, 1, rows, n, h);
		return;
	}
	if (n < TREE_PACK_ROWS && p->n > p->n_narrow) {
		add_directly(j->f, j->records, p->cols, 2, rows, n, h);
		packed.n = packed.n_narrow;
	}
	tree_sums_add(j, &packed, rows, n, s, h);
	tree_sums_finish(j, &packed, s, h);
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
