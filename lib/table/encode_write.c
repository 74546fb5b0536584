/*
 * The writing half of a fit: blocks to rows.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "table/encode_fit.h"

/* The value of a field that was kept as bytes, in a column that is coded. {NULL, 0}: missing. */
int table_fit_value(const struct table_fit *f, const struct table_fit_col *col, const char **at,
	struct buf *unquoted, struct slice *v, struct err *e)
{
	bool missing;
	struct slice raw = table_fit_take(at, &missing);
	struct csv_field field;

	if (missing) {
		*v = table_fit_fill(f, col);
		return 0;
	}
	field = csv_writer_field(raw, f->cells.quote);
	return table_cell_value(&f->cells, &field, unquoted, v, e);
}

const char *table_fit_part(const struct table_fit *f, struct slice bytes, size_t col,
	struct table_fit_block *block, bool *coded)
{
	const uint64_t *words = (const uint64_t *)(const void *)bytes.p;
	const char *at = bytes.p + (2 + f->n_cols) * sizeof(uint64_t);

	*block = (struct table_fit_block){ words[0], words[1] };
	for (size_t i = 0; i < col; i++)
		at += words[2 + i] >> 1;
	*coded = words[2 + col] & 1;
	return at;
}

struct write_item {
	size_t block;
	struct buf stored, text, unquoted;
	const char **at; /* [n_out] */
	bool *coded; /* [n_out] the block holds codes */
};

struct write_run {
	struct table_fit *f;
	size_t next;
};

static int write_next(void *ctx, void *item, struct err *e)
{
	struct write_run *run = ctx;
	struct write_item *w = item;

	(void)e;
	if (run->next == run->f->store.n)
		return 0;
	w->block = run->next++;
	return 1;
}

/* Zeros, and ones for a value's places. */
static char *put_ones(
	char *w, const struct table_fit_col *col, const struct table_step *step, uint32_t code)
{
	const struct table_fit_ones *ones = &col->ones;
	char *zeros = w;

	if (step->rule->makes == TABLE_MAKES_SPLIT) {
		zeros = table_steps_put_code(w, ones->n_parts[code]);
		w = table_steps_put(zeros, step->zeros);
	} else {
		w = table_steps_put(w, step->absent);
	}
	for (uint32_t i = code ? ones->ends[code - 1] : 0; i < ones->ends[code]; i++)
		table_steps_put_one(zeros, step, ones->places[i]);
	return w;
}

/* What is made of a field that was kept as a code. */
static char *put_code(char *w, const struct table_fit_col *col, const struct table_step *step,
	uint32_t code, uint64_t row)
{
	const struct table_rule *r = step->rule;

	if (code == TABLE_DICT_NONE)
		return table_steps_put(w, step->absent);
	switch (r->makes) {
	case TABLE_MAKES_CODES:
		return table_steps_put_code(w, col->order ? col->order[code] : code);
	case TABLE_MAKES_COUNT:
		return table_steps_put_text(w, &step->texts[code]);
	case TABLE_MAKES_MEAN:
		return table_steps_put_text(w,
			&col->means[(size_t)code * r->mean.folds + table_fit_fold(&r->mean, row)]);
	default:
		return put_ones(w, col, step, code);
	}
}

/* A field that was kept as bytes. */
static int put_bytes(
	char **w, struct write_item *item, const struct table_fit *f, size_t i, struct err *e)
{
	const struct table_step *step = &f->steps.steps[i];
	bool missing;
	struct slice s;

	if (step->rule->makes == TABLE_MAKES_CODES) {
		struct slice v;

		if (table_fit_value(f, &f->cols[i], &item->at[i], &item->unquoted, &v, e))
			return -1;
		/* The dictionary has its final order already. */
		if (v.p)
			*w = table_steps_put_code(
				*w, table_dict_get(&step->rule->values, v, table_dict_hash(v)));
		return 0;
	}
	s = table_fit_take(&item->at[i], &missing);
	if (missing && step->fill.p)
		s = step->fill;
	else if (missing && step->rule->date)
		s = step->absent;
	*w = table_steps_put(*w, s);
	return 0;
}

static int write_rows(struct write_item *item, const struct table_fit *f,
	const struct table_fit_block *block, char **end, struct err *e)
{
	char *w = *end;

	for (uint64_t r = 0; r < block->n_rows; r++) {
		for (size_t i = 0; i < f->n_out; i++) {
			if (i > 0)
				*w++ = f->steps.delimiter;
			if (item->coded[i])
				w = put_code(w, &f->cols[i], &f->steps.steps[i],
					((const uint32_t *)(const void *)item->at[i])[r],
					block->first_row + r);
			else if (put_bytes(&w, item, f, i, e))
				return -1;
		}
		*w++ = '\n';
	}
	*end = w;
	return 0;
}

static int write_work(void *ctx, void *p, int worker, struct err *e)
{
	const struct table_fit *f = ((struct write_run *)ctx)->f;
	struct write_item *item = p;
	struct table_fit_block block = { 0 };
	struct slice bytes;
	char *start, *end;

	(void)worker;
	if (!item->at) {
		item->at = mem_array(f->n_out, sizeof(*item->at), e);
		item->coded = mem_array(f->n_out, sizeof(*item->coded), e);
		if (!item->at || !item->coded)
			return -1;
	}
	if (table_store_get(&f->store, item->block, &item->stored, &bytes, e))
		return -1;
	for (size_t i = 0; i < f->n_out; i++)
		item->at[i] = table_fit_part(f, bytes, f->cols[i].owner, &block, &item->coded[i]);
	buf_reset(&item->text);
	end = buf_reserve(&item->text, bytes.len + block.n_rows * f->steps.width);
	if (!end)
		return buf_check(&item->text, e);
	start = end;
	if (write_rows(item, f, &block, &end, e))
		return -1;
	item->text.len = (size_t)(end - start);
	return 0;
}

static int write_done(void *ctx, void *p, struct err *e)
{
	struct write_run *run = ctx;
	struct write_item *item = p;

	table_store_drop(&run->f->store, item->block);
	output_slice(run->f->out, buf_slice(&item->text));
	return output_failed(run->f->out) && output_fd(run->f->out, e) < 0 ? -1 : 0;
}

int table_fit_write(struct table_fit *f, struct pool *pool, struct err *e)
{
	struct write_run run = { .f = f };
	size_t n = (size_t)pool_size(pool) * 3;
	struct write_item *items = mem_array(n, sizeof(*items), e);
	struct pool_pipe pipe = { write_next, write_work, write_done, items, sizeof(*items), n };
	int rc;

	if (!items)
		return -1;
	for (size_t i = 0; i < n; i++) {
		buf_init(&items[i].stored);
		buf_init(&items[i].text);
		buf_init(&items[i].unquoted);
	}
	output_slice(f->out, buf_slice(&f->steps.header));
	rc = pool_run(pool, &pipe, &run, e);
	for (size_t i = 0; i < n; i++) {
		buf_release(&items[i].stored);
		buf_release(&items[i].text);
		buf_release(&items[i].unquoted);
		free(items[i].at);
		free(items[i].coded);
	}
	free(items);
	return rc;
}
