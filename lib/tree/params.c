#include "tree/params.h"

#include <math.h>
#include <string.h>

#include "base/num.h"

enum { SAMPLING_UNIFORM, SAMPLING_GRADIENT };

/** Our names come first, then those of the peers. */
static const struct objective_name {
	const char *name;
	enum tree_objective_option objective;
} objective_names[] = {
	{ "auto", TREE_OBJECTIVE_AUTO },
	{ "binary", TREE_OBJECTIVE_BINARY },
	{ "multiclass", TREE_OBJECTIVE_MULTICLASS },
	{ "regression", TREE_OBJECTIVE_REGRESSION },
	{ "l1", TREE_OBJECTIVE_L1 },
	{ "huber", TREE_OBJECTIVE_HUBER },
	{ "quantile", TREE_OBJECTIVE_QUANTILE },
	{ "poisson", TREE_OBJECTIVE_POISSON },
	{ "ranking", TREE_OBJECTIVE_RANKING },
	{ "binary:logistic", TREE_OBJECTIVE_BINARY },
	{ "multi:softprob", TREE_OBJECTIVE_MULTICLASS },
	{ "multi:softmax", TREE_OBJECTIVE_MULTICLASS },
	{ "softmax", TREE_OBJECTIVE_MULTICLASS },
	{ "reg:squarederror", TREE_OBJECTIVE_REGRESSION },
	{ "regression_l2", TREE_OBJECTIVE_REGRESSION },
	{ "l2", TREE_OBJECTIVE_REGRESSION },
	{ "mse", TREE_OBJECTIVE_REGRESSION },
	{ "rmse", TREE_OBJECTIVE_REGRESSION },
	{ "reg:absoluteerror", TREE_OBJECTIVE_L1 },
	{ "regression_l1", TREE_OBJECTIVE_L1 },
	{ "mae", TREE_OBJECTIVE_L1 },
	{ "reg:pseudohubererror", TREE_OBJECTIVE_HUBER },
	{ "reg:quantileerror", TREE_OBJECTIVE_QUANTILE },
	{ "count:poisson", TREE_OBJECTIVE_POISSON },
	{ "rank:ndcg", TREE_OBJECTIVE_RANKING },
	{ "lambdarank", TREE_OBJECTIVE_RANKING },
};

static int set_objective(void *field, const struct opt *o, char **values, struct err *e)
{
	for (size_t i = 0; i < sizeof(objective_names) / sizeof(objective_names[0]); i++)
		if (strcmp(values[0], objective_names[i].name) == 0) {
			*(int *)field = (int)objective_names[i].objective;
			return 0;
		}
	err_set(e, ERR_INPUT, "option '--%s': '%s' is not known", o->name, values[0]);
	return err_hint(e, "auto, binary, multiclass, regression, l1, huber, quantile, poisson and "
			   "ranking are, and their names in XGBoost and LightGBM");
}

#define AT(member) offsetof(struct tree_params, member)

