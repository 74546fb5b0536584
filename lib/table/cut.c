#include "table/cut.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/rng.h"
#include "csv/copy.h"
#include "csv/value.h"
#include "hash/h64.h"
#include "table/cut_parts.h"

enum { DEAL = 20 };

/* Rows of one value: of the column to cut by, or to stratify by. */
struct group {
	struct slice value;
	uint64_t hash;
	/* of shares: how many rows each part has got, and who gets the next ones */
	uint64_t *n_dealt; /* [n_shares] */
	uint64_t n_deals;
	uint16_t deal[DEAL];
	int at; /* in `deal` */
};

struct cutter {
	const struct table_cut *spec;
	struct table_cut_parts parts;
	struct table_cut_result *result;
	struct buf header;
	int col; /* whose values are looked at, or -1 */
	uint64_t n_all; /* rows, for n_parts */
	uint64_t n_left; /* rows that the open part still takes */
	struct group *groups;
	size_t n_groups, cap_groups;
	uint32_t *slots; /* group + 1, 0: empty */
	size_t n_slots; /* a power of two */
	size_t last; /* the group of the row before */
	struct arena memory;
};

/* What the worker finds out about a chunk, whose rows are in its buf. */
struct cut_chunk {
	uint32_t *ends; /* [n] of the rows in the buf */
	size_t n, cap;
	struct buf values; /* of the column */
	uint32_t *value_ends; /* [n] */
	size_t cap_values;
};

static void release_chunk(void *result)
{
	struct cut_chunk *k = result;

	free(k->ends);
	free(k->value_ends);
	buf_release(&k->values);
}

static int read_chunk(void *ctx, struct csv_chunk *c, int worker, struct err *e)
{
	const struct cutter *cut = ctx;
	char quote = csv_dialect_quote(cut->spec->dialect);
	struct cut_chunk *k = csv_chunk_result(c);
	struct buf *b = csv_chunk_buf(c), value = BUF_INIT;
	struct csv_copy copy = { 0 };
	struct csv_row row;
	size_t end = 0;
	int got;

	(void)worker;
	k->n = 0;
	buf_reset(&k->values);
	while ((got = csv_chunk_next(c, &row, e)) > 0) {
		got = -1;
		if (mem_grow(&k->ends, &k->cap, k->n + 1, sizeof(*k->ends), e) ||
			mem_grow(&k->value_ends, &k->cap_values, k->n + 1, sizeof(*k->value_ends),
				e))
			break;
		csv_copy_row(&copy, &row, b);
		end += row.raw.len + row.n_eol;
		k->ends[k->n] = (uint32_t)end;
		if (cut->col >= 0) {
			struct slice v = csv_field_value(&row.fields[cut->col], quote, &value);

			if (!csv_value_is_missing(cut->spec->dialect, v))
				buf_add_slice(&k->values, v);
		}
		k->value_ends[k->n++] = (uint32_t)k->values.len;
	}
	csv_copy_flush(&copy, b);
	if (!got && (buf_check(b, e) || buf_check(&k->values, e) || buf_check(&value, e)))
		got = -1;
	buf_release(&value);
	return got;
}

static struct slice row_bytes(struct csv_chunk *c, size_t from, size_t n)
{
	const struct cut_chunk *k = csv_chunk_result(c);
	size_t begin = from ? k->ends[from - 1] : 0;

	return (struct slice){ csv_chunk_buf(c)->p + begin, k->ends[from + n - 1] - begin };
}

/* ---- runs of rows ------------------------------------------------------------------------------- */

/* Rows of the part with this index. */
static uint64_t part_rows(const struct cutter *cut, uint64_t i)
{
	uint64_t n = cut->n_all, k = cut->spec->n_parts;

	if (cut->spec->n_rows)
		return cut->spec->n_rows;
	/* i * n / k without overflow */
	return (uint64_t)((unsigned __int128)n * (i + 1) / k) -
	       (uint64_t)((unsigned __int128)n * i / k);
}

/* Ends the open part, if there is one, and starts the next. */
static int next_part(struct cutter *cut, struct err *e)
{
	size_t n = cut->parts.n;

	if (n && table_cut_parts_finish(&cut->parts, n - 1, e))
		return -1;
	cut->n_left = part_rows(cut, n);
	return table_cut_parts_add(&cut->parts, (struct slice){ NULL, 0 }, e);
}

static int write_runs(void *ctx, struct csv_chunk *c, struct err *e)
{
	struct cutter *cut = ctx;
	const struct cut_chunk *k = csv_chunk_result(c);
	size_t at = 0;

	cut->result->n_rows += k->n;
	while (at < k->n) {
		size_t n = k->n - at;

		while (!cut->n_left)
			if (next_part(cut, e))
				return -1;
		if (n > cut->n_left)
			n = (size_t)cut->n_left;
		if (table_cut_parts_write(&cut->parts, cut->parts.n - 1, row_bytes(c, at, n), e))
			return -1;
		cut->n_left -= n;
		at += n;
	}
	return 0;
}

