#include "stage/tee.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

enum { DRAIN_MS = 200 };

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int stage_tee_open(struct stage_tee *t, const char *log, struct err *e)
{
	*t = (struct stage_tee){ .out = -1, .err = -1, .from = { -1, -1 } };
	t->log = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (t->log >= 0)
		return 0;
	err_errno(e, "cannot write the log");
	return err_at(e, "%s", log);
}

/* A terminal like `model`, that passes bytes as they are. -1 where the system gives none. */
static int make_terminal(int model, int *child)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	struct termios how;
	struct winsize size;
	const char *name;

	if (master < 0)
		return -1;
	name = grantpt(master) || unlockpt(master) ? NULL : ptsname(master);
	*child = name ? open(name, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
	if (*child < 0 || tcgetattr(*child, &how))
		goto fail;
	how.c_oflag &= ~(tcflag_t)OPOST;
	how.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	if (tcsetattr(*child, TCSANOW, &how))
		goto fail;
	if (!ioctl(model, TIOCGWINSZ, &size) && ioctl(*child, TIOCSWINSZ, &size))
		goto fail;
	fcntl(master, F_SETFD, FD_CLOEXEC);
	return master;
fail:
	close_fd(child);
	close(master);
	return -1;
}

/* Close-on-exec from the start is not in POSIX 2008: nothing else forks here. */
static int make_channel(int model, int *parent, int *child, struct err *e)
{
	int fds[2];

	*parent = isatty(model) ? make_terminal(model, child) : -1;
	if (*parent >= 0)
		return 0;
	if (pipe(fds))
		return err_errno(e, "cannot make a pipe");
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	*parent = fds[0];
	*child = fds[1];
	return 0;
}

static bool is_same_file(int a, int b)
{
	struct stat x, y;

	return !fstat(a, &x) && !fstat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* One way for both where both end at the same place, so that their order is kept. */
int stage_tee_begin(struct stage_tee *t, struct err *e)
{
	t->ended = false;
	if (make_channel(1, &t->from[0], &t->out, e))
		return -1;
	if (!is_same_file(1, 2))
		return make_channel(2, &t->from[1], &t->err, e);
	t->err = fcntl(t->out, F_DUPFD_CLOEXEC, 0);
	return t->err < 0 ? err_errno(e, "cannot share a pipe") : 0;
}

static void write_all(struct stage_tee *t, int fd, const char *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			if (!t->error)
				t->error = errno;
			return;
		}
		p += n;
		len -= (size_t)n;
	}
}

/* A terminal whose other end is closed answers with an error, a pipe with nothing: both are the end. */
static void *copy_output(void *ctx)
{
	struct stage_tee *t = ctx;
	char block[16384];

	while (t->from[0] >= 0 || t->from[1] >= 0) {
		struct pollfd fds[2] = { { t->from[0], POLLIN, 0 }, { t->from[1], POLLIN, 0 } };
		int n_ready = poll(fds, 2, DRAIN_MS);

		if (n_ready == 0 && t->ended)
			break;
		for (int i = 0; i < 2 && n_ready > 0; i++) {
			ssize_t n;

			if (!fds[i].revents)
				continue;
			n = read(t->from[i], block, sizeof(block));
			if (n > 0) {
				write_all(t, i + 1, block, (size_t)n);
				write_all(t, t->log, block, (size_t)n);
			} else if (n == 0 || errno != EINTR) {
				close_fd(&t->from[i]);
			}
		}
	}
	return NULL;
}

int stage_tee_copy(struct stage_tee *t, struct err *e)
{
	close_fd(&t->out);
	close_fd(&t->err);
	t->has_thread = !pthread_create(&t->thread, NULL, copy_output, t);
	return t->has_thread ? 0 : err_set(e, ERR_SYSTEM, "cannot start a thread");
}

void stage_tee_end(struct stage_tee *t)
{
	close_fd(&t->out);
	close_fd(&t->err);
	t->ended = true;
	if (t->has_thread)
		pthread_join(t->thread, NULL);
	t->has_thread = false;
	close_fd(&t->from[0]);
	close_fd(&t->from[1]);
}

int stage_tee_close(struct stage_tee *t, struct err *e)
{
	close_fd(&t->log);
	if (!t->error)
		return 0;
	errno = t->error;
	return err_errno(e, "cannot write what the command prints");
}
