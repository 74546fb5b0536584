#include "table/join.h"

#include <stdlib.h>

#include "base/mem.h"
#include "table/join_disk.h"
#include "table/join_rows.h"

const char *const table_join_kinds[] = { "left", "inner", "right", "full", "semi", "anti", NULL };

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

static int finish_spilled(struct join_side *s, struct err *e)
{
	/* a table without rows never calls the sink */
	if (!table_keymap_is_spilled(s->map) || !s->spilled)
		return 0;
	return table_join_spill_finish(s, e);
}

static int load_side(struct join_side *s, struct pool *pool, struct progress *progress,
	struct table_join_result *r, struct err *e)
{
	const char *name = csv_table_name(s->table);
	struct table_keymap_spec spec = {
		.duplicates = s->duplicates,
		.keep_unkeyed = s->adds_unmatched,
		.budget = s->budget,
		.sink = table_join_spill_row,
		.sink_ctx = s,
	};
	int64_t size = csv_table_size(s->table);

	progress_start(progress, name, size > 0 ? (uint64_t)size : 0, PROGRESS_BYTES);
	s->map = table_keymap_new(&spec, e);
	if (!s->map ||
		table_keymap_add(
			s->map, s->table, &s->right_key, side_text, s, pool, progress, e) ||
		table_keymap_finish(s->map, pool, name, e) || finish_spilled(s, e))
		return -1;
	r->n_ragged += csv_table_n_ragged(s->table);
	csv_table_close(s->table);
	s->table = NULL;
	return 0;
}

/*
 * Makes room for the rounds of sides on disk, a quarter of all memory at least: the largest sides that are in memory
 * go to disk too.
 */
static int settle(struct table_join_plan *p, struct table_join_result *r, struct err *e)
{
	r->n_spilled = 0;
	for (;;) {
		struct join_side *largest = NULL;

		r->n_spilled = 0;
		for (size_t i = 0; i < p->n_sides; i++) {
			struct join_side *s = &p->sides[i];

			r->n_spilled += s->spilled != NULL;
			if (table_keymap_memory(s->map) >
				(largest ? table_keymap_memory(largest->map) : 0))
				largest = s;
		}
		if (!r->n_spilled || !largest || budget_left(&p->budget) >= p->budget.limit / 4)
			return 0;
		if (table_keymap_spill(largest->map, e) || finish_spilled(largest, e))
			return -1;
	}
}

/* ---- LEFT, all tables in memory ------------------------------------------------------------------ */

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
		if (table_join_rows_add(&j->plan, w, &row, 0, e))
			return -1;
		if (w->n == JOIN_BATCH && table_join_rows_flush(&j->plan, w, 0, out, e))
			return -1;
	}
	return got ? -1 : table_join_rows_flush(&j->plan, w, 0, out, e);
}

static int write_chunk(void *ctx, struct csv_chunk *c, struct err *e)
{
	struct joiner *j = ctx;

	output_slice(j->out, buf_slice(csv_chunk_buf(c)));
	/* no need to read on when nothing can be written; the descriptor's error is the first one */
	return output_failed(j->out) && output_fd(j->out, e) < 0 ? -1 : 0;
}

/* ---- the run ------------------------------------------------------------------------------------ */

static int make_workers(struct joiner *j, int n, struct err *e)
{
	j->workers = mem_array((size_t)n, sizeof(*j->workers), e);
	if (!j->workers)
		return -1;
	for (; j->n_workers < n; j->n_workers++) {
		j->workers[j->n_workers] = table_join_worker_new(&j->plan, e);
		if (!j->workers[j->n_workers])
			return -1;
	}
	return 0;
}

static void free_workers(struct joiner *j)
{
	for (int i = 0; i < j->n_workers; i++)
		table_join_worker_free(j->workers[i]);
	free(j->workers);
}

static void sum_up(const struct joiner *j, struct table_join_result *r)
{
	for (size_t s = 0; s < j->plan.n_sides; s++) {
		struct table_join_counts *c = &r->sides[s];

		*c = (struct table_join_counts){ 0 };
		table_keymap_get_counts(j->plan.sides[s].map, &c->rows);
		if (j->plan.sides[s].spilled) {
			c->rows.n_keys = j->plan.sides[s].spilled->n_keys;
			c->rows.n_duplicates = j->plan.sides[s].spilled->n_duplicates;
		}
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
	struct csv_run run = {
		.work = join_chunk, .done = write_chunk, .ctx = &j, .progress = progress
	};
	struct table_join_plan *p = &j.plan;
	struct join_disk disk = {
		.plan = p, .pool = pool, .progress = progress, .out = out, .r = r
	};
	int64_t size;
	int rc = -1;

	r->n_left = r->n_out = r->n_ragged = 0;
	if (table_join_plan_init(p, join, e) || make_workers(&j, pool_size(pool), e))
		goto out;
	for (size_t s = 0; s < p->n_sides; s++)
		if (load_side(&p->sides[s], pool, progress, r, e))
			goto out;
	if (settle(p, r, e))
		goto out;
	disk.worker = j.workers[0];
	size = csv_table_size(p->left);
	progress_start(
		progress, csv_table_name(p->left), size > 0 ? (uint64_t)size : 0, PROGRESS_BYTES);
	output_slice(out, buf_slice(&p->header));
	if (r->n_spilled ? table_join_disk_left(&disk, e) : csv_table_run(p->left, pool, &run, e))
		goto out;
	for (size_t s = 0; s < p->n_sides; s++)
		if (p->sides[s].adds_unmatched && table_join_disk_unmatched(&disk, s, e))
			goto out;
	r->n_ragged += csv_table_n_ragged(p->left);
	sum_up(&j, r);
	rc = judge(join, r, diag, e);
out:
	free_workers(&j);
	table_join_plan_release(p);
	return rc;
}
