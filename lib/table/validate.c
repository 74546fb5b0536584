#include "table/validate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "table/validate_cells.h"

struct validate {
	const struct table_schema *schema;
	const struct table_validate_options *o;
	struct table_checks c;
	struct table_findings *f;
	size_t *at; /* [n_fields] column of the data, SIZE_MAX: absent or not of this environment */
	size_t *key_cols;
	const char *name;
	struct err *e;
};

enum { SHOWN_VALUES = 10 };

/* ---- the columns ---- */

static bool are_more_allowed(enum table_match m)
{
	return m == TABLE_MATCH_SUBSET || m == TABLE_MATCH_PARTIAL;
}

static bool are_fewer_allowed(enum table_match m)
{
	return m == TABLE_MATCH_SUPERSET || m == TABLE_MATCH_PARTIAL;
}

static int find_new(struct validate *v, const char *name)
{
	size_t i = table_schema_find(v->schema, name);
	struct table_finding one = { .column = name,
		.anomaly = TABLE_SCHEMA_NEW_COLUMN,
		.severity = v->schema->new_columns };

	if (i != SIZE_MAX)
		return table_findings_add(v->f, one, v->e,
			"new column %s found in data but not in the environment %s in the schema",
			name, v->o->environment);
	return table_findings_add(v->f, one, v->e, "new column (column in data but not in schema)");
}

static int match_columns(struct validate *v, const struct csv_table *in)
{
	const struct table_schema *s = v->schema;
	size_t last = 0;
	bool in_order = true;

	for (size_t i = 0; i < s->n_fields; i++)
		v->at[i] = SIZE_MAX;
	for (size_t i = 0; i < csv_table_n_cols(in); i++) {
		const char *name = csv_table_col_name(in, i);
		size_t field = table_schema_find(s, name);

		v->f->cols[i] = mem_dup(name, v->e);
		if (!v->f->cols[i])
			return -1;
		v->f->n_cols++;
		if (field != SIZE_MAX && table_field_is_in(&s->fields[field], v->o->environment)) {
			v->at[field] = i;
			in_order = in_order && field >= last;
			last = field;
		} else if (!are_more_allowed(s->match) && s->new_columns != TABLE_IGNORE) {
			if (find_new(v, name))
				return -1;
		}
	}
	if (s->match == TABLE_MATCH_EXACT && !in_order)
		return table_findings_add(v->f,
			(struct table_finding){ .column = "", .anomaly = TABLE_COLUMN_ORDER }, v->e,
			"the columns are not in the order of the schema");
	return 0;
}

static int find_missing(struct validate *v)
{
	const struct table_schema *s = v->schema;
	size_t n_there = 0;

	for (size_t i = 0; i < s->n_fields; i++) {
		struct table_finding one = { .column = s->fields[i].name,
			.anomaly = TABLE_SCHEMA_MISSING_COLUMN,
			.severity = s->fields[i].severity };

		n_there += v->at[i] != SIZE_MAX;
		if (v->at[i] != SIZE_MAX || are_fewer_allowed(s->match) ||
			!table_field_is_in(&s->fields[i], v->o->environment))
			continue;
		if (table_findings_add(v->f, one, v->e, "column is completely missing"))
			return -1;
	}
	if (s->match == TABLE_MATCH_PARTIAL && n_there == 0 && s->n_fields > 0)
		return table_findings_add(v->f,
			(struct table_finding){
				.column = "", .anomaly = TABLE_SCHEMA_MISSING_COLUMN },
			v->e, "no column of the schema is there");
	return 0;
}

/* ---- setting up ---- */

static int compile(struct validate *v, int n_workers)
{
	struct table_checks *c = &v->c;
	size_t n = (size_t)n_workers * c->n;

	c->patterns = mem_array(n, sizeof(*c->patterns), v->e);
	if (!c->patterns)
		return -1;
	for (; c->n_patterns < n; c->n_patterns++) {
		const struct table_field *f = c->checks[c->n_patterns % c->n].field;
		char text[200];
		int rc;

		if (!f->pattern)
			continue;
		rc = regcomp(&c->patterns[c->n_patterns], f->pattern, REG_EXTENDED | REG_NOSUB);
		if (rc == 0)
			continue;
		regerror(rc, &c->patterns[c->n_patterns], text, sizeof(text));
		return err_set(v->e, rc == REG_ESPACE ? ERR_SYSTEM : ERR_INPUT,
			"the pattern of field '%s' is wrong: %s", f->name, text);
	}
	return 0;
}

