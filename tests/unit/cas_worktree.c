#include "cas/worktree.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "cas/tree.h"
#include "tap.h"

static struct cas_worktree *open_tree(struct pool *pool)
{
	struct err e = ERR_INIT;
	struct cas_worktree *w = cas_worktree_open(NULL, pool, NULL, &e);

	no_err(&e, "opens");
	return w;
}

static const char *hex_of(const struct cas_content *c)
{
	static char hex[CAS_ID_TEXT_MAX];

	cas_id_format(&c->id, hex);
	return hex;
}

static void test_file(struct pool *pool)
{
	struct cas_worktree *w = open_tree(pool);
	struct cas_content c, d;
	struct cas_checkout_result res = { 0 };
	struct err e = ERR_INIT;
	char *text;

	write_text("hello.txt", "hello\n");
	is_int(cas_worktree_hash(w, "nothing", false, &c, &e), 0, "nothing there");
	is_int(cas_worktree_hash(w, "hello.txt", false, &c, &e), 1, "a file");
	is_text(hex_of(&c), "b1946ac92492d2347c6235b4d2611184", "has its MD5");
	is_int(c.size, 6, "and size");
	is_int(cas_worktree_has(w, &c.id, &e), 0, "not in the cache");
	is_int(cas_worktree_put(w, "hello.txt", 0, &d, &e), 0, "is put");
	is_int(cas_worktree_has(w, &c.id, &e), 1, "is in the cache");
	is_int(cas_worktree_is_same(w, "hello.txt", &c, true, &e), 1, "is the same");

	write_text("hello.txt", "other\n");
	is_int(cas_worktree_is_same(w, "hello.txt", &c, true, &e), 0, "is changed");
	is_int(cas_worktree_checkout(w, "hello.txt", &c, 0, NULL, &e), -1,
		"what is not in the cache is not overwritten");
	is_err(&e, ERR_INPUT, "hello.txt: is not in the cache", "and told");
	text = read_file("hello.txt", NULL);
	is_text(text, "other\n", "and still there");
	free(text);
	is_int(cas_worktree_checkout(w, "hello.txt", &c, CAS_CHECKOUT_FORCE, &res, &e), 0,
		"unless forced");
	is_int(res.n_modified, 1, "one file changed");
	text = read_file("hello.txt", NULL);
	is_text(text, "hello\n", "content is right");
	free(text);
	is_int(cas_worktree_checkout(w, "deep/new.txt", &c, 0, &res, &e), 0, "to a new place");
	is_int(cas_worktree_is_same(w, "deep/new.txt", &c, true, &e), 1, "the same there");
	d = c;
	d.id.md5[0] ^= 1;
	is_int(cas_worktree_checkout(w, "x", &d, 0, NULL, &e), -1, "a missing object");
	is_err(&e, ERR_INPUT, NULL, "is an error");
	cas_worktree_close(w);
}

/* The tree of formats/dvc-golden, which DVC hashed to this. */
static void make_golden(void)
{
	mkdir("data", 0777);
	mkdir("data/sub", 0777);
	mkdir("data/sub/deep", 0777);
	mkdir("data/\xc3\xbc dir", 0777);
	write_text("data/one.txt", "one\n");
	write_text("data/sub/two.txt", "two\n");
	write_text("data/sub/deep/dup.txt", "one\n");
}

