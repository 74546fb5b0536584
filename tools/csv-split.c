#include "base/num.h"
#include "base/tool.h"
#include "table/cut.h"

enum { MAX_SHARES = 100 };

struct args {
	struct csv_dialect dialect;
	const char *names, *by, *stratify;
	int64_t rows, parts, seed;
	struct opt_list shares;
};

static const struct args defaults = { .dialect = CSV_DIALECT_DEFAULT };

static const struct opt options[] = { OPT_HEADING("How to cut (one of them)"),
	{ 0, "rows", OPT_INT, offsetof(struct args, rows), "N", "parts of N rows each", .min = 1,
		.max = 1e15, .hide_default = true },
	{ 0, "parts", OPT_INT, offsetof(struct args, parts), "N", "N parts of the same length",
		.min = 1, .max = 1e6, .hide_default = true },
	{ 0, "by", OPT_TEXT, offsetof(struct args, by), "COL",
		"a part for each value of a column" },
	{ 0, "shares", OPT_LIST, offsetof(struct args, shares), "X,Y,...",
		"rows by chance, in these proportions" },
	OPT_HEADING("With --shares"),
	{ 0, "seed", OPT_INT, offsetof(struct args, seed), "N", "of the random choice", .min = 0,
		.max = 9e15 },
	{ 0, "stratify", OPT_TEXT, offsetof(struct args, stratify), "COL",
		"keep the shares within each value of a column" },
	OPT_HEADING("Names"),
	{ 'o', "names", OPT_TEXT, offsetof(struct args, names), "TEMPLATE",
		"names of the parts: part-%03d.csv; with --by: part-%s.csv" },
	CSV_DIALECT_OPTIONS(struct args, dialect), OPT_END };

static int check(const struct args *a, double *shares, struct err *e)
{
	int n = (a->rows != 0) + (a->parts != 0) + (a->by != NULL) + (a->shares.n != 0);

	if (n != 1) {
		err_set(e, ERR_INPUT, "%s",
			n ? "there are two ways to cut" : "how to cut is not said");
		return err_hint(e, "say one of --rows, --parts, --by, --shares");
	}
	if (!a->names) {
		err_set(e, ERR_INPUT, "the names of the parts are missing");
		return err_hint(
			e, "say, for example, -o '%s'", a->by ? "part-%s.csv" : "part-%03d.csv");
	}
	if ((a->seed || a->stratify) && !a->shares.n)
		return err_set(e, ERR_INPUT, "--%s has no effect without --shares",
			a->seed ? "seed" : "stratify");
	if (a->shares.n > MAX_SHARES)
		return err_set(e, ERR_INPUT, "more than %d shares", MAX_SHARES);
	for (size_t i = 0; i < a->shares.n; i++)
		if (!num_parse_double(slice_of(a->shares.items[i]), false, &shares[i]) ||
			!(shares[i] > 0))
			return err_set(e, ERR_INPUT, "--shares: '%s' is not a number above 0",
				a->shares.items[i]);
	return 0;
}

static enum tool_status run(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	double shares[MAX_SHARES];
	struct table_cut_result r;
	struct table_cut cut = {
		.path = t->operands[0],
		.dialect = &a->dialect,
		.names = a->names,
		.n_rows = (uint64_t)a->rows,
		.n_parts = (uint64_t)a->parts,
		.by = a->by,
		.shares = shares,
		.n_shares = a->shares.n,
		.seed = (uint64_t)a->seed,
		.stratify = a->stratify,
	};

	if (check(a, shares, e))
		return TOOL_FAILED;
	if (table_cut_run(&cut, t->pool, t->progress, &r, e))
		return TOOL_FAILED;
	diag_say(t->diag, DIAG_NOTE, "%s: %llu rows in %llu parts", cut.path,
		(unsigned long long)r.n_rows, (unsigned long long)r.n_parts);
	if (r.n_ragged)
		diag_say(t->diag, DIAG_NOTE, "%llu ragged rows padded or left out",
			(unsigned long long)r.n_ragged);
	return TOOL_YES;
}

static const struct tool_spec spec = {
	.main = {
		.name = "csv-split",
		.usage = "FILE --rows N|--parts N|--by COL|--shares X,Y,... -o TEMPLATE",
		.summary = "chops a table into files",
		.options = options,
		.defaults = &defaults,
		.args_size = sizeof(struct args),
		.flags = TOOL_THREADS | TOOL_PROGRESS,
		.min_operands = 1,
		.max_operands = 1,
		.run = run,
		.example = "csv-split train.csv --shares 0.8,0.2 --stratify target -o 'part-%d.csv'",
	},
};

int main(int argc, char **argv)
{
	return tool_main(&spec, argc, argv);
}
