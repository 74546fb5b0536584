#include "table/encode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "table/cell.h"
#include "table/encode_steps.h"

struct apply {
	const struct table_steps *steps;
	struct table_cells cells;
	struct output *out;
	const char *name;
	struct seen *seen; /* [steps->n] */
	uint64_t n_rows;
	size_t n_fields; /* of a row of the input */
	size_t *large; /* [n_large] steps whose dictionary does not stay in the cache */
	struct table_dict_view *views; /* [n_large] */
	size_t n_large;
};

/* What one step met that is worth a word. */
struct seen {
	uint64_t n_unknown, n_filled;
	uint64_t unknown_line; /* of the first */
};

/*
 * With large dictionaries, rows are held back until some are together, so that the look-ups of all
 * of them can be under way at once.
 */
enum { BATCH = 32, LARGE = 2000 };

struct apply_piece {
	struct seen *seen; /* [n_steps] */
	uint64_t n_rows;
	struct buf unquoted;
	struct csv_row rows[BATCH];
	size_t n_held;
	struct csv_field *fields; /* [BATCH][n_fields] */
	uint32_t *hashes; /* [BATCH][n_large] */
};

static void apply_release(void *result)
{
	struct apply_piece *p = result;

	free(p->seen);
	free(p->fields);
	free(p->hashes);
	buf_release(&p->unquoted);
}

static int put_step(char **w, const struct apply *a, size_t i, struct apply_piece *p,
	const struct csv_row *row, struct err *e)
{
	const struct table_step *step = &a->steps->steps[i];
	const struct table_rule *r = step->rule;
	const struct csv_field *f = &row->fields[step->field];
	struct seen *seen = &p->seen[i];
	uint32_t code = TABLE_DICT_NONE;
	struct num_date d;
	struct slice v;

	if (table_cell_value(&a->cells, f, &p->unquoted, &v, e))
		return -1;
	if (table_cell_is_missing(&a->cells, v)) {
		seen->n_filled += step->fill.p != NULL;
		*w = table_steps_put(*w, step->fill.p ? step->fill : step->absent);
	} else if (r->makes == TABLE_MAKES_ITSELF) {
		*w = table_steps_put(*w, (struct slice){ f->p, f->len });
	} else if (r->makes == TABLE_MAKES_DATE) {
		if (!table_rule_date(r, v, &d))
			return table_steps_bad_date(r, a->name, row->line, v, e);
		*w = table_steps_put_date(*w, r, &d, a->steps->delimiter);
	} else {
		uint64_t before = seen->n_unknown;

		if (r->makes != TABLE_MAKES_SPLIT)
			code = table_dict_get(&r->values, v, table_dict_hash(v));
		*w = table_steps_put_value(*w, step, v, code, &seen->n_unknown);
		if (before == 0 && seen->n_unknown > 0)
			seen->unknown_line = row->line;
	}
	return 0;
}

static int apply_row(const struct apply *a, struct apply_piece *p, const struct csv_row *row,
	struct buf *b, struct err *e)
{
	const struct table_steps *s = a->steps;
	char *w = buf_reserve(b, row->raw.len + s->width);
	const char *start = w;

	if (!w)
		return buf_check(b, e);
	for (size_t i = 0; i < s->n; i++) {
		const struct csv_field *first = &row->fields[s->steps[i].field];
		const struct csv_field *last = first;

		if (i > 0)
			*w++ = s->delimiter;
		if (!s->steps[i].passive) {
			if (put_step(&w, a, i, p, row, e))
				return -1;
			continue;
		}
		/* Neighbours that pass are copied together. */
		while (i + 1 < s->n && s->steps[i + 1].passive &&
			s->steps[i + 1].field == s->steps[i].field + 1 &&
			row->fields[s->steps[i + 1].field].p == last->p + last->len + 1) {
			i++;
			last = &row->fields[s->steps[i].field];
		}
		if (last->p + last->len > first->p) {
			size_t len = (size_t)(last->p + last->len - first->p);

			memcpy(w, first->p, len);
			w += len;
		}
	}
	*w++ = '\n';
	b->len += (size_t)(w - start);
	return 0;
}