static void test_dir(struct pool *pool)
{
	struct cas_worktree *w = open_tree(pool);
	struct cas_content c, changed;
	struct cas_checkout_result res = { 0 };
	struct cas_manifest m = CAS_MANIFEST_INIT;
	struct err e = ERR_INIT;

	make_golden();
	is_int(cas_worktree_put(w, "data", 0, &c, &e), 0, "a directory is put");
	is_int(c.n_files, 3, "three files");
	is_int(c.size, 12, "of twelve bytes");
	is_int(cas_worktree_manifest(w, &c.id, &m, &e), 0, "its manifest");
	is_text(m.entries[1].relpath, "sub/deep/dup.txt", "is sorted");
	is_int(cas_worktree_has(w, &c.id, &e), 1, "all is in the cache");

	unlink("data/one.txt");
	write_text("data/sub/two.txt", "2\n");
	write_text("data/more", "m\n");
	mkdir("data/newdir", 0777);
	write_text("data/newdir/x", "m\n");
	is_int(cas_worktree_checkout(w, "data", &c, 0, NULL, &e), -1, "changes would be lost");
	is_err(&e, ERR_INPUT, "data/more: is not in the cache", "the first is named");
	ok(!path_exists("data/one.txt"), "and nothing was done");
	is_int(cas_worktree_put(w, "data", 0, &changed, &e), 0, "they are put");
	is_int(cas_worktree_checkout(w, "data", &c, 0, &res, &e), 0, "now it goes");
	is_int(res.n_added, 1, "one came");
	is_int(res.n_modified, 1, "one changed");
	is_int(res.n_deleted, 2, "two went");
	ok(!path_exists("data/newdir"), "and the folder that became empty");
	is_int(cas_worktree_is_same(w, "data", &c, false, &e), 1, "it is what it was");
	is_int(cas_worktree_remove(w, "data", 0, &e), -1, "an empty folder is not listed");
	is_err(&e, ERR_INPUT, NULL, "so it is not removed in silence");
	rmdir("data/\xc3\xbc dir");
	is_int(cas_worktree_checkout(w, "data", &c, 0, &res, &e), 0, "again");
	is_int(cas_worktree_remove(w, "data", 0, &e), 0, "removed");
	ok(!path_exists("data"), "is gone");
	is_int(cas_worktree_checkout(w, "data", &changed, 0, &res, &e), 0, "and comes back");
	is_int(cas_worktree_is_same(w, "data", &changed, false, &e), 1, "as the other one");
	is_int(cas_worktree_checkout(w, "data", &(struct cas_content){ 0 }, 0, &res, &e), -1,
		"to a missing file");
	is_err(&e, ERR_INPUT, NULL, "is an error");
	ok(path_exists("data/more"), "before anything is removed");
	cas_manifest_release(&m);
	cas_worktree_close(w);
}

static void test_refused(struct pool *pool)
{
	struct cas_worktree *w = open_tree(pool);
	struct cas_content c;
	struct err e = ERR_INIT;

	mkdir("bad", 0777);
	mkfifo("bad/pipe", 0666);
	is_int(cas_worktree_put(w, "bad", 0, &c, &e), -1, "a FIFO in a directory");
	is_err(&e, ERR_INPUT, "bad/pipe", "is refused");
	is_int(cas_worktree_put(w, "bad/pipe", 0, &c, &e), -1, "a FIFO itself");
	is_err(&e, ERR_INPUT, "not a plain file", "is refused");
	unlink("bad/pipe");
	if (symlink("nowhere", "bad/link"))
		abort();
	is_int(cas_worktree_put(w, "bad", 0, &c, &e), -1, "a broken link");
	is_err(&e, ERR_INPUT, "broken", "is refused");
	unlink("bad/link");
	write_text("bad/.dvcignore", "");
	is_int(cas_worktree_put(w, "bad", 0, &c, &e), -1, "a .dvcignore inside");
	is_err(&e, ERR_INPUT, ".dvcignore", "is refused");
	unlink("bad/.dvcignore");
	write_text("bad/\xff", "");
	is_int(cas_worktree_put(w, "bad", 0, &c, &e), -1, "a name that is not UTF-8");
	is_err(&e, ERR_INPUT, "UTF-8", "is refused");
	cas_worktree_close(w);
}

