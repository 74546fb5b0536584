/* base/input: the same bytes from a file, gzip, memory and a pipe, in pieces of any size. */
#include "base/input.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/rng.h"
#include "tap.h"

enum { SIZE = 700001 }; /* more than two buffers */

static char *sample; /* [SIZE], compressible, with NULs */

static void make_sample(void)
{
	sample = malloc(SIZE);
	for (size_t i = 0; sample && i < SIZE; i++)
		sample[i] = (char)(rng_below(1, 0, i / 3, 20) * (i % 3));
}

/* A gzip member of the bytes, appended to `b`. */
static void add_member(struct buf *b, const char *p, size_t len)
{
	z_stream z = { 0 };
	char out[65536];
	int status;

	deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
	z.next_in = (unsigned char *)(uintptr_t)p;
	z.avail_in = (unsigned)len;
	do {
		z.next_out = (unsigned char *)out;
		z.avail_out = sizeof(out);
		status = deflate(&z, Z_FINISH);
		buf_add(b, out, sizeof(out) - z.avail_out);
	} while (status == Z_OK);
	deflateEnd(&z);
}

/* Reads all in pieces of `step`; -1 on error. */
static long read_steps(struct input *in, size_t step, struct buf *b, struct err *e)
{
	buf_reset(b);
	for (;;) {
		char *to = buf_reserve(b, step);
		ssize_t n = input_read(in, to, step, e);

		if (n < 0)
			return -1;
		b->len += (size_t)n;
		if ((size_t)n < step)
			return (long)b->len;
	}
}

static bool is_sample(const struct buf *b, size_t want)
{
	return b->len == want && memcmp(b->p, sample, want < SIZE ? want : SIZE) == 0;
}

/* The same with a thread that reads ahead from the first byte on, or from some byte later. */
static void check_ahead(const char *path, const char *what)
{
	static const size_t steps[] = { 1 << 20, 4096, 131072, 131073, SIZE };
	struct err e = ERR_INIT;
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct input *in = input_open(path, &e);
		size_t first = i * 1000;
		char some[5000];

		ok(in && input_read(in, some, first, &e) == (ssize_t)first &&
				memcmp(some, sample, first) == 0,
			"the first %zu bytes", first);
		ok(in && !input_read_ahead(in, &e) && !input_read_ahead(in, &e), "%s: ahead", what);
		ok(in && read_steps(in, steps[i], &b, &e) == (long)(SIZE - first) &&
				memcmp(b.p, sample + first, b.len) == 0,
			"%s in steps of %zu", what, steps[i]);
		ok(in && input_read(in, some, 10, &e) == 0, "and then the end");
		ok(in && input_consumed(in) == input_size(in), "all is consumed");
		input_close(in);
		in = input_open(path, &e);
		ok(in && !input_read_ahead(in, &e), "closed while it runs");
		input_close(in);
	}
	buf_release(&b);
}

static void check_reads(const char *path, const char *what)
{
	static const size_t steps[] = { 1 << 20, 4096, 65537, 262144, SIZE, 7 };
	struct err e = ERR_INIT;
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct input *in = input_open(path, &e);

		if (!ok(in != NULL, "%s opens", what))
			continue;
		ok(read_steps(in, steps[i], &b, &e) == SIZE && is_sample(&b, SIZE),
			"%s in steps of %zu", what, steps[i]);
		is_int(input_read(in, b.p, 10, &e), 0, "and then the end");
		is_int(input_consumed(in), input_size(in), "all is consumed");
		is_text(input_name(in), path, "the name");
		input_close(in);
	}
	is_int(input_load(path, 0, &b, &e), 0, "%s loads", what);
	ok(is_sample(&b, SIZE), "whole");
	is_int(input_load(path, SIZE, &b, &e), 0, "%s at the limit", what);
	is_int(input_load(path, SIZE - 1, &b, &e), -1, "%s beyond the limit", what);
	is_err(&e, ERR_INPUT, path, "says so");
	buf_release(&b);
}

static void check_map(const char *path, const char *what)
{
	struct err e = ERR_INIT;
	struct slice all = { 0 };
	struct input *in = input_open(path, &e);
	char some[100];

	if (!ok(in != NULL, "%s opens", what))
		return;
	is_int(input_read(in, some, 100, &e), 100, "the first 100 bytes");
	is_int(input_map(in, 0, &all, &e), 0, "%s: the rest mapped", what);
	ok(all.len == SIZE - 100 && memcmp(all.p, sample + 100, all.len) == 0, "is the rest");
	input_close(in);
	in = input_open(path, &e);
	is_int(input_map(in, SIZE - 1, &all, &e), -1, "%s: more than the limit", what);
	is_err(&e, ERR_INPUT, "larger", "says so");
	input_close(in);
}

