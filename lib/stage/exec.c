#include "stage/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { KILL_AFTER_S = 5, DRAIN_MS = 200 };

/* ---- starting ---- */

struct child {
	const char *const *argv;
	const char *dir; /* NULL: here */
	int out, err; /* descriptors to become 1 and 2; -1: as they are */
	bool own_group;
	const sigset_t *mask;
};

/* Only what is safe after a fork in a process with threads. */
static void become(const struct child *c)
{
	static const char failed[] = "stage-run: cannot start the command\n";
	int null = open("/dev/null", O_RDONLY);

	if (c->own_group)
		setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	if (c->mask)
		sigprocmask(SIG_SETMASK, c->mask, NULL);
	if (null < 0 || dup2(null, 0) < 0 || (c->out >= 0 && dup2(c->out, 1) < 0) ||
		(c->err >= 0 && dup2(c->err, 2) < 0))
		_exit(127);
	if (null > 2)
		close(null);
	if (!c->dir || !chdir(c->dir))
		execvp(c->argv[0], (char *const *)(uintptr_t)c->argv);
	if (write(2, failed, sizeof(failed) - 1) < 0)
		_exit(127);
	_exit(127);
}

static pid_t start(const struct child *c, struct err *e)
{
	pid_t pid = fork();

	if (pid == 0)
		become(c);
	if (pid < 0)
		err_errno(e, "cannot start a process");
	else if (c->own_group)
		setpgid(pid, pid);
	return pid;
}

static int status_of(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

static int wait_for(pid_t pid, struct err *e)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_errno(e, "cannot wait for a process");
	return status_of(status);
}

/* Close-on-exec from the start is not in POSIX 2008: nothing else forks here. */
static int make_pipe(int fds[2], struct err *e)
{
	if (pipe(fds))
		return err_errno(e, "cannot make a pipe");
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* ---- the shell ---- */

static bool knows_pipefail(const char *shell)
{
	const char *argv[] = { shell, "-c", "set -o pipefail", NULL };
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct child c = { .argv = argv, .out = null, .err = null };
	struct err e = ERR_INIT;
	pid_t pid = start(&c, &e);
	bool good = pid > 0 && wait_for(pid, &e) == 0;

	close_fd(&null);
	return good;
}

/* The shell to use; `*pipefail` tells if it knows the option. */
static const char *choose_shell(const struct stage_exec *x, bool *pipefail)
{
	const char *shell = x->shell && *x->shell ? x->shell : "bash";

	*pipefail = knows_pipefail(shell);
	if (!*pipefail && (!x->shell || !*x->shell)) {
		shell = "sh";
		*pipefail = knows_pipefail(shell);
	}
	if (!*pipefail)
		diag_say(x->diag, DIAG_WARNING,
			"%s knows no pipefail: a failure inside of a pipe is not seen; "
			"install bash or set CD4ML_SHELL",
			shell);
	return shell;
}

/* ---- output to the log as well ---- */

struct tee {
	int from[2], to[2], log;
	_Atomic bool ended; /* the command has: what is still open belongs to stragglers */
	_Atomic int error;
};

static void write_all(struct tee *t, int fd, const char *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			t->error = errno;
			return;
		}
		p += n;
		len -= (size_t)n;
	}
}

static void *copy_output(void *ctx)
{
	struct tee *t = ctx;
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
				write_all(t, t->to[i], block, (size_t)n);
				write_all(t, t->log, block, (size_t)n);
			} else if (n == 0 || errno != EINTR) {
				close_fd(&t->from[i]);
			}
		}
	}
	return NULL;
}

/* ---- waiting, with signals ---- */

static void watched_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGCHLD);
	sigaddset(set, SIGALRM);
}

