#include "base/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/claim.h"
#include "base/config.h"
#include "base/cpu.h"
#include "base/mem.h"
#include "base/opt_help.h"
#include "base/num.h"

enum { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER };

/* The values of the common options. */
struct common {
	const char *output;
	bool fsync;
	int64_t threads;
	int progress;
	bool json;
	const char *config;
	bool quiet;
	int verbose;
	bool help, version;
};

/* Everything of one run; released by end(). */
struct session {
	struct tool tool; /* first: a struct tool * is all that the tool sees */
	const struct tool_spec *spec;
	const struct tool_command *command;
	struct common common;
	struct diag diag;
	struct opt_result parsed;
	struct arena config_memory;
	void *args;
	struct opt table
		[16]; /* the common options that this command has; while it is looked for, all */
};

/* ---- messages ------------------------------------------------------------------------------------- */

static void print_line(const char *name, const char *before, const char *text)
{
	char line[3072];
	int n = snprintf(line, sizeof(line), "%s: %s%s\n", name, before, text);
	ssize_t ignored;

	if (n >= (int)sizeof(line)) {
		n = sizeof(line) - 1;
		line[n - 1] = '\n';
	}
	ignored = write(STDERR_FILENO, line,
		(size_t)n); /* one call: lines of several processes do not mix */
	(void)ignored;
}

static void print_error(const struct session *s, const struct err *e)
{
	char text[2560];

	progress_clear(s->tool.progress);
	err_format(e, text, sizeof(text));
	print_line(s->tool.name, "", text);
}

static void say(struct diag *d, enum diag_level level, const char *text)
{
	struct session *s = (struct session *)((char *)d - offsetof(struct session, diag));

	progress_clear(s->tool.progress);
	print_line(s->tool.name, level == DIAG_WARNING ? "warning: " : "", text);
}

/* ---- signals -------------------------------------------------------------------------------------- */

static void on_signal(int number)
{
	output_remove_unfinished();
	signal(number, SIG_DFL);
	raise(number);
}

static void on_file_limit(int number)
{
	(void)number;
}

static void catch_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU };
	struct sigaction action = { .sa_handler = on_signal };

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct sigaction old;

		/* nohup(1) and background shells have a signal ignored on purpose */
		if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(numbers[i], &action, NULL);
	}
	signal(SIGPIPE, SIG_IGN);
	/* A file too large is an error of writing, too; unlike SIG_IGN this does not reach commands run. */
	action.sa_handler = on_file_limit;
	sigaction(SIGXFSZ, &action, NULL);
}

/*
 * A closed descriptor 0, 1 or 2 would be given to the next file that is opened: messages would then end in
 * the output. What is put in their place can neither be read nor written, as a closed one.
 */
static void hold_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
			return; /* nothing better is there */
}

/* ---- help ----------------------------------------------------------------------------------------- */

static void add_common_options(struct session *s, unsigned flags)
{
	static const struct opt heading = OPT_HEADING("Common");
	static const struct opt rows[] = {
		{ 'o', "output", OPT_TEXT, offsetof(struct common, output), "FILE",
			"where the output goes (standard output)" },
		{ 0, "fsync", OPT_FLAG, offsetof(struct common, fsync), NULL,
			"sync the output to disk" },
		{ 'j', "threads", OPT_INT, offsetof(struct common, threads), "N",
			"threads; 0: all cores, or CD4ML_THREADS", .min = 0, .max = 4096,
			.hide_default = true },
		{ 0, "progress", OPT_CHOICE, offsetof(struct common, progress), "auto|always|never",
			"a bar on standard error" },
		{ 0, "json", OPT_FLAG, offsetof(struct common, json), NULL, "answer in JSON" },
		{ 0, "config", OPT_TEXT, offsetof(struct common, config), "FILE[:KEY]",
			"options from a YAML, JSON, TOML or `key = value` file" },
		{ 'q', "quiet", OPT_FLAG, offsetof(struct common, quiet), NULL, "errors only" },
		{ 'v', "verbose", OPT_COUNT, offsetof(struct common, verbose), NULL,
			"say what is done; twice: in detail" },
		{ 'h', "help", OPT_FLAG, offsetof(struct common, help), NULL, "show this" },
		{ 'V', "version", OPT_FLAG, offsetof(struct common, version), NULL,
			"show the version" },
	};
	static const unsigned needs[] = { TOOL_OUTPUT, TOOL_OUTPUT, TOOL_THREADS, TOOL_PROGRESS,
		TOOL_JSON, TOOL_CONFIG, 0, 0, 0, 0 };
	size_t n = 0;

	s->table[n++] = heading;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (needs[i] == 0 || (flags & needs[i]))
			s->table[n++] = rows[i];
	s->table[n] = (struct opt)OPT_END;
}

