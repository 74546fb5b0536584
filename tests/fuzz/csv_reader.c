/*
 * csv/reader and csv/feed: in pieces of any size the same rows, lines and errors; what is read is valid for a
 * reader that looks at one byte after another, with as many rows; and a table written again from its
 * raw rows is the same bytes.
 */
#include <string.h>

#include "csv/feed.h"
#include "csv/header.h"
#include "fuzz.h"

struct outcome {
	struct buf rows; /* line, raw bytes, fields of each row */
	struct buf copy; /* rows with their line ends */
	struct err e;
	size_t n_rows;
	bool failed;
};

static void add_row(struct outcome *o, const struct csv_row *row, char quote)
{
	struct buf value = BUF_INIT;

	o->n_rows++;
	buf_addf(&o->rows, "%llu %zu:", (unsigned long long)row->line, row->n);
	for (size_t i = 0; i < row->n; i++) {
		struct slice v = csv_field_value(&row->fields[i], quote, &value);

		buf_addf(&o->rows, "%zu %d:", v.len, row->fields[i].quoted);
		buf_add_slice(&o->rows, v);
	}
	buf_add(&o->copy, row->raw.p, row->raw.len + row->n_eol);
	buf_release(&value);
}

static void read_serially(struct slice text, const struct csv_dialect *d, struct outcome *o)
{
	struct input *in = input_open_memory("t", text, &o->e);
	struct csv_reader *r = in ? csv_reader_new(in, d, &o->e) : NULL;
	struct csv_row row;
	int got = -1;

	while (r && (got = csv_reader_next(r, &row, &o->e)) > 0)
		add_row(o, &row, csv_dialect_quote(d));
	o->failed = got < 0;
	csv_reader_close(r);
}

/*
 * The same in pieces of a few bytes (the first has room for a BOM), so that cuts fall everywhere, by
 * the scalar scanner. `header` is how many bytes lie before the first row.
 */
static void read_pieces(struct slice text, const struct csv_dialect *d, size_t piece_bytes,
	struct outcome *o, size_t *header)
{
	const struct csv_scan *scan = csv_scan_for(CPU_SCALAR);
	struct csv_feed feed = { 0 };
	struct csv_piece piece = { 0 };
	struct csv_rows rows = { 0 };
	struct csv_header names = { 0 };
	struct csv_row row;
	struct input *in = input_open_memory("t", text, &o->e);
	int got = -1;

	csv_feed_init(&feed, in, scan, csv_dialect_quote(d));
	feed.piece_bytes = piece_bytes;
	csv_rows_init(&rows, scan, d, "t", 0);
	if (csv_feed_next(&feed, &piece, &o->e) < 0 ||
		csv_header_read(&names, &rows, &piece, d->no_header, &o->e))
		goto out;
	*header = piece.start;
	do {
		if (csv_rows_begin(&rows, &piece, &o->e))
			goto out;
		while ((got = csv_rows_next(&rows, &row, &o->e)) > 0)
			add_row(o, &row, csv_dialect_quote(d));
		if (got < 0)
			goto out;
		got = csv_feed_next(&feed, &piece, &o->e);
	} while (got > 0);
out:
	o->failed = got < 0;
	csv_header_release(&names);
	csv_rows_release(&rows);
	csv_feed_release(&feed);
	free(piece.p);
}

/* Is this text what RFC 4180 allows, and how many rows has it? Byte by byte. */
static bool is_valid(struct slice text, char quote, size_t *n_rows)
{
	enum { START, PLAIN, QUOTED, CLOSED } state = START;
	bool in_row = false;

	*n_rows = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.p[i];
		bool is_quote = quote && c == quote;

		if (c == '\0')
			return false;
		in_row = true;
		if (state == QUOTED) {
			state = is_quote ? CLOSED : QUOTED;
		} else if (c == '\n') {
			++*n_rows;
			in_row = false;
			state = START;
		} else if (c == ',') {
			state = START;
		} else if (state == CLOSED && !is_quote) {
			if (c != '\r' || (i + 1 < text.len && text.p[i + 1] != '\n'))
				return false;
		} else if (is_quote) {
			if (state == PLAIN)
				return false;
			state = QUOTED;
		} else {
			state = PLAIN;
		}
	}
	*n_rows += in_row;
	return state != QUOTED;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome a = { .rows = BUF_INIT, .copy = BUF_INIT };
	struct outcome b = { .rows = BUF_INIT, .copy = BUF_INIT };
	struct csv_dialect d = CSV_DIALECT_DEFAULT;
	struct slice text;
	size_t n_rows = 0, bom, header = 0;

	if (size < 2)
		return 0;
	d.no_header = data[0] & 1;
	d.ragged = (data[0] >> 1) % 3;
	if (data[0] & 16)
		d.quote = "";
	text = (struct slice){ (const char *)data + 2, size - 2 };
	if (text.len >= 2 && memcmp(text.p, "\x1f\x8b", 2) == 0)
		return 0; /* gzip is base/input's */
	read_serially(text, &d, &a);
	read_pieces(text, &d, 3 + data[1] % 100, &b, &header);
	MUST(a.failed == b.failed);
	MUST(slice_eq(buf_slice(&a.rows), buf_slice(&b.rows)));
	MUST(slice_eq(buf_slice(&a.copy), buf_slice(&b.copy)));
	if (a.failed)
		MUST(strcmp(a.e.what, b.e.what) == 0 && strcmp(a.e.place, b.e.place) == 0);

	bom = text.len >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	text.p += bom;
	text.len -= bom;
	if (!a.failed && d.ragged != CSV_RAGGED_SKIP)
		MUST(is_valid(text, csv_dialect_quote(&d), &n_rows));
	if (!a.failed && d.ragged != CSV_RAGGED_SKIP && d.no_header)
		MUST(n_rows == a.n_rows);
	if (!a.failed && d.ragged == CSV_RAGGED_ERROR) {
		/* a last line end that is not in the file may have been stepped over */
		if (header > bom + text.len)
			header = bom + text.len;
		MUST(a.copy.len + header == bom + text.len);
		MUST(a.copy.len == 0 ||
			memcmp(a.copy.p, text.p + text.len - a.copy.len, a.copy.len) == 0);
	}
	buf_release(&a.rows);
	buf_release(&a.copy);
	buf_release(&b.rows);
	buf_release(&b.copy);
	return 0;
}
