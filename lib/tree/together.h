/*
 * together - leaves of a tree that several processes grow, each with its share of the rows.
 *
 * A leaf's histogram is the sum over the processes, and to wait for it costs more than most leaves' work: so those of many
 * leaves go in one message, of a level, or of the next few in line. All processes ask for the same leaves in
 * the same order, because everything that decides on it is the same in all.
 */
#ifndef CD4ML_TREE_TOGETHER_H
#define CD4ML_TREE_TOGETHER_H

#include "tree/branch.h"

/** Finds the split of the root. */
int tree_together_find(struct tree_grower *g, struct err *e) MUST_CHECK;

/** Parts the nodes of the batch, and finds the splits of their children, which are there without content. */
int tree_together_expand(struct tree_grower *g, struct err *e) MUST_CHECK;

#endif
