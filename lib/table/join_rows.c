#include "table/join_rows.h"

#include <stdlib.h>

#include "base/mem.h"
#include "csv/writer.h"
#include "table/join_spill.h"

struct join_worker *table_join_worker_new(const struct table_join_plan *p, struct err *e)
{
	size_t n_sides = p->n_sides + 1; /* at least one of each */
	struct join_worker *w = mem_new(sizeof(*w), e);

	if (!w)
		return NULL;
	w->lookups = mem_array(JOIN_BATCH * n_sides, sizeof(*w->lookups), e);
	w->first = mem_array(n_sides, sizeof(struct table_row *), e);
	w->row = mem_array(n_sides, sizeof(struct table_row *), e);
	w->counts = mem_array(n_sides, sizeof(*w->counts), e);
	if (w->lookups && w->first && w->row && w->counts)
		return w;
	table_join_worker_free(w);
	return NULL;
}

void table_join_worker_free(struct join_worker *w)
{
	if (!w)
		return;
	arena_release(&w->memory);
	free(w->lookups);
	free(w->first);
	free(w->row);
	free(w->counts);
	free(w);
}

/* LEFT's part of the output, where it is not the row as it stands. */
static int cut_left(const struct table_join_plan *p, struct join_worker *w,
	const struct csv_row *row, struct slice *raw, struct err *e)
{
	size_t len = p->n_cols;
	char *to;

	for (size_t i = 0; i < p->n_cols; i++)
		len += row->fields[p->cols[i]].len;
	raw->p = to = arena_alloc(&w->memory, len, e);
	if (!to)
		return -1;
	for (size_t i = 0; i < p->n_cols; i++) {
		const struct csv_field *f = &row->fields[p->cols[i]];

		if (i)
			*to++ = csv_dialect_delimiter(p->join->dialect);
		memcpy(to, f->p, f->len);
		to += f->len;
	}
	raw->len = (size_t)(to - raw->p);
	return 0;
}

/* Brings near what the row will find in the sides: their slots have come by now. */
static void prefetch_rows(
	const struct table_join_plan *p, const struct join_worker *w, size_t i, size_t from)
{
	const struct join_lookup *l = &w->lookups[i * p->n_sides];

	for (size_t s = from; s < p->n_sides; s++)
		if (l[s].has_key && !p->sides[s].found)
			table_keymap_prefetch_row(p->sides[s].map, l[s].hash);
}

int table_join_rows_add(const struct table_join_plan *p, struct join_worker *w,
	const struct csv_row *row, size_t from, struct err *e)
{
	struct join_pending *to = &w->rows[w->n];
	struct join_lookup *l = &w->lookups[w->n * p->n_sides];

	to->raw = row->raw;
	to->eol = row->raw.p + row->raw.len;
	to->n_eol = row->n_eol;
	if (to->n_eol == 0 || to->eol[to->n_eol - 1] != '\n') {
		to->eol = "\n";
		to->n_eol = 1;
	}
	if (p->cols && cut_left(p, w, row, &to->raw, e))
		return -1;
	for (size_t s = from; s < p->n_sides; s++) {
		const struct join_side *side = &p->sides[s];
		int has_key = table_key_of(&side->left_key, row, &w->memory, &l[s].key, e);

		if (has_key < 0)
			return -1;
		l[s].has_key = has_key;
		if (!has_key || side->found)
			continue;
		l[s].hash = table_keymap_hash(side->map, l[s].key);
		table_keymap_prefetch(side->map, l[s].hash);
	}
	if (w->n >= JOIN_AHEAD)
		prefetch_rows(p, w, w->n - JOIN_AHEAD, from);
	w->n++;
	return 0;
}

static void write_row(const struct table_join_plan *p, struct join_worker *w,
	const struct join_pending *row, struct buf *out)
{
	size_t len = row->raw.len + row->n_eol;
	char *to;

	for (size_t s = 0; s < p->n_sides; s++)
		len += w->row[s] ? w->row[s]->text_len : p->sides[s].blank.len;
	to = buf_reserve(out, len);
	if (!to)
		return;
	out->len += len;
	memcpy(to, row->raw.p, row->raw.len);
	to += row->raw.len;
	for (size_t s = 0; s < p->n_sides; s++) {
		struct slice text = w->row[s] ? table_row_text(w->row[s]) : p->sides[s].blank;

		memcpy(to, text.p, text.len);
		to += text.len;
	}
	memcpy(to, row->eol, row->n_eol);
	w->n_out++;
}

