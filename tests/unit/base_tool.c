/* base/tool: what every main() shares, each run in a process of its own. */
#include "base/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/path.h"
#include "tap.h"

struct args {
	int64_t n;
	const char *what;
	const char *report, *log;
};

static const struct args defaults = { .n = 1, .what = "fine" };

static const struct opt options[] = {
	{ 'n', "number", OPT_INT, offsetof(struct args, n), "N", "how many lines", .min = 0,
		.max = 1e9 },
	{ 0, "what", OPT_TEXT, offsetof(struct args, what), "TEXT",
		"fine|no|input|system|wait|warn|pool|json" },
	{ 0, "report", OPT_TEXT, offsetof(struct args, report), "FILE", "what was said",
		.writes = true },
	{ 0, "log", OPT_TEXT, offsetof(struct args, log), "FILE", "who said it", .writes = true },
	OPT_END,
};

static enum tool_status run_say(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;

	for (int64_t i = 0; i < a->n; i++)
		output_printf(t->out, "%s\n", t->n_operands ? t->operands[0] : "line");
	if (strcmp(a->what, "no") == 0)
		return TOOL_NO;
	if (strcmp(a->what, "input") == 0)
		err_set(e, ERR_INPUT, "bad\n%s", "input");
	if (strcmp(a->what, "system") == 0)
		err_set(e, ERR_SYSTEM, "bad disk");
	if (e->code) {
		err_at(e, "f.csv:3");
		return TOOL_FAILED;
	}
	if (strcmp(a->what, "warn") == 0) {
		diag_say(t->diag, DIAG_WARNING, "odd");
		diag_say(t->diag, DIAG_NOTE, "noted");
		diag_say(t->diag, DIAG_DETAIL, "detailed");
	}
	if (strcmp(a->what, "pool") == 0)
		output_printf(t->out, "threads %d\n", pool_size(t->pool));
	if (strcmp(a->what, "json") == 0)
		output_printf(t->out, "json %d\n", t->json);
	if (strcmp(a->what, "wait") == 0) {
		write_text("waiting", "");
		for (;;)
			pause();
	}
	return TOOL_YES;
}

static const struct tool_spec one = { .main = { .name = "say",
					      .usage = "[TEXT]",
					      .summary = "says things",
					      .options = options,
					      .defaults = &defaults,
					      .args_size = sizeof(defaults),
					      .flags = TOOL_OUTPUT | TOOL_THREADS | TOOL_PROGRESS |
						       TOOL_JSON | TOOL_CONFIG,
					      .max_operands = 1,
					      .run = run_say,
					      .example = "say hello -n 3\nsay -o out.txt\n" } };

static const struct tool_command commands[] = {
	{ .name = "say",
		.usage = "TEXT",
		.summary = "say it",
		.options = options,
		.defaults = &defaults,
		.args_size = sizeof(defaults),
		.flags = TOOL_OUTPUT,
		.min_operands = 1,
		.max_operands = 1,
		.run = run_say },
	{ .name = "status",
		.summary = "tell",
		.options = options,
		.defaults = &defaults,
		.args_size = sizeof(defaults),
		.run = run_say },
	{ 0 },
};
static const struct tool_spec many = {
	.main = { .name = "many", .usage = "COMMAND", .summary = "does things" },
	.commands = commands
};

/* One run: the words cut at blanks, stdout and stderr to files. */
struct result {
	int status; /* 128 + signal */
	char *out, *err;
};

enum { MAX_WORDS = 16 };

/* In the child: the words of the line as arguments. */
static int run_line(const struct tool_spec *spec, const char *line)
{
	char words[500], *argv[MAX_WORDS] = { NULL };
	int argc = 0;

	snprintf(words, sizeof(words), "%s%s%s", spec->main.name, *line ? " " : "", line);
	for (char *w = strtok(words, " "); w && argc < MAX_WORDS - 1; w = strtok(NULL, " "))
		argv[argc++] = w;
	return tool_main(spec, argc, argv);
}

static pid_t start(const struct tool_spec *spec, const char *line, const char *out_path)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int out = open(out_path, O_WRONLY | O_CREAT | O_TRUNC, 0600),
		    err = open("err", O_WRONLY | O_CREAT | O_TRUNC, 0600);

		dup2(out, 1);
		dup2(err, 2);
		_exit(run_line(spec, line));
	}
	return pid;
}

