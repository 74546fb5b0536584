#define _GNU_SOURCE /* F_SETPIPE_SZ */
#include "base/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/ahead.h"
#include "base/mem.h"

enum { RAW_SIZE = 256 << 10, PIPE_SIZE = 1 << 20, LEAST_MAPPED = 4 << 20 };

struct input {
	char *name;
	int fd; /* -1: memory */
	bool own_fd;
	int64_t size; /* on disk; -1: not known */
	_Atomic int64_t consumed; /* told to progress bars while another thread reads */
	char *raw; /* [RAW_SIZE + 1] bytes read ahead: for gzip, and the first two of any */
	size_t raw_at, raw_len;
	bool raw_end;
	struct slice memory; /* what is left of it */
	bool gzip;
	bool member_open; /* inside of a member: the end now is a truncation */
	z_stream z;
	struct ahead *ahead; /* once it runs, all above is its thread's */
	int wake[2]; /* a pipe, closed to end the thread's waiting for another one; -1: none */
	void *map;
	size_t map_len;
	struct buf whole;
};

static ssize_t read_fully(struct input *in, char *p, size_t cap, struct err *e)
{
	size_t n = 0;

	while (n < cap) {
		ssize_t got = read(in->fd, p + n, cap - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			err_errno(e, "cannot read");
			return err_at(e, "%s", in->name);
		}
		if (got == 0)
			break;
		n += (size_t)got;
	}
	in->consumed += (int64_t)n;
	return (ssize_t)n;
}

/* Waits for a pipe's next bytes, or to be told that nobody wants them any more: false. */
static bool wait_for_pipe(const struct input *in)
{
	struct pollfd ready[] = { { .fd = in->fd, .events = POLLIN }, { .fd = in->wake[0] } };

	while (poll(ready, 2, -1) < 0 && errno == EINTR)
		;
	return ready[1].revents == 0;
}

static int refill(struct input *in, struct err *e)
{
	ssize_t n;

	in->raw_at = in->raw_len = 0;
	if (in->raw_end)
		return 0;
	if (in->fd < 0) {
		n = (ssize_t)(in->memory.len < RAW_SIZE ? in->memory.len : RAW_SIZE);
		if (n)
			memcpy(in->raw, in->memory.p, (size_t)n);
		in->memory.p += n;
		in->memory.len -= (size_t)n;
		in->consumed += n;
	} else {
		if (in->wake[0] >= 0 && !wait_for_pipe(in))
			return err_set(e, ERR_SYSTEM, "nobody reads");
		/* One read: a pipe's first bytes should not wait for 256 KiB. */
		do
			n = read(in->fd, in->raw, RAW_SIZE);
		while (n < 0 && errno == EINTR);
		if (n < 0) {
			err_errno(e, "cannot read");
			return err_at(e, "%s", in->name);
		}
		in->consumed += n;
	}
	in->raw_len = (size_t)n;
	in->raw_end = n == 0;
	return 0;
}

/* Fills the buffer until it has two bytes, and looks whether they are gzip's (RFC 1952, 2.3.1). */
static int detect(struct input *in, struct err *e)
{
	while (in->raw_len < 2 && !in->raw_end) {
		char first = in->raw_len ? in->raw[0] : 0;
		size_t had = in->raw_len;

		if (refill(in, e))
			return -1;
		if (had) {
			/* a pipe gave a single byte first: put it back before what came now */
			memmove(in->raw + 1, in->raw, in->raw_len);
			in->raw[0] = first;
			in->raw_len++;
		}
	}
	in->gzip = in->raw_len >= 2 && (unsigned char)in->raw[0] == 0x1f &&
		   (unsigned char)in->raw[1] == 0x8b;
	if (!in->gzip)
		return 0;
	if (inflateInit2(&in->z, 15 + 16) != Z_OK) {
		in->gzip = false;
		return err_nomem(e);
	}
	in->member_open = true;
	return 0;
}

static struct input *new_input(const char *name, struct err *e)
{
	struct input *in = mem_new(sizeof(*in), e);

	if (!in)
		return NULL;
	in->fd = in->wake[0] = in->wake[1] = -1;
	in->size = -1;
	buf_init(&in->whole);
	in->name = mem_dup(name, e);
	in->raw = mem_array_raw(RAW_SIZE + 1, 1, e);
	if (!in->name || !in->raw) {
		input_close(in);
		return NULL;
	}
	return in;
}

