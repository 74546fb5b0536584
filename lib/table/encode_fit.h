/*
 * encode_fit - what the parts of a fit share: the columns on their way, and the blocks that hold
 * their rows.
 *
 * A block is what one piece of rows comes to, by columns. It begins with the number of its rows and
 * of those before it, then for each column its bytes << 1 | coded, all as uint64_t; then the
 * columns, each at a multiple of 8. A coded column is a uint32_t for each row (TABLE_DICT_NONE:
 * missing), the target a double. Any other is the bytes of each field as they are written, behind
 * their number: in one byte up to SHORT_FIELD, else LONG_FIELD and a uint32_t; before it
 * MISSING_FIELD if the value is missing.
 */
#ifndef CD4ML_TABLE_ENCODE_FIT_H
#define CD4ML_TABLE_ENCODE_FIT_H

#include <stdatomic.h>

#include "base/rng.h"
#include "csv/writer.h"
#include "table/cell.h"
#include "table/encode_steps.h"
#include "table/store.h"

enum { SHORT_FIELD = 253, MISSING_FIELD = 254, LONG_FIELD = 255 };

/** How a column's rows are kept. */
enum table_fit_kind {
	TABLE_FIT_BYTES, /* as bytes, but as codes once it is known to be coded */
	TABLE_FIT_VALUES, /* as codes */
	TABLE_FIT_TARGET, /* as numbers; makes no output */
};

/** The columns that each value sets: places[ends[code - 1]] to places[ends[code]], not included. */
struct table_fit_ones {
	uint32_t *ends; /* [dict.n] */
	uint32_t *places;
	uint32_t *n_parts; /* [dict.n], of a split */
};

/** An input column on its way to the output. */
struct table_fit_col {
	struct table_rule *rule; /* NULL: the target */
	size_t field;
	enum table_fit_kind kind;
	size_t owner; /* the column whose codes it uses: another one of the same field, or itself */
	bool by_type;
	bool is_text; /* as the rows in their order have shown */
	_Atomic bool seen_text; /* the same, as soon as any thread knows it */
	uint64_t n_missing;
	struct table_dict dict; /* of an owner, codes by first appearance */
	bool counted;
	uint64_t *counts; /* [dict.n] rows of each code, if counted */
	size_t cap_counts;
	uint32_t *order; /* final code of each code; NULL: the same */
	struct table_fit_ones ones; /* of ONEHOT and SPLIT */
	struct table_text *means; /* [dict.n][folds] of MEAN */
};

struct table_fit {
	const struct table_encode_options *o;
	struct table_encoder *enc;
	struct table_cells cells;
	struct table_fit_col *cols; /* [n_cols], the target last */
	size_t n_cols, n_out; /* n_out of them are written: steps.n */
	struct table_steps steps;
	struct table_store store;
	uint64_t n_rows;
	const char *name;
	struct output *out;
};

/** Are the values of the column codes, as far as is known? */
static inline bool table_fit_makes_codes(const struct table_fit *f, const struct table_fit_col *col)
{
	return col->kind == TABLE_FIT_VALUES || (col->by_type && f->o->codes_text && col->is_text);
}

/** The next field of a column that is kept as bytes; moves `at` behind it. */
static inline struct slice table_fit_take(const char **at, bool *missing)
{
	const uint8_t *p = (const uint8_t *)*at;
	struct slice s;

	*missing = *p == MISSING_FIELD;
	p += *missing;
	s.len = *p++;
	if (s.len == LONG_FIELD) {
		uint32_t len;

		memcpy(&len, p, sizeof(len));
		p += sizeof(len);
		s.len = len;
	}
	s.p = (const char *)p;
	*at = s.p + s.len;
	return s;
}

/** What stands for a missing value in a coded column; {NULL, 0}: nothing. */
static inline struct slice table_fit_fill(
	const struct table_fit *f, const struct table_fit_col *col)
{
	const char *fill = col->rule->fill;

	if (!fill && col->by_type)
		fill = f->o->fill_text;
	return fill ? slice_of(fill) : (struct slice){ NULL, 0 };
}

/** In which part of the data a row is; what its mean knows is in the others. */
static inline uint32_t table_fit_fold(const struct table_mean *m, uint64_t row)
{
	return (uint32_t)rng_below(m->seed, 0, row, m->folds);
}

/** The value of the next field of a column that is kept as bytes but coded. {NULL, 0}: missing. */
int table_fit_value(const struct table_fit *f, const struct table_fit_col *col, const char **at,
	struct buf *unquoted, struct slice *v, struct err *e) MUST_CHECK;

struct table_fit_block {
	uint64_t n_rows, first_row;
};
/** Where a column begins in a block. */
const char *table_fit_part(const struct table_fit *f, struct slice bytes, size_t col,
	struct table_fit_block *block, bool *coded);

/** The work and done of csv_table_run(), and the size and release of its results. */
int table_fit_read(void *ctx, struct csv_chunk *c, int worker, struct err *e);
int table_fit_keep(void *ctx, struct csv_chunk *c, struct err *e);
size_t table_fit_result_size(void);
void table_fit_release(void *result);

/** When all rows are read: types, fills and values become the encoder's. */
int table_fit_settle(struct table_fit *f, struct pool *pool, struct err *e) MUST_CHECK;
/** The means of the target, for all columns that want some: the encoder's, and those by fold. */
int table_fit_means(struct table_fit *f, struct pool *pool, struct err *e) MUST_CHECK;

/** Writes header and blocks. */
int table_fit_write(struct table_fit *f, struct pool *pool, struct err *e) MUST_CHECK;

#endif
