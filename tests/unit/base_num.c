/* base/num: strict reading, shortest writing. The peer is libc's strtod, and Python's repr for the texts. */
#include "base/num.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "tap.h"

enum { ROUNDS = 20000 };

static void int_is(const char *text, int64_t want)
{
	int64_t v = -7;

	ok(num_parse_int(slice_of(text), &v) && v == want, "'%s' is an integer", text);
}

static void check_ints(void)
{
	static const char *const bad[] = { "", "+", "-", "12x", " 1", "1 ", "1.", "0x10", "1e3",
		"--1", "+-1", "9223372036854775808", "-9223372036854775809", "99999999999999999999",
		"1_000" };
	int64_t v = 5;
	uint64_t u = 5;

	int_is("0", 0);
	int_is("-0", 0);
	int_is("+12", 12);
	int_is("007", 7);
	int_is("9223372036854775807", INT64_MAX);
	int_is("-9223372036854775808", INT64_MIN);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!num_parse_int(slice_of(bad[i]), &v), "'%s' is no integer", bad[i]);
	is_int(v, 5, "a refused integer leaves the value");
	ok(num_parse_uint(slice_of("18446744073709551615"), &u) && u == UINT64_MAX,
		"the largest unsigned");
	ok(!num_parse_uint(slice_of("18446744073709551616"), &u), "one more is refused");
	ok(!num_parse_uint(slice_of("-1"), &u) && !num_parse_uint(slice_of("+1"), &u),
		"unsigned takes no sign");
	ok(!num_parse_int((struct slice){ NULL, 0 }, &v), "nothing is no integer");
	ok(num_parse_int((struct slice){ "123", 2 }, &v) && v == 12,
		"reads no further than the slice");
}

static void check_double_grammar(void)
{
	static const char *const good[] = { "1", "-1.5", "+.5", "5.", "1e3", "1E+3", "1.5e-10", "0",
		"-0", "0e0", "00.10", "1e-400", "123456789012345678901234567890", "1e22", "1e23",
		"9007199254740993", "2.2250738585072011e-308", "4.9e-324",
		"2.4703282292062327e-324", "2.4703282292062328e-324", "1.7976931348623157e308",
		"1.7976931348623158e308", "0.000000000000000000000000000001e30",
		"0e99999999999999999999", "8.5e-23", "1e-22", "1.e-5" };
	static const char *const bad[] = { "", ".", "-", "e5", ".e5", "1e", "1e+", "1x", " 1", "1 ",
		"0x1p3", "1,5", "nan", "inf", "1e309", "-1e309", "1..2", "1.2.3", "--1", "1e5.5",
		"1_0", "1f" };
	static const char *const special[] = { "nan", "NaN", "-nan", "inf", "-Inf", "+INFINITY",
		"infinity" };
	double v = 5;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ok(num_parse_double(slice_of(good[i]), false, &v), "'%s' is a number", good[i]);
		is_num(v, strtod(good[i], NULL), "and as strtod reads it");
	}
	v = 5;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!num_parse_double(slice_of(bad[i]), false, &v), "'%s' is no number", bad[i]);
	is_num(v, 5, "a refused number leaves the value");
	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		ok(num_parse_double(slice_of(special[i]), true, &v), "'%s' is, with specials",
			special[i]);
		is_num(v, strtod(special[i], NULL), "and as strtod reads it");
	}
	ok(!num_parse_double(slice_of("infinit"), true, &v), "infinit is not");
	ok(!num_parse_double(slice_of("nan(1)"), true, &v), "nor is nan(1)");
}

/* Texts of all lengths around the ways that the parser takes. */
static void check_long_doubles(void)
{
	char *text = malloc(70000);
	bool same = true;
	double v = 0;

	if (!text)
		return;
	for (uint64_t i = 0; i < ROUNDS; i++) {
		uint64_t a = rng_bits(1, 0, i), n = 1 + rng_below(1, 1, i, 24);
		int at = 0, exponent = (int)rng_below(1, 2, i, 700) - 350;

		for (uint64_t d = 0; d < n; d++) {
			if (d == a % n)
				text[at++] = '.';
			text[at++] = (char)('0' + rng_below(2, i, d, 10));
		}
		snprintf(text + at, 10, "e%d", exponent);
		double want = strtod(text, NULL);
		bool parsed = num_parse_double(slice_of(text), false, &v);
		if (isinf(want) ? parsed : !parsed || v != want) {
			diag("%s", text);
			same = false;
		}
	}
	ok(same, "%d random texts are read as by strtod", ROUNDS);

	/* Half way between 1 and the next double, then a digit far behind. */
	snprintf(text, 1100, "1.%053d", 0);
	snprintf(text, 1100, "1.00000000000000011102230246251565404236316680908203125%01000d", 0);
	size_t len = strlen(text);
	ok(num_parse_double(slice_of(text), false, &v) && v == 1.0,
		"a tie goes to the even double");
	text[len - 1] = '1';
	ok(num_parse_double(slice_of(text), false, &v) && v == nextafter(1, 2),
		"a digit 1000 places behind tips it");
	memset(text, '0', 60000);
	snprintf(text + 60000, 100, "1.5e-3");
	ok(num_parse_double(slice_of(text), false, &v) && v == 0.0015, "60000 zeros before");
	text[0] = '.';
	memcpy(text + 60000, "12e60001", 9);
	ok(num_parse_double(slice_of(text), false, &v) && v == 12.0,
		"60000 zeros behind the point");
	memset(text, '7', 60000);
	memcpy(text + 60000, "e-59999", 8);
	ok(num_parse_double(slice_of(text), false, &v) && v == strtod(text, NULL), "60000 digits");
	memset(text, '0', 60000);
	text[0] = '-';
	text[60000] = '\0';
	ok(num_parse_double(slice_of(text), false, &v), "60000 zeros");
	is_num(v, -0.0, "are zero with its sign");
	free(text);
}

