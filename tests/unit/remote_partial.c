/* remote/partial: what is noted is found again; notes of another form, or of a file that has become an object, are not. */
#include "remote/partial.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

enum { RANGES = 5, SIZE = 4500 };

static struct remote_partial p = { .name = "s3://bucket/key", .size = SIZE, .n_ranges = RANGES };

static int open_it(const char *etag, struct buf *path, unsigned char *arrived)
{
	buf_reset(path);
	p.etag = slice_of(etag);
	return remote_partial_open(&p, path, arrived);
}

static void test_resume(void)
{
	unsigned char arrived[RANGES];
	struct buf path = BUF_INIT;
	struct err e = ERR_INIT;
	struct stat st;
	int fd = open_it("\"a\"", &path, arrived), other;

	ok(fd >= 0, "a new one");
	is_int(memcmp(arrived, "\0\0\0\0\0", RANGES), 0, "has nothing");
	is_int(pwrite(fd, "hello", 5, 1000), 5, "bytes arrive");
	remote_partial_note(&p, fd, 1);
	remote_partial_note(&p, fd, 4);
	other = open_it("\"a\"", &path, arrived);
	is_int(other, -1, "nobody else gets it meanwhile");
	close(fd);
	fd = open_it("\"a\"", &path, arrived);
	is_int(memcmp(arrived, "\0\1\0\0\1", RANGES), 0, "what was noted is found again");
	is_int(remote_partial_finish(&p, fd, 0444, &e), 0, "it becomes the object");
	ok(!fstat(fd, &st) && st.st_size == SIZE && (st.st_mode & 0777) == 0444, "and no more");
	close(fd);
	fd = open_it("\"a\"", &path, arrived);
	is_int(memcmp(arrived, "\0\0\0\0\0", RANGES), 0, "a whole one without notes is begun anew");
	remote_partial_note(&p, fd, 2);
	close(fd);
	fd = open_it("\"b\"", &path, arrived);
	is_int(memcmp(arrived, "\0\0\0\0\0", RANGES), 0, "another form of the object too");
	close(fd);
	buf_release(&path);
}

static void test_published(void)
{
	unsigned char arrived[RANGES];
	struct buf path = BUF_INIT;
	char name[4096];
	struct stat st;
	int fd;

	close(open_it("\"c\"", &path, arrived));
	snprintf(name, sizeof(name), "%s/object", scratch());
	is_int(link(path.p, name), 0, "killed between its two names");
	is_int(stat(name, &st), 0, "it is an object");
	is_int(open_it("\"d\"", &path, arrived), -1, "which is not written to");
	ok(access(path.p, F_OK) != 0, "and loses the other name");
	fd = open_it("\"d\"", &path, arrived);
	ok(fd >= 0, "the next time one is begun anew");
	close(fd);
	buf_release(&path);
	p.etag = slice_of("");
	buf_init(&path);
	is_int(remote_partial_open(&p, &path, arrived), -1, "without an ETag there is none");
	buf_release(&path);
}

int main(void)
{
	p.dir = scratch();
	test_resume();
	test_published();
	return done_testing();
}
