#include "tree/dataset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "tree/predict.h"

/* ---- the target -------------------------------------------------------------------------------------- */

static int check_present(const struct table_column *c, const char *what, struct err *e)
{
	if (c->n_missing == 0)
		return 0;
	err_set(e, ERR_INPUT, "column '%s': %llu rows have no %s", c->name,
		(unsigned long long)c->n_missing, what);
	return err_hint(e, "leave these rows out or fill them");
}

/** Sorted distinct numbers of a column, up to `most`; one more is counted than taken. */
static size_t distinct_numbers(const struct table_column *c, size_t n_rows, float *out, size_t most)
{
	size_t n = 0;

	for (size_t i = 0; i < n_rows; i++) {
		float v = c->numbers[i];
		size_t lo = 0, hi = n;

		while (lo < hi) {
			size_t mid = (lo + hi) / 2;

			if (out[mid] < v)
				lo = mid + 1;
			else
				hi = mid;
		}
		if (lo < n && out[lo] == v)
			continue;
		if (n == most)
			return most + 1;
		memmove(out + lo + 1, out + lo, (n - lo) * sizeof(*out));
		out[lo] = v;
		n++;
	}
	return n;
}

static int add_label(struct tree_dataset *d, struct slice s, struct err *e)
{
	d->labels[d->n_labels] = mem_dup_n(s.p, s.len, e);
	return d->labels[d->n_labels++] ? 0 : -1;
}

static int number_classes(struct tree_dataset *d, const struct table_column *c,
	const float *distinct, size_t n, struct err *e)
{
	char text[NUM_TEXT_MAX];

	d->labels = mem_array(n, sizeof(*d->labels), e);
	if (!d->labels)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (add_label(d, (struct slice){ text, num_format_float(text, distinct[i] + 0.0f) },
			    e))
			return -1;
	for (size_t i = 0; i < d->table->n_rows; i++) {
		size_t k = 0;

		while (k + 1 < n && distinct[k] < c->numbers[i])
			k++;
		d->class[i] = (uint32_t)k;
	}
	return 0;
}

struct text_order {
	struct slice text;
	uint32_t code;
};

static int by_text(const void *a, const void *b)
{
	const struct text_order *x = a, *y = b;

	return slice_cmp(x->text, y->text);
}

static int text_classes(struct tree_dataset *d, const struct table_column *c, struct err *e)
{
	struct text_order *order = mem_array(c->n_texts, sizeof(*order), e);
	uint32_t *class = mem_array(c->n_texts, sizeof(*class), e);
	int rc = -1;

	d->labels = mem_array(c->n_texts, sizeof(*d->labels), e);
	if (!order || !class || !d->labels)
		goto out;
	for (uint32_t i = 0; i < c->n_texts; i++)
		order[i] = (struct text_order){ c->texts[i], i };
	qsort(order, c->n_texts, sizeof(*order), by_text);
	for (uint32_t i = 0; i < c->n_texts; i++) {
		class[order[i].code] = i;
		if (add_label(d, order[i].text, e))
			goto out;
	}
	for (size_t i = 0; i < d->table->n_rows; i++)
		d->class[i] = class[c->codes[i]];
	rc = 0;
out:
	free(order);
	free(class);
	return rc;
}

static int make_classes(struct tree_dataset *d, const struct tree_params *p,
	const struct table_column *c, const float *distinct, size_t n_distinct, struct err *e)
{
	size_t n = c->type == TABLE_TEXT ? c->n_texts : n_distinct;

	if (n < 2)
		return err_set(
			e, ERR_INPUT, "column '%s' has one value only: nothing to learn", c->name);
	if (n > TREE_CLASS_MAX) {
		err_set(e, ERR_INPUT, "column '%s' has more than %d distinct values", c->name,
			TREE_CLASS_MAX);
		return err_hint(e, "too many for classes; --objective regression learns numbers");
	}
	if (p->objective == TREE_OBJECTIVE_BINARY && n != 2)
		return err_set(e, ERR_INPUT, "column '%s' has %zu distinct values, binary needs 2",
			c->name, n);
	d->task =
		n == 2 && p->objective != TREE_OBJECTIVE_MULTICLASS ? TREE_BINARY : TREE_MULTICLASS;
	d->class = mem_array_raw(d->table->n_rows, sizeof(*d->class), e);
	if (!d->class)
		return -1;
	return c->type == TABLE_TEXT ? text_classes(d, c, e) : number_classes(d, c, distinct, n, e);
}

static int make_values(struct tree_dataset *d, const struct table_column *c, struct err *e)
{
	if (c->type == TABLE_TEXT)
		return err_set(e, ERR_INPUT,
			"column '%s' has texts (the first is '%.*s'): no numbers to regress on",
			c->name, (int)(c->texts[0].len < 40 ? c->texts[0].len : 40), c->texts[0].p);
	d->task = TREE_REGRESSION;
	d->values = mem_array_raw(d->table->n_rows, sizeof(*d->values), e);
	if (!d->values)
		return -1;
	for (size_t i = 0; i < d->table->n_rows; i++) {
		if (!isfinite(c->numbers[i]))
			return err_set(e, ERR_INPUT, "column '%s': a value is infinite", c->name);
		d->values[i] = c->numbers[i];
	}
	return 0;
}