static void add_key(struct validate *v, const struct table_key *key, size_t check)
{
	struct table_checks *c = &v->c;
	struct table_key_check *to = &c->keys[c->n_keys];

	*to = (struct table_key_check){ .key = key, .check = check, .cols = v->key_cols };
	if (!key) {
		*v->key_cols++ = c->checks[check].col;
		to->n = 1;
		c->n_keys++;
		return;
	}
	for (size_t i = 0; i < key->n; i++) {
		if (v->at[key->fields[i]] == SIZE_MAX)
			return; /* reported as a missing column */
		*v->key_cols++ = v->at[key->fields[i]];
		to->n++;
	}
	for (size_t i = 0; i < c->n; i++) {
		if (c->checks[i].field == &v->schema->fields[key->fields[0]])
			to->check = i;
	}
	c->n_keys++;
}

static int set_up(struct validate *v, size_t **key_cols)
{
	const struct table_schema *s = v->schema;
	struct table_checks *c = &v->c;
	size_t n = s->n_fields;

	for (size_t i = 0; i < s->n_keys; i++)
		n += s->keys[i].n;
	c->checks = mem_array(s->n_fields + 1, sizeof(*c->checks), v->e);
	c->keys = mem_array(s->n_fields + s->n_keys + 1, sizeof(*c->keys), v->e);
	*key_cols = v->key_cols = mem_array(n + 1, sizeof(**key_cols), v->e);
	if (!c->checks || !c->keys || !v->key_cols)
		return -1;
	/* By the columns of the data: findings come in that order. */
	for (size_t col = 0; col < c->n_cols; col++) {
		for (size_t i = 0; i < s->n_fields; i++) {
			if (v->at[i] == col)
				c->checks[c->n++] =
					(struct table_check){ .field = &s->fields[i], .col = col };
		}
	}
	for (size_t i = 0; i < c->n; i++) {
		if (c->checks[i].field->unique)
			add_key(v, NULL, i);
	}
	for (size_t i = 0; i < s->n_keys; i++) {
		/* A primary key of one unique column is looked at once. */
		const struct table_key *k = &s->keys[i];

		if (k->n > 1 || !s->fields[k->fields[0]].unique)
			add_key(v, k, 0);
	}
	return 0;
}

static void tear_down(struct validate *v)
{
	struct table_checks *c = &v->c;

	for (size_t i = 0; i < c->n_patterns; i++) {
		if (c->checks[i % c->n].field->pattern)
			regfree(&c->patterns[i]);
	}
	for (size_t i = 0; i < c->n; i++) {
		table_dict_release(&c->checks[i].unexpected);
		table_dict_release(&c->checks[i].distinct);
		free(c->checks[i].n_unexpected);
	}
	for (size_t i = 0; i < c->n_keys; i++)
		table_once_release(&c->keys[i].once);
	free(c->patterns);
	free(c->checks);
	free(c->keys);
}

/* ---- judging ---- */

static uint64_t row_number(const struct validate *v, uint64_t row)
{
	return row + !v->o->dialect->no_header;
}

static struct table_finding finding(const struct validate *v, const char *column,
	enum table_anomaly a, const struct table_tally *t)
{
	uint64_t n = v->c.n_rows + v->c.shape.n;

	return (struct table_finding){
		.column = column,
		.anomaly = a,
		.count = t ? t->n : 0,
		.share = t && n ? (double)t->n / (double)n : 0,
		.row = t && t->n ? row_number(v, t->row) : 0,
		.line = t && t->n ? t->line : 0,
		.value = t && t->n ? t->value : NULL,
	};
}

static struct table_finding about(const struct validate *v, const struct table_check *k,
	enum table_anomaly a, const struct table_tally *t)
{
	struct table_finding one = finding(v, k->field->name, a, t);

	one.severity = k->field->severity;
	return one;
}

static int judge_presence(struct validate *v, const struct table_check *k)
{
	const struct table_field *f = k->field;
	const struct table_tally *t = &k->tallies[TABLE_CELL_MISSING];
	uint64_t n = v->c.n_rows, present = n - t->n;
	double least = f->required ? 1 : f->min_fraction;
	struct table_finding one = about(v, k, TABLE_LOW_FRACTION_PRESENT, t);

	one.value = NULL;
	if (n == 0 || (least == 0 && f->min_count == 0))
		return 0;
	if (present == 0) {
		one.anomaly = TABLE_NOT_PRESENT;
		return table_findings_add(
			v->f, one, v->e, "the feature was not present in any examples");
	}
	if ((double)present / (double)n < least &&
		table_findings_add(v->f, one, v->e,
			"the feature was present in fewer examples than expected: minimum fraction "
			"= %f, actual = %f (first missing in row %llu)",
			least, (double)present / (double)n, (unsigned long long)one.row))
		return -1;
	one.anomaly = TABLE_LOW_NUMBER_PRESENT;
	if (present < f->min_count)
		return table_findings_add(v->f, one, v->e,
			"the feature was present in fewer examples than expected: minimum count = "
			"%llu, actual = %llu",
			(unsigned long long)f->min_count, (unsigned long long)present);
	return 0;
}

