#include "table/concat_plan.h"

#include <stdlib.h>

#include "base/mem.h"

static size_t find_out_col(const struct concat_plan *p, const char *name)
{
	for (size_t i = 0; i < p->n_cols; i++)
		if (strcmp(p->cols[i].name, name) == 0)
			return i;
	return CONCAT_NO_COL;
}

/* Finds the file's columns in the output, where names that no file before has had are added. */
static int add_cols(
	struct concat_plan *p, struct concat_file *f, const struct csv_table *t, struct err *e)
{
	f->n_cols = csv_table_n_cols(t);
	f->to_out = arena_alloc(&p->memory, f->n_cols * sizeof(*f->to_out), e);
	if (!f->to_out)
		return -1;
	for (size_t i = 0; i < f->n_cols; i++) {
		const struct csv_field *field = &csv_table_header(t)->fields[i];
		const char *name = csv_table_col_name(t, i);
		struct concat_col *to;

		f->to_out[i] = find_out_col(p, name);
		if (f->to_out[i] != CONCAT_NO_COL)
			continue;
		if (mem_grow(&p->cols, &p->cap_cols, p->n_cols + 1, sizeof(*p->cols), e))
			return -1;
		to = &p->cols[p->n_cols];
		to->first = f->path;
		to->raw.len = field->len;
		to->raw.p = arena_dup(&p->memory, field->p, field->len, e);
		to->name = arena_dup(&p->memory, name, strlen(name), e);
		if (!to->raw.p || !to->name)
			return -1;
		f->to_out[i] = p->n_cols++;
	}
	return 0;
}

static int read_header(struct concat_plan *p, const char *path, struct err *e)
{
	struct concat_file *f = &p->files[p->n_files];
	const struct csv_row *header;

	f->path = path;
	f->table = csv_table_open(path, p->spec->dialect, e);
	if (!f->table)
		return -1;
	header = csv_table_header(f->table);
	if (p->n_files++ == 0) {
		if (csv_table_has_bom(f->table))
			buf_add_text(&p->header, "\xef\xbb\xbf");
		p->eol = header->n_eol == 2 ? "\r\n" : "\n";
		p->is_header_open = header->n_eol == 0;
	}
	if (add_cols(p, f, f->table, e))
		return -1;
	/* thousands of files must not all be open at once */
	if (csv_table_size(f->table) >= 0 && strcmp(path, "-") != 0) {
		csv_table_close(f->table);
		f->table = NULL;
	}
	return 0;
}

/* Where the output's columns are in the file, now that all are known. */
static int map_cols(struct concat_plan *p, struct concat_file *f, struct err *e)
{
	bool is_fixed = p->spec->into && f == p->files;

	f->cols = arena_alloc(&p->memory, p->n_cols * sizeof(*f->cols), e);
	if (!f->cols)
		return -1;
	f->is_same = f->n_cols == p->n_cols;
	for (size_t i = 0; i < p->n_cols; i++)
		f->cols[i] = CONCAT_NO_COL;
	for (size_t i = 0; i < f->n_cols; i++) {
		f->cols[f->to_out[i]] = i;
		f->is_same = f->is_same && f->to_out[i] == i;
	}
	for (size_t i = 0; i < p->n_cols; i++) {
		if (f->cols[i] != CONCAT_NO_COL)
			continue;
		p->n_filled++;
		if (p->spec->fill && !is_fixed)
			continue;
		err_set(e, ERR_INPUT, "there is no column '%s', which %s has", p->cols[i].name,
			p->cols[i].first);
		err_hint(e, "%s",
			is_fixed
				? "a column cannot be added in place: write the table anew, with -o"
				: "say --missing fill to leave it empty");
		return err_at(e, "%s", f->path);
	}
	return 0;
}

static int find_cols(
	struct concat_plan *p, const char *list, size_t **cols, size_t *n, struct err *e)
{
	struct slice rest, part;
	size_t most = 1;