static int wait_for(pid_t pid)
{
	int status;

	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void run(const struct tool_spec *spec, const char *line, struct result *r)
{
	r->status = wait_for(start(spec, line, "out"));
	r->out = read_file("out", NULL);
	r->err = read_file("err", NULL);
	unlink("out");
	unlink("err");
}

/* Runs and compares; NULL: any text. */
static void expect(const struct tool_spec *spec, const char *line, int status, const char *out,
	const char *err)
{
	struct result r;

	run(spec, line, &r);
	is_int(r.status, status, "%s %s: status", spec->main.name, line);
	if (out)
		is_text(r.out, out, "%s %s: stdout", spec->main.name, line);
	if (err)
		is_text(r.err, err, "%s %s: stderr", spec->main.name, line);
	free(r.out);
	free(r.err);
}

static void check_status(void)
{
	expect(&one, "", 0, "line\n", "");
	expect(&one, "hello -n 2", 0, "hello\nhello\n", "");
	expect(&one, "--what no", 1, "line\n", "");
	expect(&one, "--what input", 2, "", "say: f.csv:3: bad\\ninput\n");
	expect(&one, "--what system", 3, "", "say: f.csv:3: bad disk\n");
	expect(&one, "--wht no", 2, "",
		"say: unknown option '--wht'; did you mean '--what'?\nsay: try 'say --help'\n");
	expect(&one, "a b", 2, "", "say: unexpected operand 'b'\nsay: try 'say --help'\n");
	expect(&one, "-n x", 2, "",
		"say: option '--number': 'x' is not a whole number\nsay: try 'say --help'\n");
	expect(&one, "--version", 0, "say (cd4ml) " CD4ML_VERSION "\n", "");
	expect(&one, "a b c --version", 0, "say (cd4ml) " CD4ML_VERSION "\n", "");
}

static void check_common(void)
{
	expect(&one, "--what warn", 0, "line\n", "say: warning: odd\n");
	expect(&one, "--what warn -v", 0, NULL, "say: warning: odd\nsay: noted\n");
	expect(&one, "--what warn -vv", 0, NULL, "say: warning: odd\nsay: noted\nsay: detailed\n");
	expect(&one, "--what warn -q", 0, "line\n", "");
	expect(&one, "--what pool -n 0 -j 3", 0, "threads 3\n", "");
	expect(&one, "-j -1", 2, "", NULL);
	expect(&one, "-j 5000", 2, "", NULL);
	expect(&one, "--what json -n 0 --json", 0, "json 1\n", "");
	setenv("CD4ML_THREADS", "2", 1);
	expect(&one, "--what pool -n 0", 0, "threads 2\n", "");
	expect(&one, "--what pool -n 0 -j 1", 0, "threads 1\n", "");
	setenv("CD4ML_THREADS", "many", 1);
	expect(&one, "", 2, "", "say: CD4ML_THREADS: 'many' is not a number of threads\n");
	unsetenv("CD4ML_THREADS");
	setenv("CD4ML_CPU", "avx3", 1);
	expect(&one, "", 2, "",
		"say: CD4ML_CPU: 'avx3' is not known; scalar, sse42, avx2, avx512 and neon are\n");
	setenv("CD4ML_CPU", "scalar", 1);
	expect(&one, "", 0, "line\n", "");
	unsetenv("CD4ML_CPU");
	write_text("c.yaml", "say: {number: 2}\n");
	expect(&one, "--config c.yaml:say", 0, "line\nline\n", "");
	expect(&one, "--config c.yaml:say -n 1", 0, "line\n", "");
	expect(&one, "--config c.yaml", 2, "", NULL);
	expect(&one, "--config missing.yaml", 2, "", NULL);
	unlink("c.yaml");
}

static void check_output(void)
{
	char *text;

	expect(&one, "-o file hello", 0, "", "");
	text = read_file("file", NULL);
	is_text(text, "hello\n", "-o");
	free(text);
	expect(&one, "-o file --what input", 2, "", NULL);
	expect(&one, "-o file --what no new", 1, "", "");
	text = read_file("file", NULL);
	is_text(text, "new\n", "a verdict of no is a result: it is written");
	free(text);
	unlink("file");
	expect(&one, "-o no/such/folder", 2, "", NULL);
	is_int(count_files("."), 0, "nothing is left");
	expect(&one, "-o /dev/full", 3, "",
		"say: /dev/full: cannot write: No space left on device; make room on that disk, "
		"and try again\n");
	is_int(wait_for(start(&one, "-n 1", "/dev/full")), 3, "a full standard output");
	is_int(wait_for(start(&one, "-n 1000000", "/dev/full")), 3, "also of much");
	is_int(wait_for(start(&one, "--help", "/dev/full")), 3, "also of --help");
	is_int(wait_for(start(&one, "--version", "/dev/full")), 3, "also of --version");
	unlink("err");
}

static void check_claims(void)
{
	const char *other = "; name a file for each\n";
	char text[200];

	expect(&one, "--report r --log l -o o", 0, "", "");
	expect(&one, "--report /dev/null --log /dev/null", 0, "line\n", "");
	snprintf(text, sizeof(text), "say: ./o would get both --output and --report%s", other);
	expect(&one, "-o o --report ./o", 2, "", text);
	unlink("o");
	expect(&one, "-o o --report ./o", 2, "", text);
	snprintf(text, sizeof(text), "say: r would get both --report and --log%s", other);
	expect(&one, "--log r --report r", 2, "", text);
	snprintf(text, sizeof(text), "say: standard output would get both --output and --log%s",
		other);
	expect(&one, "--log -", 2, "", text);
	expect(&one, "--log - -o o", 0, "", "");
	unlink("o");
	write_text("in", "");
	expect(&one, "in --log ./in", 2, "",
		"say: option '--log': './in' is read, too; it would be overwritten; name another "
		"file\n");
	expect(&one, "in -o in", 0, "", "");
	unlink("in");
	expect(&one, "--log .", 2, "", "say: option '--log': '.' is a folder\n");
	expect(&one, "--log no/l", 2, "",
		"say: option '--log': there is no folder 'no' for 'no/l'\n");
	expect(&one, "--log=", 2, "", "say: option '--log': the name of a file is empty\n");
	is_int(count_files("."), 0, "nothing is left");
}

/* Runs with a descriptor closed, and files limited to `limit` bytes. */
static int run_without(int fd, rlim_t limit, const char *line)
{
	struct rlimit r = { limit, limit };
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		close(fd);
		setrlimit(RLIMIT_FSIZE, &r);
		_exit(run_line(&one, line));
	}
	return wait_for(pid);
}

