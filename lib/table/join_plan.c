#include "table/join_plan.h"

#include <stdlib.h>

#include "base/mem.h"
#include "csv/writer.h"
#include "table/join_spill.h"

/* ---- keys and chosen columns -------------------------------------------------------------------- */

static size_t count_parts(const char *list)
{
	size_t n = 1;

	for (; *list; list++)
		n += *list == ',';
	return n;
}

static int find_col(struct table_join_plan *p, struct csv_table *t, struct slice name, size_t *col,
	struct err *e)
{
	char *text = arena_dup(&p->memory, name.p ? name.p : "", name.len, e);
	int at = text ? csv_table_find(t, text, e) : -1;

	*col = (size_t)at;
	return at < 0 ? -1 : 0;
}

/* "a,b" to columns of `t`. */
static int find_cols(struct table_join_plan *p, struct csv_table *t, const char *list,
	size_t **cols, size_t *n_cols, struct err *e)
{
	struct slice rest = slice_of(list), part;

	*cols = arena_alloc(&p->memory, count_parts(list) * sizeof(**cols), e);
	if (!*cols)
		return -1;
	for (*n_cols = 0; slice_cut(&rest, ',', &part); ++*n_cols)
		if (find_col(p, t, part, &(*cols)[*n_cols], e))
			return -1;
	if (!*n_cols)
		return err_set(e, ERR_INPUT, "--cols names no column");
	return 0;
}

/* "dest=faa,year" to columns of LEFT and of the side. */
static int find_keys(struct table_join_plan *p, struct join_side *s, struct err *e)
{
	const struct table_join_side *spec = s->spec;
	struct slice rest = slice_of(spec->key), part;
	size_t most = count_parts(spec->key), n = 0;

	s->left_cols = arena_alloc(&p->memory, most * sizeof(*s->left_cols), e);
	s->right_cols = arena_alloc(&p->memory, most * sizeof(*s->right_cols), e);
	if (!s->left_cols || !s->right_cols)
		return -1;
	for (; slice_cut(&rest, ',', &part); n++) {
		struct slice right = part, left;

		if (!slice_cut(&right, '=', &left))
			left = right = part;
		else if (!right.p)
			right = left;
		if (find_col(p, p->left, left, &s->left_cols[n], e) ||
			find_col(p, s->table, right, &s->right_cols[n], e))
			return -1;
	}
	if (!n)
		return err_set(e, ERR_INPUT, "the key for %s names no column", spec->path);
	s->left_key = (struct table_key){
		.cols = s->left_cols,
		.n_cols = n,
		.ignore_case = spec->ignore_case,
		.trim = spec->trim,
		.match_empty = spec->match_empty,
		.dialect = p->join->dialect,
	};
	s->right_key = s->left_key;
	s->right_key.cols = s->right_cols;
	return 0;
}

static bool is_key(const struct join_side *s, size_t col)
{
	for (size_t i = 0; i < s->right_key.n_cols; i++)
		if (s->right_cols[i] == col)
			return true;
	return false;
}

static int choose_cols(struct table_join_plan *p, struct join_side *s, struct err *e)
{
	size_t n = csv_table_n_cols(s->table);

	if (s->spec->kind == TABLE_JOIN_SEMI || s->spec->kind == TABLE_JOIN_ANTI) {
		if (!s->spec->cols && !s->spec->prefix)
			return 0;
		return err_set(e, ERR_INPUT, "--%s %s %s brings no columns: %s has no effect",
			table_join_kinds[s->spec->kind], s->spec->key, s->spec->path,
			s->spec->cols ? "--cols" : "--prefix");
	}
	if (s->spec->cols)
		return find_cols(p, s->table, s->spec->cols, &s->cols, &s->n_cols, e);
	s->cols = arena_alloc(&p->memory, n * sizeof(*s->cols), e);
	if (!s->cols)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (!is_key(s, i))
			s->cols[s->n_cols++] = i;
	return 0;
}

