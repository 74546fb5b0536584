#include "tree/search.h"

#include <stdlib.h>
#include <string.h>

int tree_category_by_key(const void *a, const void *b)
{
	const struct tree_category *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->bin < y->bin ? -1 : 1;
}

/** The group goes right, the rest left; missing values go with either. */
static bool judge_group(
	const struct tree_search *s, uint32_t col, const struct tree_side *group, double lambda)
{
	struct tree_side right = *group, left = tree_search_rest(s, group);
	bool taken = tree_search_judge(s, &left, &right, lambda);

	if (taken)
		s->best->default_left = tree_search_has_missing(s) || left.hess >= right.hess;
	if (tree_search_has_missing(s)) {
		tree_search_add(s, &right, 0);
		left = tree_search_rest(s, &right);
		if (tree_search_judge(s, &left, &right, lambda)) {
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

void tree_search_put_right(const struct tree_search *s, const struct tree_category *order,
	uint32_t n_all, uint32_t n, bool from_top)
{
	memset(s->w->right, 0, tree_split_words(&s->f->cols[s->best->col]) * sizeof(uint64_t));
	for (uint32_t i = 0; i < n; i++) {
		uint32_t code = order[from_top ? n_all - 1 - i : i].bin - 1;

		s->w->right[code / 64] |= (uint64_t)1 << (code % 64);
	}
	s->best->right = s->w->right;
}

static void scan_single(
	const struct tree_search *s, uint32_t col, const struct tree_category *list, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct tree_side group = { 0 };

		tree_search_add(s, &group, list[i].bin);
		if (judge_group(s, col, &group, 0))
			tree_search_put_right(s, list + i, 1, 1, false);
	}
}

/** From one end of the order, the lower one or the upper one. */
static void scan_sets(const struct tree_search *s, uint32_t col, const struct tree_category *list,
	uint32_t n, bool from_top)
{
	uint32_t taken = 0;
	struct tree_side group = { 0 };
	uint64_t since = 0;

	for (uint32_t i = 0; i < n && i < s->p->cat_set_max; i++) {
		uint32_t bin = list[from_top ? n - 1 - i : i].bin;

		tree_search_add(s, &group, bin);
		since += s->bins.n[bin];
		if (since < s->p->cat_min_rows)
			continue;
		since = 0;
		if (judge_group(s, col, &group, s->p->cat_lambda))
			taken = i + 1;
	}
	if (taken)
		tree_search_put_right(s, list, n, taken, from_top);
}

/** Categories of few rows say little of where they belong: they stay with the rest. Returns how many are left. */
static uint32_t drop_rare(const struct tree_search *s, struct tree_category *list, uint32_t n)
{
	uint32_t k = 0;

	for (uint32_t i = 0; i < n; i++)
		if ((double)s->bins.n[list[i].bin] >= s->p->cat_smooth)
			list[k++] = list[i];
	return k;
}

void tree_search_sets(const struct tree_search *s, uint32_t col)
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
	qsort(list, n, sizeof(*list), tree_category_by_key);
	scan_sets(s, col, list, n, false);
	scan_sets(s, col, list, n, true);
}
