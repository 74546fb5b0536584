#include "csv/rows.h"

#include <stdlib.h>

#include "base/mem.h"

enum { WINDOW_BLOCKS = 256 };

void csv_rows_init(struct csv_rows *r, const struct csv_scan *scan, const struct csv_dialect *d,
	const char *name, size_t n_cols)
{
	*r = (struct csv_rows){
		.scan = scan,
		.name = name,
		.delimiter = csv_dialect_delimiter(d),
		.quote = csv_dialect_quote(d),
		.ragged = d->ragged,
		.n_cols = n_cols,
	};
}

void csv_rows_release(struct csv_rows *r)
{
	free(r->index);
	free(r->fields);
	arena_release(&r->padded);
	r->index = NULL;
	r->fields = NULL;
	r->cap_fields = 0;
}

int csv_rows_begin(struct csv_rows *r, const struct csv_piece *p, struct err *e)
{
	if (!r->index) {
		r->index =
			mem_array_raw((WINDOW_BLOCKS + 1) * CSV_SCAN_BLOCK, sizeof(*r->index), e);
		if (!r->index)
			return -1;
	}
	if (mem_grow(&r->fields, &r->cap_fields, r->n_cols + 1, sizeof(*r->fields), e))
		return -1;
	arena_reset(&r->padded);
	r->piece = p;
	r->next = r->pos = p->start;
	r->line = p->line;
	r->n_index = r->at = 0;
	r->n_ragged = 0;
	csv_scan_init(&r->state, r->delimiter, r->quote);
	return 0;
}

/* ---- what is wrong, and where: byte by byte ---------------------------------------------------- */

static int fail(
	const struct csv_rows *r, uint64_t line, const char *what, const char *hint, struct err *e)
{
	err_set(e, ERR_INPUT, "%s", what);
	if (hint)
		err_hint(e, "%s", hint);
	return err_at(e, "%s:%llu", r->name, (unsigned long long)line);
}

static int fail_behind(const struct csv_rows *r, uint64_t line, uint64_t opened, struct err *e)
{
	err_set(e, ERR_INPUT, "text behind a closing quote");
	if (opened == line)
		err_hint(e, "double the quotes inside a quoted field");
	else
		err_hint(e,
			"the field's quote was opened in line %llu: is it closed, and are quotes "
			"inside "
			"doubled?",
			(unsigned long long)opened);
	return err_at(e, "%s:%llu", r->name, (unsigned long long)line);
}

/* Looks at the row at `pos` again. 0 if nothing is wrong with it, which ends at a newline then. */
static int check_row(const struct csv_rows *r, struct err *e)
{
	enum { START, PLAIN, QUOTED, CLOSED } state = START;
	const char *p = r->piece->p + r->pos, *end = r->piece->p + r->piece->len;
	uint64_t line = r->line, opened = line;

	for (; p < end; p++) {
		bool is_quote = r->quote && *p == r->quote;

		if (*p == '\0')
			return fail(r, line, "there is a NUL byte",
				"is it text? UTF-16 can be converted with iconv", e);
		if (state == QUOTED) {
			if (is_quote)
				state = CLOSED;
		} else if (*p == '\n') {
			return 0;
		} else if (*p == r->delimiter) {
			state = START;
		} else if (state == CLOSED) {
			if (is_quote)
				state = QUOTED;
			else if (*p != '\r' || p[1] != '\n')
				return fail_behind(r, line, opened, e);
		} else if (is_quote) {
			if (state == PLAIN)
				return fail(r, line,
					"a quote inside a field that does not begin with one",
					"quote the whole field and double the quote, or say "
					"--quote ''",
					e);
			state = QUOTED;
			opened = line;
		} else {
			state = PLAIN;
		}
		line += *p == '\n';
	}
	return fail(r, opened, "a quoted field is never closed",
		"close the quote that opens in this row", e);
}

/* A row whose end was not found, or whose fields look wrong. */
static int fail_row(const struct csv_rows *r, struct err *e)
{
	if (check_row(r, e))
		return -1;
	return fail(r, r->line, "the row cannot be read", NULL, e);
}

/* ---- the fast path ------------------------------------------------------------------------------ */

/* Scans windows until there is an end of a field. */
static int fill_index(struct csv_rows *r, struct err *e)
{
	const struct csv_piece *p = r->piece;

	r->at = r->n_index = 0;
	while (r->n_index == 0) {
		size_t left, n_blocks;

		if (r->next >= p->len)
			return fail_row(r, e);
		left = p->len - r->next;
		n_blocks = (left + CSV_SCAN_BLOCK - 1) / CSV_SCAN_BLOCK;
		if (n_blocks > WINDOW_BLOCKS)
			n_blocks = WINDOW_BLOCKS;
		r->n_index = r->scan->index(
			&r->state, p->p + r->next, n_blocks, (uint32_t)r->next, r->index);
		r->next += n_blocks * CSV_SCAN_BLOCK;
	}
	return 0;
}

