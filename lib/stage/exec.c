#include "stage/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "stage/tee.h"

enum { KILL_AFTER_S = 5 };

/* ---- starting ---- */

struct child {
	const char *const *argv;
	const char *dir; /* NULL: here */
	int out, err; /* descriptors to become 1 and 2; -1: as they are */
	pid_t group; /* process group to join; 0: ours */
	const sigset_t *mask;
};

/* Only what is safe after a fork in a process with threads. */
static void become(const struct child *c)
{
	static const char failed[] = "stage-run: cannot start the command\n";
	int null = open("/dev/null", O_RDONLY);

	if (c->group && setpgid(0, c->group))
		_exit(127);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
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
	else if (c->group)
		setpgid(pid, c->group);
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

/* ---- the guard ---- */

/*
 * The leader of the command's group. When this process is gone, whatever killed it, the guard reads the end of
 * the pipe and kills the group: no command goes on writing outputs that nobody waits for.
 */
struct guard {
	pid_t pid;
	int hold; /* our end; closed by the system when we die */
};

/* Only what is safe after a fork in a process with threads. */
static void stand_guard(int from)
{
	char c;
	ssize_t n;

	setpgid(0, 0);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	close(0);
	close(1);
	close(2);
	while ((n = read(from, &c, 1)) < 0 && errno == EINTR)
		;
	if (n == 0)
		kill(0, SIGKILL);
	_exit(0);
}

static int post_guard(struct guard *g, struct err *e)
{
	int fds[2];

	if (pipe(fds))
		return err_errno(e, "cannot make a pipe");
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	g->pid = fork();
	if (g->pid == 0) {
		close(fds[1]);
		stand_guard(fds[0]);
	}
	close(fds[0]);
	g->hold = fds[1];
	if (g->pid < 0) {
		close(fds[1]);
		return err_errno(e, "cannot start a process");
	}
	setpgid(g->pid, g->pid);
	return 0;
}

static void dismiss_guard(struct guard *g)
{
	struct err e = ERR_INIT;

	/* by a byte, as at the end of the pipe it would kill what the command left in the background */
	if (write(g->hold, "", 1) != 1)
		kill(g->pid, SIGKILL);
	close(g->hold);
	if (wait_for(g->pid, &e) < 0)
		err_clear(&e);
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

	if (null >= 0)
		close(null);
	return good;
}

/* Is there a | outside of quotes that is no part of ||? A pipe, or nearly always. */
static bool has_pipe(const char *text)
{
	char quote = '\0';

	for (const char *p = text; *p; p++) {
		if (*p == '\\' && quote != '\'' && p[1])
			p++;
		else if (quote)
			quote = *p == quote ? '\0' : quote;
		else if (*p == '\'' || *p == '"')
			quote = *p;
		else if (*p == '|' && p[1] == '|')
			p++;
		else if (*p == '|')
			return true;
	}
	return false;
}

static bool any_pipe(const json_t *cmd)
{
	for (size_t i = 0; i < json_array_size(cmd); i++)
		if (has_pipe(json_string_value(json_array_get(cmd, i))))
			return true;
	return json_is_string(cmd) && has_pipe(json_string_value(cmd));
}

/* The shell to use; `*pipefail` tells if it knows the option. NULL and `e`: none will do. */
static const char *choose_shell(const struct stage_exec *x, bool *pipefail, struct err *e)
{
	static const char *const usual[] = { "bash", "sh", "ksh", "mksh", "zsh", NULL };
	const char *const named[] = { x->shell, NULL };
	const char *const *shells = x->shell && *x->shell ? named : usual;

	for (size_t i = 0; shells[i]; i++) {
		*pipefail = knows_pipefail(shells[i]);
		if (*pipefail)
			return shells[i];
	}
	if (!any_pipe(x->cmd))
		return shells == named ? x->shell : "sh";
	err_set(e, ERR_SYSTEM, "%s knows no pipefail: a failure inside of a pipe would not be seen",
		shells == named ? x->shell : "sh");
	err_hint(e, "install bash, or name a shell that knows it in CD4ML_SHELL");
	return NULL;
}

/* ---- waiting, with signals ---- */

/* What our caller ignores (nohup) is ignored here too, and by the command. */
static void watched_signals(sigset_t *set)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction now;

	sigemptyset(set);
	for (size_t i = 0; i < 3; i++)
		if (sigaction(ends[i], NULL, &now) || now.sa_handler != SIG_IGN)
			sigaddset(set, ends[i]);
	sigaddset(set, SIGCHLD);
	sigaddset(set, SIGALRM);
}

