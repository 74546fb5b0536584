#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"

enum { BUFFER = 256 << 10, UNFINISHED = 256, PATH_ROOM = 4096 };

/*
 * The files that a signal must remove: the library's one mutable global, since a signal handler can be
 * given nothing else. A slot is taken by setting `used` to 1, is seen by the handler once it is 2; its
 * memory is used again and never freed. Blocks are added behind the first as they are needed, and stay.
 */
struct block {
	struct {
		atomic_int used;
		char *path;
		size_t room;
	} slots[UNFINISHED];
	atomic_int n_used;
	_Atomic(struct block *) next;
};

static struct block unfinished;

/* Puts the path in a slot that is taken; only whole paths are ever seen. */
static bool fill_slot(struct block *b, int i, const char *path, size_t len)
{
	struct err e = ERR_INIT;

	if (mem_grow(&b->slots[i].path, &b->slots[i].room, len + 1, 1, &e))
		return false;
	memcpy(b->slots[i].path, path, len + 1);
	atomic_store(&b->slots[i].used, 2);
	return true;
}

/* Takes a free slot of the block: its number, or -1. */
static int take_slot(struct block *b, const char *path, size_t len)
{
	if (atomic_load(&b->n_used) == UNFINISHED)
		return -1;
	for (int i = 0; i < UNFINISHED; i++) {
		int free_slot = 0;

		if (atomic_load(&b->slots[i].used) ||
			!atomic_compare_exchange_strong(&b->slots[i].used, &free_slot, 1))
			continue;
		if (!fill_slot(b, i, path, len)) {
			atomic_store(&b->slots[i].used, 0);
			return -1;
		}
		atomic_fetch_add(&b->n_used, 1);
		return i;
	}
	return -1;
}

static struct block *add_block(struct block *last)
{
	struct err e = ERR_INIT;
	struct block *b = mem_new(sizeof(*b), &e), *other = NULL;

	if (b && atomic_compare_exchange_strong(&last->next, &other, b))
		return b;
	free(b);
	return other; /* another thread's; NULL: no memory */
}

int output_track(const char *path)
{
	size_t len = strlen(path);
	struct block *b = &unfinished, *next;

	if (len >= PATH_ROOM)
		return -1;
	for (int first = 0;; first += UNFINISHED, b = next) {
		int i = take_slot(b, path, len);

		if (i >= 0)
			return first + i;
		next = atomic_load(&b->next);
		if (!next)
			next = add_block(b);
		if (!next)
			return -1;
	}
}

void output_untrack(int handle)
{
	struct block *b = &unfinished;

	if (handle < 0)
		return;
	for (; handle >= UNFINISHED; handle -= UNFINISHED)
		b = atomic_load(&b->next);
	atomic_store(&b->slots[handle].used, 0);
	atomic_fetch_sub(&b->n_used, 1);
}

void output_remove_unfinished(void)
{
	for (struct block *b = &unfinished; b; b = atomic_load(&b->next))
		for (int i = 0; i < UNFINISHED; i++)
			if (atomic_load(&b->slots[i].used) == 2 && unlink(b->slots[i].path))
				rmdir(b->slots[i].path);
}

struct output {
	char *name; /* for messages */
	char *path; /* where it goes; NULL: written directly */
	char *temporary; /* where it is */
	int fd;
	bool own_fd;
	unsigned flags;
	int handle;
	char *buffer;
	size_t len;
	bool failed;
	struct err error; /* the first */
};

/* Temporary names: the file's own with a dot before and a suffix, so that *.csv does not match them. */
static int make_temporary(struct output *o, struct err *e)
{
	struct buf b = BUF_INIT;
	mode_t mask;
	int result = -1;

	path_dir(&b, o->path);
	path_append(&b, ".");
	buf_add_text(&b, path_base(o->path));
	if (b.len > 200 && strlen(path_base(o->path)) > 200)
		buf_truncate(&b, b.len - 40); /* a name may be 255 bytes long */
	buf_add_text(&b, ".tmp.XXXXXX");
	if (buf_check(&b, e))
		goto out;
	o->fd = mkstemp(b.p);
	if (o->fd < 0) {
		err_errno(e, "cannot make a file beside it");
		err_at(e, "%s", o->name);
		goto out;
	}
	o->own_fd = true;
	o->handle = output_track(b.p);
	o->temporary = buf_detach(&b, e);
	fcntl(o->fd, F_SETFD, FD_CLOEXEC);
	mask = umask(0);
	umask(mask);
	if (fchmod(o->fd, o->flags & OUTPUT_READ_ONLY ? 0444 : 0666 & ~mask)) {
		err_errno(e, "cannot set the mode of the file beside it");
		err_at(e, "%s", o->name);
		goto out;
	}
	result = o->temporary ? 0 : -1;
out:
	buf_release(&b);
	return result;
}