static void add_indented(struct buf *b, const char *lines)
{
	struct slice rest = slice_of(lines), line;

	while (slice_cut(&rest, '\n', &line)) {
		if (line.len)
			buf_addf(b, "  %.*s\n", (int)line.len, line.p);
		else if (rest.p)
			buf_add_char(b, '\n');
	}
}

static void add_commands(struct buf *b, const struct tool_spec *spec)
{
	size_t width = 0;

	buf_add_text(b, "\nCommands:\n");
	for (const struct tool_command *c = spec->commands; c->name; c++)
		if (strlen(c->name) > width)
			width = strlen(c->name);
	for (const struct tool_command *c = spec->commands; c->name; c++)
		buf_addf(b, "  %-*s  %s\n", (int)width, c->name, c->summary);
	buf_addf(b, "`%s COMMAND --help` tells more.\n", spec->main.name);
}

static int print_help(struct session *s, struct err *e)
{
	const struct tool_command *c = s->command;
	bool is_main = c == &s->spec->main;
	struct buf b = BUF_INIT;

	buf_addf(&b, "Usage: %s%s%s%s%s\n%s.\n", s->spec->main.name, is_main ? "" : " ",
		is_main ? "" : c->name, c->usage && c->usage[0] ? " " : "",
		c->usage ? c->usage : "", c->summary);
	if (is_main && s->spec->commands)
		add_commands(&b, s->spec);
	buf_add_char(&b, '\n');
	if (c->options && c->options[0].type != OPT_TYPE_HEADING &&
		c->options[0].type != OPT_TYPE_END)
		buf_add_text(&b, "Options:\n");
	opt_help_format(&b, c->options, c->defaults);
	opt_help_format(&b, s->table, &(struct common){ 0 });
	if (c->example) {
		buf_add_text(&b, "\nExample:\n");
		add_indented(&b, c->example);
	}
	output_write(s->tool.out, b.p, b.len);
	int result = buf_check(&b, e);
	buf_release(&b);
	return result;
}

/* ---- a run ---------------------------------------------------------------------------------------- */

enum { COMMANDS_MAX = 64 };

/* The first operand, behind options of any command; 0: there is none, or something is in the way. */
static int first_operand(struct session *s, int argc, char **argv)
{
	struct opt_table tables[COMMANDS_MAX + 2];
	size_t n = 0;

	add_common_options(s, ~0u);
	tables[n++] = (struct opt_table){ .options = s->table };
	tables[n++] = (struct opt_table){ .options = s->spec->main.options };
	for (const struct tool_command *c = s->spec->commands; c->name; c++)
		tables[n++] = (struct opt_table){ .options = c->options };
	return opt_first_operand(tables, n, argc, argv);
}