static int wait_with_signals(pid_t pid, pid_t group, struct stage_exec_result *r, struct err *e)
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
			kill(-group, SIGKILL);
			continue;
		}
		r->stopped_by = sig;
		kill(-group, sig);
		alarm(KILL_AFTER_S);
	}
	alarm(0);
	if (r->stopped_by)
		kill(-group, SIGKILL);
	r->status = status_of(status);
	return 0;
}

static int run_text(const struct stage_exec *x, const char *shell, bool pipefail, const char *text,
	struct stage_tee *t, const struct guard *g, const sigset_t *old,
	struct stage_exec_result *r, struct err *e)
{
	const char *argv[8] = { shell, "-e", "-u" };
	struct child c = {
		.argv = argv, .dir = x->dir, .out = -1, .err = -1, .group = g->pid, .mask = old
	};
	struct err late = ERR_INIT;
	int n = 3, rc = -1;
	pid_t pid;

	if (pipefail) {
		argv[n++] = "-o";
		argv[n++] = "pipefail";
	}
	argv[n++] = "-c";
	argv[n] = text;
	if (t) {
		if (stage_tee_begin(t, e))
			goto out;
		c.out = t->out;
		c.err = t->err;
	}
	pid = start(&c, e);
	if (pid < 0)
		goto out;
	rc = t ? stage_tee_copy(t, e) : 0;
	if (rc)
		kill(pid, SIGKILL);
	if (wait_with_signals(pid, g->pid, r, rc ? &late : e))
		rc = -1;
out:
	if (t)
		stage_tee_end(t);
	return rc;
}

static int run_all(const struct stage_exec *x, struct stage_tee *t, const struct guard *g,
	const sigset_t *old, struct stage_exec_result *r, struct err *e)
{
	bool pipefail;
	const char *shell = choose_shell(x, &pipefail, e);
	size_t n = json_is_array(x->cmd) ? json_array_size(x->cmd) : 1;

	for (size_t i = 0; shell && i < n; i++) {
		const json_t *text = json_is_array(x->cmd) ? json_array_get(x->cmd, i) : x->cmd;

		if (run_text(x, shell, pipefail, json_string_value(text), t, g, old, r, e))
			return -1;
		if (r->status || r->stopped_by)
			break;
	}
	return shell ? 0 : -1;
}

int stage_exec_run(const struct stage_exec *x, struct stage_exec_result *r, struct err *e)
{
	struct stage_tee tee;
	struct timespec from, to;
	struct rusage usage;
	struct err late = ERR_INIT;
	struct guard guard = { .pid = -1, .hold = -1 };
	sigset_t set, old;
	int rc;

	memset(r, 0, sizeof(*r));
	if (x->log && stage_tee_open(&tee, x->log, e))
		return -1;
	watched_signals(&set);
	sigprocmask(SIG_BLOCK, &set, &old);
	clock_gettime(CLOCK_MONOTONIC, &from);
	rc = post_guard(&guard, e);
	if (!rc)
		rc = run_all(x, x->log ? &tee : NULL, &guard, &old, r, e);
	clock_gettime(CLOCK_MONOTONIC, &to);
	r->seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	if (!getrusage(RUSAGE_CHILDREN, &usage))
		r->max_rss = usage.ru_maxrss;
	if (guard.pid > 0)
		dismiss_guard(&guard); /* after the look at the memory of what was waited for */
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (x->log && stage_tee_close(&tee, rc ? &late : e))
		rc = -1;
	return rc;
}