static int judge_text(struct validate *v, const struct table_check *k)
{
	const struct table_field *f = k->field;
	const struct table_tally *t = &k->tallies[TABLE_CELL_TEXT];
	struct table_finding one = about(v, k, TABLE_UNEXPECTED_DATA_TYPE, t);

	if (t->n == 0)
		return 0;
	if (f->kind == TABLE_KIND_BOOLEAN) {
		one.anomaly = TABLE_BOOL_UNEXPECTED;
		return table_findings_add(v->f, one, v->e,
			"saw unexpected value \"%s\" (row %llu) instead of {\"%s\", \"%s\"}",
			t->value, (unsigned long long)one.row, f->no.n ? f->no.items[0] : "",
			f->yes.n ? f->yes.items[0] : "");
	}
	if (f->kind == TABLE_KIND_INTEGER)
		one.anomaly = TABLE_INT_NOT_INT;
	if (f->kind == TABLE_KIND_NUMBER)
		one.anomaly = TABLE_FLOAT_NOT_FLOAT;
	return table_findings_add(v->f, one, v->e,
		"expected data of type: %s but got STRING; values that were not %ss were found, "
		"such "
		"as \"%s\" (row %llu)",
		table_field_type(f),
		f->kind == TABLE_KIND_INTEGER  ? "int"
		: f->kind == TABLE_KIND_NUMBER ? "float"
					       : "such value",
		t->value, (unsigned long long)one.row);
}

static int judge_type(struct validate *v, const struct table_check *k)
{
	const struct table_tally *whole = &k->tallies[TABLE_CELL_FLOAT];
	const struct table_tally *nan = &k->tallies[TABLE_CELL_NAN];
	const struct table_tally *inf = &k->tallies[TABLE_CELL_INF];
	const struct table_tally *utf8 = &k->tallies[TABLE_CELL_UTF8];

	if (judge_text(v, k))
		return -1;
	if (whole->n > 0 &&
		table_findings_add(v->f, about(v, k, TABLE_UNEXPECTED_DATA_TYPE, whole), v->e,
			"expected data of type: %s but got FLOAT, such as %s (row %llu)",
			table_field_type(k->field), whole->value,
			(unsigned long long)row_number(v, whole->row)))
		return -1;
	if (nan->n > 0 && table_findings_add(v->f, about(v, k, TABLE_FLOAT_NAN, nan), v->e,
				  "float feature has NaN values (row %llu)",
				  (unsigned long long)row_number(v, nan->row)))
		return -1;
	if (inf->n > 0 && table_findings_add(v->f, about(v, k, TABLE_FLOAT_INF, inf), v->e,
				  "float feature has Inf values (row %llu)",
				  (unsigned long long)row_number(v, inf->row)))
		return -1;
	if (utf8->n > 0)
		return table_findings_add(v->f, about(v, k, TABLE_ENUM_INVALID_UTF8, utf8), v->e,
			"found strings that were not valid UTF8 (row %llu)",
			(unsigned long long)row_number(v, utf8->row));
	return 0;
}

/* A limit as the schema had it. */
static const char *limit_text(const struct table_field *f, double x, char *text)
{
	struct num_date d;

	if (f->kind == TABLE_KIND_DATE) {
		num_date_from_days((int64_t)x, &d);
		snprintf(text, NUM_TEXT_MAX, "%04d-%02d-%02d", d.year, d.month, d.day);
	} else {
		num_format_double(text, x);
	}
	return text;
}

