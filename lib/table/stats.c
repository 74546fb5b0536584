#include "table/stats.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmath.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "table/cell.h"
#include "table/kind.h"
#include "table/text.h"

enum { SKETCH_SIZE = 1 << TABLE_SKETCH_BITS, MANY_VALUES = 100000 };

struct collect {
	const struct table_stats_options *o;
	struct table_stats *s;
	struct table_cells cells;
	size_t *field_of; /* [n_cols] in the file being read */
	_Atomic bool *has_more; /* [n_cols] as soon as any thread knows it */
	uint32_t *max_values; /* [n_cols] */
};

struct piece {
	const struct collect *c;
	struct table_stats_col *cols; /* [n_cols], of this piece only; names are not set */
	uint64_t n_rows;
	struct buf unquoted;
	struct arena texts;
	uint32_t *map;
	size_t cap_map;
};

static void col_release(struct table_stats_col *c)
{
	free(c->name);
	free(c->counts);
	table_dict_release(&c->values);
}

static void piece_release(void *result)
{
	struct piece *p = result;

	for (size_t i = 0; p->cols && i < p->c->s->n_cols; i++)
		col_release(&p->cols[i]);
	free(p->cols);
	free(p->map);
	buf_release(&p->unquoted);
	arena_release(&p->texts);
}

static void col_reset(struct table_stats_col *c)
{
	struct table_stats_col fresh = { .name = c->name,
		.values = c->values,
		.counts = c->counts,
		.cap_counts = c->cap_counts,
		.min = INFINITY,
		.max = -INFINITY,
		.min_length = UINT64_MAX,
		.is_row_number = true,
		.first = NAN,
		.last = NAN };

	table_dict_reset(&fresh.values);
	*c = fresh;
}

static int piece_begin(struct piece *p, const struct collect *c, struct err *e)
{
	if (!p->c) {
		p->c = c;
		buf_init(&p->unquoted);
		p->cols = mem_array(c->s->n_cols, sizeof(*p->cols), e);
	}
	if (!p->cols)
		return err_nomem(e);
	p->n_rows = 0;
	arena_reset(&p->texts);
	for (size_t i = 0; i < c->s->n_cols; i++) {
		col_reset(&p->cols[i]);
		p->cols[i].has_more = atomic_load_explicit(&c->has_more[i], memory_order_relaxed);
	}
	return 0;
}

/* ---- one value ---- */

static bool is_word(struct slice v, const char *a, const char *b, const char *c)
{
	return slice_is(v, a) || slice_is(v, b) || slice_is(v, c);
}

static bool is_bool(struct slice v)
{
	return v.len <= 5 &&
	       (is_word(v, "true", "True", "TRUE") || is_word(v, "false", "False", "FALSE"));
}

/* yyyy-mm-ddThh:mm:ss, with Z or without: what Table Schema's default formats take. */
static void count_other(struct table_stats_col *c, struct slice v)
{
	struct num_date d;

	if (v.len >= 10 && v.p[4] == '-' &&
		csv_value_date((struct slice){ v.p, 10 }, "%Y-%m-%d", &d)) {
		if (v.len == 10) {
			c->n_date++;
			return;
		}
		if (v.p[10] == 'T' && (v.len == 19 || (v.len == 20 && v.p[19] == 'Z')) &&
			table_kind_is_datetime(v)) {
			c->n_datetime++;
			return;
		}
	}
	if (is_bool(v))
		c->n_bool++;
	else
		c->n_other++;
}

static void count_number(struct table_stats_col *c, struct slice v, double x)
{
	if (isnan(x)) {
		c->n_nan++;
	} else if (isinf(x)) {
		c->n_inf++;
	} else {
		if (table_kind_is_whole(v)) {
			size_t sign = v.p[0] == '-' || v.p[0] == '+';

			c->n_int++;
			c->n_zero_led += v.len > sign + 1 && v.p[sign] == '0';
		} else {
			c->n_fraction++;
		}
		c->min = x < c->min ? x : c->min;
		c->max = x > c->max ? x : c->max;
	}
}

static void follow(struct table_stats_col *c, bool is_int, double x)
{
	if (!c->is_row_number)
		return;
	if (!is_int || (!isnan(c->last) && x != c->last + 1)) {
		c->is_row_number = false;
		return;
	}
	if (isnan(c->first))
		c->first = x;
	c->last = x;
}

static void sketch_add(uint8_t *sketch, uint64_t hash)
{
	size_t at = (size_t)(hash >> (64 - TABLE_SKETCH_BITS));
	uint8_t rank = (uint8_t)(__builtin_clzll(hash << TABLE_SKETCH_BITS | 1) + 1);

	if (rank > sketch[at])
		sketch[at] = rank;
}

