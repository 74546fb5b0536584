#include "tree/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "tree/cv.h"
#include "tree/importance.h"
#include "tree/measure.h"
#include "tree/predict.h"
#include "tree/resume.h"

/** A tree of several classes until all are there. */
struct held {
	struct tree tree;
	float *shares; /* [n_nodes][n_outputs] */
};

struct run {
	const struct tree_train *t;
	const struct tree_params *p;
	struct tree_dataset data;
	struct tree_model *m;
	struct tree_job job;
	float *margins; /* [n_rows][n_outputs] of the table; NULL if not wanted */

	struct tree_rows valid;
	float *valid_margins;
	size_t n_applied; /* trees that are in valid_margins */

	json_t *iterations; /* of the metrics */
	double best_loss;
	size_t best_round;
	char *run; /* of checkpoints */

	struct tree_writer writer;
	struct held *held; /* [n_trees] */
	struct tree_oob oob;
	struct tree_importances importance;
};

/* ---- measuring ------------------------------------------------------------------------------------------- */

struct apply {
	struct run *r;
	const struct tree *tree;
	const float *shares; /* of several classes */
	size_t output;
};

static void apply_block(void *ctx, size_t block, int worker)
{
	struct apply *a = ctx;
	struct tree_rows *v = &a->r->valid;
	size_t from = block * TREE_ROW_BLOCK, k = a->r->m->n_outputs;
	size_t n = v->n - from < TREE_ROW_BLOCK ? v->n - from : TREE_ROW_BLOCK;

	(void)worker;
	tree_add_leaves(a->tree, v->x + from * a->r->m->n_features, n, a->r->m->n_features,
		a->r->valid_margins + from * k + a->output, k);
}

static void apply_tree(struct run *r, const struct tree *tree, size_t output)
{
	struct apply a = { .r = r, .tree = tree, .output = output };

	if (r->valid_margins)
		pool_for(r->t->io.pool, tree_n_blocks(r->valid.n), apply_block, &a);
}

static int measure(
	struct run *r, bool valid, bool loss_only, struct tree_measures *out, struct err *e)
{
	struct tree_measure_input in = {
		.m = r->m,
		.truth = valid ? &r->valid.target.truth : &r->data.target.measured,
		.margins = valid ? r->valid_margins : r->margins,
		.n = valid ? r->valid.n : r->data.target.truth.n_rows,
		.loss_only = loss_only,
	};

	return tree_measure(&in, r->t->io.pool, out, e);
}

/** {"train": {...}, "valid": {...}} into the object. */
static int add_measures(struct run *r, json_t *o, bool loss_only, struct err *e)
{
	struct tree_measures m;

	for (int valid = 0; valid < 2; valid++) {
		json_t *part;

		/* of rows to learn from each process has a share only */
		if (!(valid ? r->valid_margins : r->margins) || (!valid && r->t->io.comm))
			continue;
		if (measure(r, valid, loss_only, &m, e))
			return -1;
		part = tree_measures_json(&m, e);
		if (!part)
			return -1;
		if (json_object_set_new(o, valid ? "valid" : "train", part))
			return err_nomem(e);
	}
	return 0;
}

static int start_valid(struct run *r, struct err *e)
{
	size_t k = r->m->n_outputs;

	if (!r->p->valid)
		return 0;
	if (tree_rows_load(&r->valid, r->m, r->p, r->p->valid, &r->t->io, e))
		return -1;
	if (!r->valid.n) {
		err_set(e, ERR_INPUT, "no rows to measure on");
		return err_at(e, "%s", r->p->valid);
	}
	r->valid_margins = mem_array(r->valid.n * k, sizeof(*r->valid_margins), e);
	if (!r->valid_margins)
		return -1;
	for (size_t i = 0; i < r->valid.n * k; i++)
		r->valid_margins[i] = r->m->base_margin[i % k];
	return 0;
}

/* ---- boosting ----------------------------------------------------------------------------------------------- */

static int note_round(struct run *r, size_t round, struct err *e)
{
	json_t *o = json_object();

	if (json_object_set_new(o, "iteration", json_integer((json_int_t)round + 1)) ||
		json_array_append_new(r->iterations, o))
		return err_nomem(e);
	return add_measures(r, o, true, e);
}

static bool is_better(const char *metric, double value, double than)
{
	return score_metric_find(metric)->higher_is_better ? value > than : value < than;
}

