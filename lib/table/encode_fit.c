/*
 * One pass over the input, whatever it is. What each piece of rows comes to is kept as a block, by
 * columns: codes where a column is known to be coded, else the bytes of the fields. When all rows
 * are read, types, codes and fills are final, and the blocks are written out on all threads.
 */
#include "table/encode_fit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "table/encode_declare.h"

/* The columns of the output, and which of them use each other's codes. */
static void begin_cols(struct table_fit *f, const bool *by_type)
{
	enum table_order order = table_encode_order(f->o);

	for (size_t i = 0; i < f->n_out; i++) {
		struct table_fit_col *col = &f->cols[i], *owner;
		enum table_makes makes;

		col->rule = &f->enc->rules[f->steps.steps[i].rule - f->enc->rules];
		col->field = f->steps.steps[i].field;
		col->by_type = by_type[col->rule - f->enc->rules];
		col->owner = i;
		makes = col->rule->makes;
		if (table_rule_has_values(col->rule)) {
			col->kind = TABLE_FIT_VALUES;
			for (size_t k = 0; k < i && col->owner == i; k++) {
				if (f->cols[k].field == col->field &&
					f->cols[k].kind == TABLE_FIT_VALUES)
					col->owner = k;
			}
		}
		owner = &f->cols[col->owner];
		owner->counted = owner->counted || makes == TABLE_MAKES_COUNT ||
				 makes >= TABLE_MAKES_ONEHOT || order == TABLE_ORDER_FREQUENCY;
	}
}

static int begin(struct table_fit *f, const struct csv_table *in,
	const struct table_encode_options *quiet, struct err *e)
{
	int target = f->o->by ? csv_table_find(in, f->o->by, e) : -1;
	bool *by_type;
	int rc = -1;

	if (f->o->by && target < 0)
		return err_at(e, "--by");
	f->enc = table_encode_declare(in, f->o, &by_type, e);
	if (!f->enc)
		return -1;
	f->cells = table_cells_of(f->o->dialect);
	f->name = csv_table_name(in);
	if (table_steps_plan(&f->steps, f->enc, in, quiet, e))
		goto out;
	f->cols = mem_array(f->steps.n + 1, sizeof(*f->cols), e);
	if (!f->cols)
		goto out;
	f->n_out = f->n_cols = f->steps.n;
	begin_cols(f, by_type);
	for (size_t i = 0; i < f->n_out; i++) {
		if (table_dict_share(&f->cols[i].dict, e))
			goto out;
	}
	if (target >= 0) {
		f->cols[f->n_cols] = (struct table_fit_col){
			.kind = TABLE_FIT_TARGET, .field = (size_t)target, .owner = f->n_cols
		};
		f->n_cols++;
	}
	rc = 0;
out:
	free(by_type);
	return rc;
}

static void end(struct table_fit *f, bool good)
{
	for (size_t i = 0; i < f->n_cols; i++) {
		free(f->cols[i].counts);
		free(f->cols[i].order);
		free(f->cols[i].ones.ends);
		free(f->cols[i].ones.places);
		free(f->cols[i].ones.n_parts);
		free(f->cols[i].means);
		table_dict_release(&f->cols[i].dict);
	}
	free(f->cols);
	table_steps_release(&f->steps);
	table_store_release(&f->store);
	if (!good)
		table_encoder_free(f->enc);
}

struct table_encoder *table_encode_fit(const char *path, const struct table_encode_options *o,
	struct pool *pool, struct output *out, struct err *e)
{
	struct table_encode_options quiet = *o;
	struct table_fit f = {
		.o = o,
		.store = { .memory = o->memory, .temp_dir = o->temp_dir },
		.steps = { .header = BUF_INIT },
		.out = out,
	};
	const struct csv_run run = {
		.work = table_fit_read,
		.done = table_fit_keep,
		.ctx = &f,
		.result_size = table_fit_result_size(),
		.result_release = table_fit_release,
		.progress = o->progress,
	};
	struct csv_table *in = csv_table_open(path, o->dialect, e);
	bool good;

	quiet.diag = NULL;
	good = in && begin(&f, in, &quiet, e) == 0 && csv_table_run(in, pool, &run, e) == 0;
	for (size_t i = 0; i < f.n_out; i++)
		table_dict_unshare(&f.cols[i].dict);
	good = good && table_fit_settle(&f, pool, e) == 0;
	if (good) {
		table_steps_release(&f.steps);
		good = table_steps_plan(&f.steps, f.enc, in, &quiet, e) == 0 &&
		       table_fit_write(&f, pool, e) == 0;
	}
	if (good)
		table_steps_say_ragged(in, o);
	end(&f, good);
	csv_table_close(in);
	return good ? f.enc : NULL;
}
