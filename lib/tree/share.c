#include "tree/share.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "table/dict.h"

/** All processes must have the same columns in the same order. */
static int compare_columns(const struct table *t, struct tree_comm *c, struct err *e)
{
	struct buf mine = BUF_INIT, all = BUF_INIT;
	int rc = -1;

	for (size_t i = 0; i < t->n_cols; i++)
		buf_add(&mine, t->cols[i].name, strlen(t->cols[i].name) + 1);
	if (buf_check(&mine, e) || tree_comm_gather(c, mine.p, mine.len, &all, e))
		goto out;
	rc = all.len == mine.len * (size_t)c->size ? 0 : -1;
	for (int i = 0; i < c->size && !rc; i++)
		rc = memcmp(all.p + (size_t)i * mine.len, mine.p, mine.len) ? -1 : 0;
	if (rc) {
		err_set(e, ERR_INPUT, "the tables of the processes have different columns");
		err_hint(e, "bring them into one order, for example by csv-merge and csv-split");
	}
out:
	buf_release(&mine);
	buf_release(&all);
	return rc;
}

/** Lists columns that are text elsewhere, behind those of `texts`, and NULL. Returns how many. */
static size_t list_texts(
	const struct table *t, struct tree_comm *c, float *is_text, const char **texts)
{
	size_t n = 0, n_new = 0;

	for (size_t i = 0; i < t->n_cols; i++)
		is_text[i] = t->cols[i].type == TABLE_TEXT;
	tree_comm_most(c, is_text, t->n_cols);
	while (texts[n])
		n++;
	for (size_t i = 0; i < t->n_cols; i++)
		if (is_text[i] > 0 && t->cols[i].type != TABLE_TEXT) {
			texts[n + n_new++] = t->cols[i].name;
		}
	texts[n + n_new] = NULL;
	return n_new;
}

/** The texts of all processes in one dictionary; the column's codes become those there. */
static int unite(struct table_column *col, size_t n_rows, struct table_dict *d, struct tree_comm *c,
	struct err *e)
{
	struct buf mine = BUF_INIT, all = BUF_INIT;
	uint32_t *map = mem_array(col->n_texts, sizeof(*map), e);
	int rc = -1;

	if (!map)
		goto out;
	for (uint32_t i = 0; i < col->n_texts; i++) {
		uint32_t len = (uint32_t)col->texts[i].len;

		buf_add(&mine, &len, sizeof(len));
		buf_add_slice(&mine, col->texts[i]);
	}
	if (buf_check(&mine, e) || tree_comm_gather(c, mine.p, mine.len, &all, e))
		goto out;
	for (size_t at = 0; at < all.len;) {
		struct slice s = { all.p + at + sizeof(uint32_t), 0 };
		uint32_t len, code;

		memcpy(&len, all.p + at, sizeof(len));
		s.len = len;
		at += sizeof(len) + len;
		if (table_dict_add(d, s, table_dict_hash(s), &code, e))
			goto out;
	}
	for (uint32_t i = 0; i < col->n_texts; i++)
		map[i] = table_dict_get(d, col->texts[i], table_dict_hash(col->texts[i]));
	for (size_t i = 0; i < n_rows; i++)
		if (col->codes[i] != TABLE_MISSING)
			col->codes[i] = map[col->codes[i]];
	col->texts = d->items;
	col->n_texts = d->n;
	rc = 0;
out:
	free(map);
	buf_release(&mine);
	buf_release(&all);
	return rc;
}

static int unite_columns(struct tree_dataset *d, struct tree_comm *c, struct err *e)
{
	d->texts = mem_array(d->table->n_cols, sizeof(*d->texts), e);
	if (!d->texts)
		return -1;
	d->n_texts = d->table->n_cols;
	for (size_t i = 0; i < d->n_texts; i++) {
		struct table_column *col = &d->table->cols[i];
		float has_fraction = !col->is_int;

		tree_comm_most(c, &has_fraction, 1);
		col->is_int = !(has_fraction > 0);
		col->n_missing = (uint64_t)tree_comm_sum_of(c, (int64_t)col->n_missing);
		if (col->type == TABLE_TEXT && unite(col, d->table->n_rows, &d->texts[i], c, e))
			return -1;
	}
	return 0;
}

int tree_share_load(struct tree_dataset *d, const struct table_options *o, const char *const *files,
	size_t n_files, const struct tree_io *io, struct err *e)
{
	size_t rank = (size_t)io->comm->rank, size = (size_t)io->comm->size, n = 0;
	size_t from = n_files * rank / size, to = n_files * (rank + 1) / size;
	struct table_options again = *o;
	const char **texts = NULL;
	struct table *first = NULL;
	float *is_text = NULL;
	int rc = -1;

	if (n_files < size) {
		err_set(e, ERR_INPUT, "%zu tables are too few for %zu processes", n_files, size);
		return err_hint(e, "cut them with csv-split --parts");
	}
	first = table_load(files + from, to - from, o, io->pool, e);
	if (!first || compare_columns(first, io->comm, e))
		goto out;
	while (o->as_text && o->as_text[n])
		n++;
	texts = mem_array(n + first->n_cols + 1, sizeof(*texts), e);
	is_text = texts ? mem_array(first->n_cols, sizeof(*is_text), e) : NULL;
	if (!is_text)
		goto out;
	for (size_t i = 0; i < n; i++)
		texts[i] = o->as_text[i];
	if (list_texts(first, io->comm, is_text, texts)) {
		again.as_text = texts;
		d->table = table_load(files + from, to - from, &again, io->pool, e);
	} else {
		d->table = first;
		first = NULL;
	}
	rc = d->table ? unite_columns(d, io->comm, e) : -1;
out:
	table_free(first);
	free(texts);
	free(is_text);
	return rc;
}

int tree_share_check_groups(
	const struct tree_dataset *d, const char *column, struct tree_comm *c, struct err *e)
{
	const struct score_groups *g = &d->target.groups;
	int64_t *n = mem_array(g->n, sizeof(*n), e); /* processes that have the group */
	int col = n ? table_find(d->table, column, e) : -1, rc = col < 0 ? -1 : 0;

	for (size_t i = 0; !rc && i < g->n; i++)
		n[i] = g->begin[i + 1] > g->begin[i];
	if (!rc)
		tree_comm_sum(c, n, g->n);
	for (size_t i = 0; !rc && i < g->n; i++) {
		struct slice s = d->table->cols[col].texts[i];

		if (n[i] < 2)
			continue;
		rc = err_set(e, ERR_INPUT,
			"column '%s': group '%.*s' is in the tables of %d processes", column,
			(int)(s.len < 60 ? s.len : 60), s.p, (int)n[i]);
		err_hint(e, "cut the tables between groups");
	}
	free(n);
	return rc;
}
