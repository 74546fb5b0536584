#include "cas/ignore.h"

#include <stdlib.h>

#include "base/path.h"
#include "tap.h"

/* Expectations are git 2.39's: `git check-ignore` on the same rules and paths. */
static void test_rules(void)
{
	static const struct {
		const char *rules, *path;
		bool is_dir, want;
	} cases[] = {
		{ "a", "a", false, true },
		{ "a", "d/a", false, true },
		{ "/a", "d/a", false, false },
		{ "/a", "a", true, true },
		{ "a/", "a", false, false },
		{ "a/", "d/a", true, true },
		{ "d/a", "d/a", false, true },
		{ "d/a", "x/d/a", false, false },
		{ "*.log", "x/y.log", false, true },
		{ "*.log", "x/y.log2", false, false },
		{ "d/*.c", "d/e/f.c", false, false },
		{ "d/**/f.c", "d/f.c", false, true },
		{ "d/**/f.c", "d/e/g/f.c", false, true },
		{ "**/f.c", "f.c", false, true },
		{ "**/d/f.c", "x/y/d/f.c", false, true },
		{ "d/**", "d/e/f", false, true },
		{ "d/**", "d", true, false },
		{ "a?c", "abc", false, true },
		{ "a?c", "a/c", false, false },
		{ "[a-c]x", "bx", false, true },
		{ "[!a-c]x", "bx", false, false },
		{ "[]]x", "]x", false, true },
		{ "[ax", "[ax", false, true },
		{ "*\n!keep", "keep", false, false },
		{ "*\n!keep", "other", false, true },
		{ "!a\na", "a", false, true },
		{ "# a", "# a", false, false },
		{ "\\#a", "#a", false, true },
		{ "\\!a", "!a", false, true },
		{ "a ", "a", false, true },
		{ "a\\ ", "a ", false, true },
		{ "\\*", "*", false, true },
		{ "\\*", "x", false, false },
		{ "a\r\nb", "a", false, true },
		{ "", "a", false, false },
		{ "/", "a", true, false },
	};
	struct err e = ERR_INIT;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cas_ignore *ig =
			cas_ignore_parse(slice_of(cases[i].rules), CAS_IGNORE_GIT, ".", NULL, &e);

		is_int(cas_ignore_has(ig, cases[i].path, cases[i].is_dir), cases[i].want,
			"'%s' and %s", cases[i].rules, cases[i].path);
		cas_ignore_free(ig);
	}
}

/* Expectations are those of `dvc check-ignore`, 3.67.1. */
static void test_dvc(void)
{
	static const struct {
		const char *rules, *path;
		bool is_dir, want;
	} cases[] = {
		{ " a\t", "a", false, true },
		{ "d/**", "d", true, true },
		{ "d/**", "d", false, false },
		{ "d/**", "d/e", false, true },
		{ "d/**\n!d/e", "d", true, true },
		{ "?", "\xc3\xa9", false, true },
		{ "??", "\xc3\xa9", false, false },
		{ "[\xc3\xa0-\xc3\xaf]", "\xc3\xa9", false, true },
		{ "[!a]", "\xc3\xa9", false, true },
		{ "\xc3\xa9", "\xc3\xa9", false, true },
		{ "*\xa9", "\xc3\xa9", false, true },
	};
	struct err e = ERR_INIT;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cas_ignore *ig =
			cas_ignore_parse(slice_of(cases[i].rules), CAS_IGNORE_DVC, ".", NULL, &e);

		is_int(cas_ignore_has(ig, cases[i].path, cases[i].is_dir), cases[i].want,
			"DVC: '%s' and %s", cases[i].rules, cases[i].path);
		cas_ignore_free(ig);
	}
}

static void test_folders(void)
{
	struct err e = ERR_INIT;
	struct cas_ignore *top =
		cas_ignore_parse(slice_of("*.tmp\n/build/"), CAS_IGNORE_GIT, ".", NULL, &e);
	struct cas_ignore *sub =
		cas_ignore_parse(slice_of("!keep.tmp\n/x"), CAS_IGNORE_GIT, "sub", top, &e);

	ok(cas_ignore_has(sub, "sub/a.tmp", false), "rules from above hold below");
	ok(!cas_ignore_has(sub, "sub/keep.tmp", false), "the deeper one wins");
	ok(cas_ignore_has(sub, "sub/x", false), "an anchor is the folder's");
	ok(!cas_ignore_has(sub, "sub/y/x", false), "and no deeper one's");
	ok(cas_ignore_has_above(top, "build/deep/file", false), "what is in an ignored folder");
	ok(!cas_ignore_has_above(top, "sub/build2/file", false), "not in another one");
	cas_ignore_free_all(sub);
}

/* Stars upon stars must not take forever: the first would need 10^12 steps by trying. */
static void test_hostile(void)
{
	struct err e = ERR_INIT;
	struct buf path = BUF_INIT;
	struct cas_ignore *ig = cas_ignore_parse(
		slice_of("a*a*a*a*a*a*a*a*a*a*a*a*b\n**/a/**/a/**/a/**/a/**/a/**/b"),
		CAS_IGNORE_GIT, ".", NULL, &e);

	for (int i = 0; i < 300; i++)
		buf_add_text(&path, "aa/a/");
	buf_add_text(&path, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac");
	ok(!cas_ignore_has(ig, path.p, false), "a hostile pattern ends");
	cas_ignore_free(ig);
	buf_release(&path);
}

static void check_file(const char *path, const char *want, const char *name)
{
	char *got = read_file(path, NULL);

	is_text(got, want, "%s", name);
	free(got);
}

static void test_git(void)
{
	struct err e = ERR_INIT;
	const char *root = scratch();
	struct cas_repo r = { .root = (char *)(uintptr_t)root, .git_root = r.root };
	bool changed;

	r.git_root = r.root;
	write_text(".gitignore", "x");
	is_int(cas_ignore_add_git(&r, "data", &changed, &e), 0, "a line is added");
	ok(changed, "and told");
	is_int(cas_ignore_add_git(&r, "data", &changed, &e), 0, "again");
	ok(!changed, "only once");
	is_int(cas_ignore_add_git(&r, "a: b #c.txt", NULL, &e), 0, "an awkward name");
	is_int(cas_ignore_add_git(&r, "[br]*?!.txt", NULL, &e), 0, "another");
	is_int(cas_ignore_add_git(&r, "\\back", NULL, &e), 0, "another");
	check_file(".gitignore", "x\n/data\n/a: b \\#c.txt\n/\\[br\\]\\*\\?\\!.txt\n/\\\\back\n",
		"as DVC writes them");
	is_int(cas_ignore_add_git(&r, "new\nline", NULL, &e), -1, "a line break");
	is_err(&e, ERR_INPUT, "line break", "is refused");
	is_int(cas_ignore_remove_git(&r, "data", &changed, &e), 0, "a line is removed");
	ok(changed, "and told");
	is_int(cas_ignore_remove_git(&r, "data", &changed, &e), 0, "again");
	ok(!changed, "nothing to do");
	check_file(".gitignore", "x\n/a: b \\#c.txt\n/\\[br\\]\\*\\?\\!.txt\n/\\\\back\n",
		"the others stay");
	write_text(".gitignore", "/one\n");
	is_int(cas_ignore_remove_git(&r, "one", NULL, &e), 0, "the last line");
	ok(!path_exists(".gitignore"), "takes the file with it");
}

int main(void)
{
	test_rules();
	test_dvc();
	test_folders();
	test_hostile();
	test_git();
	return done_testing();
}
