#include "eval/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "eval/folds.h"

/* Which column and test of a tally belong to a rule. */
struct slot {
	bool used;
	size_t column, test;
};

/* What is asked of one table by all rules that look at it. */
struct look {
	struct eval_tally tally;
	size_t cap_columns, cap_tests;
	struct slot *slots; /* [rules->n] */
};

static void release_look(struct look *k)
{
	free(k->tally.columns);
	free(k->tally.tests);
	free(k->slots);
	*k = (struct look){ 0 };
}

/* The index of the column in the tally, added if it is new. */
static int want_column(struct look *k, const char *name, size_t *index, struct err *e)
{
	struct eval_tally *t = &k->tally;

	for (*index = 0; *index < t->n_columns; ++*index)
		if (!strcmp(t->columns[*index].name, name))
			return 0;
	if (mem_grow(&t->columns, &k->cap_columns, t->n_columns + 1, sizeof(*t->columns), e))
		return -1;
	t->columns[t->n_columns++] = (struct eval_tally_column){ .name = name };
	return 0;
}

static int want_test(struct look *k, const struct eval_rule *rule, struct slot *s, struct err *e)
{
	struct eval_tally *t = &k->tally;

	if (mem_grow(&t->tests, &k->cap_tests, t->n_tests + 1, sizeof(*t->tests), e))
		return -1;
	s->test = t->n_tests++;
	t->tests[s->test] = (struct eval_tally_test){ .column = s->column,
		.values = rule->values,
		.n_values = rule->n_values,
		.low = rule->bound.low,
		.high = rule->bound.high };
	return 0;
}

static int want(
	struct look *k, size_t i, const struct eval_rule *rule, const char *column, struct err *e)
{
	struct slot *s = &k->slots[i];

	s->used = true;
	if (!column)
		return 0;
	if (want_column(k, column, &s->column, e))
		return -1;
	if (rule->check == EVAL_CHECK_DISTINCT)
		k->tally.columns[s->column].distinct = true;
	if (rule->check == EVAL_CHECK_IN || rule->check == EVAL_CHECK_BETWEEN ||
		rule->check == EVAL_CHECK_SHARE)
		return want_test(k, rule, s, e);
	return 0;
}

/* Looks at the table of predictions (`like` NULL), or at that which rules name with `like`. */
static int look_at(struct look *k, const struct eval_rules *rules, const char *path,
	const char *like, const struct eval_check_options *o, struct pool *pool, struct err *e)
{
	k->slots = mem_array(rules->n, sizeof(*k->slots), e);
	if (!k->slots)
		return -1;
	for (size_t i = 0; i < rules->n; i++) {
		const struct eval_rule *r = &rules->rules[i];
		const char *column = like ? r->bound.like_column : r->column;

		if (r->check == EVAL_CHECK_OUTLIER || r->check == EVAL_CHECK_FOLDS)
			continue;
		if (like && (!r->bound.like_file || strcmp(r->bound.like_file, like) != 0))
			continue;
		if (want(k, i, r, column, e))
			return -1;
	}
	return eval_tally_run(&k->tally, path, o->dialect, pool, o->progress, e);
}

/* The figure that a bound is set to. */
static double figure_of(const struct look *k, size_t i, const struct eval_rule *rule)
{
	const struct slot *s = &k->slots[i];
	const struct eval_tally_column *c = rule->column ? &k->tally.columns[s->column] : NULL;

	switch (rule->check) {
	case EVAL_CHECK_ROWS:
		return (double)k->tally.n_rows;
	case EVAL_CHECK_MISSING:
		return k->tally.n_rows ? (double)c->n_missing / (double)k->tally.n_rows : 0;
	case EVAL_CHECK_SHARE:
		return k->tally.n_rows
			       ? (double)k->tally.tests[s->test].n_pass / (double)k->tally.n_rows
			       : NAN;
	case EVAL_CHECK_DISTINCT:
		return (double)c->n_distinct;
	case EVAL_CHECK_MEAN:
		return c->n_numbers ? c->mean : NAN;
	case EVAL_CHECK_SD:
		return eval_tally_sd(c);
	default:
		return NAN;
	}
}

static enum eval_status status_of(const struct eval_rule *rule, bool good)
{
	return good ? EVAL_PASS : rule->is_warning ? EVAL_WARNING : EVAL_FAIL;
}

/* Rules that each field must keep. */
static int judge_fields(const struct look *k, size_t i, const struct eval_rule *rule,
	const char *path, struct eval_report *report, struct err *e)
{
	const struct eval_tally_test *t = &k->tally.tests[k->slots[i].test];
	const struct eval_tally_column *c = &k->tally.columns[k->slots[i].column];
	struct buf observed = BUF_INIT, detail = BUF_INIT;
	unsigned long long bad = t->n_fail, rows = k->tally.n_rows;
	int rc = -1;

	if (bad)
		buf_addf(&observed, "%llu of %llu rows break it", bad, rows);
	else
		buf_addf(&observed, "all of %llu rows", rows);
	if (c->n_numbers && rule->check == EVAL_CHECK_BETWEEN)
		buf_addf(&observed, ", from %.6g to %.6g", c->low, c->high);
	if (bad)
		buf_addf(&detail, "%llu of %llu rows %s; the first: %s:%llu: '%s'", bad, rows,
			rule->check == EVAL_CHECK_IN ? "have another value" : "are outside", path,
			(unsigned long long)t->first_line, t->first_text);
	if (!buf_check(&observed, e) && !buf_check(&detail, e))
		rc = eval_report_add(report, status_of(rule, !bad && rows), rule->name, observed.p,
			bad || rows ? detail.p : "there are no rows", e);
	buf_release(&observed);
	buf_release(&detail);
	return rc;
}

