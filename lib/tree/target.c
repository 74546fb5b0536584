#include "tree/target.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "tree/class_weight.h"

/* ---- classes ---------------------------------------------------------------------------------------------- */

static bool is_missing(const struct table_column *c, size_t row)
{
	return c->type == TABLE_TEXT ? c->codes[row] == TABLE_MISSING : isnan(c->numbers[row]);
}

/** With several processes the one that has such a row says so, and ends the others. */
static int check_present(
	struct tree_target *d, const struct table_column *c, const char *what, struct err *e)
{
	size_t row = 0;

	while (c->n_missing && row < d->truth.n_rows && !is_missing(c, row))
		row++;
	if (!c->n_missing || row == d->truth.n_rows)
		return 0;
	d->bad_row = row;
	err_set(e, ERR_INPUT, "column '%s': no %s", c->name, what);
	if (c->n_missing == 1)
		return err_hint(e, "fill it in, or leave the row out");
	return err_hint(e, "fill in all %llu that are missing, or leave these rows out",
		(unsigned long long)c->n_missing);
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

static int add_label(struct tree_target *d, struct slice s, struct err *e)
{
	d->labels[d->n_labels] = mem_dup_n(s.p, s.len, e);
	return d->labels[d->n_labels++] ? 0 : -1;
}

static int number_classes(struct tree_target *d, const struct table_column *c,
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
	for (size_t i = 0; i < d->truth.n_rows; i++) {
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

static int text_classes(struct tree_target *d, const struct table_column *c, struct err *e)
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
	for (size_t i = 0; i < d->truth.n_rows; i++)
		d->class[i] = class[c->codes[i]];
	rc = 0;
out:
	free(order);
	free(class);
	return rc;
}

static int make_classes(struct tree_target *d, const struct tree_params *p,
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
	d->class = mem_array_raw(d->truth.n_rows, sizeof(*d->class), e);
	if (!d->class)
		return -1;
	return c->type == TABLE_TEXT ? text_classes(d, c, e) : number_classes(d, c, distinct, n, e);
}

/** What is wrong with a value for its loss, and what to do; NULL if nothing is. */
static const char *wrong_value(enum tree_loss loss, float v, const char **hint)
{
	*hint = "correct it, or leave the row out";
	if (!isfinite(v))
		return "is infinite";
	if (loss == TREE_LOSS_POISSON && v < 0)
		return "is below 0: no count for poisson";
	*hint = "say 0 for irrelevant, more for better rows";
	if (loss == TREE_LOSS_RANK && !(v >= 0 && v <= SCORE_RELEVANCE_MAX && v == floorf(v)))
		return "is no whole number from 0 to 31: no relevance for ranking";
	return NULL;
}

static int make_values(struct tree_target *d, const struct tree_params *p,
	const struct table_column *c, struct err *e)
{
	double shape;
	enum tree_loss loss = tree_params_loss(p, &shape);

	if (c->type == TABLE_TEXT)
		return err_set(e, ERR_INPUT,
			"column '%s' has texts (the first is '%.*s'): no numbers to regress on",
			c->name, (int)(c->texts[0].len < 40 ? c->texts[0].len : 40), c->texts[0].p);
	d->task = TREE_REGRESSION;
	d->values = mem_array_raw(d->truth.n_rows, sizeof(*d->values), e);
	if (!d->values)
		return -1;
	for (size_t i = 0; i < d->truth.n_rows; i++) {
		const char *hint, *wrong = wrong_value(loss, c->numbers[i], &hint);

		if (wrong) {
			d->bad_row = i;
			err_set(e, ERR_INPUT, "column '%s': %g %s", c->name, (double)c->numbers[i],
				wrong);
			return err_hint(e, "%s", hint);
		}
		d->values[i] = c->numbers[i];
	}
	return 0;
}

/** The distinct numbers of all processes; more than `most` are `most` + 1. */
static int share_distinct(
	struct tree_comm *comm, float *distinct, size_t *n, size_t most, struct err *e)
{
	struct buf all = BUF_INIT;
	struct table_column c = { 0 };
	float is_more = *n > most;
	int rc = -1;

	if (!comm)
		return 0;
	tree_comm_most(comm, &is_more, 1);
	if (tree_comm_gather(comm, distinct, (*n > most ? most : *n) * sizeof(*distinct), &all, e))
		goto out;
	c.numbers = mem_array(all.len / sizeof(*distinct), sizeof(*distinct), e);
	if (!c.numbers)
		goto out;
	memcpy(c.numbers, all.p, all.len);
	*n = distinct_numbers(&c, all.len / sizeof(*distinct), distinct, most);
	if (is_more > 0)
		*n = most + 1;
	rc = 0;
out:
	buf_release(&all);
	free(c.numbers);
	return rc;
}

static int take_target(struct tree_target *d, const struct tree_params *p,
	const struct table_column *c, struct err *e)
{
	bool is_class =
		p->objective == TREE_OBJECTIVE_BINARY || p->objective == TREE_OBJECTIVE_MULTICLASS;
	size_t most = is_class ? TREE_CLASS_MAX : TREE_AUTO_CLASSES, n = 0;
	float distinct[TREE_CLASS_MAX + 1];

	if (c->type == TABLE_NUMBER && (is_class || p->objective == TREE_OBJECTIVE_AUTO))
		n = distinct_numbers(c, d->truth.n_rows, distinct, most);
	if (c->type == TABLE_NUMBER && (is_class || p->objective == TREE_OBJECTIVE_AUTO) &&
		share_distinct(d->truth.comm, distinct, &n, most, e))
		return -1;
	if (p->objective == TREE_OBJECTIVE_AUTO)
		is_class = c->type == TABLE_TEXT || (c->is_int && n <= most);
	return is_class ? make_classes(d, p, c, distinct, n, e) : make_values(d, p, c, e);
}

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
	err_set(e, ERR_INPUT, "column '%s': class '%.*s' is not in the training data", c->name,
		(int)(s.len < 60 ? s.len : 60), s.p);
	return err_hint(e, "learn from such rows too, or leave the row out");
}

static int take_classes(struct tree_target *d, const struct tree_model *m,
	const struct table_column *c, struct err *e)
{
	d->class = mem_array_raw(d->truth.n_rows, sizeof(*d->class), e);
	if (!d->class)
		return -1;
	for (size_t i = 0; i < d->truth.n_rows; i++)
		if (find_class(m, c, i, &d->class[i], e)) {
			d->bad_row = i;
			return -1;
		}
	return 0;
}

/* ---- weights -------------------------------------------------------------------------------------------- */

static int take_weights(
	struct tree_target *d, const struct table *t, const char *name, struct err *e)
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
	if (check_present(d, c, "weight", e))
		return -1;
	d->weights = mem_array_raw(t->n_rows, sizeof(*d->weights), e);
	if (!d->weights)
		return -1;
	for (size_t i = 0; i < t->n_rows; i++) {
		if (!(c->numbers[i] >= 0) || isinf(c->numbers[i])) {
			d->bad_row = i;
			err_set(e, ERR_INPUT, "column '%s': the weight %g is %s", name,
				(double)c->numbers[i], c->numbers[i] < 0 ? "below 0" : "infinite");
			return err_hint(e, "correct it, or leave the row out");
		}
		d->weights[i] = c->numbers[i];
		most = c->numbers[i] > most ? c->numbers[i] : most;
	}
	tree_comm_most(d->truth.comm, &most, 1);
	if (!(most > 0))
		return err_set(e, ERR_INPUT, "column '%s': no weight is above 0", name);
	return 0;
}

