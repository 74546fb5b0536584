#include "tree/params.h"

#include <string.h>

#include "tree/class_weight.h"

static int no_effect(const char *option, const char *learner, struct err *e)
{
	err_set(e, ERR_INPUT, "--%s has no effect on %s", option, learner);
	return err_hint(e, "leave it out");
}

static int check_out_of_bag(const struct tree_params *p, struct err *e)
{
	const char *option = p->oob_score ? "oob-score" : "permutation";

	if (!p->oob_score && !p->permutation)
		return 0;
	if (!p->is_forest && p->oob_score)
		return no_effect(option, "gradient boosting", e);
	if (p->is_forest && !p->bootstrap && p->subsample >= 1) {
		err_set(e, ERR_INPUT, "--%s: every tree learns from all rows", option);
		return err_hint(e, "say --bootstrap or --subsample");
	}
	if (p->oob_score && (!p->metrics || p->cv)) {
		err_set(e, ERR_INPUT, "--oob-score needs a place for its metrics");
		return err_hint(e, p->cv ? "it does not go with --cv" : "say --metrics FILE");
	}
	if (p->permutation && !p->importance) {
		err_set(e, ERR_INPUT, "--permutation needs a place for its numbers");
		return err_hint(e, "say --importance FILE");
	}
	return 0;
}

static int check_learner(const struct tree_params *p, struct err *e)
{
	const char *forest = "a forest", *boost = "gradient boosting";

	if (check_out_of_bag(p, e))
		return -1;
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
	if (p->colsample_bylevel != 1)
		return no_effect("colsample-bylevel", forest, e);
	if (p->colsample_bynode != 1)
		return no_effect("colsample-bynode", forest, e);
	if (p->sampling)
		return no_effect("sampling-method", forest, e);
	if (p->monotone.n)
		return no_effect("monotone", forest, e);
	if (p->interaction.n)
		return no_effect("interaction", forest, e);
	if (p->early_stopping)
		return no_effect("early-stopping", forest, e);
	if (p->max_delta_step != 0)
		return no_effect("max-delta-step", forest, e);
	if (p->objective > TREE_OBJECTIVE_REGRESSION) {
		err_set(e, ERR_INPUT, "a forest does not learn --objective %s",
			tree_params_objective(p));
		return err_hint(e, "gbt-train does");
	}
	return 0;
}

/** The columns that have a part of their own are different, and not dropped. */
static int check_columns(const struct tree_params *p, struct err *e)
{
	const char *names[] = { p->target, p->weight, p->group };
	const char *const parts[] = { "target", "weight", "group" };

	for (size_t i = 0; i < 3; i++) {
		for (size_t k = i + 1; k < 3; k++)
			if (names[i] && names[k] && strcmp(names[i], names[k]) == 0)
				return err_set(e, ERR_INPUT, "column '%s' cannot be both %s and %s",
					names[i], parts[i], parts[k]);
		for (size_t k = 0; k < p->drop.n; k++)
			if (names[i] && strcmp(p->drop.items[k], names[i]) == 0)
				return err_set(e, ERR_INPUT,
					"column '%s' is needed, and cannot be dropped", names[i]);
	}
	return 0;
}

static int check_objective(const struct tree_params *p, struct err *e)
{
	bool is_ranking = p->objective == TREE_OBJECTIVE_RANKING;

	if (is_ranking && !p->group) {
		err_set(e, ERR_INPUT, "ranking needs to know which rows belong together");
		return err_hint(e, "say --group COL");
	}
	if (p->group && !is_ranking && !p->cv) {
		err_set(e, ERR_INPUT, "--group has no effect without ranking or --cv");
		return err_hint(e, "leave the column out with --drop");
	}
	if (!(p->quantile_alpha > 0 && p->quantile_alpha < 1))
		return err_set(e, ERR_INPUT, "--quantile-alpha must be between 0 and 1");
	if (p->quantile_alpha != 0.5 && p->objective != TREE_OBJECTIVE_QUANTILE)
		return no_effect("quantile-alpha", "other objectives than quantile", e);
	if (!(p->huber_slope > 0))
		return err_set(e, ERR_INPUT, "--huber-slope must be above 0");
	if (p->huber_slope != 1 && p->objective != TREE_OBJECTIVE_HUBER)
		return no_effect("huber-slope", "other objectives than huber", e);
	return 0;
}

static int check_shares(const struct tree_params *p, struct err *e)
{
	const struct {
		const char *name;
		double share;
	} shares[] = {
		{ "subsample", p->subsample },
		{ "colsample-bytree", p->colsample_bytree },
		{ "colsample-bylevel", p->colsample_bylevel },
		{ "colsample-bynode", p->colsample_bynode },
		{ "scale-pos-weight", p->scale_pos_weight },
	};

	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++)
		if (!(shares[i].share > 0))
			return err_set(e, ERR_INPUT, "--%s must be above 0", shares[i].name);
	if (p->sampling && p->subsample >= 1) {
		err_set(e, ERR_INPUT, "--sampling-method has no effect without --subsample");
		return err_hint(e, "say how many rows: --subsample 0.3");
	}
	if (p->sampling && p->objective == TREE_OBJECTIVE_QUANTILE)
		return err_set(e, ERR_INPUT,
			"--sampling-method gradient_based does not go with quantile, whose leaves "
			"count rows");
	if (tree_class_weight_is_given(p) && p->scale_pos_weight != 1)
		return err_set(
			e, ERR_INPUT, "--class-weight and --scale-pos-weight do not go together");
	return 0;
}

static int check_files(const struct tree_params *p, struct err *e)
{
	if (p->cv && (p->resume || p->checkpoint))
		return err_set(e, ERR_INPUT, "--cv and --%s do not go together",
			p->resume ? "resume" : "checkpoint");
	if (p->checkpoint_every != tree_params_boost.checkpoint_every && !p->checkpoint)
		return no_effect("checkpoint-every", "a run without --checkpoint", e);
	if (p->permutation && !p->is_forest && !p->valid) {
		err_set(e, ERR_INPUT, "--permutation needs rows to shuffle");
		return err_hint(e, "say --valid FILE");
	}
	return 0;
}

int tree_params_check(const struct tree_params *p, struct err *e)
{
	if (!p->target) {
		err_set(e, ERR_INPUT, "the column to learn is not given");
		return err_hint(e, "say --target COL");
	}
	if (check_columns(p, e) || check_objective(p, e))
		return -1;
	if (check_shares(p, e))
		return -1;
	if (!(p->learning_rate > 0))
		return err_set(e, ERR_INPUT, "--learning-rate must be above 0");
	if (p->early_stopping && !p->valid && !p->cv) {
		err_set(e, ERR_INPUT, "--early-stopping needs rows to measure on");
		return err_hint(e, "say --valid FILE, or --cv K");
	}
	if (p->cv == 1)
		return err_set(e, ERR_INPUT, "--cv needs 2 folds at least");
	if (p->cv && p->valid)
		return err_set(e, ERR_INPUT, "--cv and --valid do not go together");
	if (csv_dialect_check(&p->dialect, e) || check_files(p, e))
		return -1;
	return check_learner(p, e);
}

int tree_params_check_shared(const struct tree_params *p, struct err *e)
{
	if (!p->is_forest || !p->permutation)
		return 0;
	err_set(e, ERR_INPUT, "--permutation of a forest shuffles the rows of one process only");
	return err_hint(e, "run it without mpirun");
}
