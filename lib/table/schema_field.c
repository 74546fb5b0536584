#include "table/schema_field.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "csv/value.h"
#include "table/pattern.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char *const kind_names[] = { "any", "string", "integer", "number", "boolean", "date",
	"datetime", "time", "year" };

static int read_share(const struct schema_place *at, json_t *o, const char *key, double *v)
{
	if (jdoc_get_number_or(o, key, at->where, v, at->e))
		return -1;
	if (!(*v >= 0 && *v <= 1))
		return table_schema_json_fail(at, "'%s' must be between 0 and 1", key);
	return 0;
}

/* A limit of a number or a date: JSON's number or a text. */
static int read_limit(const struct schema_place *at, const struct table_field *f, json_t *o,
	const char *key, double *limit, bool exclusive, bool *is_exclusive)
{
	json_t *v = json_object_get(o, key);
	const char *text = json_string_value(v);
	struct num_date d;

	if (!v)
		return 0;
	*is_exclusive = exclusive;
	if (json_is_number(v) && f->kind != TABLE_KIND_DATE)
		*limit = json_number_value(v);
	else if (text && f->kind == TABLE_KIND_DATE &&
		 csv_value_date(slice_of(text), f->format, &d))
		*limit = (double)num_date_to_days(&d);
	else if (!text || f->kind == TABLE_KIND_DATE ||
		 !num_parse_double(slice_of(text), false, limit))
		return table_schema_json_fail(
			at, "'%s' is not a value of type %s", key, kind_names[f->kind]);
	if (f->kind == TABLE_KIND_INTEGER || f->kind == TABLE_KIND_NUMBER ||
		f->kind == TABLE_KIND_DATE || f->kind == TABLE_KIND_YEAR)
		return 0;
	return table_schema_json_fail(
		at, "'%s' cannot be checked for type %s", key, kind_names[f->kind]);
}

static int read_domain(const struct schema_place *at, struct table_field *f, json_t *list)
{
	struct buf text = BUF_INIT, key = BUF_INIT;
	int rc = -1;

	if (!json_is_array(list) || json_array_size(list) == 0)
		return table_schema_json_fail(at, "'enum' must be a list of values");
	f->has_domain = true;
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *v = json_array_get(list, i);
		struct slice s;
		uint32_t code;

		buf_reset(&text);
		if (json_is_string(v))
			buf_add(&text, json_string_value(v), json_string_length(v));
		else if (json_is_number(v) || json_is_boolean(v))
			jdoc_format(&text, v, JDOC_LINE);
		else {
			table_schema_json_fail(
				at, "value %zu of 'enum' is neither text nor number", i + 1);
			goto out;
		}
		s = table_field_key(f, buf_slice(&text), &key);
		if (buf_check(&text, at->e) || buf_check(&key, at->e) ||
			table_dict_add(&f->domain, s, table_dict_hash(s), &code, at->e))
			goto out;
	}
	rc = 0;
out:
	buf_release(&text);
	buf_release(&key);
	return rc;
}

static int read_constraints(const struct schema_place *at, struct table_field *f, json_t *o)
{
	static const char *const known[] = { "required", "unique", "minimum", "maximum",
		"exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "pattern", "enum",
		NULL };
	const char *pattern = NULL;
	json_t *domain = json_object_get(o, "enum");

	if (jdoc_check_keys(o, known, at->where, at->e) ||
		jdoc_get_bool_or(o, "required", at->where, &f->required, at->e) ||
		jdoc_get_bool_or(o, "unique", at->where, &f->unique, at->e) ||
		read_limit(at, f, o, "minimum", &f->minimum, false, &f->exclusive_minimum) ||
		read_limit(at, f, o, "maximum", &f->maximum, false, &f->exclusive_maximum) ||
		read_limit(
			at, f, o, "exclusiveMinimum", &f->minimum, true, &f->exclusive_minimum) ||
		read_limit(
			at, f, o, "exclusiveMaximum", &f->maximum, true, &f->exclusive_maximum) ||
		table_schema_json_get_count(at, o, "minLength", &f->min_length) ||
		table_schema_json_get_count(at, o, "maxLength", &f->max_length) ||
		jdoc_get_text_or(o, "pattern", at->where, &pattern, at->e))
		return -1;
	if (pattern) {
		f->pattern = table_pattern_translate(pattern, at->e);
		if (!f->pattern)
			return err_at(at->e, "%s", at->where);
	}
	return domain ? read_domain(at, f, domain) : 0;
}

static int read_distance(
	const struct schema_place *at, json_t *o, const char *key, struct table_distance *d)
{
	static const char *const known[] = { "lInfinity", "jensenShannon",
		"normalizedAbsoluteDifference", NULL };

	if (!json_object_get(o, key))
		return 0;
	o = jdoc_get_object(o, key, at->where, at->e);
	if (!o || jdoc_check_keys(o, known, at->where, at->e) ||
		jdoc_get_number_or(o, known[0], at->where, &d->l_infinity, at->e) ||
		jdoc_get_number_or(o, known[1], at->where, &d->jensen_shannon, at->e) ||
		jdoc_get_number_or(o, known[2], at->where, &d->normalized_difference, at->e))
		return -1;
	return 0;
}

/* {"minimum": .., "maximum": ..} */
static int read_counts(
	const struct schema_place *at, json_t *o, const char *key, uint64_t *least, uint64_t *most)
{
	static const char *const known[] = { "minimum", "maximum", NULL };

	if (!json_object_get(o, key))
		return 0;
	o = jdoc_get_object(o, key, at->where, at->e);
	if (!o || jdoc_check_keys(o, known, at->where, at->e) ||
		table_schema_json_get_count(at, o, "minimum", least) ||
		table_schema_json_get_count(at, o, "maximum", most))
		return -1;
	return 0;
}