struct input *input_open(const char *path, struct err *e)
{
	bool is_stdin = strcmp(path, "-") == 0;
	struct input *in = new_input(is_stdin ? "standard input" : path, e);
	struct stat st;

	if (!in)
		return NULL;
	in->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	in->own_fd = !is_stdin;
	if (in->fd < 0 || fstat(in->fd, &st)) {
		err_errno(e, "cannot open");
		goto fail;
	}
	if (S_ISDIR(st.st_mode)) {
		err_set(e, ERR_INPUT, "is a folder");
		err_hint(e, "name a file");
		goto fail;
	}
	if (S_ISREG(st.st_mode))
		in->size = st.st_size;
#ifdef F_SETPIPE_SZ
	/* Room for more than 64 KiB: fewer turns between writer and reader. Where it may not be, no harm. */
	if (S_ISFIFO(st.st_mode))
		fcntl(in->fd, F_SETPIPE_SZ, PIPE_SIZE);
#endif
	if (detect(in, e)) {
		input_close(in);
		return NULL;
	}
	return in;
fail:
	err_at(e, "%s", in->name);
	input_close(in);
	return NULL;
}

struct input *input_open_memory(const char *name, struct slice data, struct err *e)
{
	struct input *in = new_input(name, e);

	if (!in)
		return NULL;
	in->memory = data.p ? data : slice_of(""); /* offsets are added to it */
	in->size = (int64_t)data.len;
	if (detect(in, e)) {
		input_close(in);
		return NULL;
	}
	return in;
}

void input_close(struct input *in)
{
	if (!in)
		return;
	if (in->wake[1] >= 0)
		close(in->wake[1]);
	ahead_free(in->ahead);
	if (in->wake[0] >= 0)
		close(in->wake[0]);
	if (in->gzip)
		inflateEnd(&in->z);
	if (in->map)
		munmap(in->map, in->map_len);
	if (in->own_fd && in->fd >= 0)
		close(in->fd);
	buf_release(&in->whole);
	free(in->raw);
	free(in->name);
	free(in);
}

const char *input_name(const struct input *in)
{
	return in->name;
}

int64_t input_size(const struct input *in)
{
	return in->size;
}

int64_t input_consumed(const struct input *in)
{
	return in->consumed;
}

static int damaged(struct input *in, const char *what, struct err *e)
{
	err_set(e, ERR_INPUT, "the gzip data is %s", what);
	err_hint(e, "fetch or compress the file again");
	return err_at(e, "%s", in->name);
}

/* The next member, if there is one. Zero bytes behind the last (tapes' padding) are skipped. */
static int next_member(struct input *in, struct err *e)
{
	for (;;) {
		if (in->raw_at == in->raw_len) {
			if (refill(in, e))
				return -1;
			if (in->raw_len == 0)
				return 0;
		}
		if (in->raw[in->raw_at] != 0)
			break;
		in->raw_at++;
	}
	if (inflateReset(&in->z) != Z_OK)
		return damaged(in, "damaged", e);
	in->member_open = true;
	return 1;
}

static ssize_t read_gzip(struct input *in, char *p, size_t cap, struct err *e)
{
	size_t n = 0;

	while (n < cap) {
		int status;

		if (!in->member_open) {
			int more = next_member(in, e);

			if (more < 0)
				return -1;
			if (!more)
				break;
		}
		if (in->raw_at == in->raw_len) {
			if (refill(in, e))
				return -1;
			if (in->raw_len == 0)
				return damaged(in, "truncated", e);
		}
		in->z.next_in = (unsigned char *)in->raw + in->raw_at;
		in->z.avail_in = (uInt)(in->raw_len - in->raw_at);
		in->z.next_out = (unsigned char *)p + n;
		in->z.avail_out = (uInt)(cap - n < (1u << 30) ? cap - n : 1u << 30);
		uInt room = in->z.avail_out;
		status = inflate(&in->z, Z_NO_FLUSH);
		n += room - in->z.avail_out;
		in->raw_at = in->raw_len - in->z.avail_in;
		if (status == Z_MEM_ERROR)
			return err_nomem(e);
		if (status == Z_STREAM_END)
			in->member_open = false;
		else if (status != Z_OK && status != Z_BUF_ERROR)
			return damaged(in, "damaged", e);
	}
	return (ssize_t)n;
}

static ssize_t read_for_ahead(void *ctx, char *p, size_t cap, struct err *e)
{
	return read_gzip(ctx, p, cap, e);
}

