/*
 * The reading half of a fit. A column whose type decides what is done to it counts as numbers
 * until a value is none. If it must then be coded, the blocks so far get their codes first (from
 * their bytes), so that codes go by first appearance.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "table/encode_fit.h"

/*
 * Rows are taken some at a time and then looked at column by column, so that what a column needs is
 * in the nearest cache, and its look-ups are under way together.
 */
enum { BATCH = 64 };

/* Slots of a dictionary that does not stay in the nearest cache: look-ups are worth a fetch ahead. */
enum { LARGE = 2048 };

/* A code that is not the table's yet but the piece's own. */
static const uint32_t LOCAL = UINT32_C(1) << 31;

/* What a piece of rows comes to, of one column. */
struct fit_part {
	bool coded, by_type; /* how it is read */
	bool contradicted; /* a value is not a number */
	uint64_t n_missing;
	struct buf bytes; /* if not coded */
	uint32_t *codes; /* else; with LOCAL: of `dict`; TABLE_DICT_NONE: missing */
	size_t cap_codes;
	struct table_dict dict; /* what the table's did not have */
	struct arena texts;
	const struct table_dict_view *known; /* the table's */
};

struct fit_piece {
	size_t n_rows, n_cols;
	struct fit_part *parts; /* [n_cols] */
	struct csv_field *fields; /* [n_cols][BATCH] of the rows at hand */
	uint64_t lines[BATCH];
	uint64_t bad_line; /* of a value that was refused last; 0: none */
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
		table_dict_release(&p->parts[i].dict);
		arena_release(&p->parts[i].texts);
	}
	free(p->parts);
	free(p->fields);
	free(p->map);
	buf_release(&p->unquoted);
}

static int piece_begin(struct fit_piece *p, const struct table_fit *f, struct err *e)
{
	if (!p->parts) {
		buf_init(&p->unquoted);
		p->n_cols = f->n_cols;
		p->parts = mem_array(p->n_cols, sizeof(*p->parts), e);
		p->fields = mem_array(p->n_cols * BATCH, sizeof(*p->fields), e);
		if (!p->parts || !p->fields)
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
		part->known = part->coded ? table_dict_newest(&col->dict) : NULL;
		buf_reset(&part->bytes);
		table_dict_reset(&part->dict);
		arena_reset(&part->texts);
	}
	return 0;
}

/* The values of a batch, with fills; {NULL, 0}: missing. They live as long as the piece. */
static int take_values(struct fit_part *part, const struct table_fit *f,
	const struct table_fit_col *col, const struct csv_field *fields, size_t n, struct buf *b,
	struct slice *values, struct err *e)
{
	struct slice fill = table_fit_fill(f, col);

	for (size_t r = 0; r < n; r++) {
		struct slice v;

		if (table_cell_value(&f->cells, &fields[r], b, &v, e))
			return -1;
		if (table_cell_is_missing(&f->cells, v)) {
			part->n_missing++;
			v = fill;
		} else if (fields[r].escaped) {
			/* It stands in a buffer that the next value takes. */
			v.p = arena_copy(&part->texts, v.p, v.len, e);
			if (!v.p)
				return -1;
		}
		values[r] = v;
	}
	return 0;
}

static int read_codes(struct fit_part *part, const struct table_fit *f,
	const struct table_fit_col *col, const struct csv_field *fields, size_t n_before, size_t n,
	struct buf *b, struct err *e)
{
	const struct table_dict_view *known = part->known;
	struct slice values[BATCH];
	uint32_t hashes[BATCH], *codes;

	if (mem_grow(&part->codes, &part->cap_codes, n_before + n, sizeof(*part->codes), e) ||
		take_values(part, f, col, fields, n, b, values, e))
		return -1;
	for (size_t r = 0; r < n; r++)
		hashes[r] = values[r].p ? table_dict_hash(values[r]) : 0;
	if (known->mask >= LARGE) {
		for (size_t r = 0; r < n; r++)
			table_dict_prefetch(known, hashes[r]);
		for (size_t r = 0; r < n; r++)
			table_dict_prefetch_item(known, hashes[r]);
		for (size_t r = 0; r < n; r++)
			table_dict_prefetch_text(known, hashes[r]);
	}
	codes = part->codes + n_before;
	for (size_t r = 0; r < n; r++) {
		codes[r] = values[r].p ? table_dict_look(known, values[r], hashes[r])
				       : TABLE_DICT_NONE;
		if (codes[r] < LOCAL || !values[r].p)
			continue;
		if (table_dict_add_borrowed(&part->dict, values[r], hashes[r], &codes[r], e))
			return -1;
		codes[r] |= LOCAL;
	}
	return 0;
}

static char *put_kept(char *w, struct slice s, bool missing)
{
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
	return table_steps_put(w, s);
}

/* Is it a number? Most are a few digits. */
static bool is_number(struct slice v)
{
	double x;

	for (size_t i = 0; i < v.len && i < 18; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return table_cell_number(v, &x);
	}
	return v.len <= 18 || table_cell_number(v, &x);
}

