/*
 * table/encode: whatever options and table are given, a fit says what is wrong, or its encoder reads back and,
 * applied to the same table, writes the same bytes (but for the means of a target, which must not).
 *
 * Input: lines of a letter (which option) and its item, an empty line, the table.
 */
#include "table/encode.h"

#include <string.h>
#include <unistd.h>

#include "base/output.h"
#include "fuzz.h"

static const struct csv_dialect dialect = CSV_DIALECT_DEFAULT;

enum { MAX_ITEMS = 16 };

struct items {
	char *texts[MAX_ITEMS];
	size_t n;
};

static struct opt_list *list_of(struct table_encode_options *o, char letter)
{
	switch (letter) {
	case 'f':
		return &o->fill;
	case 'd':
		return &o->date;
	case 'p':
		return &o->date_parts;
	case 'x':
		return &o->drop;
	case 'k':
		return &o->keep;
	case 'r':
		return &o->rename;
	case 'c':
		return &o->codes;
	case 'l':
		return &o->plain;
	case 'n':
		return &o->count;
	case 'm':
		return &o->target_mean;
	case 'o':
		return &o->onehot;
	case 's':
		return &o->split;
	default:
		return NULL;
	}
}

/* Options that are no lists: 'T' and 'N' fills by type, 'C' codes of text, 'y' the target, 'O' order. */
static void set_option(struct table_encode_options *o, char letter, char *item)
{
	struct opt_list *list = list_of(o, letter);
	const char **items = list ? realloc(list->items, (list->n + 1) * sizeof(*items)) : NULL;

	if (items) {
		list->items = items;
		items[list->n++] = item;
	} else if (letter == 'T') {
		o->fill_text = item;
	} else if (letter == 'N') {
		o->fill_number = item;
	} else if (letter == 'C') {
		o->codes_text = true;
	} else if (letter == 'y') {
		o->by = item;
	} else if (letter == 'O') {
		o->order = item[0] & 1 ? TABLE_ORDER_SORTED : TABLE_ORDER_FREQUENCY;
	} else if (letter == 'M') {
		o->max_categories = 2;
	}
}

/* The options before the empty line; returns the table behind it. */
static struct slice take_options(
	struct table_encode_options *o, struct slice text, struct items *kept)
{
	struct slice line;

	while (kept->n < MAX_ITEMS && slice_cut(&text, '\n', &line) && line.len > 0) {
		char *item = calloc(line.len, 1);

		if (!item)
			break;
		memcpy(item, line.p + 1, line.len - 1);
		kept->texts[kept->n++] = item;
		set_option(o, line.p[0], item);
	}
	return text;
}

/* Paths in a folder that is made once; the fuzzer's own are relative, so nothing changes into it. */
static struct paths {
	char dir[32], in[64], fitted[64], applied[64];
} made;

static void remove_paths(void)
{
	unlink(made.in);
	unlink(made.fitted);
	unlink(made.applied);
	rmdir(made.dir);
}

static const struct paths *paths(void)
{
	if (!made.dir[0]) {
		memcpy(made.dir, "/tmp/fuzz-encode.XXXXXX", sizeof("/tmp/fuzz-encode.XXXXXX"));
		MUST(mkdtemp(made.dir) && atexit(remove_paths) == 0);
		snprintf(made.in, sizeof(made.in), "%s/in", made.dir);
		snprintf(made.fitted, sizeof(made.fitted), "%s/fitted", made.dir);
		snprintf(made.applied, sizeof(made.applied), "%s/applied", made.dir);
	}
	return &made;
}

static void check_applied(const struct table_encoder *enc, const struct table_encode_options *o,
	struct pool *pool, struct err *e)
{
	struct table_encode_options apply = { .dialect = &dialect };
	struct output *out = output_open(paths()->applied, OUTPUT_PLAIN, e);
	struct buf fitted = BUF_INIT, applied = BUF_INIT;

	MUST(out && table_encode_apply(paths()->in, enc, &apply, pool, out, e) == 0);
	MUST(output_close(out, e) == 0);
	MUST(input_load(paths()->fitted, 1 << 24, &fitted, e) == 0);
	MUST(input_load(paths()->applied, 1 << 24, &applied, e) == 0);
	MUST(o->target_mean.n > 0 || slice_eq(buf_slice(&fitted), buf_slice(&applied)));
	buf_release(&fitted);
	buf_release(&applied);
}

static void check_fitted(const struct table_encoder *enc, const struct table_encode_options *o,
	struct pool *pool, struct err *e)
{
	struct buf one = BUF_INIT, two = BUF_INIT;
	struct table_encoder *again;

	MUST(table_encoder_format(enc, &one, e) == 0);
	again = table_encoder_parse(buf_slice(&one), "again", e);
	MUST(again && table_encoder_format(again, &two, e) == 0);
	MUST(slice_eq(buf_slice(&one), buf_slice(&two)));
	check_applied(again, o, pool, e);
	table_encoder_free(again);
	buf_release(&one);
	buf_release(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct table_encode_options o = TABLE_ENCODE_OPTIONS_DEFAULT;
	struct items kept = { .n = 0 };
	struct err e = ERR_INIT;
	struct slice table = take_options(&o, (struct slice){ (const char *)data, size }, &kept);
	struct pool *pool = pool_new(1, &e);
	struct table_encoder *enc = NULL;
	struct output *out;

	o.dialect = &dialect;
	MUST(pool && output_save(paths()->in, OUTPUT_PLAIN, table, &e) == 0);
	out = output_open(paths()->fitted, OUTPUT_PLAIN, &e);
	MUST(out);
	if (table_encode_check(&o, &e) == 0)
		enc = table_encode_fit(paths()->in, &o, pool, out, &e);
	MUST(enc || (e.code == ERR_INPUT && e.what[0]));
	if (enc) {
		MUST(output_close(out, &e) == 0);
		check_fitted(enc, &o, pool, &e);
	} else {
		output_abandon(out);
	}
	table_encoder_free(enc);
	pool_free(pool);
	for (const char *l = "fdpxkrclnmos"; *l; l++)
		free(list_of(&o, *l)->items);
	for (size_t i = 0; i < kept.n; i++)
		free(kept.texts[i]);
	return 0;
}