int input_read_ahead(struct input *in, struct err *e)
{
	if (!in->gzip || in->ahead)
		return 0;
	if (in->fd >= 0 && in->size < 0 && pipe(in->wake)) {
		in->wake[0] = in->wake[1] = -1;
		err_errno(e, "cannot make a pipe");
		return err_at(e, "%s", in->name);
	}
	in->ahead = ahead_new(read_for_ahead, in, e);
	return in->ahead ? 0 : err_at(e, "%s", in->name);
}

ssize_t input_read(struct input *in, char *p, size_t cap, struct err *e)
{
	size_t n = 0;

	if (in->ahead)
		return ahead_read(in->ahead, p, cap, e);
	if (in->gzip)
		return read_gzip(in, p, cap, e);
	n = in->raw_len - in->raw_at < cap ? in->raw_len - in->raw_at : cap;
	if (n)
		memcpy(p, in->raw + in->raw_at, n);
	in->raw_at += n;
	if (n == cap)
		return (ssize_t)n;
	if (in->fd < 0) {
		size_t more = in->memory.len < cap - n ? in->memory.len : cap - n;

		if (more)
			memcpy(p + n, in->memory.p, more);
		in->memory.p += more;
		in->memory.len -= more;
		in->consumed += (int64_t)more;
		return (ssize_t)(n + more);
	}
	ssize_t more = read_fully(in, p + n, cap - n, e);
	return more < 0 ? -1 : (ssize_t)n + more;
}

static int too_long(struct input *in, size_t limit, struct err *e)
{
	err_set(e, ERR_INPUT, "is larger than %zu bytes", limit);
	return err_at(e, "%s", in->name);
}

static int read_whole(struct input *in, size_t limit, struct buf *b, struct err *e)
{
	size_t step = in->size > 0 && !in->gzip ? (size_t)in->size + 1 : 1 << 20;

	if (limit && step > limit) /* no memory for what will be refused */
		step = limit + 1;

	for (;;) {
		char *to = buf_reserve(b, step);
		ssize_t n;

		if (!to)
			return err_nomem(e);
		n = input_read(in, to, step, e);
		if (n < 0)
			return -1;
		b->len += (size_t)n;
		b->p[b->len] = '\0';
		if (limit && b->len > limit)
			return too_long(in, limit, e);
		if ((size_t)n < step)
			return 0;
		step = b->len < (64u << 20) ? 1 << 20 : 16 << 20;
	}
}

int input_map(struct input *in, size_t limit, struct slice *all, struct err *e)
{
	if (in->fd < 0 && !in->gzip) {
		*all = in->memory;
		all->p -= in->raw_len -
			  in->raw_at; /* still in one piece: raw holds a copy of its beginning */
		all->len += in->raw_len - in->raw_at;
		in->memory = (struct slice){ NULL, 0 };
		in->raw_at = in->raw_len;
		return limit && all->len > limit ? too_long(in, limit, e) : 0;
	}
	/* a small file is read as fast, and may be written anew meanwhile: a map that shrinks ends the process */
	if (!in->gzip && in->size >= LEAST_MAPPED) {
		off_t at = lseek(in->fd, 0, SEEK_CUR);
		size_t begin = (size_t)(at - (off_t)(in->raw_len - in->raw_at));

		if (limit && (size_t)in->size - begin > limit)
			return too_long(in, limit, e);
		if (at >= 0 && at <= in->size) {
			in->map_len = (size_t)in->size;
			in->map = mmap(NULL, in->map_len, PROT_READ, MAP_PRIVATE, in->fd, 0);
			if (in->map != MAP_FAILED) {
				posix_madvise(in->map, in->map_len, POSIX_MADV_SEQUENTIAL);
				*all = (struct slice){ (char *)in->map + begin,
					in->map_len - begin };
				in->raw_at = in->raw_len;
				in->consumed = in->size;
				return 0;
			}
			in->map = NULL;
		}
	}
	if (read_whole(in, limit, &in->whole, e))
		return -1;
	*all = buf_slice(&in->whole);
	return 0;
}

int input_load(const char *path, size_t limit, struct buf *b, struct err *e)
{
	struct input *in = input_open(path, e);
	int result;

	buf_reset(b);
	if (!in)
		return -1;
	result = read_whole(in, limit, b, e);
	input_close(in);
	return result;
}
