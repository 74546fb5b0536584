/*
 * writer - fields as text: old ones as they came in, new ones quoted only where they must be.
 *
 * A field that was read is written from its slice, quotes and all (buf_add), so that `""` stays `""`
 * and 007 stays 007. What follows is for values that were not in the file.
 */
#ifndef CD4ML_CSV_WRITER_H
#define CD4ML_CSV_WRITER_H

#include "csv/dialect.h"
#include "csv/reader.h"

/**
 * Adds a value as a field: in quotes (those inside doubled) if it holds the delimiter, the quote or
 * a line end. -1 and `e` when it holds one of them and the dialect has no quote.
 */
int csv_writer_add(
	struct buf *b, const struct csv_dialect *d, struct slice value, struct err *e) MUST_CHECK;
/** The field that this text is, with its flags; the text must be a field as it stands in a file. */
struct csv_field csv_writer_field(struct slice raw, char quote);

#endif
