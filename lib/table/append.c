#include "table/append.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/input.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/output.h"
#include "base/path.h"
#include "hash/sha256.h"

enum { CONTENT_BYTES = 64 << 10, JOURNAL_MAX = 512 };

struct table_append {
	int fd;
	char *path;
	struct buf journal; /* path of */
	uint64_t size;
	int64_t mtime_ns;
	ino_t inode;
	uint8_t content[HASH_SHA256_LEN];
	bool is_within_line;
	bool is_begun;
	sigset_t signals; /* that were blocked before */
};

static int fail(const struct table_append *a, const char *what, struct err *e)
{
	err_errno(e, "%s", what);
	return err_at(e, "%s", a->path);
}

static int refuse(const struct table_append *a, const char *what, struct err *e)
{
	err_set(e, ERR_INPUT, "%s: it is not changed in place", what);
	err_hint(e, "write it anew, with -o");
	return err_at(e, "%s", a->path);
}

/* ---- what the file is --------------------------------------------------------------------------- */

static int64_t mtime_of(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

/* Adds `len` bytes from `at` on, as many as are there. */
static int add_bytes(struct table_append *a, struct hash_sha256 *h, uint64_t at, size_t len,
	char *last, struct err *e)
{
	char *p = mem_array_raw(CONTENT_BYTES, 1, e);
	int rc = p ? 0 : -1;

	while (!rc && len) {
		ssize_t n = pread(a->fd, p, len, (off_t)at);

		if (n < 0)
			rc = fail(a, "cannot read", e);
		if (n <= 0)
			break;
		rc = hash_sha256_add(h, p, (size_t)n, e);
		*last = p[n - 1];
		at += (size_t)n;
		len -= (size_t)n;
	}
	free(p);
	return rc;
}

/* The hash of the first and last bytes of a file that is `size` long. */
static int read_content(struct table_append *a, uint64_t size, struct err *e)
{
	size_t n = size < CONTENT_BYTES ? (size_t)size : CONTENT_BYTES;
	struct hash_sha256 *h = hash_sha256_new(e);
	char last = '\n';
	int rc = -1;

	if (h && !add_bytes(a, h, 0, n, &last, e) && !add_bytes(a, h, size - n, n, &last, e))
		rc = hash_sha256_finish(h, a->content, e);
	hash_sha256_free(h);
	a->size = size;
	a->is_within_line = last != '\n';
	return rc;
}

static int look(struct table_append *a, struct err *e)
{
	struct stat st;

	if (fstat(a->fd, &st))
		return fail(a, "cannot read", e);
	a->mtime_ns = mtime_of(&st);
	a->inode = st.st_ino;
	return read_content(a, (uint64_t)st.st_size, e);
}

/* ---- the journal -------------------------------------------------------------------------------- */

static void format_journal(const struct table_append *a, struct buf *b)
{
	char hex[HASH_SHA256_HEX + 1];

	hash_sha256_format(a->content, hex);
	buf_reset(b);
	buf_addf(b, "%llu\n%lld\n%llu\n%s\nwere size, time, inode and content before appending\n",
		(unsigned long long)a->size, (long long)a->mtime_ns, (unsigned long long)a->inode,
		hex);
}

static int cut_back(struct table_append *a, struct err *e)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = (time_t)(a->mtime_ns / 1000000000),
			.tv_nsec = (long)(a->mtime_ns % 1000000000) } };

	if (ftruncate(a->fd, (off_t)a->size) || futimens(a->fd, times) || fsync(a->fd))
		return fail(a, "cannot cut back what was added", e);
	if (unlink(a->journal.p) && errno != ENOENT)
		return fail(a, "cannot remove the journal", e);
	return 0;
}

/* Takes size and time from a journal; is it one of this file, as it was then? 1, 0, -1. */
static int load_journal(struct table_append *a, struct err *e)
{
	struct buf text = BUF_INIT, want = BUF_INIT;
	struct slice rest, line;
	uint64_t size;
	int is_ours = -1;

	if (input_load(a->journal.p, JOURNAL_MAX, &text, e))
		goto out;
	rest = buf_slice(&text);
	is_ours = slice_cut(&rest, '\n', &line) && num_parse_uint(line, &size) && size <= a->size &&
		  slice_cut(&rest, '\n', &line) && num_parse_int(line, &a->mtime_ns);
	if (!is_ours)
		goto out;
	is_ours = -1;
	if (read_content(a, size, e))
		goto out;
	format_journal(a, &want);
	if (!buf_check(&want, e))
		is_ours = slice_eq(buf_slice(&text), buf_slice(&want));
out:
	buf_release(&text);
	buf_release(&want);
	return is_ours;
}

/* Undoes what a process that died has added. */
static int recover(struct table_append *a, struct err *e)
{
	int is_ours;

	if (!path_exists(a->journal.p))
		return 0;
	is_ours = load_journal(a, e);
	if (is_ours < 0)
		return -1;
	if (is_ours)
		return cut_back(a, e) ? -1 : look(a, e);
	err_set(e, ERR_INPUT, "a run that appended was cut off, and the file was changed since");
	err_hint(e, "look at the file's end, then remove '%s'", a->journal.p);
	return err_at(e, "%s", a->path);
}