static void free_output(struct output *o)
{
	if (o->own_fd && o->fd >= 0)
		close(o->fd);
	output_untrack(o->handle);
	free(o->temporary);
	free(o->buffer);
	free(o->path);
	free(o->name);
	free(o);
}

/* The file that a symbolic link names is replaced, not the link. */
static char *resolve(const char *path, struct err *e)
{
	struct stat st;
	char *real = NULL;

	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
		real = realpath(path, NULL);
	return real ? real : mem_dup(path, e);
}

struct output *output_open(const char *path, unsigned flags, struct err *e)
{
	bool is_stdout = !path || strcmp(path, "-") == 0;
	struct output *o = mem_new(sizeof(*o), e);
	struct stat st;

	if (!o)
		return NULL;
	o->fd = -1;
	o->handle = -1;
	if (path && !path[0]) {
		err_set(e, ERR_INPUT, "the name of an output is empty");
		err_hint(e, "'-' is standard output");
		goto fail;
	}
	o->flags = flags;
	o->name = mem_dup(is_stdout ? "standard output" : path, e);
	o->buffer = mem_array_raw(BUFFER, 1, e);
	if (!o->name || !o->buffer)
		goto fail;
	if (is_stdout) {
		o->fd = STDOUT_FILENO;
		return o;
	}
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		if (S_ISDIR(st.st_mode)) {
			err_set(e, ERR_INPUT, "is a folder");
			err_hint(e, "name a file");
			err_at(e, "%s", path);
			goto fail;
		}
		o->fd = open(path, O_WRONLY | O_CLOEXEC);
		if (o->fd < 0) {
			err_errno(e, "cannot open");
			err_at(e, "%s", path);
			goto fail;
		}
		o->own_fd = true;
		return o;
	}
	o->path = resolve(path, e);
	if (o->path && make_temporary(o, e) == 0)
		return o;
fail:
	output_abandon(o);
	return NULL;
}

static void fail(struct output *o, const char *what)
{
	if (o->failed)
		return;
	o->failed = true;
	err_errno(&o->error, "%s", what);
	o->error.code = ERR_SYSTEM;
	err_at(&o->error, "%s", o->name);
}

static void write_out(struct output *o, const char *p, size_t len)
{
	while (len && !o->failed) {
		ssize_t n = write(o->fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			fail(o, "cannot write");
			return;
		}
		p += n;
		len -= (size_t)n;
	}
}

static void flush(struct output *o)
{
	write_out(o, o->buffer, o->len);
	o->len = 0;
}

/* NFS tells of a full disk no sooner than here. */
static void close_fd(struct output *o)
{
	if (o->own_fd && close(o->fd) && errno != EINTR)
		fail(o, "cannot close");
	o->own_fd = false;
}

void output_rest(struct output *o)
{
	if (!o->temporary || !o->buffer)
		return;
	flush(o);
	close_fd(o);
	free(o->buffer);
	o->buffer = NULL;
}

/* Ends a rest: the temporary file is only ever added to. */
static void wake(struct output *o)
{
	if (o->buffer || o->failed)
		return;
	o->fd = open(o->temporary, O_WRONLY | O_APPEND | O_CLOEXEC);
	o->own_fd = o->fd >= 0;
	if (!o->own_fd) {
		fail(o, "cannot open the unfinished file again");
		return;
	}
	o->buffer = mem_array_raw(BUFFER, 1, &o->error);
	if (!o->buffer) {
		o->failed = true;
		err_at(&o->error, "%s", o->name);
	}
}

