/*
 * The reading half of a fit. A column whose type decides what is done to it counts as numbers
 * until a value is none. If it must then be coded, the blocks so far get their codes first (from
 * their bytes), so that codes go by first appearance.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "table/encode_fit.h"

/* What a piece of rows comes to, of one column. */
struct fit_part {
	bool coded, by_type; /* how it is read */
	bool contradicted; /* a value is not a number */
	uint64_t n_missing;
	struct buf bytes; /* if not coded */
	uint32_t *codes; /* else, of `dict`; TABLE_DICT_NONE: missing */
	size_t cap_codes;
	struct table_dict dict;
	uint64_t *counts; /* [dict.n] rows of each code, if the column is counted */
	size_t cap_counts;
	uint32_t n_counted; /* codes that `counts` knows */
	struct arena texts;
};

struct fit_piece {
	size_t n_rows, n_cols;
	struct fit_part *parts; /* [n_cols] */
	struct buf unquoted;
	uint32_t *map;
	size_t cap_map;
};

/* ---- reading a piece ---- */

void table_fit_release(void *result)
{
	struct fit_piece *p = result;

	for (size_t i = 0; p->parts && i < p->n_cols; i++) {
		buf_release(&p->parts[i].bytes);
		free(p->parts[i].codes);
		free(p->parts[i].counts);
		table_dict_release(&p->parts[i].dict);
		arena_release(&p->parts[i].texts);
	}
	free(p->parts);
	free(p->map);
	buf_release(&p->unquoted);
}

static int piece_begin(struct fit_piece *p, const struct table_fit *f, struct err *e)
{
	if (!p->parts) {
		buf_init(&p->unquoted);
		p->n_cols = f->n_cols;
		p->parts = mem_array(p->n_cols, sizeof(*p->parts), e);
		if (!p->parts)
			return -1;
		for (size_t i = 0; i < p->n_cols; i++)
			buf_init(&p->parts[i].bytes);
	}
	p->n_rows = 0;
	for (size_t i = 0; i < p->n_cols; i++) {
		struct fit_part *part = &p->parts[i];
		const struct table_fit_col *col = &f->cols[i];
		bool text = atomic_load_explicit(&col->seen_text, memory_order_relaxed);

		part->coded =
			col->kind == TABLE_FIT_VALUES || (col->by_type && f->o->codes_text && text);
		part->by_type = col->by_type && !text;
		part->contradicted = false;
		part->n_missing = 0;
		buf_reset(&part->bytes);
		part->n_counted = 0;
		table_dict_reset(&part->dict);
		arena_reset(&part->texts);
	}
	return 0;
}

static void keep_bytes(struct buf *b, struct slice s, bool missing)
{
	char *w = buf_reserve(b, s.len + 6);
	char *start = w;

	if (!w)
		return;
	if (missing)
		*w++ = (char)MISSING_FIELD;
	if (s.len <= SHORT_FIELD) {
		*w++ = (char)s.len;
	} else {
		uint32_t len = (uint32_t)s.len;

		*w++ = (char)LONG_FIELD;
		memcpy(w, &len, sizeof(len));
		w += sizeof(len);
	}
	memcpy(w, s.p, s.len);
	b->len += (size_t)(w - start) + s.len;
}

static int count_code(struct fit_part *part, uint32_t code, struct err *e)
{
	if (mem_grow(&part->counts, &part->cap_counts, part->dict.n, sizeof(*part->counts), e))
		return -1;
	if (part->n_counted < part->dict.n)
		part->counts[part->n_counted++] = 0;
	part->counts[code]++;
	return 0;
}

static int read_code(struct fit_piece *p, struct fit_part *part, const struct table_fit *f,
	const struct table_fit_col *col, const struct csv_field *field, struct slice v,
	struct err *e)
{
	uint32_t *code;

	if (p->n_rows == part->cap_codes &&
		mem_grow(&part->codes, &part->cap_codes, p->n_rows + 1, sizeof(*part->codes), e))
		return -1;
	code = &part->codes[p->n_rows];
	if (table_cell_is_missing(&f->cells, v)) {
		part->n_missing++;
		v = table_fit_fill(f, col);
		if (!v.p) {
			*code = TABLE_DICT_NONE;
			return 0;
		}
	} else if (field->escaped) {
		/* It stands in a buffer that the next value takes. */
		v.p = arena_copy(&part->texts, v.p, v.len, e);
		if (!v.p)
			return -1;
	}
	if (table_dict_add_borrowed(&part->dict, v, table_dict_hash(v), code, e))
		return -1;
	return col->counted ? count_code(part, *code, e) : 0;
}

