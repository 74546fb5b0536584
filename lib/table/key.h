/*
 * key - one or several columns of a row as bytes that can be compared.
 */
#ifndef CD4ML_TABLE_KEY_H
#define CD4ML_TABLE_KEY_H

#include "base/arena.h"
#include "csv/reader.h"

/** Which columns of a row are its key, and when two keys are the same. */
struct table_key {
	const size_t *cols; /* [n_cols] */
	size_t n_cols;
	bool ignore_case; /* of ASCII letters */
	bool trim; /* blanks and tabs around a value do not count */
	bool match_empty; /* an empty value, or one of --na, is a value like any other */
	const struct csv_dialect *dialect;
};

/**
 * The key of a row as bytes: the values without quotes, with a NUL (no value has one) between. They lie in the
 * row, or in `a`. 1, or 0 when a value is missing and so the key matches nothing, or -1 and `e`.
 */
int table_key_of(const struct table_key *k, const struct csv_row *row, struct arena *a,
	struct slice *key, struct err *e) MUST_CHECK;

#endif
