#include "tree/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tree/cv.h"
#include "tree/learn.h"

/* ---- reports -------------------------------------------------------------------------------------------------- */

/** {"oob": {...}} into the object: how the forest predicts the rows that trees left out. */
static int add_oob(struct tree_learn *l, json_t *o, struct err *e)
{
	struct tree_measure_input in = { .m = l->m, .truth = &l->whole.truth };
	struct tree_measures m;
	uint32_t *rows;
	json_t *part;

	if (!l->p->oob_score)
		return 0;
	rows = mem_array(l->whole.truth.n_rows, sizeof(*rows), e);
	if (!rows || tree_oob_gather(&l->oob, l->t->io.comm, e)) {
		free(rows);
		return -1;
	}
	in.margins = l->oob.sums;
	in.pick = rows;
	in.n = tree_oob_finish(&l->oob, (size_t)l->p->trees, rows);
	part = in.n && !tree_measure(&in, l->t->io.pool, &m, e) ? tree_measures_json(&m, e) : NULL;
	if (in.n < l->oob.n_rows)
		diag_say(l->t->io.diag, DIAG_NOTE, "%zu rows were learned by every tree",
			l->oob.n_rows - in.n);
	free(rows);
	if (in.n && !part)
		return -1;
	if (json_object_set_new(o, "oob", part ? part : json_null()))
		return err_nomem(e);
	return 0;
}

/** By one process of all that have them. */
static int save_metrics(const struct tree_learn *l, const json_t *o, struct err *e)
{
	if (!tree_comm_is_first(l->t->io.comm))
		return 0;
	return jdoc_save(l->p->metrics, o, JDOC_PRETTY, 0, e);
}

/** What the first process gave to the others for each tree. */
static uint64_t sent_per_tree(const struct tree_learn *l)
{
	size_t n = l->p->is_forest ? (size_t)l->p->trees : l->m->n_trees;

	return (l->t->io.comm->n_sent - l->n_sent) / n;
}

/** How much the processes had to say to one another. */
static int add_processes(const struct tree_learn *l, json_t *o, struct err *e)
{
	const struct tree_comm *c = l->t->io.comm;
	json_t *p = c ? json_object() : NULL;
	int rc;

	if (!c)
		return 0;
	rc = json_object_set_new(p, "n", json_integer(c->size));
	rc |= json_object_set_new(p, "bytes_sent", json_integer((json_int_t)c->n_sent));
	rc |= json_object_set_new(
		p, "bytes_sent_per_tree", json_integer((json_int_t)sent_per_tree(l)));
	rc |= json_object_set_new(o, "processes", p);
	return rc ? err_nomem(e) : 0;
}

static int write_metrics(struct tree_learn *l, struct err *e)
{
	json_t *o, *final;
	int rc = -1;

	if (!l->p->metrics || l->p->cv)
		return 0;
	o = json_object();
	final = json_object();
	if (json_object_set(o, "iterations", l->iterations) ||
		json_object_set_new(o, "final", final))
		err_nomem(e);
	else if (!add_processes(l, o, e) && !tree_learn_add_measures(l, final, false, e) &&
		 !add_oob(l, final, e))
		rc = save_metrics(l, o, e);
	json_decref(o);
	return rc;
}

/** What the trees of a forest have found out themselves. */
static int fill_oob(struct tree_learn *l, struct err *e)
{
	struct tree_importances *im = &l->importance;

	im->permutation = mem_array(im->n, sizeof(*im->permutation), e);
	for (size_t f = 0; im->permutation && f < im->n; f++)
		im->permutation[f] = tree_oob_permutation(&l->oob, f);
	return im->permutation ? 0 : -1;
}

static int write_importance(struct tree_learn *l, struct err *e)
{
	if (!l->p->importance || !tree_comm_is_first(l->t->io.comm))
		return 0;
	if (l->p->permutation && !l->p->is_forest &&
		tree_importances_permute(&l->importance, l->m, &l->valid, l->valid_margins,
			(uint64_t)l->p->seed, &l->t->io, e))
		return -1;
	if (l->oob.rises && fill_oob(l, e))
		return -1;
	return tree_importances_save(&l->importance, l->m, l->p->importance, e);
}

