#include "tree/split.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct tree_category {
	double key;
	uint32_t bin; /* from 1 */
};

/** What a side of a split holds. With classes, their sums are in an array beside it. */
struct side {
	int64_t grad, hess;
	uint64_t n;
};

struct search {
	const struct tree_frame *f;
	const struct tree_quant *q;
	const struct tree_split_params *p;
	const struct tree_hist *h;
	struct tree_hist bins; /* of the column at hand */
	struct side all;
	double parent; /* score */
	double least; /* a gain must be above it */
	struct tree_bounds bounds;
	int way; /* of the column at hand: monotone, or 0 */
	const struct tree_split_work *w;
	struct tree_split *best;
};

int tree_split_work_init(struct tree_split_work *w, const struct tree_frame *f, struct err *e)
{
	uint32_t most = 0, most_codes = 0;

	w->kernel = tree_kernel_best();
	for (size_t i = 0; i < f->n_cols; i++) {
		const struct tree_frame_column *c = &f->cols[i];

		most = c->n_bins > most ? c->n_bins : most;
		if (c->is_categorical && c->n_bins > most_codes)
			most_codes = c->n_bins;
	}
	w->memory = mem_aligned(tree_hist_size(most, 1), 1, e);
	w->order = w->memory ? mem_array_raw(most_codes, sizeof(*w->order), e) : NULL;
	w->right = w->order ? mem_array_raw((most_codes + 63) / 64, sizeof(*w->right), e) : NULL;
	return w->right ? 0 : -1;
}

void tree_split_work_release(struct tree_split_work *w)
{
	free(w->memory);
	free(w->order);
	free(w->right);
	memset(w, 0, sizeof(*w));
}

/** Soft threshold. */
static double shrink(double g, double alpha)
{
	return g > alpha ? g - alpha : g < -alpha ? g + alpha : 0;
}

double tree_split_weight(const struct tree_split_params *p, double grad, double hess)
{
	double w, most = p->max_delta_step > 0 ? p->max_delta_step : INFINITY;

	if (!(hess + p->lambda > 0))
		return 0;
	w = -shrink(grad, p->alpha) / (hess + p->lambda);
	return w > most ? most : w < -most ? -most : w;
}

double tree_split_score(const struct tree_split_params *p, double grad, double hess)
{
	double g = shrink(grad, p->alpha), w;

	if (!(hess + p->lambda > 0))
		return 0;
	if (!(p->max_delta_step > 0))
		return g * g / (hess + p->lambda);
	w = tree_split_weight(p, grad, hess);
	return -(2 * g * w + (hess + p->lambda) * w * w);
}

void tree_bounds_part(struct tree_bounds of, int way, double left_weight, double right_weight,
	struct tree_bounds *left, struct tree_bounds *right)
{
	double middle =
		tree_bounds_clamp(of, left_weight) / 2 + tree_bounds_clamp(of, right_weight) / 2;

	*left = *right = of;
	if (way > 0)
		left->hi = right->lo = middle;
	else if (way < 0)
		left->lo = right->hi = middle;
}

static double score_of(const struct search *s, const struct side *a, double more_lambda)
{
	double g = (double)a->grad * s->q->grad_unit, h = (double)a->hess * s->q->hess_unit;

	return tree_split_score(s->p, g, h + more_lambda);
}

static inline struct side unpacked(uint64_t v)
{
	return (struct side){ tree_packed_grad(v), tree_packed_hess(v), tree_packed_n(v) };
}

/** Makes the column the one at hand; a packed one's sums are taken apart. */
static void open_column(struct search *s, uint32_t col)
{
	const struct tree_frame_column *c = &s->f->cols[col];

	s->bins = tree_hist_from(s->h, c->first, s->q->n_classes);
	if (!s->h->packed)
		return;
	s->bins = tree_hist_at(s->w->memory, c->n_bins, 1);
	for (uint32_t b = 0; b < c->n_bins; b++) {
		struct side a = unpacked(s->h->packed[c->first + b]);

		s->bins.grad[b] = a.grad;
		s->bins.hess[b] = a.hess;
		s->bins.n[b] = (uint32_t)a.n;
	}
}

