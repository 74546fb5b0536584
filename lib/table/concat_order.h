/*
 * concat_order - the order of csv-merge --sort-by. Private to lib/table/concat*.c.
 *
 * A row's values to sort by are its tail, each with a NUL behind. Missing ones come first, then numbers by
 * size, then texts by bytes; rows that are equal by their positions.
 */
#ifndef CD4ML_TABLE_CONCAT_ORDER_H
#define CD4ML_TABLE_CONCAT_ORDER_H

#include "table/keymap.h"

/* A row on its way into order; what its first value is, is worked out once. */
struct concat_sorted {
	const struct table_row *row;
	size_t position;
	int kind; /* 0 missing, 1 number, 2 text */
	double number;
};

/** `row`, whose tail holds the values to sort by, is borrowed; equal ones go by `position`. */
struct concat_sorted table_concat_order_of(const struct table_row *row, size_t position);
/** For qsort: of two struct concat_sorted. */
int table_concat_order_compare(const void *a, const void *b);

#endif
