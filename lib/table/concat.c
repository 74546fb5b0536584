#include "table/concat.h"

#include <stdlib.h>

#include "base/mem.h"
#include "csv/copy.h"
#include "csv/value.h"
#include "table/concat_disk.h"
#include "table/concat_order.h"

#define NO_COL ((size_t)-1)

struct file {
	const char *path;
	struct csv_table *table; /* open, if it cannot be opened again */
	size_t *to_out; /* [n_cols] column of the output */
	size_t n_cols;
	size_t *cols; /* [n_cols of the output] the file's column, or NO_COL */
	bool is_same; /* the file's columns are the output's */
};

struct out_col {
	const char *name;
	struct slice raw; /* as it stands in the header that had it first */
	const char *first; /* the file */
};

struct concat {
	const struct table_concat *spec;
	struct output *out;
	struct file *files; /* [n_files] */
	size_t n_files;
	struct out_col *cols;
	size_t n_cols, cap_cols;
	size_t *key, *sort; /* columns of the output */
	size_t n_key, n_sort;
	struct buf header;
	const char *eol; /* the first header's */
	bool is_within_line; /* the output does not end with a newline now */
	struct arena memory;
	struct table_concat_result *result;
	struct budget budget;
	struct concat_disk *disk; /* where rows go for which there is no memory */
	/* of the file that is being read */
	const struct file *file;
	size_t *file_key; /* [n_key] */
};

/* ---- columns ------------------------------------------------------------------------------------ */

static size_t find_out_col(const struct concat *c, const char *name)
{
	for (size_t i = 0; i < c->n_cols; i++)
		if (strcmp(c->cols[i].name, name) == 0)
			return i;
	return NO_COL;
}

/* Finds the file's columns in the output, where names that no file before has had are added. */
static int add_cols(struct concat *c, struct file *f, const struct csv_table *t, struct err *e)
{
	f->n_cols = csv_table_n_cols(t);
	f->to_out = arena_alloc(&c->memory, f->n_cols * sizeof(*f->to_out), e);
	if (!f->to_out)
		return -1;
	for (size_t i = 0; i < f->n_cols; i++) {
		const struct csv_field *field = &csv_table_header(t)->fields[i];
		const char *name = csv_table_col_name(t, i);
		struct out_col *to;

		f->to_out[i] = find_out_col(c, name);
		if (f->to_out[i] != NO_COL)
			continue;
		if (mem_grow(&c->cols, &c->cap_cols, c->n_cols + 1, sizeof(*c->cols), e))
			return -1;
		to = &c->cols[c->n_cols];
		to->first = f->path;
		to->raw.len = field->len;
		to->raw.p = arena_dup(&c->memory, field->p, field->len, e);
		to->name = arena_dup(&c->memory, name, strlen(name), e);
		if (!to->raw.p || !to->name)
			return -1;
		f->to_out[i] = c->n_cols++;
	}
	return 0;
}

static int read_header(struct concat *c, const char *path, struct err *e)
{
	struct file *f = &c->files[c->n_files];
	const struct csv_row *header;

	f->path = path;
	f->table = csv_table_open(path, c->spec->dialect, e);
	if (!f->table)
		return -1;
	header = csv_table_header(f->table);
	if (c->n_files++ == 0) {
		if (csv_table_has_bom(f->table))
			buf_add_text(&c->header, "\xef\xbb\xbf");
		c->eol = header->n_eol == 2 ? "\r\n" : "\n";
		c->is_within_line = header->n_eol == 0;
	}
	if (add_cols(c, f, f->table, e))
		return -1;
	/* thousands of files must not all be open at once */
	if (csv_table_size(f->table) >= 0 && strcmp(path, "-") != 0) {
		csv_table_close(f->table);
		f->table = NULL;
	}
	return 0;
}

