/*
 * exec - runs a stage's command.
 *
 * The command goes to a shell with -e -u -o pipefail, so that a failure inside of a pipe is one. The
 * shell is the one that is named, else the first of bash, sh, ksh, mksh and zsh that knows pipefail
 * (dash before 0.5.13 does not). Where none does, a command without a pipe is run by sh, and one with a
 * pipe refused.
 *
 * It runs in a process group of its own, with /dev/null as input. On SIGINT, SIGTERM or SIGHUP the
 * group gets the same, and SIGKILL after five seconds; the caller is told, and raises the signal
 * again when it has tidied up. When this process is killed itself, a guard that leads the group kills the rest
 * of it. The caller's process must have no other children.
 */
#ifndef CD4ML_STAGE_EXEC_H
#define CD4ML_STAGE_EXEC_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

struct stage_exec {
	const json_t *cmd; /* a text, or a list of texts that run one after another */
	const char *dir; /* absolute */
	const char *shell; /* name or path; NULL: bash or sh */
	const char *log; /* what the command prints goes here too (stage/tee.h); NULL: nowhere */
};

struct stage_exec_result {
	int status; /* exit status; 128 + n after signal n */
	int stopped_by; /* the signal that this process got, 0 if none */
	double seconds;
	long max_rss; /* KiB, of the largest process */
};

/** 0 when the command ran to some end, whatever its status; -1 when it could not be run. */
int stage_exec_run(
	const struct stage_exec *x, struct stage_exec_result *r, struct err *e) MUST_CHECK;

#endif
