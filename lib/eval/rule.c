#include "eval/rule.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/doc.h"

enum { MAX_RULES = 10000, MAX_VALUES = 100000 };

static const double default_z = 3.5, default_floor = 0.01;

static const char *copy(struct eval_rules *r, const char *s, struct err *e)
{
	return arena_dup(&r->memory, s, strlen(s), e);
}

/* ---- values and bounds ---------------------------------------------------------------------------- */

static int parse_value(
	struct eval_rules *r, json_t *v, const char *where, struct eval_value *out, struct err *e)
{
	*out = (struct eval_value){ .text = "" };
	if (json_is_number(v)) {
		out->is_number = true;
		out->number = json_number_value(v);
		return 0;
	}
	if (json_is_boolean(v)) {
		out->text = json_is_true(v) ? "true" : "false";
		return 0;
	}
	if (!json_is_string(v))
		return err_set(e, ERR_INPUT, "%s: a value is neither a number nor a text", where);
	out->text = copy(r, json_string_value(v), e);
	return out->text ? 0 : -1;
}

static int parse_values(struct eval_rules *r, struct eval_rule *rule, json_t *list,
	const char *where, struct err *e)
{
	size_t n = json_array_size(list);

	if (!json_is_array(list) || n == 0)
		return err_set(e, ERR_INPUT, "%s: 'in' is not a list of values", where);
	if (n > MAX_VALUES)
		return err_set(e, ERR_INPUT, "%s: more than %d values", where, (int)MAX_VALUES);
	rule->values = arena_alloc(&r->memory, n * sizeof(*rule->values), e);
	if (!rule->values)
		return -1;
	rule->n_values = n;
	for (size_t i = 0; i < n; i++)
		if (parse_value(r, json_array_get(list, i), where, &rule->values[i], e))
			return -1;
	return 0;
}

static int parse_between(struct eval_bound *b, json_t *pair, const char *where, struct err *e)
{
	if (!json_is_array(pair) || json_array_size(pair) != 2 ||
		!json_is_number(json_array_get(pair, 0)) ||
		!json_is_number(json_array_get(pair, 1)))
		return err_set(e, ERR_INPUT, "%s: 'between' is not [LOW, HIGH]", where);
	b->low = json_number_value(json_array_get(pair, 0));
	b->high = json_number_value(json_array_get(pair, 1));
	if (b->low > b->high)
		return err_set(e, ERR_INPUT, "%s: 'between' has its higher end first", where);
	return 0;
}

static int parse_like(
	struct eval_rules *r, struct eval_rule *rule, json_t *o, const char *where, struct err *e)
{
	static const char *const keys[] = { "file", "column", NULL };
	json_t *like = jdoc_get_object(o, "like", where, e);
	const char *file, *column = rule->column;

	if (!like || jdoc_check_keys(like, keys, where, e))
		return -1;
	file = jdoc_get_text(like, "file", where, e);
	if (!file || jdoc_get_text_or(like, "column", where, &column, e))
		return -1;
	if (column && !rule->column)
		return err_set(e, ERR_INPUT, "%s: rows have no column", where);
	rule->bound.like_file = copy(r, file, e);
	if (!rule->bound.like_file)
		return -1;
	if (column)
		rule->bound.like_column = copy(r, column, e);
	return column && !rule->bound.like_column ? -1 : 0;
}

/* `other` is a key that may stand beside the bound. */
static int parse_bound(struct eval_rules *r, struct eval_rule *rule, json_t *o, const char *other,
	const char *where, struct err *e)
{
	const char *const keys[] = { "between", "expected", "like", "within", other, NULL };
	struct eval_bound *b = &rule->bound;
	bool between, expected, like;

	if (!json_is_object(o))
		return err_set(e, ERR_INPUT,
			"%s: needs {between: [LOW, HIGH]} or {expected: X, within: SHARE}", where);
	if (jdoc_check_keys(o, keys, where, e))
		return -1;
	between = json_object_get(o, "between");
	expected = json_object_get(o, "expected");
	like = json_object_get(o, "like");
	if (between + expected + like != 1)
		return err_set(
			e, ERR_INPUT, "%s: give one of 'between', 'expected', 'like'", where);
	if (between && json_object_get(o, "within"))
		return err_set(e, ERR_INPUT, "%s: 'within' goes with 'expected' or 'like'", where);
	b->has_expected = !between;
	if (between)
		return parse_between(b, json_object_get(o, "between"), where, e);
	if (jdoc_get_number_or(o, "within", where, &b->within, e))
		return -1;
	if (b->within < 0)
		return err_set(e, ERR_INPUT, "%s: 'within' is below 0", where);
	if (like)
		return parse_like(r, rule, o, where, e);
	return jdoc_get_number(o, "expected", where, &b->expected, e);
}