static int judge_range(struct validate *v, const struct table_check *k)
{
	const struct table_tally *small = &k->tallies[TABLE_CELL_SMALL];
	const struct table_tally *big = &k->tallies[TABLE_CELL_BIG];
	const struct table_field *f = k->field;
	bool whole = f->kind == TABLE_KIND_INTEGER || f->kind == TABLE_KIND_YEAR;
	char text[NUM_TEXT_MAX];

	if (small->n > 0 &&
		table_findings_add(v->f,
			about(v, k, whole ? TABLE_INT_SMALL : TABLE_FLOAT_SMALL, small), v->e,
			"unexpectedly small value: %s%s%s (row %llu)", small->value,
			f->exclusive_minimum ? "<=" : "<", limit_text(f, f->minimum, text),
			(unsigned long long)row_number(v, small->other_row)))
		return -1;
	if (big->n > 0)
		return table_findings_add(v->f,
			about(v, k, whole ? TABLE_INT_BIG : TABLE_FLOAT_BIG, big), v->e,
			"unexpectedly high value: %s%s%s (row %llu)", big->value,
			f->exclusive_maximum ? ">=" : ">", limit_text(f, f->maximum, text),
			(unsigned long long)row_number(v, big->other_row));
	return 0;
}

/* The next most frequent value; its count is taken away. */
static uint32_t take_top(const struct table_check *k)
{
	uint32_t top = TABLE_DICT_NONE;

	for (uint32_t i = 0; i < k->unexpected.n; i++) {
		if (k->n_unexpected[i] > 0 &&
			(top == TABLE_DICT_NONE || k->n_unexpected[i] > k->n_unexpected[top]))
			top = i;
	}
	return top;
}

static int judge_domain(struct validate *v, const struct table_check *k)
{
	const struct table_tally *t = &k->tallies[TABLE_CELL_UNEXPECTED];
	uint64_t present = v->c.n_rows - k->tallies[TABLE_CELL_MISSING].n;
	struct buf b = BUF_INIT;
	int rc = -1;

	if (t->n == 0 || (double)t->n <= (1 - k->field->domain_mass) * (double)present)
		return 0;
	for (uint32_t n = 0; n < SHOWN_VALUES && n < k->unexpected.n; n++) {
		uint32_t top = take_top(k);
		uint64_t percent = k->n_unexpected[top] * 100 / present;

		buf_add_text(&b, n ? ", " : "");
		buf_add_slice(&b, k->unexpected.items[top]);
		if (percent > 0)
			buf_addf(&b, " (~%llu%%)", (unsigned long long)percent);
		else
			buf_add_text(&b, " (<1%)");
		k->n_unexpected[top] = 0;
	}
	if (k->unexpected.n > SHOWN_VALUES)
		buf_addf(&b, " and %u more", k->unexpected.n - SHOWN_VALUES);
	if (buf_check(&b, v->e) == 0)
		rc = table_findings_add(v->f, about(v, k, TABLE_ENUM_UNEXPECTED, t), v->e,
			"examples contain values missing from the schema: %s (row %llu)", b.p,
			(unsigned long long)row_number(v, t->row));
	buf_release(&b);
	return rc;
}

static int judge_texts(struct validate *v, const struct table_check *k)
{
	const struct table_tally *form = &k->tallies[TABLE_CELL_PATTERN];
	const struct table_tally *len = &k->tallies[TABLE_CELL_LENGTH];

	if (form->n > 0 &&
		table_findings_add(v->f, about(v, k, TABLE_VALUE_PATTERN, form), v->e,
			"values that do not match the pattern, such as \"%s\" (row %llu)",
			form->value, (unsigned long long)row_number(v, form->row)))
		return -1;
	if (len->n > 0)
		return table_findings_add(v->f, about(v, k, TABLE_VALUE_LENGTH, len), v->e,
			"values that are too short or too long, such as \"%s\" (row %llu)",
			len->value, (unsigned long long)row_number(v, len->row));
	return 0;
}

static int judge_distinct(struct validate *v, const struct table_check *k)
{
	const struct table_field *f = k->field;

	if (k->distinct.n < f->min_distinct)
		return table_findings_add(v->f, about(v, k, TABLE_LOW_UNIQUE, NULL), v->e,
			"expected at least %llu unique values but found only %u",
			(unsigned long long)f->min_distinct, k->distinct.n);
	if (k->distinct.n > f->max_distinct)
		return table_findings_add(v->f, about(v, k, TABLE_HIGH_UNIQUE, NULL), v->e,
			"expected no more than %llu unique values but found %u",
			(unsigned long long)f->max_distinct, k->distinct.n);
	return 0;
}

