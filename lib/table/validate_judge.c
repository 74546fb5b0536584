#include "table/validate_judge.h"

#include <stdio.h>

enum { SHOWN_VALUES = 10 };

struct judge {
	const struct table_checks *c;
	bool has_header; /* it is a row, in the numbers of rows */
	struct table_findings *f;
	struct err *e;
};

static uint64_t row_number(const struct judge *v, uint64_t row)
{
	return row + v->has_header;
}

static struct table_finding finding(const struct judge *v, const char *column, enum table_anomaly a,
	const struct table_tally *t)
{
	uint64_t n = v->c->n_rows + v->c->shape.n;

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

static struct table_finding about(const struct judge *v, const struct table_check *k,
	enum table_anomaly a, const struct table_tally *t)
{
	struct table_finding one = finding(v, k->field->name, a, t);

	one.severity = k->field->severity;
	return one;
}

static int judge_presence(const struct judge *v, const struct table_check *k)
{
	const struct table_field *f = k->field;
	const struct table_tally *t = &k->tallies[TABLE_CELL_MISSING];
	uint64_t n = v->c->n_rows, present = n - t->n;
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

static int judge_text(const struct judge *v, const struct table_check *k)
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

static int judge_type(const struct judge *v, const struct table_check *k)
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

static int judge_range(const struct judge *v, const struct table_check *k)
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

static int judge_domain(const struct judge *v, const struct table_check *k)
{
	const struct table_tally *t = &k->tallies[TABLE_CELL_UNEXPECTED];
	uint64_t present = v->c->n_rows - k->tallies[TABLE_CELL_MISSING].n;
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

static int judge_texts(const struct judge *v, const struct table_check *k)
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

static int judge_distinct(const struct judge *v, const struct table_check *k)
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

static int judge_key(const struct judge *v, const struct table_key_check *key)
{
	const struct table_check *k = &v->c->checks[key->check];
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
static int judge_table(const struct judge *v)
{
	const struct table_schema *s = v->c->schema;
	const struct table_tally *t = &v->c->shape;
	uint64_t n = v->c->n_rows + t->n;
	struct table_finding rows = finding(v, "", TABLE_DATASET_LOW_EXAMPLES, NULL);

	if (t->n > 0 && table_findings_add(v->f, finding(v, "", TABLE_ROW_SHAPE, t), v->e,
				"row %llu has %.0f cell%s, expected %zu",
				(unsigned long long)row_number(v, t->row), t->extreme,
				t->extreme == 1 ? "" : "s", v->c->n_cols))
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

int table_validate_judge(
	const struct table_checks *c, bool has_header, struct table_findings *f, struct err *e)
{
	const struct judge v = { c, has_header, f, e };

	if (judge_table(&v))
		return -1;
	for (size_t i = 0; i < c->n; i++) {
		const struct table_check *k = &c->checks[i];

		if (judge_presence(&v, k) || judge_type(&v, k) || judge_range(&v, k) ||
			judge_domain(&v, k) || judge_texts(&v, k) || judge_distinct(&v, k))
			return -1;
	}
	for (size_t i = 0; i < c->n_keys; i++) {
		if (judge_key(&v, &c->keys[i]))
			return -1;
	}
	return 0;
}
