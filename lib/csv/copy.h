/*
 * copy - rows of a chunk to a buf, many at a time where they lie one behind the other.
 */
#ifndef CD4ML_CSV_COPY_H
#define CD4ML_CSV_COPY_H

#include "csv/reader.h"

/** Rows that were taken and not yet copied; zeroed at first. */
struct csv_copy {
	struct slice run;
};

/** Copies what was taken. Before the chunk or the reader is asked for its next piece. */
static inline void csv_copy_flush(struct csv_copy *c, struct buf *to)
{
	buf_add(to, c->run.p, c->run.len);
	c->run = (struct slice){ NULL, 0 };
}

/** Takes a row with its line end. */
static inline void csv_copy_row(struct csv_copy *c, const struct csv_row *row, struct buf *to)
{
	size_t len = row->raw.len + row->n_eol;

	if (c->run.p && c->run.p + c->run.len == row->raw.p) {
		c->run.len += len;
		return;
	}
	csv_copy_flush(c, to);
	c->run = (struct slice){ row->raw.p, len };
}

#endif
