#include "table/join.h"

#include <stdlib.h>

#include "base/mem.h"
#include "csv/writer.h"
#include "table/join_plan.h"

/*
 * Rows are looked up BATCH at a time: first all keys are hashed and their slots asked for, then the
 * records that the slots point to, and only then anything waits for memory.
 */
enum { BATCH = 32, FLUSH_BYTES = 1 << 20 };

const char *const table_join_kinds[] = { "left", "inner", "right", "full", "semi", "anti", NULL };

/* A row on its way through the sides. */
struct pending {
	struct slice raw; /* LEFT's part of the output */
	const char *eol;
	uint32_t n_eol;
};

struct lookup {
	struct slice key;
	uint64_t hash;
	bool has_key;
};

/* One thread's. */
struct join_worker {
	struct arena memory; /* keys that are composed, until the batch is written */
	struct pending rows[BATCH];
	size_t n;
	struct lookup *lookups; /* [BATCH][n_sides] */
	struct table_row **first, **row; /* [n_sides] what the row found; where the product is */
	uint64_t n_left, n_out;
	struct table_join_counts *counts; /* [n_sides] */
};

struct joiner {
	struct table_join_plan plan;
	struct join_worker **workers; /* [n_workers] */
	int n_workers;
	struct output *out;
};

/* ---- loading the sides -------------------------------------------------------------------------- */

/* What is kept of a side's row: ",a,b" to be appended; its key as it stands, if it may come behind. */
static int side_text(
	void *ctx, const struct csv_row *row, struct buf *b, uint32_t *tail_len, struct err *e)
{
	const struct join_side *s = ctx;
	size_t tail;

	(void)e;
	for (size_t i = 0; i < s->n_cols; i++) {
		const struct csv_field *f = &row->fields[s->cols[i]];

		buf_add_char(b, *s->blank.p);
		buf_add(b, f->p, f->len);
	}
	tail = b->len;
	for (size_t i = 0; s->adds_unmatched && i < s->right_key.n_cols; i++) {
		const struct csv_field *f = &row->fields[s->right_cols[i]];

		buf_add(b, f->p, f->len);
		buf_add_char(b, '\0');
	}
	*tail_len = (uint32_t)(b->len - tail);
	return 0;
}

static int load_side(struct join_side *s, struct pool *pool, struct progress *progress,
	struct table_join_result *r, struct err *e)
{
	const char *name = csv_table_name(s->table);
	struct table_keymap_spec spec = {
		.duplicates = (enum table_duplicates)s->spec->duplicates,
		.keep_unkeyed = s->adds_unmatched,
	};
	int64_t size = csv_table_size(s->table);

	/* whether a key is there does not depend on how often */
	if (s->spec->kind == TABLE_JOIN_SEMI || s->spec->kind == TABLE_JOIN_ANTI)
		spec.duplicates = TABLE_DUPLICATES_FIRST;
	progress_start(progress, name, size > 0 ? (uint64_t)size : 0, PROGRESS_BYTES);
	s->map = table_keymap_new(&spec, e);
	if (!s->map ||
		table_keymap_add(
			s->map, s->table, &s->right_key, side_text, s, pool, progress, e) ||
		table_keymap_finish(s->map, pool, name, e))
		return -1;
	r->n_ragged += csv_table_n_ragged(s->table);
	csv_table_close(s->table);
	s->table = NULL;
	return 0;
}

/* ---- rows --------------------------------------------------------------------------------------- */

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

/* Takes a row into the batch and asks for the slots of its keys, from side `from` on. */
static int add_row(const struct table_join_plan *p, struct join_worker *w,
	const struct csv_row *row, size_t from, struct err *e)
{
	struct pending *to = &w->rows[w->n];
	struct lookup *l = &w->lookups[w->n * p->n_sides];

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
		if (!has_key)
			continue;
		l[s].hash = table_keymap_hash(side->map, l[s].key);
		table_keymap_prefetch(side->map, l[s].hash);
	}
	w->n++;
	return 0;
}

static void write_row(const struct table_join_plan *p, struct join_worker *w,
	const struct pending *row, struct buf *out)
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
	const struct pending *row, struct buf *out)
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

/* Looks the row up in the sides from `from` on; those before have given `first` already. */
static void join_row(const struct table_join_plan *p, struct join_worker *w, size_t i, size_t from,
	struct buf *out)
{
	const struct lookup *l = &w->lookups[i * p->n_sides];

