/* base/ydoc: scalars as DVC reads them, texts as DVC writes them. tests/data/dvc: written by DVC 3.67.1. */
#include "base/ydoc.h"

#include <stdlib.h>

#include "tap.h"

static void reads_as(const char *yaml, const char *want_json)
{
	struct err e = ERR_INIT;
	struct buf b = BUF_INIT;
	json_t *v = ydoc_parse(slice_of(yaml), "x.yaml", &e);

	if (no_err(&e, "%s is YAML", yaml)) {
		jdoc_format(&b, v, JDOC_LINE);
		is_text(b.p, want_json, "'%s' reads as %s", yaml, want_json);
	}
	buf_release(&b);
	json_decref(v);
}

static void check_scalars(void)
{
	reads_as("", "null");
	reads_as("a:", "{\"a\": null}");
	reads_as("[~, null, Null, true, TRUE, false]", "[null, null, null, true, true, false]");
	reads_as("[yes, no, on, off, y, n, nUll]",
		"[\"yes\", \"no\", \"on\", \"off\", \"y\", \"n\", \"nUll\"]");
	reads_as("[0x10, 0o17, 017, 1_000, +1, -3, 0b11, 08, -0x1]",
		"[16, 15, 17, 1000, 1, -3, 3, 8, -1]");
	reads_as("[1e17, 1e-05, .5, 5., 1.5e3, -2E+05, 1_0.5]",
		"[1e+17, 1e-05, 0.5, 5.0, 1500.0, -200000.0, 10.5]");
	reads_as("[\"123\", '1.5', 'true', 1.2.3, 1e, 0x, _, 0xg, '']",
		"[\"123\", \"1.5\", \"true\", \"1.2.3\", \"1e\", \"0x\", \"_\", \"0xg\", \"\"]");
	reads_as("[2020-01-01, 1:30, nan, inf]", "[\"2020-01-01\", \"1:30\", \"nan\", \"inf\"]");
	reads_as("[9223372036854775807, -9223372036854775808]",
		"[9223372036854775807, -9223372036854775808]");
	reads_as("a: |\n  x\n  y\nb: >\n  x\n  y\n", "{\"a\": \"x\\ny\\n\", \"b\": \"x y\\n\"}");
}

static void check_aliases(void)
{
	reads_as("a: &x {k: 1}\nb: *x", "{\"a\": {\"k\": 1}, \"b\": {\"k\": 1}}");
	reads_as("a: &x {k: 1, l: 2}\nb:\n  k: 3\n  <<: *x",
		"{\"a\": {\"k\": 1, \"l\": 2}, \"b\": {\"k\": 3, \"l\": 2}}");
}

static void refused(const char *yaml, const char *message)
{
	struct err e = ERR_INIT;
	json_t *v = ydoc_parse(slice_of(yaml), "x.yaml", &e);

	ok(!v, "refused: %s", message);
	is_err(&e, ERR_INPUT, message, "says: %s", message);
	json_decref(v);
}

static void check_refusals(void)
{
	struct buf b = BUF_INIT;

	refused("a: 1\na: 2", "x.yaml:2: key 'a' is there twice");
	refused("a: 99999999999999999999", "x.yaml:1: integer '99999999999999999999' does not fit");
	refused("a: .inf", "x.yaml:1: '.inf' is not a number");
	refused("a: !!str 1", "tags are not read");
	refused("a: 1\n---\nb: 2", "one document");
	refused("a: *x", "alias of an anchor");
	refused("a: &x [*x]", "alias of an anchor");
	refused("a: [1", "x.yaml:2: not good YAML");
	refused("? [1, 2]\n: 3", "a key must be a simple text");
	refused("a: \"\\0\"", "NUL");
	refused("a: 1\n\tb: 2", "not good YAML");
	for (int i = 0; i < 300; i++)
		buf_add_char(&b, '[');
	refused(b.p, "nested too deeply");
	buf_reset(&b);
	buf_add_text(&b, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 12; i++)
		buf_addf(&b, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1, i - 1,
			i - 1, i - 1, i - 1, i - 1);
	refused(b.p, "aliases stand for too much");
	buf_release(&b);
}

/* Each text as DVC wrote it; where a line was folded or broken, it only has to read back. */
static void check_quoting(void)
{
	struct err e = ERR_INIT;
	struct buf b = BUF_INIT;
	json_t *all = jdoc_load(TEST_ROOT "/tests/data/dvc/yaml-quoting.json", &e);
	int n_other = 0;

	no_err(&e, "the corpus");
	for (size_t i = 0; i < json_array_size(all); i++) {
		json_t *pair = json_array_get(all, i), *back;
		json_t *doc = json_pack("[{sO}]", "path", json_array_get(pair, 0));
		const char *want = json_string_value(json_array_get(pair, 1));

		buf_reset(&b);
		ok(!ydoc_format(&b, doc, &e), "text %zu is written", i);
		back = ydoc_parse(buf_slice(&b), "x", &e);
		ok(json_equal(doc, back), "and read back: %s", b.p);
		json_decref(back);
		back = ydoc_parse(slice_of(want), "x", &e);
		/* U+0085 ends a line for libyaml, not for YAML 1.2 */
		ok(strstr(want, "\xc2\x85") || json_equal(doc, back), "and so is DVC's: %s", want);
		json_decref(back);
		if (strlen(want) > 80 || strstr(want, "\xc2\x85") || strstr(want, "\xe2\x80\xa8") ||
			strstr(want, "\xf0\x9f"))
			n_other++;
		else
			is_text(b.p, want, "written as DVC writes it");
		json_decref(doc);
	}
	ok(n_other < 8, "few texts are left out of the comparison");
	buf_release(&b);
	json_decref(all);
}

static void rewritten_is_same(const char *path)
{
	struct err e = ERR_INIT;
	struct buf b = BUF_INIT;
	json_t *v = ydoc_load(path, &e);
	char *text = read_file(path, NULL);

	if (no_err(&e, "%s is read", path) && !ydoc_format(&b, v, &e))
		is_text(b.p, text, "and written again the same");
	free(text);
	buf_release(&b);
	json_decref(v);
}

static int all_of_it(void *ctx, struct err *e)
{
	struct buf b = BUF_INIT;
	json_t *v = ydoc_parse(slice_of(ctx), "x", e);
	int rc;

	if (!v)
		return -1;
	rc = ydoc_format(&b, v, e);
	buf_release(&b);
	json_decref(v);
	return rc;
}

int main(void)
{
	check_scalars();
	check_aliases();
	check_refusals();
	check_quoting();
	rewritten_is_same(TEST_ROOT "/tests/data/dvc/pipeline/dvc.lock");
	rewritten_is_same(
		TEST_ROOT "/tests/data/dvc/runs/b0616a958d8184a812413a6f7846a4d71154f744705c"
			  "8fad182e4d05f97969ed-c61e1128c5a62d42f5db9828284a7b95a4b9ffa9321901bd1"
			  "a5deb54d02e85d6");
	survives_oom(all_of_it, "a: [1, 0x10, 2.5, 'x']\nb: {c: null}\n", "YAML");
	return done_testing();
}
