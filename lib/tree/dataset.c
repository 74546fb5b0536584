#include "tree/dataset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "table/dict.h"
#include "tree/predict.h"
#include "tree/share.h"

/* ---- the table ------------------------------------------------------------------------------------------ */

static int bin_features(struct tree_dataset *d, const struct tree_params *p, struct pool *pool,
	struct tree_comm *comm, struct err *e)
{
	size_t *cols = mem_array(d->table->n_cols, sizeof(*cols), e), n = 0;
	/* a forest draws a few columns for each split: these are better by themselves */
	struct tree_frame_options o = { (uint32_t)p->max_bin, .share_bytes = !p->is_forest,
		/* boosting that goes on with a model needs them to predict with it */
		.take_values = p->is_forest || (!p->resume && !p->checkpoint), .comm = comm };

	if (!cols)
		return -1;
	for (size_t i = 0; i < d->table->n_cols; i++) {
		const char *name = d->table->cols[i].name;

		if (strcmp(name, p->target) != 0 && !(p->weight && strcmp(name, p->weight) == 0) &&
			!(p->group && strcmp(name, p->group) == 0))
			cols[n++] = i;
	}
	if (n == 0)
		err_set(e, ERR_INPUT, "there is no column to learn from");
	else
		d->frame = tree_frame_new(d->table, cols, n, &o, pool, e);
	free(cols);
	return d->frame ? 0 : -1;
}

void tree_dataset_drop_values(struct tree_dataset *d)
{
	for (size_t i = 0; i < d->table->n_cols; i++) {
		struct table_column *c = &d->table->cols[i];

		free(c->numbers);
		free(c->codes);
		c->numbers = NULL;
		c->codes = NULL;
	}
}

static void say_task(const struct tree_target *t, const struct tree_params *p, struct diag *diag)
{
	static const char *const names[] = { "regression", "binary", "multiclass" };

	if (t->task == TREE_REGRESSION && p->objective > TREE_OBJECTIVE_REGRESSION)
		diag_say(diag, DIAG_NOTE, "target '%s': %s", p->target, tree_params_objective(p));
	else
		diag_say(diag, DIAG_NOTE, "target '%s': %s%s", p->target, names[t->task],
			p->objective == TREE_OBJECTIVE_AUTO ? " (by its values; see --objective)"
							    : "");
	for (size_t k = 0; k < t->n_labels; k++)
		diag_say(diag, DIAG_DETAIL, "class %zu: '%s'", k, t->labels[k]);
}

/** The list with a NULL behind, as table_load() takes it. */
static const char **end_list(const struct opt_list *list, struct err *e)
{
	const char **a = mem_array(list->n + 1, sizeof(*a), e);

	for (size_t i = 0; a && i < list->n; i++)
		a[i] = list->items[i];
	return a;
}

int tree_dataset_load(struct tree_dataset *d, const struct tree_params *p, const char *const *files,
	size_t n_files, const struct tree_io *io, struct err *e)
{
	const char **drop = end_list(&p->drop, e);
	const char *const texts[] = { p->group, NULL };
	struct table_options o = {
		.dialect = &p->dialect,
		.drop = drop,
		.as_text = texts,
		.progress = io->progress,
	};
	int rc;

	memset(d, 0, sizeof(*d));
	if (!drop)
		return -1;
	if (io->comm)
		rc = tree_share_load(d, &o, files, n_files, io, e);
	else
		rc = (d->table = table_load(files, n_files, &o, io->pool, e)) ? 0 : -1;
	free(drop);
	if (rc)
		return -1;
	if ((d->table->n_rows == 0 && !io->comm) || d->table->n_rows >= UINT32_MAX)
		return err_set(e, ERR_INPUT, "%s: %s", files[0],
			d->table->n_rows ? "more than 4 billion rows" : "no rows to learn from");
	if (tree_target_load(&d->target, d->table, p, NULL, io->comm, e))
		return -1;
	if (bin_features(d, p, io->pool, io->comm, e))
		return err_at(e, "%s", files[0]);
	if (io->comm && d->target.truth.loss == TREE_LOSS_RANK &&
		tree_share_check_groups(d, p->group, io->comm, e))
		return -1;
	say_task(&d->target, p, io->diag);
	return 0;
}

void tree_dataset_release(struct tree_dataset *d)
{
	tree_frame_free(d->frame);
	table_free(d->table);
	for (size_t i = 0; i < d->n_texts; i++)
		table_dict_release(&d->texts[i]);
	free(d->texts);
	tree_target_release(&d->target);
	memset(d, 0, sizeof(*d));
}

/* ---- the model to be ------------------------------------------------------------------------------------ */

static int copy_feature(struct tree_feature *f, const struct tree_frame_column *c, struct err *e)
{
	struct slice *names;
	int rc;

	f->name = mem_dup(c->source->name, e);
	if (!f->name)
		return -1;
	f->is_int = c->is_int;
	if (!c->is_categorical)
		return 0;
	names = mem_array(c->n_categories, sizeof(*names), e);
	if (!names)
		return -1;
	for (uint32_t i = 0; i < c->n_categories; i++)
		names[i] = c->source->texts[c->text_of_code[i]];
	rc = tree_feature_set_categories(f, names, c->n_categories, e);
	free(names);
	return rc;
}

