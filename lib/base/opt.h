/*
 * opt - the option table: the only source of parsing, --help, ranges and defaults.
 *
 * A tool keeps its arguments in one struct. The table says for each option where in it the value goes;
 * a struct filled with the defaults says what --help shows and what stands when an option is not given.
 *
 *	static const struct opt options[] = {
 *		OPT_HEADING("Rule"),
 *		{ 'm', "metric", OPT_TEXT, offsetof(struct args, metric), "NAME", "metric to compare" },
 *		{ 0, "min-delta", OPT_NUMBER, offsetof(struct args, delta), "X", "by how much at least",
 *		  .min = 0, .max = 1 },
 *		{ 0, "order", OPT_CHOICE, offsetof(struct args, order), "first|last", "which one to keep" },
 *		OPT_END
 *	};
 *
 * GNU style: --name VALUE, --name=VALUE, -m VALUE, -mVALUE, -qv, --no-FLAG for flags; "--" ends options; operands may
 * stand between options; an unambiguous prefix of a long name is NOT taken (scripts must survive new
 * options). An unknown name gets the nearest proposed.
 */
#ifndef CD4ML_BASE_OPT_H
#define CD4ML_BASE_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum opt_type {
	OPT_TYPE_END,
	OPT_TYPE_HEADING,
	OPT_TYPE_ALIAS, /* another name of the option called `arg`, which may be in another table; not in --help */
	OPT_FLAG, /* bool */
	OPT_COUNT, /* int, one more each time */
	OPT_TEXT, /* const char *, borrowed from argv */
	OPT_INT, /* int64_t, within [min, max] if they differ */
	OPT_NUMBER, /* double, the same */
	OPT_SIZE, /* uint64_t: 64K, 2G */
	OPT_CHOICE, /* int: index of the word in `arg`, "first|last|all" */
	OPT_LIST, /* struct opt_list: comma-separated, and again by repeating the option; not trimmed */
	OPT_EACH, /* struct opt_list: one per use, commas untouched */
	OPT_CALL, /* `call` with the struct's address plus offset; takes `n_values` values (1 if 0) */
};

struct opt_list {
	const char **items; /* borrowed from argv, or owned by the list's parser until opt_free() */
	size_t n, cap;
};

struct opt {
	char letter; /* 0: none */
	const char *name;
	enum opt_type type;
	size_t offset;
	const char *arg; /* what --help calls the value; NULL for flags */
	const char *help;
	double min, max;
	int n_values;
	/** For OPT_CALL: takes `values` (borrowed from argv). -1 and `e` if it does not like them. */
	int (*call)(void *field, const struct opt *o, char **values, struct err *e);
	bool hide_default; /* the default is explained in `help` */
	bool writes; /* OPT_TEXT: a file that the tool writes besides -o (base/claim.h) */
};

#define OPT_HEADING(text)                                \
	{                                                \
		.type = OPT_TYPE_HEADING, .help = (text) \
	}
#define OPT_ALIAS(another, of)                                         \
	{                                                              \
		.name = (another), .type = OPT_TYPE_ALIAS, .arg = (of) \
	}
#define OPT_END                      \
	{                            \
		.type = OPT_TYPE_END \
	}

struct opt_result {
	char **operands; /* [n_operands], NULL behind them; borrowed strings, the array is owned */
	size_t n_operands;
	char **owned; /* texts that lists were cut from */
	size_t n_owned, cap_owned;
	struct opt_list **lists;
	size_t n_lists, cap_lists;
	const struct opt **given; /* options that the command line set */
	size_t n_given, cap_given;
};

/** A table, and the struct that its offsets refer to. */
struct opt_table {
	const struct opt *options; /* NULL: none */
	void *args;
};

/**
 * Parses argv[1..] by the tables. With `stop`, the first operand ends the options: all behind it is
 * operands, whatever it looks like. 0, or -1 and ERR_INPUT; opt_free() in both cases.
 */
int opt_parse(const struct opt_table *tables, size_t n_tables, bool stop, int argc, char **argv,
	struct opt_result *r, struct err *e) MUST_CHECK;
/**
 * The index in argv of the first word that is neither an option of the tables nor the value of one; 0 where there is none, or an
 * unknown option or "--" stands before it. Where tables differ, the first that knows an option decides. Their structs may be NULL.
 */
int opt_first_operand(const struct opt_table *tables, size_t n_tables, int argc, char **argv);
/** Frees the lists in the structs too. */
void opt_free(struct opt_result *r);

/**
 * Sets one option by its long name, as from a config file ('_' is taken as '-'). `value` must live as
 * long as the struct. What the command line set (`r` comes from opt_parse) stays as it is. -1 and
 * ERR_INPUT: unknown, or not a good value.
 */
int opt_set(const struct opt_table *tables, size_t n_tables, const char *name, const char *value,
	struct opt_result *r, struct err *e) MUST_CHECK;

/** Is the text one of the items? */
bool opt_list_has(const struct opt_list *list, const char *text);

/** The one of `names` (NULL-terminated) nearest to `word` by edit distance, NULL if none is near. */
const char *opt_nearest(const char *word, const char *const *names);

#endif
