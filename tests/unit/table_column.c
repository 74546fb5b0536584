/*
 * table_load: types by all values, codes by first appearance, the same for any number of threads.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "table/column.h"
#include "tap.h"

static const struct csv_dialect plain = CSV_DIALECT_DEFAULT;

static struct table *load_options(const char *const *paths, size_t n, const struct table_options *o,
	int threads, struct err *e)
{
	struct pool *pool = pool_new(threads, e);
	struct table *t = pool ? table_load(paths, n, o, pool, e) : NULL;

	pool_free(pool);
	return t;
}

static struct table *load(const char *path, struct err *e)
{
	const struct table_options o = { .dialect = &plain };

	return load_options(&path, 1, &o, 2, e);
}

static bool text_is(const struct table *t, size_t col, size_t row, const char *want)
{
	const struct table_column *c = &t->cols[col];

	if (c->codes[row] == TABLE_MISSING)
		return !want;
	return want && slice_is(c->texts[c->codes[row]], want);
}

/* Each number in the form that is read at once, and in one that is not. */
static void whole_numbers(void)
{
	static const char *const texts[] = { "0", "007", "9", "123456789", "999999999",
		"1234567890", "33554433", "\"12\"", "+5", "-0" };
	struct err e = ERR_INIT;
	struct buf b = BUF_INIT;
	struct table *t;

	buf_addf(&b, "a,b\n");
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		size_t quoted = texts[i][0] == '"';

		buf_addf(&b, "%s,%.*se0\n", texts[i], (int)(strlen(texts[i]) - 2 * quoted),
			texts[i] + quoted);
	}
	write_text("w.csv", b.p);
	buf_release(&b);
	t = load("w.csv", &e);
	no_err(&e, "a table of whole numbers");
	if (!t)
		return;
	ok(t->cols[0].type == TABLE_NUMBER && t->cols[0].is_int && t->cols[1].is_int,
		"both columns are whole numbers");
	for (size_t i = 0; i < t->n_rows; i++)
		is_num(t->cols[0].numbers[i], (double)t->cols[1].numbers[i], "%s", texts[i]);
	table_free(t);
	write_text("w.csv", "a\n1\n12:\n/3\n");
	t = load("w.csv", &e);
	no_err(&e, "a table of digits with their neighbours among them");
	ok(t && t->cols[0].type == TABLE_TEXT, "is one of text");
	table_free(t);
}

static void types(void)
{
	struct err e = ERR_INIT;
	struct table *t;

	write_text("a.csv", "n,s,mixed,none,q\n"
			    "1,b,1,,\"x,y\"\n"
			    "-2.5e3,a,2,,\"say \"\"hi\"\"\"\n"
			    ",,x,,\"\"\n"
			    "7,b,,\"\",z\n");
	t = load("a.csv", &e);
	no_err(&e, "a small table");
	if (!t)
		return;
	is_int(t->n_rows, 4, "rows");
	is_int(t->n_cols, 5, "columns");
	is_int(t->cols[0].type, TABLE_NUMBER, "n is a number");
	is_num(t->cols[0].numbers[1], -2500, "with an exponent");
	ok(isnan(t->cols[0].numbers[2]), "a missing number is NaN");
	is_int(t->cols[0].n_missing, 1, "counted");
	ok(t->cols[0].is_int, "all are whole");
	is_int(t->cols[1].type, TABLE_TEXT, "s is text");
	is_int(t->cols[1].n_texts, 2, "of two values");
	ok(t->cols[1].codes[0] == 0 && t->cols[1].codes[1] == 1 && t->cols[1].codes[3] == 0,
		"coded by appearance");
	ok(text_is(t, 1, 0, "b") && text_is(t, 1, 1, "a") && text_is(t, 1, 2, NULL), "texts");
	is_int(t->cols[2].type, TABLE_TEXT, "one text makes all text");
	ok(text_is(t, 2, 0, "1"), "a number among texts keeps its digits");
	is_int(t->cols[3].type, TABLE_NUMBER, "nothing but missing is a number");
	is_int(t->cols[3].n_missing, 4, "a quoted empty field is missing");
	ok(text_is(t, 4, 0, "x,y") && text_is(t, 4, 1, "say \"hi\""), "quotes are undone");
	is_int(table_find(t, "mixed", &e), 2, "a column by name");
	is_int(table_find(t, "mixd", &e), -1, "a wrong name");
	is_err(&e, ERR_INPUT, "mixed", "gets the nearest proposed");
	table_free(t);
}

