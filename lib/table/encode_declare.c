#include "table/encode_declare.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "table/text.h"

struct declare {
	const struct csv_table *in;
	const struct table_encode_options *o;
	struct table_encoder *enc;
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
	if (!table_text_is_utf8(slice_of(text)))
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
		if (set_text(d, &r->date, format))
			return -1;
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
		r->coded = r->required = true;
		r->order = (enum table_order)d->o->order;
	}
	return 0;
}

static int declare_fills(struct declare *d)
{
	for (size_t i = 0; i < d->o->fill.n; i++) {
		const char *item = d->o->fill.items[i], *value;
		struct table_rule *r = cut_item(d, item, '=', &value);

		if (!r)
			return bad_item(d, "--fill", item, '=');
		if (r->fill || r->drop)
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
		if (r->rename || r->drop)
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
		/* The parts of a date are numbers, what is coded is text. */
		const char *fill = r->date ? o->fill_number : r->coded ? o->fill_text : NULL;

		(*by_type)[i] = any && !r->drop && !r->date && !r->coded;
		if (fill && !r->fill && set_text(d, &r->fill, fill))
			return -1;
	}
	for (size_t i = 0; i < o->plain.n; i++) {
		struct table_rule *r = rule_of(d, "--plain", o->plain.items[i]);

		if (!r)
			return -1;
		if (r->drop || r->date || r->coded || r->fill)
			return twice(d, "--plain", r);
		(*by_type)[r - d->enc->rules] = false;
	}
	return 0;
}

static bool is_kept(const struct opt_list *keep, const char *name)
{
	for (size_t i = 0; i < keep->n; i++) {
		if (strcmp(keep->items[i], name) == 0)
			return true;
	}
	return keep->n == 0;
}

static int declare_columns(struct declare *d)
{
	for (size_t i = 0; i < csv_table_n_cols(d->in); i++) {
		const char *name = csv_table_col_name(d->in, i);

		if (!table_text_is_utf8(slice_of(name))) {
			err_set(d->e, ERR_INPUT, "the name of column %zu is not UTF-8", i + 1);
			return err_at(d->e, "%s", csv_table_name(d->in));
		}
		if (is_kept(&d->o->keep, name) && !table_encoder_add(d->enc, name, d->e))
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
	struct declare d = { in, o, table_encoder_new(e), e };

	*by_type = NULL;
	if ((o->fill_text && !table_text_is_utf8(slice_of(o->fill_text))) ||
		(o->fill_number && !table_text_is_utf8(slice_of(o->fill_number)))) {
		err_set(e, ERR_INPUT, "a fill is not UTF-8");
		table_encoder_free(d.enc);
		return NULL;
	}
	if (!d.enc || declare_columns(&d) || declare_drops(&d) || declare_dates(&d) ||
		declare_codes(&d) || declare_fills(&d) || declare_renames(&d) ||
		declare_rest(&d, by_type)) {
		table_encoder_free(d.enc);
		free(*by_type);
		*by_type = NULL;
		return NULL;
	}
	return d.enc;
}