static void check_large_and_small(void)
{
	size_t len = (5 << 20) + 1;
	struct err e = ERR_INIT;
	struct slice all = { 0 };
	char *bytes = malloc(len);
	struct input *in;

	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)(i * i >> 7);
	write_file("large", bytes, len);
	in = input_open("large", &e);
	is_int(input_map(in, 0, &all, &e), 0, "a large file is mapped");
	ok(all.len == len && memcmp(all.p, bytes, len) == 0, "whole");
	input_close(in);
	free(bytes);
	write_text("small", "a,b\n");
	in = input_open("small", &e);
	is_int(input_map(in, 0, &all, &e), 0, "a small one");
	is_int(truncate("small", 0), 0, "is emptied by somebody else");
	ok(slice_is(all, "a,b\n"), "and was read before");
	input_close(in);
}

static void check_memory(const struct buf *gz)
{
	struct err e = ERR_INIT;
	struct buf b = BUF_INIT;
	struct slice all, whole = { sample, SIZE };
	struct input *in = input_open_memory("m", whole, &e);

	ok(in && read_steps(in, 1000, &b, &e) == SIZE && is_sample(&b, SIZE), "memory in steps");
	input_close(in);
	in = input_open_memory("m", whole, &e);
	ok(in && input_read(in, b.p, 10, &e) == 10, "ten bytes of it");
	is_int(input_map(in, 0, &all, &e), 0, "the rest mapped");
	ok(all.p == sample + 10 && all.len == SIZE - 10, "in place");
	input_close(in);
	in = input_open_memory("m", buf_slice(gz), &e);
	ok(in && read_steps(in, 100000, &b, &e) == SIZE && is_sample(&b, SIZE), "gzip in memory");
	input_close(in);
	for (size_t len = 0; len < 3; len++) {
		in = input_open_memory("m", (struct slice){ len ? "\x1f\x1f" : NULL, len }, &e);
		ok(in && read_steps(in, 10, &b, &e) == (long)len, "%zu bytes of memory", len);
		input_close(in);
	}
	buf_release(&b);
}

static void check_damage(const struct buf *gz)
{
	struct err e = ERR_INIT;
	struct buf b = BUF_INIT, bad = BUF_INIT;
	bool refused = true;
	struct input *in;

	/* Any cut is a truncation, but the one behind a whole member. */
	for (size_t len = 2; len < gz->len; len += len < 40 || len + 40 > gz->len ? 1 : 997) {
		in = input_open_memory("m", (struct slice){ gz->p, len }, &e);
		if (in && len % 2 && input_read_ahead(in, &e))
			refused = false;
		refused = refused && in && read_steps(in, 65536, &b, &e) < 0 &&
			  e.code == ERR_INPUT && strstr(e.what, "truncated");
		input_close(in);
	}
	ok(refused, "each truncation is an error");
	buf_add_slice(&bad, buf_slice(gz));
	bad.p[bad.len / 2] ^= 0x10;
	in = input_open_memory("m", buf_slice(&bad), &e);
	is_int(read_steps(in, 65536, &b, &e), -1, "a flipped bit is an error");
	is_err(&e, ERR_INPUT, "m: the gzip data is damaged", "and called damage");
	input_close(in);
	bad.p[bad.len / 2] ^= 0x10;
	bad.p[bad.len - 6] ^= 1; /* the checksum */
	in = input_open_memory("m", buf_slice(&bad), &e);
	is_int(read_steps(in, 65536, &b, &e), -1, "a wrong checksum is an error");
	input_close(in);
	bad.p[bad.len - 6] ^= 1;
	buf_add_text(&bad, "garbage");
	in = input_open_memory("m", buf_slice(&bad), &e);
	is_int(read_steps(in, 65536, &b, &e), -1, "garbage behind the last member is an error");
	input_close(in);
	buf_truncate(&bad, gz->len);
	buf_add(&bad, "\0\0\0\0", 4);
	in = input_open_memory("m", buf_slice(&bad), &e);
	is_int(read_steps(in, 65536, &b, &e), SIZE, "zeros behind it are not");
	input_close(in);
	buf_release(&bad);
	buf_release(&b);
}

