#include <stdlib.h>

#include "base/tool.h"
#include "table/encode.h"

struct args {
	struct csv_dialect dialect;
	const char *fit, *apply;
	struct table_encode_options encode;
};

static const struct args defaults = {
	.dialect = CSV_DIALECT_DEFAULT,
	.encode = TABLE_ENCODE_OPTIONS_DEFAULT,
};

#define ENCODE(member) \
	(offsetof(struct args, encode) + offsetof(struct table_encode_options, member))

static const struct opt options[] = {
	OPT_HEADING("Encoder (one of them)"),
	{ 0, "fit", OPT_TEXT, offsetof(struct args, fit), "ENC.json",
		"encode the training data, and store how", .writes = true },
	{ 0, "apply", OPT_TEXT, offsetof(struct args, apply), "ENC.json",
		"encode other data in the same way" },
	OPT_HEADING("What --fit does"),
	{ 0, "fill", OPT_EACH, ENCODE(fill), "COL=VALUE", "put VALUE where COL is missing" },
	{ 0, "fill-text", OPT_TEXT, ENCODE(fill_text), "VALUE", "where a text column is missing" },
	{ 0, "fill-number", OPT_TEXT, ENCODE(fill_number), "VALUE",
		"where a column of numbers is missing" },
	{ 0, "date", OPT_LIST, ENCODE(date), "COL[:FORMAT],...",
		"dates to COL_year, COL_month, COL_day" },
	{ 0, "date-parts", OPT_LIST, ENCODE(date_parts), "PART,...",
		"others: year, month, day, weekday, epoch_days" },
	{ 0, "codes", OPT_LIST, ENCODE(codes), "COL,...", "values to codes 0, 1, 2, ..." },
	{ 0, "codes-text", OPT_FLAG, ENCODE(codes_text), NULL, "the same for all text columns" },
	{ 0, "codes-order", OPT_CHOICE, ENCODE(order), "appearance|sorted|frequency",
		"which value comes first [appearance]", .hide_default = true },
	{ 0, "onehot", OPT_LIST, ENCODE(onehot), "COL,...", "a column of 0 and 1 for each value" },
	{ 0, "split", OPT_EACH, ENCODE(split), "COL:SEP",
		"lists to the number of parts, and 0 or 1 for each part" },
	{ 0, "max-categories", OPT_INT, ENCODE(max_categories), "K",
		"of these two, for the K most frequent ones [100]", .min = 1, .max = 10000,
		.hide_default = true },
	{ 0, "count", OPT_LIST, ENCODE(count), "COL,...", "add COL_count: rows with this value" },
	{ 0, "target-mean", OPT_LIST, ENCODE(target_mean), "COL,...",
		"add COL_target_mean: of the other rows with this value" },
	{ 0, "by", OPT_TEXT, ENCODE(by), "TARGET", "the mean of which column" },
	{ 0, "smooth", OPT_NUMBER, ENCODE(smooth), "M",
		"as if M more rows had the mean of all [20]", .min = 0, .max = 1e12,
		.hide_default = true },
	{ 0, "folds", OPT_INT, ENCODE(folds), "K", "other rows are those of K - 1 of K folds [5]",
		.min = 2, .max = TABLE_MAX_FOLDS, .hide_default = true },
	{ 0, "seed", OPT_INT, ENCODE(seed), "N", "of the folds [0]", .min = 0, .max = 9e15,
		.hide_default = true },
	{ 0, "plain", OPT_LIST, ENCODE(plain), "COL,...",
		"columns that the options by type leave alone: the label" },
	{ 0, "drop", OPT_LIST, ENCODE(drop), "COL,...", "columns to leave out" },
	{ 0, "keep", OPT_LIST, ENCODE(keep), "COL,...", "leave out all others" },
	{ 0, "rename", OPT_EACH, ENCODE(rename), "OLD=NEW", "another name in the output" },
	{ 0, "memory", OPT_SIZE, ENCODE(memory), "SIZE",
		"rows kept before a temporary file is used" },
	CSV_DIALECT_OPTIONS(struct args, dialect),
	OPT_END,
};

static enum tool_status refuse(struct err *e, const char *what, const char *hint)
{
	err_set(e, ERR_INPUT, "%s", what);
	err_hint(e, "%s", hint);
	return TOOL_FAILED;
}

static enum tool_status fit(
	struct tool *t, const struct args *a, struct table_encode_options *o, struct err *e)
{
	struct table_encoder *enc = table_encode_fit(t->operands[0], o, t->pool, t->out, e);
	int rc = -1;

	if (enc)
		rc = table_encoder_save(enc, a->fit, t->fsync ? OUTPUT_SYNC : OUTPUT_PLAIN, e);
	table_encoder_free(enc);
	return rc ? TOOL_FAILED : TOOL_YES;
}

static enum tool_status apply(
	struct tool *t, const struct args *a, struct table_encode_options *o, struct err *e)
{
	const char *option = table_encode_transformation(o);
	struct table_encoder *enc;
	int rc;

	if (option || a->dialect.na.n > 0) {
		err_set(e, ERR_INPUT, "%s has no meaning with --apply", option ? option : "--na");
		err_hint(e, "the stored encoder says all");
		return TOOL_FAILED;
	}
	enc = table_encoder_load(a->apply, e);
	if (!enc)
		return TOOL_FAILED;
	rc = table_encode_apply(t->operands[0], enc, o, t->pool, t->out, e);
	table_encoder_free(enc);
	return rc ? TOOL_FAILED : TOOL_YES;
}

static enum tool_status run(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct table_encode_options o = a->encode;

	o.dialect = &a->dialect;
	o.diag = t->diag;
	o.progress = t->progress;
	o.temp_dir = getenv("TMPDIR");
	if (a->fit && a->apply)
		return refuse(e, "--fit and --apply exclude each other",
			"--fit for the training data, then --apply for all other data");
	if (a->fit && a->fit[0] == '-' && !a->fit[1])
		return refuse(e, "--fit - would mix the encoder with the table", "name a file");
	if (a->fit)
		return table_encode_check(&o, e) ? TOOL_FAILED : fit(t, a, &o, e);
	if (a->apply)
		return apply(t, a, &o, e);
	return refuse(e, "neither --fit nor --apply is given",
		"--fit ENC.json stores how the training data is encoded, --apply ENC.json does the "
		"same to other data: coded apart, the same code would mean different things");
}

static const struct tool_spec spec = {
	.main = {
		.name = "csv-encode",
		.usage = "--fit ENC.json | --apply ENC.json [OPTION...] FILE [-o FILE]",
		.summary = "fills, dates and categories to numbers: fitted once, applied unchanged",
		.options = options,
		.defaults = &defaults,
		.args_size = sizeof(struct args),
		.flags = TOOL_OUTPUT | TOOL_THREADS | TOOL_PROGRESS,
		.min_operands = 1,
		.max_operands = 1,
		.run = run,
		.example = "csv-encode --fit enc.json --codes-text --plain y train.csv -o train.enc\n"
			   "csv-encode --apply enc.json test.csv -o test.enc",
	},
};

int main(int argc, char **argv)
{
	return tool_main(&spec, argc, argv);
}