/** What is learned counts classes as the options say; what is measured does not. */
static int weigh_classes(struct tree_target *d, const struct tree_params *p, struct err *e)
{
	struct tree_classes c = { d->labels, d->n_labels, d->class, d->truth.n_rows,
		d->truth.comm };
	bool by_class = tree_class_weight_is_given(p);
	double *weight;

	if (!by_class && p->scale_pos_weight == 1)
		return 0;
	if (d->task == TREE_REGRESSION || (!by_class && d->task != TREE_BINARY))
		return err_set(e, ERR_INPUT, "--%s has no effect: column '%s' has no %s",
			by_class ? "class-weight" : "scale-pos-weight", p->target,
			by_class ? "classes" : "two classes");
	weight = mem_array(c.n, sizeof(*weight), e);
	if (weight && !tree_class_weight_get(p, &c, weight, e))
		d->learned_weights = mem_array_raw(c.n_rows, sizeof(*d->learned_weights), e);
	for (size_t i = 0; d->learned_weights && i < c.n_rows; i++)
		d->learned_weights[i] =
			(float)(weight[d->class[i]] * (d->weights ? (double)d->weights[i] : 1));
	free(weight);
	return d->learned_weights ? 0 : -1;
}

/* ---- groups --------------------------------------------------------------------------------------------- */