static void double_is(double v, const char *want)
{
	char text[NUM_TEXT_MAX];
	size_t n = num_format_double(text, v);

	is_text(text, want, "%s is written so", want);
	is_int(n, strlen(want), "with its length");
}

static void check_double_texts(void)
{
	double_is(0, "0");
	double_is(-0.0, "-0");
	double_is(1, "1");
	double_is(-17, "-17");
	double_is(0.1, "0.1");
	double_is(0.1 + 0.2, "0.30000000000000004");
	double_is(1.0 / 3, "0.3333333333333333");
	double_is(1e-5, "1e-05");
	double_is(0.0001, "0.0001");
	double_is(0.00012345, "0.00012345");
	double_is(123456.789, "123456.789");
	double_is(999999999999999, "999999999999999");
	double_is(1e15, "1000000000000000");
	double_is(9007199254740992.0, "9007199254740992");
	double_is(1e16, "1e+16");
	double_is(1e22, "1e+22");
	double_is(123456789012345680.0, "1.2345678901234568e+17");
	double_is(5e-324, "5e-324");
	double_is(ldexp(1, -44), "5.684341886080802e-14");
	double_is(DBL_MAX, "1.7976931348623157e+308");
	double_is(-DBL_MIN, "-2.2250738585072014e-308");
	double_is((double)NAN, "nan");
	double_is((double)-INFINITY, "-inf");
	double_is(100.5, "100.5");
	double_is(1234567890123.5, "1234567890123.5");
}

static void check_double_round_trip(void)
{
	char text[NUM_TEXT_MAX], shorter[64];
	bool back = true, is_shortest = true;

	for (uint64_t i = 0; i < ROUNDS; i++) {
		uint64_t bits = rng_bits(3, 0, i);
		double v, w;

		if (i % 3 == 0) /* powers of two */
			bits &= 0xfff0000000000000u;
		if (i % 7 == 0) /* subnormal */
			bits &= 0x800fffffffffffffu >> (i % 50);
		memcpy(&v, &bits, sizeof(v));
		if (!isfinite(v))
			continue;
		size_t n = num_format_double(text, v);
		back = back && n == strlen(text) && n < NUM_TEXT_MAX &&
		       num_parse_double(slice_of(text), false, &w) &&
		       memcmp(&v, &w, sizeof(v)) == 0;
		/* The nearest text with one digit less must not do. */
		char digits[18];
		int exponent;
		if (v == 0)
			continue;
		n = num_shortest_digits(digits, &exponent, v);
		snprintf(shorter, sizeof(shorter), "%.*e", n > 1 ? (int)n - 2 : 0, v);
		is_shortest = is_shortest && (n == 1 || strtod(shorter, NULL) != v);
	}
	ok(back, "random doubles read back, also subnormal ones and powers of two");
	ok(is_shortest, "no text with a digit less would");
}

static void check_floats(void)
{
	char text[NUM_TEXT_MAX];
	bool back = true;

	num_format_float(text, 0.1f);
	is_text(text, "0.1", "0.1f");
	num_format_float(text, 16777216.0f);
	is_text(text, "16777216", "2^24 as float");
	num_format_float(text, FLT_MAX);
	is_text(text, "3.4028235e+38", "the largest float");
	num_format_float(text, 1e-45f);
	is_text(text, "1e-45", "the smallest");
	num_format_float(text, -0.0f);
	is_text(text, "-0", "minus zero");
	for (uint64_t i = 0; i < ROUNDS; i++) {
		uint32_t bits = (uint32_t)rng_bits(4, 0, i) & (i % 3 ? UINT32_MAX : 0xff800000u);
		float v, w;

		memcpy(&v, &bits, sizeof(v));
		if (!isfinite(v))
			continue;
		back = back && num_format_float(text, v) == strlen(text);
		w = strtof(text, NULL);
		back = back && memcmp(&v, &w, sizeof(v)) == 0;
	}
	ok(back, "random floats read back");
}

