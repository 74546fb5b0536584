#include "cas/git.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

extern char **environ;

static int read_all(int fd, struct buf *b, struct err *e)
{
	for (;;) {
		char *to = buf_reserve(b, 1 << 16);
		ssize_t n;

		if (!to)
			return err_nomem(e);
		n = read(fd, to, 1 << 16);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, "cannot read git's output");
		if (n == 0)
			return 0;
		b->len += (size_t)n;
		to[n] = '\0';
	}
}

/* "git -C DIR ARGS..." */
static char **make_argv(const char *dir, const char *const *args, struct err *e)
{
	size_t n = 0;
	char **argv;

	while (args[n])
		n++;
	argv = mem_array(n + 4, sizeof(*argv), e);
	if (!argv)
		return NULL;
	argv[0] = (char *)"git";
	argv[1] = (char *)"-C";
	argv[2] = (char *)dir;
	for (size_t i = 0; i < n; i++)
		argv[3 + i] = (char *)args[i];
	return argv;
}

/* Standard input and error are unnamed files, so that no pipe can fill up unread. */
static FILE *make_input(struct slice in, struct err *e)
{
	FILE *f = tmpfile();

	if (!f || (in.len && fwrite(in.p, 1, in.len, f) != in.len) || fflush(f) ||
		fseek(f, 0, SEEK_SET)) {
		err_errno(e, "cannot write a temporary file");
		if (f)
			fclose(f);
		return NULL;
	}
	return f;
}

static int spawn_git(pid_t *pid, char **argv, int in, int out, int problem, struct err *e)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t pipe_signal;
	int r;

	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	if (posix_spawn_file_actions_init(&fa))
		return err_nomem(e);
	if (posix_spawnattr_init(&attr)) {
		posix_spawn_file_actions_destroy(&fa);
		return err_nomem(e);
	}
	r = posix_spawn_file_actions_adddup2(&fa, in, 0);
	r = r ? r : posix_spawn_file_actions_adddup2(&fa, out, 1);
	r = r ? r : posix_spawn_file_actions_adddup2(&fa, problem, 2);
	r = r ? r : posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	r = r ? r : posix_spawnattr_setsigdefault(&attr, &pipe_signal);
	r = r ? r : posix_spawnp(pid, "git", &fa, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&attr);
	if (r) {
		errno = r;
		return err_errno(e, "cannot run git");
	}
	return 0;
}

static int wait_for(pid_t pid, struct err *e)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_errno(e, "cannot wait for git");
	if (!WIFEXITED(status))
		return err_set(e, ERR_SYSTEM, "git was killed by a signal");
	if (WEXITSTATUS(status) == 127) {
		err_set(e, ERR_SYSTEM, "cannot run git");
		return err_hint(e, "install it, or make it available on PATH");
	}
	return WEXITSTATUS(status);
}

int cas_git_run(const char *dir, const char *const *args, struct slice in, struct buf *out,
	struct buf *problem, struct err *e)
{
	FILE *input = NULL, *words = NULL;
	char **argv = make_argv(dir, args, e);
	int ends[2] = { -1, -1 }, r = -1, status;
	struct buf unwanted = BUF_INIT;
	struct err second = ERR_INIT; /* how git ends when we stop reading is no news */
	pid_t pid;

	if (out)
		buf_reset(out);
	if (!argv)
		goto out;
	input = make_input(in, e);
	words = input ? make_input((struct slice){ NULL, 0 }, e) : NULL;
	if (!words)
		goto out;
	if (pipe(ends)) {
		err_errno(e, "cannot make a pipe");
		goto out;
	}
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	if (spawn_git(&pid, argv, fileno(input), ends[1], fileno(words), e))
		goto out;
	close(ends[1]);
	ends[1] = -1;
	r = read_all(ends[0], out ? out : &unwanted, e);
	close(ends[0]);
	ends[0] = -1;
	status = wait_for(pid, r ? &second : e);
	if (r || status < 0) {
		r = -1;
		goto out;
	}
	r = status;
	if (problem) {
		buf_reset(problem);
		if (lseek(fileno(words), 0, SEEK_SET) < 0 || read_all(fileno(words), problem, e))
			r = -1;
	}
out:
	for (int i = 0; i < 2; i++)
		if (ends[i] >= 0)
			close(ends[i]);
	if (input)
		fclose(input);
	if (words)
		fclose(words);
	buf_release(&unwanted);
	free(argv);
	return r;
}

/* The command among git's arguments, behind "-c NAME=VALUE". */
static const char *command_of(const char *const *args)
{
	while (args[0] && args[1] && args[2] && !strcmp(args[0], "-c"))
		args += 2;
	return args[0];
}

int cas_git_must(
	const char *dir, const char *const *args, struct slice in, struct buf *out, struct err *e)
{
	struct buf problem = BUF_INIT;
	int r = cas_git_run(dir, args, in, out, &problem, e);

	if (r > 0) {
		struct slice rest = buf_slice(&problem), line = { "", 0 };

		while (slice_cut(&rest, '\n', &line))
			if (line.len)
				break;
		err_set(e, ERR_INPUT, "git %s failed: %.*s", command_of(args), (int)line.len,
			line.p);
		r = -1;
	}
	buf_release(&problem);
	return r;
}