static int copy_names(struct tree_model *m, const struct tree_dataset *d,
	const struct tree_params *p, struct err *e)
{
	for (size_t i = 0; i < m->n_features; i++)
		if (copy_feature(&m->features[i], &d->frame->cols[i], e))
			return -1;
	m->target = mem_dup(p->target, e);
	m->labels = m->target ? mem_array(d->target.n_labels, sizeof(*m->labels), e) : NULL;
	if (!m->labels)
		return -1;
	for (size_t i = 0; i < d->target.n_labels; i++) {
		m->labels[m->n_labels] = mem_dup(d->target.labels[i], e);
		if (!m->labels[m->n_labels++])
			return -1;
	}
	return 0;
}

struct tree_model *tree_dataset_model(
	const struct tree_dataset *d, const struct tree_params *p, struct err *e)
{
	static const char *const objectives[] = {
		[TREE_LOSS_SQUARED] = "reg:squarederror",
		[TREE_LOSS_LOGISTIC] = "binary:logistic",
		[TREE_LOSS_SOFTMAX] = "multi:softprob",
		[TREE_LOSS_ABSOLUTE] = "reg:absoluteerror",
		[TREE_LOSS_HUBER] = "reg:pseudohubererror",
		[TREE_LOSS_QUANTILE] = "reg:quantileerror",
		[TREE_LOSS_POISSON] = "count:poisson",
		[TREE_LOSS_RANK] = "rank:ndcg",
	};
	const struct tree_truth *t = &d->target.truth;
	struct tree_model *m = tree_model_new(d->frame->n_cols, t->n_outputs, e);
	const char *objective = p->is_forest ? "reg:squarederror" : objectives[t->loss];

	if (!m)
		return NULL;
	if (copy_names(m, d, p, e) || tree_model_set_objective(m, objective, e)) {
		tree_model_free(m);
		return NULL;
	}
	m->task = d->target.task;
	m->shape = t->shape;
	m->is_forest = p->is_forest;
	/* of several classes the trees come in turn, as they are done: XGBoost calls that rounds */
	if (p->is_forest && t->n_outputs == 1)
		m->n_parallel = (size_t)p->trees;
	return m;
}

/* ---- rows to measure on ---------------------------------------------------------------------------------- */

static int take_feature(struct tree_rows *r, const struct tree_model *m, size_t feature,
	const struct table_column *c, const struct tree_predictor *p, struct err *e)
{
	float *x = r->x + feature, *codes;
	size_t stride = m->n_features;

	if (!m->features[feature].is_categorical) {
		if (c->type == TABLE_TEXT)
			return err_set(e, ERR_INPUT,
				"column '%s' has texts, but numbers in the training data", c->name);
		for (size_t i = 0; i < r->n; i++)
			x[i * stride] = c->numbers[i];
		return 0;
	}
	codes = mem_array(c->n_texts, sizeof(*codes), e);
	if (!codes)
		return -1;
	for (uint32_t i = 0; i < c->n_texts; i++)
		codes[i] = tree_predictor_code(p, feature, c->texts[i]);
	for (size_t i = 0; i < r->n; i++)
		x[i * stride] = c->codes[i] == TABLE_MISSING ? NAN : codes[c->codes[i]];
	free(codes);
	return 0;
}

static int take_features(
	struct tree_rows *r, const struct tree_model *m, const struct table *t, struct err *e)
{
	struct tree_predictor *p = tree_predictor_new(m, e);
	int rc = p ? 0 : -1;

	r->x = rc ? NULL : mem_array_raw(r->n * m->n_features, sizeof(*r->x), e);
	if (!r->x)
		rc = -1;
	for (size_t i = 0; !rc && i < m->n_features; i++) {
		int col = table_find(t, m->features[i].name, e);

		rc = col < 0 ? -1 : take_feature(r, m, i, &t->cols[col], p, e);
	}
	tree_predictor_free(p);
	return rc;
}

int tree_rows_load(struct tree_rows *r, const struct tree_model *m, const struct tree_params *p,
	const char *file, const struct tree_io *io, struct err *e)
{
	const char **keep = mem_array(m->n_features + 4, sizeof(*keep), e);
	const char **texts = mem_array(m->n_features + 2, sizeof(*texts), e);
	struct table_options o = { .dialect = &p->dialect, .keep = keep, .as_text = texts };
	struct table *t = NULL;
	size_t n_keep = 0, n_texts = 0;
	int rc = -1;

	memset(r, 0, sizeof(*r));
	if (!keep || !texts)
		goto out;
	for (size_t i = 0; i < m->n_features; i++) {
		keep[n_keep++] = m->features[i].name;
		if (m->features[i].is_categorical)
			texts[n_texts++] = m->features[i].name;
	}
	keep[n_keep++] = p->target;
	if (p->weight)
		keep[n_keep++] = p->weight;
	if (p->group)
		keep[n_keep++] = texts[n_texts++] = p->group;
	o.progress = io->progress;
	t = table_load(&file, 1, &o, io->pool, e);
	if (!t)
		goto out;
	r->n = t->n_rows;
	rc = tree_target_load(&r->target, t, p, m, NULL, e);
	if (!rc && take_features(r, m, t, e))
		rc = err_at(e, "%s", file);
out:
	table_free(t);
	free(keep);
	free(texts);
	return rc;
}

void tree_rows_release(struct tree_rows *r)
{
	free(r->x);
	tree_target_release(&r->target);
	memset(r, 0, sizeof(*r));
}
