#include "table/validate_cells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "table/kind.h"
#include "table/text.h"

enum { MAX_UNEXPECTED = 4096 };

/* What a piece of rows comes to. */
struct part {
	struct table_tally tallies[TABLE_N_CELL_KINDS];
	struct table_dict unexpected, distinct;
	uint64_t *n_unexpected;
	size_t cap_unexpected;
};

struct key_value {
	struct table_once_hash hash;
	struct slice value; /* of the first column */
	uint64_t row, line; /* in the piece */
};

struct key_part {
	struct key_value *values;
	size_t n, cap;
};

struct piece {
	const struct table_checks *c;
	struct part *parts; /* [c->n] */
	struct key_part *keys; /* [c->n_keys] */
	struct table_tally shape;
	uint64_t n_rows, n_all; /* n_all: with those of another shape */
	struct buf unquoted, key, text;
	struct arena texts;
	uint32_t *map;
	size_t cap_map;
};

/* A cell on its way through the checks. */
struct cell {
	struct slice v;
	uint64_t row, line;
};

static void piece_release(void *result)
{
	struct piece *p = result;

	for (size_t i = 0; p->parts && i < p->c->n; i++) {
		table_dict_release(&p->parts[i].unexpected);
		table_dict_release(&p->parts[i].distinct);
		free(p->parts[i].n_unexpected);
	}
	for (size_t i = 0; p->keys && i < p->c->n_keys; i++)
		free(p->keys[i].values);
	free(p->parts);
	free(p->keys);
	free(p->map);
	buf_release(&p->unquoted);
	buf_release(&p->key);
	buf_release(&p->text);
	arena_release(&p->texts);
}

static int piece_begin(struct piece *p, const struct table_checks *c, struct err *e)
{
	if (!p->c) {
		p->c = c;
		buf_init(&p->unquoted);
		buf_init(&p->key);
		buf_init(&p->text);
		p->parts = mem_array(c->n, sizeof(*p->parts), e);
		p->keys = mem_array(c->n_keys, sizeof(*p->keys), e);
	}
	if (!p->parts || !p->keys)
		return err_nomem(e);
	p->n_rows = p->n_all = 0;
	p->shape.n = 0;
	arena_reset(&p->texts);
	for (size_t i = 0; i < c->n; i++) {
		for (size_t k = 0; k < TABLE_N_CELL_KINDS; k++)
			p->parts[i].tallies[k].n = 0;
		table_dict_reset(&p->parts[i].unexpected);
		table_dict_reset(&p->parts[i].distinct);
	}
	for (size_t i = 0; i < c->n_keys; i++)
		p->keys[i].n = 0;
	return 0;
}

/* The value as an example: cut at a whole character. */
static void keep_value(struct table_tally *t, struct slice v)
{
	size_t len = v.len;

	if (len >= sizeof(t->value)) {
		len = sizeof(t->value) - 4;
		while (len > 0 && ((uint8_t)v.p[len] & 0xc0) == 0x80)
			len--;
	}
	memcpy(t->value, v.p, len);
	memcpy(t->value + len, len < v.len ? "..." : "", len < v.len ? 4 : 1);
}

static void count(struct table_tally *t, const struct cell *cell)
{
	if (t->n++ > 0)
		return;
	t->row = t->other_row = cell->row;
	t->line = cell->line;
	keep_value(t, cell->v);
}

static void count_extreme(struct table_tally *t, const struct cell *cell, double x, double sign)
{
	bool more = t->n > 0 && x * sign > t->extreme * sign;

	count(t, cell);
	if (t->n == 1 || more) {
		t->extreme = x;
		t->other_row = cell->row;
		keep_value(t, cell->v);
	}
}

static void add_tally(
	struct table_tally *all, const struct table_tally *t, uint64_t before, double sign)
{
	uint64_t n = all->n + t->n;

	if (t->n == 0)
		return;
	if (all->n == 0) {
		*all = *t;
		all->row += before;
		all->other_row += before;
	} else if (sign != 0 && t->extreme * sign > all->extreme * sign) {
		all->extreme = t->extreme;
		all->other_row = t->other_row + before;
		memcpy(all->value, t->value, sizeof(all->value));
	}
	all->n = n;
}

/* ---- one cell ---- */

