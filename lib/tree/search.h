/*
 * search - what the searches for a split share: of numbers (split.c), of sets of categories (search_set.c), of several
 * classes (search_class.c). Private to these.
 *
 * A side is a sum of bins; splits are judged by the gain of two sides, and the best one so far stays in `best`.
 */
#ifndef CD4ML_TREE_SEARCH_H
#define CD4ML_TREE_SEARCH_H

#include "tree/split.h"

struct tree_category {
	double key;
	uint32_t bin; /* from 1 */
};

/** What a side of a split holds. With classes, their sums are in an array beside it. */
struct tree_side {
	int64_t grad, hess;
	uint64_t n;
};

struct tree_search {
	const struct tree_frame *f;
	const struct tree_quant *q;
	const struct tree_split_params *p;
	const struct tree_hist *h;
	struct tree_hist bins; /* of the column at hand */
	struct tree_side all;
	double parent; /* score */
	double least; /* a gain must be above it */
	struct tree_bounds bounds;
	int way; /* of the column at hand: monotone, or 0 */
	const struct tree_split_work *w;
	struct tree_split *best;
};

static inline bool tree_search_has_missing(const struct tree_search *s)
{
	return s->bins.n[0] > 0;
}

static inline void tree_search_add(const struct tree_search *s, struct tree_side *a, uint32_t bin)
{
	a->grad += s->bins.grad[bin];
	a->hess += s->bins.hess[bin];
	a->n += s->bins.n[bin];
}

static inline struct tree_side tree_search_rest(
	const struct tree_search *s, const struct tree_side *a)
{
	return (struct tree_side){ s->all.grad - a->grad, s->all.hess - a->hess, s->all.n - a->n };
}

/** What the bins from `from` to `to` of a column hold; with classes without gradients. */
struct tree_side tree_search_sum(
	const struct tree_hist *h, uint32_t from, uint32_t to, bool has_grad);
/** Makes the column the one at hand; a packed one's sums are taken apart. */
void tree_search_open(struct tree_search *s, uint32_t col);

/** The value of a leaf that holds the side, within the bounds; what any value gains; what its best one does. */
double tree_search_weight(
	const struct tree_search *s, const struct tree_side *a, double more_lambda);
double tree_search_score_at(
	const struct tree_search *s, const struct tree_side *a, double more_lambda, double w);
double tree_search_score(
	const struct tree_search *s, const struct tree_side *a, double more_lambda);
/** Is the side large enough for a leaf? */
bool tree_search_allows(const struct tree_search *s, const struct tree_side *a);
/** Notes the gain in `best` if the split is allowed and better. True if so: the caller notes the rest. */
bool tree_search_judge(const struct tree_search *s, const struct tree_side *left,
	const struct tree_side *right, double more_lambda);
/** Notes a split of numbers: bins up to `bin` go left. */
void tree_search_take(const struct tree_search *s, uint32_t col, uint32_t bin, bool default_left);

int tree_category_by_key(const void *a, const void *b);
/** Notes the set of `n` categories from the one end of the order or the other. */
void tree_search_put_right(const struct tree_search *s, const struct tree_category *order,
	uint32_t n_all, uint32_t n, bool from_top);

/** Searches the column at hand, which is one of categories. */
void tree_search_sets(const struct tree_search *s, uint32_t col);
/** Searches all columns, with several classes. */
void tree_search_classes(struct tree_search *s, struct tree_columns cols);

#endif