static int read_bytes(struct fit_part *part, const struct table_fit *f,
	const struct table_fit_col *col, const struct csv_field *field, struct slice v,
	uint64_t line, struct err *e)
{
	const struct table_rule *r = col->rule;
	bool missing = table_cell_is_missing(&f->cells, v);
	struct slice kept = { field->p, field->len };
	char date[TABLE_DATE_WIDTH];
	struct num_date d;
	double x;

	part->n_missing += missing;
	if (part->by_type && !missing && !table_cell_number(v, &x)) {
		part->by_type = false;
		part->contradicted = true;
	}
	if (r->date && !missing) {
		if (!table_rule_date(r, v, &d))
			return table_steps_bad_date(r, f->name, line, v, e);
		kept = (struct slice){ date,
			(size_t)(table_steps_put_date(date, r, &d, f->steps.delimiter) - date) };
	}
	keep_bytes(&part->bytes, kept, missing);
	return 0;
}

/* The target must be a number in each row: what is not known cannot be averaged. */
static int read_target(struct fit_part *part, const struct table_fit *f, struct slice v,
	uint64_t line, struct err *e)
{
	double x;

	if (!csv_value_number(v, &x)) {
		if (table_cell_is_missing(&f->cells, v))
			err_set(e, ERR_INPUT, "the target '%s' is missing", f->o->by);
		else
			err_set(e, ERR_INPUT, "'%.*s' in the target '%s' is not a number",
				(int)(v.len > 60 ? 60 : v.len), v.p, f->o->by);
		err_at(e, "%s:%llu", f->name, (unsigned long long)line);
		return err_hint(e, "--target-mean wants a number in each row, 0 or 1 of a class");
	}
	buf_add(&part->bytes, &x, sizeof(x));
	return 0;
}

static int read_row(
	struct fit_piece *p, const struct table_fit *f, const struct csv_row *row, struct err *e)
{
	for (size_t i = 0; i < p->n_cols; i++) {
		struct fit_part *part = &p->parts[i];
		const struct table_fit_col *col = &f->cols[i];
		const struct csv_field *field = &row->fields[col->field];
		struct slice v;
		int rc;

		if (col->owner != i)
			continue;
		if (table_cell_value(&f->cells, field, &p->unquoted, &v, e))
			return -1;
		if (col->kind == TABLE_FIT_TARGET)
			rc = read_target(part, f, v, row->line, e);
		else if (part->coded)
			rc = read_code(p, part, f, col, field, v, e);
		else
			rc = read_bytes(part, f, col, field, v, row->line, e);
		if (rc)
			return -1;
	}
	p->n_rows++;
	return 0;
}

int table_fit_read(void *ctx, struct csv_chunk *c, int worker, struct err *e)
{
	struct table_fit *f = ctx;
	struct fit_piece *p = csv_chunk_result(c);
	struct csv_row row;
	int rc;

	(void)worker;
	if (piece_begin(p, f, e))
		return -1;
	while ((rc = csv_chunk_next(c, &row, e)) > 0) {
		if (read_row(p, f, &row, e))
			return -1;
	}
	for (size_t i = 0; rc == 0 && i < p->n_cols; i++) {
		if (p->parts[i].contradicted)
			atomic_store_explicit(&f->cols[i].seen_text, true, memory_order_relaxed);
		rc = buf_check(&p->parts[i].bytes, e);
	}
	return rc;
}

/* ---- keeping it: one piece at a time, in the order of the rows ---- */

/* Adds what a piece counted, or `n` of one code. */
static int add_counts(struct table_fit_col *col, const uint32_t *codes, const uint64_t *counts,
	size_t n, struct err *e)
{
	size_t before = col->cap_counts;

	if (!col->counted)
		return 0;
	if (col->dict.n > before) {
		if (mem_grow(&col->counts, &col->cap_counts, col->dict.n, sizeof(*col->counts), e))
			return -1;
		memset(col->counts + before, 0, (col->cap_counts - before) * sizeof(*col->counts));
	}
	for (size_t i = 0; i < n; i++)
		col->counts[codes[i]] += counts[i];
	return 0;
}