static int take_target(struct tree_dataset *d, const struct tree_params *p,
	const struct table_column *c, struct diag *diag, struct err *e)
{
	static const char *const names[] = { "regression", "binary", "multiclass" };
	bool is_class =
		p->objective == TREE_OBJECTIVE_BINARY || p->objective == TREE_OBJECTIVE_MULTICLASS;
	size_t most = is_class ? TREE_CLASS_MAX : TREE_AUTO_CLASSES, n = 0;
	float distinct[TREE_CLASS_MAX + 1];

	if (check_present(c, "target", e))
		return -1;
	if (c->type == TABLE_NUMBER && p->objective != TREE_OBJECTIVE_REGRESSION)
		n = distinct_numbers(c, d->table->n_rows, distinct, most);
	if (p->objective == TREE_OBJECTIVE_AUTO)
		is_class = c->type == TABLE_TEXT || (c->is_int && n <= most);
	if (is_class ? make_classes(d, p, c, distinct, n, e) : make_values(d, c, e))
		return -1;
	diag_say(diag, DIAG_NOTE, "target '%s': %s%s", c->name, names[d->task],
		p->objective == TREE_OBJECTIVE_AUTO ? " (by its values; see --objective)" : "");
	for (size_t k = 0; k < d->n_labels; k++)
		diag_say(diag, DIAG_DETAIL, "class %zu: '%s'", k, d->labels[k]);
	return 0;
}

static int take_weights(const struct table *t, const char *name, float **weights, struct err *e)
{
	const struct table_column *c;
	float most = 0;
	int col;

	if (!name)
		return 0;
	col = table_find(t, name, e);
	if (col < 0)
		return -1;
	c = &t->cols[col];
	if (c->type != TABLE_NUMBER)
		return err_set(e, ERR_INPUT, "column '%s': weights must be numbers", name);
	if (check_present(c, "weight", e))
		return -1;
	*weights = mem_array_raw(t->n_rows, sizeof(**weights), e);
	if (!*weights)
		return -1;
	for (size_t i = 0; i < t->n_rows; i++) {
		if (!(c->numbers[i] >= 0) || isinf(c->numbers[i]))
			return err_set(
				e, ERR_INPUT, "column '%s': a weight is below 0 or infinite", name);
		(*weights)[i] = c->numbers[i];
		most = c->numbers[i] > most ? c->numbers[i] : most;
	}
	if (!(most > 0))
		return err_set(e, ERR_INPUT, "column '%s': no weight is above 0", name);
	return 0;
}

static struct tree_truth truth_of(enum tree_task task, size_t n_rows, size_t n_labels,
	const float *values, const uint32_t *class, const float *weights)
{
	return (struct tree_truth){
		.loss = task == TREE_REGRESSION ? TREE_LOSS_SQUARED
			: task == TREE_BINARY   ? TREE_LOSS_LOGISTIC
						: TREE_LOSS_SOFTMAX,
		.n_rows = n_rows,
		.n_outputs = task == TREE_MULTICLASS ? n_labels : 1,
		.values = values,
		.class = class,
		.weights = weights,
	};
}

/* ---- the table ------------------------------------------------------------------------------------------ */

static int bin_features(
	struct tree_dataset *d, const struct tree_params *p, struct pool *pool, struct err *e)
{
	size_t *cols = mem_array(d->table->n_cols, sizeof(*cols), e), n = 0;

	if (!cols)
		return -1;
	for (size_t i = 0; i < d->table->n_cols; i++) {
		const char *name = d->table->cols[i].name;

		if (strcmp(name, p->target) != 0 && !(p->weight && strcmp(name, p->weight) == 0))
			cols[n++] = i;
	}
	if (n == 0)
		err_set(e, ERR_INPUT, "there is no column to learn from");
	else
		d->frame = tree_frame_new(d->table, cols, n, (uint32_t)p->max_bin, pool, e);
	free(cols);
	return d->frame ? 0 : -1;
}

