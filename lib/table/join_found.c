#include "table/join_found.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"

/* ---- lines -------------------------------------------------------------------------------------- */

int table_join_lines_init(struct join_lines *l, uint64_t last, struct err *e)
{
	l->bits = mem_array((size_t)(last / 8) + 1, 1, e);
	return l->bits ? 0 : -1;
}

void table_join_lines_release(struct join_lines *l)
{
	free(l->bits);
	l->bits = NULL;
}

void table_join_lines_add(struct join_lines *l, uint64_t line)
{
	atomic_fetch_or_explicit(
		&l->bits[line / 8], (uint8_t)(1u << line % 8), memory_order_relaxed);
}

bool table_join_lines_has(const struct join_lines *l, uint64_t line)
{
	return atomic_load_explicit(&l->bits[line / 8], memory_order_relaxed) >> line % 8 & 1;
}

/* ---- findings ----------------------------------------------------------------------------------- */

/* What a row has found: this, and for each row of the side an entry with its text behind. */
struct finding {
	uint64_t number;
	uint32_t n; /* entries */
	uint32_t n_text; /* bytes of all texts */
};

struct entry {
	uint64_t line;
	uint32_t text_len;
	uint32_t unused;
};

int table_join_found_add(struct table_spill *s, size_t stream, uint64_t number,
	const struct table_row *row, struct err *e)
{
	struct finding f = { .number = number };

	for (const struct table_row *r = row; r; r = r->next) {
		if (r->text_len > UINT32_MAX - f.n_text)
			return err_set(e, ERR_INPUT, "more than 4 GiB for one row");
		f.n++;
		f.n_text += r->text_len;
	}
	if (table_spill_write(s, stream, &f, sizeof(f), e))
		return -1;
	for (const struct table_row *r = row; r; r = r->next) {
		struct entry x = { .line = r->line, .text_len = r->text_len };

		if (table_spill_write(s, stream, &x, sizeof(x), e) ||
			table_spill_write(s, stream, table_row_text(r).p, r->text_len, e))
			return -1;
	}
	return 0;
}

struct run {
	struct table_spill_reader reader;
	struct finding next;
};

struct join_found {
	struct run *runs; /* [n_runs] */
	size_t n_runs;
	struct run **heap; /* [n_heap] by the number of the next finding, the least first */
	size_t n_heap;
	char *rows; /* the table_rows of a finding */
	size_t cap_rows;
	bool failed;
	struct err error;
};

static void sift_down(struct join_found *f, size_t i)
{
	for (;;) {
		size_t least = i;

		for (size_t c = 2 * i + 1; c <= 2 * i + 2 && c < f->n_heap; c++)
			if (f->heap[c]->next.number < f->heap[least]->next.number)
				least = c;
		if (least == i)
			return;

		struct run *r = f->heap[i];

		f->heap[i] = f->heap[least];
		f->heap[least] = r;
		i = least;
	}
}

/* Reads the head of the next finding of a run: 1, 0 at its end. */
static int next_finding(struct run *r, struct err *e)
{
	return table_spill_read(&r->reader, &r->next, sizeof(r->next), e);
}

struct join_found *table_join_found_new(
	const struct table_spill *s, size_t first, size_t n, struct err *e)
{
	struct join_found *f = mem_new(sizeof(*f), e);

	if (!f)
		return NULL;
	f->runs = mem_array(n + 1, sizeof(*f->runs), e);
	f->heap = mem_array(n + 1, sizeof(struct run *), e);
	if (!f->runs || !f->heap)
		goto fail;
	for (; f->n_runs < n; f->n_runs++) {
		struct run *r = &f->runs[f->n_runs];
		int got;

		if (table_spill_begin(&r->reader, s, first + f->n_runs, e))
			goto fail;
		got = next_finding(r, e);
		if (got < 0) {
			table_spill_end(&r->reader);
			goto fail;
		}
		if (got)
			f->heap[f->n_heap++] = r;
	}
	for (size_t i = f->n_heap; i-- > 0;)
		sift_down(f, i);
	return f;
fail:
	table_join_found_free(f);
	return NULL;
}

void table_join_found_free(struct join_found *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n_runs; i++)
		table_spill_end(&f->runs[i].reader);
	free(f->runs);
	free(f->heap);
	free(f->rows);
	free(f);
}

/* The finding at the top of the heap, as rows; the run moves on. */
static struct table_row *read_rows(struct join_found *f, struct err *e)
{
	struct run *run = f->heap[0];
	struct finding now = run->next;
	size_t room = now.n * (sizeof(struct table_row) + 8) + now.n_text, at = 0;
	struct table_row *last = NULL;
	int got;

	if (mem_grow(&f->rows, &f->cap_rows, room, 1, e))
		return NULL;
	for (uint32_t i = 0; i < now.n; i++) {
		struct table_row *row = (struct table_row *)(void *)(f->rows + at);
		struct entry x;

		if (table_spill_read(&run->reader, &x, sizeof(x), e) <= 0)
			return NULL;
		*row = (struct table_row){
			.line = x.line, .text_len = x.text_len, .has_key = true
		};
		if (table_spill_read(&run->reader, row->bytes, x.text_len, e) <= 0)
			return NULL;
		if (last)
			last->next = row;
		last = row;
		at += (sizeof(struct table_row) + x.text_len + 7) / 8 * 8;
	}
	got = next_finding(run, e);
	if (got < 0)
		return NULL;
	if (!got)
		f->heap[0] = f->heap[--f->n_heap];
	if (f->n_heap)
		sift_down(f, 0);
	return (struct table_row *)(void *)f->rows;
}

struct table_row *table_join_found_take(struct join_found *f, uint64_t number)
{
	/* what rows have found that did not get this far is passed over */
	while (!f->failed && f->n_heap && f->heap[0]->next.number <= number) {
		bool is_it = f->heap[0]->next.number == number;
		struct table_row *row = read_rows(f, &f->error);

		f->failed = !row;
		if (is_it)
			return row;
	}
	return NULL;
}

int table_join_found_check(const struct join_found *f, struct err *e)
{
	if (!f->failed)
		return 0;
	*e = f->error;
	return -1;
}
