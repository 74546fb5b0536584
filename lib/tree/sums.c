#include "tree/sums.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	AHEAD = 48, /* rows that are fetched before they are needed */
	FEW = 256, /* fewer rows are not worth packing */
	BUNDLES_AT_ONCE = 16, /* their sums stay in the first cache */
};

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
	p->has_shared = false;
	for (size_t i = 0; i < cols.n; i++)
		p->is_in[f->cols[cols.list ? cols.list[i] : i].place.bundle] = true;
	for (uint32_t b = 0; b < f->records.n_bundles; b++) {
		if (b == f->records.n_narrow)
			p->n_narrow = p->n;
		if (!p->is_in[b])
			continue;
		p->bundles[p->n++] = b;
		p->has_shared |= f->records.bundles[b].is_shared;
	}
	if (f->records.n_narrow == f->records.n_bundles)
		p->n_narrow = p->n;
}

/* ---- one gradient: packed ---------------------------------------------------------------------------- */

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

/** Rows to sum up. */
struct rows {
	const uint8_t *records;
	size_t stride;
	const uint32_t *list; /* numbers of records; NULL: one after another */
	size_t n;
};

static inline __attribute__((always_inline)) const uint8_t *record_of(
	const struct rows *r, bool is_listed, size_t i)
{
	return r->records + (is_listed ? r->list[i] : i) * r->stride;
}

/** Fetches a record of up to two cache lines, of larger ones those that are needed first. */
static inline void fetch(const uint8_t *record, size_t stride)
{
	__builtin_prefetch(record);
	if (stride > 64)
		__builtin_prefetch(record + 64);
}

/** Adds a row to `k` bundles of one byte that lie side by side. */
static inline __attribute__((always_inline)) void add_row(
	const uint8_t *record, size_t at, int k, uint64_t *restrict sums)
{
	const uint8_t *codes = record + at;
	uint64_t v = pack(tree_record_bits(record));

#pragma GCC unroll 16
	for (int c = 0; c < k; c++)
		sums[c * TREE_SLOTS + codes[c]] += v;
}

static inline __attribute__((always_inline)) void add_rows(
	const struct rows *r, bool is_listed, size_t at, int k, uint64_t *sums)
{
	struct rows own = *r;
	size_t i = 0;

	for (; is_listed && i + AHEAD < own.n; i++) {
		fetch(record_of(&own, true, i + AHEAD), own.stride);
		add_row(record_of(&own, true, i), at, k, sums);
	}
	for (; i < own.n; i++)
		add_row(record_of(&own, is_listed, i), at, k, sums);
}

/**
 * Adds to bundles of one byte, the first one's code at `at`. A loop of its own for each number of them: no branch is
 * left in it, and what remains is a store for each addition, 0.36 of the 0.37 ns that one takes.
 */
static void add_run(const struct rows *r, size_t at, size_t n_bundles, uint64_t *sums)
{
	switch (n_bundles) {
#define RUN(k)                                           \
	case k:                                          \
		if (r->list)                             \
			add_rows(r, true, at, k, sums);  \
		else                                     \
			add_rows(r, false, at, k, sums); \
		break
		RUN(1);
		RUN(2);
		RUN(3);
		RUN(4);
		RUN(5);
		RUN(6);
		RUN(7);
		RUN(8);
		RUN(9);
		RUN(10);
		RUN(11);
		RUN(12);
		RUN(13);
		RUN(14);
		RUN(15);
		RUN(16);
#undef RUN
	}
}

/** Where the codes of some bundles are, and their sums. */
struct spots {
	size_t at[BUNDLES_AT_ONCE];
	uint64_t *sums[BUNDLES_AT_ONCE];
};

/**
 * Adds to `k` bundles of `width` bytes, wherever they lie. The spots are copied, one by one: a store of a sum might
 * change them else.
 */
static inline __attribute__((always_inline)) void add_spots(
	const struct rows *r, const struct spots *s, bool is_listed, unsigned width, size_t k)
{
	struct rows own = *r;
	size_t at[BUNDLES_AT_ONCE];
	uint64_t *sums[BUNDLES_AT_ONCE];

#pragma GCC unroll 4
	for (size_t b = 0; b < k; b++) {
		at[b] = s->at[b];
		sums[b] = s->sums[b];
	}
	for (size_t i = 0; i < own.n; i++) {
		const uint8_t *record = record_of(&own, is_listed, i);
		uint64_t v = pack(tree_record_bits(record));

		if (is_listed)
			fetch(record_of(&own, true, i + AHEAD < own.n ? i + AHEAD : own.n - 1),
				own.stride);
#pragma GCC unroll 8
		for (size_t b = 0; b < k; b++) {
			uint16_t code = record[at[b]];

			if (width > 1)
				memcpy(&code, record + at[b], sizeof(code));
			sums[b][code] += v;
		}
	}
}