static void choices(void)
{
	const char *const keep[] = { "c", "a", NULL }, *const drop[] = { "b", NULL };
	const char *const as_text[] = { "a", NULL }, *const nosuch[] = { "x", NULL };
	const char *na[] = { "NA" };
	struct csv_dialect with_na = CSV_DIALECT_DEFAULT;
	struct table_options o = { .dialect = &with_na, .keep = keep, .as_text = as_text };
	const char *paths[] = { "one.csv", "two.csv" };
	struct err e = ERR_INIT;
	struct table *t;

	with_na.na = (struct opt_list){ na, 1, 1 };
	write_text("one.csv", "a,b,c\n01,x,NA\n2,y,3.5\n");
	write_text("two.csv", "c,b,a\n4,z,01\n");
	t = load_options(paths, 2, &o, 2, &e);
	no_err(&e, "two files whose columns stand in another order");
	if (t) {
		is_int(t->n_cols, 2, "kept columns");
		is_text(t->cols[0].name, "a", "in the order of the first file");
		ok(text_is(t, 0, 0, "01") && text_is(t, 0, 2, "01"), "numbers as text");
		is_num(t->cols[1].numbers[2], 4, "the second file's value");
		ok(isnan(t->cols[1].numbers[0]) && !t->cols[1].is_int, "NA is missing");
	}
	table_free(t);
	o = (struct table_options){ .dialect = &plain, .drop = drop };
	t = load_options(paths, 2, &o, 1, &e);
	is_int(t ? t->n_cols : 0, 2, "a dropped column");
	table_free(t);
	o.drop = nosuch;
	ok(!load_options(paths, 2, &o, 1, &e), "a dropped column must exist");
	is_err(&e, ERR_INPUT, "x", "and is named");
	o.drop = NULL;
	write_text("two.csv", "c,b,a,d\n4,z,01,1\n");
	ok(!load_options(paths, 2, &o, 1, &e), "a column that the first file lacks");
	is_err(&e, ERR_INPUT, "two.csv: column 'd' is not in the first file", "is named");
}

/* Many pieces; a column that turns out to be text at the very end. */
static void many(void)
{
	enum { ROWS = 200000 };
	const struct table_options o = { .dialect = &plain };
	const char *path = "big.csv";
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;
	struct table *one, *five;
	bool same = true, right = true;

	buf_add_text(&b, "i,key,late\n");
	for (int i = 0; i < ROWS; i++)
		buf_addf(&b, "%d,\"k\n%d\",%s\n", i, i * 7919 % 5003, i == ROWS - 2 ? "x" : "5");
	write_file(path, b.p, b.len);
	buf_release(&b);
	one = load_options(&path, 1, &o, 1, &e);
	no_err(&e, "with one thread");
	five = load_options(&path, 1, &o, 5, &e);
	no_err(&e, "with five");
	if (!one || !five)
		return;
	is_int(one->n_rows, ROWS, "all rows");
	for (size_t i = 0; i < 3; i++) {
		const struct table_column *a = &one->cols[i], *c = &five->cols[i];

		same = same && a->type == c->type && a->n_texts == c->n_texts &&
		       a->n_missing == c->n_missing;
		if (a->type == TABLE_NUMBER)
			same = same && memcmp(a->numbers, c->numbers, ROWS * sizeof(float)) == 0;
		else
			same = same && memcmp(a->codes, c->codes, ROWS * sizeof(uint32_t)) == 0;
	}
	ok(same, "any number of threads gives the same table");
	for (int i = 0; i < ROWS; i++)
		right = right && one->cols[0].numbers[i] == (float)i;
	ok(right, "numbers in their rows");
	is_int(one->cols[1].n_texts, 5003, "distinct keys with a newline inside");
	is_int(one->cols[2].type, TABLE_TEXT, "one late text makes the column text");
	ok(one->cols[2].codes[0] == 0 && one->cols[2].codes[ROWS - 2] == 1 &&
			one->cols[2].codes[ROWS - 1] == 0,
		"and all of it is read as text");
	table_free(one);
	table_free(five);
}

static int load_and_free(void *ctx, struct err *e)
{
	struct table *t = load(ctx, e);

	table_free(t);
	return t ? 0 : -1;
}

int main(void)
{
	struct err e = ERR_INIT;
	struct table *t;
	char small[] = "a.csv";

	scratch();
	types();
	whole_numbers();
	choices();
	many();
	write_text("header.csv", "a,b\n");
	t = load("header.csv", &e);
	ok(t && t->n_rows == 0 && t->n_cols == 2, "a table without rows");
	table_free(t);
	ok(!load("nosuch.csv", &e), "a missing file");
	is_err(&e, ERR_INPUT, "nosuch.csv", "is named");
	survives_oom(load_and_free, small, "reading a table");
	return done_testing();
}