/* The cell's number, or NAN where it has none; false if it is not of the field's type, and counted. */
static bool take_type(
	const struct table_field *f, struct part *part, const struct cell *cell, double *x)
{
	enum table_cell_kind bad = TABLE_CELL_TEXT;
	struct num_date d;
	bool good = true;

	*x = NAN;
	switch (f->kind) {
	case TABLE_KIND_INTEGER:
	case TABLE_KIND_YEAR:
		good = table_kind_is_whole(cell->v) && num_parse_double(cell->v, false, x);
		if (!good && num_parse_double(cell->v, false, x))
			bad = TABLE_CELL_FLOAT;
		break;
	case TABLE_KIND_NUMBER:
		good = num_parse_double(cell->v, true, x);
		if (good && isnan(*x) && !f->allow_nan) {
			good = false;
			bad = TABLE_CELL_NAN;
		} else if (good && isinf(*x) && !f->allow_infinity) {
			good = false;
			bad = TABLE_CELL_INF;
		}
		break;
	case TABLE_KIND_BOOLEAN:
		good = table_texts_has(&f->yes, cell->v) || table_texts_has(&f->no, cell->v);
		break;
	case TABLE_KIND_DATE:
		good = csv_value_date(cell->v, f->format, &d);
		*x = good ? (double)num_date_to_days(&d) : NAN;
		break;
	case TABLE_KIND_DATETIME:
		good = table_kind_is_datetime(cell->v);
		break;
	case TABLE_KIND_TIME:
		good = table_kind_is_time(cell->v);
		break;
	case TABLE_KIND_STRING:
	case TABLE_KIND_ANY:
		good = utf8_is_valid(cell->v);
		bad = TABLE_CELL_UTF8;
		break;
	}
	if (!good)
		count(&part->tallies[bad], cell);
	return good;
}

static int count_unexpected(struct piece *p, struct part *part, struct slice v, struct err *e)
{
	uint32_t hash = table_dict_hash(v), code = table_dict_get(&part->unexpected, v, hash);

	if (code == TABLE_DICT_NONE) {
		if (part->unexpected.n >= MAX_UNEXPECTED)
			return 0;
		v.p = arena_copy(&p->texts, v.p, v.len, e);
		if (!v.p || table_dict_add_borrowed(&part->unexpected, v, hash, &code, e) ||
			mem_grow(&part->n_unexpected, &part->cap_unexpected, (size_t)code + 1,
				sizeof(*part->n_unexpected), e))
			return -1;
		part->n_unexpected[code] = 0;
	}
	part->n_unexpected[code]++;
	return 0;
}

static int check_domain(struct piece *p, const struct table_field *f, struct part *part,
	const struct cell *cell, struct err *e)
{
	struct slice key = table_field_key(f, cell->v, &p->key);

	if (buf_check(&p->key, e))
		return -1;
	if (table_dict_get(&f->domain, key, table_dict_hash(key)) != TABLE_DICT_NONE)
		return 0;
	count(&part->tallies[TABLE_CELL_UNEXPECTED], cell);
	return count_unexpected(p, part, cell->v, e);
}

static int check_pattern(struct piece *p, const regex_t *pattern, struct part *part,
	const struct cell *cell, struct err *e)
{
	int rc;

	buf_reset(&p->text);
	buf_add_slice(&p->text, cell->v);
	if (buf_check(&p->text, e))
		return -1;
	rc = regexec(pattern, p->text.p, 0, NULL, 0);
	if (rc == REG_NOMATCH)
		count(&part->tallies[TABLE_CELL_PATTERN], cell);
	else if (rc != 0)
		return err_nomem(e);
	return 0;
}

static void check_range(
	const struct table_field *f, struct part *part, const struct cell *cell, double x)
{
	if (x < f->minimum || (f->exclusive_minimum && x == f->minimum))
		count_extreme(&part->tallies[TABLE_CELL_SMALL], cell, x, -1);
	if (x > f->maximum || (f->exclusive_maximum && x == f->maximum))
		count_extreme(&part->tallies[TABLE_CELL_BIG], cell, x, 1);
}

static int check_cell(struct piece *p, size_t i, const struct cell *cell, int worker, struct err *e)
{
	const struct table_checks *c = p->c;
	const struct table_field *f = c->checks[i].field;
	struct part *part = &p->parts[i];
	double x;

	if (f->min_distinct > 0 || f->max_distinct != UINT64_MAX) {
		struct slice v = cell->v;
		uint32_t code;

		if (table_dict_add(&part->distinct, v, table_dict_hash(v), &code, e))
			return -1;
	}
	if (!take_type(f, part, cell, &x))
		return 0;
	check_range(f, part, cell, x);
	if (f->min_length > 0 || f->max_length != UINT64_MAX) {
		size_t n = table_text_length(cell->v);

		if (n < f->min_length || n > f->max_length)
			count(&part->tallies[TABLE_CELL_LENGTH], cell);
	}
	if (f->pattern && check_pattern(p, &c->patterns[(size_t)worker * c->n + i], part, cell, e))
		return -1;
	return f->has_domain ? check_domain(p, f, part, cell, e) : 0;
}

/* ---- rows ---- */

static bool is_missing(const struct table_checks *c, const struct table_field *f, struct slice v)
{
	return table_texts_has(f->has_missing ? &f->missing : &c->schema->missing, v) ||
	       (c->cells.dialect->na.n > 0 && v.len > 0 &&
		       csv_value_is_missing(c->cells.dialect, v));
}

