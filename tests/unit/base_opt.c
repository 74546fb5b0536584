/* base/opt, base/config: the option table, from a command line and from files. */
#include "base/opt_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "tap.h"

struct args {
	bool flag, on;
	int count;
	const char *text;
	int64_t whole;
	double number;
	uint64_t size;
	int choice;
	struct opt_list list, each;
	char pair[64];
};

struct more {
	const char *output;
};

static int set_pair(void *field, const struct opt *o, char **values, struct err *e)
{
	(void)o;
	if (strcmp(values[0], "bad") == 0)
		return err_set(e, ERR_INPUT, "'bad' is bad");
	snprintf(field, sizeof(((struct args *)0)->pair), "%s-%s", values[0], values[1]);
	return 0;
}

static const struct opt options[] = {
	OPT_HEADING("Rule"),
	{ 'f', "flag", OPT_FLAG, offsetof(struct args, flag), NULL, "a flag" },
	{ 0, "on", OPT_FLAG, offsetof(struct args, on), NULL, "is on already" },
	{ 'c', "count", OPT_COUNT, offsetof(struct args, count), NULL, "once more" },
	{ 't', "text", OPT_TEXT, offsetof(struct args, text), "TEXT", "a text" },
	{ 'n', "whole", OPT_INT, offsetof(struct args, whole), "N", "a whole number", .min = 1,
		.max = 10 },
	{ 0, "number", OPT_NUMBER, offsetof(struct args, number), "X", "a number" },
	{ 0, "size", OPT_SIZE, offsetof(struct args, size), "SIZE", "a size" },
	{ 0, "choice", OPT_CHOICE, offsetof(struct args, choice), "first|last|all",
		"which one, with a help text that is so long that it must be wrapped onto a second "
		"line" },
	{ 'l', "list", OPT_LIST, offsetof(struct args, list), "A,...", "a list" },
	{ 0, "each", OPT_EACH, offsetof(struct args, each), "A", "one each time" },
	{ 0, "pair", OPT_CALL, offsetof(struct args, pair), "A B", "two values", .n_values = 2,
		.call = set_pair },
	OPT_END,
};

static const struct opt more_options[] = {
	{ 'o', "output", OPT_TEXT, offsetof(struct more, output), "FILE", "where to" },
	OPT_END,
};

/* A parse of the words in `line` (cut at blanks, "" for an empty word) on fresh defaults. */
struct parsed {
	char *words, *argv[40];
	int argc;
	struct args args;
	struct more more;
	struct opt_table tables[2];
	struct opt_result r;
	struct err e;
	int status;
};

static void parse_with(struct parsed *p, const char *line, bool stop)
{
	size_t len = strlen(line);

	*p = (struct parsed){ 0 };
	p->args = (struct args){
		.on = true, .text = "default", .whole = 5, .number = 0.5, .choice = 1
	};
	p->tables[0] = (struct opt_table){ options, &p->args };
	p->tables[1] = (struct opt_table){ more_options, &p->more };
	p->words = malloc(len + 6);
	if (!p->words)
		return;
	memcpy(p->words, "tool", 5);
	p->argv[p->argc++] = p->words;
	if (len) {
		memcpy(p->words + 5, line, len + 1);
		for (char *w = p->words + 5; w;) {
			char *end = strchr(w, ' ');

			if (end)
				*end++ = '\0';
			p->argv[p->argc++] = strcmp(w, "\"\"") == 0 ? w + 2 : w;
			w = end;
		}
	}
	p->status = opt_parse(p->tables, 2, stop, p->argc, p->argv, &p->r, &p->e);
}

static void parse(struct parsed *p, const char *line)
{
	parse_with(p, line, false);
}

static void done(struct parsed *p)
{
	opt_free(&p->r);
	free(p->words);
}