static void check_formats(void)
{
	static const struct {
		double v;
		const char *want;
	} bytes[] = { { 0, "0 B" }, { 999, "999 B" }, { 1000, "1.0 kB" }, { 1500, "1.5 kB" },
		{ 9940, "9.9 kB" }, { 9960, "10 kB" }, { 999499, "999 kB" }, { 999600, "1.0 MB" },
		{ 1.5e9, "1.5 GB" }, { 3e15, "3.0 PB" }, { 5e18, "5000 PB" } };
	char text[NUM_TEXT_MAX];

	is_int(num_format_int(text, INT64_MIN), 20, "length of the smallest integer");
	is_text(text, "-9223372036854775808", "its text");
	num_format_int(text, 0);
	is_text(text, "0", "zero");
	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		num_format_bytes(text, bytes[i].v);
		is_text(text, bytes[i].want, "%.0f bytes", bytes[i].v);
	}
}

static void size_is(const char *text, uint64_t want)
{
	uint64_t v = 0;

	ok(num_parse_size(slice_of(text), &v) && v == want, "'%s' is a size", text);
}

static void check_sizes(void)
{
	static const char *const bad[] = { "", "K", "iB", "5iB", "5B", "1.5G", "-1", "1 K", "1KK",
		"1Kx", "16777216T", "B", "KiB", "1P", "1kbb" };
	uint64_t v;

	size_is("0", 0);
	size_is("64", 64);
	size_is("64K", 65536);
	size_is("64k", 65536);
	size_is("1KiB", 1024);
	size_is("1KB", 1024);
	size_is("512M", 512u << 20);
	size_is("2G", 2ull << 30);
	size_is("3tb", 3ull << 40);
	size_is("16777215T", 16777215ull << 40);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!num_parse_size(slice_of(bad[i]), &v), "'%s' is no size", bad[i]);
}

static void check_dates(void)
{
	static const char *const good[] = { "20170301", "2017-03-01", "2017/03/01",
		"2017-03-01T10:00:00Z", "2017-03-01 10:00", "20170301T1000" };
	static const char *const bad[] = { "", "2017", "20170229", "20171301", "20170100",
		"20170132", "2017-0301", "2017-03/01", "201703011", "2017-03-011", "19000229",
		"abcdefgh", "2017-3-01", " 20170301", "2017-03-" };
	struct num_date d, back;
	bool good_days = true;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(num_parse_date(slice_of(good[i]), &d) && d.year == 2017 && d.month == 3 &&
				d.day == 1,
			"'%s' is a date", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!num_parse_date(slice_of(bad[i]), &d), "'%s' is none", bad[i]);
	ok(num_parse_date(slice_of("20000229"), &d), "2000 was a leap year");
	is_int(num_date_to_days(&d), 11016, "its leap day as days");
	d = (struct num_date){ 1970, 1, 1 };
	is_int(num_date_to_days(&d), 0, "the epoch");
	d = (struct num_date){ 1969, 12, 31 };
	is_int(num_date_to_days(&d), -1, "the day before");
	num_date_from_days(-719528, &back);
	ok(back.year == 0 && back.month == 1 && back.day == 1, "1 January of year 0");
	for (int64_t day = -800000; day < 800000; day += 17) {
		num_date_from_days(day, &d);
		good_days =
			good_days && num_date_to_days(&d) == day && d.month >= 1 && d.month <= 12;
	}
	ok(good_days, "days to dates and back");
}

/* Random floats: the shortest of printf's texts that reads back, in the same digits. */
static void check_shortest_floats(void)
{
	char got[NUM_TEXT_MAX], want[64], again[64];
	unsigned bad = 0;

	for (uint64_t i = 0; i < 300000; i++) {
		uint32_t bits = (uint32_t)rng_bits(3, 1, i);
		int digits = 6;
		float v;

		if (i % 2) /* between 1e-5 and 1e5, where most numbers of tables are */
			bits = (uint32_t)(110 + bits % 34) << 23 | (bits >> 9 & 0x7fffff);
		if (i % 5 == 0)
			bits &= 0xfffff000;
		memcpy(&v, &bits, sizeof(v));
		if (!isfinite(v) || fabsf(v) < FLT_MIN || (bits & 0x7fffff) == 0)
			continue;
		do
			snprintf(want, sizeof(want), "%.*e", digits - 1, (double)v);
		while (strtof(want, NULL) != v && digits++ < 9);
		num_format_float(got, v);
		snprintf(again, sizeof(again), "%.*e", digits - 1, strtod(got, NULL));
		bad += strcmp(want, again) != 0 || strtof(got, NULL) != v;
	}
	is_int(bad, 0, "random floats have the digits of printf");
}

int main(void)
{
	check_ints();
	check_shortest_floats();
	check_double_grammar();
	check_long_doubles();
	check_double_texts();
	check_double_round_trip();
	check_floats();
	check_formats();
	check_sizes();
	check_dates();
	return done_testing();
}