/* ---- checks --------------------------------------------------------------------------------------- */

static int parse_share(
	struct eval_rules *r, struct eval_rule *rule, json_t *o, const char *where, struct err *e)
{
	json_t *value = json_object_get(o, "value");

	if (!value)
		return err_set(e, ERR_INPUT, "%s: 'share' has no 'value'", where);
	rule->values = arena_alloc(&r->memory, sizeof(*rule->values), e);
	if (!rule->values)
		return -1;
	rule->n_values = 1;
	if (parse_value(r, value, where, rule->values, e))
		return -1;
	return parse_bound(r, rule, o, "value", where, e);
}

static int parse_outlier(struct eval_rule *rule, json_t *o, const char *where, struct err *e)
{
	static const char *const keys[] = { "max_z", "floor", NULL };

	rule->max_z = default_z;
	rule->floor = default_floor;
	if (json_is_null(o))
		return 0;
	if (!json_is_object(o))
		return err_set(e, ERR_INPUT, "%s: 'outlier' is not a mapping", where);
	if (jdoc_check_keys(o, keys, where, e) ||
		jdoc_get_number_or(o, "max_z", where, &rule->max_z, e) ||
		jdoc_get_number_or(o, "floor", where, &rule->floor, e))
		return -1;
	if (!(rule->max_z > 0) || rule->floor < 0)
		return err_set(e, ERR_INPUT, "%s: 'max_z' and 'floor' must be above 0", where);
	return 0;
}

struct check_key {
	const char *key;
	enum eval_check check;
};

static const struct check_key column_checks[] = { { "in", EVAL_CHECK_IN },
	{ "between", EVAL_CHECK_BETWEEN }, { "missing", EVAL_CHECK_MISSING },
	{ "constant", EVAL_CHECK_CONSTANT }, { "share", EVAL_CHECK_SHARE },
	{ "distinct", EVAL_CHECK_DISTINCT }, { "mean", EVAL_CHECK_MEAN }, { "sd", EVAL_CHECK_SD },
	{ NULL, 0 } };
static const struct check_key fold_checks[] = { { "outlier", EVAL_CHECK_OUTLIER },
	{ "between", EVAL_CHECK_FOLDS }, { NULL, 0 } };

/* The one check that the rule has. */
static json_t *find_check(json_t *o, const struct check_key *checks, enum eval_check *check,
	const char *where, struct err *e)
{
	const struct check_key *found = NULL;

	for (const struct check_key *k = checks; k->key; k++) {
		if (!json_object_get(o, k->key))
			continue;
		if (found) {
			err_set(e, ERR_INPUT, "%s: both '%s' and '%s'", where, found->key, k->key);
			err_hint(e, "make two rules of it");
			return NULL;
		}
		found = k;
	}
	if (!found) {
		err_set(e, ERR_INPUT, "%s: nothing is checked", where);
		err_hint(e, checks == fold_checks ? "add outlier or between"
						  : "add in, between, missing, constant, share, "
						    "distinct, mean or sd");
		return NULL;
	}
	*check = found->check;
	return json_object_get(o, found->key);
}

static int parse_column(
	struct eval_rules *r, struct eval_rule *rule, json_t *o, const char *where, struct err *e)
{
	json_t *v = find_check(o, column_checks, &rule->check, where, e);
	const char *column = v ? jdoc_get_text(o, "column", where, e) : NULL;

	rule->column = column ? copy(r, column, e) : NULL;
	if (!rule->column)
		return -1;
	switch (rule->check) {
	case EVAL_CHECK_IN:
		return parse_values(r, rule, v, where, e);
	case EVAL_CHECK_BETWEEN:
		return parse_between(&rule->bound, v, where, e);
	case EVAL_CHECK_MISSING:
		if (jdoc_get_number(o, "missing", where, &rule->bound.high, e))
			return -1;
		if (rule->bound.high < 0 || rule->bound.high > 1)
			return err_set(
				e, ERR_INPUT, "%s: 'missing' is not a share from 0 to 1", where);
		return 0;
	case EVAL_CHECK_CONSTANT:
		return json_is_false(v)
			       ? 0
			       : err_set(e, ERR_INPUT, "%s: 'constant' can only be false", where);
	case EVAL_CHECK_SHARE:
		return parse_share(r, rule, v, where, e);
	default:
		return parse_bound(r, rule, v, "between", where, e);
	}
}