/** Measures what there is so far. 1: no better round is to be expected. */
static int look_at_round(struct run *r, size_t round, struct err *e)
{
	struct tree_measures loss;
	char text[64];

	if (r->iterations && note_round(r, round, e))
		return -1;
	if (!r->valid_margins || !(r->p->early_stopping || r->t->io.progress))
		return 0;
	if (measure(r, true, true, &loss, e))
		return -1;
	snprintf(text, sizeof(text), "%s %.5f", loss.names[0], loss.values[0]);
	progress_note(r->t->io.progress, text);
	if (round == 0 || is_better(loss.names[0], loss.values[0], r->best_loss)) {
		r->best_loss = loss.values[0];
		r->best_round = round;
	}
	return r->p->early_stopping && round - r->best_round >= (size_t)r->p->early_stopping;
}

static int round_done(void *ctx, size_t round, const float *margins, struct err *e)
{
	struct run *r = ctx;

	(void)margins; /* r->margins */
	for (; r->n_applied < r->m->n_trees; r->n_applied++)
		apply_tree(r, &r->m->trees[r->n_applied], r->m->trees[r->n_applied].output);
	if (r->p->checkpoint && (round + 1) % (size_t)r->p->checkpoint_every == 0 &&
		tree_resume_save(r->m, r->p->checkpoint, r->run, e))
		return -1;
	return look_at_round(r, round, e);
}

/** Cuts the model behind its best round; what was measured of later ones is measured again. */
static int keep_best(struct run *r, struct err *e)
{
	size_t k = r->m->n_outputs, n = (r->best_round + 1) * k;

	if (!r->p->early_stopping)
		return 0;
	r->m->best_iteration = (int64_t)r->best_round;
	diag_say(r->t->io.diag, DIAG_NOTE, "best on %s: %g in round %zu of %zu", r->p->valid,
		r->best_loss, r->best_round + 1, r->m->n_trees / k);
	if (n == r->m->n_trees)
		return 0;
	tree_model_truncate(r->m, n);
	for (size_t i = 0; i < r->valid.n * k; i++)
		r->valid_margins[i] = r->m->base_margin[i % k];
	for (size_t i = 0; i < n; i++)
		apply_tree(r, &r->m->trees[i], r->m->trees[i].output);
	/* margins of the table belong to the longer model */
	free(r->margins);
	r->margins = NULL;
	(void)e;
	return 0;
}

/** The rounds of a model that is gone on with, as if they were made now. 1: they are enough. */
static int replay(struct run *r, struct err *e)
{
	size_t k = r->m->n_outputs;
	int rc = 0;

	for (size_t round = 0; !rc && round < r->m->n_trees / k; round++) {
		for (size_t o = 0; o < k; o++, r->n_applied++)
			apply_tree(r, &r->m->trees[r->n_applied], r->m->trees[r->n_applied].output);
		progress_add(r->t->io.progress, 1);
		rc = look_at_round(r, round, e);
	}
	if (rc > 0)
		tree_model_truncate(r->m, r->n_applied);
	return rc;
}

/** Where training begins: at the best constant, or where another run ended. */
static int begin_boost(struct run *r, double *start, struct err *e)
{
	const char *from = r->p->resume;
	bool is_checkpoint = r->p->checkpoint && path_exists(r->p->checkpoint);

	if (r->p->checkpoint) {
		r->run = tree_resume_run(r->p, &r->data, e);
		if (!r->run)
			return -1;
	}
	if (is_checkpoint)
		from = r->p->checkpoint;
	if (!from)
		return tree_boost_start(&r->job, r->m, start, e);
	if (tree_resume_load(r->m, from, is_checkpoint ? r->run : NULL, e))
		return -1;
	diag_say(r->t->io.diag, DIAG_NOTE, "going on behind round %zu of %s",
		r->m->n_trees / r->m->n_outputs, from);
	return 0;
}

static int run_boost(struct run *r, const struct tree_boost_params *p, struct err *e)
{
	double start[TREE_CLASS_MAX] = { 0 };
	size_t k = r->m->n_outputs;
	int rc;

	if (begin_boost(r, start, e) || start_valid(r, e))
		return -1;
	tree_model_truncate(r->m, p->n_trees * k);
	progress_start(r->t->io.progress, "boosting", p->n_trees, "trees");
	rc = replay(r, e);
	if (rc < 0)
		return -1;
	r->margins = mem_aligned(r->data.target.truth.n_rows * k, sizeof(*r->margins), e);
	if (!r->margins)
		return -1;
	if (r->m->n_trees && tree_resume_margins(r->m, &r->data, r->t->io.pool, r->margins, e))
		return -1;
	tree_dataset_drop_values(&r->data);
	if (rc == 0 &&
		tree_boost(&r->job, p, k > 1 ? start : NULL, r->m, r->margins, round_done, r, e))
		return -1;
	return keep_best(r, e);
}

