/*
 * encode_declare - from the options of a fit to the rules of its encoder.
 */
#ifndef CD4ML_TABLE_ENCODE_DECLARE_H
#define CD4ML_TABLE_ENCODE_DECLARE_H

#include "table/encode.h"

/** The order of codes, and of columns of values. */
static inline enum table_order table_encode_order(const struct table_encode_options *o)
{
	return o->order >= 0 ? (enum table_order)o->order : TABLE_ORDER_APPEARANCE;
}

/**
 * The rules for a table, in the order of its columns: all that the options say by name. What
 * depends on a column's type (fills by type, codes of all text columns) is still open: `by_type`
 * of [n_rules] says for which. Columns that are not there, and columns told to be two things, are
 * refused. NULL and `e`.
 */
struct table_encoder *table_encode_declare(const struct csv_table *in,
	const struct table_encode_options *o, bool **by_type, struct err *e) MUST_CHECK;

#endif
