#include "table/join_disk.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

enum { FLUSH_BYTES = 1 << 20 };

static bool has_spilled(const struct table_join_plan *p, size_t from)
{
	for (; from < p->n_sides; from++)
		if (p->sides[from].spilled)
			return true;
	return false;
}

static int write_out(struct join_disk *d, struct buf *b, struct err *e)
{
	output_slice(d->out, buf_slice(b));
	buf_reset(b);
	/* no need to read on when nothing can be written; the descriptor's error is the first one */
	return output_failed(d->out) && output_fd(d->out, e) < 0 ? -1 : 0;
}

/* ---- a copy of LEFT ----------------------------------------------------------------------------- */

/* A table in a temporary file: a byte order mark, the header, the rows as they will be written. */
struct copy {
	char *path; /* NULL: none is needed */
	int fd, handle;
	struct buf bytes;
};

#define COPY_INIT                                                  \
	{                                                          \
		.fd = -1, .handle = -1, .bytes = {.p = buf_empty } \
	}

static int copy_flush(struct copy *c, struct err *e)
{
	if (buf_check(&c->bytes, e))
		return -1;
	for (size_t done = 0; done < c->bytes.len;) {
		ssize_t n = write(c->fd, c->bytes.p + done, c->bytes.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			err_errno(e, "cannot write to the temporary file");
			e->code = ERR_SYSTEM;
			return err_hint(e, "set TMPDIR, or give more --memory");
		}
		done += (size_t)n;
	}
	buf_reset(&c->bytes);
	return 0;
}

static int copy_begin(struct copy *c, const struct table_join_plan *p, struct err *e)
{
	const struct csv_row *header = csv_table_header(p->left);
	struct buf path = BUF_INIT;

	buf_addf(&path, "%s/cd4ml-left-XXXXXX", p->join->temp_dir ? p->join->temp_dir : "/tmp");
	c->path = buf_detach(&path, e);
	if (!c->path)
		return -1;
	c->fd = mkstemp(c->path);
	if (c->fd < 0) {
		err_errno(e, "cannot make a temporary file");
		return err_at(e, "%s", c->path);
	}
	c->handle = output_track(c->path);
	/* one is taken off when it is read, so that one that belongs to a field stays */
	buf_add_text(&c->bytes, "\xef\xbb\xbf");
	if (!p->join->dialect->no_header) {
		buf_add_slice(&c->bytes, header->raw);
		buf_add_char(&c->bytes, '\n');
	}
	return 0;
}

static int copy_row(struct copy *c, const struct csv_row *row, struct err *e)
{
	buf_add(&c->bytes, row->raw.p, row->raw.len + row->n_eol);
	if (row->n_eol == 0 || c->bytes.p[c->bytes.len - 1] != '\n')
		buf_add_char(&c->bytes, '\n');
	return c->bytes.len > FLUSH_BYTES || c->bytes.failed ? copy_flush(c, e) : 0;
}

static void copy_end(struct copy *c)
{
	if (c->fd >= 0) {
		close(c->fd);
		unlink(c->path);
		output_untrack(c->handle);
	}
	free(c->path);
	buf_release(&c->bytes);
}

/* ---- LEFT --------------------------------------------------------------------------------------- */

struct left {
	struct join_disk *d;
	struct join_probe probe;
	struct copy copy;
	uint64_t n_rows;
};

/* Rows are cut in order, one thread at a time: what follows is disk, not processors. */
static int no_work(void *ctx, struct csv_chunk *c, int worker, struct err *e)
{
	(void)ctx, (void)c, (void)worker, (void)e;
	return 0;
}

static int note_chunk(void *ctx, struct csv_chunk *c, struct err *e)
{
	struct left *l = ctx;
	struct csv_row row;
	int got;

	while ((got = csv_chunk_next(c, &row, e)) > 0)
		if (table_join_probe_add(&l->probe, &row, l->n_rows++, e) ||
			(l->copy.path && copy_row(&l->copy, &row, e)))
			return -1;
	return got;
}

static int join_chunk(void *ctx, struct csv_chunk *c, struct err *e)
{
	struct left *l = ctx;
	const struct table_join_plan *p = l->d->plan;
	struct join_worker *w = l->d->worker;
	struct buf *out = csv_chunk_buf(c);
	struct csv_row row;
	int got;

	w->n = 0;
	while ((got = csv_chunk_next(c, &row, e)) > 0) {
		w->n_left++;
		if (table_join_rows_add(p, w, &row, 0, e) ||
			(w->n == JOIN_BATCH && table_join_rows_flush(p, w, 0, out, e)))
			return -1;
	}
	return got || table_join_rows_flush(p, w, 0, out, e) ? -1 : write_out(l->d, out, e);
}

