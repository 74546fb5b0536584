#include "tree/split.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tree/search.h"

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

/* ---- numbers ------------------------------------------------------------------------------------------ */

/** One after another, for what the kernels do not know. The column is the one at hand. */
static void scan_numbers_plainly(const struct tree_search *s, uint32_t col, bool missing_left)
{
	bool missing = tree_search_has_missing(s);
	uint32_t last = s->f->cols[col].n_bins - 1;
	struct tree_side left = { 0 };

	if (missing_left)
		tree_search_add(s, &left, 0);
	for (uint32_t b = 1; b <= last - (missing_left || !missing); b++) {
		struct tree_side right;

		if (s->bins.n[b] == 0)
			continue;
		tree_search_add(s, &left, b);
		right = tree_search_rest(s, &left);
		if (right.n < s->p->min_samples_leaf)
			return;
		if (tree_search_judge(s, &left, &right, 0))
			tree_search_take(
				s, col, b, missing ? missing_left : left.hess >= right.hess);
	}
}

static void scan_numbers(const struct tree_search *s, uint32_t col, bool missing_left)
{
	const struct tree_frame_column *c = &s->f->cols[col];
	struct tree_hist h = tree_hist_from(s->h, c->first, 1);
	struct tree_side missing = tree_search_sum(&h, 0, 0, true), left, right;
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
	left = tree_search_sum(&h, 1, bin, true);
	right = tree_search_rest(s, &left);
	tree_search_take(s, col, bin, missing.n ? missing_left : left.hess >= right.hess);
}

/**
 * Between the two sides there may be bins without a row of the leaf. Rows of others, that are predicted one day, lie
 * there too: they go to the nearer side, the cut to the one nearest to the middle. (As exact learners cut between two
 * values of the leaf. A cut beside the left one's costs a forest of small leaves 10 % of its loss.)
 */
static void centre(const struct tree_search *s)
{
	struct tree_split *best = s->best;
	const struct tree_frame_column *c = &s->f->cols[best->col];
	const float *cuts = c->cuts; /* cuts[b - 1] is behind bin b */
	uint32_t end = best->bin + 1;
	float middle;

	if (!(best->gain > 0) || best->is_categorical)
		return;
	while (end < c->n_bins && tree_hist_n(s->h, c->first + end) == 0)
		end++;
	if (end == c->n_bins) {
		best->bin = end - 1; /* all that are not missing */
		return;
	}
	middle = cuts[best->bin - 1] / 2 + cuts[end - 2] / 2;
	while (best->bin + 1 < end &&
		fabsf(cuts[best->bin] - middle) < fabsf(cuts[best->bin - 1] - middle))
		best->bin++;
}

/* ---- all columns --------------------------------------------------------------------------------------- */

/** A column that cannot be searched by a kernel. */
static void scan_plainly(struct tree_search *s, uint32_t col)
{
	tree_search_open(s, col);
	if (s->f->cols[col].is_categorical) {
		tree_search_sets(s, col);
		return;
	}
	scan_numbers_plainly(s, col, false);
	if (tree_search_has_missing(s))
		scan_numbers_plainly(s, col, true);
}

void tree_split_find(const struct tree_frame *f, struct tree_columns cols,
	const struct tree_quant *q, const struct tree_split_params *p, struct tree_bounds bounds,
	const struct tree_hist *h, const struct tree_split_work *w, struct tree_split *best)
{
	struct tree_search s = {
		.f = f, .q = q, .p = p, .h = h, .w = w, .best = best, .bounds = bounds
	};
	const struct tree_frame_column *c = &f->cols[cols.list ? cols.list[0] : 0];
	struct tree_hist all;
	bool is_plain = p->alpha > 0 || p->max_delta_step > 0 || p->monotone;

	best->gain = 0;
	all = tree_hist_from(h, c->first, q->n_classes);
	s.all = tree_search_sum(&all, 0, c->n_bins - 1, !q->class);
	if (s.all.n < 2 * p->min_samples_leaf)
		return;
	if (q->class) {
		tree_search_classes(&s, cols);
		centre(&s);
		return;
	}
	s.parent = p->monotone
			   ? tree_search_score_at(&s, &s.all, 0, tree_search_weight(&s, &s.all, 0))
			   : tree_search_score(&s, &s.all, 0);
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
	centre(&s);
}
