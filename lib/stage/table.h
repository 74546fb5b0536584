/*
 * table - cells in columns, for a terminal. Texts are escaped, so that nothing from data acts there.
 */
#ifndef CD4ML_STAGE_TABLE_H
#define CD4ML_STAGE_TABLE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"

struct stage_table {
	struct buf cells; /* each ended by a NUL, row after row */
	size_t n_cols;
};

#define STAGE_TABLE_INIT(columns)   \
	{                           \
		BUF_INIT, (columns) \
	}

void stage_table_release(struct stage_table *t);
/** Adds the next cell. Running out of memory is found by stage_table_format(). */
void stage_table_add(struct stage_table *t, const char *text);
/** A value as text, "-" for NULL. `measured`: six digits of a number say all. */
void stage_table_add_value(struct stage_table *t, const json_t *v, bool measured);
/**
 * Adds the rows to `b`: the first `n_left` columns to the left, the others to the right. In Markdown
 * the first row is the heading.
 */
void stage_table_format(const struct stage_table *t, size_t n_left, bool markdown, struct buf *b);

#endif
