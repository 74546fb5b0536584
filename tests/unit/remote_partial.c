/* remote/partial: what is noted is found again; notes of another form, or of a file that has become an object, are not. */
#include "remote/partial.h"

#include <fcntl.h>
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

static void test_sweep(void)
{
	struct timespec old[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };
	unsigned char arrived[RANGES];
	struct buf path = BUF_INIT;
	char other[4096];
	int fd = open_it("\"s\"", &path, arrived), fd2;

	is_int(futimens(fd, old), 0, "a partial that is old");
	is_int((long long)remote_partial_sweep(p.dir, 60), 0, "is left while somebody is at it");
	close(fd);
	is_int((long long)remote_partial_sweep("/nosuch", 0), 0, "a folder that is not there");
	snprintf(other, sizeof(other), "%s/.cd4ml-1-part.tmp", p.dir);
	fd2 = open(other, O_CREAT | O_RDWR, 0600);
	is_int(futimens(fd2, old), 0, "another's name");
	is_int((long long)remote_partial_sweep(p.dir, 60), 1, "then it goes");
	ok(access(path.p, F_OK) != 0 && access(other, F_OK) == 0, "alone");
	close(fd2);
	unlink(other);
	fd = open_it("\"s\"", &path, arrived);
	close(fd);
	is_int((long long)remote_partial_sweep(p.dir, 60), 0, "a young one stays");
	is_int((long long)remote_partial_sweep(p.dir, 0), 1, "unless all are meant");
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
	test_sweep();
	test_published();
	return done_testing();
}