const struct opt tree_params_options[] = {
	OPT_HEADING("Data"),
	{ 0, "target", OPT_TEXT, AT(target), "COL", "column to learn" },
	{ 0, "drop", OPT_LIST, AT(drop), "COL,...", "columns to leave out" },
	{ 0, "weight", OPT_TEXT, AT(weight), "COL", "column of row weights" },
	{ 0, "group", OPT_TEXT, AT(group), "COL",
		"column of groups: queries of ranking; kept together by --cv" },
	{ 0, "objective", OPT_CALL, AT(objective), "NAME",
		"what to learn: auto, binary, multiclass, regression, l1, huber, quantile, "
		"poisson, ranking [auto]",
		.call = set_objective },
	{ 0, "quantile-alpha", OPT_NUMBER, AT(quantile_alpha), "X",
		"of quantile: the share that is to lie below", .min = 0, .max = 1 },
	{ 0, "huber-slope", OPT_NUMBER, AT(huber_slope), "X",
		"of huber: the error from which on it counts linearly", .min = 0, .max = 1e300 },
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
	{ 0, "class-weight", OPT_LIST, AT(class_weight), "balanced|LABEL:W,...",
		"balanced: all classes weigh the same in all; or a weight for each" },
	{ 0, "scale-pos-weight", OPT_NUMBER, AT(scale_pos_weight), "X",
		"of two classes: weight of the positive rows", .min = 0, .max = 1e9 },
	{ 0, "seed", OPT_INT, AT(seed), "N", "of all random choices", .min = 0, .max = 9e15 },
	OPT_HEADING("Boosting only"),
	{ 0, "learning-rate", OPT_NUMBER, AT(learning_rate), "X", "factor of each tree's leaves",
		.min = 0, .max = 10 },
	{ 0, "lambda", OPT_NUMBER, AT(lambda), "X", "L2 regularization of leaves", .min = 0,
		.max = 1e300 },
	{ 0, "alpha", OPT_NUMBER, AT(alpha), "X", "L1 regularization of leaves", .min = 0,
		.max = 1e300 },
	{ 0, "max-delta-step", OPT_NUMBER, AT(max_delta_step), "X",
		"longest step of a leaf before the learning rate; 0: any, 0.7 with poisson",
		.min = 0, .max = 1e300 },
	{ 0, "colsample-bytree", OPT_NUMBER, AT(colsample_bytree), "X",
		"share of the columns for each tree", .min = 0, .max = 1 },
	{ 0, "colsample-bylevel", OPT_NUMBER, AT(colsample_bylevel), "X",
		"share of these for each level", .min = 0, .max = 1 },
	{ 0, "colsample-bynode", OPT_NUMBER, AT(colsample_bynode), "X",
		"share of these for each split", .min = 0, .max = 1 },
	{ 0, "sampling-method", OPT_CHOICE, AT(sampling), "uniform|gradient_based",
		"how --subsample draws: all alike, or by the size of gradients" },
	{ 0, "monotone", OPT_LIST, AT(monotone), "COL:1,COL:-1,...",
		"the prediction only rises (1) or falls (-1) with the column" },
	{ 0, "interaction", OPT_EACH, AT(interaction), "COL,COL,...",
		"columns that may meet in a branch; again for each set" },
	{ 0, "early-stopping", OPT_INT, AT(early_stopping), "N",
		"stop after N rounds without a better loss on --valid, or on a fold", .min = 0,
		.max = 1e6 },
	OPT_HEADING("Forest only"),
	{ 0, "bootstrap", OPT_FLAG, AT(bootstrap), NULL, "draw each tree's rows with replacement" },
	{ 0, "oob-score", OPT_FLAG, AT(oob_score), NULL,
		"measure rows by the trees that did not draw them, for --metrics" },
	OPT_HEADING("Going on"),
	{ 0, "resume", OPT_TEXT, AT(resume), "MODEL",
		"go on where this model ends; --trees counts its trees, too" },
	{ 0, "checkpoint", OPT_TEXT, AT(checkpoint), "FILE",
		"save what is done so far; the same command then goes on from there",
		.writes = true },
	{ 0, "checkpoint-every", OPT_INT, AT(checkpoint_every), "N", "so many trees apart",
		.min = 1, .max = 1e6 },
	OPT_HEADING("Reports"),
	{ 0, "valid", OPT_TEXT, AT(valid), "FILE", "table to measure the model on" },
	{ 0, "metrics", OPT_TEXT, AT(metrics), "FILE", "write metrics as JSON", .writes = true },
	{ 0, "cv", OPT_INT, AT(cv), "K",
		"K-fold cross-validation; no model is made unless -o is given", .min = 0,
		.max = 100 },
	{ 0, "importance", OPT_TEXT, AT(importance), "FILE",
		"write total gain, cover, weight of each column as JSON", .writes = true },
	{ 0, "permutation", OPT_FLAG, AT(permutation), NULL,
		"and how much worse the loss is with a column shuffled" },
	CSV_DIALECT_OPTIONS(struct tree_params, dialect),
	/* what XGBoost, LightGBM and scikit-learn call them */
	OPT_ALIAS("label", "target"),
	OPT_ALIAS("weight-column", "weight"),
	OPT_ALIAS("group-column", "group"),
	OPT_ALIAS("query-column", "group"),
	OPT_ALIAS("qid", "group"),
	OPT_ALIAS("ignore-column", "drop"),
	OPT_ALIAS("application", "objective"),
	OPT_ALIAS("loss", "objective"),
	OPT_ALIAS("num-round", "trees"),
	OPT_ALIAS("num-boost-round", "trees"),
	OPT_ALIAS("num-iterations", "trees"),
	OPT_ALIAS("num-trees", "trees"),
	OPT_ALIAS("n-estimators", "trees"),
	OPT_ALIAS("max-iter", "trees"),
	OPT_ALIAS("num-leaves", "max-leaves"),
	OPT_ALIAS("max-leaf-nodes", "max-leaves"),
	OPT_ALIAS("min-data-in-leaf", "min-samples-leaf"),
	OPT_ALIAS("min-child-samples", "min-samples-leaf"),
	OPT_ALIAS("min-sum-hessian-in-leaf", "min-child-weight"),
	OPT_ALIAS("max-bins", "max-bin"),
	OPT_ALIAS("min-split-loss", "gamma"),
	OPT_ALIAS("min-gain-to-split", "gamma"),
	OPT_ALIAS("max-features", "mtry"),
	OPT_ALIAS("bagging-fraction", "subsample"),
	OPT_ALIAS("max-samples", "subsample"),
	OPT_ALIAS("random-state", "seed"),
	OPT_ALIAS("eta", "learning-rate"),
	OPT_ALIAS("shrinkage-rate", "learning-rate"),
	OPT_ALIAS("reg-lambda", "lambda"),
	OPT_ALIAS("lambda-l2", "lambda"),
	OPT_ALIAS("reg-alpha", "alpha"),
	OPT_ALIAS("lambda-l1", "alpha"),
	OPT_ALIAS("max-leaf-output", "max-delta-step"),
	OPT_ALIAS("feature-fraction", "colsample-bytree"),
	OPT_ALIAS("feature-fraction-bynode", "colsample-bynode"),
	OPT_ALIAS("monotone-constraints", "monotone"),
	OPT_ALIAS("interaction-constraints", "interaction"),
	OPT_ALIAS("early-stopping-rounds", "early-stopping"),
	OPT_ALIAS("early-stopping-round", "early-stopping"),
	OPT_ALIAS("valid-data", "valid"),
	OPT_ALIAS("input-model", "resume"),
	OPT_ALIAS("num-threads", "threads"),
	OPT_ALIAS("nthread", "threads"),
	OPT_ALIAS("n-jobs", "threads"),
	OPT_ALIAS("output-model", "output"),
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
	.colsample_bylevel = 1,
	.colsample_bynode = 1,
	.scale_pos_weight = 1,
	.checkpoint_every = 10,
	.mtry = "all",
	.quantile_alpha = 0.5,
	.huber_slope = 1,
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
	.colsample_bylevel = 1,
	.colsample_bynode = 1,
	.scale_pos_weight = 1,
	.checkpoint_every = 10,
	.mtry = "sqrt",
	.quantile_alpha = 0.5,
	.huber_slope = 1,
	.bootstrap = true,
	.dialect = CSV_DIALECT_DEFAULT,
};

