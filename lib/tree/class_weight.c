#include "tree/class_weight.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

enum { SHOWN = 60 }; /* bytes of a label in a message */

static bool is_word(const struct opt_list *list, const char *word)
{
	return list->n == 1 && strcmp(list->items[0], word) == 0;
}

bool tree_class_weight_is_given(const struct tree_params *p)
{
	return p->class_weight.n && !is_word(&p->class_weight, "none");
}

/** n_rows / (n_classes * rows of the class). */
static void balance(const struct tree_classes *c, double *weight)
{
	double all_rows = (double)tree_comm_sum_of(c->comm, (int64_t)c->n_rows);

	for (size_t k = 0; k < c->n; k++)
		weight[k] = 0;
	for (size_t i = 0; i < c->n_rows; i++)
		weight[c->class_of[i]]++;
	for (size_t k = 0; k < c->n; k++)
		weight[k] = all_rows /
			    ((double)c->n * (double)tree_comm_sum_of(c->comm, (int64_t)weight[k]));
}

static int no_label(const struct tree_classes *c, struct slice label, struct err *e)
{
	const char **names = mem_array(c->n + 1, sizeof(*names), e);
	char *word = names ? mem_dup_n(label.p, label.len, e) : NULL;
	const char *near = NULL;

	for (size_t k = 0; word && k < c->n; k++)
		names[k] = c->labels[k];
	if (word) {
		err_set(e, ERR_INPUT, "--class-weight: no row has the label '%.*s'",
			(int)(label.len < SHOWN ? label.len : SHOWN), label.p);
		near = opt_nearest(word, names);
		err_hint(e, near ? "did you mean '%s'?" : "the first one is '%s'",
			near ? near : c->labels[0]);
	}
	free(names);
	free(word);
	return -1;
}

/** "LABEL:W"; a label may have colons in it. */
static int take_one(const struct tree_classes *c, const char *item, double *weight, struct err *e)
{
	struct slice s = slice_of(item), label = s, value = { NULL, 0 };
	size_t k = 0;
	double v;

	while (label.len && label.p[label.len - 1] != ':')
		label.len--;
	if (label.len) {
		value = (struct slice){ s.p + label.len, s.len - label.len };
		label.len--;
	}
	if (!num_parse_double(slice_trim(value), false, &v) || v < 0) {
		err_set(e, ERR_INPUT, "--class-weight: '%s' gives no weight", item);
		return err_hint(e, "say balanced, or LABEL:W,... with numbers from 0 on");
	}
	label = slice_trim(label);
	while (k < c->n && !slice_is(label, c->labels[k]))
		k++;
	if (k == c->n)
		return no_label(c, label, e);
	if (!isnan(weight[k])) {
		err_set(e, ERR_INPUT, "--class-weight: label '%s' has two weights", c->labels[k]);
		return err_hint(e, "leave one of them out");
	}
	weight[k] = v;
	return 0;
}

static int take_labels(
	const struct opt_list *list, const struct tree_classes *c, double *weight, struct err *e)
{
	double most = 0;

	for (size_t k = 0; k < c->n; k++)
		weight[k] = NAN;
	for (size_t i = 0; i < list->n; i++)
		if (take_one(c, list->items[i], weight, e))
			return -1;
	for (size_t k = 0; k < c->n; k++) {
		weight[k] = isnan(weight[k]) ? 1 : weight[k];
		most = fmax(most, weight[k]);
	}
	if (most > 0)
		return 0;
	return err_set(e, ERR_INPUT, "--class-weight: no label weighs more than 0");
}

int tree_class_weight_get(
	const struct tree_params *p, const struct tree_classes *c, double *weight, struct err *e)
{
	if (is_word(&p->class_weight, "balanced")) {
		balance(c, weight);
		return 0;
	}
	if (tree_class_weight_is_given(p))
		return take_labels(&p->class_weight, c, weight, e);
	for (size_t k = 0; k < c->n; k++)
		weight[k] = k == 1 ? p->scale_pos_weight : 1;
	return 0;
}
