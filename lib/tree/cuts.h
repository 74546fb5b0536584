/*
 * cuts - the bins that a column of a frame has: where its numbers are cut, which of its texts have a bin of their own.
 *
 * A column of no more numbers than bins is cut between any two neighbours. Others are cut at quantiles, of a sample
 * where there are many rows. What is chosen depends on all rows of all processes, and on nothing else.
 */
#ifndef CD4ML_TREE_CUTS_H
#define CD4ML_TREE_CUTS_H

#include "tree/frame.h"

/**
 * Fills the column's cuts and range, or its categories, and the number of its bins. Its source and the frame's numbers
 * of rows are set. Columns may be done side by side, with several processes in one order.
 */
int tree_cuts_choose(struct tree_frame *f, size_t col, uint32_t max_bin, struct err *e) MUST_CHECK;

#endif