const char *tree_params_objective(const struct tree_params *p)
{
	return objective_names[p->objective].name;
}

enum tree_loss tree_params_loss(const struct tree_params *p, double *shape)
{
	*shape = 0;
	switch ((enum tree_objective_option)p->objective) {
	case TREE_OBJECTIVE_L1:
		return TREE_LOSS_ABSOLUTE;
	case TREE_OBJECTIVE_HUBER:
		*shape = p->huber_slope;
		return TREE_LOSS_HUBER;
	case TREE_OBJECTIVE_QUANTILE:
		*shape = p->quantile_alpha;
		return TREE_LOSS_QUANTILE;
	case TREE_OBJECTIVE_POISSON:
		*shape = p->max_delta_step > 0 ? p->max_delta_step : 0.7;
		return TREE_LOSS_POISSON;
	case TREE_OBJECTIVE_RANKING:
		return TREE_LOSS_RANK;
	default:
		return TREE_LOSS_SQUARED;
	}
}

static void describe_option(const struct opt *o, const void *field, struct buf *b)
{
	const struct opt_list *list = field;
	char text[NUM_TEXT_MAX];

	buf_addf(b, "%s", o->name);
	switch (o->type) {
	case OPT_FLAG:
		buf_addf(b, " %d", *(const bool *)field);
		break;
	case OPT_TEXT:
		buf_addf(b, " %s", *(const char *const *)field ? *(const char *const *)field : "");
		break;
	case OPT_INT:
		num_format_int(text, *(const int64_t *)field);
		buf_addf(b, " %s", text);
		break;
	case OPT_NUMBER:
		num_format_double(text, *(const double *)field);
		buf_addf(b, " %s", text);
		break;
	case OPT_CHOICE:
		buf_addf(b, " %d", *(const int *)field);
		break;
	case OPT_CALL: /* the objective */
		buf_addf(b, " %s", objective_names[*(const int *)field].name);
		break;
	case OPT_LIST:
	case OPT_EACH:
		for (size_t i = 0; i < list->n; i++)
			buf_addf(b, " %s", list->items[i]);
		break;
	default:
		break;
	}
	buf_add_char(b, '\n');
}

