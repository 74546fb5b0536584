#include "eval/tally.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "csv/value.h"
#include "table/dict.h"

struct job {
	struct eval_tally *t;
	const struct csv_dialect *d;
	char quote;
	int *fields; /* [n_columns] */
	struct table_dict *dicts; /* [n_columns] distinct texts of all pieces */
	struct buf *firsts; /* [n_columns] the first text; to see if a column varies */
	bool *has_first;
	const char *name; /* of the table */
};

/* What a chunk counts: the same structs, and its own dictionaries. */
struct piece {
	uint64_t n_rows;
	struct eval_tally_column *columns;
	struct eval_tally_test *tests;
	struct table_dict *dicts;
	struct slice *firsts; /* into the chunk */
	struct buf *first_texts; /* where `firsts` points if it had doubled quotes */
	struct buf text;
	size_t n_columns;
};

static void release_piece(void *result)
{
	struct piece *p = result;

	for (size_t i = 0; i < p->n_columns; i++) {
		table_dict_release(&p->dicts[i]);
		buf_release(&p->first_texts[i]);
	}
	free(p->columns);
	free(p->tests);
	free(p->dicts);
	free(p->firsts);
	free(p->first_texts);
	buf_release(&p->text);
}

static int prepare_piece(struct piece *p, const struct eval_tally *t, struct err *e)
{
	if (!p->columns) {
		p->columns = mem_array(t->n_columns, sizeof(*p->columns), e);
		p->tests = p->columns ? mem_array(t->n_tests, sizeof(*p->tests), e) : NULL;
		p->dicts = p->tests ? mem_array(t->n_columns, sizeof(*p->dicts), e) : NULL;
		p->firsts = p->dicts ? mem_array(t->n_columns, sizeof(*p->firsts), e) : NULL;
		p->first_texts =
			p->firsts ? mem_array(t->n_columns, sizeof(*p->first_texts), e) : NULL;
		if (!p->first_texts)
			return -1;
		p->n_columns = t->n_columns;
		for (size_t i = 0; i < t->n_columns; i++)
			buf_init(&p->first_texts[i]);
	}
	p->n_rows = 0;
	for (size_t i = 0; i < t->n_columns; i++) {
		p->columns[i] = (struct eval_tally_column){ .low = INFINITY, .high = -INFINITY };
		p->firsts[i] = (struct slice){ NULL, 0 };
		table_dict_reset(&p->dicts[i]);
	}
	for (size_t i = 0; i < t->n_tests; i++)
		p->tests[i] = (struct eval_tally_test){ 0 };
	return 0;
}

/* Welford's update of mean and sum of squares. */
static void add_number(struct eval_tally_column *c, double x)
{
	double d = x - c->mean;

	c->n_numbers++;
	c->mean += d / (double)c->n_numbers;
	c->m2 += d * (x - c->mean);
	c->low = fmin(c->low, x);
	c->high = fmax(c->high, x);
}

static bool is_value(const struct eval_value *want, struct slice v, bool is_number, double x)
{
	return want->is_number ? is_number && x == want->number : slice_is(v, want->text);
}

static void run_test(const struct eval_tally_test *test, struct eval_tally_test *out,
	struct slice v, bool is_missing, bool is_number, double x, uint64_t line)
{
	bool good = false;
	size_t len = v.len < EVAL_TALLY_TEXT ? v.len : EVAL_TALLY_TEXT - 1;

	if (!is_missing && test->n_values == 0)
		good = is_number && x >= test->low && x <= test->high;
	for (size_t k = 0; k < test->n_values && !is_missing && !good; k++)
		good = is_value(&test->values[k], v, is_number, x);
	if (good) {
		out->n_pass++;
		return;
	}
	if (out->n_fail++ == 0) {
		out->first_line = line;
		if (len)
			memcpy(out->first_text, v.p, len);
		out->first_text[len] = '\0';
	}
}

/* Is this text another one than the column's first in the piece? */
static int see_variation(struct piece *p, size_t col, struct slice v, struct err *e)
{
	if (!p->firsts[col].p) {
		buf_reset(&p->first_texts[col]);
		buf_add_slice(&p->first_texts[col], v);
		p->firsts[col] = buf_slice(&p->first_texts[col]);
	} else if (!p->columns[col].varies && !slice_eq(p->firsts[col], v)) {
		p->columns[col].varies = true;
	}
	return buf_check(&p->first_texts[col], e);
}

static int tally_field(
	const struct job *j, struct piece *p, size_t col, const struct csv_row *row, struct err *e)
{
	const struct eval_tally *t = j->t;
	struct eval_tally_column *c = &p->columns[col];
	struct slice v = csv_field_value(&row->fields[j->fields[col]], j->quote, &p->text);
	bool is_missing = csv_value_is_missing(j->d, v), is_number = false;
	double x = NAN;
	uint32_t code;

	if (buf_check(&p->text, e))
		return -1;
	if (is_missing) {
		c->n_missing++;
	} else {
		is_number = csv_value_number(v, &x);
		if (is_number)
			add_number(c, x);
		if (see_variation(p, col, v, e))
			return -1;
		if (t->columns[col].distinct &&
			table_dict_add(&p->dicts[col], v, table_dict_hash(v), &code, e))
			return -1;
	}
	for (size_t k = 0; k < t->n_tests; k++)
		if (t->tests[k].column == col)
			run_test(
				&t->tests[k], &p->tests[k], v, is_missing, is_number, x, row->line);
	return 0;
}