/** The numbers are in the bins; names of categories stay. */
static void drop_values(struct table *t)
{
	for (size_t i = 0; i < t->n_cols; i++) {
		free(t->cols[i].numbers);
		free(t->cols[i].codes);
		t->cols[i].numbers = NULL;
		t->cols[i].codes = NULL;
	}
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
	struct table_options o = {
		.dialect = &p->dialect,
		.drop = drop,
		.progress = io->progress,
	};
	int col;

	memset(d, 0, sizeof(*d));
	if (!drop)
		return -1;
	d->table = table_load(files, n_files, &o, io->pool, e);
	free(drop);
	if (!d->table)
		return -1;
	if (d->table->n_rows == 0 || d->table->n_rows >= UINT32_MAX)
		return err_set(e, ERR_INPUT, "%s: %s", files[0],
			d->table->n_rows ? "more than 4 billion rows" : "no rows to learn from");
	col = table_find(d->table, p->target, e);
	if (col < 0)
		return err_at(e, "%s", files[0]);
	if (take_target(d, p, &d->table->cols[col], io->diag, e) ||
		take_weights(d->table, p->weight, &d->weights, e) ||
		bin_features(d, p, io->pool, e))
		return err_at(e, "%s", files[0]);
	d->truth =
		truth_of(d->task, d->table->n_rows, d->n_labels, d->values, d->class, d->weights);
	drop_values(d->table);
	return 0;
}

void tree_dataset_release(struct tree_dataset *d)
{
	tree_frame_free(d->frame);
	table_free(d->table);
	for (size_t i = 0; i < d->n_labels; i++)
		free(d->labels[i]);
	free(d->labels);
	free(d->class);
	free(d->values);
	free(d->weights);
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
	m->labels = m->target ? mem_array(d->n_labels, sizeof(*m->labels), e) : NULL;
	if (!m->labels)
		return -1;
	for (size_t i = 0; i < d->n_labels; i++) {
		m->labels[m->n_labels] = mem_dup(d->labels[i], e);
		if (!m->labels[m->n_labels++])
			return -1;
	}
	return 0;
}

struct tree_model *tree_dataset_model(
	const struct tree_dataset *d, const struct tree_params *p, struct err *e)
{
	size_t n_outputs = d->truth.n_outputs;
	struct tree_model *m = tree_model_new(d->frame->n_cols, n_outputs, e);
	const char *objective = p->is_forest                 ? "reg:squarederror"
				: d->task == TREE_REGRESSION ? "reg:squarederror"
				: d->task == TREE_BINARY     ? "binary:logistic"
							     : "multi:softprob";

	if (!m)
		return NULL;
	if (copy_names(m, d, p, e) || tree_model_set_objective(m, objective, e)) {
		tree_model_free(m);
		return NULL;
	}
	m->task = d->task;
	m->is_forest = p->is_forest;
	if (p->is_forest)
		m->n_parallel = (size_t)p->trees;
	return m;
}

/* ---- rows to measure on ---------------------------------------------------------------------------------- */

static int find_class(const struct tree_model *m, const struct table_column *c, size_t row,
	uint32_t *class, struct err *e)
{
	char text[NUM_TEXT_MAX];
	struct slice s;

	if (c->type == TABLE_TEXT)
		s = c->texts[c->codes[row]];
	else
		s = (struct slice){ text, num_format_float(text, c->numbers[row] + 0.0f) };
	for (size_t k = 0; k < m->n_labels; k++) {
		if (slice_is(s, m->labels[k])) {
			*class = (uint32_t)k;
			return 0;
		}
	}
	return err_set(e, ERR_INPUT, "column '%s': class '%.*s' is not in the training data",
		c->name, (int)(s.len < 60 ? s.len : 60), s.p);
}

static int take_truth(struct tree_rows *r, const struct tree_model *m, const struct table *t,
	const struct tree_params *p, struct err *e)
{
	int col = table_find(t, p->target, e);
	const struct table_column *c;

	if (col < 0)
		return -1;
	c = &t->cols[col];
	if (check_present(c, "target", e) || take_weights(t, p->weight, &r->weights, e))
		return -1;
	if (m->task == TREE_REGRESSION) {
		if (c->type == TABLE_TEXT)
			return err_set(e, ERR_INPUT, "column '%s' has texts", c->name);
		r->values = mem_array_raw(r->n, sizeof(*r->values), e);
		if (!r->values)
			return -1;
		memcpy(r->values, c->numbers, r->n * sizeof(*r->values));
	} else {
		r->class = mem_array_raw(r->n, sizeof(*r->class), e);
		for (size_t i = 0; r->class && i < r->n; i++)
			if (find_class(m, c, i, &r->class[i], e))
				return -1;
		if (!r->class)
			return -1;
	}
	r->truth = truth_of(m->task, r->n, m->n_labels, r->values, r->class, r->weights);
	return 0;
}

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
	const char **keep = mem_array(m->n_features + 3, sizeof(*keep), e);
	const char **texts = mem_array(m->n_features + 1, sizeof(*texts), e);
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
	o.progress = io->progress;
	t = table_load(&file, 1, &o, io->pool, e);
	if (!t)
		goto out;
	r->n = t->n_rows;
	rc = take_truth(r, m, t, p, e) || take_features(r, m, t, e) ? err_at(e, "%s", file) : 0;
out:
	table_free(t);
	free(keep);
	free(texts);
	return rc;
}

void tree_rows_release(struct tree_rows *r)
{
	free(r->x);
	free(r->class);
	free(r->values);
	free(r->weights);
	memset(r, 0, sizeof(*r));
}
