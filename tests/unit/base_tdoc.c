/* base/tdoc: what TOML 1.0 says of values, tables and what is refused. */
#include "base/tdoc.h"

#include <stdlib.h>

#include "tap.h"

static void reads_as(const char *toml, const char *want_json)
{
	struct err e = ERR_INIT;
	struct buf b = BUF_INIT;
	json_t *v = tdoc_parse(slice_of(toml), "x.toml", &e);

	if (no_err(&e, "%s is TOML", toml)) {
		jdoc_format(&b, v, JDOC_LINE);
		is_text(b.p, want_json, "'%s' reads as %s", toml, want_json);
	}
	buf_release(&b);
	json_decref(v);
}

static void check_values(void)
{
	reads_as("", "{}");
	reads_as("\xef\xbb\xbf# only a comment", "{}");
	reads_as("a = [0, +1, -2, 1_000, 0xDEAD_beef, 0o755, 0b101]",
		"{\"a\": [0, 1, -2, 1000, 3735928559, 493, 5]}");
	reads_as("a = [1.0, 0.5, -0.0, +1e3, 5e+22, 6.626e-34, 1_0.0_1]",
		"{\"a\": [1.0, 0.5, -0.0, 1000.0, 5e+22, 6.626e-34, 10.01]}");
	reads_as("a = [9223372036854775807, -9223372036854775808, 0x7fffffffffffffff]",
		"{\"a\": [9223372036854775807, -9223372036854775808, 9223372036854775807]}");
	reads_as("a = true # yes\r\nb = false", "{\"a\": true, \"b\": false}");
	reads_as(
		"a = [1979-05-27, 07:32:00.999, 1979-05-27T07:32:00Z, 1979-05-27 00:32:00.5-07:00]",
		"{\"a\": [\"1979-05-27\", \"07:32:00.999\", \"1979-05-27T07:32:00Z\", "
		"\"1979-05-27 00:32:00.5-07:00\"]}");
	reads_as("a = [ # one\n 1, [\n2 ], ]", "{\"a\": [1, [2]]}");
	reads_as("a = {b.c = 1, b.d = [{}], 'x y' = 2}",
		"{\"a\": {\"b\": {\"c\": 1, \"d\": [{}]}, \"x y\": 2}}");
}

static void check_texts(void)
{
	reads_as("a = \"\\b\\t\\n\\f\\r\\\"\\\\\\u00e9\\U0001F600\"",
		"{\"a\": \"\\b\\t\\n\\f\\r\\\"\\\\\\u00e9\\ud83d\\ude00\"}");
	reads_as("a = 'C:\\no' # '", "{\"a\": \"C:\\\\no\"}");
	reads_as("a = \"\"\"\n one\r\n two\\\n  \n  three\"\"\"", "{\"a\": \" one\\n twothree\"}");
	reads_as("a = \"\"\"\"\"x\"\"\"\"\"", "{\"a\": \"\\\"\\\"x\\\"\\\"\"}");
	reads_as("a = ''''it''s'''", "{\"a\": \"'it''s\"}");
	reads_as("a = \"\"\nb = ''''''", "{\"a\": \"\", \"b\": \"\"}");
}

static void check_tables(void)
{
	reads_as("[a.b]\nx = 1\n[a]\ny = 2\n[c]",
		"{\"a\": {\"b\": {\"x\": 1}, \"y\": 2}, \"c\": {}}");
	reads_as("a . \"b.c\" .d = 1\na.e = 2", "{\"a\": {\"b.c\": {\"d\": 1}, \"e\": 2}}");
	reads_as("[[a]]\nx = 1\n[[a.b]]\n[[a]]\n[a.c]\ny = 2",
		"{\"a\": [{\"x\": 1, \"b\": [{}]}, {\"c\": {\"y\": 2}}]}");
	reads_as("[a]\nb.c = 1\n[a.b.d]\nx = 2", "{\"a\": {\"b\": {\"c\": 1, \"d\": {\"x\": 2}}}}");
	reads_as("3.14 = 'pi'\n'' = 1", "{\"3\": {\"14\": \"pi\"}, \"\": 1}");
}

static void refused(const char *toml, const char *message)
{
	struct err e = ERR_INIT;
	json_t *v = tdoc_parse(slice_of(toml), "x.toml", &e);

	ok(!v, "refused: %s", message);
	is_err(&e, ERR_INPUT, message, "says: %s", message);
	json_decref(v);
}

static void check_refused_values(void)
{
	refused("a = inf", "x.toml:1: 'inf' cannot be kept here");
	refused("\na = -nan", "x.toml:2: '-nan' cannot be kept here");
	refused("a = 9223372036854775808", "'9223372036854775808' is no value");
	refused("a = 1e999", "'1e999' is no value");
	refused("a = 012", "'012' is no value");
	refused("a = 1__0", "'1__0' is no value");
	refused("a = 1.", "'1.' is no value");
	refused("a = .5", "'.5' is no value");
	refused("a = 2023-02-29", "'2023-02-29' is no value");
	refused("a = 24:00:00", "'24:00:00' is no value");
	refused("a = True", "'True' is no value; a text stands in quotes");
	refused("a = ", "a value is missing");
	refused("a = \"x\ny\"", "a text is not closed by \"");
	refused("a = '''x", "a text is not closed by '''");
	refused("a = \"\\x41\"", "unknown escape in a text");
	refused("a = \"\\ud800\"", "U+D800 cannot be in a text");
	refused("a = \"\\u0000\"", "U+0000 cannot be in a text");
	refused("a = \"\x01\"", "a control character in a text: write \\u0001");
	refused("a = '\xff'", "not UTF-8");
	refused("a = [1 2]", ", is missing behind a value of a list, or ]");
	refused("a = {b = 1,}", "a key is missing");
	refused("a = {b = 1\n}", "} is missing behind a table in one line");
	refused("a = 1 b = 2", "x.toml:1: something stands behind the end of a line's value");
	refused("a b = 2", "= is missing behind a key");
}

static void check_refused_tables(void)
{
	refused("a = 1\na = 2", "x.toml:2: 'a' is there twice");
	refused("[a]\n[a]", "'a' is a table that is there already");
	refused("a.b = 1\n[a]", "'a' is a table that is there already");
	refused("[a.b]\n[a]\nb.c = 1", "'b' is a table that stands elsewhere");
	refused("a = {}\n[a.b]", "'a' is a value already, not a table");
	refused("a = []\n[[a]]", "'a' is there already, and no list of tables");
	refused("[[a]]\n[a]", "'a' is a list of tables: [[ ]] adds one");
	refused("[a]\n[[a]]", "'a' is there already, and no list of tables");
	refused("a = {b = {c = 1}, b.d = 2}", "'b' is a value already, not a table");
	refused("[a", "] is missing behind a table's name");
	refused("[[a]", "] is missing behind a table's name");
}

static void check_depth(void)
{
	struct buf b = BUF_INIT;

	buf_add_text(&b, "a = ");
	for (int i = 0; i < 200; i++)
		buf_add_char(&b, '[');
	refused(b.p, "x.toml:1: a value lies too deep");
	buf_reset(&b);
	for (int i = 0; i < 200; i++)
		buf_add_text(&b, "a.");
	buf_add_text(&b, "a = 1");
	refused(b.p, "x.toml:1: 'a' lies too deep");
	buf_release(&b);
}

int main(void)
{
	check_values();
	check_texts();
	check_tables();
	check_refused_values();
	check_refused_tables();
	check_depth();
	return done_testing();
}