	for (size_t s = from; s < p->n_sides; s++) {
		const struct join_side *side = &p->sides[s];
		enum table_join_kind kind = side->spec->kind;
		struct table_row *row = NULL;

		if (l[s].has_key)
			row = table_keymap_find(side->map, l[s].hash, l[s].key);
		if (row)
			w->counts[s].n_matched++;
		else
			w->counts[s].n_unmatched++;
		for (struct table_row *r = side->adds_unmatched ? row : NULL; r; r = r->next)
			table_row_match(r);
		if (row ? kind == TABLE_JOIN_ANTI
			: kind == TABLE_JOIN_INNER || kind == TABLE_JOIN_RIGHT ||
					kind == TABLE_JOIN_SEMI)
			return;
		w->first[s] = row;
	}
	write_product(p, w, &w->rows[i], out);
}

static int flush_batch(const struct table_join_plan *p, struct join_worker *w, size_t from,
	struct buf *out, struct err *e)
{
	for (size_t i = 0; i < w->n; i++)
		for (size_t s = from; s < p->n_sides; s++)
			if (w->lookups[i * p->n_sides + s].has_key)
				table_keymap_prefetch_row(
					p->sides[s].map, w->lookups[i * p->n_sides + s].hash);
	for (size_t i = 0; i < w->n; i++)
		join_row(p, w, i, from, out);
	w->n = 0;
	arena_reset(&w->memory);
	return buf_check(out, e);
}

static int join_chunk(void *ctx, struct csv_chunk *c, int worker, struct err *e)
{
	struct joiner *j = ctx;
	struct join_worker *w = j->workers[worker];
	struct buf *out = csv_chunk_buf(c);
	struct csv_row row;
	int got;

	w->n = 0;
	while ((got = csv_chunk_next(c, &row, e)) > 0) {
		w->n_left++;
		if (add_row(&j->plan, w, &row, 0, e))
			return -1;
		if (w->n == BATCH && flush_batch(&j->plan, w, 0, out, e))
			return -1;
	}
	return got ? -1 : flush_batch(&j->plan, w, 0, out, e);
}

static int write_chunk(void *ctx, struct csv_chunk *c, struct err *e)
{
	struct joiner *j = ctx;

	output_slice(j->out, buf_slice(csv_chunk_buf(c)));
	/* no need to read on when nothing can be written; the descriptor's error is the first one */
	return output_failed(j->out) && output_fd(j->out, e) < 0 ? -1 : 0;
}

/* ---- rows of a right or full side that matched nothing ------------------------------------------- */