static inline bool has_missing(const struct search *s)
{
	return s->bins.n[0] > 0;
}

static inline void add_bin(const struct search *s, struct side *a, uint32_t bin)
{
	a->grad += s->bins.grad[bin];
	a->hess += s->bins.hess[bin];
	a->n += s->bins.n[bin];
}

static inline struct side rest_of(const struct search *s, const struct side *a)
{
	return (struct side){ s->all.grad - a->grad, s->all.hess - a->hess, s->all.n - a->n };
}

static bool is_allowed(const struct search *s, const struct side *a)
{
	return a->n >= s->p->min_samples_leaf &&
	       (double)a->hess * s->q->hess_unit >= s->p->min_child_weight && a->hess > 0;
}

static double bounded_weight(const struct search *s, const struct side *a, double more_lambda)
{
	double g = (double)a->grad * s->q->grad_unit, h = (double)a->hess * s->q->hess_unit;

	return tree_bounds_clamp(s->bounds, tree_split_weight(s->p, g, h + more_lambda));
}

/** What a side gains by this value, whatever it is. */
static double score_at(const struct search *s, const struct side *a, double more_lambda, double w)
{
	double g = (double)a->grad * s->q->grad_unit, h = (double)a->hess * s->q->hess_unit;

	return -(2 * g * w + (h + more_lambda + s->p->lambda) * w * w + 2 * s->p->alpha * fabs(w));
}

/** The gain of a split whose values keep within bounds and order; below 0 if they do not. */
static double bounded_gain(const struct search *s, const struct side *left,
	const struct side *right, double more_lambda)
{
	double l = bounded_weight(s, left, more_lambda), r = bounded_weight(s, right, more_lambda);
	double gain;

	if (s->way * (r - l) < 0)
		return -1;
	gain = score_at(s, left, more_lambda, l) + score_at(s, right, more_lambda, r) - s->parent;
	if (gain > s->least && gain > s->best->gain) {
		s->best->left_weight = l;
		s->best->right_weight = r;
	}
	return gain;
}

/** Takes the split into `best` if it is allowed and better. True if so. */
static bool judge(const struct search *s, const struct side *left, const struct side *right,
	double more_lambda)
{
	double gain;

	if (!is_allowed(s, left) || !is_allowed(s, right))
		return false;
	gain = s->p->monotone ? bounded_gain(s, left, right, more_lambda)
			      : score_of(s, left, more_lambda) + score_of(s, right, more_lambda) -
					s->parent;
	if (!(gain > s->least && gain > s->best->gain))
		return false;
	s->best->gain = gain;
	return true;
}

static void take(const struct search *s, uint32_t col, uint32_t bin, bool default_left)
{
	s->best->col = col;
	s->best->bin = bin;
	s->best->default_left = default_left;
	s->best->is_categorical = false;
}

/* ---- numbers ------------------------------------------------------------------------------------------ */

/** One after another, for what the kernels do not know. The column is the one at hand. */
static void scan_numbers_plainly(const struct search *s, uint32_t col, bool missing_left)
{
	bool missing = has_missing(s);
	uint32_t last = s->f->cols[col].n_bins - 1;
	struct side left = { 0 };

	if (missing_left)
		add_bin(s, &left, 0);
	for (uint32_t b = 1; b <= last - (missing_left || !missing); b++) {
		struct side right;

		if (s->bins.n[b] == 0)
			continue;
		add_bin(s, &left, b);
		right = rest_of(s, &left);
		if (right.n < s->p->min_samples_leaf)
			return;
		if (judge(s, &left, &right, 0))
			take(s, col, b, missing ? missing_left : left.hess >= right.hess);
	}
}

/** What the bins from `from` to `to` of a column hold; with classes without gradients. */
static struct side sum_bins(const struct tree_hist *h, uint32_t from, uint32_t to, bool has_grad)
{
	struct side sum = { 0 };
	uint64_t packed = 0;

	for (uint32_t b = from; h->packed && b <= to; b++)
		packed += h->packed[b];
	if (h->packed)
		return unpacked(packed);
	for (uint32_t b = from; b <= to; b++) {
		sum.grad += has_grad ? h->grad[b] : 0;
		sum.hess += h->hess[b];
		sum.n += h->n[b];
	}
	return sum;
}

