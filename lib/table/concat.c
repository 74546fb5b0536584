#include "table/concat.h"

#include <stdlib.h>

#include "base/mem.h"
#include "csv/copy.h"
#include "csv/value.h"
#include "table/concat_disk.h"
#include "table/concat_order.h"
#include "table/concat_plan.h"

struct concat {
	const struct table_concat *spec;
	struct concat_plan plan;
	struct output *out;
	bool is_within_line; /* the output does not end with a newline now */
	struct table_concat_result *result;
	struct budget budget;
	struct concat_disk *disk; /* where rows go for which there is no memory */
	const struct concat_file *file; /* that is being read */
};

/* ---- rows --------------------------------------------------------------------------------------- */

/* Whole rows to the output, behind a line end if the last row before had none. */
static int write_rows(struct concat *c, struct slice rows, struct err *e)
{
	if (!rows.len)
		return 0;
	if (c->is_within_line)
		output_text(c->out, c->plan.eol);
	output_slice(c->out, rows);
	c->is_within_line = rows.p[rows.len - 1] != '\n';
	return output_failed(c->out) && output_fd(c->out, e) < 0 ? -1 : 0;
}

/* ---- streaming ---------------------------------------------------------------------------------- */

/* What a chunk's worker makes. */
struct passed {
	uint64_t n_rows;
	struct csv_copy rest; /* behind what is in the chunk's buf: mostly all rows, as read */
};

static int pass_chunk(void *ctx, struct csv_chunk *c, int worker, struct err *e)
{
	const struct concat *all = ctx;
	struct passed *p = csv_chunk_result(c);
	struct buf *b = csv_chunk_buf(c);
	struct csv_row row;
	int got;

	(void)worker;
	*p = (struct passed){ 0 };
	while ((got = csv_chunk_next(c, &row, e)) > 0) {
		if (all->file->is_same)
			csv_copy_row(&p->rest, &row, b);
		else
			table_concat_plan_row(&all->plan, all->file, &row, b);
		p->n_rows++;
	}
	return got ? -1 : buf_check(b, e);
}

static int write_chunk(void *ctx, struct csv_chunk *c, struct err *e)
{
	struct concat *all = ctx;
	const struct passed *p = csv_chunk_result(c);

	all->result->n_in += p->n_rows;
	all->result->n_out += p->n_rows;
	if (write_rows(all, buf_slice(csv_chunk_buf(c)), e))
		return -1;
	return write_rows(all, p->rest.run, e);
}

/* ---- all rows held: keys, order ----------------------------------------------------------------- */

/* What is kept of a row: the row as it will be written, and behind it the values to sort by. */
static int row_text(
	void *ctx, const struct csv_row *row, struct buf *b, uint32_t *tail_len, struct err *e)
{
	const struct concat *c = ctx;
	char quote = csv_dialect_quote(c->spec->dialect);
	struct buf value = BUF_INIT;
	size_t tail;
	int rc = 0;

	table_concat_plan_row(&c->plan, c->file, row, b);
	tail = b->len;
	for (size_t i = 0; !rc && i < c->plan.n_sort; i++) {
		size_t at = c->file->cols[c->plan.sort[i]];
		struct slice v = { "", 0 };

		if (at != CONCAT_NO_COL)
			v = csv_field_value(&row->fields[at], quote, &value);
		if (!csv_value_is_missing(c->spec->dialect, v))
			buf_add_slice(b, v);
		buf_add_char(b, '\0');
		rc = buf_check(&value, e); /* before the next value makes it forget */
	}
	*tail_len = (uint32_t)(b->len - tail);
	buf_release(&value);
	return rc;
}

static int load_file(struct concat *c, struct csv_table *t, struct table_keymap *m,
	struct pool *pool, struct progress *progress, struct err *e)
{
	struct table_key key;

	if (table_concat_plan_key(&c->plan, c->file, &key, e))
		return -1;
	return table_keymap_add(m, t, c->plan.n_key ? &key : NULL, row_text, c, pool, progress, e);
}

static int write_sorted(struct concat *c, const struct table_keymap *m, struct err *e)
{
	struct table_keymap_counts counts;
	struct table_keymap_place place = { 0 };
	struct concat_sorted *rows;
	struct table_row *row;
	size_t n = 0;
	int rc = -1;

	table_keymap_get_counts(m, &counts);
	rows = mem_array_raw(counts.n_rows + 1, sizeof(*rows), e);
	if (!rows)
		return -1;
	while ((row = table_keymap_next(m, &place))) {
		if (row->is_dropped)
			continue;
		rows[n] = table_concat_order_of(row, n);
		n++;
	}
	qsort(rows, n, sizeof(*rows), table_concat_order_compare);
	for (size_t i = 0; i < n; i++)
		if (write_rows(c, table_row_text(rows[i].row), e))
			goto out;
	c->result->n_out = n;
	rc = 0;
out:
	free(rows);
	return rc;
}

