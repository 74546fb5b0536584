#include "table/column_piece.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"

void table_column_piece_release(void *result)
{
	struct column_piece *p = result;

	for (size_t i = 0; p->parts && i < p->n_cols; i++) {
		struct column_part *part = &p->parts[i];

		free(part->numbers);
		free(part->codes);
		table_dict_release(&part->dict);
		arena_release(&part->texts);
	}
	free(p->parts);
	free(p->marks);
	free(p->map);
	buf_release(&p->unquoted);
}

static int piece_begin(struct column_piece *p, const struct column_layout *l, struct err *e)
{
	if (!p->parts) {
		buf_init(&p->unquoted);
		p->n_cols = l->n_cols;
		p->parts = mem_array(p->n_cols, sizeof(*p->parts), e);
		if (!p->parts)
			return -1;
	}
	p->n_rows = p->n_marks = 0;
	for (size_t i = 0; i < p->n_cols; i++) {
		struct column_part *part = &p->parts[i];

		part->mode =
			(enum column_mode)atomic_load_explicit(&l->modes[i], memory_order_relaxed);
		part->failed = false;
		part->is_int = true;
		part->n_missing = 0;
		table_dict_reset(&part->dict);
		arena_reset(&part->texts);
	}
	return 0;
}

static int add_text(struct column_piece *p, struct column_part *part, const struct csv_field *f,
	const struct table_cells *cells, struct err *e)
{
	struct slice v;

	if (table_cell_value(cells, f, &p->unquoted, &v, e))
		return -1;
	if (table_cell_is_missing(cells, v)) {
		part->codes[p->n_rows] = TABLE_MISSING;
		part->n_missing++;
		return 0;
	}
	if (f->escaped) {
		/* It stands in a buffer that the next value takes. */
		v.p = arena_copy(&part->texts, v.p, v.len, e);
		if (!v.p)
			return -1;
	}
	return table_dict_add_borrowed(
		&part->dict, v, table_dict_hash(v), &part->codes[p->n_rows], e);
}

/** Is it one to nine digits, as most numbers are? */
static inline bool whole_number(struct slice v, uint32_t *n)
{
	uint32_t digit, most = 0;

	*n = 0;
	for (size_t i = 0; i < v.len && v.len <= 9; i++) {
		digit = (uint32_t)(uint8_t)v.p[i] - '0';
		most |= digit > 9;
		*n = *n * 10 + digit;
	}
	return v.len - 1 < 9 && !most;
}

static int add_number(struct column_piece *p, struct column_part *part, const struct csv_field *f,
	const struct table_cells *cells, struct err *e)
{
	struct slice v;
	double x = NAN;
	bool is_missing;
	uint32_t n;

	if (table_cell_value(cells, f, &p->unquoted, &v, e))
		return -1;
	is_missing = table_cell_is_missing(cells, v);
	if (!is_missing && whole_number(v, &n)) {
		part->numbers[p->n_rows] = (float)n;
		return 0;
	}
	if (!is_missing && !table_cell_number(v, &x)) {
		part->failed = true;
		part->mode = COLUMN_NOT;
		return 0;
	}
	if (isnan(x))
		part->n_missing++;
	else if (part->is_int)
		part->is_int = fabs(x) < 0x1p53 && (double)(int64_t)x == x;
	part->numbers[p->n_rows] = (float)x;
	return 0;
}

static int mark_line(struct column_piece *p, uint64_t line, struct err *e)
{
	if (p->n_rows == 0 || line != p->next_line) {
		if (mem_grow(&p->marks, &p->cap_marks, p->n_marks + 1, sizeof(*p->marks), e))
			return -1;
		p->marks[p->n_marks++] = (struct column_mark){ p->n_rows, line, 0 };
	}
	p->next_line = line + 1;
	return 0;
}

static int add_row(struct column_piece *p, const struct column_layout *l, const struct csv_row *row,
	struct err *e)
{
	for (size_t i = 0; i < p->n_cols; i++) {
		struct column_part *part = &p->parts[i];
		const struct csv_field *f = &row->fields[l->fields[i]];

		if (part->mode == COLUMN_TEXT) {
			if (p->n_rows == part->cap_codes &&
				mem_grow(&part->codes, &part->cap_codes, p->n_rows + 1,
					sizeof(*part->codes), e))
				return -1;
			if (add_text(p, part, f, &l->cells, e))
				return -1;
		} else if (part->mode == COLUMN_NUMBER) {
			if (p->n_rows == part->cap_numbers &&
				mem_grow(&part->numbers, &part->cap_numbers, p->n_rows + 1,
					sizeof(*part->numbers), e))
				return -1;
			if (add_number(p, part, f, &l->cells, e))
				return -1;
			if (part->failed)
				atomic_store_explicit(
					&l->modes[i], COLUMN_NOT, memory_order_relaxed);
		}
	}
	p->n_rows++;
	return 0;
}

int table_column_piece_read(const struct column_layout *l, struct csv_chunk *c, struct err *e)
{
	struct column_piece *p = csv_chunk_result(c);
	struct csv_row row;
	int rc;

	if (piece_begin(p, l, e))
		return -1;
	while ((rc = csv_chunk_next(c, &row, e)) > 0) {
		if (mark_line(p, row.line, e) || add_row(p, l, &row, e))
			return -1;
	}
	return rc;
}