static void check_types(void)
{
	struct parsed p;

	parse(&p, "");
	is_int(p.status, 0, "no option");
	ok(p.r.n_operands == 0 && p.r.operands[0] == NULL, "no operand");
	is_text(p.args.text, "default", "defaults stand");
	done(&p);
	parse(&p, "-f --text x --whole=7 --number -1.5e3 --size 2K --choice all -cc -c --no-on op1 "
		  "-o out -- -op2");
	no_err(&p.e, "options of all types");
	ok(p.args.flag && !p.args.on, "flags, also negated");
	is_int(p.args.count, 3, "counted");
	is_text(p.args.text, "x", "text");
	is_int(p.args.whole, 7, "integer");
	is_num(p.args.number, -1500, "number");
	is_int(p.args.size, 2048, "size");
	is_int(p.args.choice, 2, "choice");
	is_text(p.more.output, "out", "an option of the second table");
	ok(p.r.n_operands == 2 && p.r.operands[2] == NULL, "two operands, NULL behind");
	is_text(p.r.operands[0], "op1", "one between options");
	is_text(p.r.operands[1], "-op2", "one behind --");
	done(&p);
	parse(&p, "-fn3 -tvalue -ccf --text= -t -x - \"\"");
	no_err(&p.e, "letters together, values attached");
	is_int(p.args.whole, 3, "-n3");
	is_int(p.args.count, 2, "-cc");
	is_text(p.args.text, "-x", "a value may look like an option");
	ok(p.r.n_operands == 2 && strcmp(p.r.operands[0], "-") == 0 && p.r.operands[1][0] == '\0',
		"'-' and the empty word are operands");
	done(&p);
	parse(&p, "--list a,,b -l c --each x,y --each z --pair 1 2");
	no_err(&p.e, "lists");
	ok(p.args.list.n == 4 && strcmp(p.args.list.items[1], "") == 0 &&
			strcmp(p.args.list.items[3], "c") == 0 && p.args.list.items[4] == NULL,
		"a list is cut at commas and goes on, NULL behind");
	ok(p.args.each.n == 2 && strcmp(p.args.each.items[0], "x,y") == 0, "each is not cut");
	is_text(p.args.pair, "1-2", "a call gets its values");
	done(&p);
	is_int(p.args.list.n, 0, "opt_free empties the lists");
	parse_with(&p, "-f run --text x -y", true);
	no_err(&p.e, "with `stop`");
	is_int(p.r.n_operands, 4, "all behind the first operand is operands");
	is_text(p.args.text, "default", "whatever it looks like");
	done(&p);
}

static void refused(const char *line, const char *message)
{
	struct parsed p;

	parse(&p, line);
	is_int(p.status, -1, "refused: %s", line);
	is_err(&p.e, ERR_INPUT, message, "with: %s", message);
	done(&p);
}

static void check_refusals(void)
{
	refused("--numbr 1", "unknown option '--numbr'; did you mean '--number'?");
	refused("--tex x",
		"unknown option '--tex'; did you mean '--text'?"); /* a prefix is not taken */
	refused("--zzzzzzzz", "unknown option '--zzzzzzzz'");
	refused("--outptu=3", "did you mean '--output'?");
	refused("-z", "unknown option '-z'");
	refused("-fz", "unknown option '-z'");
	refused("--no-text", "unknown option '--no-text'");
	refused("--flag=yes", "option '--flag' takes no value");
	refused("--text", "option '--text' lacks its value");
	refused("-t", "option '--text' lacks its value");
	refused("--pair 1", "option '--pair' lacks its value");
	refused("--pair bad 2", "'bad' is bad");
	refused("--whole 12x", "option '--whole': '12x' is not a whole number");
	refused("--whole 0", "option '--whole': must be between 1 and 10");
	refused("--whole 11", "option '--whole': must be between 1 and 10");
	refused("--number nan", "option '--number': 'nan' is not a number");
	refused("--number \"\"", "is not a number");
	refused("--size 5X", "is not a size");
	refused("--choice firs", "option '--choice': 'firs' is not one of first|last|all");
	refused("--=x", "unknown option '--'");
	refused("---", "unknown option");
}

