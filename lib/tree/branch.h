/*
 * branch - nodes of a tree on their way: histograms, splits, and how a leaf becomes two. Private to grow and top.
 */
#ifndef CD4ML_TREE_BRANCH_H
#define CD4ML_TREE_BRANCH_H

#include <pthread.h>
#include <stdatomic.h>

#include "tree/exchange.h"
#include "tree/group.h"
#include "tree/grow.h"
#include "tree/part.h"
#include "tree/spread.h"
#include "tree/sums.h"

enum {
	TREE_LARGE = 1 << 16, /* rows of a leaf that all threads handle together */
	TREE_BRANCH_CHUNK =
		1 << 10, /* nodes of the first chunk; each has twice as many as the one before */
	TREE_BRANCH_CHUNKS = 23,
};

/** A node on its way. */
struct tree_branch {
	struct tree_split split; /* gain 0: none */
	uint64_t key;
	void *hist; /* kept for its children, or NULL */
	uint32_t begin, n, depth;
	uint32_t all_begin, all_n; /* the same, counted over all processes */
	uint32_t all_left; /* of these go left; of several processes only */
	uint32_t left; /* first child, 0: not split yet */
	const struct tree_branch *parent; /* of the root: NULL */
	struct tree_bounds bounds;
	bool is_taken; /* its split is part of the tree */
	bool is_grouped; /* its records lie at the places of its rows, see tree/group.h */
};

/** What one thread needs. */
struct tree_grow_worker {
	struct tree_sums sums;
	struct tree_plan plan; /* of drawn columns */
	void *hist;
	uint8_t *tmp; /* [TREE_GROUP_BYTES] for parting records */
	uint32_t *cols; /* [n_cols] drawn for a split */
	uint32_t *stack; /* leaves to be split */
	size_t cap_stack;
	uint64_t *path; /* [2][words of sets of columns] above a node, and scratch */
	struct tree_split_work split;
};

/** A histogram that several processes sum up, see tree/together.h. */
struct tree_ask {
	struct tree_branch *node;
	struct tree_branch *parent; /* has the histogram of both children; NULL: none */
	void *slot; /* to keep it in, or NULL */
	uint32_t drawn; /* columns that were tried before */
	size_t first_col, n_cols; /* drawn now: in tree_asks' cols */
	size_t at; /* in the message */
};

struct tree_asks {
	struct tree_exchange exchange;
	struct tree_ask *list;
	size_t n, cap;
	size_t from, to; /* of the message at hand */
	uint32_t *cols;
	size_t n_cols, cap_cols;
};

struct tree_grower {
	const struct tree_frame *f;
	struct tree_grow_params p;
	struct pool *pool;
	size_t n_classes, hist_size;
	struct tree_grow_worker *workers; /* [pool_size] */
	int n_workers;
	void *spare; /* histogram of a large leaf that is not kept */
	uint32_t *rows; /* [n_rows] */
	struct tree_part part;
	struct tree_group group;
	struct tree_asks asks;
	struct tree_spread spread;
	const struct tree_kernel *kernel;
	struct tree_top *top; /* NULL: not needed so far */

	atomic_bool has_no_memory; /* for a split's set */
	pthread_mutex_t lock; /* of the following */
	void **kept; /* free histograms */
	size_t n_kept, n_made, max_kept;

	/* of a run */
	const struct tree_quant *q;
	struct tree_plan plan; /* of the tree's columns */
	uint64_t key;
	struct tree_branch *nodes[TREE_BRANCH_CHUNKS]; /* see tree_branch_at() */
	size_t n_nodes; /* behind the lock where threads add some */
	uint32_t *open; /* a heap, or the nodes of a level */
	size_t n_open, cap_open;
	uint32_t *batch;
	size_t n_batch, cap_batch;

	struct tree_grow_node *done;
	size_t n_done, cap_done;
};

/**
 * A node by its number. Nodes stay where they are, so that a thread can add some while others look at theirs. The
 * first place is left free: two children are never in two chunks.
 */
static inline struct tree_branch *tree_branch_at(const struct tree_grower *g, size_t i)
{
	size_t place = i + 1;
	unsigned k = 63 - (unsigned)__builtin_clzll(place / TREE_BRANCH_CHUNK + 1);

	return g->nodes[k] + (place - (((size_t)1 << k) - 1) * TREE_BRANCH_CHUNK);
}

/** Is the histogram of this node packed? Those of few rows are. */
static inline bool tree_branch_is_packed(const struct tree_grower *g, const struct tree_branch *n)
{
	return !g->q->class && n->all_n <= TREE_PACK_ROWS;
}

/** Do all threads handle the leaf together? */
static inline bool tree_branch_is_large(const struct tree_grower *g, const struct tree_branch *n)
{
	return g->n_workers > 1 && n->n >= TREE_LARGE;
}

