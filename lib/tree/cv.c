#include "tree/cv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "tree/measure.h"
#include "tree/whole.h"

enum { STREAM_FOLDS = 1 << 30 }; /* away from those of the trees */

/* ---- groups ---------------------------------------------------------------------------------------------- */

struct group_order {
	uint32_t group, n;
	uint64_t draw;
};

static int by_size(const void *a, const void *b)
{
	const struct group_order *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return x->draw < y->draw ? -1 : x->draw > y->draw;
}

/** What it costs to put the rows into the fold: squares of each class's share of its rows. */
static double cost_of(const struct tree_truth *t, const uint32_t *rows, size_t n, bool has_classes,
	const double *all, double *held)
{
	double cost = 0;

	for (size_t i = 0; i < n; i++) {
		size_t k = has_classes ? t->class[rows[i]] : 0;

		/* (h + 1)^2 - h^2 of shares, row by row */
		cost += (2 * held[k] + 1) / (all[k] * all[k]);
		held[k]++;
	}
	for (size_t i = 0; i < n; i++)
		held[has_classes ? t->class[rows[i]] : 0]--;
	return cost;
}

static void deal_groups(const struct tree_truth *t, const struct group_order *order,
	bool has_classes, size_t n_classes, unsigned n_folds, double *counts, uint8_t *fold)
{
	const struct score_groups *g = t->groups;
	double *all = counts + n_folds * n_classes;

	for (size_t i = 0; i < t->n_rows; i++)
		all[has_classes ? t->class[i] : 0]++;
	for (size_t i = 0; i < g->n; i++) {
		const uint32_t *rows = g->rows + g->begin[order[i].group];
		unsigned best = 0;
		double least = INFINITY;

		for (unsigned f = 0; f < n_folds; f++) {
			double cost = cost_of(
				t, rows, order[i].n, has_classes, all, counts + f * n_classes);

			if (cost < least) {
				least = cost;
				best = f;
			}
		}
		for (uint32_t r = 0; r < order[i].n; r++) {
			fold[rows[r]] = (uint8_t)best;
			counts[best * n_classes + (has_classes ? t->class[rows[r]] : 0)]++;
		}
	}
}

static uint8_t *group_folds(const struct tree_truth *t, size_t n_classes, unsigned n_folds,
	uint64_t seed, struct err *e)
{
	const struct score_groups *g = t->groups;
	size_t n = n_classes ? n_classes : 1;
	uint8_t *fold = mem_array(t->n_rows, sizeof(*fold), e);
	struct group_order *order = mem_array(g->n, sizeof(*order), e);
	double *counts = mem_array((n_folds + 1) * n, sizeof(*counts), e);

	if (fold && order && counts && g->n < n_folds)
		err_set(e, ERR_INPUT, "%zu groups are too few for %u folds", g->n, n_folds);
	if (!fold || !order || !counts || g->n < n_folds) {
		free(fold);
		fold = NULL;
		goto out;
	}
	for (uint32_t i = 0; i < g->n; i++)
		order[i] = (struct group_order){ i, g->begin[i + 1] - g->begin[i],
			rng_bits(seed, STREAM_FOLDS, i) };
	qsort(order, g->n, sizeof(*order), by_size);
	deal_groups(t, order, n_classes > 0, n, n_folds, counts, fold);
out:
	free(order);
	free(counts);
	return fold;
}

/* ---- rows ------------------------------------------------------------------------------------------------ */

/** The rows of a class in random order take the folds in turn; the next class goes on where it ended. */
static void deal(const uint32_t *rows, size_t n, unsigned n_folds, size_t *turn, uint8_t *fold)
{
	for (size_t i = 0; i < n; i++)
		fold[rows[i]] = (uint8_t)((*turn)++ % n_folds);
}

uint8_t *tree_cv_folds(const struct tree_truth *truth, size_t n_classes, unsigned n_folds,
	uint64_t seed, struct err *e)
{
	size_t n = truth->n_rows, n_groups = n_classes ? n_classes : 1, turn = 0;
	uint8_t *fold;
	uint32_t *rows;
	size_t *end;

	if (truth->groups)
		return group_folds(truth, n_classes, n_folds, seed, e);
	fold = mem_array(n, sizeof(*fold), e);
	rows = mem_array(n, sizeof(*rows), e);
	end = mem_array(n_groups + 1, sizeof(*end), e);
	if (!fold || !rows || !end) {
		free(fold);
		fold = NULL;
		goto out;
	}
	for (size_t i = 0; i < n; i++)
		end[(n_classes ? truth->class[i] : 0) + 1]++;
	for (size_t k = 0; k < n_groups; k++)
		end[k + 1] += end[k];
	for (size_t i = n; i-- > 0;)
		rows[--end[(n_classes ? truth->class[i] : 0) + 1]] = (uint32_t)i;
	/* end[k + 1] is now where group k begins */
	for (size_t k = 0; k < n_groups; k++) {
		size_t from = end[k + 1], to = k + 1 < n_groups ? end[k + 2] : n;

		for (size_t i = from; i + 1 < to; i++) {
			size_t j = i + rng_below(seed, STREAM_FOLDS, i, to - i);
			uint32_t swap = rows[i];

			rows[i] = rows[j];
			rows[j] = swap;
		}
		deal(rows + from, to - from, n_folds, &turn, fold);
	}
out:
	free(rows);
	free(end);
	return fold;
}

