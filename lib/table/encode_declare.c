#include "table/encode_declare.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

/* What a column is to be, beside itself. */
struct beside {
	bool wanted[TABLE_MAKES_SPLIT + 1];
	const char *separator;
};

struct declare {
	const struct csv_table *in;
	const struct table_encode_options *o;
	struct table_encoder *enc; /* at first a rule for each column itself */
	struct beside *beside; /* [csv_table_n_cols] for each of these rules */
	unsigned date_parts;
	struct err *e;
};

/*
 * Cuts "COL<sep>REST" where COL is a column (names may hold the separator: the longest name
 * counts). Returns its rule, NULL if there is none.
 */
static struct table_rule *cut_item(struct declare *d, const char *item, char sep, const char **rest)
{
	struct table_rule *found = NULL;

	for (const char *p = strchr(item, sep); p; p = strchr(p + 1, sep)) {
		for (size_t i = 0; i < d->enc->n_rules; i++) {
			struct table_rule *r = &d->enc->rules[i];

			if (strlen(r->name) == (size_t)(p - item) &&
				strncmp(r->name, item, (size_t)(p - item)) == 0) {
				found = r;
				*rest = p + 1;
			}
		}
	}
	return found;
}

/* The rule of a column that an option names. */
static struct table_rule *rule_of(struct declare *d, const char *option, const char *name)
{
	struct table_rule *r = table_encoder_find(d->enc, name);

	if (r)
		return r;
	if (csv_table_find(d->in, name, d->e) >= 0) {
		err_set(d->e, ERR_INPUT, "column '%s' is not kept", name);
		err_hint(d->e, "add it to --keep");
	}
	err_at(d->e, "%s", option);
	return NULL;
}

static int bad_item(struct declare *d, const char *option, const char *item, char sep)
{
	const char *end = strchr(item, sep);
	char *name;

	if (!end) {
		err_set(d->e, ERR_INPUT, "'%s' is not of the form COL%c...", item, sep);
		return err_at(d->e, "%s", option);
	}
	name = mem_dup_n(item, (size_t)(end - item), d->e);
	if (name && rule_of(d, option, name))
		err_set(d->e, ERR_INPUT, "%s: '%s'", option, item);
	free(name);
	return -1;
}

static int twice(struct declare *d, const char *option, const struct table_rule *r)
{
	err_set(d->e, ERR_INPUT, "column '%s' cannot be this and something else too", r->name);
	return err_at(d->e, "%s", option);
}

static int set_text(struct declare *d, char **to, const char *text)
{
	if (!utf8_is_valid(slice_of(text)))
		return err_set(d->e, ERR_INPUT, "'%s' is not UTF-8", text);
	free(*to);
	*to = mem_dup(text, d->e);
	return *to ? 0 : -1;
}

static int declare_dates(struct declare *d)
{
	for (size_t i = 0; i < d->o->date.n; i++) {
		const char *item = d->o->date.items[i], *format = "";
		struct table_rule *r = table_encoder_find(d->enc, item);

		if (!r && strchr(item, ':')) {
			r = cut_item(d, item, ':', &format);
			if (!r)
				return bad_item(d, "--date", item, ':');
			if (csv_value_check_format(format, d->e))
				return err_at(d->e, "--date");
		} else if (!r) {
			r = rule_of(d, "--date", item);
		}
		if (!r)
			return -1;
		if (r->date || r->drop)
			return twice(d, "--date", r);
		r->required = true;
		r->makes = TABLE_MAKES_DATE;
		r->date_parts = d->date_parts;
		if (set_text(d, &r->date, format))
			return -1;
	}
	return 0;
}

static int declare_date_parts(struct declare *d)
{
	const struct opt_list *parts = &d->o->date_parts;

	d->date_parts = parts->n ? 0 : TABLE_DATE_DEFAULT;
	for (size_t i = 0; i < parts->n; i++) {
		unsigned part = 0;

		while (part < TABLE_N_DATE_PARTS &&
			strcmp(table_date_part_names[part], parts->items[i]) != 0)
			part++;
		if (part == TABLE_N_DATE_PARTS) {
			err_set(d->e, ERR_INPUT, "'%s' is no part of a date", parts->items[i]);
			err_hint(d->e, "year, month, day, weekday and epoch_days are");
			return err_at(d->e, "--date-parts");
		}
		d->date_parts |= 1u << part;
	}
	return 0;
}

/* Notes what a column is to be beside itself; twice is refused. */
static int want(
	struct declare *d, const char *option, const struct table_rule *r, enum table_makes makes)
{
	struct beside *beside = &d->beside[r - d->enc->rules];

	if (beside->wanted[makes] ||
		(makes >= TABLE_MAKES_ONEHOT &&
			(beside->wanted[TABLE_MAKES_ONEHOT] || beside->wanted[TABLE_MAKES_SPLIT])))
		return twice(d, option, r);
	beside->wanted[makes] = true;
	return 0;
}

