/*
 * One pass as a rule. A first look at some thousand rows says which columns are text (nothing can
 * make them numbers again); all others are read as numbers until a value contradicts. Such a
 * column is left alone for the rest of the pass, and a second one reads just these, as text.
 */
#include "table/column.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "table/column_piece.h"

enum { LOOK_ROWS = 4096 };

/* A file that can be read again: by its name, or from a copy in memory. */
struct source {
	const char *path;
	struct input *in; /* holds `all`; NULL: open the path */
	struct slice all;
};

/* A column of the result, while it grows. */
struct growing {
	struct table_dict dict; /* texts of all rows so far */
	size_t cap; /* of numbers or codes */
};

struct memory {
	struct growing *cols; /* [table.n_cols] */
	struct column_mark *marks; /* [n_marks] by row */
	size_t n_marks, cap_marks;
	char **files; /* [n_files] names, for messages */
	size_t n_files;
};

struct load {
	const struct table_options *o;
	struct table *t;
	struct growing *cols; /* [t->n_cols] */
	size_t n_rows; /* of this pass, so far */
	size_t file; /* that is being read */
	uint64_t next_line; /* behind the last row */
	struct column_layout layout; /* of the file being read */
};

static int read_piece(void *ctx, struct csv_chunk *c, int worker, struct err *e)
{
	const struct load *l = ctx;

	(void)worker;
	return table_column_piece_read(&l->layout, c, e);
}

static int append_texts(struct column_piece *p, struct load *l, size_t i, struct err *e)
{
	struct column_part *part = &p->parts[i];
	struct growing *g = &l->cols[i];
	struct table_column *col = &l->t->cols[i];
	uint32_t *to;

	if (mem_grow(&p->map, &p->cap_map, (size_t)part->dict.n + 1, sizeof(*p->map), e) ||
		table_dict_merge(&g->dict, &part->dict, p->map, e) ||
		mem_grow(&col->codes, &g->cap, l->n_rows + p->n_rows, sizeof(*col->codes), e))
		return -1;
	to = col->codes + l->n_rows;
	for (size_t r = 0; r < p->n_rows; r++)
		to[r] = part->codes[r] == TABLE_MISSING ? TABLE_MISSING : p->map[part->codes[r]];
	return 0;
}

static int append_marks(struct load *l, const struct column_piece *p, struct err *e)
{
	struct memory *m = l->t->memory;

	if (mem_grow(&m->marks, &m->cap_marks, m->n_marks + p->n_marks, sizeof(*m->marks), e))
		return -1;
	for (size_t i = 0; i < p->n_marks; i++) {
		const struct column_mark *mark = &p->marks[i];

		/* most pieces begin where the one before has ended */
		if (i > 0 || mark->line != l->next_line)
			m->marks[m->n_marks++] =
				(struct column_mark){ l->n_rows + mark->row, mark->line, l->file };
	}
	if (p->n_rows)
		l->next_line = p->next_line;
	return 0;
}

/* Appends what a piece holds to the table: one piece at a time, in the order of the rows. */
static int piece_append(void *ctx, struct csv_chunk *c, struct err *e)
{
	struct load *l = ctx;
	struct column_piece *p = csv_chunk_result(c);

	if (append_marks(l, p, e))
		return -1;
	for (size_t i = 0; i < p->n_cols; i++) {
		struct column_part *part = &p->parts[i];
		struct table_column *col = &l->t->cols[i];

		if (part->mode == COLUMN_TEXT && append_texts(p, l, i, e))
			return -1;
		if (part->mode == COLUMN_NUMBER && p->n_rows > 0) {
			if (mem_grow(&col->numbers, &l->cols[i].cap, l->n_rows + p->n_rows,
				    sizeof(*col->numbers), e))
				return -1;
			memcpy(col->numbers + l->n_rows, part->numbers,
				p->n_rows * sizeof(*col->numbers));
		}
		if (part->mode != COLUMN_NOT) {
			col->n_missing += part->n_missing;
			col->is_int = col->is_int && part->is_int;
		}
	}
	l->n_rows += p->n_rows;
	return 0;
}

static struct input *source_open(const struct source *s, struct err *e)
{
	return s->in ? input_open_memory(input_name(s->in), s->all, e) : input_open(s->path, e);
}

/* A pipe is read once: what comes out of it is kept. */
static int source_keep(struct source *s, struct err *e)
{
	struct stat st;

	if (strcmp(s->path, "-") != 0 && (stat(s->path, &st) || S_ISREG(st.st_mode)))
		return 0;
	s->in = input_open(s->path, e);
	return s->in ? input_map(s->in, 0, &s->all, e) : -1;
}

static bool listed(const char *const *names, const char *name)
{
	for (; names && *names; names++) {
		if (strcmp(*names, name) == 0)
			return true;
	}
	return false;
}