static int apply_begin(const struct apply *a, struct apply_piece *p, struct err *e)
{
	if (!p->seen) {
		buf_init(&p->unquoted);
		p->seen = mem_array(a->steps->n, sizeof(*p->seen), e);
		p->fields = mem_array(BATCH * a->n_fields, sizeof(*p->fields), e);
		p->hashes = mem_array(BATCH * (a->n_large + 1), sizeof(*p->hashes), e);
		if (!p->seen || !p->fields || !p->hashes)
			return -1;
	}
	memset(p->seen, 0, a->steps->n * sizeof(*p->seen));
	p->n_rows = p->n_held = 0;
	return 0;
}

/* Writes the rows that were held back. */
static int apply_held(const struct apply *a, struct apply_piece *p, struct buf *b, struct err *e)
{
	size_t n = p->n_held * a->n_large;

	for (size_t i = 0; i < n; i++)
		table_dict_prefetch_item(&a->views[i % a->n_large], p->hashes[i]);
	for (size_t i = 0; i < n; i++)
		table_dict_prefetch_text(&a->views[i % a->n_large], p->hashes[i]);
	for (size_t r = 0; r < p->n_held; r++) {
		if (apply_row(a, p, &p->rows[r], b, e))
			return -1;
	}
	p->n_held = 0;
	return 0;
}

static int hold_row(
	const struct apply *a, struct apply_piece *p, const struct csv_row *row, struct err *e)
{
	struct csv_field *fields = p->fields + p->n_held * a->n_fields;
	uint32_t *hashes = p->hashes + p->n_held * a->n_large;

	memcpy(fields, row->fields, a->n_fields * sizeof(*fields));
	p->rows[p->n_held] = *row;
	p->rows[p->n_held].fields = fields;
	for (size_t i = 0; i < a->n_large; i++) {
		const struct table_step *step = &a->steps->steps[a->large[i]];
		struct slice v;

		if (table_cell_value(&a->cells, &fields[step->field], &p->unquoted, &v, e))
			return -1;
		hashes[i] = table_dict_hash(v);
		table_dict_prefetch(&a->views[i], hashes[i]);
	}
	p->n_held++;
	return 0;
}

static int apply_work(void *ctx, struct csv_chunk *c, int worker, struct err *e)
{
	const struct apply *a = ctx;
	struct apply_piece *p = csv_chunk_result(c);
	struct buf *b = csv_chunk_buf(c);
	struct err before = ERR_INIT;
	struct csv_row row;
	int rc;

	(void)worker;
	if (apply_begin(a, p, e))
		return -1;
	while ((rc = csv_chunk_next(c, &row, e)) > 0) {
		if (a->n_large == 0 ? apply_row(a, p, &row, b, e) : hold_row(a, p, &row, e))
			return -1;
		if (p->n_held == BATCH && apply_held(a, p, b, e))
			return -1;
		p->n_rows++;
	}
	/* A bad value stands before a bad row. */
	if (apply_held(a, p, b, rc ? &before : e)) {
		*e = rc ? before : *e;
		return -1;
	}
	return rc;
}

static int apply_done(void *ctx, struct csv_chunk *c, struct err *e)
{
	struct apply *a = ctx;
	struct apply_piece *p = csv_chunk_result(c);
	struct buf *b = csv_chunk_buf(c);

	for (size_t i = 0; i < a->steps->n; i++) {
		if (a->seen[i].n_unknown == 0)
			a->seen[i].unknown_line = p->seen[i].unknown_line;
		a->seen[i].n_unknown += p->seen[i].n_unknown;
		a->seen[i].n_filled += p->seen[i].n_filled;
	}
	a->n_rows += p->n_rows;
	if (buf_check(b, e))
		return -1;
	output_slice(a->out, buf_slice(b));
	return output_failed(a->out) && output_fd(a->out, e) < 0 ? -1 : 0;
}

