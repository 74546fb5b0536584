/*
 * model_view - a tree as it stands in a file: one array for each property of its nodes, big-endian, unaligned.
 *
 * That is how UBJSON holds it, so a view of a mapped file costs nothing: the few pages that one row's way touches are
 * read, and no others. Nothing in it is believed: walking checks each step, building checks everything.
 */
#ifndef CD4ML_TREE_MODEL_VIEW_H
#define CD4ML_TREE_MODEL_VIEW_H

#include "tree/model.h"

enum tree_field {
	TREE_LEFT,
	TREE_RIGHT,
	TREE_SPLIT_COLUMN,
	TREE_DEFAULT,
	TREE_SPLIT_TYPE, /* may be empty: no sets */
	TREE_CONDITION,
	TREE_GAINS, /* these three may be empty: zero */
	TREE_HESSIANS,
	TREE_WEIGHTS,
	TREE_CATEGORIES, /* the rest: sets one after another, and whose they are */
	TREE_CATEGORY_NODES,
	TREE_CATEGORY_FIRST,
	TREE_CATEGORY_SIZES,
	TREE_N_FIELDS
};

struct tree_view {
	uint32_t n_nodes;
	uint32_t output;
	float scale; /* of its leaves: DART's weight */
	struct {
		const unsigned char *p;
		size_t n; /* elements */
	} fields[TREE_N_FIELDS];
};

/** The key in the file, and UBJSON's type of the elements: 'l' int32, 'L' int64, 'U' byte, 'd' float. */
const char *tree_field_name(enum tree_field f);
char tree_field_type(enum tree_field f);

/** Sets n_nodes; are all arrays as long as they must be? -1 and ERR_INPUT. */
int tree_view_check(struct tree_view *v, struct err *e) MUST_CHECK;

/**
 * Makes nodes of it, with statistics or without (stats NULL). The order stays where children lie side by side behind
 * their parent; else nodes are numbered level by level, and those that cannot be reached fall away. tree_release().
 */
int tree_view_build(const struct tree_view *v, size_t n_features, size_t n_outputs, bool with_stats,
	struct tree *t, struct err *e) MUST_CHECK;

/** The leaf of one row: the bits that the built tree gives. -1: the tree is damaged on the way. */
int tree_view_leaf(const struct tree_view *v, const float *x, size_t n_features, float *leaf,
	struct err *e) MUST_CHECK;

/** Sets is_used[c] of each column that a split asks for. */
void tree_view_columns(const struct tree_view *v, size_t n_features, bool *is_used);

#endif
