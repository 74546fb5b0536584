#include "tree/predict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmath.h"
#include "base/mem.h"
#include "base/num.h"
#include "tree/model_view.h"

struct column {
	long csv; /* index in the bound table, -1: none */
	bool is_used; /* some split asks for it */
	uint32_t *by_name; /* [n_categories] codes, sorted by name */
};

struct tree_predictor {
	const struct tree_model *m;
	struct tree_margins *margins;
	struct column *columns; /* [n_features] */
	const struct csv_table *table;
	const struct csv_dialect *dialect;
	char quote;
};

/* ---- life ------------------------------------------------------------------------------------------ */

struct order {
	struct slice name;
	uint32_t code;
};

static int by_name(const void *a, const void *b)
{
	const struct order *x = a, *y = b;

	return slice_cmp(x->name, y->name);
}

static int sort_categories(struct column *c, const struct tree_feature *f, struct err *e)
{
	struct order *order = mem_array(f->n_categories, sizeof(*order), e);

	c->by_name = mem_array(f->n_categories, sizeof(*c->by_name), e);
	if (!order || !c->by_name) {
		free(order);
		return -1;
	}
	for (uint32_t i = 0; i < f->n_categories; i++)
		order[i] = (struct order){ f->categories[i], i };
	qsort(order, f->n_categories, sizeof(*order), by_name);
	for (uint32_t i = 0; i < f->n_categories; i++)
		c->by_name[i] = order[i].code;
	free(order);
	return 0;
}

/** Finds the columns that some split asks for. */
static int find_columns(struct tree_predictor *p, struct err *e)
{
	const struct tree_model *m = p->m;
	bool *is_used = mem_array(m->n_features, sizeof(*is_used), e);

	if (!is_used)
		return -1;
	for (size_t i = 0; i < m->n_trees; i++) {
		const struct tree *t = &m->trees[i];

		for (uint32_t n = 0; n < t->n_nodes; n++)
			if (t->nodes[n].left >= 0)
				is_used[t->nodes[n].split & TREE_COLUMN] = true;
		if (m->views && !m->knows_unused)
			tree_view_columns(&m->views[i], m->n_features, is_used);
	}
	for (size_t i = 0; i < m->n_features; i++)
		p->columns[i].is_used =
			is_used[i] || (m->views && m->knows_unused && !m->features[i].is_unused);
	free(is_used);
	return 0;
}

struct tree_predictor *tree_predictor_new(const struct tree_model *m, struct err *e)
{
	struct tree_predictor *p = mem_new(sizeof(*p), e);

	if (!p)
		return NULL;
	p->m = m;
	p->margins = tree_margins_new(m, e);
	if (!p->margins)
		goto fail;
	p->columns = mem_array(m->n_features, sizeof(*p->columns), e);
	if (!p->columns)
		goto fail;
	for (size_t i = 0; i < m->n_features; i++) {
		p->columns[i].csv = -1;
		if (m->features[i].n_categories &&
			sort_categories(&p->columns[i], &m->features[i], e))
			goto fail;
	}
	if (find_columns(p, e))
		goto fail;
	return p;
fail:
	tree_predictor_free(p);
	return NULL;
}

void tree_predictor_free(struct tree_predictor *p)
{
	if (!p)
		return;
	for (size_t i = 0; p->columns && i < p->m->n_features; i++)
		free(p->columns[i].by_name);
	free(p->columns);
	tree_margins_free(p->margins);
	free(p);
}

struct tree_margins *tree_predictor_margins(const struct tree_predictor *p)
{
	return p->margins;
}

int tree_predictor_bind(struct tree_predictor *p, const struct csv_table *t,
	const struct csv_dialect *d, struct err *e)
{
	p->table = t;
	p->dialect = d;
	p->quote = csv_dialect_quote(d);
	if (!p->m->has_names && csv_table_n_cols(t) != p->m->n_features)
		return err_set(e, ERR_INPUT,
			"%s: the model has no column names, and %zu columns instead of %zu",
			csv_table_name(t), p->m->n_features, csv_table_n_cols(t));
	for (size_t i = 0; i < p->m->n_features; i++) {
		struct column *c = &p->columns[i];

		c->csv = -1;
		if (!c->is_used)
			continue;
		c->csv = p->m->has_names ? csv_table_find(t, p->m->features[i].name, e) : (long)i;
		if (c->csv < 0)
			return err_hint(e, "the model was trained with it");
	}
	return 0;
}

/* ---- values ---------------------------------------------------------------------------------------- */