static void scan_numbers(const struct search *s, uint32_t col, bool missing_left)
{
	const struct tree_frame_column *c = &s->f->cols[col];
	struct tree_hist h = tree_hist_from(s->h, c->first, 1);
	struct side missing = sum_bins(&h, 0, 0, true), left, right;
	struct tree_scan z = {
		h.grad,
		h.hess,
		h.n,
		h.packed,
		/* with missing values on the right, all others on the left is a split too */
		c->n_bins - 1 - (missing_left || !missing.n),
		.all_grad = s->all.grad,
		.all_hess = s->all.hess,
		.all_n = (int64_t)s->all.n,
		.grad_unit = s->q->grad_unit,
		.hess_unit = s->q->hess_unit,
		.lambda = s->p->lambda,
		.parent = s->parent,
		.min_hess = s->p->min_child_weight,
		.min_n = (int64_t)s->p->min_samples_leaf,
	};
	double gain = fmax(s->least, s->best->gain);
	uint32_t bin;

	if (missing_left) {
		z.left_grad = missing.grad;
		z.left_hess = missing.hess;
		z.left_n = (int64_t)missing.n;
	}
	bin = h.packed ? s->w->kernel->scan_packed(&z, &gain) : s->w->kernel->scan(&z, &gain);
	if (!bin)
		return;
	s->best->gain = gain;
	left = sum_bins(&h, 1, bin, true);
	right = rest_of(s, &left);
	take(s, col, bin, missing.n ? missing_left : left.hess >= right.hess);
}

/* ---- categories ----------------------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
	const struct tree_category *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->bin < y->bin ? -1 : 1;
}

/** The group goes right, the rest left; missing values go with either. */
static bool judge_group(
	const struct search *s, uint32_t col, const struct side *group, double lambda)
{
	struct side right = *group, left = rest_of(s, group);
	bool taken = judge(s, &left, &right, lambda);

	if (taken)
		s->best->default_left = has_missing(s) || left.hess >= right.hess;
	if (has_missing(s)) {
		add_bin(s, &right, 0);
		left = rest_of(s, &right);
		if (judge(s, &left, &right, lambda)) {
			s->best->default_left = false;
			taken = true;
		}
	}
	if (taken) {
		s->best->col = col;
		s->best->is_categorical = true;
	}
	return taken;
}

/** The set of `n` categories from the one end of the order or the other. */
static void put_right(const struct search *s, const struct tree_category *order, uint32_t n_all,
	uint32_t n, bool from_top)
{
	memset(s->w->right, 0, tree_split_words(&s->f->cols[s->best->col]) * sizeof(uint64_t));
	for (uint32_t i = 0; i < n; i++) {
		uint32_t code = order[from_top ? n_all - 1 - i : i].bin - 1;

		s->w->right[code / 64] |= (uint64_t)1 << (code % 64);
	}
	s->best->right = s->w->right;
}

static void scan_single(
	const struct search *s, uint32_t col, const struct tree_category *list, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct side group = { 0 };

		add_bin(s, &group, list[i].bin);
		if (judge_group(s, col, &group, 0))
			put_right(s, list + i, 1, 1, false);
	}
}

/** From one end of the order, the lower one or the upper one. */
static void scan_sets(const struct search *s, uint32_t col, const struct tree_category *list,
	uint32_t n, bool from_top)
{
	uint32_t taken = 0;
	struct side group = { 0 };
	uint64_t since = 0;

	for (uint32_t i = 0; i < n && i < s->p->cat_set_max; i++) {
		uint32_t bin = list[from_top ? n - 1 - i : i].bin;

		add_bin(s, &group, bin);
		since += s->bins.n[bin];
		if (since < s->p->cat_min_rows)
			continue;
		since = 0;
		if (judge_group(s, col, &group, s->p->cat_lambda))
			taken = i + 1;
	}
	if (taken)
		put_right(s, list, n, taken, from_top);
}

