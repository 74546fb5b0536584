/*
 * quantile - of weighted values: what the leaves of absolute and quantile error hold.
 *
 * The value up to which `alpha` of the weight lies; where that is just reached, the mean of it and the next larger
 * one, so that the median of an even number of values is what one expects. Weights are integers: the order of the
 * values does not matter.
 */
#ifndef CD4ML_TREE_QUANTILE_H
#define CD4ML_TREE_QUANTILE_H

#include "tree/comm.h"

enum { TREE_QUANTILE_UNIT = 1 << 20 }; /* what the largest weight becomes */

/**
 * `values` [n] without NaN; `weights` [n] or NULL: 1 each. 0 if nothing has weight.
 *   comm  of the processes that have other values of the same quantile and call this, too; NULL: none
 */
float tree_quantile(const float *values, const uint32_t *weights, size_t n, double alpha,
	struct tree_comm *comm);

#endif