static void check_descriptors(void)
{
	char *text;

	is_int(run_without(2, 1000, "-o file --what warn"), 0, "standard error closed");
	text = read_file("file", NULL);
	is_text(text, "line\n", "no message in the output");
	free(text);
	unlink("file");
	is_int(run_without(1, 1000, "-q"), 3, "standard output closed");
	is_int(run_without(0, 1000, "-o file"), 0, "standard input closed");
	unlink("file");
	is_int(run_without(2, 0, "-o file"), 3, "a file beyond the limit is an error");
	is_int(count_files("."), 0, "and nothing is left");
}

static void check_commands(void)
{
	struct result r;

	expect(&many, "", 2, "", "many: a command is missing\nmany: try 'many --help'\n");
	expect(&many, "stats", 2, "",
		"many: unknown command 'stats'; did you mean 'status'?\nmany: try 'many --help'\n");
	expect(&many, "say", 2, "", "many: operands are missing\nmany: try 'many say --help'\n");
	expect(&many, "say x", 0, "x\n", "");
	expect(&many, "say x --nmber 3", 2, "",
		"many: unknown option '--nmber'; did you mean '--number'?\nmany: try 'many say "
		"--help'\n");
	expect(&many, "say --version", 0, "many (cd4ml) " CD4ML_VERSION "\n", "");
	run(&many, "--help", &r);
	ok(r.status == 0 && strstr(r.out, "Usage: many COMMAND\n") &&
			strstr(r.out, "  status  tell\n"),
		"help names the commands");
	free(r.out);
	free(r.err);
	run(&many, "say --help", &r);
	ok(r.status == 0 && strstr(r.out, "Usage: many say TEXT\n") &&
			strstr(r.out, "how many lines [1]"),
		"help of a command");
	free(r.out);
	free(r.err);
	run(&one, "--help", &r);
	ok(r.status == 0 && strstr(r.out, "\nExample:\n  say hello -n 3\n  say -o out.txt\n"),
		"help has the examples");
	ok(strstr(r.out, "-j, --threads N") && strstr(r.out, "--config FILE") &&
			strstr(r.out, "--json"),
		"and the common options");
	free(r.out);
	free(r.err);
}

static void check_signals(void)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGXCPU };

	for (size_t i = 0; i < 5; i++) {
		pid_t pid = start(&one, "-o file --what wait", "out");
		struct timespec step = { 0, 2000000 };

		for (int k = 0; k < 5000 && !path_exists("waiting"); k++)
			nanosleep(&step, NULL);
		kill(pid, numbers[i]);
		is_int(wait_for(pid), 128 + numbers[i], "ends by signal %d", numbers[i]);
		unlink("waiting");
		unlink("out");
		unlink("err");
		is_int(count_files("."), 0, "and leaves nothing");
	}
}

int main(void)
{
	unsetenv("CD4ML_THREADS");
	scratch();
	check_status();
	check_common();
	check_output();
	check_claims();
	check_descriptors();
	check_commands();
	check_signals();
	return done_testing();
}
