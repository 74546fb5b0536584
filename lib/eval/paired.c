#include "eval/paired.h"

#include <stdlib.h>

#include "base/mem.h"

static bool is_right(const struct eval_rows *r, size_t i)
{
	return r->predicted[i] == r->truth[i];
}

static void compare_accuracy(
	const struct eval_rows *a, const struct eval_rows *b, struct score_paired *out)
{
	double only_a = 0, only_b = 0, both = 0;

	for (size_t i = 0; i < a->n; i++) {
		only_a += is_right(a, i) && !is_right(b, i);
		only_b += is_right(b, i) && !is_right(a, i);
		both += is_right(a, i) && is_right(b, i);
	}
	score_interval_paired_accuracy(only_a, only_b, both, (double)a->n, out);
}

static int compare_auc(const struct eval_rows *a, const struct eval_rows *b, struct pool *pool,
	struct score_paired *out, struct err *e)
{
	uint8_t *labels;
	int rc;

	if (a->objective != EVAL_BINARY || b->objective != EVAL_BINARY || !a->scores || !b->scores)
		return err_set(
			e, ERR_INPUT, "two AUCs are compared for two labels with probabilities");
	if (a->positive >= a->n_labels || b->positive >= b->n_labels ||
		!slice_eq(a->labels[a->positive], b->labels[b->positive])) {
		err_set(e, ERR_INPUT, "the two tables have not the same positive label");
		return err_hint(e, "name it with --positive");
	}
	labels = mem_array_raw(a->n, 1, e);
	if (!labels)
		return -1;
	for (size_t i = 0; i < a->n; i++)
		labels[i] = a->truth[i] == a->positive;
	rc = score_interval_paired_auc(a->scores, b->scores, labels, a->n, pool, out, e);
	free(labels);
	return rc;
}

static int compare(struct eval_paired *p, const struct eval_rows *a, const struct eval_rows *b,
	const char *metric, struct pool *pool, struct err *e)
{
	const char *dot = strrchr(metric, '.');
	const char *name = dot ? dot + 1 : metric;

	if (a->n != b->n || strcmp(a->test_hash, b->test_hash) != 0)
		return err_set(
			e, ERR_INPUT, "the two tables have not the same truth in the same order");
	memcpy(p->test_hash, b->test_hash, sizeof(p->test_hash));
	if (!strcmp(name, "auc"))
		return compare_auc(a, b, pool, &p->test, e);
	if (!strcmp(name, "accuracy") && a->truth && b->truth) {
		compare_accuracy(a, b, &p->test);
		return 0;
	}
	return err_set(
		e, ERR_INPUT, "there is a paired test of accuracy and of auc, not of '%s'", metric);
}

int eval_paired_load(struct eval_paired *p, const char *released, const char *new,
	const struct eval_rows_options *o, const char *metric, struct pool *pool, struct err *e)
{
	struct eval_rows a = { 0 }, b = { 0 };
	int rc = -1;

	*p = (struct eval_paired){ 0 };
	if (!eval_rows_load(&a, released, o, pool, e) && !eval_rows_load(&b, new, o, pool, e))
		rc = compare(p, &a, &b, metric, pool, e);
	eval_rows_release(&a);
	eval_rows_release(&b);
	return rc;
}