static int read_presence(const struct schema_place *at, struct table_field *f, json_t *o)
{
	static const char *const known[] = { "minFraction", "minCount", NULL };

	if (!json_object_get(o, "presence"))
		return 0;
	o = jdoc_get_object(o, "presence", at->where, at->e);
	if (!o || jdoc_check_keys(o, known, at->where, at->e) ||
		read_share(at, o, "minFraction", &f->min_fraction) ||
		table_schema_json_get_count(at, o, "minCount", &f->min_count))
		return -1;
	return 0;
}

static int read_check(const struct schema_place *at, struct table_field *f, json_t *o)
{
	static const char *const known[] = { "presence", "domainMass", "distinct", "allowNaN",
		"allowInfinity", "environments", "drift", "skew", "severity", NULL };

	if (jdoc_check_keys(o, known, at->where, at->e) || read_presence(at, f, o) ||
		read_share(at, o, "domainMass", &f->domain_mass) ||
		read_counts(at, o, "distinct", &f->min_distinct, &f->max_distinct) ||
		jdoc_get_bool_or(o, "allowNaN", at->where, &f->allow_nan, at->e) ||
		jdoc_get_bool_or(o, "allowInfinity", at->where, &f->allow_infinity, at->e) ||
		table_schema_json_get_texts(
			at, o, "environments", &f->environments, &f->has_environments) ||
		read_distance(at, o, "drift", &f->drift) ||
		read_distance(at, o, "skew", &f->skew) ||
		table_schema_json_get_severity(at, o, "severity", TABLE_WARNING, &f->severity))
		return -1;
	return 0;
}

/* Numbers in another notation would be checked wrongly. */
static int refuse_notations(const struct schema_place *at, json_t *o)
{
	const char *decimal = ".";
	bool bare = true;

	if (jdoc_get_text_or(o, "decimalChar", at->where, &decimal, at->e) ||
		jdoc_get_bool_or(o, "bareNumber", at->where, &bare, at->e))
		return -1;
	if (strcmp(decimal, ".") != 0 || !bare || json_object_get(o, "groupChar"))
		return table_schema_json_fail(
			at, "numbers with decimalChar, groupChar or units are not supported");
	return 0;
}

static int read_format(const struct schema_place *at, struct table_field *f, json_t *o)
{
	const char *format = "default";

	if (jdoc_get_text_or(o, "format", at->where, &format, at->e))
		return -1;
	if (f->kind != TABLE_KIND_DATE || strcmp(format, "any") == 0)
		return 0;
	if (strcmp(format, "default") == 0)
		format = "%Y-%m-%d";
	if (csv_value_check_format(format, at->e))
		return err_at(at->e, "%s", at->where);
	f->format = mem_dup(format, at->e);
	return f->format ? 0 : -1;
}

static int read_booleans(const struct schema_place *at, struct table_field *f, json_t *o)
{
	static const char *const yes[] = { "true", "True", "TRUE", "1" };
	static const char *const no[] = { "false", "False", "FALSE", "0" };

	for (size_t i = 0; i < COUNT(yes); i++) {
		if (table_texts_add(&f->yes, yes[i], at->e) ||
			table_texts_add(&f->no, no[i], at->e))
			return -1;
	}
	return table_schema_json_get_texts(at, o, "trueValues", &f->yes, NULL) ||
			       table_schema_json_get_texts(at, o, "falseValues", &f->no, NULL)
		       ? -1
		       : 0;
}

static int read_type(const struct schema_place *at, struct table_field *f, json_t *o)
{
	const char *type = "any";

	if (jdoc_get_text_or(o, "type", at->where, &type, at->e))
		return -1;
	for (size_t i = 0; i < COUNT(kind_names); i++) {
		if (strcmp(kind_names[i], type) == 0) {
			f->kind = (enum table_kind)i;
			return 0;
		}
	}
	f->kind = TABLE_KIND_STRING;
	diag_say(at->diag, DIAG_WARNING, "%s: type '%s' is not checked: values are taken as text",
		at->where, type);
	return 0;
}

int table_schema_field_read(const struct schema_place *at, struct table_schema *s, json_t *o)
{
	struct table_field *f;
	const char *name;
	json_t *part;

	if (!json_is_object(o))
		return table_schema_json_fail(at, "a field must be an object");
	name = jdoc_get_text(o, "name", at->where, at->e);
	if (!name)
		return -1;
	if (table_schema_find(s, name) != SIZE_MAX)
		return table_schema_json_fail(at, "field '%s' is there twice", name);
	if (mem_grow(&s->fields, &s->cap_fields, s->n_fields + 1, sizeof(*f), at->e))
		return -1;
	f = &s->fields[s->n_fields++];
	*f = (struct table_field){
		.minimum = NAN,
		.maximum = NAN,
		.max_length = UINT64_MAX,
		.domain_mass = 1,
		.max_distinct = UINT64_MAX,
		.drift = { NAN, NAN, NAN },
		.skew = { NAN, NAN, NAN },
	};
	f->name = mem_dup(name, at->e);
	if (!f->name || read_type(at, f, o) || read_format(at, f, o) || refuse_notations(at, o) ||
		table_schema_json_get_texts(at, o, "missingValues", &f->missing, &f->has_missing) ||
		(f->kind == TABLE_KIND_BOOLEAN && read_booleans(at, f, o)))
		return -1;
	if (json_object_get(o, "constraints")) {
		part = jdoc_get_object(o, "constraints", at->where, at->e);
		if (!part || read_constraints(at, f, part))
			return -1;
	}
	if (json_object_get(o, "check")) {
		part = jdoc_get_object(o, "check", at->where, at->e);
		if (!part || read_check(at, f, part))
			return -1;
	}
	return 0;
}