/** `rounds`: see tree_cv(). */
static int cross_validate(struct tree_learn *l, int64_t *rounds, struct err *e)
{
	json_t *o = tree_cv(&l->data, l->p, &l->t->io, rounds, e);
	struct buf b = BUF_INIT;
	int rc;

	if (!o)
		return -1;
	if (l->p->metrics) {
		rc = save_metrics(l, o, e);
	} else {
		jdoc_format(&b, o, JDOC_PRETTY);
		rc = buf_check(&b, e);
		if (!rc)
			output_slice(l->t->out, buf_slice(&b));
	}
	buf_release(&b);
	json_decref(o);
	return rc;
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static void release(struct tree_learn *l)
{
	tree_whole_release(&l->whole);
	tree_oob_release(&l->oob);
	json_decref(l->iterations);
	tree_rows_release(&l->valid);
	free(l->valid_margins);
	free(l->margins);
	tree_importances_release(&l->importance);
	tree_model_free(l->m);
	tree_dataset_release(&l->data);
}

static int learn(struct tree_learn *l, struct err *e)
{
	l->m = tree_dataset_model(&l->data, l->p, e);
	if (!l->m)
		return -1;
	l->n_sent = l->t->io.comm ? l->t->io.comm->n_sent : 0;
	l->job = (struct tree_job){ l->data.frame, &l->data.target.truth, { NULL, 0 },
		l->t->io.pool, l->t->io.progress, (uint64_t)l->p->seed };
	if (l->p->metrics && !l->p->cv) {
		l->iterations = json_array();
		if (!l->iterations)
			return err_nomem(e);
		if (tree_whole_init(&l->whole, &l->data.target.measured, e))
			return -1;
	}
	if (l->p->importance && tree_importances_init(&l->importance, l->m->n_features, e))
		return -1;
	if (l->p->is_forest ? tree_learn_forest(l, e) : tree_learn_boost(l, e))
		return -1;
	if (l->t->io.comm)
		diag_say(l->t->io.diag, DIAG_NOTE,
			"%d processes; the first gave %.1f MB to the others, %.3f MB for a tree",
			l->t->io.comm->size, (double)l->t->io.comm->n_sent / 1e6,
			(double)sent_per_tree(l) / 1e6);
	return write_metrics(l, e) || write_importance(l, e) ? -1 : 0;
}

/** What --cv makes depends on whether there is to be a model, too. */
static int check_cv(const struct tree_train *t, struct err *e)
{
	if (t->params->cv && t->wants_model && !t->params->metrics) {
		err_set(e, ERR_INPUT, "there is no place for the folds' metrics");
		return err_hint(e, "say --metrics FILE");
	}
	if (t->params->cv && !t->wants_model && t->params->importance) {
		err_set(e, ERR_INPUT, "--importance needs a model, and --cv alone makes none");
		return err_hint(e, "say -o MODEL, too");
	}
	return 0;
}

int tree_train(const struct tree_train *t, struct err *e)
{
	struct tree_learn r = { .t = t, .p = t->params };
	struct tree_params of_folds = *t->params;
	int64_t rounds = 0;
	int rc = -1;

	if (tree_params_check(t->params, e) || check_cv(t, e) ||
		(t->io.comm && tree_params_check_shared(t->params, e)) ||
		tree_dataset_load(&r.data, t->params, t->files, t->n_files, &t->io, e))
		goto out;
	if (t->params->is_forest || (!t->params->resume && !t->params->checkpoint))
		tree_dataset_drop_values(&r.data);
	if (t->params->cv && cross_validate(&r, &rounds, e))
		goto out;
	if (rounds) {
		/* as many as were best in the folds, where nothing tells when to stop */
		of_folds.trees = rounds;
		of_folds.early_stopping = 0;
		r.p = &of_folds;
	}
	rc = t->params->cv && !t->wants_model ? 0 : learn(&r, e);
out:
	release(&r);
	return rc;
}