static int tally_chunk(void *ctx, struct csv_chunk *c, int worker, struct err *e)
{
	const struct job *j = ctx;
	struct piece *p = csv_chunk_result(c);
	struct csv_row row;
	int rc;

	(void)worker;
	if (prepare_piece(p, j->t, e))
		return -1;
	while ((rc = csv_chunk_next(c, &row, e)) == 1) {
		for (size_t i = 0; i < j->t->n_columns; i++)
			if (tally_field(j, p, i, &row, e))
				return -1;
		p->n_rows++;
	}
	return rc ? -1 : 0;
}

/* Chan, Golub, LeVeque: moments of two parts together. */
static void merge_numbers(struct eval_tally_column *to, const struct eval_tally_column *from)
{
	double n = (double)to->n_numbers, m = (double)from->n_numbers, d = from->mean - to->mean;

	if (!from->n_numbers)
		return;
	to->m2 += from->m2 + d * d * n * m / (n + m);
	to->mean += d * m / (n + m);
	to->n_numbers += from->n_numbers;
	to->low = fmin(to->low, from->low);
	to->high = fmax(to->high, from->high);
}

static int merge_column(struct job *j, const struct piece *p, size_t i, struct err *e)
{
	struct eval_tally_column *to = &j->t->columns[i];

	merge_numbers(to, &p->columns[i]);
	to->n_missing += p->columns[i].n_missing;
	to->varies |= p->columns[i].varies;
	if (p->firsts[i].p && !j->has_first[i]) {
		buf_add_slice(&j->firsts[i], p->firsts[i]);
		j->has_first[i] = true;
	} else if (p->firsts[i].p) {
		to->varies |= !slice_eq(buf_slice(&j->firsts[i]), p->firsts[i]);
	}
	for (uint32_t k = 0; k < p->dicts[i].n; k++) {
		uint32_t code;

		if (table_dict_add(
			    &j->dicts[i], p->dicts[i].items[k], p->dicts[i].hashes[k], &code, e))
			return -1;
	}
	to->n_distinct = j->dicts[i].n;
	if (to->n_distinct > EVAL_MAX_DISTINCT) {
		err_set(e, ERR_INPUT, "column '%s' has more than %d distinct values", to->name,
			(int)EVAL_MAX_DISTINCT);
		return err_at(e, "%s", j->name);
	}
	return buf_check(&j->firsts[i], e);
}

static int merge_chunk(void *ctx, struct csv_chunk *c, struct err *e)
{
	struct job *j = ctx;
	const struct piece *p = csv_chunk_result(c);
	struct eval_tally *t = j->t;

	t->n_rows += p->n_rows;
	for (size_t i = 0; i < t->n_columns; i++)
		if (merge_column(j, p, i, e))
			return -1;
	for (size_t k = 0; k < t->n_tests; k++) {
		if (t->tests[k].n_fail == 0 && p->tests[k].n_fail) {
			t->tests[k].first_line = p->tests[k].first_line;
			memcpy(t->tests[k].first_text, p->tests[k].first_text, EVAL_TALLY_TEXT);
		}
		t->tests[k].n_pass += p->tests[k].n_pass;
		t->tests[k].n_fail += p->tests[k].n_fail;
	}
	return 0;
}

static int prepare(struct job *j, const struct csv_table *table, struct err *e)
{
	struct eval_tally *t = j->t;

	j->name = csv_table_name(table);
	j->fields = mem_array(t->n_columns, sizeof(*j->fields), e);
	j->dicts = j->fields ? mem_array(t->n_columns, sizeof(*j->dicts), e) : NULL;
	j->firsts = j->dicts ? mem_array(t->n_columns, sizeof(*j->firsts), e) : NULL;
	j->has_first = j->firsts ? mem_array(t->n_columns, sizeof(*j->has_first), e) : NULL;
	if (!j->has_first)
		return -1;
	for (size_t i = 0; i < t->n_columns; i++) {
		buf_init(&j->firsts[i]);
		t->columns[i].low = INFINITY;
		t->columns[i].high = -INFINITY;
		j->fields[i] = csv_table_find(table, t->columns[i].name, e);
		if (j->fields[i] < 0)
			return -1;
	}
	return 0;
}

int eval_tally_run(struct eval_tally *t, const char *path, const struct csv_dialect *d,
	struct pool *pool, struct progress *progress, struct err *e)
{
	struct job j = { .t = t, .d = d, .quote = csv_dialect_quote(d) };
	struct csv_run run = { .work = tally_chunk,
		.done = merge_chunk,
		.ctx = &j,
		.result_size = sizeof(struct piece),
		.result_release = release_piece,
		.progress = progress };
	struct csv_table *table = csv_table_open(path, d, e);
	int rc = -1;

	if (table && !prepare(&j, table, e))
		rc = csv_table_run(table, pool, &run, e);
	for (size_t i = 0; j.dicts && i < t->n_columns; i++)
		table_dict_release(&j.dicts[i]);
	for (size_t i = 0; j.firsts && i < t->n_columns; i++)
		buf_release(&j.firsts[i]);
	free(j.fields);
	free(j.dicts);
	free(j.firsts);
	free(j.has_first);
	csv_table_close(table);
	return rc;
}

double eval_tally_sd(const struct eval_tally_column *c)
{
	return c->n_numbers ? sqrt(c->m2 / (double)c->n_numbers) : NAN;
}