/* Writes the sample into the FIFO, the first bytes one by one. */
static void *feed(void *arg)
{
	int fd = open(arg, O_WRONLY);
	size_t at = 0;

	while (fd >= 0 && at < SIZE) {
		ssize_t n = write(fd, sample + at, at < 5 ? 1 : SIZE - at);

		if (n <= 0)
			break;
		at += (size_t)n;
		if (at < 5)
			sched_yield();
	}
	close(fd);
	return NULL;
}

static void check_pipe(void)
{
	struct err e = ERR_INIT;
	struct buf b = BUF_INIT;
	pthread_t t;
	struct input *in;

	ok(mkfifo("fifo", 0600) == 0, "a pipe");
	for (int i = 0; i < 5; i++) {
		char path[] = "fifo";

		if (pthread_create(&t, NULL, feed, path))
			return;
		in = input_open("fifo", &e);
		ok(in && read_steps(in, i % 2 ? 1000 : 1 << 20, &b, &e) == SIZE &&
				is_sample(&b, SIZE),
			"read whole");
		if (in)
			is_int(input_size(in), -1, "its size is not known");
		input_close(in);
		pthread_join(t, NULL);
	}
	buf_release(&b);
}

/* A gzip pipe that goes on for ever: whoever closes early must not wait for its other end. */
static void check_stuck_pipe(const struct buf *gz)
{
	struct err e = ERR_INIT;
	struct input *in;
	char some[10];
	int keep = -1;

	ok(mkfifo("stuck", 0600) == 0, "a pipe");
	keep = open("stuck", O_RDWR);
	ok(keep >= 0 && write(keep, gz->p, 3000) == 3000, "with some bytes in it");
	in = input_open("stuck", &e);
	ok(in && input_read(in, some, 1, &e) == 1 && !input_read_ahead(in, &e), "is read");
	input_close(in);
	close(keep);
}

static void check_refusals(void)
{
	struct err e = ERR_INIT;
	struct buf b = BUF_INIT;

	ok(!input_open("nothing.csv", &e), "a missing file is refused");
	is_err(&e, ERR_INPUT, "nothing.csv: cannot open: No such file or directory", "by name");
	ok(!input_open(".", &e), "a folder is");
	is_err(&e, ERR_INPUT, ".: is a folder; name a file", "by name");
	write_text("empty", "");
	is_int(input_load("empty", 0, &b, &e), 0, "an empty file is not");
	is_int(b.len, 0, "and has no bytes");
	write_text("one", "\x1f");
	is_int(input_load("one", 0, &b, &e), 0, "a file of gzip's first byte is not");
	is_text(b.p, "\x1f", "and is that byte");
	is_int(input_load("/dev/zero", 100000, &b, &e), -1,
		"a device without end stops at the limit");
	is_err(&e, ERR_INPUT, "larger than 100000 bytes", "with a message");
	input_close(NULL);
	buf_release(&b);
}

static int load(void *ctx, struct err *e)
{
	struct buf b = BUF_INIT;
	int result = input_load(ctx, 0, &b, e);

	buf_release(&b);
	return result;
}

int main(void)
{
	struct buf gz = BUF_INIT, many = BUF_INIT;

	make_sample();
	scratch();
	add_member(&gz, sample, SIZE);
	for (size_t at = 0; at < SIZE; at += 100000)
		add_member(&many, sample + at, SIZE - at < 100000 ? SIZE - at : 100000);
	add_member(&many, "", 0);
	write_file("plain", sample, SIZE);
	write_file("gz", gz.p, gz.len);
	write_file("many.gz", many.p, many.len);
	check_reads("plain", "a plain file");
	check_reads("gz", "a gzip file");
	check_reads("many.gz", "a gzip file of nine members");
	check_ahead("plain", "a plain file");
	check_ahead("gz", "a gzip file");
	check_ahead("many.gz", "a gzip file of nine members");
	check_large_and_small();
	check_map("plain", "a plain file");
	check_map("gz", "a gzip file");
	check_memory(&gz);
	check_damage(&gz);
	check_pipe();
	check_stuck_pipe(&gz);
	check_refusals();
	survives_oom(load, "plain", "each allocation may fail");
	survives_oom(load, "gz", "also with gzip");
	buf_release(&gz);
	buf_release(&many);
	free(sample);
	return done_testing();
}