static int take_groups(
	struct tree_target *d, const struct table *t, const char *name, struct err *e)
{
	const struct table_column *c;
	int col;

	if (!name)
		return 0;
	col = table_find(t, name, e);
	if (col < 0)
		return -1;
	c = &t->cols[col];
	if (check_present(d, c, "group", e))
		return -1;
	return score_groups_load(&d->groups, c->codes, t->n_rows, c->n_texts, e);
}

/* ---- the whole ------------------------------------------------------------------------------------------ */

static void set_truth(struct tree_target *d, const struct tree_params *p, size_t n_labels)
{
	double shape = 0;
	enum tree_loss loss = d->task == TREE_REGRESSION ? tree_params_loss(p, &shape)
			      : d->task == TREE_BINARY   ? TREE_LOSS_LOGISTIC
							 : TREE_LOSS_SOFTMAX;

	d->truth = (struct tree_truth){
		.loss = loss,
		.n_rows = d->truth.n_rows,
		.n_outputs = d->task == TREE_MULTICLASS ? n_labels : 1,
		.values = d->values,
		.class = d->class,
		.weights = d->weights,
		.shape = shape,
		.groups = d->groups.n ? &d->groups : NULL,
		.comm = d->truth.comm,
	};
	d->measured = d->truth;
	if (d->learned_weights)
		d->truth.weights = d->learned_weights;
}

static int load(struct tree_target *d, const struct table *t, const struct tree_params *p,
	const struct tree_model *m, struct err *e)
{
	int col = table_find(t, p->target, e), rc;
	const struct table_column *c;

	if (col < 0)
		return -1;
	c = &t->cols[col];
	if (check_present(d, c, "target", e))
		return -1;
	d->task = m ? m->task : TREE_REGRESSION;
	if (!m)
		rc = take_target(d, p, c, e);
	else if (m->task == TREE_REGRESSION)
		rc = make_values(d, p, c, e);
	else
		rc = take_classes(d, m, c, e);
	if (rc || take_weights(d, t, p->weight, e) || take_groups(d, t, p->group, e) ||
		(!m && weigh_classes(d, p, e)))
		return -1;
	set_truth(d, p, m ? m->n_labels : d->n_labels);
	return 0;
}

int tree_target_load(struct tree_target *d, const struct table *t, const struct tree_params *p,
	const struct tree_model *m, struct tree_comm *comm, struct err *e)
{
	memset(d, 0, sizeof(*d));
	d->bad_row = TABLE_NO_ROW;
	d->truth.n_rows = t->n_rows;
	d->truth.comm = comm;
	return load(d, t, p, m, e) ? table_err_at(t, d->bad_row, e) : 0;
}

void tree_target_release(struct tree_target *d)
{
	for (size_t i = 0; i < d->n_labels; i++)
		free(d->labels[i]);
	free(d->labels);
	free(d->class);
	free(d->values);
	free(d->weights);
	free(d->learned_weights);
	score_groups_release(&d->groups);
	memset(d, 0, sizeof(*d));
}