static void add_to_spots(const struct rows *r, const struct spots *s, unsigned width, size_t k)
{
	if (width > 1)
		add_spots(r, s, r->list, 2, k);
	else if (k != 4)
		add_spots(r, s, r->list, 1, k);
	else if (r->list) /* four: as forests of 16 to 24 columns draw */
		add_spots(r, s, true, 1, 4);
	else
		add_spots(r, s, false, 1, 4);
}

static void add_each(const struct rows *r, const struct tree_records *layout,
	const uint32_t *bundles, size_t n_bundles, uint64_t *packed)
{
	struct spots s;

	for (size_t b = 0; b < n_bundles; b++) {
		s.at[b] = layout->bundles[bundles[b]].at;
		s.sums[b] = packed + layout->bundles[bundles[b]].first;
	}
	add_to_spots(r, &s, layout->bundles[bundles[0]].width, n_bundles);
}

/** Straight into a packed histogram: a plan whose columns share no bundles. */
static void add_straight(const struct tree_frame *f, const struct tree_plan *p,
	const struct rows *r, struct tree_hist *h)
{
	for (size_t from = 0, to; from < p->n; from = to) {
		size_t end = from < p->n_narrow ? p->n_narrow : p->n;
		struct spots s;

		for (to = from; to < end && to - from < BUNDLES_AT_ONCE; to++) {
			const struct tree_bundle *b = &f->records.bundles[p->bundles[to]];

			s.at[to - from] = b->at;
			s.sums[to - from] = h->packed + f->cols[b->col].first;
		}
		add_to_spots(r, &s, from < p->n_narrow ? 1 : 2, to - from);
	}
}

/** Adds to all bundles of the plan, which are narrow ones first, a number of them at a time. */
static void add_packed(const struct rows *r, const struct tree_records *layout,
	const struct tree_plan *p, uint64_t *packed)
{
	size_t from = 0;

	while (from < p->n) {
		size_t end = from < p->n_narrow ? p->n_narrow : p->n, to = from + 1;
		const struct tree_bundle *b = &layout->bundles[p->bundles[from]];
		bool is_run = b->width == 1;

		for (; to < end && to - from < BUNDLES_AT_ONCE; to++)
			is_run &= p->bundles[to] == p->bundles[to - 1] + 1;
		if (is_run)
			add_run(r, b->at, to - from, packed + b->first);
		else
			add_each(r, layout, p->bundles + from, to - from, packed);
		from = to;
	}
}

/** The sums go into a packed histogram, which has room for all of a leaf's rows: those that columns share wait. */
static void move_packed(const struct tree_frame *f, const struct tree_plan *p, struct tree_sums *s,
	struct tree_hist *h)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct tree_bundle *b = &f->records.bundles[p->bundles[i]];
		uint64_t *from = s->packed + b->first, *to = h->packed;

		if (b->is_shared)
			continue;
		to += f->cols[b->col].first;
		for (uint32_t k = 0; k < b->n_codes; k++)
			to[k] += from[k];
		memset(from, 0, b->n_codes * sizeof(*from));
	}
}

static void unpack(const struct tree_hist_job *j, const struct tree_plan *p, struct tree_sums *s,
	struct tree_hist *h)
{
	const struct tree_frame *f = j->f;

	s->n_rows = 0;
	if (h->packed) {
		move_packed(f, p, s, h);
		return;
	}
	for (size_t i = 0; i < p->n; i++) {
		const struct tree_bundle *b = &f->records.bundles[p->bundles[i]];
		struct tree_hist *to = b->is_shared ? &s->of_codes : h;
		uint32_t first = b->is_shared ? b->first : f->cols[b->col].first;

		j->kernel->unpack(s->packed + b->first, b->n_codes, to->grad + first,
			to->hess + first, to->n + first);
	}
}