static int add_key(struct piece *p, size_t i, const struct csv_row *row, uint64_t at, struct err *e)
{
	const struct table_key_check *k = &p->c->keys[i];
	struct key_part *part = &p->keys[i];
	struct key_value kv = { .row = at, .line = row->line };
	bool any = false;

	for (size_t n = 0; n < k->n; n++) {
		const struct csv_field *field = &row->fields[k->cols[n]];
		struct slice v;

		if (table_cell_value(&p->c->cells, field, &p->unquoted, &v, e))
			return -1;
		any = any || !is_missing(p->c, p->c->checks[k->check].field, v);
		kv.hash = table_once_hash(kv.hash, v);
		if (n > 0)
			continue;
		kv.value = v;
		if (field->escaped) {
			kv.value.p = arena_copy(&p->texts, v.p, v.len, e);
			if (!kv.value.p)
				return -1;
		}
	}
	if (!any)
		return 0;
	if (mem_grow(&part->values, &part->cap, part->n + 1, sizeof(kv), e))
		return -1;
	part->values[part->n++] = kv;
	return 0;
}

static int check_row(struct piece *p, const struct csv_row *row, int worker, struct err *e)
{
	const struct table_checks *c = p->c;
	struct cell cell = { row->raw, ++p->n_all, row->line };

	if (row->n != c->n_cols) {
		count(&p->shape, &cell);
		if (p->shape.n == 1)
			p->shape.extreme = (double)row->n;
		return 0;
	}
	p->n_rows++;
	for (size_t i = 0; i < c->n; i++) {
		if (table_cell_value(
			    &c->cells, &row->fields[c->checks[i].col], &p->unquoted, &cell.v, e))
			return -1;
		if (is_missing(c, c->checks[i].field, cell.v))
			count(&p->parts[i].tallies[TABLE_CELL_MISSING], &cell);
		else if (check_cell(p, i, &cell, worker, e))
			return -1;
	}
	for (size_t i = 0; i < c->n_keys; i++) {
		if (add_key(p, i, row, cell.row, e))
			return -1;
	}
	return 0;
}

static int check_piece(void *ctx, struct csv_chunk *chunk, int worker, struct err *e)
{
	const struct table_checks *c = ctx;
	struct piece *p = csv_chunk_result(chunk);
	struct csv_row row;
	int rc;

	if (piece_begin(p, c, e))
		return -1;
	while ((rc = csv_chunk_next(chunk, &row, e)) > 0) {
		if (check_row(p, &row, worker, e))
			return -1;
	}
	return rc;
}

/* ---- together, in the order of the rows ---- */

static int add_unexpected(struct table_check *to, const struct part *part, struct err *e)
{
	for (uint32_t i = 0; i < part->unexpected.n; i++) {
		struct slice v = part->unexpected.items[i];
		uint32_t hash = part->unexpected.hashes[i];
		uint32_t code = table_dict_get(&to->unexpected, v, hash);

		if (code == TABLE_DICT_NONE) {
			if (to->unexpected.n >= MAX_UNEXPECTED)
				continue;
			if (table_dict_add(&to->unexpected, v, hash, &code, e) ||
				mem_grow(&to->n_unexpected, &to->cap_unexpected, (size_t)code + 1,
					sizeof(*to->n_unexpected), e))
				return -1;
			to->n_unexpected[code] = 0;
		}
		to->n_unexpected[code] += part->n_unexpected[i];
	}
	return 0;
}

static int add_keys(
	struct table_key_check *k, const struct key_part *part, uint64_t before, struct err *e)
{
	for (size_t i = 0; i < part->n; i++) {
		const struct key_value *kv = &part->values[i];
		const struct cell cell = { kv->value, before + kv->row, kv->line };
		uint64_t first;

		if (table_once_add(&k->once, kv->hash, cell.row, &first, e))
			return -1;
		if (first == UINT64_MAX)
			continue;
		count(&k->duplicates, &cell);
		if (k->duplicates.n == 1)
			k->duplicates.other_row = first;
	}
	return 0;
}

static int add_piece(void *ctx, struct csv_chunk *chunk, struct err *e)
{
	struct table_checks *c = ctx;
	struct piece *p = csv_chunk_result(chunk);
	uint64_t before = c->n_rows + c->shape.n;

	for (size_t i = 0; i < c->n; i++) {
		struct table_check *to = &c->checks[i];
		struct part *part = &p->parts[i];

		for (size_t k = 0; k < TABLE_N_CELL_KINDS; k++)
			add_tally(&to->tallies[k], &part->tallies[k], before,
				k == TABLE_CELL_SMALL ? -1
				: k == TABLE_CELL_BIG ? 1
						      : 0);
		if (add_unexpected(to, part, e) ||
			mem_grow(&p->map, &p->cap_map, (size_t)part->distinct.n + 1,
				sizeof(*p->map), e) ||
			table_dict_merge(&to->distinct, &part->distinct, p->map, e))
			return -1;
	}
	for (size_t i = 0; i < c->n_keys; i++) {
		if (add_keys(&c->keys[i], &p->keys[i], before, e))
			return -1;
	}
	c->n_rows += p->n_rows;
	add_tally(&c->shape, &p->shape, before, 0);
	return 0;
}

int table_checks_run(struct table_checks *c, struct csv_table *in, struct pool *pool,
	struct progress *progress, struct err *e)
{
	const struct csv_run run = {
		.work = check_piece,
		.done = add_piece,
		.ctx = c,
		.result_size = sizeof(struct piece),
		.result_release = piece_release,
		.progress = progress,
	};

	return csv_table_run(in, pool, &run, e);
}