/* Room for a batch of fields, each of which may become a date. */
static char *reserve_kept(struct buf *b, const struct csv_field *fields, size_t n)
{
	size_t len = n * (TABLE_DATE_WIDTH + 6);

	for (size_t r = 0; r < n; r++)
		len += fields[r].len;
	return buf_reserve(b, len);
}

static int read_bytes(struct fit_piece *p, struct fit_part *part, const struct table_fit *f,
	const struct table_fit_col *col, const struct csv_field *fields, size_t n, struct err *e)
{
	const struct table_rule *rule = col->rule;
	char *w = reserve_kept(&part->bytes, fields, n), *start = w;
	char date[TABLE_DATE_WIDTH];

	if (!w)
		return buf_check(&part->bytes, e);
	for (size_t r = 0; r < n; r++) {
		struct slice kept = { fields[r].p, fields[r].len }, v;
		struct num_date d;
		bool missing;

		if (table_cell_value(&f->cells, &fields[r], &p->unquoted, &v, e))
			return -1;
		missing = table_cell_is_missing(&f->cells, v);
		part->n_missing += missing;
		if (part->by_type && !missing && !is_number(v)) {
			part->by_type = false;
			part->contradicted = true;
		}
		if (rule->date && !missing) {
			char *end;

			p->bad_line = p->lines[r];
			if (!table_rule_date(rule, v, &d))
				return table_steps_bad_date(rule, f->name, p->lines[r], v, e);
			end = table_steps_put_date(date, rule, &d, f->steps.delimiter);
			kept = (struct slice){ date, (size_t)(end - date) };
		}
		w = put_kept(w, kept, missing);
	}
	part->bytes.len += (size_t)(w - start);
	return 0;
}

/* The target must be a number in each row: what is not known cannot be averaged. */
static int read_target(struct fit_piece *p, struct fit_part *part, const struct table_fit *f,
	const struct csv_field *fields, size_t n, struct err *e)
{
	for (size_t r = 0; r < n; r++) {
		struct slice v;
		double x;

		if (table_cell_value(&f->cells, &fields[r], &p->unquoted, &v, e))
			return -1;
		if (csv_value_number(v, &x)) {
			buf_add(&part->bytes, &x, sizeof(x));
			continue;
		}
		p->bad_line = p->lines[r];
		if (table_cell_is_missing(&f->cells, v))
			err_set(e, ERR_INPUT, "the target '%s' is missing", f->o->by);
		else
			err_set(e, ERR_INPUT, "'%.*s' in the target '%s' is not a number",
				(int)(v.len > 60 ? 60 : v.len), v.p, f->o->by);
		err_at(e, "%s:%llu", f->name, (unsigned long long)p->lines[r]);
		return err_hint(e, "--target-mean wants a number in each row, 0 or 1 of a class");
	}
	return 0;
}

/* The rows at hand, column by column. Of several bad values the one in the first line is told. */
static int read_batch(struct fit_piece *p, const struct table_fit *f, size_t n, struct err *e)
{
	struct err one = ERR_INIT;
	uint64_t first = UINT64_MAX;

	for (size_t i = 0; n > 0 && i < p->n_cols; i++) {
		struct fit_part *part = &p->parts[i];
		const struct table_fit_col *col = &f->cols[i];
		const struct csv_field *fields = p->fields + i * BATCH;
		int rc;

		p->bad_line = 0;
		if (col->owner != i)
			continue;
		if (col->kind == TABLE_FIT_TARGET)
			rc = read_target(p, part, f, fields, n, &one);
		else if (part->coded)
			rc = read_codes(part, f, col, fields, p->n_rows, n, &p->unquoted, &one);
		else
			rc = read_bytes(p, part, f, col, fields, n, &one);
		if (rc && p->bad_line < first) {
			first = p->bad_line;
			*e = one;
		}
	}
	p->n_rows += n;
	return first == UINT64_MAX ? 0 : -1;
}

int table_fit_read(void *ctx, struct csv_chunk *c, int worker, struct err *e)
{
	struct table_fit *f = ctx;
	struct fit_piece *p = csv_chunk_result(c);
	struct csv_row row;
	struct err before = ERR_INIT;
	size_t n = 0;
	int rc;

	(void)worker;
	if (piece_begin(p, f, e))
		return -1;
	while ((rc = csv_chunk_next(c, &row, e)) > 0) {
		for (size_t i = 0; i < p->n_cols; i++)
			p->fields[i * BATCH + n] = row.fields[f->cols[i].field];
		p->lines[n++] = row.line;
		if (n == BATCH) {
			if (read_batch(p, f, n, e))
				return -1;
			n = 0;
		}
	}
	/* A bad value stands before a bad row. */
	if (read_batch(p, f, n, rc ? &before : e)) {
		*e = rc ? before : *e;
		return -1;
	}
	if (rc)
		return -1;
	for (size_t i = 0; i < p->n_cols; i++) {
		if (p->parts[i].contradicted)
			atomic_store_explicit(&f->cols[i].seen_text, true, memory_order_relaxed);
		if (buf_check(&p->parts[i].bytes, e))
			return -1;
	}
	return 0;
}