/* Adds the texts of kept bytes to the column's codes. */
static int code_bytes(struct table_fit *f, struct table_fit_col *col, const char *at,
	uint64_t n_rows, struct err *e)
{
	static const uint64_t one = 1;
	struct buf unquoted = BUF_INIT;
	int rc = 0;

	for (uint64_t r = 0; r < n_rows && rc == 0; r++) {
		struct slice v;
		uint32_t code;

		rc = table_fit_value(f, col, &at, &unquoted, &v, e);
		if (rc == 0 && v.p) {
			rc = table_dict_add(&col->dict, v, table_dict_hash(v), &code, e);
			if (rc == 0)
				rc = add_counts(col, &code, &one, 1, e);
		}
	}
	buf_release(&unquoted);
	return rc;
}

/* A column turned out to be text: the blocks so far, which took it for numbers, come first. */
static int code_blocks(struct table_fit *f, size_t col, struct err *e)
{
	struct buf b = BUF_INIT;
	int rc = 0;

	for (size_t i = 0; i < f->store.n && rc == 0; i++) {
		struct table_fit_block block;
		struct slice bytes;
		bool coded;

		rc = table_store_get(&f->store, i, &b, &bytes, e);
		if (rc == 0) {
			const char *at = table_fit_part(f, bytes, col, &block, &coded);

			rc = code_bytes(f, &f->cols[col], at, block.n_rows, e);
		}
	}
	buf_release(&b);
	return rc;
}

/* A column that was read as codes: those of the piece become the table's. */
static int keep_codes(struct table_fit *f, struct table_fit_col *col, struct fit_piece *p,
	const struct fit_part *part, struct err *e)
{
	uint32_t *to;

	if (mem_grow(&p->map, &p->cap_map, (size_t)part->dict.n + 1, sizeof(*p->map), e) ||
		table_dict_merge(&col->dict, &part->dict, p->map, e) ||
		add_counts(col, p->map, part->counts, part->dict.n, e))
		return -1;
	to = (uint32_t *)(void *)buf_reserve(&f->block, p->n_rows * sizeof(*to));
	if (!to)
		return buf_check(&f->block, e);
	for (size_t r = 0; r < p->n_rows; r++)
		to[r] = part->codes[r] == TABLE_DICT_NONE ? TABLE_DICT_NONE
							  : p->map[part->codes[r]];
	f->block.len += p->n_rows * sizeof(*to);
	return 0;
}

static int keep_part(struct table_fit *f, size_t i, struct fit_piece *p, struct err *e)
{
	static const char zeros[8] = { 0 };
	struct table_fit_col *col = &f->cols[i];
	struct fit_part *part = &p->parts[i];
	size_t start = f->block.len, pad;
	uint64_t word;

	if (col->by_type && !col->is_text && (part->contradicted || part->coded)) {
		col->is_text = true;
		if (f->o->codes_text && code_blocks(f, i, e))
			return -1;
	}
	col->n_missing += part->n_missing;
	if (part->coded) {
		if (keep_codes(f, col, p, part, e))
			return -1;
	} else {
		if (table_fit_makes_codes(f, col) &&
			code_bytes(f, col, part->bytes.p, p->n_rows, e))
			return -1;
		buf_add_slice(&f->block, buf_slice(&part->bytes));
	}
	/* Each column begins at a multiple of 8, for the codes. */
	pad = (0 - (f->block.len - start)) & 7;
	buf_add(&f->block, zeros, pad);
	word = (uint64_t)(f->block.len - start) << 1 | part->coded;
	memcpy(f->block.p + (2 + i) * sizeof(word), &word, sizeof(word));
	return buf_check(&f->block, e);
}

int table_fit_keep(void *ctx, struct csv_chunk *c, struct err *e)
{
	struct table_fit *f = ctx;
	struct fit_piece *p = csv_chunk_result(c);
	const uint64_t rows[2] = { p->n_rows, f->n_rows };
	size_t head = (2 + f->n_cols) * sizeof(uint64_t);

	buf_reset(&f->block);
	if (!buf_reserve(&f->block, head))
		return buf_check(&f->block, e);
	memset(f->block.p, 0, head);
	memcpy(f->block.p, rows, sizeof(rows));
	f->block.len = head;
	for (size_t i = 0; i < f->n_cols; i++) {
		if (f->cols[i].owner == i && keep_part(f, i, p, e))
			return -1;
	}
	f->n_rows += p->n_rows;
	return table_store_add(&f->store, buf_slice(&f->block), e);
}

size_t table_fit_result_size(void)
{
	return sizeof(struct fit_piece);
}