/* Counts of values from `n` on begin at 0. */
static int grow_counts(struct table_stats_col *c, uint32_t n, struct err *e)
{
	if (c->values.n > n) {
		if (mem_grow(&c->counts, &c->cap_counts, c->values.n, sizeof(*c->counts), e))
			return -1;
		memset(c->counts + n, 0, (c->values.n - n) * sizeof(*c->counts));
	}
	return 0;
}

static int count_value(
	struct piece *p, size_t i, const struct csv_field *f, struct slice v, struct err *e)
{
	struct table_stats_col *c = &p->cols[i];
	uint32_t code, n = c->values.n;

	if (c->has_more)
		return 0;
	if (f->escaped) {
		v.p = arena_copy(&p->texts, v.p, v.len, e);
		if (!v.p)
			return -1;
	}
	if (table_dict_add_borrowed(&c->values, v, table_dict_hash(v), &code, e) ||
		grow_counts(c, n, e))
		return -1;
	c->counts[code]++;
	c->has_more = c->values.n > p->c->max_values[i];
	return 0;
}

static int add_value(struct piece *p, size_t i, const struct csv_field *f, struct err *e)
{
	struct table_stats_col *c = &p->cols[i];
	uint64_t n, before_int = c->n_int;
	struct slice v;
	double x = 0;

	if (table_cell_value(&p->c->cells, f, &p->unquoted, &v, e))
		return -1;
	if (table_cell_is_missing(&p->c->cells, v)) {
		c->n_missing++;
		follow(c, false, 0);
		return 0;
	}
	if (table_cell_number(v, &x))
		count_number(c, v, x);
	else
		count_other(c, v);
	follow(c, c->n_int > before_int, x);
	n = table_text_length(v);
	c->min_length = n < c->min_length ? n : c->min_length;
	c->max_length = n > c->max_length ? n : c->max_length;
	c->n_bad_utf8 += !utf8_is_valid(v);
	sketch_add(c->sketch, h64_bytes(v.p, v.len, H64_B));
	return count_value(p, i, f, v, e);
}

static int read_piece(void *ctx, struct csv_chunk *chunk, int worker, struct err *e)
{
	const struct collect *c = ctx;
	struct piece *p = csv_chunk_result(chunk);
	struct csv_row row;
	int rc;

	(void)worker;
	if (piece_begin(p, c, e))
		return -1;
	while ((rc = csv_chunk_next(chunk, &row, e)) > 0) {
		for (size_t i = 0; i < c->s->n_cols; i++) {
			if (add_value(p, i, &row.fields[c->field_of[i]], e))
				return -1;
		}
		p->n_rows++;
	}
	for (size_t i = 0; i < c->s->n_cols; i++) {
		if (p->cols[i].has_more)
			atomic_store_explicit(&c->has_more[i], true, memory_order_relaxed);
	}
	return rc;
}

/* ---- together, in the order of the rows ---- */

static int add_values(struct piece *p, struct collect *c, size_t i, struct err *e)
{
	struct table_stats_col *to = &c->s->cols[i];
	const struct table_stats_col *from = &p->cols[i];
	uint32_t n = to->values.n;

	to->has_more = to->has_more || from->has_more;
	if (to->has_more)
		return 0;
	if (mem_grow(&p->map, &p->cap_map, (size_t)from->values.n + 1, sizeof(*p->map), e) ||
		table_dict_merge(&to->values, &from->values, p->map, e) || grow_counts(to, n, e))
		return -1;
	for (uint32_t k = 0; k < from->values.n; k++)
		to->counts[p->map[k]] += from->counts[k];
	to->has_more = to->values.n > c->max_values[i];
	return 0;
}

static int add_piece(void *ctx, struct csv_chunk *chunk, struct err *e)
{
	struct collect *c = ctx;
	struct piece *p = csv_chunk_result(chunk);

	for (size_t i = 0; i < c->s->n_cols; i++) {
		struct table_stats_col *to = &c->s->cols[i];
		const struct table_stats_col *from = &p->cols[i];

		to->n_missing += from->n_missing;
		to->n_int += from->n_int;
		to->n_fraction += from->n_fraction;
		to->n_nan += from->n_nan;
		to->n_inf += from->n_inf;
		to->n_bool += from->n_bool;
		to->n_date += from->n_date;
		to->n_datetime += from->n_datetime;
		to->n_other += from->n_other;
		to->n_zero_led += from->n_zero_led;
		to->n_bad_utf8 += from->n_bad_utf8;
		to->min = from->min < to->min ? from->min : to->min;
		to->max = from->max > to->max ? from->max : to->max;
		to->min_length =
			from->min_length < to->min_length ? from->min_length : to->min_length;
		to->max_length =
			from->max_length > to->max_length ? from->max_length : to->max_length;
		if (p->n_rows > 0) {
			to->is_row_number = to->is_row_number && from->is_row_number &&
					    (isnan(to->last) || from->first == to->last + 1);
			to->last = from->last;
		}
		for (size_t k = 0; k < SKETCH_SIZE; k++)
			to->sketch[k] =
				from->sketch[k] > to->sketch[k] ? from->sketch[k] : to->sketch[k];
		if (add_values(p, c, i, e))
			return -1;
	}
	c->s->n_rows += p->n_rows;
	return 0;
}