static int count_chunk(void *ctx, struct csv_chunk *c, int worker, struct err *e)
{
	uint64_t *n = csv_chunk_result(c);
	struct csv_row row;
	int got;

	(void)ctx;
	(void)worker;
	for (*n = 0; (got = csv_chunk_next(c, &row, e)) > 0; ++*n)
		;
	return got;
}

static int add_count(void *ctx, struct csv_chunk *c, struct err *e)
{
	const uint64_t *n = csv_chunk_result(c);

	(void)e;
	*(uint64_t *)ctx += *n;
	return 0;
}

static int count_rows(struct cutter *cut, struct pool *pool, struct err *e)
{
	struct csv_run run = {
		.work = count_chunk,
		.done = add_count,
		.ctx = &cut->n_all,
		.result_size = sizeof(uint64_t),
	};
	struct csv_table *t = csv_table_open(cut->spec->path, cut->spec->dialect, e);
	int rc;

	if (!t)
		return -1;
	if (csv_table_size(t) < 0 || strcmp(cut->spec->path, "-") == 0) {
		csv_table_close(t);
		err_set(e, ERR_INPUT, "--parts reads the table twice, a pipe can be read once");
		return err_hint(e, "name a file, or cut by --rows");
	}
	rc = csv_table_run(t, pool, &run, e);
	csv_table_close(t);
	return rc;
}

/* ---- values ------------------------------------------------------------------------------------- */

static int grow_slots(struct cutter *cut, struct err *e)
{
	size_t n = cut->n_slots ? 2 * cut->n_slots : 64;
	uint32_t *slots = mem_array(n, sizeof(*slots), e);

	if (!slots)
		return -1;
	for (size_t g = 0; g < cut->n_groups; g++) {
		size_t i = cut->groups[g].hash & (n - 1);

		while (slots[i])
			i = (i + 1) & (n - 1);
		slots[i] = (uint32_t)g + 1;
	}
	free(cut->slots);
	cut->slots = slots;
	cut->n_slots = n;
	return 0;
}

static int add_group(struct cutter *cut, struct slice value, uint64_t hash, struct err *e)
{
	struct group *g;

	if (mem_grow(&cut->groups, &cut->cap_groups, cut->n_groups + 1, sizeof(*cut->groups), e))
		return -1;
	g = &cut->groups[cut->n_groups];
	*g = (struct group){ .value = value, .hash = hash, .at = DEAL };
	g->value.p = arena_dup(&cut->memory, value.p ? value.p : "", value.len, e);
	if (!g->value.p)
		return -1;
	if (cut->spec->n_shares) {
		size_t size = cut->spec->n_shares * sizeof(*g->n_dealt);

		g->n_dealt = arena_alloc(&cut->memory, size, e);
		if (!g->n_dealt)
			return -1;
		memset(g->n_dealt, 0, size);
	}
	cut->n_groups++;
	return 0;
}

/* Sets `last` to the group of the value, which is made if it is new. */
static int find_group(struct cutter *cut, struct slice value, struct err *e)
{
	uint64_t hash;
	size_t i;

	if (cut->n_groups && slice_eq(cut->groups[cut->last].value, value))
		return 0;
	if (2 * cut->n_groups >= cut->n_slots && grow_slots(cut, e))
		return -1;
	hash = h64_bytes(value.p, value.len, 0);
	for (i = hash & (cut->n_slots - 1); cut->slots[i]; i = (i + 1) & (cut->n_slots - 1)) {
		cut->last = cut->slots[i] - 1;
		if (slice_eq(cut->groups[cut->last].value, value))
			return 0;
	}
	if (add_group(cut, value, hash, e))
		return -1;
	cut->last = cut->n_groups - 1;
	cut->slots[i] = (uint32_t)cut->n_groups;
	return 0;
}

static int write_by_value(struct cutter *cut, struct slice rows, struct err *e)
{
	if (cut->last == cut->parts.n &&
		table_cut_parts_add(&cut->parts, cut->groups[cut->last].value, e))
		return -1;
	return table_cut_parts_write(&cut->parts, cut->last, rows, e);
}

/* ---- shares ------------------------------------------------------------------------------------- */

/*
 * Deals the next DEAL rows of the group: each in turn to the part that lags most behind its share, then
 * shuffled (Fisher and Yates). The shares are met to a row after each deal.
 */
