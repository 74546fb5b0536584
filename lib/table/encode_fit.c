/*
 * One pass over the input, whatever it is. What each piece of rows comes to is kept as a block, by
 * columns: codes where a column is known to be coded, else the bytes of the fields. When all rows
 * are read, types, codes and fills are final, and the blocks are written out on all threads.
 */
#include "table/encode_fit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "table/encode_declare.h"

/* ---- what is known when all rows are read ---- */

struct sort_ctx {
	const struct table_dict *dict;
	const uint64_t *counts; /* NULL: by text */
};

static bool comes_before(const struct sort_ctx *c, uint32_t a, uint32_t b)
{
	int order;

	if (c->counts)
		return c->counts[a] != c->counts[b] ? c->counts[a] > c->counts[b] : a < b;
	order = slice_cmp(c->dict->items[a], c->dict->items[b]);
	return order != 0 ? order < 0 : a < b;
}

/* Merge sort: qsort has no context. */
static void sort_codes(const struct sort_ctx *c, uint32_t *codes, uint32_t *spare, size_t n)
{
	size_t half = n / 2, i = 0, k = half, to = 0;

	if (n < 2)
		return;
	sort_codes(c, codes, spare, half);
	sort_codes(c, codes + half, spare, n - half);
	memcpy(spare, codes, half * sizeof(*codes));
	while (i < half && k < n)
		codes[to++] = comes_before(c, codes[k], spare[i]) ? codes[k++] : spare[i++];
	memcpy(codes + to, spare + i, (half - i) * sizeof(*codes));
}

/* Final codes, other than by appearance. */
static int order_codes(struct table_fit *f, struct table_fit_col *col, struct err *e)
{
	struct table_dict *dict = &f->enc->rules[col->rule].codes;
	struct sort_ctx c = { dict, NULL };
	uint32_t *sorted, *spare;
	int rc = -1;

	if (f->o->order == TABLE_ORDER_APPEARANCE || dict->n == 0)
		return 0;
	if (f->o->order == TABLE_ORDER_FREQUENCY)
		c.counts = col->counts;
	sorted = mem_array_raw(dict->n, sizeof(*sorted), e);
	spare = mem_array_raw(dict->n, sizeof(*spare), e);
	col->order = mem_array_raw(dict->n, sizeof(*col->order), e);
	if (!sorted || !spare || !col->order)
		goto out;
	for (uint32_t i = 0; i < dict->n; i++)
		sorted[i] = i;
	sort_codes(&c, sorted, spare, dict->n);
	for (uint32_t i = 0; i < dict->n; i++)
		col->order[sorted[i]] = i;
	rc = table_dict_reorder(dict, col->order, e);
out:
	free(sorted);
	free(spare);
	return rc;
}

static int settle_type(struct table_fit *f, struct table_fit_col *col, struct err *e)
{
	struct table_rule *r = &f->enc->rules[col->rule];
	const char *fill = col->is_text ? f->o->fill_text : f->o->fill_number;

	if (!col->by_type)
		return 0;
	r->seen = col->is_text ? TABLE_SEEN_TEXT : TABLE_SEEN_NUMBER;
	if (table_fit_makes_codes(f, col)) {
		r->coded = r->required = true;
		r->order = (enum table_order)f->o->order;
	}
	if (fill && !r->fill) {
		r->fill = mem_dup(fill, e);
		return r->fill ? 0 : -1;
	}
	return 0;
}

static void report(const struct table_fit *f, const struct table_fit_col *col)
{
	const struct table_rule *r = &f->enc->rules[col->rule];

	if (r->fill && col->n_missing > 0)
		diag_say(f->o->diag, DIAG_NOTE,
			"%s: column '%s': %llu missing values filled with '%s'", f->name, r->name,
			(unsigned long long)col->n_missing, r->fill);
	if (r->coded)
		diag_say(f->o->diag, DIAG_NOTE, "%s: column '%s': %u codes", f->name, r->name,
			r->codes.n);
	if (r->coded && f->n_rows >= 1000 && r->codes.n > f->n_rows - f->n_rows / 10)
		diag_say(f->o->diag, DIAG_WARNING,
			"%s: column '%s' has another value in nearly every row: its codes say "
			"nothing about other data; leave it out with --drop or --plain",
			f->name, r->name);
}

static int settle(struct table_fit *f, const struct csv_table *in,
	const struct table_encode_options *quiet, struct err *e)
{
	for (size_t i = 0; i < f->n_cols; i++) {
		struct table_fit_col *col = &f->cols[i];

		if (settle_type(f, col, e) ||
			(f->enc->rules[col->rule].coded && order_codes(f, col, e)))
			return -1;
		report(f, col);
	}
	table_steps_release(&f->steps);
	return table_steps_plan(&f->steps, f->enc, in, quiet, e);
}

/* ---- the whole ---- */

static int begin(struct table_fit *f, const struct csv_table *in,
	const struct table_encode_options *quiet, struct err *e)
{
	bool *by_type;
	int rc = -1;

	f->enc = table_encode_declare(in, f->o, &by_type, e);
	if (!f->enc)
		return -1;
	f->cells = table_cells_of(f->o->dialect);
	f->name = csv_table_name(in);
	if (table_steps_plan(&f->steps, f->enc, in, quiet, e))
		goto out;
	f->cols = mem_array(f->steps.n, sizeof(*f->cols), e);
	if (!f->cols)
		goto out;
	f->n_cols = f->steps.n;
	for (size_t i = 0; i < f->n_cols; i++) {
		f->cols[i].rule = (size_t)(f->steps.steps[i].rule - f->enc->rules);
		f->cols[i].field = f->steps.steps[i].field;
		f->cols[i].by_type = by_type[f->cols[i].rule];
	}
	rc = 0;
out:
	free(by_type);
	return rc;
}

static void end(struct table_fit *f, bool good)
{
	for (size_t i = 0; i < f->n_cols; i++) {
		free(f->cols[i].counts);
		free(f->cols[i].order);
	}
	free(f->cols);
	table_steps_release(&f->steps);
	table_store_release(&f->store);
	buf_release(&f->block);
	if (!good)
		table_encoder_free(f->enc);
}

struct table_encoder *table_encode_fit(const char *path, const struct table_encode_options *o,
	struct pool *pool, struct output *out, struct err *e)
{
	struct table_encode_options quiet = *o;
	struct table_fit f = {
		.o = o,
		.store = { .memory = o->memory, .temp_dir = o->temp_dir },
		.steps = { .header = BUF_INIT },
		.block = BUF_INIT,
		.out = out,
	};
	const struct csv_run run = {
		.work = table_fit_read,
		.done = table_fit_keep,
		.ctx = &f,
		.result_size = table_fit_result_size(),
		.result_release = table_fit_release,
		.progress = o->progress,
	};
	struct csv_table *in = csv_table_open(path, o->dialect, e);
	bool good;

	quiet.diag = NULL;
	good = in && begin(&f, in, &quiet, e) == 0 && csv_table_run(in, pool, &run, e) == 0 &&
	       settle(&f, in, &quiet, e) == 0 && table_fit_write(&f, pool, e) == 0;
	if (good)
		table_steps_say_ragged(in, o);
	end(&f, good);
	csv_table_close(in);
	return good ? f.enc : NULL;
}