static int declare_beside(struct declare *d)
{
	const struct {
		const char *option;
		const struct opt_list *cols;
		enum table_makes makes;
	} all[] = {
		{ "--count", &d->o->count, TABLE_MAKES_COUNT },
		{ "--target-mean", &d->o->target_mean, TABLE_MAKES_MEAN },
		{ "--onehot", &d->o->onehot, TABLE_MAKES_ONEHOT },
	};

	for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
		for (size_t i = 0; i < all[k].cols->n; i++) {
			struct table_rule *r = rule_of(d, all[k].option, all[k].cols->items[i]);

			if (!r || want(d, all[k].option, r, all[k].makes))
				return -1;
			if (all[k].makes == TABLE_MAKES_MEAN && strcmp(r->name, d->o->by) == 0) {
				err_set(d->e, ERR_INPUT, "'%s' by itself would tell the target",
					r->name);
				return err_at(d->e, "--target-mean");
			}
		}
	}
	for (size_t i = 0; i < d->o->split.n; i++) {
		const char *item = d->o->split.items[i], *separator;
		struct table_rule *r = cut_item(d, item, ':', &separator);

		if (!r)
			return bad_item(d, "--split", item, ':');
		if (!*separator) {
			err_set(d->e, ERR_INPUT, "'%s' names no separator", item);
			return err_at(d->e, "--split");
		}
		if (want(d, "--split", r, TABLE_MAKES_SPLIT))
			return -1;
		d->beside[r - d->enc->rules].separator = separator;
	}
	return 0;
}

static int declare_codes(struct declare *d)
{
	for (size_t i = 0; i < d->o->codes.n; i++) {
		struct table_rule *r = rule_of(d, "--codes", d->o->codes.items[i]);

		if (!r)
			return -1;
		if (r->date || r->drop)
			return twice(d, "--codes", r);
		r->required = true;
		r->makes = TABLE_MAKES_CODES;
		r->order = table_encode_order(d->o);
	}
	return 0;
}

/* Is there anything beside the column itself? */
static bool is_something_else(const struct declare *d, const struct table_rule *r)
{
	const struct beside *beside = &d->beside[r - d->enc->rules];

	for (int i = 0; i <= TABLE_MAKES_SPLIT; i++) {
		if (beside->wanted[i])
			return true;
	}
	return false;
}

static int declare_fills(struct declare *d)
{
	for (size_t i = 0; i < d->o->fill.n; i++) {
		const char *item = d->o->fill.items[i], *value;
		struct table_rule *r = cut_item(d, item, '=', &value);

		if (!r)
			return bad_item(d, "--fill", item, '=');
		if (r->fill || (r->drop && !is_something_else(d, r)))
			return twice(d, "--fill", r);
		r->required = true;
		if (set_text(d, &r->fill, value))
			return err_at(d->e, "--fill");
	}
	return 0;
}

static int declare_renames(struct declare *d)
{
	for (size_t i = 0; i < d->o->rename.n; i++) {
		const char *item = d->o->rename.items[i], *name;
		struct table_rule *r = cut_item(d, item, '=', &name);

		if (!r)
			return bad_item(d, "--rename", item, '=');
		if (r->rename || (r->drop && !is_something_else(d, r)))
			return twice(d, "--rename", r);
		if (!*name) {
			err_set(d->e, ERR_INPUT, "'%s' gives no name", item);
			return err_at(d->e, "--rename");
		}
		if (set_text(d, &r->rename, name))
			return err_at(d->e, "--rename");
	}
	return 0;
}

static int declare_drops(struct declare *d)
{
	for (size_t i = 0; i < d->o->drop.n; i++) {
		struct table_rule *r = rule_of(d, "--drop", d->o->drop.items[i]);

		if (!r)
			return -1;
		r->drop = true;
	}
	return 0;
}

/* A rule beside the column's own, with what holds for both. */
static int add_beside(struct declare *d, struct table_encoder *to, const struct table_rule *own,
	enum table_makes makes, const char *separator)
{
	struct table_rule *r = table_encoder_add(to, own->name, d->e);

	if (!r)
		return -1;
	r->makes = makes;
	r->required = true;
	if ((own->fill && set_text(d, &r->fill, own->fill)) ||
		(own->rename && set_text(d, &r->rename, own->rename)))
		return -1;
	if (makes == TABLE_MAKES_SPLIT)
		return set_text(d, &r->separator, separator);
	if (makes != TABLE_MAKES_MEAN)
		return 0;
	r->mean.smooth = d->o->smooth >= 0 ? d->o->smooth : TABLE_ENCODE_SMOOTH;
	r->mean.folds = d->o->folds > 0 ? (uint32_t)d->o->folds : TABLE_ENCODE_FOLDS;
	r->mean.seed = d->o->seed >= 0 ? (uint64_t)d->o->seed : 0;
	return set_text(d, &r->mean.by, d->o->by);
}

/* Moves a rule; an empty one stays in its place. */
static int move_rule(struct table_encoder *to, struct table_rule *from, struct err *e)
{
	struct table_rule *r = table_encoder_add(to, from->name, e), empty;

	if (!r)
		return -1;
	empty = *r;
	*r = *from;
	*from = empty;
	return 0;
}

