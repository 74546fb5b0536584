#include "table/join_spill.h"

#include <stdlib.h>

#include "base/mem.h"

/* Less memory than this for a round is none; more rounds than this for a partition are a mistake. */
enum { LEAST_SHARE = 64 << 10, MOST_ROUNDS = 1024 };

/* A side's row on disk; its bytes behind. */
struct stored {
	uint64_t line;
	uint32_t key_len, text_len, tail_len;
	uint32_t has_key;
};

/* A key that is looked up; its bytes behind. */
struct wanted {
	uint64_t number;
	uint32_t key_len;
	uint32_t unused;
};

/* ---- the side's rows ---------------------------------------------------------------------------- */

static struct join_spilled *make_spilled(const struct join_side *s, struct err *e)
{
	struct join_spilled *d = mem_new(sizeof(*d), e);

	if (!d)
		return NULL;
	d->has_list = s->adds_unmatched;
	d->rows = table_spill_new(s->temp_dir, s->spill_block, e);
	if (!d->rows || table_spill_add_streams(d->rows, TABLE_PARTITIONS + d->has_list, e)) {
		table_join_spill_free(d);
		return NULL;
	}
	return d;
}

static int store(struct table_spill *to, size_t stream, const struct table_row *row, bool with_key,
	struct err *e)
{
	struct stored head = {
		.line = row->line,
		.key_len = with_key ? row->key_len : 0,
		.text_len = row->text_len,
		.tail_len = with_key ? 0 : row->tail_len,
		.has_key = row->has_key,
	};
	size_t skip = with_key ? 0 : row->key_len;

	return table_spill_write(to, stream, &head, sizeof(head), e) ||
			       table_spill_write(to, stream, row->bytes + skip,
				       (size_t)head.key_len + head.text_len + head.tail_len, e)
		       ? -1
		       : 0;
}

int table_join_spill_row(void *ctx, const struct table_row *row, struct err *e)
{
	struct join_side *s = ctx;
	struct join_spilled *d = s->spilled;

	if (!d)
		d = s->spilled = make_spilled(s, e);
	if (!d)
		return -1;
	d->last_line = row->line;
	if (d->has_list && store(d->rows, TABLE_PARTITIONS, row, false, e))
		return -1;
	if (!row->has_key)
		return 0;

	size_t p = table_partition(table_keymap_hash(s->map, table_row_key(row)));

	d->n_rows[p]++;
	return store(d->rows, p, row, true, e);
}

int table_join_spill_finish(struct join_side *s, struct err *e)
{
	struct join_spilled *d = s->spilled;

	for (size_t p = 0; p < TABLE_PARTITIONS + (size_t)d->has_list; p++)
		if (table_spill_close(d->rows, p, e))
			return -1;
	return d->has_list && (table_join_lines_init(&d->matched, d->last_line, e) ||
				      table_join_lines_init(&d->dropped, d->last_line, e))
		       ? -1
		       : 0;
}

void table_join_spill_free(struct join_spilled *d)
{
	if (!d)
		return;
	table_spill_free(d->rows);
	table_join_lines_release(&d->matched);
	table_join_lines_release(&d->dropped);
	free(d);
}

/* The next row into the growing memory at *row: 1, 0 at the end. */
static int read_row(
	struct table_spill_reader *r, struct table_row **row, size_t *cap, struct err *e)
{
	struct stored head;
	int got = table_spill_read(r, &head, sizeof(head), e);
	size_t len;

	if (got <= 0)
		return got;
	len = (size_t)head.key_len + head.text_len + head.tail_len;
	if (mem_grow(row, cap, sizeof(**row) + len, 1, e))
		return -1;
	**row = (struct table_row){
		.line = head.line,
		.key_len = head.key_len,
		.text_len = head.text_len,
		.tail_len = head.tail_len,
		.has_key = head.has_key,
	};
	return len && table_spill_read(r, (*row)->bytes, len, e) <= 0 ? -1 : 1;
}

int table_join_spill_rest_begin(struct join_spill_rest *r, const struct join_side *s, struct err *e)
{
	*r = (struct join_spill_rest){ .side = s };
	return table_spill_begin(&r->reader, s->spilled->rows, TABLE_PARTITIONS, e);
}

int table_join_spill_rest_next(struct join_spill_rest *r, struct table_row **row, struct err *e)
{
	const struct join_spilled *d = r->side->spilled;
	int got;

	do {
		got = read_row(&r->reader, &r->row, &r->cap, e);
	} while (got > 0 && (table_join_lines_has(&d->matched, r->row->line) ||
				    table_join_lines_has(&d->dropped, r->row->line)));
	*row = r->row;
	return got;
}

void table_join_spill_rest_end(struct join_spill_rest *r)
{
	table_spill_end(&r->reader);
	free(r->row);
}

/* ---- keys that are looked up -------------------------------------------------------------------- */

