/*
 * csv/value, csv/writer, csv/dialect: what a field means, and new fields.
 */
#include "csv/reader.h"
#include "csv/value.h"
#include "csv/writer.h"
#include "tap.h"

static void test_values(void)
{
	const char *items[] = { "NA", "-" };
	struct csv_dialect d = CSV_DIALECT_DEFAULT;
	struct num_date date;
	double x;

	ok(csv_value_is_missing(&d, slice_of("")), "the empty field is missing");
	ok(!csv_value_is_missing(&d, slice_of("NA")), "NA is a text");
	d.na = (struct opt_list){ .items = items, .n = 2 };
	ok(csv_value_is_missing(&d, slice_of("NA")), "unless the dialect says otherwise");
	ok(!csv_value_is_missing(&d, slice_of("NAN")), "as a whole");
	ok(csv_value_number(slice_of("-1.5e3"), &x) && x == -1500, "a number");
	ok(!csv_value_number(slice_of("nan"), &x), "nan is a text");
	ok(!csv_value_number(slice_of(" 1"), &x), "a blank makes a text");
	ok(csv_value_date(slice_of("20161231"), NULL, &date) && date.year == 2016, "a date");
	ok(csv_value_date(slice_of("31.1.2016"), "%d.%m.%Y", &date) && date.month == 1 &&
			date.day == 31,
		"a date by format");
	ok(csv_value_date(slice_of("02/29/00"), "%m/%d/%y", &date) && date.year == 2000,
		"two digits of a year");
	ok(csv_value_date(slice_of("1%70-1-2"), "1%%%y-%m-%d", &date) && date.year == 1970,
		"a percent sign");
	ok(!csv_value_date(slice_of("29.2.2015"), "%d.%m.%Y", &date), "no such day");
	ok(!csv_value_date(slice_of("1.2.2015x"), "%d.%m.%Y", &date), "more behind");
	ok(!csv_value_date(slice_of("1.2"), "%d.%m.%Y", &date), "too short");
	ok(!csv_value_date(slice_of("1"), "%q", &date), "a format that is none");
}

static void test_writer(void)
{
	struct csv_dialect d = CSV_DIALECT_DEFAULT;
	struct buf b = BUF_INIT, value = BUF_INIT;
	struct err e = ERR_INIT;
	const char *values[] = { "", "a b", "x,y", "\"", "a\nb", "a\rb", "\"\"a,\"", ";" };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		buf_reset(&b);
		ok(csv_writer_add(&b, &d, slice_of(values[i]), &e) == 0, "written");

		struct csv_field f = csv_writer_field(buf_slice(&b), '"');
		struct slice back = csv_field_value(&f, '"', &value);

		ok(slice_is(back, values[i]), "and read back: %s", b.p);
	}
	buf_reset(&b);
	d.quote = "";
	ok(csv_writer_add(&b, &d, slice_of("x,y"), &e) < 0, "a delimiter needs a quote");
	is_err(&e, ERR_INPUT, "the value 'x,y' holds a delimiter", "and the dialect has none");
	ok(csv_writer_add(&b, &d, slice_of("x\"y"), &e) == 0, "a quote then does not matter");
	buf_release(&b);
	buf_release(&value);
}

static void test_dialect(void)
{
	static const char *const bad[][2] = { { "", "\"" }, { ",,", "\"" }, { ",", "''" },
		{ ",", "," }, { "\n", "\"" }, { ",", "\r" }, { "\\t", "\t" } };
	struct err e = ERR_INIT;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct csv_dialect d = { .delimiter = bad[i][0], .quote = bad[i][1] };

		ok(csv_dialect_check(&d, &e) < 0, "refused: dialect %zu", i);
		is_err(&e, ERR_INPUT, "--", "with the option's name");
	}

	struct csv_dialect tab = { .delimiter = "\\t", .quote = "" };
	ok(csv_dialect_check(&tab, &e) == 0 && csv_dialect_delimiter(&tab) == '\t' &&
			csv_dialect_quote(&tab) == 0,
		"a tab, no quote");
}

int main(void)
{
	test_values();
	test_writer();
	test_dialect();
	return done_testing();
}
