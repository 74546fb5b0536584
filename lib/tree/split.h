/*
 * split - the best split of a leaf, from its histogram.
 *
 * Gain is XGBoost's loss change, G^2 / (H + lambda) of the children less the parent's; with classes (forests) it is
 * the change of sum_k W_k^2 / W, which is Gini's. Missing values are tried on both sides. Categories are
 * tried one against the rest where there are few, else in the order of G / (H + smooth), from both ends, after
 * Fisher, "On Grouping for Maximum Homogeneity", 1958, with LightGBM's safeguards; "other" and what has not been
 * seen stay with the rest. Of equal gains the first column, then the lowest bin wins.
 */
#ifndef CD4ML_TREE_SPLIT_H
#define CD4ML_TREE_SPLIT_H

#include <math.h>

#include "tree/hist.h"

enum { TREE_CLASS_MAX = 1000 }; /* most classes of a histogram */

struct tree_split_params {
	double lambda, alpha, gamma;
	double max_delta_step; /* largest step of a leaf before the learning rate; 0: any */
	double min_child_weight;
	uint64_t min_samples_leaf;
	double cat_smooth, cat_lambda; /* for sets of several categories */
	uint32_t cat_one_max; /* up to so many categories: one against the rest */
	uint32_t cat_set_max; /* most categories of a set */
	uint64_t cat_min_rows; /* rows that a step along the order takes at least */
	const int8_t *monotone; /* [n_cols] 1: rising, -1: falling, 0: any way; NULL: all so */
};

#define TREE_SPLIT_DEFAULT                                                                       \
	{                                                                                        \
		.lambda = 1, .min_child_weight = 1e-3, .min_samples_leaf = 20, .cat_smooth = 10, \
		.cat_lambda = 10, .cat_one_max = 4, .cat_set_max = 32, .cat_min_rows = 100       \
	}

/** What the values below a node must lie between, under monotone constraints. */
struct tree_bounds {
	double lo, hi;
};
#define TREE_BOUNDS_NONE            \
	{                           \
		-INFINITY, INFINITY \
	}

struct tree_split {
	double gain; /* 0: there is none */
	double left_weight, right_weight; /* with monotone constraints: the children's values */
	uint32_t col;
	uint32_t bin; /* bins 1 to `bin` go left */
	bool default_left, is_categorical;
	uint64_t *
		right; /* [tree_split_words()] bits of codes that go right, NULL without categories */
};

/** Words of a set of the column's codes, "other" counted. */
static inline size_t tree_split_words(const struct tree_frame_column *c)
{
	return (c->n_bins + 63) / 64;
}

/** What a search needs beside: one for each thread. */
struct tree_split_work {
	const struct tree_kernel *kernel;
	struct tree_category *order; /* [n_bins of the largest column of categories] */
	uint64_t *right; /* as many bits */
	void *memory; /* a histogram of the largest column, for one that is packed */
};

/** tree_split_work_release() in any case; takes a zeroed one. */
int tree_split_work_init(
	struct tree_split_work *w, const struct tree_frame *f, struct err *e) MUST_CHECK;
void tree_split_work_release(struct tree_split_work *w);

/** The value within bounds. */
static inline double tree_bounds_clamp(struct tree_bounds b, double v)
{
	return v < b.lo ? b.lo : v > b.hi ? b.hi : v;
}
/** The bounds of the children of a node whose split goes `way` (1, -1) and whose children have these weights. */
void tree_bounds_part(struct tree_bounds of, int way, double left_weight, double right_weight,
	struct tree_bounds *left, struct tree_bounds *right);

/** The value of a leaf with these sums: a Newton step within max_delta_step, see tree/leaf.h. */
double tree_split_weight(const struct tree_split_params *p, double grad, double hess);
/** What a leaf with that value gains: G^2 / (H + lambda) if nothing limits it. */
double tree_split_score(const struct tree_split_params *p, double grad, double hess);

/**
 * The best split over the columns, gain 0 if none is allowed. At least one column. Its set lies in
 * `w`, until the next search. `bounds` are the node's; looked at with monotone constraints only.
 */
void tree_split_find(const struct tree_frame *f, struct tree_columns cols,
	const struct tree_quant *q, const struct tree_split_params *p, struct tree_bounds bounds,
	const struct tree_hist *h, const struct tree_split_work *w, struct tree_split *best);

/** Does a row with this bin in the split's column go right? */
static inline bool tree_split_right(const struct tree_split *s, uint32_t bin)
{
	if (bin == 0)
		return !s->default_left;
	if (s->is_categorical)
		return s->right[(bin - 1) / 64] >> ((bin - 1) % 64) & 1;
	return bin > s->bin;
}

#endif