float tree_predictor_code(const struct tree_predictor *p, size_t feature, struct slice name)
{
	const struct tree_feature *f = &p->m->features[feature];
	const uint32_t *order = p->columns[feature].by_name;
	uint32_t lo = 0, hi = f->n_categories;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int c = slice_cmp(f->categories[order[mid]], name);

		if (c == 0)
			return (float)order[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (float)f->n_categories;
}

static bool is_missing(const struct csv_dialect *d, struct slice s)
{
	if (s.len == 0)
		return true;
	for (size_t i = 0; i < d->na.n; i++)
		if (slice_is(s, d->na.items[i]))
			return true;
	return false;
}

static int bad_number(const struct tree_predictor *p, size_t feature, uint64_t line, struct slice s,
	struct err *e)
{
	err_set(e, ERR_INPUT, "column '%s': '%.*s' is not a number", p->m->features[feature].name,
		(int)(s.len < 60 ? s.len : 60), s.p);
	err_hint(e, "a text that means missing can be named with --na");
	return err_at(e, "%s:%llu", csv_table_name(p->table), (unsigned long long)line);
}

int tree_batch_add(struct tree_batch *b, const struct tree_predictor *p, const struct csv_row *row,
	struct err *e)
{
	size_t n = p->m->n_features;
	float *x;

	b->n_features = n;
	b->n_outputs = p->m->n_outputs;
	if (mem_grow(&b->x, &b->cap_x, (b->n_rows + 1) * n, sizeof(*b->x), e))
		return -1;
	x = b->x + b->n_rows * n;
	for (size_t i = 0; i < n; i++) {
		struct slice s;
		double v;

		x[i] = NAN;
		if (p->columns[i].csv < 0 || (size_t)p->columns[i].csv >= row->n)
			continue;
		s = csv_field_value(&row->fields[p->columns[i].csv], p->quote, &b->text);
		if (is_missing(p->dialect, s))
			continue;
		if (p->m->features[i].n_categories) {
			x[i] = tree_predictor_code(p, i, s);
			continue;
		}
		if (!num_parse_double(s, true, &v))
			return bad_number(p, i, row->line, s, e);
		x[i] = (float)v;
	}
	b->n_rows++;
	return 0;
}

/* ---- predictions ------------------------------------------------------------------------------------ */

/** In float and in xgboost's order of operations, exp rounded from our own. */
static float sigmoid(float margin)
{
	float t = (float)fmath_exp((double)fminf(-margin, 88.7f));

	return 1.0f / (t + 1.0f + 1e-16f);
}

static void softmax(const float *margins, size_t k, float *out)
{
	float most = margins[0];
	double sum = 0;

	for (size_t i = 1; i < k; i++)
		most = fmaxf(most, margins[i]);
	for (size_t i = 0; i < k; i++) {
		out[i] = (float)fmath_exp((double)(margins[i] - most));
		sum += (double)out[i];
	}
	for (size_t i = 0; i < k; i++)
		out[i] /= (float)sum;
}

void tree_model_link(const struct tree_model *m, const float *margins, size_t n_rows, float *scores)
{
	size_t k = m->n_outputs, n = n_rows * k;

	switch (m->link) {
	case TREE_SIGMOID:
		for (size_t i = 0; i < n; i++)
			scores[i] = sigmoid(margins[i]);
		return;
	case TREE_EXP:
		for (size_t i = 0; i < n; i++)
			scores[i] = (float)fmath_exp((double)margins[i]);
		return;
	case TREE_SOFTMAX:
		for (size_t i = 0; i < n_rows; i++)
			softmax(margins + i * k, k, scores + i * k);
		return;
	case TREE_IDENTITY:
		if (scores != margins)
			memcpy(scores, margins, n * sizeof(*scores));
		return;
	}
}

/* ---- batches --------------------------------------------------------------------------------------- */

void tree_batch_reset(struct tree_batch *b)
{
	b->n_rows = 0;
	if (!b->text.p)
		buf_init(&b->text);
}

void tree_batch_release(struct tree_batch *b)
{
	free(b->x);
	free(b->margins);
	free(b->scores);
	buf_release(&b->text);
	memset(b, 0, sizeof(*b));
}

int tree_batch_run(struct tree_batch *b, const struct tree_predictor *p, struct err *e)
{
	size_t n;

	b->n_outputs = p->m->n_outputs;
	n = b->n_rows * b->n_outputs;
	if (mem_grow(&b->margins, &b->cap_margins, n, sizeof(*b->margins), e) ||
		mem_grow(&b->scores, &b->cap_scores, n, sizeof(*b->scores), e))
		return -1;
	if (tree_margins_of(p->margins, b->x, b->n_rows, b->margins, e))
		return -1;
	tree_model_link(p->m, b->margins, b->n_rows, b->scores);
	return 0;
}

size_t tree_batch_class(
	const struct tree_batch *b, const struct tree_predictor *p, size_t row, double threshold)
{
	const float *s = b->scores + row * b->n_outputs;
	size_t best = 0;

	if (p->m->task == TREE_BINARY)
		return (double)s[0] > threshold;
	for (size_t k = 1; k < b->n_outputs; k++)
		if (s[k] > s[best])
			best = k;
	return best;
}