static int wait_with_signals(pid_t pid, struct stage_exec_result *r, struct err *e)
{
	sigset_t set;
	int status, sig;

	watched_signals(&set);
	for (;;) {
		pid_t got = waitpid(pid, &status, WNOHANG);

		if (got == pid)
			break;
		if (got < 0 && errno != EINTR)
			return err_errno(e, "cannot wait for the command");
		if (sigwait(&set, &sig) || sig == SIGCHLD)
			continue;
		if (sig == SIGALRM) {
			kill(-pid, SIGKILL);
			continue;
		}
		r->stopped_by = sig;
		kill(-pid, sig);
		alarm(KILL_AFTER_S);
	}
	alarm(0);
	if (r->stopped_by)
		kill(-pid, SIGKILL);
	r->status = status_of(status);
	return 0;
}

static int run_text(const struct stage_exec *x, const char *shell, bool pipefail, const char *text,
	struct tee *t, const sigset_t *old, struct stage_exec_result *r, struct err *e)
{
	const char *argv[8] = { shell, "-e", "-u" };
	struct child c = { .argv = argv, .dir = x->dir, .own_group = true, .mask = old };
	int out[2] = { -1, -1 }, errs[2] = { -1, -1 }, n = 3, rc = -1;
	pthread_t thread;
	bool has_thread = false;
	pid_t pid;

	if (pipefail) {
		argv[n++] = "-o";
		argv[n++] = "pipefail";
	}
	argv[n++] = "-c";
	argv[n] = text;
	c.out = c.err = -1;
	if (t && (make_pipe(out, e) || make_pipe(errs, e)))
		goto out;
	if (t) {
		c.out = out[1];
		c.err = errs[1];
		t->from[0] = out[0];
		t->from[1] = errs[0];
		t->ended = false;
	}
	pid = start(&c, e);
	close_fd(&out[1]);
	close_fd(&errs[1]);
	if (pid < 0)
		goto out;
	if (t) {
		has_thread = !pthread_create(&thread, NULL, copy_output, t);
		if (!has_thread)
			kill(-pid, SIGKILL);
	}
	rc = wait_with_signals(pid, r, e);
	if (has_thread) {
		t->ended = true;
		pthread_join(thread, NULL);
		out[0] = t->from[0];
		errs[0] = t->from[1];
	} else if (t && !rc) {
		rc = err_set(e, ERR_SYSTEM, "cannot start a thread");
	}
out:
	close_fd(&out[0]);
	close_fd(&out[1]);
	close_fd(&errs[0]);
	close_fd(&errs[1]);
	return rc;
}

static int run_all(const struct stage_exec *x, struct tee *t, const sigset_t *old,
	struct stage_exec_result *r, struct err *e)
{
	bool pipefail;
	const char *shell = choose_shell(x, &pipefail);
	size_t n = json_is_array(x->cmd) ? json_array_size(x->cmd) : 1;

	for (size_t i = 0; i < n; i++) {
		const json_t *text = json_is_array(x->cmd) ? json_array_get(x->cmd, i) : x->cmd;

		if (run_text(x, shell, pipefail, json_string_value(text), t, old, r, e))
			return -1;
		if (r->status || r->stopped_by)
			break;
	}
	return 0;
}

int stage_exec_run(const struct stage_exec *x, struct stage_exec_result *r, struct err *e)
{
	struct tee tee = { .to = { 1, 2 }, .log = -1 };
	struct timespec from, to;
	struct rusage usage;
	sigset_t set, old;
	int rc;

	memset(r, 0, sizeof(*r));
	if (x->log && !isatty(2)) {
		tee.log = open(x->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		if (tee.log < 0) {
			err_errno(e, "cannot write the log");
			return err_at(e, "%s", x->log);
		}
	}
	watched_signals(&set);
	sigprocmask(SIG_BLOCK, &set, &old);
	clock_gettime(CLOCK_MONOTONIC, &from);
	rc = run_all(x, tee.log >= 0 ? &tee : NULL, &old, r, e);
	clock_gettime(CLOCK_MONOTONIC, &to);
	r->seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	if (!getrusage(RUSAGE_CHILDREN, &usage))
		r->max_rss = usage.ru_maxrss;
	sigprocmask(SIG_SETMASK, &old, NULL);
	close_fd(&tee.log);
	if (!rc && tee.error) {
		errno = tee.error;
		rc = err_errno(e, "cannot write what the command prints");
	}
	return rc;
}
