/*
 * importance - how much the columns of a model matter.
 *
 * By its splits: their total gain, the total of the hessians that they part ("cover"), their number ("weight"). By
 * permutation: how much worse the first metric becomes on other rows when the values of a column are shuffled among
 * them (Breiman, "Random Forests", 2001), the mean over several shuffles.
 *
 *	{"features": [{"feature": "x", "gain": 1, "cover": 1, "weight": 1, "permutation": 0.1}, ...]}
 *
 * The largest gain comes first; of equal ones the first column.
 */
#ifndef CD4ML_TREE_IMPORTANCE_H
#define CD4ML_TREE_IMPORTANCE_H

#include "tree/dataset.h"

struct tree_importances {
	size_t n; /* features */
	double *sums; /* [3][n] gain, cover, weight */
	double *permutation; /* [n], or NULL */
};

/** tree_importances_release() in any case; takes a zeroed one. */
int tree_importances_init(struct tree_importances *i, size_t n_features, struct err *e) MUST_CHECK;
void tree_importances_release(struct tree_importances *i);
/** Adds the splits of a tree with statistics. */
void tree_importances_add(struct tree_importances *i, const struct tree *t);

/**
 * Shuffles each column of the rows a few times and measures.
 *   margins  [rows->n][n_outputs] of the model as they are
 */
int tree_importances_permute(struct tree_importances *i, const struct tree_model *m,
	struct tree_rows *rows, const float *margins, uint64_t seed, const struct tree_io *io,
	struct err *e) MUST_CHECK;

int tree_importances_save(const struct tree_importances *i, const struct tree_model *m,
	const char *path, struct err *e) MUST_CHECK;

#endif