/* HyperLogLog's estimate, with linear counting where few registers are set. */
static double estimate(const uint8_t *sketch)
{
	double sum = 0, m = SKETCH_SIZE, raw;
	size_t n_free = 0;

	for (size_t i = 0; i < SKETCH_SIZE; i++) {
		sum += ldexp(1, -sketch[i]);
		n_free += sketch[i] == 0;
	}
	raw = 0.7213 / (1 + 1.079 / m) * m * m / sum;
	if (raw <= 2.5 * m && n_free > 0)
		return m * fmath_log(m / (double)n_free);
	return raw;
}

/* ---- the whole ---- */

static int begin(struct collect *c, const struct csv_table *in, struct err *e)
{
	size_t n = csv_table_n_cols(in);

	c->s->cols = mem_array(n, sizeof(*c->s->cols), e);
	c->field_of = mem_array(n, sizeof(*c->field_of), e);
	c->has_more = mem_array(n, sizeof(*c->has_more), e);
	c->max_values = mem_array(n, sizeof(*c->max_values), e);
	if (!c->s->cols || !c->field_of || !c->has_more || !c->max_values)
		return -1;
	for (size_t i = 0; i < c->o->all_values.n; i++) {
		if (csv_table_find(in, c->o->all_values.items[i], e) < 0)
			return -1;
	}
	for (size_t i = 0; i < n; i++) {
		const char *name = csv_table_col_name(in, i);

		c->max_values[i] =
			opt_list_has(&c->o->all_values, name) ? MANY_VALUES : c->o->max_values;
		col_reset(&c->s->cols[i]);
		c->s->cols[i].name = mem_dup(name, e);
		c->s->n_cols++;
		if (!c->s->cols[i].name)
			return -1;
	}
	return 0;
}

static int match(struct collect *c, const struct csv_table *in, struct err *e)
{
	if (csv_table_n_cols(in) != c->s->n_cols) {
		err_set(e, ERR_INPUT, "%zu columns, the first file has %zu", csv_table_n_cols(in),
			c->s->n_cols);
		return err_at(e, "%s", csv_table_name(in));
	}
	for (size_t i = 0; i < c->s->n_cols; i++) {
		int at = csv_table_find(in, c->s->cols[i].name, e);

		if (at < 0)
			return -1;
		c->field_of[i] = (size_t)at;
	}
	return 0;
}

static int read_file(struct collect *c, const char *path, struct pool *pool, struct err *e)
{
	const struct csv_run run = {
		.work = read_piece,
		.done = add_piece,
		.ctx = c,
		.result_size = sizeof(struct piece),
		.result_release = piece_release,
		.progress = c->o->progress,
	};
	struct csv_table *in = csv_table_open(path, c->o->dialect, e);
	int rc = -1;

	if (in && (c->s->cols || begin(c, in, e) == 0) && match(c, in, e) == 0)
		rc = csv_table_run(in, pool, &run, e);
	csv_table_close(in);
	return rc;
}

struct table_stats *table_stats_collect(const char *const *paths, size_t n_paths,
	const struct table_stats_options *o, struct pool *pool, struct err *e)
{
	struct collect c = { .o = o, .cells = table_cells_of(o->dialect) };
	int rc = 0;

	c.s = mem_new(sizeof(*c.s), e);
	if (!c.s)
		return NULL;
	for (size_t i = 0; i < n_paths && rc == 0; i++)
		rc = read_file(&c, paths[i], pool, e);
	for (size_t i = 0; rc == 0 && i < c.s->n_cols; i++) {
		struct table_stats_col *col = &c.s->cols[i];

		col->n_distinct = col->has_more ? estimate(col->sketch) : col->values.n;
		col->is_row_number = col->is_row_number && c.s->n_rows > 1;
	}
	free(c.field_of);
	free(c.has_more);
	free(c.max_values);
	if (rc) {
		table_stats_free(c.s);
		return NULL;
	}
	return c.s;
}

void table_stats_free(struct table_stats *s)
{
	if (!s)
		return;
	for (size_t i = 0; s->cols && i < s->n_cols; i++)
		col_release(&s->cols[i]);
	free(s->cols);
	free(s);
}

uint64_t table_stats_present(const struct table_stats *s, const struct table_stats_col *c)
{
	return s->n_rows - c->n_missing;
}
