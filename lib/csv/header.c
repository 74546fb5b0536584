#include "csv/header.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/opt.h"

static int by_name(const void *a, const void *b)
{
	return strcmp(**(const char **const *)a, **(const char **const *)b);
}

/* Two columns of one name, one without, one of a file with old line ends: an error. */
static int check_names(const struct csv_header *h, const struct csv_rows *rows, struct err *e)
{
	const char ***sorted;
	int rc = -1;

	sorted = mem_array(h->n_cols, sizeof(*sorted), e);
	if (!sorted)
		return -1;
	for (size_t i = 0; i < h->n_cols; i++) {
		sorted[i] = &h->names[i];
		if (!*h->names[i]) {
			err_set(e, ERR_INPUT, "column %zu has no name", i + 1);
			err_hint(e, "name it in the header, or say --no-header if there is none");
			goto out;
		}
		if (!h->fields[i].quoted && strchr(h->names[i], '\r')) {
			err_set(e, ERR_INPUT, "a carriage return in the name of column %zu", i + 1);
			err_hint(e, "do lines end with it alone? tr '\\r' '\\n' converts them");
			goto out;
		}
	}
	qsort(sorted, h->n_cols, sizeof(*sorted), by_name);
	for (size_t i = 1; i < h->n_cols; i++) {
		if (strcmp(*sorted[i - 1], *sorted[i]) == 0) {
			size_t a = (size_t)(sorted[i - 1] - h->names),
			       b = (size_t)(sorted[i] - h->names);

			err_set(e, ERR_INPUT, "columns %zu and %zu are both called '%s'",
				(a < b ? a : b) + 1, (a < b ? b : a) + 1, *sorted[i]);
			err_hint(e, "rename one of them, or say --no-header if there is none");
			goto out;
		}
	}
	rc = 0;
out:
	free(sorted);
	return rc ? err_at(e, "%s:%llu", rows->name, (unsigned long long)h->row.line) : 0;
}

static int copy_row(struct csv_header *h, const struct csv_row *row, struct err *e)
{
	size_t len = row->raw.len + row->n_eol;
	char *copy = arena_dup(&h->memory, row->raw.p, len, e);

	if (!copy)
		return -1;
	h->row = *row;
	h->row.fields = h->fields;
	h->row.raw.p = copy;
	for (size_t i = 0; i < row->n; i++) {
		h->fields[i] = row->fields[i];
		h->fields[i].p = copy + (row->fields[i].p - row->raw.p);
	}
	return 0;
}

static int take_names(struct csv_header *h, char quote, struct err *e)
{
	struct buf b = BUF_INIT;
	int rc = -1;

	for (size_t i = 0; i < h->n_cols; i++) {
		struct slice v = csv_field_value(&h->fields[i], quote, &b);

		h->names[i] = arena_dup(&h->memory, v.p, v.len, e);
		if (!h->names[i])
			goto out;
	}
	rc = buf_check(&b, e);
out:
	buf_release(&b);
	return rc;
}

static int make_names(struct csv_header *h, char delimiter, struct err *e)
{
	struct buf b = BUF_INIT;
	int rc = -1;

	for (size_t i = 0; i < h->n_cols; i++)
		buf_addf(&b, "%s%zu", i ? (char[]){ delimiter, '\0' } : "", i + 1);
	buf_add_char(&b, '\n');
	if (buf_check(&b, e))
		goto out;

	const char *copy = arena_dup(&h->memory, b.p, b.len, e);

	if (!copy)
		goto out;
	for (size_t i = 0; i < h->n_cols; i++) {
		char name[NUM_TEXT_MAX];
		size_t len = num_format_int(name, (int64_t)i + 1);

		h->fields[i] = (struct csv_field){ .p = copy, .len = (uint32_t)len };
		copy += len + 1;
		h->names[i] = arena_dup(&h->memory, name, len, e);
		if (!h->names[i])
			goto out;
	}
	h->row = (struct csv_row){
		.fields = h->fields,
		.n = h->n_cols,
		.raw = { h->fields[0].p, b.len - 1 },
		.n_eol = 1,
	};
	rc = 0;
out:
	buf_release(&b);
	return rc;
}

int csv_header_read(struct csv_header *h, struct csv_rows *rows, struct csv_piece *first,
	bool no_header, struct err *e)
{
	struct csv_row row;
	int got;

	*h = (struct csv_header){ .memory = ARENA_INIT };
	if (csv_rows_begin(rows, first, e))
		return -1;
	got = csv_rows_next(rows, &row, e);
	if (got < 0)
		return -1;
	if (got == 0 || (row.n == 1 && row.raw.len == 0 && !no_header)) {
		err_set(e, ERR_INPUT, got ? "the header is empty" : "the table is empty");
		err_hint(e, no_header ? "the first line says how many columns there are"
				      : "the first line must name the columns");
		return err_at(e, "%s", rows->name);
	}
	h->n_cols = rows->n_cols = row.n;
	h->names = mem_array(row.n + 1, sizeof(*h->names), e);
	h->fields = mem_array(row.n, sizeof(*h->fields), e);
	if (!h->names || !h->fields)
		return -1;
	if (no_header)
		return make_names(h, rows->delimiter, e);
	if (copy_row(h, &row, e) || take_names(h, rows->quote, e) || check_names(h, rows, e))
		return -1;
	first->start = rows->pos;
	first->line = rows->line;
	return 0;
}

void csv_header_release(struct csv_header *h)
{
	free(h->names);
	free(h->fields);
	arena_release(&h->memory);
	h->names = NULL;
	h->fields = NULL;
}

/* The delimiter that a header of one column seems to have, or NULL: only to be told, never taken. */
static const char *likely_delimiter(const struct csv_header *h)
{
	static const char *const others[] = { ";", "\t", "|", "," };

	for (size_t i = 0; h->n_cols == 1 && i < sizeof(others) / sizeof(*others); i++)
		if (strstr(h->names[0], others[i]))
			return *others[i] == '\t' ? "\\t" : others[i];
	return NULL;
}

int csv_header_find(const struct csv_header *h, const char *file, const char *name, struct err *e)
{
	const char *near, *delimiter = likely_delimiter(h);

	for (size_t i = 0; i < h->n_cols; i++)
		if (strcmp(h->names[i], name) == 0)
			return (int)i;
	err_set(e, ERR_INPUT, "there is no column '%s'", name);
	near = opt_nearest(name, h->names);
	if (delimiter)
		err_hint(e, "the header is one column, '%s': say --delimiter '%s' if that is it",
			h->names[0], delimiter);
	else if (near)
		err_hint(e, "is '%s' meant?", near);
	return err_at(e, "%s", file);
}