/*
 * From a rule for each column itself to all rules: what is made of a column stands behind it.
 * Columns for its values or parts take its place, unless it has codes too.
 */
static int place_rules(struct declare *d)
{
	struct table_encoder *cols = d->enc, *all = table_encoder_new(d->e);
	int rc = all ? 0 : -1;

	for (size_t i = 0; i < cols->n_rules && rc == 0; i++) {
		const struct table_rule own = cols->rules[i]; /* its texts stay where they are */
		const struct beside *beside = &d->beside[i];

		if (own.makes != TABLE_MAKES_ITSELF || own.drop ||
			!(beside->wanted[TABLE_MAKES_ONEHOT] || beside->wanted[TABLE_MAKES_SPLIT]))
			rc = move_rule(all, &cols->rules[i], d->e);
		for (int m = TABLE_MAKES_COUNT; m <= TABLE_MAKES_SPLIT && rc == 0; m++) {
			if (beside->wanted[m])
				rc = add_beside(
					d, all, &own, (enum table_makes)m, beside->separator);
		}
	}
	if (all) {
		all->missing = cols->missing;
		all->n_missing = cols->n_missing;
		all->cap_missing = cols->cap_missing;
		all->drop_others = cols->drop_others;
		cols->missing = NULL;
		cols->n_missing = cols->cap_missing = 0;
	}
	table_encoder_free(cols);
	d->enc = all;
	return rc;
}

/* What is still open: the columns that no option names for good. */
static int declare_rest(struct declare *d, bool **by_type)
{
	const struct table_encode_options *o = d->o;
	bool any = o->fill_text || o->fill_number || o->codes_text;

	*by_type = mem_array(d->enc->n_rules + 1, sizeof(**by_type), d->e);
	if (!*by_type)
		return -1;
	for (size_t i = 0; i < d->enc->n_rules; i++) {
		struct table_rule *r = &d->enc->rules[i];
		/* The parts of a date are numbers, what is looked up is text. */
		const char *fill = r->date                    ? o->fill_number
				   : table_rule_has_values(r) ? o->fill_text
							      : NULL;

		(*by_type)[i] = any && !r->drop && r->makes == TABLE_MAKES_ITSELF;
		if (fill && !r->fill && !opt_list_has(&o->plain, r->name) &&
			set_text(d, &r->fill, fill))
			return -1;
	}
	for (size_t i = 0; i < o->plain.n; i++) {
		struct table_rule *r = rule_of(d, "--plain", o->plain.items[i]);

		if (!r)
			return -1;
		if (r->drop || r->makes != TABLE_MAKES_ITSELF || r->fill)
			return twice(d, "--plain", r);
		(*by_type)[r - d->enc->rules] = false;
	}
	return 0;
}

static int declare_columns(struct declare *d)
{
	for (size_t i = 0; i < csv_table_n_cols(d->in); i++) {
		const char *name = csv_table_col_name(d->in, i);

		if (!utf8_is_valid(slice_of(name))) {
			err_set(d->e, ERR_INPUT, "the name of column %zu is not UTF-8", i + 1);
			return err_at(d->e, "%s", csv_table_name(d->in));
		}
		if ((d->o->keep.n == 0 || opt_list_has(&d->o->keep, name)) &&
			!table_encoder_add(d->enc, name, d->e))
			return -1;
	}
	for (size_t i = 0; i < d->o->keep.n; i++) {
		if (csv_table_find(d->in, d->o->keep.items[i], d->e) < 0)
			return err_at(d->e, "--keep");
	}
	d->enc->drop_others = d->o->keep.n > 0;
	for (size_t i = 0; i < d->o->dialect->na.n; i++) {
		if (table_encoder_add_missing(d->enc, d->o->dialect->na.items[i], d->e))
			return -1;
	}
	return 0;
}

struct table_encoder *table_encode_declare(const struct csv_table *in,
	const struct table_encode_options *o, bool **by_type, struct err *e)
{
	struct declare d = { .in = in, .o = o, .e = e };
	bool done;

	*by_type = NULL;
	if ((o->fill_text && !utf8_is_valid(slice_of(o->fill_text))) ||
		(o->fill_number && !utf8_is_valid(slice_of(o->fill_number)))) {
		err_set(e, ERR_INPUT, "a fill is not UTF-8");
		return NULL;
	}
	d.enc = table_encoder_new(e);
	d.beside = mem_array(csv_table_n_cols(in), sizeof(*d.beside), e);
	done = d.enc && d.beside && declare_columns(&d) == 0 && declare_date_parts(&d) == 0 &&
	       declare_drops(&d) == 0 && declare_dates(&d) == 0 && declare_codes(&d) == 0 &&
	       declare_beside(&d) == 0 && declare_fills(&d) == 0 && declare_renames(&d) == 0 &&
	       place_rules(&d) == 0 && declare_rest(&d, by_type) == 0;
	free(d.beside);
	if (done)
		return d.enc;
	table_encoder_free(d.enc);
	free(*by_type);
	*by_type = NULL;
	return NULL;
}
