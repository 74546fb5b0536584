#include "tree/search.h"

#include <math.h>

static inline struct tree_side unpacked(uint64_t v)
{
	return (struct tree_side){ tree_packed_grad(v), tree_packed_hess(v), tree_packed_n(v) };
}

struct tree_side tree_search_sum(
	const struct tree_hist *h, uint32_t from, uint32_t to, bool has_grad)
{
	struct tree_side sum = { 0 };
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

void tree_search_open(struct tree_search *s, uint32_t col)
{
	const struct tree_frame_column *c = &s->f->cols[col];

	s->bins = tree_hist_from(s->h, c->first, s->q->n_classes);
	if (!s->h->packed)
		return;
	s->bins = tree_hist_at(s->w->memory, c->n_bins, 1);
	for (uint32_t b = 0; b < c->n_bins; b++) {
		struct tree_side a = unpacked(s->h->packed[c->first + b]);

		s->bins.grad[b] = a.grad;
		s->bins.hess[b] = a.hess;
		s->bins.n[b] = (uint32_t)a.n;
	}
}

double tree_search_score(const struct tree_search *s, const struct tree_side *a, double more_lambda)
{
	double g = (double)a->grad * s->q->grad_unit, h = (double)a->hess * s->q->hess_unit;

	return tree_split_score(s->p, g, h + more_lambda);
}

bool tree_search_allows(const struct tree_search *s, const struct tree_side *a)
{
	return a->n >= s->p->min_samples_leaf &&
	       (double)a->hess * s->q->hess_unit >= s->p->min_child_weight && a->hess > 0;
}

double tree_search_weight(
	const struct tree_search *s, const struct tree_side *a, double more_lambda)
{
	double g = (double)a->grad * s->q->grad_unit, h = (double)a->hess * s->q->hess_unit;

	return tree_bounds_clamp(s->bounds, tree_split_weight(s->p, g, h + more_lambda));
}

double tree_search_score_at(
	const struct tree_search *s, const struct tree_side *a, double more_lambda, double w)
{
	double g = (double)a->grad * s->q->grad_unit, h = (double)a->hess * s->q->hess_unit;

	return -(2 * g * w + (h + more_lambda + s->p->lambda) * w * w + 2 * s->p->alpha * fabs(w));
}

/** The gain of a split whose values keep within bounds and order; below 0 if they do not. */
static double bounded_gain(const struct tree_search *s, const struct tree_side *left,
	const struct tree_side *right, double more_lambda)
{
	double l = tree_search_weight(s, left, more_lambda),
	       r = tree_search_weight(s, right, more_lambda);
	double gain;

	if (s->way * (r - l) < 0)
		return -1;
	gain = tree_search_score_at(s, left, more_lambda, l) +
	       tree_search_score_at(s, right, more_lambda, r) - s->parent;
	if (gain > s->least && gain > s->best->gain) {
		s->best->left_weight = l;
		s->best->right_weight = r;
	}
	return gain;
}

bool tree_search_judge(const struct tree_search *s, const struct tree_side *left,
	const struct tree_side *right, double more_lambda)
{
	double gain;

	if (!tree_search_allows(s, left) || !tree_search_allows(s, right))
		return false;
	gain = s->p->monotone ? bounded_gain(s, left, right, more_lambda)
			      : tree_search_score(s, left, more_lambda) +
					tree_search_score(s, right, more_lambda) - s->parent;
	if (!(gain > s->least && gain > s->best->gain))
		return false;
	s->best->gain = gain;
	return true;
}

void tree_search_take(const struct tree_search *s, uint32_t col, uint32_t bin, bool default_left)
{
	s->best->col = col;
	s->best->bin = bin;
	s->best->default_left = default_left;
	s->best->is_categorical = false;
}
