/* base/path: names as text, and folders. */
#include "base/path.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

static void normal_is(const char *path, const char *want)
{
	struct buf b = BUF_INIT;

	buf_add_text(&b, path);
	path_normalise(&b);
	is_text(b.p, want, "'%s' normalised", path);
	is_int(b.len, strlen(want), "and its length");
	path_normalise(&b);
	is_text(b.p, want, "and again");
	buf_release(&b);
}

static void check_normalise(void)
{
	normal_is("", ".");
	normal_is(".", ".");
	normal_is("./", ".");
	normal_is("/", "/");
	normal_is("//", "/");
	normal_is("a/b", "a/b");
	normal_is("a//b/./c/", "a/b/c");
	normal_is("a/..", ".");
	normal_is("a/../b", "b");
	normal_is("a/b/../../..", "..");
	normal_is("../a", "../a");
	normal_is("../a/..", "..");
	normal_is("../../a/../..", "../../..");
	normal_is("/..", "/");
	normal_is("/../a", "/a");
	normal_is("/a/../..", "/");
	normal_is("/a/b/../c", "/a/c");
	normal_is("...", "...");
	normal_is("a/.../b..", "a/.../b..");
	normal_is("a/..b/../..c", "a/..c");
	normal_is("..a/..", ".");
	normal_is("x../..", ".");
}

static void relative_is(const char *from, const char *to, const char *want)
{
	struct buf b = BUF_INIT;

	path_relative(&b, from, to);
	is_text(b.p, want, "from %s to %s", from, to);
	buf_release(&b);
}

static void join_is(const char *dir, const char *name, const char *want)
{
	struct buf b = BUF_INIT;

	path_join(&b, dir, name);
	is_text(b.p, want, "'%s' joined with '%s'", dir, name);
	buf_release(&b);
}

static void check_text(void)
{
	struct buf b = BUF_INIT;

	relative_is("/a", "/a", ".");
	relative_is("/a", "/a/b", "b");
	relative_is("/a/b", "/a", "..");
	relative_is("/a/b", "/a/c", "../c");
	relative_is("/a", "/ab", "../ab");
	relative_is("/ab", "/a", "../a");
	relative_is("/", "/a/b", "a/b");
	relative_is("/a/b", "/", "../..");
	relative_is("/", "/", ".");
	relative_is("/a/b/c", "/a/x/y", "../../x/y");
	join_is("", "a", "a");
	join_is(".", "a", "a");
	join_is("d", "a", "d/a");
	join_is("d/", "a", "d/a");
	join_is("/", "a", "/a");
	join_is("d", "/a", "/a");
	ok(path_stays_below("a/b") && path_stays_below("..a") && path_stays_below("."),
		"what stays below");
	ok(!path_stays_below("..") && !path_stays_below("../a") && !path_stays_below("/a"),
		"what does not");
	is_text(path_base("a/b.csv"), "b.csv", "base");
	is_text(path_base("b.csv"), "b.csv", "base without a folder");
	path_dir(&b, "a/b/c");
	is_text(b.p, "a/b", "dir");
	path_dir(&b, "c");
	is_text(b.p, ".", "dir of a name");
	path_dir(&b, "/c");
	is_text(b.p, "/", "dir below the root");
	buf_release(&b);
}

static void check_folders(void)
{
	struct err e = ERR_INIT;
	struct buf b = BUF_INIT;
	const char *top = scratch();

	is_int(path_make_dirs("a/b/c", &e), 0, "folders are made");
	is_int(path_make_dirs("a/b/c/", &e), 0, "again, with a slash behind");
	ok(path_is_dir("a/b/c"), "they are there");
	is_int(path_make_parents("p/q/file", &e), 0, "parents are made");
	ok(path_is_dir("p/q") && !path_exists("p/q/file"), "but not the file");
	is_int(path_make_parents("file", &e), 0, "a name has its parent");
	write_text("f", "x");
	is_int(path_make_dirs("f/g", &e), -1, "no folder below a file");
	is_err(&e, ERR_INPUT, "f", "says so");
	is_int(path_make_dirs("f", &e), -1, "nor in its place");
	is_err(&e, ERR_INPUT, "f", "says so too");
	ok(path_exists("f") && !path_is_dir("f") && !path_exists("nothing"), "exists, is_dir");
	is_int(path_absolute(&b, "x/../y", &e), 0, "absolute");
	ok(strncmp(b.p, top, strlen(top)) == 0 && strcmp(b.p + strlen(top), "/y") == 0,
		"from the current folder");
	is_int(path_absolute(&b, "/x/../y", &e), 0, "absolute already");
	is_text(b.p, "/y", "is normalised");
	buf_release(&b);
}

static void make_tree(void)
{
	struct err e = ERR_INIT;

	if (path_make_dirs("keep", &e) || path_make_dirs("t/a/b", &e) || path_make_dirs("t/c", &e))
		no_err(&e, "making a tree");
	write_text("keep/this", "1");
	write_text("t/f", "1");
	write_text("t/a/b/g", "1");
	ok(symlink("../../keep", "t/a/link") == 0 && symlink("nowhere", "t/dangling") == 0,
		"links");
}

static void check_remove(void)
{
	struct err e = ERR_INIT;

	scratch();
	make_tree();
	is_int(path_remove_all("t", &e), 0, "a tree is removed");
	ok(!path_exists("t") && path_exists("keep/this"), "with its links, not what they name");
	make_tree();
	is_int(path_remove_all("t/", &e), 0, "also with a slash behind");
	ok(!path_exists("t") && path_exists("keep/this"), "and nothing else");
	make_tree();
	is_int(path_remove_all("./t//", &e), 0, "or two");
	ok(!path_exists("t") && path_exists("keep/this"), "and nothing else");
	ok(symlink("keep", "l") == 0, "a link to a folder");
	is_int(path_remove_all("l/", &e), 0, "is removed, a slash behind or not");
	ok(!path_exists("l") && path_exists("keep/this"), "and the folder stays");
	is_int(path_remove_all("nothing", &e), 0, "nothing there is fine");
	is_int(path_remove_all("keep/this/below", &e), 0, "also below a file");
	ok(path_exists("keep/this"), "which stays");
	is_int(path_remove_all("keep/this", &e), 0, "a file");
	ok(!path_exists("keep/this"), "is gone");
	/* Deep: no recursion, no path that is too long for it. */
	struct buf b = BUF_INIT;
	buf_add_text(&b, "deep");
	for (int i = 0; i < 300; i++)
		path_append(&b, "ddddddd");
	is_int(path_make_dirs(b.p, &e), 0, "300 folders deep");
	is_int(path_remove_all("deep", &e), 0, "are removed");
	ok(!path_exists("deep"), "and gone");
	buf_release(&b);
}

static int folders(void *ctx, struct err *e)
{
	struct buf b = BUF_INIT;
	int result;

	(void)ctx;
	result = path_make_dirs("oom/b/c", e) || path_make_parents("oom/d/e", e) ||
				 path_absolute(&b, "oom", e) || path_remove_all("oom", e)
			 ? -1
			 : 0;
	buf_release(&b);
	return result;
}

int main(void)
{
	check_normalise();
	check_text();
	check_folders();
	check_remove();
	survives_oom(folders, NULL, "each allocation may fail");
	return done_testing();
}
