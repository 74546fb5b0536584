/*
 * exchange - sums of histograms over all processes, many in one message.
 *
 * A row adds at most TREE_ROW_MOST to a sum, so that those of leaves below TREE_NARROW rows fit into 32 bits: they are
 * 12 bytes a bin instead of 24. A packed histogram is 8 bytes a bin, as it is.
 *
 *	tree_exchange_reset();
 *	tree_exchange_reserve() for each histogram, in the same order by all processes
 *	tree_exchange_put(), the process's own sums;  tree_exchange_run();  tree_exchange_get(), those of all
 *
 * Threads may put and get side by side.
 */
#ifndef CD4ML_TREE_EXCHANGE_H
#define CD4ML_TREE_EXCHANGE_H

#include "tree/hist.h"

enum { TREE_ROW_MOST = 1 << 12, TREE_NARROW = INT32_MAX / TREE_ROW_MOST };

struct tree_exchange {
	int64_t *wide;
	uint32_t *narrow;
	size_t n_wide, n_narrow, cap_wide, cap_narrow;
};

/** What is exchanged of a leaf. */
struct tree_exchange_leaf {
	const struct tree_frame *f;
	struct tree_columns cols;
	size_t n_classes;
	bool is_packed;
	uint64_t n_rows; /* of all processes */
	size_t at; /* set by tree_exchange_reserve() */
};

void tree_exchange_reset(struct tree_exchange *x);
/** Takes a zeroed one. */
void tree_exchange_release(struct tree_exchange *x);

int tree_exchange_reserve(
	struct tree_exchange *x, struct tree_exchange_leaf *l, struct err *e) MUST_CHECK;
void tree_exchange_put(
	struct tree_exchange *x, const struct tree_exchange_leaf *l, const struct tree_hist *h);
void tree_exchange_run(struct tree_exchange *x, struct tree_comm *c);
void tree_exchange_get(
	const struct tree_exchange *x, const struct tree_exchange_leaf *l, struct tree_hist *h);

#endif
