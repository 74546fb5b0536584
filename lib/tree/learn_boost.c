#include <stdlib.h>

#include "base/mem.h"
#include "base/path.h"
#include "tree/learn.h"
#include "tree/resume.h"

struct rounds {
	struct tree_learn *l;
	size_t n_applied; /* trees that are in the margins of --valid */
	double best_loss;
	size_t best;
	char *run; /* of checkpoints */
};

static int note_round(struct tree_learn *l, size_t round, struct err *e)
{
	json_t *o = json_object();

	if (json_object_set_new(o, "iteration", json_integer((json_int_t)round + 1)) ||
		json_array_append_new(l->iterations, o))
		return err_nomem(e);
	return tree_learn_add_measures(l, o, true, e);
}

/** Measures what there is so far. 1: no better round is to be expected. */
static int look_at_round(struct rounds *r, size_t round, struct err *e)
{
	struct tree_learn *l = r->l;
	struct tree_measures loss;
	char text[64];

	if (l->iterations && note_round(l, round, e))
		return -1;
	if (!l->valid_margins || !(l->p->early_stopping || l->t->io.progress))
		return 0;
	if (tree_learn_measure(l, true, true, &loss, e))
		return -1;
	snprintf(text, sizeof(text), "%s %.5f", loss.names[0], loss.values[0]);
	progress_note(l->t->io.progress, text);
	if (round == 0 || tree_measures_better(&loss, r->best_loss)) {
		r->best_loss = loss.values[0];
		r->best = round;
	}
	return l->p->early_stopping && round - r->best >= (size_t)l->p->early_stopping;
}

/** Trees that are in the margins of --valid: `n`. */
static void apply_until(struct rounds *r, size_t n)
{
	for (; r->n_applied < n; r->n_applied++) {
		const struct tree *tree = &r->l->m->trees[r->n_applied];

		tree_learn_apply(r->l, tree, tree->output);
	}
}

static int round_done(void *ctx, size_t round, const float *margins, struct err *e)
{
	struct rounds *r = ctx;
	const struct tree_params *p = r->l->p;

	(void)margins; /* l->margins */
	apply_until(r, r->l->m->n_trees);
	if (p->checkpoint && tree_comm_is_first(r->l->t->io.comm) &&
		(round + 1) % (size_t)p->checkpoint_every == 0 &&
		tree_resume_save(r->l->m, p->checkpoint, r->run, e))
		return -1;
	return look_at_round(r, round, e);
}

/** Cuts the model behind its best round; what was measured of later ones is measured again. */
static void keep_best(struct rounds *r)
{
	struct tree_learn *l = r->l;
	size_t k = l->m->n_outputs, n = (r->best + 1) * k;

	if (!l->p->early_stopping)
		return;
	l->m->best_iteration = (int64_t)r->best;
	diag_say(l->t->io.diag, DIAG_NOTE, "best on %s: %g in round %zu of %zu", l->p->valid,
		r->best_loss, r->best + 1, l->m->n_trees / k);
	if (n == l->m->n_trees)
		return;
	tree_model_truncate(l->m, n);
	for (size_t i = 0; i < l->valid.n * k; i++)
		l->valid_margins[i] = l->m->base_margin[i % k];
	r->n_applied = 0;
	apply_until(r, n);
	/* margins of the table belong to the longer model */
	free(l->margins);
	l->margins = NULL;
}

/** The training rows' margins by the trees [from, to). */
static int add_margins(struct tree_learn *l, size_t from, size_t to, struct err *e)
{
	return tree_resume_margins(l->m, from, to, &l->data, l->t->io.pool, l->margins, e);
}

/** The rounds of a model that is gone on with, as if they were made now. 1: they are enough. */
static int replay(struct rounds *r, struct err *e)
{
	struct tree_learn *l = r->l;
	size_t k = l->m->n_outputs, n = l->m->n_trees / k;
	int rc = 0;

	for (size_t round = 0; !rc && round < n; round++) {
		/* margins of each round are for its metrics only */
		if (l->iterations && add_margins(l, round * k, (round + 1) * k, e))
			return -1;
		apply_until(r, (round + 1) * k);
		progress_add(l->t->io.progress, 1);
		rc = look_at_round(r, round, e);
	}
	if (rc > 0)
		tree_model_truncate(l->m, r->n_applied);
	else if (!rc && n && !l->iterations)
		rc = add_margins(l, 0, n * k, e);
	return rc;
}

/** Where training begins: at the best constant, or where another run ended. */
static int begin(struct rounds *r, double *start, struct err *e)
{
	struct tree_learn *l = r->l;
	const char *from = l->p->resume;
	bool is_checkpoint = false;

	if (l->p->checkpoint) {
		r->run = tree_resume_run(l->p, &l->data, l->t->io.pool, e);
		if (!r->run || tree_learn_find_checkpoint(l, &is_checkpoint, e))
			return -1;
	}
	if (is_checkpoint)
		from = l->p->checkpoint;
	if (!from)
		return tree_boost_start(&l->job, l->m, start, e);
	if (tree_resume_load(l->m, from, is_checkpoint ? r->run : NULL, e))
		return -1;
	diag_say(l->t->io.diag, DIAG_NOTE, "going on behind round %zu of %s",
		l->m->n_trees / l->m->n_outputs, from);
	return 0;
}

static int boost(struct rounds *r, const struct tree_boost_params *p, struct err *e)
{
	struct tree_learn *l = r->l;
	double start[TREE_CLASS_MAX] = { 0 };
	size_t k = l->m->n_outputs;
	int rc;

	if (begin(r, start, e) || tree_learn_start_valid(l, e))
		return -1;
	tree_model_truncate(l->m, p->n_trees * k);
	progress_start(l->t->io.progress, "boosting", p->n_trees, "trees");
	l->margins = mem_aligned(l->data.target.truth.n_rows * k, sizeof(*l->margins), e);
	if (!l->margins)
		return -1;
	rc = replay(r, e);
	if (rc < 0)
		return -1;
	tree_dataset_drop_values(&l->data);
	if (rc == 0 &&
		tree_boost(&l->job, p, k > 1 ? start : NULL, l->m, l->margins, round_done, r, e))
		return -1;
	keep_best(r);
	return 0;
}

int tree_learn_boost(struct tree_learn *l, struct err *e)
{
	struct rounds r = { .l = l };
	struct tree_boost_params p;
	int rc = -1;

	if (tree_params_to_boost(l->p, l->m, &p, e) || boost(&r, &p, e))
		goto out;
	for (size_t i = 0; l->importance.n && i < l->m->n_trees; i++)
		tree_importances_add(&l->importance, &l->m->trees[i]);
	rc = tree_model_save(l->m, l->t->out, l->t->format, e);
out:
	tree_boost_params_release(&p);
	free(r.run);
	return rc;
}
