/*
 * exchange - a histogram's sums over all processes, in one message.
 *
 * A row adds at most TREE_ROW_MOST to a sum, so that those of leaves below TREE_NARROW rows fit into 32 bits: their
 * messages are 12 bytes a bin instead of 24. A packed histogram is 8 bytes a bin, as it is.
 */
#ifndef CD4ML_TREE_EXCHANGE_H
#define CD4ML_TREE_EXCHANGE_H

#include "tree/hist.h"

enum { TREE_ROW_MOST = 1 << 12, TREE_NARROW = INT32_MAX / TREE_ROW_MOST };

/** Room for a message. */
struct tree_exchange {
	int64_t *wide; /* [n_bins * (n_classes + 2)] */
	uint32_t *narrow; /* as many */
};

/** Makes room if the frame has other processes. tree_exchange_release() in any case; takes a zeroed one. */
int tree_exchange_init(struct tree_exchange *x, const struct tree_frame *f, size_t n_classes,
	struct err *e) MUST_CHECK;
void tree_exchange_release(struct tree_exchange *x);

/** The histogram of the columns becomes that of all processes' rows of the leaf, which are `n_rows`. */
void tree_exchange_sum(struct tree_exchange *x, const struct tree_frame *f,
	struct tree_columns cols, size_t n_classes, uint64_t n_rows, struct tree_hist *h);

#endif