static int parse_metrics(
	struct eval_rules *r, struct eval_rule *rule, json_t *v, const char *where, struct err *e)
{
	size_t n = json_is_array(v) ? json_array_size(v) : 1;
	const char **list = arena_alloc(&r->memory, (n + 1) * sizeof(*list), e);

	if (!list)
		return -1;
	list[n] = NULL;
	for (size_t i = 0; i < n; i++) {
		json_t *name = json_is_array(v) ? json_array_get(v, i) : v;

		if (!json_is_string(name))
			return err_set(e, ERR_INPUT, "%s: 'cv' is not the name of a metric", where);
		list[i] = copy(r, json_string_value(name), e);
		if (!list[i])
			return -1;
	}
	if (n == 1 && slice_is(slice_of(list[0]), "all"))
		list[0] = NULL;
	rule->metrics = list;
	return 0;
}

static int parse_folds(
	struct eval_rules *r, struct eval_rule *rule, json_t *o, const char *where, struct err *e)
{
	json_t *v = find_check(o, fold_checks, &rule->check, where, e);

	if (!v || parse_metrics(r, rule, json_object_get(o, "cv"), where, e))
		return -1;
	if (rule->check == EVAL_CHECK_FOLDS)
		return parse_between(&rule->bound, v, where, e);
	return parse_outlier(rule, v, where, e);
}

/* ---- names ---------------------------------------------------------------------------------------- */

static void add_number(struct buf *b, double v)
{
	char text[NUM_TEXT_MAX];

	num_format_double(text, v);
	buf_add_text(b, text);
}

static void add_value(struct buf *b, const struct eval_value *v)
{
	if (v->is_number)
		add_number(b, v->number);
	else
		buf_add_text(b, v->text);
}

static void add_bound(struct buf *b, const struct eval_bound *bound)
{
	if (!bound->has_expected) {
		buf_add_text(b, " between ");
		add_number(b, bound->low);
		buf_add_text(b, " and ");
		add_number(b, bound->high);
		return;
	}
	if (bound->within > 0)
		buf_addf(b, " within %.6g%% of ", bound->within * 100);
	else
		buf_add_text(b, " equal to ");
	if (bound->like_file && bound->like_column)
		buf_addf(b, "that of %s in %s", bound->like_column, bound->like_file);
	else if (bound->like_file)
		buf_addf(b, "that of %s", bound->like_file);
	else
		add_number(b, bound->expected);
}

static void add_metrics(struct buf *b, const struct eval_rule *rule)
{
	buf_add_text(b, rule->metrics[0] ? "" : "all metrics");
	for (size_t i = 0; rule->metrics[i]; i++)
		buf_addf(b, "%s%s", i ? ", " : "", rule->metrics[i]);
}

/* The rule in words, where it has no name. */
static void describe(struct buf *b, const struct eval_rule *rule)
{
	switch (rule->check) {
	case EVAL_CHECK_IN:
		buf_addf(b, "%s in {", rule->column);
		for (size_t i = 0; i < rule->n_values && i < 10; i++) {
			buf_add_text(b, i ? ", " : "");
			add_value(b, &rule->values[i]);
		}
		buf_add_text(b, rule->n_values > 10 ? ", ...}" : "}");
		return;
	case EVAL_CHECK_MISSING:
		if (rule->bound.high > 0)
			buf_addf(b, "%s missing in at most %.6g%%", rule->column,
				rule->bound.high * 100);
		else
			buf_addf(b, "%s never missing", rule->column);
		return;
	case EVAL_CHECK_CONSTANT:
		buf_addf(b, "%s not constant", rule->column);
		return;
	case EVAL_CHECK_OUTLIER:
		buf_add_text(b, "no outlier among the folds: ");
		add_metrics(b, rule);
		return;
	case EVAL_CHECK_FOLDS:
		buf_add_text(b, "each fold's ");
		add_metrics(b, rule);
		break;
	case EVAL_CHECK_BETWEEN:
		buf_add_text(b, rule->column);
		break;
	case EVAL_CHECK_SHARE:
		buf_addf(b, "share of %s ", rule->column);
		add_value(b, rule->values);
		break;
	case EVAL_CHECK_DISTINCT:
		buf_addf(b, "number of different %s", rule->column);
		break;
	case EVAL_CHECK_MEAN:
		buf_addf(b, "mean %s", rule->column);
		break;
	case EVAL_CHECK_SD:
		buf_addf(b, "standard deviation of %s", rule->column);
		break;
	case EVAL_CHECK_ROWS:
		buf_add_text(b, "number of rows");
		break;
	}
	add_bound(b, &rule->bound);
}