static void check_given(void)
{
	struct parsed p;

	parse(&p, "--whole 7 -f --list a");
	is_int(opt_set(p.tables, 2, "whole", "3", &p.r, &p.e), 0, "a file sets an option");
	is_int(p.args.whole, 7, "but the command line's stays");
	is_int(opt_set(p.tables, 2, "number", "3", &p.r, &p.e), 0, "another");
	is_num(p.args.number, 3, "is set");
	is_int(opt_set(p.tables, 2, "on", "no", &p.r, &p.e), 0, "a flag");
	ok(!p.args.on, "is off");
	is_int(opt_set(p.tables, 2, "flag", "false", &p.r, &p.e), 0, "a flag of the command line");
	ok(p.args.flag, "stays on");
	is_int(opt_set(p.tables, 2, "on", "maybe", &p.r, &p.e), -1, "no flag's value");
	is_err(&p.e, ERR_INPUT, "not true or false", "is refused");
	is_int(opt_set(p.tables, 2, "listt", "x", &p.r, &p.e), -1, "an unknown name");
	is_err(&p.e, ERR_INPUT, "did you mean 'list'?", "gets the nearest");
	is_int(opt_set(p.tables, 2, "pair", "x", &p.r, &p.e), -1, "several values");
	err_clear(&p.e);
	done(&p);
}

static int apply(struct parsed *p, const char *file, struct arena *memory)
{
	return config_apply(file, p->tables, 2, &p->r, memory, &p->e);
}

static void check_config(void)
{
	struct arena memory = ARENA_INIT;
	struct parsed p;

	scratch();
	write_text("c.yaml", "gbt:\n  deep:\n    whole: 3\n    number: 0.25\n    on: false\n    "
			     "list: [a, b, 3]\n    text: x\n");
	write_text("c.json", "{\"whole\": 4, \"choice\": \"all\"}");
	write_text("c.conf", "# comment\nwhole = 6\n\n text=a b # behind\nlist = x,y\r\n");
	write_text("bad.yaml", "whole: 3\nnumbr: 1\n");
	write_text("bad.conf", "whole = 3\nnumber\n");
	parse(&p, "--text mine");
	is_int(apply(&p, "c.yaml:gbt.deep", &memory), 0, "YAML at a key");
	no_err(&p.e, "without an error");
	ok(p.args.whole == 3 && p.args.number == 0.25 && !p.args.on && p.args.list.n == 3,
		"its values");
	is_text(p.args.text, "mine", "the command line wins");
	done(&p);
	parse(&p, "");
	is_int(apply(&p, "c.json", &memory), 0, "JSON");
	ok(p.args.whole == 4 && p.args.choice == 2, "its values");
	done(&p);
	parse(&p, "");
	is_int(apply(&p, "c.conf", &memory), 0, "lines");
	ok(p.args.whole == 6 && p.args.list.n == 2 && strcmp(p.args.list.items[1], "y") == 0,
		"their values");
	is_text(p.args.text, "a b", "without the comment");
	is_int(apply(&p, "bad.yaml", &memory), -1, "an unknown name");
	is_err(&p.e, ERR_INPUT, "did you mean 'number'?", "gets the nearest");
	is_int(apply(&p, "bad.conf", &memory), -1, "a line that is none");
	is_err(&p.e, ERR_INPUT, "bad.conf:2: ", "by its place");
	is_int(apply(&p, "c.yaml:gbt.nosuch", &memory), -1, "a key that is not there");
	is_err(&p.e, ERR_INPUT, "nosuch", "by its name");
	is_int(apply(&p, "missing.yaml", &memory), -1, "a missing file");
	is_err(&p.e, ERR_INPUT, "missing.yaml", "by its name");
	done(&p);
	arena_release(&memory);
}