static int train_boost(struct run *r, struct err *e)
{
	struct tree_boost_params p;
	int rc = -1;

	if (tree_params_to_boost(r->p, r->m, &p, e) || run_boost(r, &p, e))
		goto out;
	for (size_t i = 0; r->importance.n && i < r->m->n_trees; i++)
		tree_importances_add(&r->importance, &r->m->trees[i]);
	rc = tree_model_save(r->m, r->t->out, r->t->format, e);
	if (!rc && r->p->checkpoint) {
		/* not before all of the model is written */
		rc = output_fd(r->t->out, e) < 0 ? -1 : 0;
		if (!rc)
			unlink(r->p->checkpoint);
	}
out:
	tree_boost_params_release(&p);
	return rc;
}

/* ---- forest ------------------------------------------------------------------------------------------------- */

/** Makes the tree that of one class: its leaves that class's shares. */
static void show_class(struct tree *t, const float *shares, size_t n_outputs, size_t k)
{
	t->output = (uint32_t)k;
	for (uint32_t i = 0; i < t->n_nodes; i++) {
		if (t->stats)
			t->stats[i].weight = shares[i * n_outputs + k];
		if (t->nodes[i].left < 0)
			t->nodes[i].value = shares[i * n_outputs + k];
	}
}

/** Takes the arrays over: the file has all trees of a class before those of the next. */
static int hold(struct run *r, size_t number, struct tree_forest_tree *t, struct err *e)
{
	struct held *h = &r->held[number];
	size_t n = (size_t)t->tree->n_nodes * r->m->n_outputs;

	h->shares = mem_array_raw(n, sizeof(*h->shares), e);
	if (!h->shares)
		return -1;
	memcpy(h->shares, t->shares, n * sizeof(*h->shares));
	h->tree = *t->tree;
	memset(t->tree, 0, sizeof(*t->tree));
	return 0;
}

static int tree_done(void *ctx, size_t number, struct tree_forest_tree *t, struct err *e)
{
	struct run *r = ctx;

	if (r->importance.n)
		tree_importances_add(&r->importance, t->tree);
	if (!t->shares) {
		apply_tree(r, t->tree, 0);
		return tree_writer_add(&r->writer, t->tree, e);
	}
	for (size_t k = 0; k < r->m->n_outputs; k++) {
		show_class(t->tree, t->shares, r->m->n_outputs, k);
		apply_tree(r, t->tree, k);
	}
	return hold(r, number, t, e);
}

static int write_held(struct run *r, struct err *e)
{
	for (size_t k = 0; k < r->m->n_outputs; k++)
		for (size_t i = 0; i < r->m->n_parallel; i++) {
			show_class(&r->held[i].tree, r->held[i].shares, r->m->n_outputs, k);
			if (tree_writer_add(&r->writer, &r->held[i].tree, e))
				return -1;
		}
	return 0;
}

static int train_forest(struct run *r, struct err *e)
{
	struct tree_forest_params p;
	size_t k = r->m->n_outputs;

	if (tree_params_to_forest(r->p, r->m, &p, e) || start_valid(r, e))
		return -1;
	if (r->p->metrics && !r->p->cv) {
		r->margins = mem_aligned(r->data.target.truth.n_rows * k, sizeof(*r->margins), e);
		if (!r->margins)
			return -1;
	}
	p.oob = r->p->oob_score || r->p->permutation ? &r->oob : NULL;
	if (p.oob && tree_oob_init(p.oob, &r->job, k, r->p->oob_score, r->p->permutation, e))
		return -1;
	if (k > 1) {
		r->held = mem_array(p.n_trees, sizeof(*r->held), e);
		if (!r->held)
			return -1;
	}
	progress_start(r->t->io.progress, "growing", p.n_trees, "trees");
	if (tree_writer_begin(&r->writer, r->t->out, r->t->format, r->m, p.n_trees * k, e) ||
		tree_forest(&r->job, &p, r->margins, tree_done, r, e))
		return -1;
	if (r->held && write_held(r, e))
		return -1;
	return tree_writer_end(&r->writer, e);
}

/* ---- reports -------------------------------------------------------------------------------------------------- */

/** {"oob": {...}} into the object: how the forest predicts the rows that trees left out. */
static int add_oob(struct run *r, json_t *o, struct err *e)
{
	struct tree_measure_input in = {
		.m = r->m, .truth = &r->data.target.measured, .margins = r->oob.sums
	};
	struct tree_measures m;
	uint32_t *rows;
	json_t *part;

	if (!r->p->oob_score)
		return 0;
	rows = mem_array(r->oob.n_rows, sizeof(*rows), e);
	if (!rows)
		return -1;
	in.pick = rows;
	in.n = tree_oob_finish(&r->oob, (size_t)r->p->trees, rows);
	part = in.n && !tree_measure(&in, r->t->io.pool, &m, e) ? tree_measures_json(&m, e) : NULL;
	if (in.n < r->oob.n_rows)
		diag_say(r->t->io.diag, DIAG_NOTE, "%zu rows were learned by every tree",
			r->oob.n_rows - in.n);
	free(rows);
	if (in.n && !part)
		return -1;
	if (json_object_set_new(o, "oob", part ? part : json_null()))
		return err_nomem(e);
	return 0;
}