static void deal(const struct table_cut *spec, struct group *g, uint64_t stream)
{
	double total = 0;

	for (size_t i = 0; i < spec->n_shares; i++)
		total += spec->shares[i];
	for (int k = 0; k < DEAL; k++) {
		double due = (double)(g->n_deals * DEAL + (uint64_t)k + 1), most = -1e300;
		size_t to = 0;

		for (size_t i = 0; i < spec->n_shares; i++) {
			double lag = spec->shares[i] / total * due - (double)g->n_dealt[i];

			if (lag > most) {
				most = lag;
				to = i;
			}
		}
		g->deal[k] = (uint16_t)to;
		g->n_dealt[to]++;
	}
	for (int k = DEAL - 1; k > 0; k--) {
		uint64_t i = rng_below(
			spec->seed, stream, g->n_deals * DEAL + (uint64_t)k, (uint64_t)k + 1);
		uint16_t swap = g->deal[k];

		g->deal[k] = g->deal[i];
		g->deal[i] = swap;
	}
	g->n_deals++;
	g->at = 0;
}

static size_t draw_part(struct cutter *cut)
{
	struct group *g = &cut->groups[cut->last];

	if (g->at == DEAL)
		deal(cut->spec, g, cut->last);
	return g->deal[g->at++];
}

static int write_rows(void *ctx, struct csv_chunk *c, struct err *e)
{
	struct cutter *cut = ctx;
	const struct cut_chunk *k = csv_chunk_result(c);

	cut->result->n_rows += k->n;
	for (size_t i = 0; i < k->n; i++) {
		size_t begin = i ? k->value_ends[i - 1] : 0;
		struct slice value = { k->values.p + begin, k->value_ends[i] - begin };
		struct slice row = row_bytes(c, i, 1);

		if (find_group(cut, value, e))
			return -1;
		if (cut->spec->by ? write_by_value(cut, row, e)
				  : table_cut_parts_write(&cut->parts, draw_part(cut), row, e))
			return -1;
	}
	return 0;
}

/* ---- the run ------------------------------------------------------------------------------------ */

static void take_header(struct cutter *cut, const struct csv_table *t)
{
	const struct csv_row *row = csv_table_header(t);

	if (csv_table_has_bom(t))
		buf_add_text(&cut->header, "\xef\xbb\xbf");
	if (!cut->spec->dialect->no_header)
		buf_add(&cut->header, row->raw.p, row->raw.len + row->n_eol);
	cut->parts.header = buf_slice(&cut->header);
}

/* The parts that must be there even if no row goes to them. */
static int add_first_parts(struct cutter *cut, struct err *e)
{
	for (size_t i = 0; i < cut->spec->n_shares; i++)
		if (table_cut_parts_add(&cut->parts, (struct slice){ NULL, 0 }, e))
			return -1;
	return 0;
}

static int add_last_parts(struct cutter *cut, struct err *e)
{
	uint64_t want = cut->spec->n_parts ? cut->spec->n_parts : cut->spec->n_rows ? 1 : 0;

	while (cut->parts.n < want)
		if (next_part(cut, e))
			return -1;
	return table_cut_parts_finish_all(&cut->parts, e);
}

static int cut_table(struct cutter *cut, struct csv_table *t, struct pool *pool,
	struct progress *progress, struct err *e)
{
	const struct table_cut *spec = cut->spec;
	const char *col = spec->by ? spec->by : spec->stratify;
	int64_t size = csv_table_size(t);
	struct csv_run run = {
		.work = read_chunk,
		.done = spec->by || spec->n_shares ? write_rows : write_runs,
		.ctx = cut,
		.result_size = sizeof(struct cut_chunk),
		.result_release = release_chunk,
		.progress = progress,
	};

	if (col) {
		cut->col = csv_table_find(t, col, e);
		if (cut->col < 0)
			return -1;
	}
	take_header(cut, t);
	if (buf_check(&cut->header, e) || add_first_parts(cut, e))
		return -1;
	progress_start(progress, csv_table_name(t), size > 0 ? (uint64_t)size : 0, PROGRESS_BYTES);
	if (csv_table_run(t, pool, &run, e) || add_last_parts(cut, e))
		return -1;
	cut->result->n_ragged = csv_table_n_ragged(t);
	cut->result->n_parts = cut->parts.n;
	return 0;
}

int table_cut_run(const struct table_cut *spec, struct pool *pool, struct progress *progress,
	struct table_cut_result *r, struct err *e)
{
	struct cutter cut = { .spec = spec, .result = r, .header = BUF_INIT, .col = -1 };
	struct csv_table *t = NULL;
	int rc = -1;

	*r = (struct table_cut_result){ 0 };
	cut.parts.names = spec->names;
	cut.parts.source = spec->path;
	if (table_cut_parts_check(spec->names, spec->by != NULL, e))
		goto out;
	if (spec->n_parts && count_rows(&cut, pool, e))
		goto out;
	t = csv_table_open(spec->path, spec->dialect, e);
	if (t)
		rc = cut_table(&cut, t, pool, progress, e);
out:
	csv_table_close(t);
	table_cut_parts_release(&cut.parts, rc == 0);
	free(cut.groups);
	free(cut.slots);
	buf_release(&cut.header);
	arena_release(&cut.memory);
	return rc;
}