static void check_help(void)
{
	static const struct args defaults = {
		.on = true, .text = "d", .whole = 5, .number = 0.5, .size = 3 << 20, .choice = 1
	};
	struct buf b = BUF_INIT;
	struct slice rest, line;
	bool narrow = true;

	opt_help_format(&b, options, &defaults);
	ok(strstr(b.p, "Rule:\n  -f, --flag"), "headings, letters and names");
	ok(strstr(b.p, "      --[no-]on"), "a flag that is on can be negated");
	ok(strstr(b.p, "-n, --whole N") && strstr(b.p, "a whole number [5]"), "defaults");
	ok(strstr(b.p, "[last]") && strstr(b.p, "a number [0.5]") && strstr(b.p, "a text [d]") &&
			strstr(b.p, "a size [3M]"),
		"of all types");
	rest = buf_slice(&b);
	while (slice_cut(&rest, '\n', &line))
		narrow = narrow && line.len < 80;
	ok(narrow, "at most 79 columns");
	buf_reset(&b);
	opt_help_format(&b, options, NULL);
	ok(!strstr(b.p, "[5]"), "none without values");
	buf_release(&b);
}

static void check_nearest(void)
{
	static const char *const names[] = { "checkout", "commit", "status", "a", NULL };
	static const char *const none[] = { NULL };
	char word[200];

	is_text(opt_nearest("chekout", names), "checkout", "a letter is missing");
	is_text(opt_nearest("comit", names), "commit", "also");
	is_text(opt_nearest("statsu", names), "status", "two are swapped");
	is_text(opt_nearest("xyz", names), NULL, "nothing is near");
	is_text(opt_nearest("status", none), NULL, "no names");
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	is_text(opt_nearest(word, names), NULL, "a long word");
}

/* The index of the first operand among words that are cut at blanks. */
static int first_of(const char *line)
{
	const struct opt_table tables[2] = { { .options = options }, { .options = more_options } };
	char words[100] = "", *argv[16];
	int argc = 0;

	snprintf(words, sizeof(words), "tool %s", line);
	for (char *w = words; *w; w += strlen(w) + 1) {
		argv[argc++] = w;
		w[strcspn(w, " ")] = '\0';
	}
	return opt_first_operand(tables, 2, argc, argv);
}

static void check_first_operand(void)
{
	is_int(first_of("op"), 1, "the first operand");
	is_int(first_of("-f --on -cc op -x"), 4, "is behind flags");
	is_int(first_of("-t v --text v --text=v -tv op"), 7, "values are none");
	is_int(first_of("-fc -ft v -o- op"), 5, "nor with letters in one word");
	is_int(first_of("--pair a b op"), 4, "nor the second value");
	is_int(first_of("--no-on - op"), 2, "'-' is one");
	is_int(first_of("-f --"), 0, "'--' ends the search");
	is_int(first_of("--nosuch op"), 0, "so does what is not known");
	is_int(first_of("-fz op"), 0, "also a letter");
	is_int(first_of("--text"), 0, "a value that is missing is none");
}

static int parse_all(void *ctx, struct err *e)
{
	struct arena memory = ARENA_INIT;
	struct parsed p = { 0 };
	char words[] = "tool\0--list\0a,b,c\0-l\0d\0--each\0x\0--text\0t\0op";
	char *argv[12] = { NULL };
	int argc = 0;
	int result;

	p.tables[0] = (struct opt_table){ options, &p.args };
	p.tables[1] = (struct opt_table){ more_options, &p.more };
	for (char *w = words; w < words + sizeof(words); w += strlen(w) + 1)
		argv[argc++] = w;
	(void)ctx;
	result = opt_parse(p.tables, 2, false, argc, argv, &p.r, e);
	if (result == 0)
		result = config_apply("c.conf", p.tables, 2, &p.r, &memory, e);
	opt_free(&p.r);
	arena_release(&memory);
	return result;
}

int main(void)
{
	check_types();
	check_refusals();
	check_given();
	check_help();
	check_nearest();
	check_first_operand();
	check_config();
	survives_oom(parse_all, NULL, "each allocation may fail");
	return done_testing();
}
