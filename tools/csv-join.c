#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/tool.h"
#include "table/join.h"

enum { MAX_SIDES = 64 };

struct args {
	struct csv_dialect dialect;
	const char *cols; /* of LEFT */
	const char *report;
	uint64_t memory;
	struct table_join_side sides[MAX_SIDES];
	size_t n_sides;
	struct table_join_side common; /* what was said before the first table: holds for all */
};

static const struct args defaults = { .dialect = CSV_DIALECT_DEFAULT };

/* The table that an option belongs to: the last one named. */
static struct table_join_side *side_of(struct args *a)
{
	return a->n_sides ? &a->sides[a->n_sides - 1] : &a->common;
}

/* --left KEY TABLE and its kin. */
static int add_side(void *field, const struct opt *o, char **values, struct err *e)
{
	struct args *a = field;
	struct table_join_side *s;
	int kind = 0;
	if (a->n_sides == MAX_SIDES)
		return err_set(e, ERR_INPUT, "more than %d tables", MAX_SIDES);
	while (strcmp(table_join_kinds[kind], o->name) != 0)
		kind++;
	s = &a->sides[a->n_sides++];
	*s = a->common;
	s->kind = (enum table_join_kind)kind;
	s->key = values[0];
	s->path = values[1];
	return 0;
}

static int set_cols(void *field, const struct opt *o, char **values, struct err *e)
{
	struct args *a = field;

	(void)o, (void)e;
	if (a->n_sides)
		side_of(a)->cols = values[0];
	else
		a->cols = values[0];
	return 0;
}

static int set_prefix(void *field, const struct opt *o, char **values, struct err *e)
{
	struct args *a = field;

	(void)o;
	if (!a->n_sides) {
		err_set(e, ERR_INPUT, "--prefix stands before all tables");
		return err_hint(e, "put it behind the table that it is for");
	}
	side_of(a)->prefix = values[0];
	return 0;
}

static int set_duplicates(void *field, const struct opt *o, char **values, struct err *e)
{
	static const char *const words[] = { "error", "first", "last", "all" };

	(void)o;
	for (int i = 0; i < 4; i++) {
		if (strcmp(values[0], words[i]) == 0) {
			side_of(field)->duplicates = i;
			return 0;
		}
	}
	return err_set(
		e, ERR_INPUT, "--duplicates '%s' is none of error, first, last, all", values[0]);
}

static int set_require_match(void *field, const struct opt *o, char **values, struct err *e)
{
	double *share = &side_of(field)->require_match;

	(void)o;
	if (num_parse_double(slice_of(values[0]), false, share) && *share >= 0 && *share <= 1)
		return 0;
	return err_set(e, ERR_INPUT, "--require-match '%s' is not a share from 0 to 1", values[0]);
}

/* --ignore-case, --trim, --match-empty. */
static int set_flag(void *field, const struct opt *o, char **values, struct err *e)
{
	struct table_join_side *s = side_of(field);
	bool *flags[] = { &s->ignore_case, &s->trim, &s->match_empty };

	(void)values, (void)e;
	*flags[*o->name == 'i' ? 0 : *o->name == 't' ? 1 : 2] = true;
	return 0;
}

#define SIDE(kind, text)                                                                 \
	{                                                                                \
		0, kind, OPT_CALL, 0, "KEY TABLE", text, .n_values = 2, .call = add_side \
	}

static const struct opt options[] = {
	OPT_HEADING("Tables (KEY: a,b or, named differently, mine=theirs)"),
	SIDE("left", "add columns; rows without match stay"),
	SIDE("inner", "add columns; rows without match go"),
	SIDE("right", "inner, and TABLE's rows without match"),
	SIDE("full", "left, and TABLE's rows without match"),
	SIDE("semi", "keep the rows with a match"), SIDE("anti", "keep the rows without one"),
	OPT_HEADING("Of the table before it; of all if no table stands before"),
	{ 0, "cols", OPT_CALL, 0, "COL,...", "columns to take; first of all: LEFT's",
		.call = set_cols },
	{ 0, "prefix", OPT_CALL, 0, "TEXT", "goes before names that another table has too",
		.call = set_prefix },
	{ 0, "duplicates", OPT_CALL, 0, "error|first|last|all",
		"rows of TABLE with the same key (error)", .call = set_duplicates },
	{ 0, "require-match", OPT_CALL, 0, "SHARE", "fail if fewer rows have a match (0)",
		.call = set_require_match },
	{ 0, "ignore-case", OPT_CALL, 0, NULL, "compare keys without case of a-z",
		.call = set_flag },
	{ 0, "trim", OPT_CALL, 0, NULL, "compare keys without blanks around", .call = set_flag },
	{ 0, "match-empty", OPT_CALL, 0, NULL, "let empty and --na keys match each other",
		.call = set_flag },
	OPT_HEADING("Report"),
	{ 0, "report", OPT_TEXT, offsetof(struct args, report), "FILE",
		"counts of matches for each table, as JSON", .writes = true },
	CSV_DIALECT_OPTIONS(struct args, dialect), OPT_HEADING("Limits"),
	{ 0, "memory", OPT_SIZE, offsetof(struct args, memory), "SIZE",
		"of all tables; what is more goes to disk (0: no limit)", .hide_default = true },
	OPT_END
};

static enum tool_status run(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct table_join_counts counts[MAX_SIDES];
	struct table_join_result result = { .sides = counts };
	struct table_join join = {
		.left = t->operands[0],
		.cols = a->cols,
		.sides = a->sides,
		.n_sides = a->n_sides,
		.dialect = &a->dialect,
		.memory = a->memory,
		.temp_dir = getenv("TMPDIR"),
	};

	if (!a->n_sides) {
		err_set(e, ERR_INPUT, "there is nothing to join");
		err_hint(e, "name a table, as in --left song_id songs.csv");
		return TOOL_FAILED;
	}
	if (t->json && (!t->out_path || strcmp(t->out_path, "-") == 0)) {
		err_set(e, ERR_INPUT, "--json goes to standard output, and so does the table");
		err_hint(e, "name a file for the table with -o");
		return TOOL_FAILED;
	}
	if (table_join_run(&join, t->out, t->pool, t->progress, t->diag, &result, e))
		return TOOL_FAILED;
	table_join_note(&join, &result, t->diag);
	if (a->report && table_join_save_report(&join, &result, a->report, e))
		return TOOL_FAILED;
	if (t->json && table_join_save_report(&join, &result, "-", e))
		return TOOL_FAILED;
	return TOOL_YES;
}

static const struct tool_spec spec = {
	.main = {
		.name = "csv-join",
		.usage = "LEFT --left KEY TABLE [--inner KEY TABLE]... [-o FILE]",
		.summary = "joins one big table to any number of others in one pass",
		.options = options,
		.defaults = &defaults,
		.args_size = sizeof(struct args),
		.flags = TOOL_OUTPUT | TOOL_THREADS | TOOL_PROGRESS | TOOL_JSON,
		.min_operands = 1,
		.max_operands = 1,
		.run = run,
		.example = "csv-join train.csv --left song_id songs.csv --left msno members.csv \\\n"
			   "\t-o joined.csv",
	},
};

int main(int argc, char **argv)
{
	return tool_main(&spec, argc, argv);
}
