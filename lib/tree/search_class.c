#include "tree/search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double class_score(const int64_t *w, size_t n_classes, int64_t all)
{
	double sum = 0;

	for (size_t k = 0; k < n_classes; k++)
		sum += (double)w[k] * (double)w[k];
	return all > 0 ? sum / (double)all : 0;
}

/** Walks the bins with an array of classes for each side. */
struct class_search {
	struct tree_search s;
	const int64_t *total; /* [n_classes] of the leaf */
	int64_t *left, *right;
};

static bool judge_classes(struct class_search *z, const struct tree_side *left)
{
	struct tree_search *s = &z->s;
	struct tree_side right = tree_search_rest(s, left);
	size_t n = s->q->n_classes;
	double gain;

	if (!tree_search_allows(s, left) || !tree_search_allows(s, &right))
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

static void add_class_bin(struct class_search *z, struct tree_side *left, uint32_t bin)
{
	const int64_t *g = z->s.bins.grad + (size_t)bin * z->s.q->n_classes;

	for (size_t k = 0; k < z->s.q->n_classes; k++)
		z->left[k] += g[k];
	left->hess += z->s.bins.hess[bin];
	left->n += z->s.bins.n[bin];
}

static void scan_class_numbers(struct class_search *z, uint32_t col, bool missing_left)
{
	bool missing = tree_search_has_missing(&z->s);
	uint32_t last = z->s.f->cols[col].n_bins - 1;
	struct tree_side left = { 0 };

	memset(z->left, 0, z->s.q->n_classes * sizeof(*z->left));
	if (missing_left)
		add_class_bin(z, &left, 0);
	for (uint32_t b = 1; b <= last - (missing_left || !missing); b++) {
		if (z->s.bins.n[b] == 0)
			continue;
		add_class_bin(z, &left, b);
		if (judge_classes(z, &left))
			tree_search_take(
				&z->s, col, b, missing ? missing_left : 2 * left.n >= z->s.all.n);
	}
}

/** Sets of categories in the order of the share of the leaf's most frequent class. */
static void scan_class_categories(struct class_search *z, uint32_t col)
{
	const struct tree_frame_column *c = &z->s.f->cols[col];
	struct tree_category *list = z->s.w->order;
	size_t n_classes = z->s.q->n_classes, top = 0;
	struct tree_side rest = z->s.all;
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
	qsort(list, n, sizeof(*list), tree_category_by_key);
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
		tree_search_put_right(&z->s, list, n, taken, false);
}

void tree_search_classes(struct tree_search *s, struct tree_columns cols)
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

		tree_search_open(&z.s, col);
		if (s->f->cols[col].is_categorical) {
			scan_class_categories(&z, col);
			continue;
		}
		scan_class_numbers(&z, col, false);
		if (tree_search_has_missing(&z.s))
			scan_class_numbers(&z, col, true);
	}
}