void tree_sums_add(const struct tree_hist_job *j, const struct tree_plan *p, const uint32_t *rows,
	size_t n, struct tree_sums *s, struct tree_hist *h)
{
	size_t stride = j->f->records.stride;

	for (size_t from = 0; from < n;) {
		size_t room = TREE_PACK_ROWS - s->n_rows, m = n - from < room ? n - from : room;
		struct rows r = { rows ? j->records : j->records + from * stride, stride,
			rows ? rows + from : NULL, m };

		add_packed(&r, &j->f->records, p, s->packed);
		from += m;
		s->n_rows += m;
		if (s->n_rows == TREE_PACK_ROWS)
			unpack(j, p, s, h);
	}
}

/** Sums of a column's bins from those of the codes. */
static void add_codes(const struct tree_frame_column *c, const struct tree_bundle *b,
	const struct tree_sums *s, struct tree_hist *h)
{
	const struct tree_hist *codes = &s->of_codes;
	uint32_t at = b->first, end = b->first + b->n_codes;

	while (at < end)
		for (uint32_t bin = c->first + c->place.base; bin < c->first + c->n_bins; bin++)
			for (uint32_t i = 0; i < c->place.step; i++, at++) {
				if (h->packed) {
					h->packed[bin] += s->packed[at];
					continue;
				}
				h->grad[bin] += codes->grad[at];
				h->hess[bin] += codes->hess[at];
				h->n[bin] += codes->n[at];
			}
}

static void clear_codes(const struct tree_bundle *b, struct tree_sums *s, bool is_packed)
{
	const struct tree_hist *codes = &s->of_codes;

	if (is_packed) {
		memset(s->packed + b->first, 0, b->n_codes * sizeof(*s->packed));
		return;
	}
	memset(codes->grad + b->first, 0, b->n_codes * sizeof(*codes->grad));
	memset(codes->hess + b->first, 0, b->n_codes * sizeof(*codes->hess));
	memset(codes->n + b->first, 0, b->n_codes * sizeof(*codes->n));
}

void tree_sums_finish(const struct tree_hist_job *j, const struct tree_plan *p, struct tree_sums *s,
	struct tree_hist *h)
{
	const struct tree_frame *f = j->f;

	unpack(j, p, s, h);
	for (size_t i = 0; i < p->cols.n; i++) {
		const struct tree_frame_column *c = &f->cols[p->cols.list ? p->cols.list[i] : i];
		const struct tree_bundle *b = &f->records.bundles[c->place.bundle];

		if (b->is_shared)
			add_codes(c, b, s, h);
	}
	for (size_t i = 0; i < p->n; i++) {
		const struct tree_bundle *b = &f->records.bundles[p->bundles[i]];

		if (b->is_shared)
			clear_codes(b, s, h->packed);
	}
}

/** Straight into the histogram, where there are more bins to unpack than rows: columns of `width` and up. */
static void add_directly(const struct tree_frame *f, struct tree_columns cols, unsigned width,
	const struct rows *r, struct tree_hist *h)
{
	for (size_t c = 0; c < cols.n; c++) {
		const struct tree_frame_column *col = &f->cols[cols.list ? cols.list[c] : c];
		const struct tree_bundle b = f->records.bundles[col->place.bundle];
		const struct tree_place place = col->place;

		for (size_t i = 0; b.width >= width && i < r->n; i++) {
			const uint8_t *record = record_of(r, r->list, i);
			struct tree_gh gh = tree_record_gh(record);
			uint32_t bin =
				col->first + tree_place_bin(&place, tree_record_code(&b, record));

			if (h->packed) {
				h->packed[bin] += pack(tree_record_bits(record));
				continue;
			}
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
	struct rows r = { j->records, j->f->records.stride, rows, n };
	struct tree_plan packed = *p;

	if (j->q->class) {
		add_classes(j->f, p->cols, j->q, rows, n, h);
		return;
	}
	if (h->packed && !p->has_shared) {
		add_straight(j->f, p, &r, h);
		return;
	}
	if (n < FEW) {
		add_directly(j->f, p->cols, 1, &r, h);
		return;
	}
	if (n < TREE_PACK_ROWS && p->n > p->n_narrow) {
		add_directly(j->f, p->cols, 2, &r, h);
		packed.n = packed.n_narrow;
	}
	tree_sums_add(j, &packed, rows, n, s, h);
	tree_sums_finish(j, &packed, s, h);
}