struct cv {
	const struct tree_dataset *d;
	const struct tree_params *p;
	struct tree_job job;
	struct tree_whole whole; /* rows of all processes */
	const uint8_t *fold_of; /* [whole's rows] */
	float *margins; /* [n_rows][n_outputs] of this one */
	struct buf all_margins;
	uint32_t *pick; /* [whole's rows] */
	size_t n_pick;
	struct tree_measures *results; /* [n_folds] */
	size_t *n_rows; /* [n_folds] */

	/* with --early-stopping */
	size_t *rounds; /* [n_folds] */
	const struct tree_model *m; /* of the fold at hand */
	double best_loss;
	size_t best_round;
	float *best; /* margins of that round */
};

/** The rows that were held out. */
static int measure(struct cv *c, const struct tree_model *m, bool loss_only,
	struct tree_measures *out, struct err *e)
{
	size_t n = c->job.truth->n_rows * c->job.truth->n_outputs;
	struct tree_measure_input in = { .m = m,
		.truth = &c->whole.truth,
		.pick = c->pick,
		.n = c->n_pick,
		.loss_only = loss_only };

	in.margins = tree_whole_floats(c->d->frame->comm, c->margins, n, &c->all_margins, e);
	return in.margins ? tree_measure(&in, c->job.pool, out, e) : -1;
}

/** Keeps the margins of the best round so far; 1: no better one is to be expected. */
static int look_at_round(void *ctx, size_t round, const float *margins, struct err *e)
{
	struct cv *c = ctx;
	size_t n = c->job.truth->n_rows * c->job.truth->n_outputs;
	struct tree_measures loss;

	if (measure(c, c->m, true, &loss, e))
		return -1;
	if (round == 0 || tree_measures_better(&loss, c->best_loss)) {
		c->best_loss = loss.values[0];
		c->best_round = round;
		memcpy(c->best, margins, n * sizeof(*c->best));
	}
	return round - c->best_round >= (size_t)c->p->early_stopping;
}

static int boost(
	struct cv *c, const struct tree_boost_params *p, struct tree_model *m, struct err *e)
{
	size_t n = c->job.truth->n_rows * c->job.truth->n_outputs;
	double start[TREE_CLASS_MAX];

	c->m = m;
	if (tree_boost_start(&c->job, m, start, e) ||
		tree_boost(&c->job, p, m->n_outputs > 1 ? start : NULL, m, c->margins,
			c->best ? look_at_round : NULL, c, e))
		return -1;
	if (!c->best)
		return 0;
	memcpy(c->margins, c->best, n * sizeof(*c->best));
	c->rounds[c->job.out.fold] = c->best_round + 1;
	return 0;
}

static int learn(struct cv *c, struct tree_model *m, struct err *e)
{
	struct tree_boost_params p;
	struct tree_forest_params forest;
	int rc;

	if (c->p->is_forest) {
		if (tree_params_to_forest(c->p, m, &forest, e))
			return -1;
		return tree_forest(&c->job, &forest, c->margins, NULL, NULL, e);
	}
	rc = tree_params_to_boost(c->p, m, &p, e) || boost(c, &p, m, e) ? -1 : 0;
	tree_boost_params_release(&p);
	return rc;
}

static int run_fold(struct cv *c, unsigned fold, struct err *e)
{
	struct tree_model *m = tree_dataset_model(c->d, c->p, e);
	int rc = -1;

	if (!m)
		return -1;
	c->job.out.fold = (uint8_t)fold;
	c->n_pick = 0;
	for (size_t i = 0; i < c->whole.truth.n_rows; i++)
		if (c->fold_of[i] == fold)
			c->pick[c->n_pick++] = (uint32_t)i;
	c->n_rows[fold] = c->n_pick;
	if (!learn(c, m, e))
		rc = measure(c, m, false, &c->results[fold], e);
	tree_model_free(m);
	return rc;
}