/* The columns of the result, from the header of the first file. */
static int choose_columns(struct load *l, const struct csv_table *in, struct err *e)
{
	const struct table_options *o = l->o;
	const char *const *lists[] = { o->keep, o->drop, o->as_text };
	struct memory *m = l->t->memory;
	size_t n = csv_table_n_cols(in);

	for (size_t k = 0; k < 3; k++) {
		for (const char *const *name = lists[k]; name && *name; name++) {
			if (csv_table_find(in, *name, e) < 0)
				return -1;
		}
	}
	l->t->cols = mem_array(n, sizeof(*l->t->cols), e);
	m->cols = l->cols = mem_array(n, sizeof(*l->cols), e);
	l->layout.fields = mem_array(n, sizeof(*l->layout.fields), e);
	l->layout.modes = mem_array(n, sizeof(*l->layout.modes), e);
	if (!l->t->cols || !l->cols || !l->layout.fields || !l->layout.modes)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const char *name = csv_table_col_name(in, i);
		size_t at = l->t->n_cols;

		if ((o->keep && !listed(o->keep, name)) || listed(o->drop, name))
			continue;
		l->t->cols[at].name = mem_dup(name, e);
		if (!l->t->cols[at].name)
			return -1;
		l->t->cols[at].is_int = true;
		l->layout.modes[at] = listed(o->as_text, name) ? COLUMN_TEXT : COLUMN_NUMBER;
		l->layout.n_cols = ++l->t->n_cols;
	}
	return 0;
}

/* Where the columns stand in this file; each file has the same ones. */
static int match_columns(struct load *l, const struct csv_table *in, struct err *e)
{
	for (size_t i = 0; i < l->t->n_cols; i++) {
		int at = csv_table_find(in, l->t->cols[i].name, e);

		if (at < 0)
			return -1;
		l->layout.fields[i] = (size_t)at;
	}
	for (size_t i = 0; !l->o->keep && i < csv_table_n_cols(in); i++) {
		const char *name = csv_table_col_name(in, i);
		size_t k = 0;

		while (k < l->t->n_cols && strcmp(l->t->cols[k].name, name) != 0)
			k++;
		if (k == l->t->n_cols && !listed(l->o->drop, name)) {
			err_set(e, ERR_INPUT, "column '%s' is not in the first file", name);
			return err_at(e, "%s", csv_table_name(in));
		}
	}
	return 0;
}

static int look_at_row(
	struct load *l, const struct csv_row *row, struct buf *unquoted, struct err *e)
{
	for (size_t i = 0; i < l->t->n_cols; i++) {
		struct slice v;
		double x;

		if (table_cell_value(
			    &l->layout.cells, &row->fields[l->layout.fields[i]], unquoted, &v, e))
			return -1;
		if (l->layout.modes[i] == COLUMN_NUMBER &&
			!table_cell_is_missing(&l->layout.cells, v) && !table_cell_number(v, &x))
			l->layout.modes[i] = COLUMN_TEXT;
	}
	return 0;
}

/* What the first rows show to be text is read as such from the start. */
static int look(struct load *l, const struct source *s, struct err *e)
{
	struct input *in = source_open(s, e);
	struct csv_reader *r = in ? csv_reader_new(in, l->o->dialect, e) : NULL;
	struct buf unquoted = BUF_INIT;
	struct csv_row row;
	int rc = r ? 0 : -1;

	for (size_t n = 0; r && n < LOOK_ROWS && (rc = csv_reader_next(r, &row, e)) > 0; n++) {
		rc = look_at_row(l, &row, &unquoted, e);
		if (rc)
			break;
	}
	csv_reader_close(r);
	buf_release(&unquoted);
	return rc;
}

static int read_source(struct load *l, const struct source *s, struct pool *pool, struct err *e)
{
	const struct csv_run run = {
		.work = read_piece,
		.done = piece_append,
		.ctx = l,
		.result_size = sizeof(struct column_piece),
		.result_release = table_column_piece_release,
		.progress = l->o->progress,
	};
	struct input *file = source_open(s, e);
	struct csv_table *in = file ? csv_table_new(file, l->o->dialect, e) : NULL;
	struct memory *m = l->t->memory;
	int rc = -1;

	if (!in)
		return -1;
	if (!m->files[l->file]) {
		m->files[l->file] = mem_dup(csv_table_name(in), e);
		if (!m->files[l->file])
			goto out;
	}
	if (!l->cols) {
		if (choose_columns(l, in, e) || match_columns(l, in, e) || look(l, s, e))
			goto out;
	} else if (match_columns(l, in, e)) {
		goto out;
	}
	rc = csv_table_run(in, pool, &run, e);
out:
	csv_table_close(in);
	return rc;
}

