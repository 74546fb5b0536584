#define _GNU_SOURCE /* O_TMPFILE */
#include "base/fresh.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"
#include "base/output.h"
#include "base/path.h"

static void temporary_name(struct fresh_place *p, const char *dir, struct buf *b)
{
	unsigned n = atomic_fetch_add(&p->n_names, 1);

	path_join(b, dir, ".cd4ml-");
	buf_addf(b, "%ld-%u.tmp", (long)getpid(), n);
}

#ifdef O_TMPFILE
/* Links a nameless file; by /proc where the kernel (before 6.10) allows the direct way to root alone. */
static int link_nameless(int fd, const char *path)
{
	char proc[64];

	if (!linkat(fd, "", AT_FDCWD, path, AT_EMPTY_PATH))
		return 0;
	if (errno != ENOENT)
		return -1;
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, proc, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
}

/* Tries the whole way once: some file systems open such a file and cannot link it. */
static bool try_nameless(struct fresh_place *p, const char *dir)
{
	struct buf name = BUF_INIT;
	bool works = false;
	int fd = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

	temporary_name(p, dir, &name);
	if (fd >= 0 && !name.failed && !link_nameless(fd, name.p)) {
		works = true;
		unlink(name.p);
	}
	if (fd >= 0)
		close(fd);
	buf_release(&name);
	return works;
}
#else
static int link_nameless(int fd, const char *path)
{
	(void)fd;
	(void)path;
	errno = ENOTSUP;
	return -1;
}
#endif

static int open_nameless(struct fresh_place *p, const char *dir, mode_t mode)
{
#ifdef O_TMPFILE
	int known = atomic_load(&p->nameless);

	if (!known) {
		known = try_nameless(p, dir) ? 1 : -1;
		atomic_store(&p->nameless, known);
	}
	return known > 0 ? open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, mode) : -1;
#else
	(void)p;
	(void)dir;
	(void)mode;
	return -1;
#endif
}

int fresh_open(struct fresh_place *p, const char *dir, mode_t mode, struct fresh *f, struct err *e)
{
	*f = (struct fresh)FRESH_INIT;
	f->fd = open_nameless(p, dir, mode);
	if (f->fd >= 0)
		return 0;
	temporary_name(p, dir, &f->name);
	if (buf_check(&f->name, e))
		return -1;
	f->handle = output_track(f->name.p);
	f->fd = open(f->name.p, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, mode);
	if (f->fd < 0) {
		err_errno(e, "cannot make a file in '%s'", dir);
		output_untrack(f->handle);
		f->handle = -1;
		buf_release(&f->name);
		return -1;
	}
	return 0;
}

/* The name is gone or somebody else's now. */
static void forget(struct fresh *f)
{
	buf_release(&f->name);
	output_untrack(f->handle);
	f->handle = -1;
}

int fresh_set_time(struct fresh *f, int64_t mtime_ns, struct err *e)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };

	if (!mtime_ns)
		return 0;
	times[1].tv_sec = (time_t)(mtime_ns / 1000000000);
	times[1].tv_nsec = (long)(mtime_ns % 1000000000);
	if (times[1].tv_nsec < 0) { /* before 1970 */
		times[1].tv_nsec += 1000000000;
		times[1].tv_sec--;
	}
	return futimens(f->fd, times) ? err_errno(e, "cannot set the time") : 0;
}

void fresh_abandon(struct fresh *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	if (f->name.len)
		unlink(f->name.p);
	forget(f);
}

/* Errors of writing that the file system held back, as on NFS. */
static int close_it(struct fresh *f, const char *path, struct stat *st, struct err *e)
{
	int r = fstat(f->fd, st);

	r |= close(f->fd);
	f->fd = -1;
	return r ? err_errno(e, "cannot write '%s'", path) : 0;
}

