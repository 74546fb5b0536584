#include "table/infer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "table/validate.h"

static const char *type_of(const struct table_stats *s, const struct table_stats_col *c)
{
	uint64_t n = table_stats_present(s, c);

	if (n == 0)
		return "any";
	if (c->n_int == n && c->n_zero_led == 0)
		return "integer";
	if (c->n_int + c->n_fraction + c->n_nan + c->n_inf == n && c->n_zero_led == 0 &&
		c->n_int + c->n_fraction > 0)
		return "number";
	if (c->n_bool == n)
		return "boolean";
	if (c->n_date == n)
		return "date";
	if (c->n_datetime == n)
		return "datetime";
	return "string";
}

/* A number as JSON: whole ones without a point. */
static json_t *number(double x)
{
	if (x == floor(x) && fabs(x) < 0x1p53)
		return json_integer((json_int_t)x);
	return json_real(x);
}

static int compare_slices(const void *a, const void *b)
{
	return slice_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

static int compare_numbers(const void *a, const void *b)
{
	double x = 0, y = 0;

	if (!num_parse_double(*(const struct slice *)a, false, &x) ||
		!num_parse_double(*(const struct slice *)b, false, &y))
		return compare_slices(a, b);
	return x < y ? -1 : x > y;
}

/* The values of a column in order: numbers by value, texts by bytes. */
static json_t *domain(const struct table_stats_col *c, bool numbers, struct err *e)
{
	struct slice *sorted = mem_array(c->values.n, sizeof(*sorted), e);
	json_t *list = json_array();

	if (!sorted || !list)
		goto fail;
	memcpy(sorted, c->values.items, c->values.n * sizeof(*sorted));
	qsort(sorted, c->values.n, sizeof(*sorted), numbers ? compare_numbers : compare_slices);
	for (uint32_t i = 0; i < c->values.n; i++) {
		double x;
		json_t *v = numbers && num_parse_double(sorted[i], false, &x)
				    ? number(x)
				    : json_stringn(sorted[i].p, sorted[i].len);

		if (json_array_append_new(list, v))
			goto fail;
	}
	free(sorted);
	return list;
fail:
	free(sorted);
	json_decref(list);
	err_nomem(e);
	return NULL;
}

/*
 * Is the column's set of values its domain? A text with few values, of which one at least comes
 * back: else it names its rows.
 */
static bool has_domain(const struct table_stats *s, const struct table_stats_col *c,
	const char *type, const struct table_infer_options *o)
{
	if (c->has_more || c->values.n == 0 || c->n_bad_utf8 > 0)
		return false;
	if (opt_list_has(&o->domains, c->name))
		return true;
	return strcmp(type, "string") == 0 && c->values.n <= o->max_domain &&
	       c->values.n < table_stats_present(s, c);
}

static int add_constraints(json_t *field, const struct table_stats *s,
	const struct table_stats_col *c, const char *type, const struct table_infer_options *o,
	struct err *e)
{
	bool numbers = strcmp(type, "integer") == 0 || strcmp(type, "number") == 0;
	json_t *to = json_object(), *values;
	int rc = to ? 0 : -1;

	if (c->n_missing == 0 && s->n_rows > 0)
		rc |= json_object_set_new(to, "required", json_true());
	if (opt_list_has(&o->unique, c->name))
		rc |= json_object_set_new(to, "unique", json_true());
	if (o->ranges && numbers && c->min <= c->max) {
		rc |= json_object_set_new(to, "minimum", number(c->min));
		rc |= json_object_set_new(to, "maximum", number(c->max));
	}
	if (rc == 0 && has_domain(s, c, type, o)) {
		values = domain(c, numbers, e);
		rc |= json_object_set_new(to, "enum", values);
	}
	if (rc == 0 && json_object_size(to) > 0)
		rc = json_object_set(field, "constraints", to);
	json_decref(to);
	return rc ? err_nomem(e) : 0;
}

static int add_check(json_t *field, const struct table_stats *s, const struct table_stats_col *c,
	const char *type, const struct table_infer_options *o, struct err *e)
{
	bool number = strcmp(type, "number") == 0;
	json_t *to = json_object();
	int rc = to ? 0 : -1;

	if (table_stats_present(s, c) > 0) {
		json_t *presence = c->n_missing == 0 ? json_pack("{s:f, s:i}", "minFraction", 1.0,
							       "minCount", 1)
						     : json_pack("{s:i}", "minCount", 1);

		rc |= json_object_set_new(to, "presence", presence);
	}
	if (number && c->n_nan > 0)
		rc |= json_object_set_new(to, "allowNaN", json_true());
	if (number && c->n_inf > 0)
		rc |= json_object_set_new(to, "allowInfinity", json_true());
	if (o->label && strcmp(o->label, c->name) == 0)
		rc |= json_object_set_new(to, "environments", json_pack("[s]", "training"));
	if (rc == 0 && json_object_size(to) > 0)
		rc = json_object_set(field, "check", to);
	json_decref(to);
	return rc ? err_nomem(e) : 0;
}

static int add_field(json_t *fields, const struct table_stats *s, const struct table_stats_col *c,
	const struct table_infer_options *o, struct err *e)
{
	const char *type = type_of(s, c);
	json_t *field;

	if (!utf8_is_valid(slice_of(c->name)))
		return err_set(e, ERR_INPUT, "the name of column '%s' is not UTF-8", c->name);
	field = json_pack("{s:s, s:s}", "name", c->name, "type", type);
	if (!field || json_array_append_new(fields, field))
		return err_nomem(e);
	return add_constraints(field, s, c, type, o, e) || add_check(field, s, c, type, o, e) ? -1
											      : 0;
}

static int check_names(const struct table_stats *s, const struct opt_list *names, struct err *e)
{
	for (size_t k = 0; k < names->n; k++) {
		size_t i = 0;

		while (i < s->n_cols && strcmp(s->cols[i].name, names->items[k]) != 0)
			i++;
		if (i == s->n_cols)
			return err_set(e, ERR_INPUT, "no column '%s'", names->items[k]);
	}
	return 0;
}

static int add_rest(json_t *schema, const struct table_infer_options *o)
{
	json_t *missing = json_pack("[s]", "");
	int rc = missing ? 0 : -1;

	for (size_t i = 0; i < o->dialect->na.n; i++)
		rc |= json_array_append_new(missing, json_string(o->dialect->na.items[i]));
	rc |= json_object_set_new(schema, "missingValues", missing);
	rc |= json_object_set_new(schema, "fieldsMatch", json_string("equal"));
	if (o->key.n > 0) {
		json_t *key = json_array();

		for (size_t i = 0; i < o->key.n; i++)
			rc |= json_array_append_new(key, json_string(o->key.items[i]));
		rc |= json_object_set_new(schema, "primaryKey", key);
	}
	if (o->label)
		rc |= json_object_set_new(schema, "check",
			json_pack("{s:[s, s]}", "environments", "training", "serving"));
	return rc;
}

json_t *table_infer(const struct table_stats *s, const struct table_infer_options *o, struct err *e)
{
	const char *name = o->label;
	const struct opt_list label = { &name, name ? 1 : 0, 1 };
	json_t *schema, *fields;

	if (check_names(s, &o->domains, e) || check_names(s, &o->unique, e) ||
		check_names(s, &o->key, e) || check_names(s, &label, e))
		return NULL;
	schema = json_pack("{s:s, s:[]}", "$schema",
		"https://datapackage.org/profiles/2.0/tableschema.json", "fields");
	fields = json_object_get(schema, "fields");
	for (size_t i = 0; fields && i < s->n_cols; i++) {
		if (add_field(fields, s, &s->cols[i], o, e))
			goto fail;
	}
	if (fields && add_rest(schema, o) == 0)
		return schema;
	err_nomem(e);
fail:
	json_decref(schema);
	return NULL;
}

void table_infer_warn(const struct table_stats *s, struct diag *diag)
{
	for (size_t i = 0; i < s->n_cols; i++) {
		const struct table_stats_col *c = &s->cols[i];
		uint64_t n = table_stats_present(s, c);

		if (n == 0 && s->n_rows > 0)
			diag_say(diag, DIAG_WARNING, "column '%s' is empty in all rows", c->name);
		else if (c->is_row_number)
			diag_say(diag, DIAG_WARNING,
				"column '%s' numbers the rows: a model that is given it learns the "
				"order of the file; drop it before training",
				c->name);
		else if (!c->has_more && c->values.n == 1 && n > 1)
			diag_say(diag, DIAG_WARNING, "column '%s' has the same value in all rows",
				c->name);
		else if (n >= 1000 && c->n_other > n / 2 && c->n_distinct > 0.95 * (double)n)
			diag_say(diag, DIAG_WARNING,
				"column '%s' has another text in nearly every row: it names the "
				"row, "
				"and is no feature",
				c->name);
	}
}

int table_infer_confirm(struct slice schema, const char *const *paths, size_t n_paths,
	const struct csv_dialect *d, struct pool *pool, struct err *e)
{
	const struct table_validate_options o = { .dialect = d };
	struct table_schema *s = table_schema_parse(schema, "the inferred schema", NULL, e);
	int rc = s ? 0 : -1;

	for (size_t i = 0; i < n_paths && rc == 0; i++) {
		struct table_findings f = TABLE_FINDINGS_INIT;

		rc = table_validate(paths[i], s, &o, pool, &f, e);
		for (size_t k = 0; k < f.n && rc == 0; k++) {
			const struct table_finding *one = &f.list[k];

			if (one->anomaly != TABLE_VALUE_DUPLICATE &&
				one->anomaly != TABLE_KEY_DUPLICATE)
				continue;
			rc = err_set(
				e, ERR_INPUT, "'%s' is not unique: %s", one->column, one->detail);
			err_at(e, "%s", paths[i]);
		}
		table_findings_release(&f);
	}
	table_schema_free(s);
	return rc;
}