/** Categories of few rows say little of where they belong: they stay with the rest. Returns how many are left. */
static uint32_t drop_rare(const struct search *s, struct tree_category *list, uint32_t n)
{
	uint32_t k = 0;

	for (uint32_t i = 0; i < n; i++)
		if ((double)s->bins.n[list[i].bin] >= s->p->cat_smooth)
			list[k++] = list[i];
	return k;
}

static void scan_categories(const struct search *s, uint32_t col)
{
	const struct tree_frame_column *c = &s->f->cols[col];
	struct tree_category *list = s->w->order;
	uint32_t n = 0, n_seen = 0;
	double smooth = s->p->cat_smooth;

	for (uint32_t b = 1; b <= c->n_categories; b++) {
		double g = (double)s->bins.grad[b] * s->q->grad_unit;
		double h = (double)s->bins.hess[b] * s->q->hess_unit;

		if (s->bins.n[b] == 0)
			continue;
		n_seen++;
		list[n++] = (struct tree_category){ h + smooth > 0 ? g / (h + smooth) : 0, b };
	}
	if (n_seen + c->has_other <= s->p->cat_one_max) {
		scan_single(s, col, list, n);
		return;
	}
	n = drop_rare(s, list, n);
	qsort(list, n, sizeof(*list), by_key);
	scan_sets(s, col, list, n, false);
	scan_sets(s, col, list, n, true);
}

/* ---- several classes --------------------------------------------------------------------------------- */

static double class_score(const int64_t *w, size_t n_classes, int64_t all)
{
	double sum = 0;

	for (size_t k = 0; k < n_classes; k++)
		sum += (double)w[k] * (double)w[k];
	return all > 0 ? sum / (double)all : 0;
}

/** Walks the bins with an array of classes for each side. */
struct class_search {
	struct search s;
	const int64_t *total; /* [n_classes] of the leaf */
	int64_t *left, *right;
};

static bool judge_classes(struct class_search *z, const struct side *left)
{
	struct search *s = &z->s;
	struct side right = rest_of(s, left);
	size_t n = s->q->n_classes;
	double gain;

	if (!is_allowed(s, left) || !is_allowed(s, &right))
		return false;
	for (size_t k = 0; k < n; k++)
		z->right[k] = z->total[k] - z->left[k];
	gain = (class_score(z->left, n, left->hess) + class_score(z->right, n, right.hess)) *
		       s->q->hess_unit -
	       s->parent;
	if (!(gain > s->least && gain > s->best->gain))
		return false;
	s->best->gain = gain;
	return true;
}

static void add_class_bin(struct class_search *z, struct side *left, uint32_t bin)
{
	const int64_t *g = z->s.bins.grad + (size_t)bin * z->s.q->n_classes;

	for (size_t k = 0; k < z->s.q->n_classes; k++)
		z->left[k] += g[k];
	left->hess += z->s.bins.hess[bin];
	left->n += z->s.bins.n[bin];
}

static void scan_class_numbers(struct class_search *z, uint32_t col, bool missing_left)
{
	bool missing = has_missing(&z->s);
	uint32_t last = z->s.f->cols[col].n_bins - 1;
	struct side left = { 0 };

	memset(z->left, 0, z->s.q->n_classes * sizeof(*z->left));
	if (missing_left)
		add_class_bin(z, &left, 0);
	for (uint32_t b = 1; b <= last - (missing_left || !missing); b++) {
		if (z->s.bins.n[b] == 0)
			continue;
		add_class_bin(z, &left, b);
		if (judge_classes(z, &left))
			take(&z->s, col, b, missing ? missing_left : 2 * left.n >= z->s.all.n);
	}
}

