/*
 * model_order - nodes in an order in which a row's way down a large tree touches few pages of memory.
 *
 * The top of the tree comes level by level, as in any file: all rows pass there, and it fills a page of each array.
 * Each subtree below comes as a whole, the child with more rows before the other one: so the way on stays near. A
 * forest of gigabytes that is mapped from its file then predicts a row with three or four pages of a tree.
 */
#ifndef CD4ML_TREE_MODEL_ORDER_H
#define CD4ML_TREE_MODEL_ORDER_H

#include "tree/model.h"

enum { TREE_ORDER_TOP = 1024 }; /* nodes that come level by level */

/**
 * Makes `out` the tree in that order: nodes and stats (free() them), which are new, besides sets and words, which
 * stay those of `t`. A tree of up to TREE_ORDER_TOP nodes keeps its order. -1: no memory.
 */
int tree_order(const struct tree *t, struct tree *out, struct err *e) MUST_CHECK;

#endif