/* ---- opening ------------------------------------------------------------------------------------ */

static int check(const struct table_append *a, const struct stat *st, struct err *e)
{
	unsigned char start[2];

	if (S_ISLNK(st->st_mode))
		return refuse(a, "a symbolic link", e);
	if (!S_ISREG(st->st_mode))
		return refuse(a, "not a plain file", e);
	if (st->st_nlink > 1)
		return refuse(a, "the file has other names, which would change too", e);
	if (!(st->st_mode & 0222))
		return refuse(a, "the file is read-only", e);
	if (pread(a->fd, start, 2, 0) == 2 && start[0] == 0x1f && start[1] == 0x8b)
		return refuse(a, "the file is compressed", e);
	return 0;
}

/* Opens and locks; another process may put a new file in its place meanwhile. */
static int open_locked(struct table_append *a, struct err *e)
{
	struct stat now, st;

	for (;;) {
		a->fd = open(a->path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (a->fd < 0 && errno == ELOOP)
			return refuse(a, "a symbolic link", e);
		if (a->fd < 0 && errno == EACCES)
			return refuse(a, "the file is read-only", e);
		if (a->fd < 0)
			return fail(a, "cannot open", e);
		while (flock(a->fd, LOCK_EX))
			if (errno != EINTR)
				return fail(a, "cannot lock", e);
		if (fstat(a->fd, &st) || lstat(a->path, &now))
			return fail(a, "cannot read", e);
		if (st.st_dev == now.st_dev && st.st_ino == now.st_ino)
			return check(a, &st, e);
		close(a->fd);
	}
}

struct table_append *table_append_open(const char *path, struct err *e)
{
	struct table_append *a = mem_new(sizeof(*a), e);

	if (!a)
		return NULL;
	a->fd = -1;
	buf_init(&a->journal);
	a->path = mem_dup(path, e);
	if (!a->path)
		goto fail;
	path_dir(&a->journal, path);
	path_append(&a->journal, ".");
	buf_addf(&a->journal, "%s.append", path_base(path));
	if (buf_check(&a->journal, e) || open_locked(a, e) || look(a, e) || recover(a, e))
		goto fail;
	return a;
fail:
	table_append_close(a);
	return NULL;
}

void table_append_close(struct table_append *a)
{
	struct err ignored = ERR_INIT;

	if (!a)
		return;
	if (a->is_begun) {
		/* if even this fails, the journal stays, and the next one does it */
		if (cut_back(a, &ignored))
			err_clear(&ignored);
		pthread_sigmask(SIG_SETMASK, &a->signals, NULL);
	}
	if (a->fd >= 0)
		close(a->fd);
	buf_release(&a->journal);
	free(a->path);
	free(a);
}

uint64_t table_append_size(const struct table_append *a)
{
	return a->size;
}

int64_t table_append_mtime_ns(const struct table_append *a)
{
	return a->mtime_ns;
}

const uint8_t *table_append_content(const struct table_append *a)
{
	return a->content;
}

bool table_append_is_within_line(const struct table_append *a)
{
	return a->is_within_line;
}

/* ---- appending ---------------------------------------------------------------------------------- */

int table_append_begin(struct table_append *a, struct err *e)
{
	static const int waiting[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU };
	struct buf text = BUF_INIT;
	sigset_t block;
	int rc;

	format_journal(a, &text);
	rc = buf_check(&text, e) ? -1 : output_save(a->journal.p, OUTPUT_SYNC, buf_slice(&text), e);
	buf_release(&text);
	if (rc)
		return -1;
	sigemptyset(&block);
	for (size_t i = 0; i < sizeof(waiting) / sizeof(*waiting); i++)
		sigaddset(&block, waiting[i]);
	pthread_sigmask(SIG_BLOCK, &block, &a->signals);
	a->is_begun = true;
	if (lseek(a->fd, (off_t)a->size, SEEK_SET) < 0)
		return fail(a, "cannot write", e);
	return 0;
}

int table_append_write(struct table_append *a, struct slice bytes, struct err *e)
{
	while (bytes.len) {
		ssize_t n = write(a->fd, bytes.p, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			fail(a, "cannot write", e);
			e->code = ERR_SYSTEM;
			return -1;
		}
		bytes.p += n;
		bytes.len -= (size_t)n;
	}
	return 0;
}

int table_append_end(struct table_append *a, struct err *e)
{
	/* long enough that a later change has another time, at the coarsest clock */
	static const struct timespec tick = { .tv_nsec = 10000000 };

	if (fsync(a->fd))
		return fail(a, "cannot sync", e);
	if (unlink(a->journal.p))
		return fail(a, "cannot remove the journal", e);
	a->is_begun = false;
	pthread_sigmask(SIG_SETMASK, &a->signals, NULL);
	if (look(a, e))
		return -1;
	nanosleep(&tick, NULL);
	return 0;
}