static int join_again(struct left *l, struct err *e)
{
	const struct table_join_plan *p = l->d->plan;
	struct csv_run run = { .work = no_work, .done = join_chunk, .ctx = l };
	struct csv_table *t =
		csv_table_open(l->copy.path ? l->copy.path : p->join->left, p->join->dialect, e);
	int rc = -1;

	if (!t)
		return -1;
	l->d->worker->number = 0;
	if (csv_table_n_cols(t) == csv_table_n_cols(p->left))
		rc = csv_table_run(t, l->d->pool, &run, e);
	csv_table_close(t);
	if (e->code == ERR_NONE && (rc || l->d->worker->number != l->n_rows)) {
		err_set(e, ERR_SYSTEM, "the file has changed while it was read");
		return err_at(e, "%s", csv_table_name(p->left));
	}
	return rc;
}

int table_join_disk_left(struct join_disk *d, struct err *e)
{
	struct left l = { .d = d, .copy = COPY_INIT };
	struct csv_table *t = d->plan->left;
	struct csv_run run = {
		.work = no_work, .done = note_chunk, .ctx = &l, .progress = d->progress
	};
	int rc = -1;

	if (table_join_probe_init(&l.probe, d->plan, 0, e))
		goto out;
	if ((csv_table_size(t) < 0 || strcmp(d->plan->join->left, "-") == 0) &&
		copy_begin(&l.copy, d->plan, e))
		goto out;
	if (csv_table_run(t, d->pool, &run, e) || (l.copy.path && copy_flush(&l.copy, e)) ||
		table_join_probe_run(&l.probe, d->pool, e))
		goto out;
	rc = join_again(&l, e);
out:
	table_join_probe_release(&l.probe);
	copy_end(&l.copy);
	return rc;
}

/* ---- rows of a right or full side that matched nothing ------------------------------------------- */

/* Goes through them, in memory or on disk. */
struct rest {
	const struct join_side *side;
	struct table_keymap_place place;
	struct join_spill_rest disk;
	struct csv_field *fields;
	struct buf text;
};

static int rest_begin(struct rest *r, const struct table_join_plan *p, size_t at, struct err *e)
{
	*r = (struct rest){ .side = &p->sides[at], .text = BUF_INIT };
	r->fields = mem_array(csv_table_n_cols(p->left), sizeof(*r->fields), e);
	if (!r->fields)
		return -1;
	return r->side->spilled ? table_join_spill_rest_begin(&r->disk, r->side, e) : 0;
}

static void rest_end(struct rest *r)
{
	if (r->side->spilled)
		table_join_spill_rest_end(&r->disk);
	free(r->fields);
	buf_release(&r->text);
}

/* 1, 0 at the end, -1. `row` has LEFT's shape. */
static int rest_next(struct rest *r, const struct table_join_plan *p, struct table_row **from,
	struct csv_row *row, struct err *e)
{
	if (r->side->spilled) {
		int got = table_join_spill_rest_next(&r->disk, from, e);

		if (got <= 0)
			return got;
	} else {
		do {
			*from = table_keymap_next(r->side->map, &r->place);
		} while (*from && ((*from)->is_matched || (*from)->is_dropped));
		if (!*from)
			return 0;
	}
	return table_join_rows_make(p, r->side, *from, r->fields, &r->text, row, e) ? -1 : 1;
}

static int note_rest(struct join_disk *d, struct join_probe *q, size_t at, struct err *e)
{
	struct rest r;
	struct table_row *from;
	struct csv_row row;
	uint64_t n = 0;
	int got = rest_begin(&r, d->plan, at, e);

	while (got >= 0 && (got = rest_next(&r, d->plan, &from, &row, e)) > 0)
		if (table_join_probe_add(q, &row, n++, e))
			got = -1;
	rest_end(&r);
	return got || table_join_probe_run(q, d->pool, e) ? -1 : 0;
}

static int join_rest(struct join_disk *d, size_t at, struct err *e)
{
	const struct table_join_plan *p = d->plan;
	struct join_worker *w = d->worker;
	struct buf out = BUF_INIT;
	struct rest r;
	struct table_row *from;
	struct csv_row row;
	int got = rest_begin(&r, p, at, e);

	w->n = 0;
	w->number = 0;
	while (got >= 0 && (got = rest_next(&r, p, &from, &row, e)) > 0) {
		struct table_row *others = from->next;

		memset(w->first, 0, p->n_sides * sizeof(struct table_row *));
		w->counts[at].n_added++;
		from->next = NULL; /* those of the same key come in their own turn */
		w->first[at] = from;
		if (table_join_rows_add(p, w, &row, at + 1, e) ||
			table_join_rows_flush(p, w, at + 1, &out, e))
			got = -1;
		from->next = others;
		if (got > 0 && out.len > FLUSH_BYTES && write_out(d, &out, e))
			got = -1;
	}
	w->n = 0;
	if (!got)
		got = write_out(d, &out, e);
	rest_end(&r);
	buf_release(&out);
	return got;
}

int table_join_disk_unmatched(struct join_disk *d, size_t at, struct err *e)
{
	struct join_probe probe = { 0 };
	int rc = 0;

	if (has_spilled(d->plan, at + 1)) {
		rc = table_join_probe_init(&probe, d->plan, at + 1, e);
		if (!rc)
			rc = note_rest(d, &probe, at, e);
	}
	if (!rc)
		rc = join_rest(d, at, e);
	table_join_probe_release(&probe);
	return rc;
}