/* After the first pass: what must be read again, as text? */
static bool prepare_second(struct load *l)
{
	bool again = false;

	for (size_t i = 0; i < l->t->n_cols; i++) {
		struct table_column *col = &l->t->cols[i];
		bool contradicted = l->layout.modes[i] == COLUMN_NOT;

		col->type = l->layout.modes[i] == COLUMN_NUMBER ? TABLE_NUMBER : TABLE_TEXT;
		l->layout.modes[i] = contradicted ? COLUMN_TEXT : COLUMN_NOT;
		if (!contradicted)
			continue;
		again = true;
		free(col->numbers);
		col->numbers = NULL;
		col->n_missing = 0;
		l->cols[i].cap = 0;
	}
	return again;
}

static int read_all(
	struct load *l, const struct source *sources, size_t n, struct pool *pool, struct err *e)
{
	for (int pass = 0;; pass++) {
		struct memory *m = l->t->memory;

		l->n_rows = m->n_marks = 0;
		for (l->file = 0; l->file < n; l->file++) {
			l->next_line = 0; /* of no row: the first one has a mark */
			if (read_source(l, &sources[l->file], pool, e))
				return -1;
		}
		if (pass > 0 && l->n_rows != l->t->n_rows)
			return err_set(e, ERR_SYSTEM, "the rows changed while they were read");
		l->t->n_rows = l->n_rows;
		if (pass > 0 || !prepare_second(l))
			return 0;
	}
}

/* Hands the texts over, and gives back what only finding codes needed. */
static void finish(struct load *l)
{
	for (size_t i = 0; i < l->t->n_cols; i++) {
		struct table_column *col = &l->t->cols[i];
		struct table_dict *dict = &l->cols[i].dict;

		if (col->type == TABLE_NUMBER)
			continue;
		table_dict_freeze(dict);
		col->texts = dict->items;
		col->n_texts = dict->n;
		col->is_int = false;
	}
}

struct table *table_load(const char *const *paths, size_t n_paths, const struct table_options *o,
	struct pool *pool, struct err *e)
{
	struct load l = { .o = o, .layout.cells = table_cells_of(o->dialect) };
	struct source *sources = mem_array(n_paths, sizeof(*sources), e);
	struct memory *m;
	bool good = false;

	l.t = mem_new(sizeof(*l.t), e);
	if (!sources || !l.t)
		goto out;
	m = l.t->memory = mem_new(sizeof(*m), e);
	if (!m)
		goto out;
	m->files = mem_array(n_paths, sizeof(*m->files), e);
	if (!m->files)
		goto out;
	m->n_files = n_paths;
	for (size_t i = 0; i < n_paths; i++) {
		sources[i].path = paths[i];
		if (source_keep(&sources[i], e))
			goto out;
	}
	if (read_all(&l, sources, n_paths, pool, e))
		goto out;
	finish(&l);
	good = true;
out:
	for (size_t i = 0; sources && i < n_paths; i++)
		input_close(sources[i].in);
	free(sources);
	free(l.layout.fields);
	free(l.layout.modes);
	if (!good) {
		table_free(l.t);
		return NULL;
	}
	return l.t;
}

void table_free(struct table *t)
{
	struct memory *m = t ? t->memory : NULL;

	for (size_t i = 0; t && t->cols && i < t->n_cols; i++) {
		free(t->cols[i].name);
		free(t->cols[i].numbers);
		free(t->cols[i].codes);
	}
	for (size_t i = 0; m && m->cols && i < t->n_cols; i++)
		table_dict_release(&m->cols[i].dict);
	for (size_t i = 0; m && i < m->n_files; i++)
		free(m->files[i]);
	if (m) {
		free(m->cols);
		free(m->marks);
		free(m->files);
	}
	free(m);
	if (t)
		free(t->cols);
	free(t);
}

int table_err_at(const struct table *t, size_t row, struct err *e)
{
	const struct memory *m = t->memory;
	const struct column_mark *at = m->marks;

	if (row >= t->n_rows || !m->n_marks)
		return err_at(e, "%s", m->files[0]);
	for (size_t i = 1; i < m->n_marks && m->marks[i].row <= row; i++)
		at = &m->marks[i];
	return err_at(
		e, "%s:%llu", m->files[at->file], (unsigned long long)(at->line + (row - at->row)));
}

int table_find(const struct table *t, const char *name, struct err *e)
{
	const char **names;
	const char *near = NULL;

	for (size_t i = 0; i < t->n_cols; i++) {
		if (strcmp(t->cols[i].name, name) == 0)
			return (int)i;
	}
	names = mem_array(t->n_cols + 1, sizeof(*names), e);
	if (!names)
		return -1;
	for (size_t i = 0; i < t->n_cols; i++)
		names[i] = t->cols[i].name;
	near = opt_nearest(name, names);
	err_set(e, ERR_INPUT, "no column '%s'", name);
	if (near)
		err_hint(e, "did you mean '%s'?", near);
	free(names);
	return -1;
}
