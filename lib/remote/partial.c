#include "remote/partial.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/path.h"
#include "hash/md5.h"

enum { HEAD = 128 }; /* of the notes: the ETag, filled with zeros */

static void set_path(const struct remote_partial *p, struct buf *path)
{
	uint8_t md5[HASH_MD5_LEN];
	char hex[HASH_MD5_HEX + 1];

	hash_md5_of(slice_of(p->name), md5);
	hash_md5_format(md5, hex);
	path_join(path, p->dir, ".cd4ml-");
	buf_addf(path, "%s-part.tmp", hex);
}

static void format_head(const struct remote_partial *p, char head[HEAD])
{
	memset(head, 0, HEAD);
	memcpy(head, p->etag.p, p->etag.len);
}

/* Are these notes of the same form of the object? */
static bool read_notes(const struct remote_partial *p, int fd, unsigned char *arrived)
{
	char want[HEAD], head[HEAD];

	format_head(p, want);
	if (pread(fd, head, HEAD, (off_t)p->size) != HEAD || memcmp(head, want, HEAD) != 0 ||
		pread(fd, arrived, p->n_ranges, (off_t)p->size + HEAD) != (ssize_t)p->n_ranges)
		return false;
	for (size_t i = 0; i < p->n_ranges; i++)
		if (arrived[i] > 1)
			return false;
	return true;
}

static bool begin_notes(const struct remote_partial *p, int fd, unsigned char *arrived)
{
	char head[HEAD];

	format_head(p, head);
	memset(arrived, 0, p->n_ranges);
	return !ftruncate(fd, 0) && !ftruncate(fd, (off_t)(p->size + HEAD + p->n_ranges)) &&
	       pwrite(fd, head, HEAD, (off_t)p->size) == HEAD;
}

/*
 * A file with a second name has just become an object: to write to it would change that. And the name may have gone to
 * another file between opening and locking.
 */
static bool is_alone(int fd, const char *path)
{
	struct stat st, named;

	if (fstat(fd, &st) || lstat(path, &named) || named.st_ino != st.st_ino ||
		named.st_dev != st.st_dev)
		return false;
	if (st.st_nlink > 1)
		unlink(path);
	return S_ISREG(st.st_mode) && st.st_nlink == 1;
}

int remote_partial_open(const struct remote_partial *p, struct buf *path, unsigned char *arrived)
{
	int fd = -1;

	if (p->etag.len == 0 || p->etag.len > HEAD)
		return -1;
	set_path(p, path);
	if (!path->failed)
		fd = open(path->p, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -1;
	if (!flock(fd, LOCK_EX | LOCK_NB) && is_alone(fd, path->p) &&
		(read_notes(p, fd, arrived) || begin_notes(p, fd, arrived)))
		return fd;
	close(fd);
	return -1;
}

void remote_partial_note(const struct remote_partial *p, int fd, size_t i)
{
	ssize_t ignored = pwrite(fd, "\1", 1, (off_t)(p->size + HEAD + i));

	(void)ignored;
}

int remote_partial_finish(const struct remote_partial *p, int fd, unsigned mode, struct err *e)
{
	if (ftruncate(fd, (off_t)p->size) || fchmod(fd, (mode_t)mode))
		return err_errno(e, "cannot write");
	return 0;
}

static bool is_partial(const char *name)
{
	struct slice s = slice_of(name);
	uint8_t md5[HASH_MD5_LEN];

	return s.len == strlen(".cd4ml-") + HASH_MD5_HEX + strlen("-part.tmp") &&
	       slice_starts(s, ".cd4ml-") && slice_ends(s, "-part.tmp") &&
	       hash_md5_parse((struct slice){ name + strlen(".cd4ml-"), HASH_MD5_HEX }, md5);
}

/* Whoever opened it meanwhile waits for no lock, and then sees that the name has gone: remote_partial_open(). */
static bool sweep_one(int dir, const char *name, time_t before)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st, named;
	bool is_gone = fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB) && !fstat(fd, &st) &&
		       S_ISREG(st.st_mode) && st.st_mtim.tv_sec <= before &&
		       !fstatat(dir, name, &named, AT_SYMLINK_NOFOLLOW) &&
		       named.st_ino == st.st_ino && named.st_dev == st.st_dev &&
		       !unlinkat(dir, name, 0);

	if (fd >= 0)
		close(fd);
	return is_gone;
}

size_t remote_partial_sweep(const char *dir, int64_t idle_s)
{
	DIR *d = opendir(dir);
	time_t before = time(NULL) - (time_t)idle_s;
	struct dirent *entry;
	size_t n = 0;

	while (d && (entry = readdir(d)))
		if (is_partial(entry->d_name))
			n += sweep_one(dirfd(d), entry->d_name, before);
	if (d)
		closedir(d);
	return n;
}
