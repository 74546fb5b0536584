#include "csv/reader.h"

#include <stdlib.h>

#include "base/mem.h"
#include "csv/feed.h"
#include "csv/header.h"

struct csv_reader {
	struct csv_feed feed;
	struct csv_piece piece;
	struct csv_rows rows;
	struct csv_header header;
};

struct csv_reader *csv_reader_open(const char *path, const struct csv_dialect *d, struct err *e)
{
	struct input *in = input_open(path, e);

	return in ? csv_reader_new(in, d, e) : NULL;
}

struct csv_reader *csv_reader_new(struct input *in, const struct csv_dialect *d, struct err *e)
{
	struct csv_reader *r = NULL;

	if (!csv_dialect_check(d, e))
		r = mem_new(sizeof(*r), e);
	if (!r) {
		input_close(in);
		return NULL;
	}
	csv_feed_init(&r->feed, in, csv_scan_best(), csv_dialect_quote(d));
	csv_rows_init(&r->rows, r->feed.scan, d, input_name(in), 0);
	if (csv_feed_next(&r->feed, &r->piece, e) < 0 ||
		csv_header_read(&r->header, &r->rows, &r->piece, d->no_header, e) ||
		csv_rows_begin(&r->rows, &r->piece, e)) {
		csv_reader_close(r);
		return NULL;
	}
	return r;
}

void csv_reader_close(struct csv_reader *r)
{
	if (!r)
		return;
	csv_rows_release(&r->rows);
	csv_header_release(&r->header);
	csv_feed_release(&r->feed);
	free(r->piece.p);
	free(r);
}

size_t csv_reader_n_cols(const struct csv_reader *r)
{
	return r->header.n_cols;
}

const char *csv_reader_name(const struct csv_reader *r, size_t col)
{
	return r->header.names[col];
}

int csv_reader_next(struct csv_reader *r, struct csv_row *row, struct err *e)
{
	for (;;) {
		int got = csv_rows_next(&r->rows, row, e);

		if (got)
			return got;
		got = csv_feed_next(&r->feed, &r->piece, e);
		if (got <= 0)
			return got;
		if (csv_rows_begin(&r->rows, &r->piece, e))
			return -1;
	}
}

struct slice csv_field_value(const struct csv_field *f, char quote, struct buf *b)
{
	const char *p = f->p + 1, *end = f->p + f->len - 1;

	if (!f->quoted)
		return (struct slice){ f->p, f->len };
	if (!f->escaped)
		return (struct slice){ p, (size_t)(end - p) };
	buf_reset(b);
	while (p < end) {
		const char *q = memchr(p, quote, (size_t)(end - p));

		if (!q) {
			buf_add(b, p, (size_t)(end - p));
			break;
		}
		buf_add(b, p, (size_t)(q - p) + 1);
		p = q + 2;
	}
	return buf_slice(b);
}