/* ---- keeping it: one piece at a time, in the order of the rows ---- */

/* Counts a row of each code. */
static int count_codes(struct table_fit_col *col, const uint32_t *codes, size_t n, struct err *e)
{
	size_t before = col->cap_counts;

	if (!col->counted)
		return 0;
	if (col->dict.n > before) {
		if (mem_grow(&col->counts, &col->cap_counts, col->dict.n, sizeof(*col->counts), e))
			return -1;
		memset(col->counts + before, 0, (col->cap_counts - before) * sizeof(*col->counts));
	}
	for (size_t i = 0; i < n; i++) {
		if (codes[i] != TABLE_DICT_NONE)
			col->counts[codes[i]]++;
	}
	return 0;
}

/* Adds the texts of kept bytes to the column's codes. */
static int code_bytes(struct table_fit *f, struct table_fit_col *col, const char *at,
	uint64_t n_rows, struct err *e)
{
	struct buf unquoted = BUF_INIT;
	int rc = 0;

	for (uint64_t r = 0; r < n_rows && rc == 0; r++) {
		struct slice v;
		uint32_t code;

		rc = table_fit_value(f, col, &at, &unquoted, &v, e);
		if (rc == 0 && v.p) {
			rc = table_dict_add(&col->dict, v, table_dict_hash(v), &code, e);
			if (rc == 0)
				rc = count_codes(col, &code, 1, e);
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
static int keep_codes(struct table_fit_col *col, struct fit_piece *p, const struct fit_part *part,
	char *w, struct err *e)
{
	uint32_t *to = (uint32_t *)(void *)w;

	if (mem_grow(&p->map, &p->cap_map, (size_t)part->dict.n + 1, sizeof(*p->map), e) ||
		table_dict_merge(&col->dict, &part->dict, p->map, e))
		return -1;
	for (size_t r = 0; r < p->n_rows; r++)
		to[r] = part->codes[r] < LOCAL || part->codes[r] == TABLE_DICT_NONE
				? part->codes[r]
				: p->map[part->codes[r] - LOCAL];
	return count_codes(col, to, p->n_rows, e);
}

/* Bytes of a column in a block. Each begins at a multiple of 8, for codes and numbers. */
static size_t part_size(const struct fit_piece *p, const struct fit_part *part)
{
	size_t n = part->coded ? p->n_rows * sizeof(uint32_t) : part->bytes.len;

	return (n + 7) & ~(size_t)7;
}

static int keep_part(struct table_fit *f, size_t i, struct fit_piece *p, char *w, struct err *e)
{
	struct table_fit_col *col = &f->cols[i];
	struct fit_part *part = &p->parts[i];

	if (col->by_type && !col->is_text && (part->contradicted || part->coded)) {
		col->is_text = true;
		if (f->o->codes_text && code_blocks(f, i, e))
			return -1;
	}
	col->n_missing += part->n_missing;
	if (part->coded)
		return keep_codes(col, p, part, w, e);
	if (part->bytes.len)
		memcpy(w, part->bytes.p, part->bytes.len);
	return table_fit_makes_codes(f, col) ? code_bytes(f, col, part->bytes.p, p->n_rows, e) : 0;
}

int table_fit_keep(void *ctx, struct csv_chunk *c, struct err *e)
{
	struct table_fit *f = ctx;
	struct fit_piece *p = csv_chunk_result(c);
	size_t size = (2 + f->n_cols) * sizeof(uint64_t);
	uint64_t *words;
	char *block, *w;

	for (size_t i = 0; i < f->n_cols; i++)
		size += f->cols[i].owner == i ? part_size(p, &p->parts[i]) : 0;
	block = mem_array_raw(size, 1, e);
	if (!block)
		return -1;
	words = (uint64_t *)(void *)block;
	words[0] = p->n_rows;
	words[1] = f->n_rows;
	w = block + (2 + f->n_cols) * sizeof(*words);
	for (size_t i = 0; i < f->n_cols; i++) {
		size_t len = f->cols[i].owner == i ? part_size(p, &p->parts[i]) : 0;

		words[2 + i] = (uint64_t)len << 1 | (len > 0 && p->parts[i].coded);
		if (len > 0) {
			memset(w + len - 8, 0, 8); /* what the padding may leave */
			if (keep_part(f, i, p, w, e)) {
				free(block);
				return -1;
			}
		}
		w += len;
	}
	f->n_rows += p->n_rows;
	return table_store_take(&f->store, block, size, e);
}

size_t table_fit_result_size(void)
{
	return sizeof(struct fit_piece);
}