/* All combinations of what the sides have for the row, the last side's rows turning fastest. */
static void write_product(const struct table_join_plan *p, struct join_worker *w,
	const struct join_pending *row, struct buf *out)
{
	size_t s;

	memcpy(w->row, w->first, p->n_sides * sizeof(*w->row));
	do {
		write_row(p, w, row, out);
		for (s = p->n_sides; s-- > 0;) {
			if (w->row[s] && w->row[s]->next) {
				w->row[s] = w->row[s]->next;
				break;
			}
			w->row[s] = w->first[s];
		}
	} while (s < p->n_sides && !out->failed);
}

static void join_row(const struct table_join_plan *p, struct join_worker *w, size_t i, size_t from,
	struct buf *out)
{
	const struct join_lookup *l = &w->lookups[i * p->n_sides];

	for (size_t s = from; s < p->n_sides; s++) {
		const struct join_side *side = &p->sides[s];
		enum table_join_kind kind = side->spec->kind;
		struct table_row *row = NULL;

		if (side->found)
			row = table_join_found_take(side->found, w->number + i);
		else if (l[s].has_key)
			row = table_keymap_find(side->map, l[s].hash, l[s].key);
		if (row)
			w->counts[s].n_matched++;
		else
			w->counts[s].n_unmatched++;
		for (struct table_row *r = side->adds_unmatched ? row : NULL; r; r = r->next) {
			if (side->found)
				table_join_lines_add(&side->spilled->matched, r->line);
			else
				table_row_match(r);
		}
		if (row ? kind == TABLE_JOIN_ANTI
			: kind == TABLE_JOIN_INNER || kind == TABLE_JOIN_RIGHT ||
					kind == TABLE_JOIN_SEMI)
			return;
		w->first[s] = row;
	}
	write_product(p, w, &w->rows[i], out);
}

int table_join_rows_flush(const struct table_join_plan *p, struct join_worker *w, size_t from,
	struct buf *out, struct err *e)
{
	for (size_t i = w->n > JOIN_AHEAD ? w->n - JOIN_AHEAD : 0; i < w->n; i++)
		prefetch_rows(p, w, i, from);
	for (size_t i = 0; i < w->n; i++)
		join_row(p, w, i, from, out);
	w->number += w->n;
	w->n = 0;
	arena_reset(&w->memory);
	for (size_t s = from; s < p->n_sides; s++)
		if (p->sides[s].found && table_join_found_check(p->sides[s].found, e))
			return -1;
	return buf_check(out, e);
}

int table_join_rows_make(const struct table_join_plan *p, const struct join_side *s,
	const struct table_row *from, struct csv_field *fields, struct buf *text,
	struct csv_row *row, struct err *e)
{
	const struct csv_dialect *d = p->join->dialect;
	size_t n = csv_table_n_cols(p->left);
	const char *tail = table_row_tail(from).p;

	for (size_t i = 0; i < n; i++)
		fields[i] = (struct csv_field){ .p = "" };
	for (size_t i = 0; i < s->left_key.n_cols; i++) {
		struct slice raw = slice_of(tail);

		fields[s->left_cols[i]] = csv_writer_field(raw, csv_dialect_quote(d));
		tail += raw.len + 1;
	}
	buf_reset(text);
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_add_char(text, csv_dialect_delimiter(d));
		buf_add(text, fields[i].p, fields[i].len);
	}
	buf_add_text(text, csv_table_header(p->left)->n_eol == 2 ? "\r\n" : "\n");
	if (buf_check(text, e))
		return -1;
	row->fields = fields;
	row->n = n;
	row->n_eol = csv_table_header(p->left)->n_eol == 2 ? 2 : 1;
	row->raw = (struct slice){ text->p, text->len - row->n_eol };
	return 0;
}