	*n = 0;
	if (!list)
		return 0;
	for (const char *c = list; *c; c++)
		most += *c == ',';
	*cols = arena_alloc(&p->memory, most * sizeof(**cols), e);
	if (!*cols)
		return -1;
	for (rest = slice_of(list); slice_cut(&rest, ',', &part); ++*n) {
		char *name = arena_dup(&p->memory, part.p ? part.p : "", part.len, e);

		if (!name)
			return -1;
		(*cols)[*n] = find_out_col(p, name);
		if ((*cols)[*n] == CONCAT_NO_COL)
			return err_set(e, ERR_INPUT, "no file has a column '%s'", name);
	}
	return *n ? 0 : err_set(e, ERR_INPUT, "a list of columns is empty");
}

/* What the output begins with: the first file's byte order mark is there already. */
static int make_header(struct concat_plan *p, struct err *e)
{
	const struct csv_dialect *d = p->spec->dialect;

	if (d->no_header) {
		p->is_header_open = false;
		return buf_check(&p->header, e);
	}
	for (size_t i = 0; i < p->n_cols; i++) {
		if (i)
			buf_add_char(&p->header, csv_dialect_delimiter(d));
		buf_add_slice(&p->header, p->cols[i].raw);
	}
	if (!p->is_header_open)
		buf_add_text(&p->header, p->eol);
	return buf_check(&p->header, e);
}

int table_concat_plan_init(struct concat_plan *p, const struct table_concat *spec, struct err *e)
{
	int n_stdin = 0;

	*p = (struct concat_plan){ .spec = spec, .header = BUF_INIT };
	p->files = mem_array(spec->n_paths + 1, sizeof(*p->files), e);
	if (!p->files)
		return -1;
	for (size_t i = 0; i < spec->n_paths; i++)
		n_stdin += strcmp(spec->paths[i], "-") == 0;
	if (n_stdin > 1)
		return err_set(e, ERR_INPUT, "standard input is named twice");
	if (spec->into && read_header(p, spec->into, e))
		return -1;
	for (size_t i = 0; i < spec->n_paths; i++)
		if (read_header(p, spec->paths[i], e))
			return -1;
	for (size_t i = 0; i < p->n_files; i++)
		if (map_cols(p, &p->files[i], e))
			return -1;
	if (find_cols(p, spec->key, &p->key, &p->n_key, e) ||
		find_cols(p, spec->sort_by, &p->sort, &p->n_sort, e))
		return -1;
	p->file_key = arena_alloc(&p->memory, (p->n_key + 1) * sizeof(*p->file_key), e);
	return p->file_key ? make_header(p, e) : -1;
}

void table_concat_plan_release(struct concat_plan *p)
{
	for (size_t i = 0; i < p->n_files; i++)
		csv_table_close(p->files[i].table);
	free(p->files);
	free(p->cols);
	buf_release(&p->header);
	arena_release(&p->memory);
}

int table_concat_plan_open(const struct concat_plan *p, struct concat_file *f, struct err *e)
{
	if (!f->table)
		f->table = csv_table_open(f->path, p->spec->dialect, e);
	if (!f->table)
		return -1;
	if (csv_table_n_cols(f->table) == f->n_cols)
		return 0;
	err_set(e, ERR_SYSTEM, "the file has changed while it was read");
	return err_at(e, "%s", f->path);
}

int table_concat_plan_key(
	struct concat_plan *p, const struct concat_file *f, struct table_key *key, struct err *e)
{
	*key = (struct table_key){
		.cols = p->file_key,
		.n_cols = p->n_key,
		.dialect = p->spec->dialect,
	};
	for (size_t i = 0; i < p->n_key; i++) {
		p->file_key[i] = f->cols[p->key[i]];
		if (p->file_key[i] == CONCAT_NO_COL) {
			err_set(e, ERR_INPUT, "column '%s' of the key is missing",
				p->cols[p->key[i]].name);
			return err_at(e, "%s", f->path);
		}
	}
	return 0;
}

void table_concat_plan_row(const struct concat_plan *p, const struct concat_file *f,
	const struct csv_row *row, struct buf *b)
{
	if (f->is_same) {
		buf_add(b, row->raw.p, row->raw.len + row->n_eol);
		return;
	}
	for (size_t i = 0; i < p->n_cols; i++) {
		size_t at = f->cols[i];

		if (i)
			buf_add_char(b, csv_dialect_delimiter(p->spec->dialect));
		if (at != CONCAT_NO_COL)
			buf_add(b, row->fields[at].p, row->fields[at].len);
	}
	buf_add(b, row->raw.p + row->raw.len, row->n_eol);
}