int table_join_probe_init(
	struct join_probe *q, struct table_join_plan *p, size_t from, struct err *e)
{
	const struct join_side *s = &p->sides[from];

	*q = (struct join_probe){ .plan = p, .from = from };
	q->keys = table_spill_new(s->temp_dir, s->spill_block, e);
	q->runs = q->keys ? table_spill_new(s->temp_dir, s->spill_block, e) : NULL;
	return !q->runs || table_spill_add_streams(q->keys, p->n_sides * TABLE_PARTITIONS, e) ? -1
											      : 0;
}

int table_join_probe_add(
	struct join_probe *q, const struct csv_row *row, uint64_t number, struct err *e)
{
	for (size_t i = q->from; i < q->plan->n_sides; i++) {
		const struct join_side *s = &q->plan->sides[i];
		struct wanted head = { .number = number };
		struct slice key;
		size_t stream;
		int has_key;

		if (!s->spilled)
			continue;
		has_key = table_key_of(&s->left_key, row, &q->memory, &key, e);
		if (has_key < 0)
			return -1;
		if (!has_key)
			continue;
		head.key_len = (uint32_t)key.len;
		stream = i * TABLE_PARTITIONS + table_partition(table_keymap_hash(s->map, key));
		if (table_spill_write(q->keys, stream, &head, sizeof(head), e) ||
			table_spill_write(q->keys, stream, key.p, key.len, e))
			return -1;
	}
	arena_reset(&q->memory);
	return 0;
}

void table_join_probe_release(struct join_probe *q)
{
	for (size_t i = q->from; q->plan && i < q->plan->n_sides; i++) {
		table_join_found_free(q->plan->sides[i].found);
		q->plan->sides[i].found = NULL;
	}
	table_spill_free(q->keys);
	table_spill_free(q->runs);
	arena_release(&q->memory);
}

/* ---- rounds ------------------------------------------------------------------------------------- */

/* What the task of a partition needs and gives. */
struct part {
	uint32_t n_rounds;
	size_t first_run; /* stream of q->runs; one for each round */
	uint64_t n_keys, n_duplicates;
	uint64_t duplicate_line;
	bool failed;
	struct err error;
};

struct rounds {
	struct join_probe *q;
	const struct join_side *side;
	size_t first_key; /* stream of q->keys */
	struct pool *alone; /* one thread */
	struct part parts[TABLE_PARTITIONS];
};

/* Does a key of this hash belong to the round? By the bits behind the partition's. */
static bool is_of_round(uint64_t hash, uint32_t round, uint32_t n_rounds)
{
	uint64_t bits = hash << TABLE_PARTITION_BITS >> 32;

	return (bits * n_rounds) >> 32 == round;
}

static int load_round(
	const struct rounds *r, size_t p, uint32_t round, struct table_keymap *m, struct err *e)
{
	const struct join_side *s = r->side;
	struct table_spill_reader reader;
	struct table_row *row = NULL;
	size_t cap = 0;
	int got = table_spill_begin(&reader, s->spilled->rows, p, e);

	while (got >= 0 && (got = read_row(&reader, &row, &cap, e)) > 0) {
		uint64_t hash = table_keymap_hash(s->map, table_row_key(row));

		if (is_of_round(hash, round, r->parts[p].n_rounds) && table_keymap_put(m, row, e))
			got = -1;
	}
	table_spill_end(&reader);
	free(row);
	return got;
}

static int look_up(const struct rounds *r, size_t p, uint32_t round, const struct table_keymap *m,
	struct err *e)
{
	const struct join_side *s = r->side;
	struct table_spill *runs = r->q->runs;
	size_t run = r->parts[p].first_run + round, cap = 0;
	struct table_spill_reader reader;
	struct wanted head;
	char *key = NULL;
	int got = table_spill_begin(&reader, r->q->keys, r->first_key + p, e);

	while (got >= 0 && (got = table_spill_read(&reader, &head, sizeof(head), e)) > 0) {
		struct slice k = { NULL, head.key_len };
		const struct table_row *row;

		if (mem_grow(&key, &cap, k.len + 1, 1, e) ||
			(k.len && table_spill_read(&reader, key, k.len, e) <= 0)) {
			got = -1;
			break;
		}
		k.p = key;
		if (!is_of_round(table_keymap_hash(s->map, k), round, r->parts[p].n_rounds))
			continue;
		row = table_keymap_find(m, table_keymap_hash(m, k), k);
		if (row && table_join_found_add(runs, run, head.number, row, e))
			got = -1;
	}
	table_spill_end(&reader);
	free(key);
	return got || table_spill_close(runs, run, e) ? -1 : 0;
}