static int write_metrics(struct run *r, struct err *e)
{
	json_t *o, *final;
	int rc = -1;

	if (!r->p->metrics || r->p->cv)
		return 0;
	o = json_object();
	final = json_object();
	if (json_object_set(o, "iterations", r->iterations) ||
		json_object_set_new(o, "final", final))
		err_nomem(e);
	else if (!add_measures(r, final, false, e) && !add_oob(r, final, e))
		rc = jdoc_save(r->p->metrics, o, JDOC_PRETTY, 0, e);
	json_decref(o);
	return rc;
}

/** What the trees of a forest have found out themselves. */
static int fill_oob(struct run *r, struct err *e)
{
	struct tree_importances *im = &r->importance;

	im->permutation = mem_array(im->n, sizeof(*im->permutation), e);
	for (size_t f = 0; im->permutation && f < im->n; f++)
		im->permutation[f] = tree_oob_permutation(&r->oob, f);
	return im->permutation ? 0 : -1;
}

static int write_importance(struct run *r, struct err *e)
{
	if (!r->p->importance)
		return 0;
	if (r->p->permutation && !r->p->is_forest &&
		tree_importances_permute(&r->importance, r->m, &r->valid, r->valid_margins,
			(uint64_t)r->p->seed, &r->t->io, e))
		return -1;
	if (r->oob.rises && fill_oob(r, e))
		return -1;
	return tree_importances_save(&r->importance, r->m, r->p->importance, e);
}

static int cross_validate(struct run *r, struct err *e)
{
	json_t *o = tree_cv(&r->data, r->p, &r->t->io, e);
	struct buf b = BUF_INIT;
	int rc;

	if (!o)
		return -1;
	if (r->p->metrics) {
		rc = jdoc_save(r->p->metrics, o, JDOC_PRETTY, 0, e);
	} else {
		jdoc_format(&b, o, JDOC_PRETTY);
		rc = buf_check(&b, e);
		if (!rc)
			output_slice(r->t->out, buf_slice(&b));
	}
	buf_release(&b);
	json_decref(o);
	return rc;
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static void release(struct run *r)
{
	for (size_t i = 0; r->held && i < r->m->n_parallel; i++) {
		tree_release(&r->held[i].tree);
		free(r->held[i].shares);
	}
	free(r->held);
	tree_writer_release(&r->writer);
	tree_oob_release(&r->oob);
	json_decref(r->iterations);
	tree_rows_release(&r->valid);
	free(r->valid_margins);
	free(r->margins);
	tree_importances_release(&r->importance);
	free(r->run);
	tree_model_free(r->m);
	tree_dataset_release(&r->data);
}

static int learn(struct run *r, struct err *e)
{
	r->m = tree_dataset_model(&r->data, r->p, e);
	if (!r->m)
		return -1;
	r->job = (struct tree_job){ r->data.frame, &r->data.target.truth, { NULL, 0 },
		r->t->io.pool, r->t->io.progress, (uint64_t)r->p->seed };
	if (r->p->metrics && !r->p->cv) {
		r->iterations = json_array();
		if (!r->iterations)
			return err_nomem(e);
	}
	if (r->p->importance && tree_importances_init(&r->importance, r->m->n_features, e))
		return -1;
	if (r->p->is_forest ? train_forest(r, e) : train_boost(r, e))
		return -1;
	if (!tree_comm_is_first(r->t->io.comm))
		return 0;
	return write_metrics(r, e) || write_importance(r, e) ? -1 : 0;
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
	struct run r = { .t = t, .p = t->params };
	int rc = -1;

	if (tree_params_check(t->params, e) || check_cv(t, e) ||
		(t->io.comm && tree_params_check_shared(t->params, e)) ||
		tree_dataset_load(&r.data, t->params, t->files, t->n_files, &t->io, e))
		goto out;
	if (!t->params->resume && !t->params->checkpoint)
		tree_dataset_drop_values(&r.data);
	if (t->params->cv && cross_validate(&r, e))
		goto out;
	rc = t->params->cv && !t->wants_model ? 0 : learn(&r, e);
out:
	release(&r);
	return rc;
}