static int write_one(void *ctx, struct slice row, struct err *e)
{
	struct concat *c = ctx;

	c->result->n_out++;
	return write_rows(c, row, e);
}

static int write_from_disk(struct concat *c, struct err *e)
{
	c->result->n_spilled = c->result->n_in;
	return table_concat_disk_run(c->disk, write_one, c, &c->result->n_duplicates, e);
}

static int write_held(struct concat *c, struct table_keymap *m, struct pool *pool, struct err *e)
{
	struct table_keymap_counts counts;
	struct table_keymap_place place = { 0 };
	struct table_row *row;

	if (table_keymap_finish(m, pool, "", e))
		return -1;
	table_keymap_get_counts(m, &counts);
	c->result->n_in = counts.n_rows;
	if (c->plan.n_key)
		c->result->n_unkeyed = counts.n_unkeyed;
	if (table_keymap_is_spilled(m))
		return write_from_disk(c, e);
	if (c->plan.n_key)
		c->result->n_duplicates = counts.n_duplicates;
	if (c->plan.n_sort)
		return write_sorted(c, m, e);
	while ((row = table_keymap_next(m, &place))) {
		if (row->is_dropped)
			continue;
		c->result->n_out++;
		if (write_rows(c, table_row_text(row), e))
			return -1;
	}
	return 0;
}

/* ---- the run ------------------------------------------------------------------------------------ */

static int read_file(struct concat *c, struct concat_file *f, struct table_keymap *m,
	struct pool *pool, struct progress *progress, struct err *e)
{
	struct csv_run run = {
		.work = pass_chunk,
		.done = write_chunk,
		.ctx = c,
		.result_size = sizeof(struct passed),
		.progress = progress,
	};
	int64_t size;
	int rc;

	if (table_concat_plan_open(&c->plan, f, e))
		return -1;
	size = csv_table_size(f->table);
	progress_start(progress, f->path, size > 0 ? (uint64_t)size : 0, PROGRESS_BYTES);
	c->file = f;
	rc = m ? load_file(c, f->table, m, pool, progress, e)
	       : csv_table_run(f->table, pool, &run, e);
	c->result->n_ragged += csv_table_n_ragged(f->table);
	csv_table_close(f->table);
	f->table = NULL;
	return rc;
}

static int run(struct concat *c, struct pool *pool, struct progress *progress, struct err *e)
{
	struct table_keymap_spec spec = {
		.duplicates = c->spec->keep_last ? TABLE_DUPLICATES_LAST : TABLE_DUPLICATES_FIRST,
		.keep_unkeyed = true,
		.is_list = !c->plan.n_key,
		.sink = table_concat_disk_row,
	};
	struct table_keymap *m = NULL;
	int rc = -1;

	budget_init(&c->budget, c->spec->memory);

	output_slice(c->out, buf_slice(&c->plan.header));
	if (c->spec->memory && (c->plan.n_key || c->plan.n_sort)) {
		c->disk = table_concat_disk_new(c->spec->memory, c->spec->temp_dir, spec.duplicates,
			c->plan.n_key > 0, c->plan.n_sort > 0, e);
		if (!c->disk)
			return -1;
		spec.budget = &c->budget;
		spec.sink_ctx = c->disk;
	}
	if (c->plan.n_key || c->plan.n_sort) {
		m = table_keymap_new(&spec, e);
		if (!m)
			goto out;
	}
	for (size_t i = 0; i < c->plan.n_files; i++)
		if (read_file(c, &c->plan.files[i], m, pool, progress, e))
			goto out;
	rc = m ? write_held(c, m, pool, e) : 0;
out:
	table_keymap_free(m);
	table_concat_disk_free(c->disk);
	return rc;
}

int table_concat_run(const struct table_concat *spec, struct output *out, struct pool *pool,
	struct progress *progress, struct table_concat_result *r, struct err *e)
{
	struct concat c = { .spec = spec, .out = out, .result = r };
	int rc = table_concat_plan_init(&c.plan, spec, e);

	*r = (struct table_concat_result){ .n_filled = c.plan.n_filled };
	c.is_within_line = c.plan.is_header_open;
	if (!rc)
		rc = run(&c, pool, progress, e);
	table_concat_plan_release(&c.plan);
	return rc;
}