static int do_round(struct rounds *r, size_t p, uint32_t round, struct err *e)
{
	const struct join_side *s = r->side;
	struct part *part = &r->parts[p];
	struct table_keymap_spec spec = { .duplicates = s->duplicates };
	struct table_keymap *m = table_keymap_new(&spec, e);
	struct table_keymap_counts counts;
	struct table_keymap_place place = { 0 };
	struct table_row *row;
	int rc;

	if (!m)
		return -1;
	rc = load_round(r, p, round, m, e);
	if (!rc)
		rc = table_keymap_finish(m, r->alone, s->spec->path, e);
	table_keymap_get_counts(m, &counts);
	if (counts.duplicate_line &&
		(!part->duplicate_line || counts.duplicate_line < part->duplicate_line))
		part->duplicate_line = counts.duplicate_line;
	part->n_keys += counts.n_keys;
	part->n_duplicates += counts.n_duplicates;
	while (!rc && s->spilled->has_list && (row = table_keymap_next(m, &place)))
		if (row->is_dropped)
			table_join_lines_add(&s->spilled->dropped, row->line);
	if (!rc)
		rc = look_up(r, p, round, m, e);
	table_keymap_free(m);
	return rc;
}

/* All rounds of a partition. Where duplicate keys are an error, the first line of all counts: so all are looked at. */
static void do_part(void *ctx, size_t p, int worker)
{
	struct rounds *r = ctx;
	struct part *part = &r->parts[p];

	(void)worker;
	for (uint32_t i = 0; i < part->n_rounds; i++) {
		uint64_t had = part->duplicate_line;
		struct err e = ERR_INIT;

		if (!do_round(r, p, i, &e))
			continue;
		if (!part->failed || (part->duplicate_line && part->duplicate_line != had))
			part->error = e;
		part->failed = true;
		if (part->duplicate_line == had) /* it failed for another reason */
			return;
	}
}

/* How often to go over each partition so that each time it takes no more than its share of memory. */
static int plan_rounds(struct rounds *r, struct pool *pool, struct err *e)
{
	const struct join_side *s = r->side;
	uint64_t share = budget_left(s->budget) / (uint64_t)pool_size(pool), n_runs = 0;

	if (share < LEAST_SHARE)
		share = LEAST_SHARE;
	for (size_t p = 0; p < TABLE_PARTITIONS; p++) {
		uint64_t need = table_spill_size(s->spilled->rows, p) +
				s->spilled->n_rows[p] * TABLE_ROW_COST;
		uint64_t n = need / share + 1;

		if (n > MOST_ROUNDS) {
			err_set(e, ERR_INPUT, "--memory is too small for this table");
			return err_at(e, "%s", s->spec->path);
		}
		r->parts[p].n_rounds = (uint32_t)n;
		r->parts[p].first_run = (size_t)n_runs;
		n_runs += n;
	}
	return (int)n_runs;
}

static int judge_parts(struct rounds *r, struct err *e)
{
	struct join_spilled *d = r->side->spilled;
	const struct part *worst = NULL;

	for (size_t p = 0; p < TABLE_PARTITIONS; p++) {
		const struct part *part = &r->parts[p];

		if (!d->is_counted) {
			d->n_keys += part->n_keys;
			d->n_duplicates += part->n_duplicates;
		}
		if (part->failed &&
			(!worst || (part->duplicate_line &&
					   part->duplicate_line < worst->duplicate_line)))
			worst = part;
	}
	d->is_counted = true;
	if (worst)
		*e = worst->error;
	return worst ? -1 : 0;
}

static int run_side(struct join_probe *q, size_t i, struct pool *pool, struct pool *alone,
	size_t *n_streams, struct err *e)
{
	struct join_side *s = &q->plan->sides[i];
	struct rounds *r = mem_new(sizeof(*r), e);
	int n_runs, rc = -1;

	if (!r)
		return -1;
	r->q = q;
	r->side = s;
	r->first_key = i * TABLE_PARTITIONS;
	r->alone = alone;
	n_runs = plan_rounds(r, pool, e);
	if (n_runs < 0 || table_spill_add_streams(q->runs, (size_t)n_runs, e))
		goto out;
	for (size_t p = 0; p < TABLE_PARTITIONS; p++) {
		r->parts[p].first_run += *n_streams;
		if (table_spill_close(q->keys, r->first_key + p, e))
			goto out;
	}
	pool_for(pool, TABLE_PARTITIONS, do_part, r);
	if (judge_parts(r, e))
		goto out;
	s->found = table_join_found_new(q->runs, *n_streams, (size_t)n_runs, e);
	*n_streams += (size_t)n_runs;
	rc = s->found ? 0 : -1;
out:
	free(r);
	return rc;
}

int table_join_probe_run(struct join_probe *q, struct pool *pool, struct err *e)
{
	struct pool *alone = pool_new(1, e);
	size_t n_streams = 0;
	int rc = alone ? 0 : -1;

	for (size_t i = q->from; !rc && i < q->plan->n_sides; i++)
		if (q->plan->sides[i].spilled)
			rc = run_side(q, i, pool, alone, &n_streams, e);
	pool_free(alone);
	return rc;
}
