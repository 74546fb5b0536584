#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

struct lock {
	int fd;
};

enum { STEP_MS = 20 };

static void who_holds(int fd, char *out, size_t cap)
{
	char text[32];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	long pid = 0;

	if (n > 0) {
		text[n] = '\0';
		pid = strtol(text, NULL, 10);
	}
	if (pid > 0)
		snprintf(out, cap, "process %ld", pid);
	else
		snprintf(out, cap, "another process");
}

/* flock() without a timeout of its own: tried again in small steps. */
static int wait_for(int fd, int timeout_ms)
{
	int waited = 0;

	for (;;) {
		struct timespec step = { 0, STEP_MS * 1000000L };

		if (timeout_ms < 0 ? flock(fd, LOCK_EX) == 0 : flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EINTR && (errno != EWOULDBLOCK || waited >= timeout_ms))
			return -1;
		nanosleep(&step, NULL);
		waited += STEP_MS;
	}
}

/* Is the file that we locked still the one that the path names? It may have been removed meanwhile. */
static int still_there(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}

struct lock *lock_take(const char *path, int timeout_ms, struct err *e)
{
	struct lock *l = mem_new(sizeof(*l), e);
	char text[32];
	int len;

	if (!l)
		return NULL;
	for (;;) {
		l->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		if (l->fd < 0) {
			err_errno(e, "cannot open the lock file");
			goto fail;
		}
		if (wait_for(l->fd, timeout_ms)) {
			char who[48];
			int busy = errno == EWOULDBLOCK;

			who_holds(l->fd, who, sizeof(who));
			if (busy)
				err_set(e, ERR_SYSTEM, "the lock is held by %s", who);
			else
				err_errno(e, "cannot lock");
			if (busy)
				err_hint(e, "wait until it is done, and try again");
			goto fail;
		}
		if (still_there(l->fd, path))
			break;
		close(l->fd);
	}
	len = snprintf(text, sizeof(text), " %ld\n", (long)getpid());
	if (ftruncate(l->fd, 0) || pwrite(l->fd, text, (size_t)len, 0) != len) {
		err_errno(e, "cannot write the lock file");
		e->code = ERR_SYSTEM;
		goto fail;
	}
	return l;
fail:
	err_at(e, "%s", path);
	if (l->fd >= 0)
		close(l->fd);
	free(l);
	return NULL;
}

void lock_drop(struct lock *l)
{
	if (!l)
		return;
	close(l->fd);
	free(l);
}