/* A stream's block: 64 of them, and as many again to read, should be a small part of the memory. */
static size_t spill_block(uint64_t memory)
{
	const size_t most = 64 << 10, least = 1 << 10;

	return memory >= (uint64_t)most << 10    ? most
	       : memory <= (uint64_t)least << 10 ? least
						 : (size_t)(memory >> 10);
}

static int plan_side(struct table_join_plan *p, struct join_side *s, struct err *e)
{
	enum table_join_kind kind = s->spec->kind;
	char *blank;

	s->table = csv_table_open(s->spec->path, p->join->dialect, e);
	if (!s->table || find_keys(p, s, e) || choose_cols(p, s, e))
		return -1;
	/* whether a key is there does not depend on how often */
	s->duplicates = kind == TABLE_JOIN_SEMI || kind == TABLE_JOIN_ANTI
				? TABLE_DUPLICATES_FIRST
				: (enum table_duplicates)s->spec->duplicates;
	s->budget = p->join->memory ? &p->budget : NULL;
	s->temp_dir = p->join->temp_dir;
	s->spill_block = spill_block(p->join->memory);
	s->adds_unmatched = kind == TABLE_JOIN_RIGHT || kind == TABLE_JOIN_FULL;
	blank = arena_alloc(&p->memory, s->n_cols + 1, e);
	if (!blank)
		return -1;
	memset(blank, csv_dialect_delimiter(p->join->dialect), s->n_cols);
	s->blank = (struct slice){ blank, s->n_cols };
	return 0;
}

/* ---- the output's names ------------------------------------------------------------------------- */

struct out_name {
	const char *name; /* in its table */
	const char *final;
	const struct csv_field *field; /* in its header */
	const char *prefix, *file;
	size_t position;
};

static int by_final(const void *a, const void *b)
{
	const struct out_name *x = *(const struct out_name *const *)a;
	const struct out_name *y = *(const struct out_name *const *)b;
	int c = strcmp(x->final, y->final);

	return c ? c : (x->position > y->position) - (x->position < y->position);
}

static int add_prefix(struct table_join_plan *p, struct out_name *n, struct err *e)
{
	struct buf b = BUF_INIT;
	char *text = NULL;

	if (!n->prefix || n->final != n->name)
		return 0;
	buf_add_text(&b, n->prefix);
	buf_add_text(&b, n->name);
	if (!buf_check(&b, e))
		text = arena_dup(&p->memory, b.p, b.len, e);
	buf_release(&b);
	n->final = text;
	return text ? 0 : -1;
}

static int fail_collision(const struct out_name *a, const struct out_name *b, struct err *e)
{
	err_set(e, ERR_INPUT, "column '%s' is in %s too", b->final, a->file);
	err_hint(e, "give a --prefix behind one of the tables, or choose columns with --cols");
	return err_at(e, "%s", b->file);
}

/* Gives colliding names their tables' prefixes; two that are then still the same are an error. */
static int resolve_names(struct table_join_plan *p, struct out_name *names, size_t n, struct err *e)
{
	struct out_name **sorted = mem_array(n, sizeof(*sorted), e);
	int rc = -1;

	if (!sorted)
		return -1;
	for (size_t i = 0; i < n; i++)
		sorted[i] = &names[i];
	qsort(sorted, n, sizeof(struct out_name *), by_final);
	for (size_t i = 1; i < n; i++) {
		if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0 &&
			(add_prefix(p, sorted[i - 1], e) || add_prefix(p, sorted[i], e)))
			goto out;
	}
	qsort(sorted, n, sizeof(struct out_name *), by_final);
	for (size_t i = 1; i < n; i++) {
		if (strcmp(sorted[i - 1]->final, sorted[i]->final) == 0) {
			fail_collision(sorted[i - 1], sorted[i], e);
			goto out;
		}
	}
	rc = 0;
