#include "eval/labels.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "csv/value.h"
#include "score/confusion.h"

struct label {
	struct slice text;
	double number; /* if all labels are */
	uint32_t code;
};

static int by_number(const void *a, const void *b)
{
	const struct label *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return slice_cmp(x->text, y->text); /* 1 and 1.0 are two labels */
}

static int by_text(const void *a, const void *b)
{
	const struct label *x = a, *y = b;

	return slice_cmp(x->text, y->text);
}

/* r->labels in order; rank[code] is the place of a label there. */
static int sort_labels(struct eval_rows *r, uint32_t *rank, struct err *e)
{
	struct label *list = mem_array(r->dict.n, sizeof(*list), e);
	bool all_numbers = true;

	r->labels = list ? mem_array(r->dict.n, sizeof(*r->labels), e) : NULL;
	if (!r->labels) {
		free(list);
		return -1;
	}
	r->n_labels = r->dict.n;
	for (uint32_t i = 0; i < r->dict.n; i++) {
		list[i] = (struct label){ .text = r->dict.items[i], .code = i };
		all_numbers &= csv_value_number(list[i].text, &list[i].number);
	}
	qsort(list, r->n_labels, sizeof(*list), all_numbers ? by_number : by_text);
	for (uint32_t i = 0; i < r->dict.n; i++) {
		r->labels[i] = list[i].text;
		rank[list[i].code] = i;
	}
	free(list);
	return 0;
}

/* Scores of several classes: a column for each label, in their order; 0 where the model has none. */
static int spread_scores(struct eval_rows *r, const uint32_t *rank, size_t n_scores, struct err *e)
{
	double *old = r->scores, *new;

	if (n_scores == 0)
		return 0;
	if (r->n_labels && r->n > SIZE_MAX / r->n_labels)
		return err_nomem(e);
	new = mem_array(r->n * r->n_labels, sizeof(*new), e);
	if (!new)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < n_scores; k++)
			new[i * r->n_labels + rank[k]] = old[i * n_scores + k];
	r->scores = new;
	free(old);
	return 0;
}

static int too_many_labels(const struct eval_rows *r, struct err *e)
{
	struct buf list = BUF_INIT;

	for (size_t i = 0; i < r->n_labels && i < 4; i++)
		buf_addf(&list, "%s'%.*s'", i ? ", " : "",
			r->labels[i].len < 40 ? (int)r->labels[i].len : 40, r->labels[i].p);
	err_set(e, ERR_INPUT, "%zu labels in target and prediction, two expected: %s%s",
		r->n_labels, list.p, r->n_labels > 4 ? ", ..." : "");
	buf_release(&list);
	return -1;
}

/* Mean probability of the rows that are predicted to be of a label; NAN if there are none. */
static double mean_score(const struct eval_rows *r, size_t label)
{
	double sum = 0, n = 0;

	for (size_t i = 0; i < r->n; i++) {
		if (r->predicted[i] == label) {
			sum += r->scores[i];
			n++;
		}
	}
	return n > 0 ? sum / n : NAN;
}

/* The label asked for, else the last of two; a single one is positive if its probabilities say so. */
static int choose_positive(struct eval_rows *r, const struct eval_labels_in *in, struct err *e)
{
	r->positive = r->n_labels;
	for (size_t i = 0; in->positive && i < r->n_labels; i++)
		if (slice_is(r->labels[i], in->positive))
			r->positive = i;
	if (in->positive && r->positive == r->n_labels && r->n_labels > 1)
		return err_set(e, ERR_INPUT, "no row has the positive label '%s'", in->positive);
	if (in->positive)
		return 0;
	if (r->n_labels == 2)
		r->positive = 1;
	else if (in->has_predictions && r->scores && mean_score(r, 0) > 0.5)
		r->positive = 0;
	return 0;
}

/* Rows that are predicted positive must have the higher probabilities: else it is the other label's. */
static int check_positive(const struct eval_rows *r, struct err *e)
{
	size_t other = 1 - r->positive;
	struct slice a = r->labels[r->positive], b = r->labels[other];

	if (!(mean_score(r, r->positive) < mean_score(r, other)))
		return 0;
	err_set(e, ERR_INPUT,
		"rows predicted '%.*s' have lower probabilities than those predicted '%.*s'",
		(int)(a.len < 40 ? a.len : 40), a.p, (int)(b.len < 40 ? b.len : 40), b.p);
	return err_hint(e, "name the label whose probability it is with --positive");
}

static int settle_binary(struct eval_rows *r, const struct eval_labels_in *in, struct err *e)
{
	if (r->n_labels > 2)
		return too_many_labels(r, e);
	if (choose_positive(r, in, e))
		return -1;
	if (in->has_predictions && isnan(in->threshold))
		return r->scores && r->n_labels == 2 ? check_positive(r, e) : 0;
	if (r->n_labels < 2)
		return err_set(e, ERR_INPUT, "the target is '%.*s' in all rows",
			(int)(r->labels[0].len < 40 ? r->labels[0].len : 40), r->labels[0].p);
	if (!r->scores)
		return err_set(e, ERR_INPUT, "a threshold needs probabilities");
	for (size_t i = 0; i < r->n; i++) {
		double threshold = isnan(in->threshold) ? 0.5 : in->threshold;

		r->predicted[i] =
			(uint32_t)(r->scores[i] > threshold ? r->positive : 1 - r->positive);
	}
	return 0;
}

/* Labels that never meet are written in two ways ("1", "1.0"), or the columns are the wrong ones. */
static int check_overlap(
	const struct eval_rows *r, const uint32_t *rank, size_t n_scores, struct err *e)
{
	uint8_t *is_true = mem_array(r->n_labels, 1, e);
	struct slice a = r->labels[r->predicted[0]], b = r->labels[r->truth[0]];
	bool overlap = false;

	if (!is_true)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		is_true[r->truth[i]] = 1;
	for (size_t i = 0; i < r->n && !overlap; i++)
		overlap = is_true[r->predicted[i]];
	for (size_t k = 0; k < n_scores && !overlap; k++)
		overlap = is_true[rank[k]];
	free(is_true);
	if (overlap)
		return 0;
	return err_set(e, ERR_INPUT,
		"no label of the predictions ('%.*s') is one of the target's ('%.*s')",
		(int)(a.len < 40 ? a.len : 40), a.p, (int)(b.len < 40 ? b.len : 40), b.p);
}

int eval_labels_settle(struct eval_rows *r, const struct eval_labels_in *in, struct err *e)
{
	uint32_t *rank;
	int rc = -1;

	if (r->dict.n > SCORE_MAX_CLASSES)
		return err_set(e, ERR_INPUT, "%lu labels, more than %d: is it a number?",
			(unsigned long)r->dict.n, (int)SCORE_MAX_CLASSES);
	rank = mem_array((size_t)r->dict.n + 1, sizeof(*rank), e);
	if (!rank || sort_labels(r, rank, e))
		goto out;
	for (size_t i = 0; i < r->n; i++) {
		r->truth[i] = rank[r->truth[i]];
		if (in->has_predictions)
			r->predicted[i] = rank[r->predicted[i]];
	}
	if (r->objective == EVAL_BINARY)
		rc = settle_binary(r, in, e);
	else if (!spread_scores(r, rank, in->n_scores, e))
		rc = check_overlap(r, rank, in->n_scores, e);
out:
	free(rank);
	return rc;
}