static int finish_quoted(struct csv_rows *r, struct csv_field *f, uint64_t *n_lines, struct err *e)
{
	if (f->len < 2 || f->p[f->len - 1] != r->quote)
		return fail_row(r, e);
	f->quoted = true;
	f->escaped = memchr(f->p + 1, r->quote, f->len - 2) != NULL;
	if (r->state.inner_newline) {
		const char *p = f->p, *end = f->p + f->len;

		while ((p = memchr(p, '\n', (size_t)(end - p)))) {
			++*n_lines;
			p++;
		}
	}
	return 0;
}

static int split_row(struct csv_rows *r, struct csv_row *row, struct err *e)
{
	const char *base = r->piece->p, *p = base + r->pos;
	struct csv_field *fields = r->fields;
	uint64_t n_lines = 1;
	size_t n = 0;

	row->raw.p = p;
	row->n_eol = 1;
	for (;;) {
		if (r->at == r->n_index && fill_index(r, e))
			return -1;

		const char *end = base + r->index[r->at++];
		bool is_last = *end == '\n';

		if (n == r->cap_fields) {
			if (mem_grow(&r->fields, &r->cap_fields, n + 1, sizeof(*fields), e))
				return -1;
			fields = r->fields;
		}
		struct csv_field *f = &fields[n++];
		const char *next = end + 1;

		if (is_last && end > p && end[-1] == '\r') {
			end--;
			row->n_eol = 2;
		}
		*f = (struct csv_field){ .p = p, .len = (uint32_t)(end - p) };
		if (r->quote && *p == r->quote && finish_quoted(r, f, &n_lines, e))
			return -1;
		p = next;
		if (is_last) {
			row->raw.len = (size_t)(end - row->raw.p);
			break;
		}
	}
	if ((r->state.bad_quotes || r->state.has_nul) && check_row(r, e))
		return -1;
	row->fields = fields;
	row->n = n;
	row->line = r->line;
	r->line += n_lines;
	r->pos = (size_t)(p - base);
	if (r->pos >= r->piece->len && r->piece->is_eol_added)
		row->n_eol--;
	return 0;
}

/* A copy of the row with empty fields behind, as if the file had had them. */
static int pad_row(struct csv_rows *r, struct csv_row *row, struct err *e)
{
	size_t more = r->n_cols - row->n, len = row->raw.len;
	char *copy;

	copy = arena_alloc(&r->padded, len + more + row->n_eol + 1, e);
	if (!copy || mem_grow(&r->fields, &r->cap_fields, r->n_cols, sizeof(*r->fields), e))
		return -1;
	memcpy(copy, row->raw.p, len);
	memset(copy + len, r->delimiter, more);
	memcpy(copy + len + more, row->raw.p + len, row->n_eol);
	for (size_t i = 0; i < row->n; i++)
		r->fields[i].p = copy + (r->fields[i].p - row->raw.p);
	for (size_t i = 0; i < more; i++)
		r->fields[row->n + i] = (struct csv_field){ .p = copy + len + i + 1 };
	row->raw = (struct slice){ copy, len + more };
	row->fields = r->fields;
	row->n = r->n_cols;
	return 0;
}

/* A row with too few or too many fields: 1 keep it, 0 skip it, -1 error. */
static int handle_ragged(struct csv_rows *r, struct csv_row *row, struct err *e)
{
	bool can_pad = r->ragged == CSV_RAGGED_PAD && row->n < r->n_cols;

	if (r->ragged != CSV_RAGGED_SKIP && !can_pad) {
		if (row->raw.len == 0)
			err_set(e, ERR_INPUT, "an empty line where %zu fields were expected",
				r->n_cols);
		else
			err_set(e, ERR_INPUT, "%zu field%s where %zu %s expected", row->n,
				row->n == 1 ? "" : "s", r->n_cols, r->n_cols == 1 ? "was" : "were");
		err_hint(e, "%s",
			row->n < r->n_cols ? "correct the row, or choose --ragged pad or skip"
					   : "correct the row (is a delimiter not quoted?), or "
					     "choose --ragged skip");
		return err_at(e, "%s:%llu", r->name, (unsigned long long)row->line);
	}
	r->n_ragged++;
	if (!can_pad)
		return 0;
	return pad_row(r, row, e) ? -1 : 1;
}

int csv_rows_next(struct csv_rows *r, struct csv_row *row, struct err *e)
{
	while (r->pos < r->piece->len) {
		if (split_row(r, row, e))
			return -1;
		if (row->n == r->n_cols || r->n_cols == 0 || r->ragged == CSV_RAGGED_KEEP)
			return 1;

		int keep = handle_ragged(r, row, e);

		if (keep)
			return keep;
	}
	return 0;
}