/* A link that leads out of the directory must not be written through. */
static void test_escape(struct pool *pool)
{
	struct cas_worktree *w = open_tree(pool);
	struct cas_content c;
	struct err e = ERR_INIT;

	mkdir("out", 0777);
	mkdir("in", 0777);
	mkdir("in/sub", 0777);
	write_text("in/sub/f", "f\n");
	is_int(cas_worktree_put(w, "in", 0, &c, &e), 0, "put");
	unlink("in/sub/f");
	rmdir("in/sub");
	if (symlink("../out", "in/sub"))
		abort();
	is_int(cas_worktree_checkout(w, "in", &c, CAS_CHECKOUT_FORCE, NULL, &e), -1,
		"a link in place of a folder");
	is_err(&e, ERR_INPUT, "in the way", "is refused");
	is_int(count_files("out"), 0, "nothing was written outside");
	cas_worktree_close(w);
}

static void test_corrupt(struct pool *pool)
{
	struct cas_worktree *w = open_tree(pool);
	struct buf path = BUF_INIT;
	struct cas_content c;
	struct err e = ERR_INIT;

	write_text("c", "content\n");
	is_int(cas_worktree_put(w, "c", 0, &c, &e), 0, "put");
	cas_object_path(w->cache, &c.id, &path);
	unlink("c");
	chmod(path.p, 0644);
	write_text(path.p, "CONTENT\n");
	is_int(cas_worktree_checkout(w, "c", &c, 0, NULL, &e), -1, "a corrupt object");
	is_err(&e, ERR_INPUT, "corrupt", "does not leave the cache");
	ok(!path_exists("c"), "nothing of it");
	is_int(cas_object_verify(w->cache, &c.id, &e), 0, "verify sees it");
	write_text("c", "content\n");
	is_int(cas_worktree_put(w, "c", 0, &c, &e), 0, "put again");
	is_int(cas_object_verify(w->cache, &c.id, &e), 1, "repairs it");
	buf_release(&path);
	cas_worktree_close(w);
}

static int put_and_get(void *ctx, struct err *e)
{
	struct cas_worktree *w = cas_worktree_open(NULL, ctx, NULL, e);
	struct cas_content c;
	int r = -1;

	if (w && !cas_worktree_put(w, "oom", 0, &c, e) &&
		!cas_worktree_remove(w, "oom", CAS_CHECKOUT_FORCE, e) &&
		!cas_worktree_checkout(w, "oom", &c, 0, NULL, e))
		r = 0;
	cas_worktree_close(w);
	/* For the next round, whatever became of this one. */
	mkdir("oom", 0777);
	mkdir("oom/d", 0777);
	if (!path_exists("oom/d/f"))
		write_text("oom/d/f", "f\n");
	return r;
}

/* The index does without memory, so that a refused allocation may also go unseen: no survives_oom(). */
static void test_memory(struct pool *pool)
{
	struct err e = ERR_INIT;
	size_t most;
	int bad = 0;

	alloc_fail(0, false);
	is_int(put_and_get(pool, &e), 0, "putting and checking out");
	most = alloc_count();
	for (size_t n = 1; n <= most; n++) {
		err_clear(&e);
		alloc_fail(n, false);
		if (put_and_get(pool, &e) && e.code != ERR_SYSTEM) {
			diag("allocation %zu: %s", n, e.what);
			bad++;
		}
		alloc_fail(0, false);
		if (put_and_get(pool, &e))
			bad++;
	}
	is_int(bad, 0, "each refused allocation is an error, and the next run goes on");
}

int main(void)
{
	struct err e = ERR_INIT;
	struct pool *pool = pool_new(2, &e), *one = pool_new(1, &e);

	scratch();
	is_int(cas_repo_init(".", CAS_INIT_NO_SCM, &e), 0, "a repository");
	test_file(pool);
	test_dir(pool);
	test_refused(pool);
	test_escape(pool);
	test_corrupt(pool);
	mkdir("oom", 0777);
	write_text("oom/f", "f\n");
	test_memory(one);
	pool_free(pool);
	pool_free(one);
	return done_testing();
}