static int judge_key(struct validate *v, const struct table_key_check *key)
{
	const struct table_check *k = &v->c.checks[key->check];
	const struct table_tally *t = &key->duplicates;
	struct table_finding one =
		about(v, k, key->key ? TABLE_KEY_DUPLICATE : TABLE_VALUE_DUPLICATE, t);
	struct buf names = BUF_INIT;
	int rc = -1;

	if (t->n == 0)
		return 0;
	for (size_t i = 0; i < key->n; i++)
		buf_addf(&names, "%s%s", i ? ", " : "", v->f->cols[key->cols[i]]);
	one.column = names.p;
	if (buf_check(&names, v->e) == 0)
		rc = table_findings_add(v->f, one, v->e,
			"%s \"%s\"%s of row %llu is already in row %llu",
			key->key ? "the key" : "value", t->value, key->n > 1 ? ", ..." : "",
			(unsigned long long)one.row,
			(unsigned long long)row_number(v, t->other_row));
	buf_release(&names);
	return rc;
}

/* What concerns the table as a whole. */
static int judge_table(struct validate *v)
{
	const struct table_schema *s = v->schema;
	const struct table_tally *t = &v->c.shape;
	uint64_t n = v->c.n_rows + t->n;
	struct table_finding rows = finding(v, "", TABLE_DATASET_LOW_EXAMPLES, NULL);

	if (t->n > 0 && table_findings_add(v->f, finding(v, "", TABLE_ROW_SHAPE, t), v->e,
				"row %llu has %.0f cell%s, expected %zu",
				(unsigned long long)row_number(v, t->row), t->extreme,
				t->extreme == 1 ? "" : "s", v->c.n_cols))
		return -1;
	if (n < s->min_rows || n == 0)
		return table_findings_add(v->f, rows, v->e,
			"the dataset has %llu examples, which is fewer than expected",
			(unsigned long long)n);
	rows.anomaly = TABLE_DATASET_HIGH_EXAMPLES;
	if (n > s->max_rows)
		return table_findings_add(v->f, rows, v->e,
			"the dataset has %llu examples, which is more than expected",
			(unsigned long long)n);
	return 0;
}

static int judge(struct validate *v)
{
	if (judge_table(v))
		return -1;
	for (size_t i = 0; i < v->c.n; i++) {
		const struct table_check *k = &v->c.checks[i];

		if (judge_presence(v, k) || judge_type(v, k) || judge_range(v, k) ||
			judge_domain(v, k) || judge_texts(v, k) || judge_distinct(v, k))
			return -1;
	}
	for (size_t i = 0; i < v->c.n_keys; i++) {
		if (judge_key(v, &v->c.keys[i]))
			return -1;
	}
	return find_missing(v);
}

static int check_environment(const struct table_schema *s, const char *environment, struct err *e)
{
	const char *near;
	bool known = !environment;
	const char **names = mem_array(s->environments.n + 1, sizeof(*names), e);

	if (!names)
		return -1;
	for (size_t i = 0; i < s->environments.n; i++) {
		names[i] = s->environments.items[i];
		known = known || strcmp(environment, names[i]) == 0;
	}
	near = known ? NULL : opt_nearest(environment, names);
	free(names);
	if (known)
		return 0;
	err_set(e, ERR_INPUT, "the schema has no environment '%s'", environment);
	return near ? err_hint(e, "did you mean '%s'?", near) : -1;
}

int table_validate(const char *path, const struct table_schema *s,
	const struct table_validate_options *o, struct pool *pool, struct table_findings *f,
	struct err *e)
{
	struct csv_dialect dialect = *o->dialect;
	struct validate v = { .schema = s, .o = o, .f = f, .e = e };
	struct csv_table *in = NULL;
	size_t *key_cols = NULL;
	int rc = -1;

	if (check_environment(s, o->environment, e))
		return -1;
	if (dialect.ragged == CSV_RAGGED_ERROR)
		dialect.ragged = CSV_RAGGED_KEEP;
	in = csv_table_open(path, &dialect, e);
	if (!in)
		return -1;
	v.name = csv_table_name(in);
	v.c.schema = s;
	v.c.cells = table_cells_of(&dialect);
	v.c.n_cols = csv_table_n_cols(in);
	v.at = mem_array(s->n_fields + 1, sizeof(*v.at), e);
	f->cols = mem_array(v.c.n_cols, sizeof(*f->cols), e);
	if (!v.at || !f->cols || match_columns(&v, in) || set_up(&v, &key_cols) ||
		compile(&v, pool_size(pool)) || table_checks_run(&v.c, in, pool, o->progress, e) ||
		judge(&v))
		goto out;
	f->n_rows = v.c.n_rows + v.c.shape.n;
	rc = 0;
out:
	tear_down(&v);
	free(v.at);
	free(key_cols);
	csv_table_close(in);
	return rc;
}
