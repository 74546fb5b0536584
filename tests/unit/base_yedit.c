/* base/yedit: one value changed, all else as it was. */
#include "base/yedit.h"

#include "tap.h"

static void sets(const char *name, const char *text, const char *key, const char *value,
	const char *want, const char *what)
{
	struct err e = ERR_INIT;
	struct buf out = BUF_INIT;

	ok(!yedit_set(&out, slice_of(text), name, key, value, &e), "%s is set", what);
	is_text(out.p, want, "%s: %s", what, e.what);
	buf_release(&out);
}

static void refuses(const char *text, const char *key, const char *value, const char *message)
{
	struct err e = ERR_INIT;
	struct buf out = BUF_INIT;

	ok(yedit_set(&out, slice_of(text), "p.yaml", key, value, &e), "refused");
	is_err(&e, ERR_INPUT, message, "says: %s", message);
	buf_release(&out);
}

int main(void)
{
	sets("p.yaml", "# c\na: 1 # one\nb:\n  c: x  # two\n", "b.c", "y z",
		"# c\na: 1 # one\nb:\n  c: y z  # two\n", "a member of a member");
	sets("p.yaml", "a: [1, 2, 3]\n", "a.1", "20", "a: [1, 20, 3]\n", "one of a list");
	sets("p.yaml", "a: [1, 2, 3]\n", "a", "[4]", "a: [4]\n", "a list");
	sets("p.yaml", "a:\nb: 2\n", "a", "1", "a: 1\nb: 2\n", "an empty value");
	sets("p.yaml", "a.b: 1\na: {b: 2}\n", "a.b", "3", "a.b: 3\na: {b: 2}\n",
		"a key with a point");
	sets("p.yaml", "ü: 'é' # ß\nx: 'a'\n", "x", "'b'", "ü: 'é' # ß\nx: 'b'\n",
		"behind characters of two bytes");
	sets("p.yaml", "a: 1\r\nb: 2\r\n", "b", "3", "a: 1\r\nb: 3\r\n",
		"with lines that end in CR LF");
	sets("p.json", "{\"a\": {\"b\": \"x\"}, \"c\": 1}\n", "a.b", "y",
		"{\"a\": {\"b\": \"y\"}, \"c\": 1}\n", "JSON");
	refuses("a: {depth: 1}\n", "a.dept", "2", "there is no parameter 'a.dept'");
	refuses("a: 1\n", "a.b", "2", "there is no parameter 'a.b'");
	refuses("a: |\n  x\n  y\n", "a", "2", "'a' is not a value of one line of its own");
	refuses("a:\n  b: 1\n", "a", "2", "'a' is not a value of one line of its own");
	refuses("a: &x 1\nb: *x\n", "b", "2", "'b' cannot be changed alone, or to this value");
	refuses("a: 1\nb: 2\n", "a", "{x", "did not find expected ',' or '}'");
	refuses("a: [1, 2]\n", "a.0", "x, y", "'a.0' cannot be changed alone, or to this value");
	return done_testing();
}