static int judge_constant(const struct look *k, size_t i, const struct eval_rule *rule,
	struct eval_report *report, struct err *e)
{
	const struct eval_tally_column *c = &k->tally.columns[k->slots[i].column];
	struct buf observed = BUF_INIT;
	int rc = -1;

	if (c->varies && c->n_numbers)
		buf_addf(&observed, "from %.6g to %.6g", c->low, c->high);
	else
		buf_add_text(&observed, c->varies ? "it varies" : "one value in all rows");
	if (!buf_check(&observed, e))
		rc = eval_report_add(report, status_of(rule, c->varies), rule->name, observed.p,
			c->varies ? "" : "all rows have the same value: the model has collapsed",
			e);
	buf_release(&observed);
	return rc;
}

/* Rules about a figure: share, count, mean. `expected` is that of another table, NAN if there is none. */
static int judge_figure(double figure, double expected, const struct eval_rule *rule,
	struct eval_report *report, struct err *e)
{
	struct eval_bound b = rule->bound;
	struct buf observed = BUF_INIT, detail = BUF_INIT;
	bool good;
	int rc = -1;

	if (b.has_expected) {
		double center = b.like_file ? expected : b.expected;
		double slack = b.within * fabs(center) * (1 + 1e-12);

		b.low = center - slack;
		b.high = center + slack;
		b.expected = center;
	}
	good = figure >= b.low && figure <= b.high;
	buf_addf(&observed, "%.8g", figure);
	if (b.has_expected)
		buf_addf(&observed, ", expected %.8g", b.expected);
	if (!good && b.has_expected && b.within == 0)
		buf_addf(&detail, "%.8g is not %.8g", figure, b.expected);
	else if (!good)
		buf_addf(&detail, "%.8g is not between %.8g and %.8g", figure, b.low, b.high);
	if (!buf_check(&observed, e) && !buf_check(&detail, e))
		rc = eval_report_add(
			report, status_of(rule, good), rule->name, observed.p, detail.p, e);
	buf_release(&observed);
	buf_release(&detail);
	return rc;
}

/* The figure of the table that the rule names; read once for all rules that name it. */
static int find_expected(const struct eval_rules *rules, double *expected,
	const struct eval_check_options *o, struct pool *pool, struct err *e)
{
	for (size_t i = 0; i < rules->n; i++)
		expected[i] = NAN;
	for (size_t i = 0; i < rules->n; i++) {
		const char *file = rules->rules[i].bound.like_file;
		struct look k = { 0 };
		int rc;

		if (!file || !isnan(expected[i]))
			continue;
		rc = look_at(&k, rules, file, file, o, pool, e);
		for (size_t n = i; n < rules->n && !rc; n++)
			if (k.slots[n].used)
				expected[n] = figure_of(&k, n, &rules->rules[n]);
		if (!rc && isnan(expected[i])) {
			err_set(e, ERR_INPUT, "%s has no such figure", file);
			rc = err_at(e, "rule '%s'", rules->rules[i].name);
		}
		release_look(&k);
		if (rc)
			return -1;
	}
	return 0;
}

static int judge(const struct look *k, size_t i, const struct eval_rule *rule, double expected,
	const char *path, const struct eval_check_options *o, struct eval_report *report,
	struct err *e)
{
	switch (rule->check) {
	case EVAL_CHECK_IN:
	case EVAL_CHECK_BETWEEN:
		return judge_fields(k, i, rule, path, report, e);
	case EVAL_CHECK_CONSTANT:
		return judge_constant(k, i, rule, report, e);
	case EVAL_CHECK_OUTLIER:
	case EVAL_CHECK_FOLDS:
		return eval_folds_judge(rule, o->folds, o->folds_name, report, e);
	default:
		return judge_figure(figure_of(k, i, rule), expected, rule, report, e);
	}
}

int eval_check_run(const struct eval_rules *rules, const char *path,
	const struct eval_check_options *o, struct pool *pool, struct eval_report *report,
	struct err *e)
{
	double *expected = mem_array(rules->n, sizeof(*expected), e);
	struct look k = { 0 };
	int rc = -1;

	if (!expected || look_at(&k, rules, path, NULL, o, pool, e) ||
		find_expected(rules, expected, o, pool, e))
		goto out;
	for (size_t i = 0; i < rules->n; i++)
		if (judge(&k, i, &rules->rules[i], expected[i], path, o, report, e))
			goto out;
	rc = 0;
out:
	free(expected);
	release_look(&k);
	return rc;
}
