/*
 * tool - what every main() shares: common options, messages, signals, closing, exit status.
 *
 *	int main(int argc, char **argv)
 *	{
 *		return tool_main(&spec, argc, argv);
 *	}
 *
 * A tool includes this, and gets the rest of base that a main file needs with it.
 */
#ifndef CD4ML_BASE_TOOL_H
#define CD4ML_BASE_TOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/err.h"
#include "base/opt.h"
#include "base/output.h"
#include "base/pool.h"
#include "base/progress.h"

/** Exit statuses. TOOL_FAILED: the error's code (2 or 3). */
enum tool_status { TOOL_YES = 0, TOOL_NO = 1, TOOL_FAILED = -1 };

/** Which common options a tool or command has besides --help, --version, -q, -v. */
enum tool_flags {
	TOOL_OUTPUT = 1, /* -o FILE, --fsync; `out` is open */
	TOOL_THREADS = 2, /* -j N; `pool` is there */
	TOOL_PROGRESS = 4, /* --progress auto|always|never; `progress` may be NULL */
	TOOL_JSON = 8, /* --json */
	TOOL_CONFIG =
		16, /* --config FILE[:SECTION]: options from YAML, JSON, TOML or `key = value` lines */
	TOOL_ANY_OPERANDS =
		32, /* what follows the first operand belongs to somebody else: not parsed */
};

struct tool {
	const char *name; /* "cas-hash" */
	char **operands; /* [n_operands], then NULL */
	size_t n_operands;
	struct output *
		out; /* TOOL_OUTPUT: closed by tool_main, abandoned unless YES or NO; NULL: the run did */
	const char *out_path; /* as given, NULL for standard output */
	struct pool *pool; /* TOOL_THREADS */
	struct progress *progress; /* TOOL_PROGRESS; may be NULL */
	struct diag *diag; /* always there */
	bool json, quiet, fsync;
	int verbose;
};

/** Runs the tool on its parsed arguments. `args` is a copy of the defaults with the options set. */
typedef enum tool_status tool_run(struct tool *t, const void *args, struct err *e);

struct tool_command {
	const char *name; /* "push"; NULL ends the list */
	const char *usage; /* "[TARGET...]" */
	const char *summary; /* one line */
	const struct opt *options; /* NULL: none */
	const void *defaults; /* a struct of args_size bytes */
	size_t args_size;
	unsigned flags; /* enum tool_flags */
	int min_operands, max_operands; /* max -1: any number */
	tool_run *run;
	const char *example; /* for --help: whole lines */
};

/** A tool is one command (`commands` NULL) or several; `main.name` is the tool's name. */
struct tool_spec {
	struct tool_command main;
	const struct tool_command *commands;
	/** With `commands`: run `main` when the first operand is not the name of a command. */
	bool has_default;
};

/**
 * Parses, runs, closes, prints the error, and returns the exit status. SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU
 * remove unfinished files and end the process by the same signal; SIGPIPE and SIGXFSZ are ignored, so that a
 * closed pipe and a file beyond the limit are errors of writing (status 3). Standard output and the tool's output are
 * flushed and checked.
 */
int tool_main(const struct tool_spec *spec, int argc, char **argv);

/**
 * Ends a command that made a text: prints `text`, and frees it. TOOL_YES; TOOL_FAILED when `rc` is negative, or
 * no memory was left for the text: then nothing is printed.
 */
enum tool_status tool_print(struct tool *t, struct buf *text, int rc, struct err *e);

#endif
