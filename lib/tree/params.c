#include "tree/params.h"

#include <math.h>
#include <string.h>

#include "base/num.h"

#define AT(member) offsetof(struct tree_params, member)

const struct opt tree_params_options[] = {
	OPT_HEADING("Data"),
	{ 0, "target", OPT_TEXT, AT(target), "COL", "column to learn" },
	{ 0, "drop", OPT_LIST, AT(drop), "COL,...", "columns to leave out" },
	{ 0, "weight", OPT_TEXT, AT(weight), "COL", "column of row weights" },
	{ 0, "objective", OPT_CHOICE, AT(objective), "auto|binary|multiclass|regression",
		"kind of task" },
	OPT_HEADING("Trees"),
	{ 0, "trees", OPT_INT, AT(trees), "N", "number of trees (of rounds, when boosting)",
		.min = 1, .max = 1e6 },
	{ 0, "max-depth", OPT_INT, AT(max_depth), "N", "most levels of splits; 0: no limit",
		.min = 0, .max = 1000 },
	{ 0, "max-leaves", OPT_INT, AT(max_leaves), "N",
		"most leaves, the best split first; 0: no limit, level by level", .min = 0,
		.max = 1e8 },
	{ 0, "min-samples-leaf", OPT_INT, AT(min_samples_leaf), "N", "fewest rows of a leaf",
		.min = 1, .max = 1e9 },
	{ 0, "max-bin", OPT_INT, AT(max_bin), "N",
		"bins of a column; one of more than 255 takes twice the memory", .min = 2,
		.max = TREE_BIN_LIMIT },
	{ 0, "gamma", OPT_NUMBER, AT(gamma), "X", "least gain of a split", .min = 0, .max = 1e300 },
	{ 0, "min-child-weight", OPT_NUMBER, AT(min_child_weight), "X",
		"least sum of hessians of a leaf", .min = 0, .max = 1e300 },
	{ 0, "mtry", OPT_TEXT, AT(mtry), "sqrt|log2|all|N|SHARE", "columns drawn for each split" },
	{ 0, "subsample", OPT_NUMBER, AT(subsample), "X", "share of the rows for each tree",
		.min = 0, .max = 1 },
	{ 0, "seed", OPT_INT, AT(seed), "N", "of all random choices", .min = 0, .max = 9e15 },
	OPT_HEADING("Boosting only"),
	{ 0, "learning-rate", OPT_NUMBER, AT(learning_rate), "X", "factor of each tree's leaves",
		.min = 0, .max = 10 },
	{ 0, "lambda", OPT_NUMBER, AT(lambda), "X", "L2 regularization of leaves", .min = 0,
		.max = 1e300 },
	{ 0, "alpha", OPT_NUMBER, AT(alpha), "X", "L1 regularization of leaves", .min = 0,
		.max = 1e300 },
	{ 0, "colsample-bytree", OPT_NUMBER, AT(colsample_bytree), "X",
		"share of the columns for each tree", .min = 0, .max = 1 },
	{ 0, "early-stopping", OPT_INT, AT(early_stopping), "N",
		"stop after N rounds without a better loss on --valid", .min = 0, .max = 1e6 },
	OPT_HEADING("Forest only"),
	{ 0, "bootstrap", OPT_FLAG, AT(bootstrap), NULL, "draw each tree's rows with replacement" },
	OPT_HEADING("Reports"),
	{ 0, "valid", OPT_TEXT, AT(valid), "FILE", "table to measure the model on" },
	{ 0, "metrics", OPT_TEXT, AT(metrics), "FILE", "write metrics as JSON", .writes = true },
	{ 0, "cv", OPT_INT, AT(cv), "K",
		"K-fold cross-validation; no model is made unless -o is given", .min = 0,
		.max = 100 },
	{ 0, "importance", OPT_TEXT, AT(importance), "FILE",
		"write total gain, cover, weight of each column as JSON", .writes = true },
	CSV_DIALECT_OPTIONS(struct tree_params, dialect),
	OPT_END,
};

const struct tree_params tree_params_boost = {
	.trees = 100,
	.max_leaves = 31,
	.min_samples_leaf = 20,
	.max_bin = 255,
	.learning_rate = 0.1,
	.lambda = 1,
	.min_child_weight = 1e-3,
	.subsample = 1,
	.colsample_bytree = 1,
	.mtry = "all",
	.dialect = CSV_DIALECT_DEFAULT,
};

const struct tree_params tree_params_forest = {
	.is_forest = true,
	.trees = 250,
	.max_depth = 25,
	.min_samples_leaf = 1,
	.max_bin = 255,
	.learning_rate = 1,
	.subsample = 1,
	.colsample_bytree = 1,
	.mtry = "sqrt",
	.bootstrap = true,
	.dialect = CSV_DIALECT_DEFAULT,
};

static int no_effect(const char *option, const char *learner, struct err *e)
{
	err_set(e, ERR_INPUT, "--%s has no effect on %s", option, learner);
	return err_hint(e, "leave it out");
}

