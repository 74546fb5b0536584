#include <stdlib.h>

#include "base/tool.h"
#include "table/concat.h"

enum { MISSING_ERROR, MISSING_FILL };

struct args {
	struct csv_dialect dialect;
	const char *key, *sort_by;
	const char *into, *index;
	int missing, duplicates;
	uint64_t memory;
};

static const struct args defaults = { .dialect = CSV_DIALECT_DEFAULT };

static const struct opt options[] = { OPT_HEADING("Columns"),
	{ 0, "missing", OPT_CHOICE, offsetof(struct args, missing), "error|fill",
		"a column that a file lacks: an error, or left empty" },
	OPT_HEADING("Rows"),
	{ 0, "key", OPT_TEXT, offsetof(struct args, key), "COL,...", "keep one row of each key" },
	{ 0, "duplicates", OPT_CHOICE, offsetof(struct args, duplicates), "first|last",
		"which row of a key to keep" },
	{ 0, "sort-by", OPT_TEXT, offsetof(struct args, sort_by), "COL,...",
		"order: empty, numbers, texts; equal ones as they come" },
	{ 0, "memory", OPT_SIZE, offsetof(struct args, memory), "SIZE",
		"of rows that are held; what is more goes to disk (0: no limit)",
		.hide_default = true },
	OPT_HEADING("In place"),
	{ 0, "into", OPT_TEXT, offsetof(struct args, into), "TABLE",
		"append to TABLE the rows whose key it lacks; needs --key", .writes = true },
	{ 0, "index", OPT_TEXT, offsetof(struct args, index), "FILE",
		"keep TABLE's keys there: the next time it is not read", .writes = true },
	CSV_DIALECT_OPTIONS(struct args, dialect), OPT_END };

/* What does not go together with --into. */
static int check(const struct tool *t, const struct args *a, struct err *e)
{
	if (a->index && !a->into)
		return err_set(e, ERR_INPUT, "--index is of no use without --into");
	if (!a->into)
		return 0;
	if (t->out_path)
		return err_set(e, ERR_INPUT, "--into and -o cannot both be said");
	if (!a->key) {
		err_set(e, ERR_INPUT, "--into needs --key");
		return err_hint(
			e, "it says which rows are there already, as in --key msno,song_id");
	}
	if (a->sort_by || a->duplicates) {
		err_set(e, ERR_INPUT, "--into only appends: it cannot be said with %s",
			a->sort_by ? "--sort-by" : "--duplicates last");
		return err_hint(e, "write the table anew, with -o");
	}
	return 0;
}

static enum tool_status run(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct table_concat_result r;
	struct table_concat concat = {
		.into = a->into,
		.paths = t->operands,
		.n_paths = t->n_operands,
		.dialect = &a->dialect,
		.fill = a->missing == MISSING_FILL,
		.key = a->key,
		.keep_last = a->duplicates != 0,
		.sort_by = a->sort_by,
		.memory = a->memory,
		.temp_dir = getenv("TMPDIR"),
	};

	if (check(t, a, e))
		return TOOL_FAILED;
	if (a->into ? table_concat_append(&concat, a->index, t->pool, t->progress, &r, e)
		    : table_concat_run(&concat, t->out, t->pool, t->progress, &r, e))
		return TOOL_FAILED;
	if (a->into)
		diag_say(t->diag, DIAG_NOTE, "the keys of %s were %s", a->into,
			r.is_index_known ? "in the index" : "read from it");
	diag_say(t->diag, DIAG_NOTE, "%llu rows of %zu files, %llu written",
		(unsigned long long)r.n_in, t->n_operands, (unsigned long long)r.n_out);
	if (a->key)
		diag_say(t->diag, DIAG_NOTE, "%llu duplicates left out, %llu rows without key kept",
			(unsigned long long)r.n_duplicates, (unsigned long long)r.n_unkeyed);
	if (r.n_filled)
		diag_say(t->diag, DIAG_NOTE, "%zu missing columns filled", r.n_filled);
	if (r.n_ragged)
		diag_say(t->diag, DIAG_NOTE, "%llu ragged rows padded or left out",
			(unsigned long long)r.n_ragged);
	return TOOL_YES;
}

static const struct tool_spec spec = {
	.main = {
		.name = "csv-merge",
		.usage = "FILE... [--key COL,...] [-o FILE]",
		.summary = "puts tables together by the names of their columns",
		.options = options,
		.defaults = &defaults,
		.args_size = sizeof(struct args),
		.flags = TOOL_OUTPUT | TOOL_THREADS | TOOL_PROGRESS,
		.min_operands = 1,
		.max_operands = -1,
		.run = run,
		.example = "csv-merge train.csv today.csv --key msno,song_id -o train.csv",
	},
};

int main(int argc, char **argv)
{
	return tool_main(&spec, argc, argv);
}