void output_write(struct output *o, const void *p, size_t len)
{
	wake(o);
	if (o->failed)
		return;
	if (len > BUFFER - o->len)
		flush(o);
	if (len >= BUFFER) {
		write_out(o, p, len);
	} else if (len) {
		memcpy(o->buffer + o->len, p, len);
		o->len += len;
	}
}

void output_text(struct output *o, const char *s)
{
	output_write(o, s, strlen(s));
}

void output_char(struct output *o, char c)
{
	output_write(o, &c, 1);
}

void output_slice(struct output *o, struct slice s)
{
	output_write(o, s.p, s.len);
}

void output_printf(struct output *o, const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	if (b.failed) {
		errno = ENOMEM;
		fail(o, "cannot write");
	}
	output_write(o, b.p, b.len);
	buf_release(&b);
}

bool output_failed(const struct output *o)
{
	return o->failed;
}

int output_fd(struct output *o, struct err *e)
{
	wake(o);
	flush(o);
	if (o->failed) {
		*e = o->error;
		return -1;
	}
	return o->fd;
}

/* Have both files the same bytes? "No" when in doubt. */
static bool same_bytes(const char *a, const char *b)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	struct stat sa, sb;
	struct err e = ERR_INIT;
	int fa = open(a, O_RDONLY | O_CLOEXEC), fb = open(b, O_RDONLY | O_CLOEXEC);
	bool same = fa >= 0 && fb >= 0 && fstat(fa, &sa) == 0 && fstat(fb, &sb) == 0 &&
		    sa.st_size == sb.st_size && sa.st_mode == sb.st_mode;
	char *p = buf_reserve(&x, BUFFER), *q = buf_reserve(&y, BUFFER);

	same = same && buf_check(&x, &e) == 0 && buf_check(&y, &e) == 0;
	while (same) {
		ssize_t n = read(fa, p, BUFFER);

		same = n >= 0 && read(fb, q, BUFFER) == n && memcmp(p, q, (size_t)n) == 0;
		if (n <= 0)
			break;
	}
	if (fa >= 0)
		close(fa);
	if (fb >= 0)
		close(fb);
	buf_release(&x);
	buf_release(&y);
	return same;
}

/* After the rename: the temporary file's name is used up, and its folder the one to sync. */
static void sync_folder(struct output *o)
{
	char *slash = strrchr(o->temporary, '/');
	int fd;

	if (slash)
		slash[slash == o->temporary] = '\0';
	fd = open(slash ? o->temporary : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || (fsync(fd) && errno != EINVAL))
		fail(o, "cannot sync the folder");
	if (fd >= 0)
		close(fd);
}

static void put_in_place(struct output *o)
{
	if (!o->failed && (o->flags & OUTPUT_KEEP_SAME) && same_bytes(o->temporary, o->path)) {
		unlink(o->temporary);
		return;
	}
	if (o->flags & OUTPUT_SYNC)
		wake(o);
	if (!o->failed && (o->flags & OUTPUT_SYNC) && fsync(o->fd))
		fail(o, "cannot sync");
	close_fd(o); /* before it replaces anything */
	if (!o->failed && rename(o->temporary, o->path))
		fail(o, "cannot rename the finished file");
	if (o->failed)
		unlink(o->temporary);
	else if (o->flags & OUTPUT_SYNC)
		sync_folder(o);
}

int output_close(struct output *o, struct err *e)
{
	int result = 0;

	flush(o);
	if (o->temporary)
		put_in_place(o);
	else if (!o->failed && (o->flags & OUTPUT_SYNC) && fsync(o->fd) && errno != EINVAL &&
		 errno != ENOTSUP && errno != EROFS)
		fail(o, "cannot sync");
	close_fd(o);
	if (o->failed) {
		*e = o->error;
		result = -1;
	}
	free_output(o);
	return result;
}

void output_abandon(struct output *o)
{
	if (!o)
		return;
	if (o->temporary)
		unlink(o->temporary);
	free_output(o);
}

int output_save(const char *path, unsigned flags, struct slice data, struct err *e)
{
	struct output *o = output_open(path, flags, e);

	if (!o)
		return -1;
	output_slice(o, data);
	return output_close(o, e);
}