/* Where the output's columns are in the file, now that all are known. */
static int map_cols(struct concat *c, struct file *f, struct err *e)
{
	f->cols = arena_alloc(&c->memory, c->n_cols * sizeof(*f->cols), e);
	if (!f->cols)
		return -1;
	f->is_same = f->n_cols == c->n_cols;
	for (size_t i = 0; i < c->n_cols; i++)
		f->cols[i] = NO_COL;
	for (size_t i = 0; i < f->n_cols; i++) {
		f->cols[f->to_out[i]] = i;
		f->is_same = f->is_same && f->to_out[i] == i;
	}
	for (size_t i = 0; i < c->n_cols; i++) {
		if (f->cols[i] != NO_COL)
			continue;
		c->result->n_filled++;
		if (c->spec->fill)
			continue;
		err_set(e, ERR_INPUT, "there is no column '%s', which %s has", c->cols[i].name,
			c->cols[i].first);
		err_hint(e, "say --missing fill to leave it empty");
		return err_at(e, "%s", f->path);
	}
	return 0;
}

static int find_cols(struct concat *c, const char *list, size_t **cols, size_t *n, struct err *e)
{
	struct slice rest, part;
	size_t most = 1;

	*n = 0;
	if (!list)
		return 0;
	for (const char *p = list; *p; p++)
		most += *p == ',';
	*cols = arena_alloc(&c->memory, most * sizeof(**cols), e);
	if (!*cols)
		return -1;
	for (rest = slice_of(list); slice_cut(&rest, ',', &part); ++*n) {
		char *name = arena_dup(&c->memory, part.p ? part.p : "", part.len, e);

		if (!name)
			return -1;
		(*cols)[*n] = find_out_col(c, name);
		if ((*cols)[*n] == NO_COL)
			return err_set(e, ERR_INPUT, "no file has a column '%s'", name);
	}
	return *n ? 0 : err_set(e, ERR_INPUT, "a list of columns is empty");
}

static int plan(struct concat *c, struct err *e)
{
	const struct csv_dialect *d = c->spec->dialect;
	int n_stdin = 0;

	for (size_t i = 0; i < c->spec->n_paths; i++)
		n_stdin += strcmp(c->spec->paths[i], "-") == 0;
	if (n_stdin > 1)
		return err_set(e, ERR_INPUT, "standard input is named twice");
	for (size_t i = 0; i < c->spec->n_paths; i++)
		if (read_header(c, c->spec->paths[i], e))
			return -1;
	for (size_t i = 0; i < c->n_files; i++)
		if (map_cols(c, &c->files[i], e))
			return -1;
	if (find_cols(c, c->spec->key, &c->key, &c->n_key, e) ||
		find_cols(c, c->spec->sort_by, &c->sort, &c->n_sort, e))
		return -1;
	c->file_key = arena_alloc(&c->memory, (c->n_key + 1) * sizeof(*c->file_key), e);
	if (!c->file_key)
		return -1;
	for (size_t i = 0; i < c->n_cols; i++) {
		if (i)
			buf_add_char(&c->header, csv_dialect_delimiter(d));
		buf_add_slice(&c->header, c->cols[i].raw);
	}
	if (!c->is_within_line)
		buf_add_text(&c->header, c->eol);
	if (d->no_header) {
		buf_reset(&c->header);
		c->is_within_line = false;
	}
	return buf_check(&c->header, e);
}

/* ---- rows --------------------------------------------------------------------------------------- */

/* The row with the output's columns, and its line end. */
static void add_row(const struct concat *c, const struct csv_row *row, struct buf *b)
{
	char delimiter = csv_dialect_delimiter(c->spec->dialect);

	if (c->file->is_same) {
		buf_add(b, row->raw.p, row->raw.len + row->n_eol);
		return;
	}
	for (size_t i = 0; i < c->n_cols; i++) {
		size_t at = c->file->cols[i];

		if (i)
			buf_add_char(b, delimiter);
		if (at != NO_COL)
			buf_add(b, row->fields[at].p, row->fields[at].len);
	}
	buf_add(b, row->raw.p + row->raw.len, row->n_eol);
}

/* Whole rows to the output, behind a line end if the last row before had none. */
static int write_rows(struct concat *c, struct slice rows, struct err *e)
{
	if (!rows.len)
		return 0;
	if (c->is_within_line)
		output_text(c->out, c->eol);
	output_slice(c->out, rows);
	c->is_within_line = rows.p[rows.len - 1] != '\n';
	return output_failed(c->out) && output_fd(c->out, e) < 0 ? -1 : 0;
}

/* ---- streaming ---------------------------------------------------------------------------------- */