/* The command's name goes; what stood before it are its options, as what stands behind. */
static int find_command(struct session *s, int *argc, char ***argv, struct err *e)
{
	const char *names[COMMANDS_MAX];
	char *word;
	size_t n = 0;
	int at;

	s->command = &s->spec->main;
	if (!s->spec->commands)
		return 0;
	at = first_operand(s, *argc, *argv);
	word = at ? (*argv)[at] : NULL;
	for (const struct tool_command *c = s->spec->commands; c->name; c++) {
		if (word && strcmp(word, c->name) == 0) {
			s->command = c;
			memmove(*argv + 2, *argv + 1, (size_t)(at - 1) * sizeof(**argv));
			(*argv)[1] = word;
			++*argv;
			--*argc;
			return 0;
		}
		names[n++] = c->name;
	}
	names[n] = NULL;
	if (s->spec->has_default || (!word && *argc > 1))
		return 0;
	if (!word)
		return err_set(e, ERR_INPUT, "a command is missing");
	err_set(e, ERR_INPUT, "unknown command '%s'", word);
	if (opt_nearest(word, names))
		err_hint(e, "did you mean '%s'?", opt_nearest(word, names));
	return -1;
}

static int parse(struct session *s, int argc, char **argv, struct err *e)
{
	const struct opt_table tables[2] = { { s->command->options, s->args },
		{ s->table, &s->common } };

	if (opt_parse(tables, 2, s->command->flags & TOOL_ANY_OPERANDS, argc, argv, &s->parsed, e))
		return -1;
	if (s->common.config && !s->common.help)
		return config_apply(s->common.config, tables, 1, &s->parsed, &s->config_memory, e);
	return 0;
}

static int check_operands(const struct session *s, struct err *e)
{
	const struct tool_command *c = s->command;
	size_t n = s->tool.n_operands;

	if (n < (size_t)c->min_operands)
		return err_set(e, ERR_INPUT, n ? "an operand is missing" : "operands are missing");
	if (c->max_operands >= 0 && n > (size_t)c->max_operands)
		return err_set(
			e, ERR_INPUT, "unexpected operand '%s'", s->tool.operands[c->max_operands]);
	return 0;
}

static int choose_threads(const struct session *s, int *n, struct err *e)
{
	const char *text = getenv("CD4ML_THREADS"), *isa = getenv("CD4ML_CPU");
	int64_t v = s->common.threads;

	if (v == 0 && text && text[0] && (!num_parse_int(slice_of(text), &v) || v < 1 || v > 4096))
		return err_set(
			e, ERR_INPUT, "CD4ML_THREADS: '%s' is not a number of threads", text);
	if (isa && isa[0] && !cpu_is_name(isa)) {
		err_set(e, ERR_INPUT, "CD4ML_CPU: '%s' is not known", isa);
		return err_hint(e, "scalar, sse42, avx2, avx512 and neon are");
	}
	*n = v ? (int)v : cpu_count();
	return 0;
}

/* Before any work: a report that cannot be written, or would be written over the data. */
static int check_outputs(const struct session *s, struct err *e)
{
	const struct opt_table table = { s->command->options, s->args };

	return claim_check(
		&table, s->command->flags & TOOL_OUTPUT, s->common.output, s->tool.operands, e);
}

/* What the command asked for by its flags. */
static int begin(struct session *s, struct err *e)
{
	struct tool *t = &s->tool;
	bool bar =
		s->common.progress == PROGRESS_ALWAYS ||
		(s->common.progress == PROGRESS_AUTO && !s->common.quiet && isatty(STDERR_FILENO));
	int n_threads = 1;

	t->json = s->common.json;
	t->quiet = s->common.quiet;
	t->fsync = s->common.fsync;
	t->verbose = s->common.verbose;
	s->diag.most = t->verbose > 1 ? DIAG_DETAIL : t->verbose ? DIAG_NOTE : DIAG_WARNING;
	if (t->quiet)
		s->diag.say = NULL;
	if (s->command->flags & TOOL_THREADS) {
		if (choose_threads(s, &n_threads, e))
			return -1;
		t->pool = pool_new(n_threads, e);
		if (!t->pool)
			return -1;
	}
	if ((s->command->flags & TOOL_PROGRESS) && bar)
		t->progress = progress_new(STDERR_FILENO);
	t->out_path = s->common.output;
	if (check_outputs(s, e))
		return -1;
	t->out = output_open(t->out_path, t->fsync ? OUTPUT_SYNC : OUTPUT_PLAIN, e);
	return t->out ? 0 : -1;
}