static int check_learner(const struct tree_params *p, struct err *e)
{
	const char *forest = "a forest", *boost = "gradient boosting";

	if (!p->is_forest)
		return p->bootstrap ? no_effect("bootstrap", boost, e) : 0;
	if (p->learning_rate != 1)
		return no_effect("learning-rate", forest, e);
	if (p->lambda != 0)
		return no_effect("lambda", forest, e);
	if (p->alpha != 0)
		return no_effect("alpha", forest, e);
	if (p->colsample_bytree != 1)
		return no_effect("colsample-bytree", forest, e);
	if (p->early_stopping)
		return no_effect("early-stopping", forest, e);
	return 0;
}

int tree_params_check(const struct tree_params *p, struct err *e)
{
	if (!p->target) {
		err_set(e, ERR_INPUT, "the column to learn is not given");
		return err_hint(e, "say --target COL");
	}
	if (p->weight && strcmp(p->weight, p->target) == 0)
		return err_set(
			e, ERR_INPUT, "column '%s' cannot be both target and weight", p->target);
	for (size_t i = 0; i < p->drop.n; i++)
		if (strcmp(p->drop.items[i], p->target) == 0 ||
			(p->weight && strcmp(p->drop.items[i], p->weight) == 0))
			return err_set(e, ERR_INPUT, "column '%s' is needed, and cannot be dropped",
				p->drop.items[i]);
	if (!(p->subsample > 0) || !(p->colsample_bytree > 0))
		return err_set(e, ERR_INPUT, "--%s must be above 0",
			p->subsample > 0 ? "colsample-bytree" : "subsample");
	if (!(p->learning_rate > 0))
		return err_set(e, ERR_INPUT, "--learning-rate must be above 0");
	if (p->early_stopping && !p->valid) {
		err_set(e, ERR_INPUT, "--early-stopping needs a table to measure on");
		return err_hint(e, "say --valid FILE");
	}
	if (p->cv == 1)
		return err_set(e, ERR_INPUT, "--cv needs 2 folds at least");
	if (p->cv && p->valid)
		return err_set(e, ERR_INPUT, "--cv and --valid do not go together");
	if (csv_dialect_check(&p->dialect, e))
		return -1;
	return check_learner(p, e);
}

/** 0 for all columns. */
static int parse_mtry(const char *text, size_t n_cols, uint32_t *mtry, struct err *e)
{
	struct slice s = slice_of(text);
	double n = (double)n_cols, v;

	if (slice_is(s, "all"))
		v = n;
	else if (slice_is(s, "sqrt"))
		v = floor(sqrt(n));
	else if (slice_is(s, "log2")) {
		for (v = 0; n >= 2; n /= 2)
			v++;
		n = (double)n_cols;
	} else if (!num_parse_double(s, false, &v) || !(v > 0) ||
		   (v >= 1 && v != floor(v) /* 1.5 is neither */))
		return err_set(e, ERR_INPUT,
			"--mtry '%s' is not sqrt, log2, all, a number or a share", text);
	else if (v < 1)
		v = floor(v * n + 0.5);
	if (v < 1)
		v = 1;
	*mtry = v >= n ? 0 : (uint32_t)v;
	return 0;
}

static int set_grow(
	const struct tree_params *p, size_t n_cols, struct tree_grow_params *g, struct err *e)
{
	*g = (struct tree_grow_params){
		.split = TREE_SPLIT_DEFAULT,
		.max_depth = (uint32_t)p->max_depth,
		.max_leaves = (uint32_t)p->max_leaves,
		.hist_memory = (size_t)1 << 29,
	};
	g->split.lambda = p->lambda;
	g->split.alpha = p->alpha;
	g->split.gamma = p->gamma;
	g->split.min_child_weight = p->min_child_weight;
	g->split.min_samples_leaf = (uint64_t)p->min_samples_leaf;
	if (p->is_forest) {
		/* each tree is meant to fit closely; averaging does the smoothing */
		g->split.cat_smooth = g->split.cat_lambda = 0;
		g->split.cat_set_max = TREE_BIN_LIMIT;
		g->split.cat_min_rows = 1;
	}
	return parse_mtry(p->mtry, n_cols, &g->mtry, e);
}

int tree_params_to_boost(
	const struct tree_params *p, size_t n_cols, struct tree_boost_params *b, struct err *e)
{
	b->n_trees = (size_t)p->trees;
	b->learning_rate = p->learning_rate;
	b->subsample = p->subsample;
	b->colsample = p->colsample_bytree;
	return set_grow(p, n_cols, &b->grow, e);
}

int tree_params_to_forest(
	const struct tree_params *p, size_t n_cols, struct tree_forest_params *f, struct err *e)
{
	f->n_trees = (size_t)p->trees;
	f->bootstrap = p->bootstrap;
	f->sample = p->subsample;
	return set_grow(p, n_cols, &f->grow, e);
}