void tree_params_describe(const struct tree_params *p, struct buf *b)
{
	static const char *const others[] = { "trees", "early-stopping", "checkpoint",
		"checkpoint-every" };

	for (const struct opt *o = tree_params_options; o->type != OPT_TYPE_END; o++) {
		bool is_other = o->type == OPT_TYPE_HEADING;

		if (is_other && strcmp(o->help, "Reports") == 0)
			break;
		for (size_t i = 0; !is_other && i < sizeof(others) / sizeof(others[0]); i++)
			is_other = strcmp(o->name, others[i]) == 0;
		if (!is_other)
			describe_option(o, (const char *)p + o->offset, b);
	}
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
	g->split.max_delta_step = p->max_delta_step;
	if (p->objective == TREE_OBJECTIVE_POISSON && g->split.max_delta_step <= 0)
		g->split.max_delta_step = 0.7;
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

int tree_params_to_boost(const struct tree_params *p, const struct tree_model *m,
	struct tree_boost_params *b, struct err *e)
{
	memset(b, 0, sizeof(*b));
	if (tree_constraints_parse(&b->constraints, m, &p->monotone, &p->interaction, e) ||
		set_grow(p, m->n_features, &b->grow, e))
		return -1;
	b->n_trees = (size_t)p->trees;
	b->learning_rate = p->learning_rate;
	b->subsample = p->subsample;
	b->by_gradient = p->sampling == SAMPLING_GRADIENT && p->subsample < 1;
	b->colsample = p->colsample_bytree;
	b->grow.split.monotone = b->constraints.monotone;
	b->grow.choice =
		(struct tree_choice){ p->colsample_bylevel, p->colsample_bynode, &b->constraints };
	return 0;
}

void tree_boost_params_release(struct tree_boost_params *b)
{
	tree_constraints_release(&b->constraints);
}

int tree_params_to_forest(const struct tree_params *p, const struct tree_model *m,
	struct tree_forest_params *f, struct err *e)
{
	*f = (struct tree_forest_params){
		.n_trees = (size_t)p->trees, .bootstrap = p->bootstrap, .sample = p->subsample
	};
	return set_grow(p, m->n_features, &f->grow, e);
}