static int set_name(struct eval_rules *r, struct eval_rule *rule, const char *given, struct err *e)
{
	struct buf b = BUF_INIT;

	if (given)
		buf_add_text(&b, given);
	else
		describe(&b, rule);
	rule->name = buf_check(&b, e) ? NULL : copy(r, b.p, e);
	buf_release(&b);
	return rule->name ? 0 : -1;
}

/* ---- the file ------------------------------------------------------------------------------------- */

static int parse_rule(struct eval_rules *r, json_t *o, const char *where, struct err *e)
{
	static const char *const column_keys[] = { "name", "severity", "column", "in", "between",
		"missing", "constant", "share", "distinct", "mean", "sd", NULL };
	static const char *const fold_keys[] = { "name", "severity", "cv", "outlier", "between",
		NULL };
	static const char *const row_keys[] = { "name", "severity", "rows", NULL };
	struct eval_rule rule = { .max_z = default_z, .floor = default_floor };
	bool column, folds, rows;
	const char *severity = "error", *name = NULL;

	if (!json_is_object(o))
		return err_set(e, ERR_INPUT, "%s: is not a mapping", where);
	column = json_object_get(o, "column");
	folds = json_object_get(o, "cv");
	rows = json_object_get(o, "rows");
	if (column + folds + rows != 1)
		return err_set(e, ERR_INPUT, "%s: give one of 'column', 'cv', 'rows'", where);
	if (jdoc_check_keys(o,
		    column  ? column_keys
		    : folds ? fold_keys
			    : row_keys,
		    where, e) ||
		jdoc_get_text_or(o, "severity", where, &severity, e) ||
		jdoc_get_text_or(o, "name", where, &name, e))
		return -1;
	rule.is_warning = slice_is(slice_of(severity), "warning");
	if (!rule.is_warning && !slice_is(slice_of(severity), "error"))
		return err_set(e, ERR_INPUT, "%s: severity '%s' is neither error nor warning",
			where, severity);
	rule.check = EVAL_CHECK_ROWS;
	if (column      ? parse_column(r, &rule, o, where, e)
		: folds ? parse_folds(r, &rule, o, where, e)
			: parse_bound(r, &rule, json_object_get(o, "rows"), "between", where, e))
		return -1;
	if (set_name(r, &rule, name, e) ||
		mem_grow(&r->rules, &r->cap, r->n + 1, sizeof(*r->rules), e))
		return -1;
	r->rules[r->n++] = rule;
	return 0;
}

int eval_rule_parse(struct eval_rules *r, json_t *doc, const char *name, struct err *e)
{
	static const char *const keys[] = { "rules", NULL };
	json_t *list = doc;

	*r = (struct eval_rules){ 0 };
	if (json_is_object(doc)) {
		if (jdoc_check_keys(doc, keys, name, e))
			return -1;
		list = jdoc_get_array(doc, "rules", name, e);
		if (!list)
			return -1;
	}
	if (!json_is_array(list))
		return err_set(e, ERR_INPUT, "%s: is not a list of rules", name);
	if (json_array_size(list) == 0)
		return err_set(e, ERR_INPUT, "%s: there are no rules", name);
	if (json_array_size(list) > MAX_RULES)
		return err_set(e, ERR_INPUT, "%s: more than %d rules", name, (int)MAX_RULES);
	for (size_t i = 0; i < json_array_size(list); i++) {
		char where[256];

		snprintf(where, sizeof(where), "%.200s: rule %zu", name, i + 1);
		if (parse_rule(r, json_array_get(list, i), where, e))
			return -1;
	}
	return 0;
}

int eval_rule_load(struct eval_rules *r, const char *path, struct err *e)
{
	json_t *doc = doc_load(path, e);
	int rc;

	*r = (struct eval_rules){ 0 };
	if (!doc)
		return -1;
	rc = eval_rule_parse(r, doc, path, e);
	json_decref(doc);
	return rc;
}

void eval_rule_release(struct eval_rules *r)
{
	if (!r)
		return;
	free(r->rules);
	arena_release(&r->memory);
	*r = (struct eval_rules){ 0 };
}