static int pass_chunk(void *ctx, struct csv_chunk *c, int worker, struct err *e)
{
	const struct concat *all = ctx;
	uint64_t *n_rows = csv_chunk_result(c);
	struct buf *b = csv_chunk_buf(c);
	struct csv_copy copy = { 0 };
	struct csv_row row;
	int got;

	(void)worker;
	*n_rows = 0;
	while ((got = csv_chunk_next(c, &row, e)) > 0) {
		if (all->file->is_same)
			csv_copy_row(&copy, &row, b);
		else
			add_row(all, &row, b);
		++*n_rows;
	}
	csv_copy_flush(&copy, b);
	return got ? -1 : buf_check(b, e);
}

static int write_chunk(void *ctx, struct csv_chunk *c, struct err *e)
{
	struct concat *all = ctx;
	const uint64_t *n_rows = csv_chunk_result(c);

	all->result->n_in += *n_rows;
	all->result->n_out += *n_rows;
	return write_rows(all, buf_slice(csv_chunk_buf(c)), e);
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

	add_row(c, row, b);
	tail = b->len;
	for (size_t i = 0; !rc && i < c->n_sort; i++) {
		size_t at = c->file->cols[c->sort[i]];
		struct slice v = { "", 0 };

		if (at != NO_COL)
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
	struct table_key key = {
		.cols = c->file_key,
		.n_cols = c->n_key,
		.dialect = c->spec->dialect,
	};

	for (size_t i = 0; i < c->n_key; i++) {
		c->file_key[i] = c->file->cols[c->key[i]];
		if (c->file_key[i] == NO_COL) {
			err_set(e, ERR_INPUT, "column '%s' of the key is missing",
				c->cols[c->key[i]].name);
			return err_at(e, "%s", c->file->path);
		}
	}
	return table_keymap_add(m, t, c->n_key ? &key : NULL, row_text, c, pool, progress, e);
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
	if (c->n_key)
		c->result->n_unkeyed = counts.n_unkeyed;
	if (table_keymap_is_spilled(m))
		return write_from_disk(c, e);
	if (c->n_key)
		c->result->n_duplicates = counts.n_duplicates;
	if (c->n_sort)
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

static int read_file(struct concat *c, struct file *f, struct table_keymap *m, struct pool *pool,
	struct progress *progress, struct err *e)
{
	struct csv_run run = {
		.work = pass_chunk,
		.done = write_chunk,
		.ctx = c,
		.result_size = sizeof(uint64_t),
		.progress = progress,
	};
	int64_t size;
	int rc;

	if (!f->table)
		f->table = csv_table_open(f->path, c->spec->dialect, e);
	if (!f->table)
		return -1;
	if (csv_table_n_cols(f->table) != f->n_cols) {
		err_set(e, ERR_SYSTEM, "the file has changed while it was read");
		return err_at(e, "%s", f->path);
	}
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
		.is_list = !c->n_key,
		.sink = table_concat_disk_row,
	};
	struct table_keymap *m = NULL;
	int rc = -1;

	budget_init(&c->budget, c->spec->memory);

	output_slice(c->out, buf_slice(&c->header));
	if (c->spec->memory && (c->n_key || c->n_sort)) {
		c->disk = table_concat_disk_new(c->spec->memory, c->spec->temp_dir, spec.duplicates,
			c->n_key > 0, c->n_sort > 0, e);
		if (!c->disk)
			return -1;
		spec.budget = &c->budget;
		spec.sink_ctx = c->disk;
	}
	if (c->n_key || c->n_sort) {
		m = table_keymap_new(&spec, e);
		if (!m)
			goto out;
	}
	for (size_t i = 0; i < c->n_files; i++)
		if (read_file(c, &c->files[i], m, pool, progress, e))
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
	struct concat c = { .spec = spec, .out = out, .header = BUF_INIT, .result = r };
	int rc = -1;

	*r = (struct table_concat_result){ 0 };
	c.files = mem_array(spec->n_paths + 1, sizeof(*c.files), e);
	if (c.files && !plan(&c, e))
		rc = run(&c, pool, progress, e);
	for (size_t i = 0; i < c.n_files; i++)
		csv_table_close(c.files[i].table);
	free(c.files);
	free(c.cols);
	buf_release(&c.header);
	arena_release(&c.memory);
	return rc;
}
