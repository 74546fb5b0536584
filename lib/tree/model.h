/*
 * model - an ensemble of trees as XGBoost defines one: nodes, columns, objective, class labels.
 *
 * Read and written by tree/model_file in XGBoost's JSON and UBJSON. Numbers are float, as there; the right child
 * lies behind the left one; a tree adds its leaf to one output. A model is not changed after loading:
 * any number of threads may share it.
 */
#ifndef CD4ML_TREE_MODEL_H
#define CD4ML_TREE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum tree_task { TREE_REGRESSION, TREE_BINARY, TREE_MULTICLASS };

/** What makes a prediction of a margin. */
enum tree_link { TREE_IDENTITY, TREE_SIGMOID, TREE_SOFTMAX, TREE_EXP };

enum {
	TREE_MAX_FEATURES = 1 << 24,
	TREE_MAX_OUTPUTS = 1 << 16,
	TREE_MAX_CATEGORY = 1 << 24, /* codes are below it: exact as float */
};

#define TREE_COLUMN       0x3fffffffu
#define TREE_CATEGORICAL  0x40000000u
#define TREE_DEFAULT_LEFT 0x80000000u

/** Node 0 is the root; children come behind their parent. */
struct tree_node {
	int32_t left; /* its index; the right child is left + 1; -1: a leaf */
	uint32_t split; /* column, TREE_CATEGORICAL, TREE_DEFAULT_LEFT */
	union {
		float value; /* threshold: below goes left; of a leaf what it adds */
		uint32_t set; /* TREE_CATEGORICAL: number of the tree's set: members go right */
	};
};

/** What only training, importance and drawings need. */
struct tree_stat {
	float gain; /* loss_changes; 0 for a leaf */
	float hessian; /* sum_hessian, "cover" */
	float weight; /* base_weights: the value that the node would have as a leaf */
};

/** Bits of a set of category codes: bit c of words[first + c / 64], for c < 64 * n_words. */
struct tree_set {
	uint32_t first, n_words;
};

struct tree {
	uint32_t n_nodes;
	struct tree_node *nodes;
	struct tree_stat *stats; /* [n_nodes], or NULL if not asked for */
	uint32_t n_sets;
	struct tree_set *sets;
	size_t n_words;
	uint64_t *words;
	uint32_t output; /* tree_info */
};

struct tree_feature {
	char *name; /* never NULL: "f0", "f1", ... where the file has none */
	bool is_categorical; /* text in raw data, or a code where there are no names */
	bool is_int; /* "int" in feature_types */
	bool is_unused; /* the file says that no split asks for it */
	uint32_t n_categories; /* 0: values are codes already */
	struct slice *categories; /* [n_categories] name of each code; all their bytes in `names` */
	char *names;
};

struct input;
struct tree_view;

struct tree_model {
	char *objective; /* XGBoost's name: "binary:logistic" */
	double shape; /* its parameter: huber_slope, quantile_alpha, max_delta_step of count:poisson; 0: none */
	enum tree_task task;
	enum tree_link link;
	bool is_forest; /* the mean of shares is what the leaves add up to: margins are probabilities */
	bool knows_unused; /* is_unused is true of all such features */
	bool has_names; /* false: the file had no feature_names */
	size_t n_features;
	struct tree_feature *features;
	size_t n_outputs;
	float *base_margin; /* [n_outputs] */
	double base_score; /* what is written: before the link */
	size_t n_trees, cap_trees;
	struct tree *trees;
	/**
	 * [n_trees], of a model that was opened, not loaded (tree/model_file.h); else NULL. A tree whose view has
	 * nodes has none itself.
	 */
	struct tree_view *views;
	struct input *file; /* that they look into */
	size_t n_parallel; /* trees of one output in one round */
	size_t n_labels; /* classes; 0 for regression */
	char **labels; /* [n_labels] as in the training data; "0", "1", ... in a foreign model */
	char *target; /* name of the column that was learned, NULL if not known */
	int64_t best_iteration; /* from early stopping, 0-based; -1: none */
	char *run; /* of a checkpoint: see tree/resume.h; else NULL */
};

/** An empty model. tree_model_free(). */
struct tree_model *tree_model_new(size_t n_features, size_t n_outputs, struct err *e) MUST_CHECK;
void tree_model_free(struct tree_model *m);
/** Frees the arrays of one tree; takes a zeroed one. */
void tree_release(struct tree *t);
/** Appends the tree, which then belongs to the model (its struct is copied). */
int tree_model_add(struct tree_model *m, const struct tree *t, struct err *e) MUST_CHECK;
/** Drops the trees from `n_trees` on. */
void tree_model_truncate(struct tree_model *m, size_t n_trees);
/** Takes copies of the names, sorted as given, as the categories of a feature. */
int tree_feature_set_categories(
	struct tree_feature *f, const struct slice *names, uint32_t n, struct err *e) MUST_CHECK;
/** Finds what `objective` means: sets task, link; n_outputs and base_score must stand. -1: not supported. */
int tree_model_set_objective(struct tree_model *m, const char *objective, struct err *e) MUST_CHECK;
/** Index of the feature with this name, -1 if there is none. */
long tree_model_feature(const struct tree_model *m, const char *name);

/**
 * Checks a tree that was made or read: indices in range, children behind parents or at least without a
 * cycle, one parent each. Afterwards prediction cannot leave its arrays. -1 and ERR_INPUT.
 */
int tree_check(const struct tree *t, size_t n_features, size_t n_outputs, struct err *e) MUST_CHECK;

enum tree_importance { TREE_GAIN, TREE_COVER, TREE_WEIGHT };
/** Adds a tree's total gain, total cover or number of splits of each feature to `sum` [n_features]. */
void tree_importance_add(const struct tree *t, enum tree_importance kind, double *sum);

static inline bool tree_set_has(const struct tree *t, uint32_t set, uint32_t code)
{
	const struct tree_set *s = &t->sets[set];

	return code / 64 < s->n_words && (t->words[s->first + code / 64] >> (code % 64) & 1);
}

/** Where a value goes from an inner node: 0 left, 1 right. */
static inline uint32_t tree_node_right(const struct tree *t, const struct tree_node *n, float v)
{
	if (v != v)
		return !(n->split & TREE_DEFAULT_LEFT);
	if (n->split & TREE_CATEGORICAL)
		/* the cast cuts, as xgboost's does; what is no code goes left */
		return v >= 0 && v < TREE_MAX_CATEGORY && tree_set_has(t, n->set, (uint32_t)v);
	return !(v < n->value);
}

#endif