out:
	free(sorted);
	return rc;
}

static struct out_name name_of(struct csv_table *t, size_t col, const char *prefix)
{
	const char *name = csv_table_col_name(t, col);

	return (struct out_name){
		.name = name,
		.final = name,
		.field = &csv_table_header(t)->fields[col],
		.prefix = prefix,
		.file = csv_table_name(t),
	};
}

static int write_header(
	struct table_join_plan *p, const struct out_name *names, size_t n, struct err *e)
{
	const struct csv_dialect *d = p->join->dialect;
	const struct csv_row *left = csv_table_header(p->left);

	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_add_char(&p->header, csv_dialect_delimiter(d));
		if (names[i].final == names[i].name)
			buf_add(&p->header, names[i].field->p, names[i].field->len);
		else if (csv_writer_add(&p->header, d, slice_of(names[i].final), e))
			return -1;
	}
	buf_add_text(&p->header, left->n_eol == 2 ? "\r\n" : "\n");
	return buf_check(&p->header, e);
}

static int plan_names(struct table_join_plan *p, struct err *e)
{
	size_t n = p->n_cols, k = 0;
	struct out_name *names;

	for (size_t i = 0; i < p->n_sides; i++)
		n += p->sides[i].n_cols;
	names = arena_alloc(&p->memory, n * sizeof(*names), e);
	if (!names)
		return -1;
	for (size_t i = 0; i < p->n_cols; i++)
		names[k++] = name_of(p->left, p->cols ? p->cols[i] : i, NULL);
	for (size_t i = 0; i < p->n_sides; i++) {
		struct join_side *s = &p->sides[i];

		for (size_t c = 0; c < s->n_cols; c++)
			names[k++] = name_of(s->table, s->cols[c], s->spec->prefix);
	}
	for (size_t i = 0; i < n; i++)
		names[i].position = i;
	return resolve_names(p, names, n, e) || write_header(p, names, n, e) ? -1 : 0;
}

/* ---- all of it ---------------------------------------------------------------------------------- */

static int check_stdin(const struct table_join *j, struct err *e)
{
	size_t n = strcmp(j->left, "-") == 0;

	for (size_t i = 0; i < j->n_sides; i++)
		n += strcmp(j->sides[i].path, "-") == 0;
	return n > 1 ? err_set(e, ERR_INPUT, "standard input can be one table only") : 0;
}

int table_join_plan_init(struct table_join_plan *p, const struct table_join *j, struct err *e)
{
	*p = (struct table_join_plan){ .join = j, .header = BUF_INIT };
	budget_init(&p->budget, j->memory);
	p->sides = mem_array(j->n_sides + 1, sizeof(*p->sides), e);
	if (!p->sides || check_stdin(j, e))
		return -1;
	p->left = csv_table_open(j->left, j->dialect, e);
	if (!p->left)
		return -1;
	p->n_cols = csv_table_n_cols(p->left);
	if (j->cols && find_cols(p, p->left, j->cols, &p->cols, &p->n_cols, e))
		return -1;
	for (; p->n_sides < j->n_sides; p->n_sides++) {
		struct join_side *s = &p->sides[p->n_sides];

		s->spec = &j->sides[p->n_sides];
		if (plan_side(p, s, e)) {
			csv_table_close(s->table);
			return -1;
		}
	}
	if (csv_table_has_bom(p->left))
		buf_add_text(&p->header, "\xef\xbb\xbf");
	return j->dialect->no_header ? buf_check(&p->header, e) : plan_names(p, e);
}

void table_join_plan_release(struct table_join_plan *p)
{
	for (size_t i = 0; i < p->n_sides; i++) {
		csv_table_close(p->sides[i].table);
		table_keymap_free(p->sides[i].map);
		table_join_spill_free(p->sides[i].spilled);
	}
	free(p->sides);
	csv_table_close(p->left);
	buf_release(&p->header);
	arena_release(&p->memory);
}