/** Sets of categories in the order of the share of the leaf's most frequent class. */
static void scan_class_categories(struct class_search *z, uint32_t col)
{
	const struct tree_frame_column *c = &z->s.f->cols[col];
	struct tree_category *list = z->s.w->order;
	size_t n_classes = z->s.q->n_classes, top = 0;
	struct side rest = z->s.all;
	uint32_t n = 0, taken = 0;

	for (size_t k = 1; k < n_classes; k++)
		top = z->total[k] > z->total[top] ? k : top;
	for (uint32_t b = 1; b <= c->n_categories; b++) {
		int64_t h = z->s.bins.hess[b];

		if (z->s.bins.n[b] == 0 || h == 0)
			continue;
		list[n++] = (struct tree_category){
			(double)z->s.bins.grad[b * n_classes + top] / (double)h, b
		};
	}
	qsort(list, n, sizeof(*list), by_key);
	/* what is taken off the left goes right; the rest, with missing and other, stays left */
	memcpy(z->left, z->total, n_classes * sizeof(*z->left));
	for (uint32_t i = 0; i < n; i++) {
		uint32_t bin = list[i].bin;

		for (size_t k = 0; k < n_classes; k++)
			z->left[k] -= z->s.bins.grad[bin * n_classes + k];
		rest.hess -= z->s.bins.hess[bin];
		rest.n -= z->s.bins.n[bin];
		if (!judge_classes(z, &rest))
			continue;
		z->s.best->col = col;
		z->s.best->is_categorical = true;
		z->s.best->default_left = true;
		taken = i + 1;
	}
	if (taken)
		put_right(&z->s, list, n, taken, false);
}

static void find_classes(struct search *s, struct tree_columns cols)
{
	size_t n = s->q->n_classes;
	int64_t sums[3 * TREE_CLASS_MAX];
	struct class_search z = { *s, sums, sums + n, sums + 2 * n };
	const struct tree_frame_column *c = &s->f->cols[cols.list ? cols.list[0] : 0];

	memset(sums, 0, n * sizeof(*sums));
	for (size_t i = (size_t)c->first * n; i < (size_t)(c->first + c->n_bins) * n; i++)
		sums[i % n] += s->h->grad[i];
	z.s.parent = class_score(sums, n, s->all.hess) * s->q->hess_unit;
	z.s.least = fmax(s->p->gamma, 1e-9 * z.s.parent);
	for (size_t i = 0; i < cols.n; i++) {
		uint32_t col = cols.list ? cols.list[i] : (uint32_t)i;

		open_column(&z.s, col);
		if (s->f->cols[col].is_categorical) {
			scan_class_categories(&z, col);
			continue;
		}
		scan_class_numbers(&z, col, false);
		if (has_missing(&z.s))
			scan_class_numbers(&z, col, true);
	}
}

/* ---- all columns --------------------------------------------------------------------------------------- */

/** A column that cannot be searched by a kernel. */
static void scan_plainly(struct search *s, uint32_t col)
{
	open_column(s, col);
	if (s->f->cols[col].is_categorical) {
		scan_categories(s, col);
		return;
	}
	scan_numbers_plainly(s, col, false);
	if (has_missing(s))
		scan_numbers_plainly(s, col, true);
}

void tree_split_find(const struct tree_frame *f, struct tree_columns cols,
	const struct tree_quant *q, const struct tree_split_params *p, struct tree_bounds bounds,
	const struct tree_hist *h, const struct tree_split_work *w, struct tree_split *best)
{
	struct search s = {
		.f = f, .q = q, .p = p, .h = h, .w = w, .best = best, .bounds = bounds
	};
	const struct tree_frame_column *c = &f->cols[cols.list ? cols.list[0] : 0];
	struct tree_hist all;
	bool is_plain = p->alpha > 0 || p->max_delta_step > 0 || p->monotone;

	best->gain = 0;
	all = tree_hist_from(h, c->first, q->n_classes);
	s.all = sum_bins(&all, 0, c->n_bins - 1, !q->class);
	if (s.all.n < 2 * p->min_samples_leaf)
		return;
	if (q->class) {
		find_classes(&s, cols);
		return;
	}
	s.parent = p->monotone ? score_at(&s, &s.all, 0, bounded_weight(&s, &s.all, 0))
			       : score_of(&s, &s.all, 0);
	s.least = fmax(p->gamma, 1e-9 * s.parent + 1e-12);
	for (size_t i = 0; i < cols.n; i++) {
		uint32_t col = cols.list ? cols.list[i] : (uint32_t)i;

		s.way = p->monotone ? p->monotone[col] : 0;
		if (f->cols[col].is_categorical || is_plain) {
			scan_plainly(&s, col);
			continue;
		}
		scan_numbers(&s, col, false);
		if (tree_hist_n(h, f->cols[col].first) > 0)
			scan_numbers(&s, col, true);
	}
}
