/*
 * cell - a field of a row as this folder's readers look at it: its value, and whether it is
 * missing.
 *
 * Missing is the empty field, also in quotes, and each text that the dialect's --na names.
 */
#ifndef CD4ML_TABLE_CELL_H
#define CD4ML_TABLE_CELL_H

#include "csv/reader.h"
#include "csv/value.h"

struct table_cells {
	const struct csv_dialect *dialect;
	char quote; /* 0: none */
};

static inline struct table_cells table_cells_of(const struct csv_dialect *d)
{
	return (struct table_cells){ d, csv_dialect_quote(d) };
}

/**
 * The value, which points into the field, or into the emptied `b` if it has doubled quotes. 0 or
 * -1.
 */
static inline int table_cell_value(const struct table_cells *c, const struct csv_field *f,
	struct buf *b, struct slice *v, struct err *e)
{
	if (f->escaped) {
		*v = csv_field_value(f, c->quote, b);
		return buf_check(b, e);
	}
	*v = (struct slice){ f->p + f->quoted, f->len - 2 * (uint32_t)f->quoted };
	return 0;
}

static inline bool table_cell_is_missing(const struct table_cells *c, struct slice value)
{
	return value.len == 0 || (c->dialect->na.n > 0 && csv_value_is_missing(c->dialect, value));
}

/** A number as this folder takes it: "nan" and "inf" are some, the first one is missing. */
static inline bool table_cell_number(struct slice value, double *x)
{
	return num_parse_double(value, true, x);
}

#endif
