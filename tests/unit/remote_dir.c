#include "remote/dir.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "remote/url.h"
#include "tap.h"

static void test_url(void)
{
	static const struct {
		const char *text, *path, *bucket;
	} good[] = {
		{ "a//b/./c/", "a/b/c", "" },
		{ "/", "/", "" },
		{ "file:///a%20b", "/a b", "" },
		{ "file:///a%2", "/a%2", "" },
		{ "file:///a%00b", "/a%00b", "" },
		{ "file://localhost/x", "/x", "" },
		{ "s3://bucket", "", "bucket" },
		{ "s3://bucket//a/b//", "a/b", "bucket" },
		{ "a/x://y", "a/x:/y", "" },
	};
	static const char *const bad[] = { "", "s3://", "s3:///x", "s3://a b/c", "file://host/x",
		"http://x/y", "gs://b" };
	struct err e = ERR_INIT;
	struct remote_url u;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		is_int(remote_url_parse(&u, good[i].text, &e), 0, "%s is a url", good[i].text);
		is_text(u.path.p, good[i].path, "its path");
		is_text(u.bucket.p, good[i].bucket, "its bucket");
		remote_url_release(&u);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		is_int(remote_url_parse(&u, bad[i], &e), -1, "'%s' is none", bad[i]);
		is_err(&e, ERR_INPUT, NULL, "and told");
		remote_url_release(&u);
	}
}

static void is_listed(struct remote_store *s, const char *prefix, const char *want)
{
	struct err e = ERR_INIT;
	struct remote_listing *l = remote_store_list(s, prefix, &e);
	struct remote_entry entry;
	struct buf got = BUF_INIT;
	int r;

	while ((r = remote_listing_next(l, &entry, &e)) > 0)
		buf_addf(&got, "%s ", entry.key);
	is_int(r, 0, "the listing ends");
	is_text(got.p, want, "keys with '%s' in order of bytes", prefix);
	remote_listing_close(l);
	buf_release(&got);
}

static void test_list(struct pool *pool)
{
	struct err e = ERR_INIT;
	struct remote_store *s =
		remote_dir_open("tree", &(struct remote_store_options){ .pool = pool }, &e);

	is_listed(s, "", "");
	mkdir("tree", 0777);
	mkdir("tree/a", 0777);
	mkdir("tree/a/deep", 0777);
	mkdir("tree/empty", 0777);
	write_text("tree/a/z", "1");
	write_text("tree/a/deep/y", "2");
	write_text("tree/a-b", "3");
	write_text("tree/a.b", "4");
	write_text("tree/a0", "5");
	write_text("tree/.cd4ml-1-0.tmp", "ours");
	is_listed(s, "", "a-b a.b a/deep/y a/z a0 ");
	is_listed(s, "a/", "a/deep/y a/z ");
	is_listed(s, "a/de", "a/deep/y ");
	is_listed(s, "a", "a-b a.b a/deep/y a/z a0 ");
	is_listed(s, "a0", "a0 ");
	is_listed(s, "nosuch/x", "");
	remote_store_close(s);
}

static void test_jobs(struct pool *pool)
{
	struct err e = ERR_INIT;
	struct remote_store *s =
		remote_dir_open("jobs", &(struct remote_store_options){ .pool = pool }, &e);
	struct remote_job job = { .op = REMOTE_SEND,
		.key = "x/y",
		.data = { "hello\n", 6 },
		.has_md5 = true,
		.read_only = true };
	struct buf text = BUF_INIT;
	struct stat st;

	hash_md5_of(job.data, job.md5);
	is_int(remote_store_do(s, &job, &e), 0, "bytes are sent, with their hash");
	ok(!stat("jobs/x/y", &st) && (st.st_mode & 0777) == 0444, "read-only as asked");

	job.data = (struct slice){ "jello\n", 6 };
	is_int(remote_store_do(s, &job, &e), -1, "other bytes under that hash");
	is_err(&e, ERR_INPUT, "corrupt", "are refused");
	is_int(count_files("jobs/x"), 1, "nothing is left of them");

	job.keep = true;
	is_int(remote_store_do(s, &job, &e), 0, "what is there may be kept");
	ok(job.is_there, "and told");

	job = (struct remote_job){
		.op = REMOTE_FETCH, .key = "x/y", .into = &text, .has_md5 = true
	};
	hash_md5_of(slice_of("hello\n"), job.md5);
	is_int(remote_store_do(s, &job, &e), 0, "fetched to memory");
	is_text(text.p, "hello\n", "as it was");
	job.key = "x/nosuch";
	is_int(remote_store_do(s, &job, &e), 0, "a missing one is no failure");
	ok(!job.is_there, "but told");
	job.key = "x/y";
	job.md5[0] ^= 1;
	job.path = "deep/er/file";
	is_int(remote_store_do(s, &job, &e), -1, "fetched with another hash");
	is_err(&e, ERR_INPUT, "corrupt", "is refused");
	ok(!path_exists("deep/er/file"), "and not there");

	job = (struct remote_job){ .op = REMOTE_DELETE, .key = "x/y" };
	is_int(remote_store_do(s, &job, &e), 0, "deleted");
	ok(!path_exists("jobs/x"), "with the folder that became empty");
	is_int(remote_store_do(s, &job, &e), 0, "gone is fine");
	job.op = REMOTE_ASK;
	is_int(remote_store_do(s, &job, &e), 0, "asked");
	ok(!job.is_there, "not there");
	buf_release(&text);
	remote_store_close(s);
}

int main(void)
{
	struct err e = ERR_INIT;
	struct pool *pool = pool_new(2, &e);

	scratch();
	test_url();
	test_list(pool);
	test_jobs(pool);
	pool_free(pool);
	return done_testing();
}