/** The child of the node with fewer rows, of equal ones the left one. */
static inline struct tree_branch *tree_branch_small_child(
	const struct tree_grower *g, const struct tree_branch *n)
{
	struct tree_branch *c = tree_branch_at(g, n->left);

	return c[0].all_n <= c[1].all_n ? &c[0] : &c[1];
}

/** The other child of the node's parent. */
static inline struct tree_branch *tree_branch_sibling(
	const struct tree_grower *g, const struct tree_branch *n)
{
	struct tree_branch *c = tree_branch_at(g, n->parent->left);

	return n == c ? c + 1 : c;
}

/** Histogram arrays in memory of the grower's size. */
static inline struct tree_hist tree_grower_hist(const struct tree_grower *g, void *memory)
{
	return tree_hist_at(memory, g->f->n_bins, g->n_classes);
}

/** The histogram of a node, likewise. */
static inline struct tree_hist tree_branch_hist(
	const struct tree_grower *g, const struct tree_branch *n, void *memory)
{
	return tree_branch_is_packed(g, n) ? tree_hist_packed_at(memory)
					   : tree_grower_hist(g, memory);
}

/** Memory to keep a histogram in, or NULL: then it is not kept, which costs time only. Gives it back. */
void *tree_branch_slot(struct tree_grower *g);
void tree_branch_give_back(struct tree_grower *g, void *slot);

bool tree_branch_may_split(const struct tree_grower *g, const struct tree_branch *n);

/** Sums up a leaf's rows of this process into `memory`; `worker` < 0, here and below: with all threads. */
void tree_branch_sum_up(struct tree_grower *g, const struct tree_plan *plan,
	const struct tree_branch *n, void *memory, int worker);
/** Searches the histogram; the split's set becomes the node's own. */
void tree_branch_search(struct tree_grower *g, struct tree_columns cols, struct tree_branch *n,
	void *memory, int worker);
/**
 * The columns that are drawn for the split behind the first `drawn` ones, as many as --mtry says or are left; valid
 * until the next call by the worker.
 */
struct tree_columns tree_branch_draw(
	struct tree_grower *g, const struct tree_branch *n, size_t drawn, int worker);
/** Parts the rows of a node whose children are there without content. */
void tree_branch_part(struct tree_grower *g, struct tree_branch *n, int worker);

/** How many of the node's rows, of all processes, go left, by their histogram. */
uint32_t tree_branch_count_left(
	const struct tree_grower *g, const struct tree_branch *n, const struct tree_hist *h);
/** Takes the columns' part of `b` off that of `a`; packs what is left in its place if `packs`, and it is not. */
void tree_branch_subtract(const struct tree_grower *g, struct tree_columns cols,
	const struct tree_hist *a, const struct tree_hist *b, bool packs);
/** The split's set, if it has one, lay in what a search needs: it becomes the split's own. free(). */
void tree_branch_own_set(struct tree_grower *g, struct tree_split *s);

/** Sums up the leaf's rows and finds its split. */
void tree_branch_find(struct tree_grower *g, struct tree_branch *n, int worker);

/** Finds the split of a leaf whose histogram lies in `memory`; keeps that if it is a slot and of use. */
void tree_branch_find_in(
	struct tree_grower *g, struct tree_branch *n, void *memory, bool is_slot, int worker);

/** Children without histogram and split: the left one has the first `n_left` of the rows. */
void tree_branch_set_children(struct tree_grower *g, const struct tree_branch *n, size_t n_left);

/**
 * Finds the splits of two children, of which one's histogram lies in `memory` (kept there if `is_slot`, and
 * of use); the other's is what is left of the parent's, which it takes over.
 */
void tree_branch_find_both(struct tree_grower *g, struct tree_branch *parent,
	struct tree_branch *small, void *memory, bool is_slot, int worker);

/** Adds a node to the open ones, which are a list or a heap: the leaf of the largest gain is on its top. */
int tree_branch_append(struct tree_grower *g, uint32_t node, struct err *e) MUST_CHECK;
int tree_branch_heap_push(struct tree_grower *g, uint32_t node, struct err *e) MUST_CHECK;
uint32_t tree_branch_heap_pop(struct tree_grower *g);

/** Adds a node to the batch. */
int tree_branch_push(struct tree_grower *g, uint32_t node, struct err *e) MUST_CHECK;
/** The first node, without content. Forgets the others. */
int tree_branch_add_root(struct tree_grower *g, struct err *e) MUST_CHECK;
/** Makes two children, without content, of each node of the batch. */
int tree_branch_add_children(struct tree_grower *g, struct err *e) MUST_CHECK;
/** Splits the nodes of the batch: large ones one after another with all threads, the others side by side. */
int tree_branch_expand(struct tree_grower *g, struct err *e) MUST_CHECK;
/** Splits the leaves of the batch and all below them: each thread one leaf, whose rows stay in its cache. */
void tree_branch_finish(struct tree_grower *g);

#endif