int fresh_publish(struct fresh *f, const char *path, struct stat *st, struct err *e)
{
	int r = f->name.len ? link(f->name.p, path) : link_nameless(f->fd, path);
	/* A file system without hard links: what is there already is the same, so replacing it is no harm. */
	bool no_links = r && f->name.len && errno != EEXIST;

	if (no_links && !rename(f->name.p, path)) {
		forget(f);
		r = 0;
	}
	if (r && errno == EEXIST) {
		fresh_abandon(f);
		return 0;
	}
	if (r) {
		err_errno(e, "cannot make '%s'", path);
		fresh_abandon(f);
		return -1;
	}
	if (f->name.len) {
		unlink(f->name.p);
		forget(f);
	}
	return close_it(f, path, st, e) ? -1 : 1;
}

/* Renames the temporary `name` to `path`; across file systems by removing `path` first. */
static int put_in_place(int fd, const char *name, const char *path)
{
	if (!rename(name, path))
		return 0;
	if (errno != EXDEV || fd < 0)
		return -1;
	if (unlink(path) && errno != ENOENT)
		return -1;
	return link_nameless(fd, path);
}

int fresh_replace(
	struct fresh_place *p, struct fresh *f, const char *path, struct stat *st, struct err *e)
{
	int r;

	if (!f->name.len) {
		/* Nothing there, the usual case: no second name is needed. */
		r = link_nameless(f->fd, path);
		if (!r)
			return close_it(f, path, st, e);
		if (errno != EEXIST)
			goto fail;
		temporary_name(p, p->spare_dir, &f->name);
		if (f->name.failed) {
			errno = ENOMEM;
			goto fail;
		}
		f->handle = output_track(f->name.p);
		if (link_nameless(f->fd, f->name.p)) {
			/* The spare folder is on another file system: a moment without the file. */
			forget(f);
			if ((unlink(path) && errno != ENOENT) || link_nameless(f->fd, path))
				goto fail;
			return close_it(f, path, st, e);
		}
	}
	if (put_in_place(f->fd, f->name.p, path))
		goto fail;
	forget(f);
	return close_it(f, path, st, e);
fail:
	err_errno(e, "cannot make '%s'", path);
	fresh_abandon(f);
	return -1;
}

int fresh_link(
	struct fresh_place *p, const char *target, const char *path, bool symbolic, struct err *e)
{
	struct buf name = BUF_INIT, dir = BUF_INIT;
	int r = symbolic ? symlink(target, path) : link(target, path), handle;

	if (!r || errno != EEXIST)
		return r ? err_errno(e, "cannot link '%s'", path) : 0;
	temporary_name(p, p->spare_dir, &name);
	if (buf_check(&name, e)) {
		r = -1;
		goto out;
	}
	handle = output_track(name.p);
	r = symbolic ? symlink(target, name.p) : link(target, name.p);
	if (!r)
		r = rename(name.p, path);
	if (r) {
		err_errno(e, "cannot link '%s'", path);
		unlink(name.p);
	} else if (!symbolic) {
		unlink(name.p); /* renaming onto another name of the same file does nothing */
	}
	output_untrack(handle);
out:
	buf_release(&name);
	buf_release(&dir);
	return r ? -1 : 0;
}

void fresh_sweep(const char *dir)
{
	DIR *d = opendir(dir);
	time_t now = time(NULL);
	struct dirent *entry;
	struct stat st;

	while (d && (entry = readdir(d))) {
		struct slice s = slice_of(entry->d_name), pid;
		uint64_t n;

		if (!slice_starts(s, ".cd4ml-") || !slice_ends(s, ".tmp"))
			continue;
		s = (struct slice){ s.p + 7, s.len - 7 };
		if (!slice_cut(&s, '-', &pid) || !num_parse_uint(pid, &n) || !n || n > INT32_MAX)
			continue;
		/* On a shared disk the process may live on another machine: a day says more. */
		if (kill((pid_t)n, 0) && errno == ESRCH &&
			!fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
			st.st_mtim.tv_sec + 86400 < now)
			unlinkat(dirfd(d), entry->d_name, 0);
	}
	if (d)
		closedir(d);
}