static json_t *real_or_null(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

/** Lists, mean and sd of one metric. */
static int add_metric(const struct cv *c, size_t metric, json_t *lists, json_t *means, json_t *sds)
{
	const char *name = c->results[0].names[metric];
	size_t k = (size_t)c->p->cv;
	json_t *list = json_array();
	double mean = 0, sd = 0;
	int rc = 0;

	for (size_t i = 0; i < k; i++) {
		mean += c->results[i].values[metric] / (double)k;
		rc |= json_array_append_new(list, real_or_null(c->results[i].values[metric]));
	}
	for (size_t i = 0; i < k; i++) {
		double away = c->results[i].values[metric] - mean;

		sd += away * away / (double)(k - 1);
	}
	rc |= json_object_set_new(lists, name, list);
	rc |= json_object_set_new(means, name, real_or_null(mean));
	rc |= json_object_set_new(sds, name, real_or_null(sqrt(sd)));
	return rc;
}

static json_t *report(const struct cv *c, struct err *e)
{
	static const char *const tasks[] = { "regression", "binary", "multiclass" };
	bool is_own = c->p->objective > TREE_OBJECTIVE_REGRESSION;
	json_t *o = json_object(), *lists = json_object(), *means = json_object();
	json_t *sds = json_object(), *rows = json_array(), *rounds = json_array();
	int rc = json_object_set_new(o, "folds", json_integer(c->p->cv));

	rc |= json_object_set_new(o, "objective",
		json_string(is_own ? tree_params_objective(c->p) : tasks[c->d->target.task]));
	for (size_t i = 0; i < c->results[0].n; i++)
		rc |= add_metric(c, i, lists, means, sds);
	for (int64_t i = 0; i < c->p->cv; i++)
		rc |= json_array_append_new(rows, json_integer((json_int_t)c->n_rows[i]));
	for (int64_t i = 0; c->best && i < c->p->cv; i++)
		rc |= json_array_append_new(rounds, json_integer((json_int_t)c->rounds[i]));
	if (c->best)
		rc |= json_object_set(o, "rounds", rounds);
	rc |= json_object_set_new(o, "metrics", lists);
	rc |= json_object_set_new(o, "rows", rows);
	rc |= json_object_set_new(o, "mean", means);
	rc |= json_object_set_new(o, "sd", sds);
	json_decref(rounds);
	if (rc) {
		json_decref(o);
		err_nomem(e);
		return NULL;
	}
	return o;
}

/** The mean of the folds' rounds, to the nearest. */
static int64_t mean_rounds(const struct cv *c)
{
	size_t sum = 0, k = (size_t)c->p->cv;

	for (size_t i = 0; i < k; i++)
		sum += c->rounds[i];
	return (int64_t)((sum + k / 2) / k);
}

static int make_room(struct cv *c, struct err *e)
{
	size_t k = (size_t)c->p->cv;
	size_t n = c->d->frame->n_rows * c->d->target.truth.n_outputs;

	c->margins = mem_array_raw(n, sizeof(*c->margins), e);
	c->pick = c->margins ? mem_array_raw(c->whole.truth.n_rows, sizeof(*c->pick), e) : NULL;
	c->results = c->pick ? mem_array(k, sizeof(*c->results), e) : NULL;
	c->n_rows = c->results ? mem_array(k, sizeof(*c->n_rows), e) : NULL;
	if (!c->n_rows || !c->p->early_stopping)
		return c->n_rows ? 0 : -1;
	c->rounds = mem_array(k, sizeof(*c->rounds), e);
	c->best = c->rounds ? mem_array_raw(n, sizeof(*c->best), e) : NULL;
	return c->best ? 0 : -1;
}

json_t *tree_cv(const struct tree_dataset *d, const struct tree_params *p, const struct tree_io *io,
	int64_t *rounds, struct err *e)
{
	size_t n = d->frame->all_rows, k = (size_t)p->cv;
	struct cv c = { .d = d, .p = p };
	uint8_t *folds = NULL;
	json_t *o = NULL;

	if (n < k) {
		err_set(e, ERR_INPUT, "%zu rows are too few for %zu folds", n, k);
		return NULL;
	}
	if (tree_whole_init(&c.whole, &d->target.measured, e))
		goto out;
	folds = tree_cv_folds(
		&c.whole.truth, d->target.n_labels, (unsigned)k, (uint64_t)p->seed, e);
	if (!folds)
		goto out;
	c.fold_of = folds;
	c.job = (struct tree_job){ d->frame, &d->target.truth, { folds + d->frame->first_row, 0 },
		io->pool, io->progress, (uint64_t)p->seed };
	if (make_room(&c, e))
		goto out;
	progress_start(io->progress, "cross-validating", (uint64_t)(p->trees * p->cv), "trees");
	for (unsigned i = 0; i < k; i++)
		if (run_fold(&c, i, e))
			goto out;
	o = report(&c, e);
	*rounds = c.best ? mean_rounds(&c) : 0;
out:
	free(folds);
	free(c.margins);
	free(c.pick);
	free(c.results);
	free(c.n_rows);
	free(c.rounds);
	free(c.best);
	buf_release(&c.all_margins);
	tree_whole_release(&c.whole);
	return o;
}