static void report_unknown(
	const struct apply *a, const struct table_rule *r, const struct seen *s, struct diag *diag)
{
	bool most = s->n_unknown * 2 > a->n_rows;
	char what[64] = "";

	if (r->makes == TABLE_MAKES_CODES)
		snprintf(what, sizeof(what), "were not in the fit and have code %u", r->values.n);
	else if (r->makes == TABLE_MAKES_COUNT)
		snprintf(what, sizeof(what), "were not in the fit and have count 0");
	else if (r->makes == TABLE_MAKES_MEAN)
		snprintf(what, sizeof(what), "were not in the fit and have the mean %.6g",
			r->mean.unknown);
	else
		snprintf(what, sizeof(what), "have %s without a column",
			r->makes == TABLE_MAKES_SPLIT ? "parts" : "a value");
	/* Values that are too rare for a column are nothing strange. */
	diag_say(diag,
		most && !r->separator && r->makes != TABLE_MAKES_ONEHOT ? DIAG_WARNING : DIAG_NOTE,
		"%s: column '%s': %llu of %llu values (%.2g %%) %s, first in line %llu%s", a->name,
		r->name, (unsigned long long)s->n_unknown, (unsigned long long)a->n_rows,
		100.0 * (double)s->n_unknown / (double)a->n_rows, what,
		(unsigned long long)s->unknown_line,
		most ? "; is it the encoder of this data?" : "");
}

static void report(const struct apply *a, struct diag *diag)
{
	for (size_t i = 0; i < a->steps->n; i++) {
		const struct table_rule *r = a->steps->steps[i].rule;
		const struct seen *s = &a->seen[i];

		if (s->n_filled > 0)
			diag_say(diag, DIAG_NOTE,
				"%s: column '%s': %llu missing values filled with '%s'", a->name,
				r->name, (unsigned long long)s->n_filled, r->fill);
		if (s->n_unknown > 0)
			report_unknown(a, r, s, diag);
	}
}

int table_encode_apply(const char *path, const struct table_encoder *enc,
	const struct table_encode_options *o, struct pool *pool, struct output *out, struct err *e)
{
	struct csv_dialect dialect = *o->dialect;
	struct table_steps steps = { .header = BUF_INIT };
	struct apply a = { .steps = &steps, .out = out };
	const struct csv_run run = {
		.work = apply_work,
		.done = apply_done,
		.ctx = &a,
		.result_size = sizeof(struct apply_piece),
		.result_release = apply_release,
		.progress = o->progress,
	};
	struct csv_table *in = NULL;
	int rc = -1;

	dialect.na.items = (const char **)enc->missing;
	dialect.na.n = enc->n_missing;
	in = csv_table_open(path, &dialect, e);
	if (!in || table_steps_plan(&steps, enc, in, o, e))
		goto out;
	a.cells = table_cells_of(&dialect);
	a.name = csv_table_name(in);
	a.seen = mem_array(steps.n, sizeof(*a.seen), e);
	a.large = mem_array(steps.n, sizeof(*a.large), e);
	a.views = mem_array(steps.n, sizeof(*a.views), e);
	if (!a.seen || !a.large || !a.views)
		goto out;
	a.n_fields = csv_table_n_cols(in);
	for (size_t i = 0; i < steps.n; i++) {
		const struct table_step *step = &steps.steps[i];

		if (step->passive || step->rule->values.n <= LARGE || step->rule->separator)
			continue;
		a.views[a.n_large] = table_dict_own_view(&step->rule->values);
		a.large[a.n_large++] = i;
	}
	output_slice(out, buf_slice(&steps.header));
	rc = csv_table_run(in, pool, &run, e);
	if (rc == 0) {
		report(&a, o->diag);
		table_steps_say_ragged(in, o);
	}
out:
	free(a.seen);
	free(a.large);
	free(a.views);
	table_steps_release(&steps);
	csv_table_close(in);
	return rc;
}
