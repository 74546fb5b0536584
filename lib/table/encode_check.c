/*
 * What can be said of the options of an encoding without its table.
 */
#include "table/encode.h"

const char *table_encode_transformation(const struct table_encode_options *o)
{
	const struct {
		const char *name;
		bool set;
	} all[] = {
		{ "--fill", o->fill.n > 0 },
		{ "--fill-text", o->fill_text },
		{ "--fill-number", o->fill_number },
		{ "--date", o->date.n > 0 },
		{ "--date-parts", o->date_parts.n > 0 },
		{ "--drop", o->drop.n > 0 },
		{ "--keep", o->keep.n > 0 },
		{ "--rename", o->rename.n > 0 },
		{ "--codes", o->codes.n > 0 },
		{ "--codes-text", o->codes_text },
		{ "--codes-order", o->order >= 0 },
		{ "--plain", o->plain.n > 0 },
		{ "--count", o->count.n > 0 },
		{ "--target-mean", o->target_mean.n > 0 },
		{ "--by", o->by },
		{ "--smooth", o->smooth >= 0 },
		{ "--folds", o->folds > 0 },
		{ "--seed", o->seed >= 0 },
		{ "--onehot", o->onehot.n > 0 },
		{ "--split", o->split.n > 0 },
		{ "--max-categories", o->max_categories > 0 },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i].set)
			return all[i].name;
	}
	return NULL;
}

int table_encode_check(const struct table_encode_options *o, struct err *e)
{
	bool columns = o->onehot.n || o->split.n, mean = o->target_mean.n > 0;
	const struct {
		const char *name;
		bool set, has;
		const char *needs;
	} all[] = {
		{ "--codes-order", o->order >= 0, o->codes.n || o->codes_text || columns,
			"--codes, --codes-text, --onehot or --split" },
		{ "--plain", o->plain.n > 0, o->fill_text || o->fill_number || o->codes_text,
			"--fill-text, --fill-number or --codes-text" },
		{ "--date-parts", o->date_parts.n > 0, o->date.n > 0, "--date" },
		{ "--max-categories", o->max_categories > 0, columns, "--onehot or --split" },
		{ "--by", o->by, mean, "--target-mean" },
		{ "--smooth", o->smooth >= 0, mean, "--target-mean" },
		{ "--folds", o->folds > 0, mean, "--target-mean" },
		{ "--seed", o->seed >= 0, mean, "--target-mean" },
		{ "--target-mean", mean, o->by, "--by TARGET" },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i].set && !all[i].has) {
			err_set(e, ERR_INPUT, "%s has no effect without %s", all[i].name,
				all[i].needs);
			return err_hint(e, "add it, or leave %s out", all[i].name);
		}
	}
	return 0;
}
