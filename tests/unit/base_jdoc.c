/* base/jdoc: strict reading, Python's texts byte for byte. */
#include "base/jdoc.h"

#include <math.h>
#include <stdlib.h>

#include "base/output.h"
#include "tap.h"

static void real_is(double v, const char *want)
{
	struct buf b = BUF_INIT;

	jdoc_format_real(&b, v);
	is_text(b.p, want, "%s as Python's repr", want);
	buf_release(&b);
}

static void check_reals(void)
{
	real_is(0.1, "0.1");
	real_is(10.0, "10.0");
	real_is(-0.0, "-0.0");
	real_is(1e17, "1e+17");
	real_is(1e16, "1e+16");
	real_is(1e15, "1000000000000000.0");
	real_is(123456789012345680.0, "1.2345678901234568e+17");
	real_is(1e-5, "1e-05");
	real_is(0.0001, "0.0001");
	real_is(-0.001234, "-0.001234");
	real_is(1e-100, "1e-100");
	real_is(5e-324, "5e-324");
	real_is(1.7976931348623157e308, "1.7976931348623157e+308");
	real_is(2.2250738585072014e-308, "2.2250738585072014e-308");
	real_is(1.0 / 3, "0.3333333333333333");
	real_is(2.0 / 3, "0.6666666666666666");
	real_is(ldexp(1, -44), "5.684341886080802e-14");
	real_is(ldexp(1, 89), "6.189700196426902e+26");
	real_is(ldexp(1, -1030), "8.691694759794e-311");
	real_is(1.1 + 2.2, "3.3000000000000003");
	real_is((double)INFINITY, "Infinity");
}

static void check_reals_read_back(void)
{
	struct buf b = BUF_INIT;
	bool good = true;

	for (int p = -1074; p < 1024; p++) {
		for (int k = -1; k <= 1; k++) {
			double v = ldexp(1, p);

			v = k ? nextafter(v, k < 0 ? 0 : (double)INFINITY) : v;
			buf_reset(&b);
			jdoc_format_real(&b, v);
			good = good && strtod(b.p, NULL) == v && b.len <= 24;
		}
	}
	ok(good, "all powers of two and their neighbours read back");
	buf_release(&b);
}

static void format_is(const char *text, enum jdoc_style style, const char *want)
{
	struct err e = ERR_INIT;
	struct buf b = BUF_INIT;
	json_t *v = jdoc_parse(slice_of(text), "x.json", &e);

	if (no_err(&e, "%s is JSON", text)) {
		jdoc_format(&b, v, style);
		is_text(b.p, want, "%s", want);
	}
	buf_release(&b);
	json_decref(v);
}

static void check_styles(void)
{
	const char *v = "{\"b\":[1,2.5,null,true],\"a\":{\"d\":{},\"c\":[]}}";

	format_is(v, JDOC_LINE, "{\"b\": [1, 2.5, null, true], \"a\": {\"d\": {}, \"c\": []}}");
	format_is(v, JDOC_SORTED, "{\"a\": {\"c\": [], \"d\": {}}, \"b\": [1, 2.5, null, true]}");
	format_is("{\"b\":[1,\"\xc3\xbc\"],\"a\":{}}", JDOC_PRETTY,
		"{\n  \"b\": [\n    1,\n    \"\xc3\xbc\"\n  ],\n  \"a\": {}\n}\n");
	format_is("\"\\u0001\\n\\t\\b\\f\\r\\\\\\\"/\x7f\"", JDOC_LINE,
		"\"\\u0001\\n\\t\\b\\f\\r\\\\\\\"/\\u007f\"");
	format_is("\"\xc3\xbc\xe6\x97\xa5\xf0\x9f\x98\x80\"", JDOC_LINE,
		"\"\\u00fc\\u65e5\\ud83d\\ude00\"");
	format_is("-9223372036854775808", JDOC_LINE, "-9223372036854775808");
}

static void check_texts(void)
{
	struct buf b = BUF_INIT;

	jdoc_format_text(&b, slice_of("a\xff\xc3(\xed\xa0\x80z\xf0\x9f"));
	is_text(b.p, "\"a\\ufffd\\ufffd(\\ufffd\\ufffd\\ufffdz\\ufffd\\ufffd\"",
		"malformed UTF-8 becomes U+FFFD");
	buf_release(&b);
}

static void refused(const char *text, const char *message)
{
	struct err e = ERR_INIT;
	json_t *v = jdoc_parse(slice_of(text), "x.json", &e);

	ok(!v, "refused: %s", message);
	is_err(&e, ERR_INPUT, message, "says: %s", message);
	json_decref(v);
}

static void check_refusals(void)
{
	refused("", "x.json:1: an empty file is not JSON");
	refused("{\"a\": 1,\n \"a\": 2}", "x.json:2: not good JSON: duplicate object key");
	refused("[1,", "x.json:1: not good JSON");
	refused("[1] 2", "end of file expected");
	refused("99999999999999999999", "too big");
}

static void check_access(void)
{
	static const char *const known[] = { "rows", "name", NULL };
	struct err e = ERR_INIT;
	json_t *o = jdoc_parse(slice_of("{\"rows\": 3, \"name\": \"x\", \"f\": 0.5}"), "x", &e);
	int64_t n = 0;
	double d = 0;
	bool b = true;

	ok(!jdoc_get_int(o, "rows", "x", &n, &e) && n == 3, "an integer");
	ok(!jdoc_get_number(o, "rows", "x", &d, &e) && d == 3, "an integer is a number");
	is_text(jdoc_get_text(o, "name", "x", &e), "x", "a text");
	ok(jdoc_get_int(o, "f", "x.json", &n, &e), "half is no integer");
	is_err(&e, ERR_INPUT, "x.json: 'f' should be an integer, not a number", "and why");
	ok(!jdoc_get_object(o, "nope", "x.json", &e), "a missing member");
	is_err(&e, ERR_INPUT, "x.json: 'nope' is missing", "and which");
	ok(!jdoc_get_bool_or(o, "nope", "x", &b, &e) && b, "_or leaves the default");
	ok(jdoc_check_keys(o, known, "x.json", &e), "an unknown key");
	is_err(&e, ERR_INPUT, "x.json: 'f' is not known here", "is named");
	json_decref(o);
}

static void check_files(void)
{
	struct err e = ERR_INIT;
	json_t *v, *back;

	scratch();
	v = jdoc_parse(slice_of("{\"a\": [1, 0.1]}"), "x", &e);
	ok(!jdoc_save("a.json", v, JDOC_PRETTY, OUTPUT_PLAIN, &e), "saved");
	back = jdoc_load("a.json", &e);
	ok(json_equal(v, back), "and read back");
	json_decref(v);
	json_decref(back);
	ok(!jdoc_load("none.json", &e), "a missing file");
	is_err(&e, ERR_INPUT, "none.json", "is named");
}

static int all_of_it(void *ctx, struct err *e)
{
	struct buf b = BUF_INIT;
	json_t *v = jdoc_parse(slice_of(ctx), "x", e);
	int rc;

	if (!v)
		return -1;
	jdoc_format(&b, v, JDOC_SORTED);
	rc = buf_check(&b, e);
	buf_release(&b);
	json_decref(v);
	return rc;
}

int main(void)
{
	check_reals();
	check_reals_read_back();
	check_styles();
	check_texts();
	check_refusals();
	check_access();
	check_files();
	survives_oom(all_of_it, "{\"b\": [1, 2], \"a\": {\"x\": \"\\n\"}}", "JSON");
	return done_testing();
}