/* Standard output too, for what a library has printed to it: a full disk must not go unseen. */
static int finish(struct session *s, struct err *e)
{
	struct output *out = s->tool.out;

	s->tool.out = NULL;
	if (out && output_close(out, e))
		return -1;
	if (fflush(stdout) || ferror(stdout)) {
		err_errno(e, "standard output: cannot write");
		e->code = ERR_SYSTEM;
		return -1;
	}
	return 0;
}

static void end(struct session *s)
{
	progress_free(s->tool.progress);
	output_abandon(s->tool.out);
	pool_free(s->tool.pool);
	opt_free(&s->parsed);
	arena_release(&s->config_memory);
	free(s->args);
}

/* Tells of a wrong command line in two lines: what, and where help is. */
static int usage_error(const struct session *s, const struct err *e)
{
	bool is_main = s->command == &s->spec->main;
	char text[160];

	print_error(s, e);
	snprintf(text, sizeof(text), "try '%s%s%s --help'", s->tool.name, is_main ? "" : " ",
		is_main ? "" : s->command->name);
	print_line(s->tool.name, "", text);
	return e->code;
}

static int failed(const struct session *s, const struct err *e)
{
	print_error(s, e);
	return e->code ? (int)e->code : ERR_SYSTEM;
}

/* --help and --version answer even when the rest of the command line is incomplete. */
static int answer(struct session *s, struct err *e)
{
	s->tool.out = output_open(NULL, OUTPUT_PLAIN, e);
	if (!s->tool.out)
		return failed(s, e);
	if (s->common.version)
		output_printf(s->tool.out, "%s (cd4ml) %s\n", s->spec->main.name, CD4ML_VERSION);
	else if (print_help(s, e))
		return failed(s, e);
	return finish(s, e) ? failed(s, e) : 0;
}

static int run(struct session *s, int argc, char **argv, struct err *e)
{
	enum tool_status status;

	if (find_command(s, &argc, &argv, e))
		return usage_error(s, e);
	add_common_options(s, s->command->flags);
	s->args = mem_new(s->command->args_size, e);
	if (!s->args)
		return failed(s, e);
	if (s->command->defaults)
		memcpy(s->args, s->command->defaults, s->command->args_size);
	if (parse(s, argc, argv, e))
		return usage_error(s, e);
	if (s->common.help || s->common.version)
		return answer(s, e);
	if (!s->command->run)
		err_set(e, ERR_INPUT, "a command is missing");
	s->tool.operands = s->parsed.operands;
	s->tool.n_operands = s->parsed.n_operands;
	if (!s->command->run || check_operands(s, e))
		return usage_error(s, e);
	if (begin(s, e))
		return failed(s, e);
	status = s->command->run(&s->tool, s->args, e);
	progress_clear(s->tool.progress);
	if (status == TOOL_FAILED || finish(s, e))
		return failed(s, e);
	return (int)status;
}

enum tool_status tool_print(struct tool *t, struct buf *text, int rc, struct err *e)
{
	if (rc >= 0)
		rc = buf_check(text, e);
	if (rc >= 0)
		output_slice(t->out, buf_slice(text));
	buf_release(text);
	return rc < 0 ? TOOL_FAILED : TOOL_YES;
}

int tool_main(const struct tool_spec *spec, int argc, char **argv)
{
	struct session s = { .spec = spec, .command = &spec->main };
	struct err e = ERR_INIT;
	int status;

	s.tool.name = spec->main.name;
	s.tool.diag = &s.diag;
	s.diag.say = say;
	s.config_memory = (struct arena)ARENA_INIT;
	hold_descriptors();
	catch_signals();
	status = run(&s, argc, argv, &e);
	end(&s);
	return status;
}
