/*
 * frame - a table's columns, binned: what trees are grown on.
 *
 * Bin 0 of each column is "missing". A number's bin is 1 + the count of cuts that are not above it, so that
 * "below cuts[b - 1]" means "in one of the bins 1 to b"; cuts lie in the middle between values, at
 * quantiles of (a sample of) the column when it has more values than bins. A text's bin is
 * 1 + its category: the most frequent texts have one each, numbered in the order of their bytes, the rest
 * share the last bin, "other". With 255 bins or more for numbers, texts have up to TREE_BIN_LIMIT.
 * Bins are kept twice: by column for moving rows down a tree, where they take a byte in a column of at most
 * 256 bins, else two; and by row for histograms, in records: see tree/record.h.
 */
#ifndef CD4ML_TREE_FRAME_H
#define CD4ML_TREE_FRAME_H

#include "table/column.h"
#include "tree/comm.h"
#include "tree/record.h"

enum { TREE_BIN_LIMIT = 65535 };

struct tree_frame_column {
	const struct table_column *source; /* valid as long as the table is */
	bool is_categorical, is_int;
	uint32_t n_bins; /* with bin 0 */
	uint32_t first; /* number of bin 0 in a histogram of all columns */
	unsigned width; /* bytes of a bin: 1 or 2 */
	void *bins; /* [n_rows] */
	bool has_missing; /* some row is in bin 0 */
	struct tree_place place; /* in a record */
	float *cuts; /* [n_bins - 2] of numbers, ascending */
	float lowest;
	float above; /* a number above all of the column: "below" it are all that are not missing */
	uint32_t n_categories; /* of their own bins; 1 + code is the bin */
	bool has_other; /* the last bin is that of all other texts */
	uint32_t *code_of_text; /* [source->n_texts] bin */
	uint32_t *text_of_code; /* [n_categories] index into source->texts */
};

struct tree_frame {
	size_t n_rows, n_cols;
	struct tree_comm
		*comm; /* of the processes that have the other rows; NULL: there are none */
	size_t first_row,
		all_rows; /* the first one's number among those of all processes; their number */
	struct tree_frame_column *cols;
	uint32_t n_bins; /* of all columns */
	struct tree_records records;
};

struct tree_frame_options {
	uint32_t max_bin; /* most bins of a column besides "missing", 2 to TREE_BIN_LIMIT */
	bool share_bytes; /* of records: pays where histograms of all columns are made */
	bool take_values; /* each column's numbers and codes are freed as soon as they are bins */
	struct tree_comm *comm; /* see above */
};

/**
 * Bins the columns cols[0 .. n_cols) of the table.
 * The table is needed for names of categories only afterwards; its numbers and codes may be freed.
 */
struct tree_frame *tree_frame_new(struct table *t, const size_t *cols, size_t n_cols,
	const struct tree_frame_options *o, struct pool *pool, struct err *e) MUST_CHECK;
void tree_frame_free(struct tree_frame *f);

static inline uint32_t tree_frame_bin(const struct tree_frame *f, size_t col, size_t row)
{
	const struct tree_frame_column *c = &f->cols[col];

	return c->width == 1 ? ((const uint8_t *)c->bins)[row] : ((const uint16_t *)c->bins)[row];
}

/** The quantized gradient of a row. */
static inline struct tree_gh tree_frame_gh(const struct tree_frame *f, size_t row)
{
	return tree_record_gh(f->records.rows + row * f->records.stride);
}

static inline void tree_frame_set_gh(const struct tree_frame *f, size_t row, struct tree_gh gh)
{
	tree_record_set_gh(f->records.rows + row * f->records.stride, gh);
}

#endif