/* A row of LEFT's shape with only the key filled. */
static int make_row(const struct table_join_plan *p, const struct join_side *s,
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

static int add_unmatched(struct joiner *j, size_t at, struct err *e)
{
	const struct table_join_plan *p = &j->plan;
	const struct join_side *s = &p->sides[at];
	struct join_worker *w = j->workers[0];
	struct table_keymap_place place = { 0 };
	struct buf text = BUF_INIT, out = BUF_INIT;
	struct table_row *r;
	int rc = -1;
	struct csv_field *fields = mem_array(csv_table_n_cols(p->left), sizeof(*fields), e);

	if (!fields)
		return -1;
	while ((r = table_keymap_next(s->map, &place))) {
		struct table_row *others = r->next;
		struct csv_row row;

		if (r->is_matched || r->is_dropped)
			continue;
		w->n = 0;
		if (make_row(p, s, r, fields, &text, &row, e) || add_row(p, w, &row, at + 1, e))
			goto out;
		memset(w->first, 0, p->n_sides * sizeof(struct table_row *));
		w->counts[at].n_added++;
		r->next = NULL; /* those of the same key come in their own turn */
		w->first[at] = r;
		join_row(p, w, 0, at + 1, &out);
		r->next = others;
		arena_reset(&w->memory);
		if (out.len > FLUSH_BYTES) {
			output_slice(j->out, buf_slice(&out));
			buf_reset(&out);
		}
	}
	output_slice(j->out, buf_slice(&out));
	rc = buf_check(&out, e);
out:
	w->n = 0;
	buf_release(&text);
	buf_release(&out);
	free(fields);
	return rc;
}

/* ---- the run ------------------------------------------------------------------------------------ */

static int make_workers(struct joiner *j, int n, struct err *e)
{
	size_t n_sides = j->plan.n_sides + 1; /* at least one of each */

	j->workers = mem_array((size_t)n, sizeof(*j->workers), e);
	if (!j->workers)
		return -1;
	for (; j->n_workers < n; j->n_workers++) {
		struct join_worker *w = mem_new(sizeof(*w), e);

		j->workers[j->n_workers] = w;
		if (!w)
			return -1;
		w->lookups = mem_array(BATCH * n_sides, sizeof(*w->lookups), e);
		w->first = mem_array(n_sides, sizeof(struct table_row *), e);
		w->row = mem_array(n_sides, sizeof(struct table_row *), e);
		w->counts = mem_array(n_sides, sizeof(*w->counts), e);
		if (!w->lookups || !w->first || !w->row || !w->counts) {
			j->n_workers++;
			return -1;
		}
	}
	return 0;
}

static void free_workers(struct joiner *j)
{
	for (int i = 0; i < j->n_workers; i++) {
		struct join_worker *w = j->workers[i];

		arena_release(&w->memory);
		free(w->lookups);
		free(w->first);
		free(w->row);
		free(w->counts);
		free(w);
	}
	free(j->workers);
}

static void sum_up(const struct joiner *j, struct table_join_result *r)
{
	for (size_t s = 0; s < j->plan.n_sides; s++) {
		struct table_join_counts *c = &r->sides[s];

		*c = (struct table_join_counts){ 0 };
		table_keymap_get_counts(j->plan.sides[s].map, &c->rows);
		for (int i = 0; i < j->n_workers; i++) {
			c->n_matched += j->workers[i]->counts[s].n_matched;
			c->n_unmatched += j->workers[i]->counts[s].n_unmatched;
			c->n_added += j->workers[i]->counts[s].n_added;
		}
	}
	for (int i = 0; i < j->n_workers; i++) {
		r->n_left += j->workers[i]->n_left;
		r->n_out += j->workers[i]->n_out;
	}
}

/* Warns where nothing matched, refuses where too little did. */
static int judge(const struct table_join *j, const struct table_join_result *r, struct diag *diag,
	struct err *e)
{
	for (size_t s = 0; s < j->n_sides; s++) {
		const struct table_join_side *side = &j->sides[s];
		const struct table_join_counts *c = &r->sides[s];
		uint64_t n = c->n_matched + c->n_unmatched;
		double share = n ? (double)c->n_matched / (double)n : 1;

		if (share < side->require_match) {
			err_set(e, ERR_INPUT,
				"%.4g %% of the rows have a match by '%s', %.4g %% are required",
				100 * share, side->key, 100 * side->require_match);
			return err_at(e, "%s", side->path);
		}
		if (n && !c->n_matched && side->kind != TABLE_JOIN_ANTI)
			diag_say(diag, DIAG_WARNING, "%s: no row has a match by '%s'", side->path,
				side->key);
	}
	return 0;
}

int table_join_run(const struct table_join *join, struct output *out, struct pool *pool,
	struct progress *progress, struct diag *diag, struct table_join_result *r, struct err *e)
{
	struct joiner j = { .out = out };
	struct csv_run run = { .work = join_chunk, .done = write_chunk, .ctx = &j };
	struct table_join_plan *p = &j.plan;
	int64_t size;
	int rc = -1;

	r->n_left = r->n_out = r->n_ragged = 0;
	if (table_join_plan_init(p, join, e) || make_workers(&j, pool_size(pool), e))
		goto out;
	for (size_t s = 0; s < p->n_sides; s++)
		if (load_side(&p->sides[s], pool, progress, r, e))
			goto out;
	size = csv_table_size(p->left);
	progress_start(
		progress, csv_table_name(p->left), size > 0 ? (uint64_t)size : 0, PROGRESS_BYTES);
	output_slice(out, buf_slice(&p->header));
	run.progress = progress;
	if (csv_table_run(p->left, pool, &run, e))
		goto out;
	for (size_t s = 0; s < p->n_sides; s++)
		if (p->sides[s].adds_unmatched && add_unmatched(&j, s, e))
			goto out;
	r->n_ragged += csv_table_n_ragged(p->left);
	sum_up(&j, r);
	rc = judge(join, r, diag, e);
out:
	free_workers(&j);
	table_join_plan_release(p);
	return rc;
}
