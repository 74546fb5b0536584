/*
 * reader - rows of slices with line numbers, one after another, from a file, gzip or a pipe.
 *
 * RFC 4180 with what the dialect says. UTF-8 BOM (also before a quoted header), CRLF, LF, mixed endings, newlines
 * inside quotes, a missing final newline are read. An unclosed quote, text behind a closing quote, a
 * ragged row, a NUL byte, a duplicated or empty header name are errors "file:line: what".
 * An empty line is a row of one empty field, hence a ragged row in a table of several columns.
 * A row may be up to 1 GiB. For many threads see csv/chunk.h.
 */
#ifndef CD4ML_CSV_READER_H
#define CD4ML_CSV_READER_H

#include <stdint.h>

#include "base/input.h"
#include "csv/dialect.h"

/** A field as it stands in the file, quotes included, so that it can be written out unchanged. */
struct csv_field {
	const char *p;
	uint32_t len;
	bool quoted; /* begins and ends with the quote */
	bool escaped; /* has doubled quotes inside */
};

/**
 * The array `fields` lives until the next call on the same reader or chunk. The bytes do so too in a
 * reader; in a chunk they live as long as the chunk's `work` and `done`.
 * `raw` is always the fields with delimiters between, and its line end is what lies behind it.
 */
struct csv_row {
	const struct csv_field *fields;
	size_t n;
	struct slice raw; /* the whole row without its line end */
	uint32_t
		n_eol; /* bytes of the line end behind `raw`: 1, 2, or 0 in a last row without one */
	uint64_t line; /* where it begins, from 1 */
};

struct csv_reader;

/** Opens the table and reads its header. `path` "-" is standard input. */
struct csv_reader *csv_reader_open(
	const char *path, const struct csv_dialect *d, struct err *e) MUST_CHECK;
/** The same on an input that becomes the reader's (closed by it, also on failure). */
struct csv_reader *csv_reader_new(
	struct input *in, const struct csv_dialect *d, struct err *e) MUST_CHECK;
void csv_reader_close(struct csv_reader *r);
size_t csv_reader_n_cols(const struct csv_reader *r);
/** Name of a column, unquoted; lives as long as the reader. */
const char *csv_reader_name(const struct csv_reader *r, size_t col);
/** The next row: 1, 0 at the end, -1 and `e`. */
int csv_reader_next(struct csv_reader *r, struct csv_row *row, struct err *e) MUST_CHECK;

/** The field's value: without quotes, doubled quotes single. Points into the row, or into the emptied `b`. */
struct slice csv_field_value(const struct csv_field *f, char quote, struct buf *b);

#endif
