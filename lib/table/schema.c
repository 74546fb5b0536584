#include "table/schema.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jdoc.h"
#include "base/mem.h"
#include "base/num.h"
#include "csv/value.h"
#include "table/pattern.h"

static const char *const kind_names[] = { "any", "string", "integer", "number", "boolean", "date",
	"datetime", "time", "year" };
static const char *const kind_types[] = { "ANY", "STRING", "INT", "FLOAT", "BOOL", "DATE",
	"DATETIME", "TIME", "YEAR" };
static const char *const match_names[] = { "equal", "exact", "subset", "superset", "partial" };
static const char *const severity_names[] = { "error", "warning", "ignore" };

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void texts_release(struct table_texts *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->items[i]);
	free(t->items);
}

void table_schema_free(struct table_schema *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_fields; i++) {
		struct table_field *f = &s->fields[i];

		free(f->name);
		free(f->format);
		free(f->pattern);
		texts_release(&f->yes);
		texts_release(&f->no);
		texts_release(&f->missing);
		texts_release(&f->environments);
		table_dict_release(&f->domain);
	}
	for (size_t i = 0; i < s->n_keys; i++)
		free(s->keys[i].fields);
	texts_release(&s->missing);
	texts_release(&s->environments);
	free(s->keys);
	free(s->fields);
	free(s);
}

size_t table_schema_find(const struct table_schema *s, const char *name)
{
	for (size_t i = 0; i < s->n_fields; i++) {
		if (strcmp(s->fields[i].name, name) == 0)
			return i;
	}
	return SIZE_MAX;
}

struct slice table_field_key(const struct table_field *f, struct slice value, struct buf *b)
{
	char text[NUM_TEXT_MAX];
	double x;

	if (f->kind != TABLE_KIND_INTEGER && f->kind != TABLE_KIND_NUMBER)
		return value;
	if (!num_parse_double(value, false, &x))
		return value;
	buf_reset(b);
	buf_add(b, text, num_format_double(text, x == 0 ? 0 : x));
	return buf_slice(b);
}

bool table_field_is_in(const struct table_field *f, const char *environment)
{
	if (!environment || !f->has_environments)
		return true;
	for (size_t i = 0; i < f->environments.n; i++) {
		if (strcmp(f->environments.items[i], environment) == 0)
			return true;
	}
	return false;
}

const char *table_field_type(const struct table_field *f)
{
	return kind_types[f->kind];
}

/* ---- reading ---- */

/* Where we are, for messages. */
struct place {
	const char *where;
	struct diag *diag;
	struct err *e;
};

static int wrong(const struct place *at, const char *fmt, ...) PRINTF_LIKE(2, 3);

static int wrong(const struct place *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_vset(at->e, ERR_INPUT, fmt, ap);
	va_end(ap);
	return err_at(at->e, "%s", at->where);
}

static int read_word(const struct place *at, json_t *o, const char *key, const char *const *words,
	size_t n, int *index)
{
	const char *text = NULL;

	if (jdoc_get_text_or(o, key, at->where, &text, at->e))
		return -1;
	if (!text)
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(words[i], text) == 0) {
			*index = (int)i;
			return 0;
		}
	}
	return wrong(at, "'%s' cannot be '%s'", key, text);
}

static int read_texts(
	const struct place *at, json_t *o, const char *key, struct table_texts *t, bool *has)
{
	json_t *list = json_object_get(o, key);

	if (!list)
		return 0;
	if (!json_is_array(list))
		return wrong(at, "'%s' must be a list of texts", key);
	texts_release(t);
	*t = (struct table_texts){ 0 };
	if (has)
		*has = true;
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *item = json_array_get(list, i);
		/* Table Schema 2 knows {"value": .., "label": ..} too. */
		const char *text = json_string_value(
			json_is_object(item) ? json_object_get(item, "value") : item);

		if (!text)
			return wrong(at, "'%s' must be a list of texts", key);
		if (mem_grow(&t->items, &t->cap, t->n + 1, sizeof(*t->items), at->e))
			return -1;
		t->items[t->n] = mem_dup(text, at->e);
		if (!t->items[t->n])
			return -1;
		t->n++;
	}
	return 0;
}

static int read_count(const struct place *at, json_t *o, const char *key, uint64_t *v)
{
	int64_t n = 0;

	if (!json_object_get(o, key))
		return 0;
	if (jdoc_get_int(o, key, at->where, &n, at->e))
		return -1;
	if (n < 0)
		return wrong(at, "'%s' must not be negative", key);
	*v = (uint64_t)n;
	return 0;
}

static int read_share(const struct place *at, json_t *o, const char *key, double *v)
{
	if (jdoc_get_number_or(o, key, at->where, v, at->e))
		return -1;
	if (!(*v >= 0 && *v <= 1))
		return wrong(at, "'%s' must be between 0 and 1", key);
	return 0;
}

/* A limit of a number or a date: JSON's number or a text. */
static int read_limit(const struct place *at, const struct table_field *f, json_t *o,
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
		return wrong(at, "'%s' is not a value of type %s", key, kind_names[f->kind]);
	if (f->kind == TABLE_KIND_INTEGER || f->kind == TABLE_KIND_NUMBER ||
		f->kind == TABLE_KIND_DATE || f->kind == TABLE_KIND_YEAR)
		return 0;
	return wrong(at, "'%s' cannot be checked for type %s", key, kind_names[f->kind]);
}

static int read_domain(const struct place *at, struct table_field *f, json_t *list)
{
	struct buf text = BUF_INIT, key = BUF_INIT;
	int rc = -1;

	if (!json_is_array(list) || json_array_size(list) == 0)
		return wrong(at, "'enum' must be a list of values");
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
			wrong(at, "value %zu of 'enum' is neither text nor number", i + 1);
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

static int read_constraints(const struct place *at, struct table_field *f, json_t *o)
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
		read_count(at, o, "minLength", &f->min_length) ||
		read_count(at, o, "maxLength", &f->max_length) ||
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
	const struct place *at, json_t *o, const char *key, struct table_distance *d)
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
	const struct place *at, json_t *o, const char *key, uint64_t *least, uint64_t *most)
{
	static const char *const known[] = { "minimum", "maximum", NULL };

	if (!json_object_get(o, key))
		return 0;
	o = jdoc_get_object(o, key, at->where, at->e);
	if (!o || jdoc_check_keys(o, known, at->where, at->e) ||
		read_count(at, o, "minimum", least) || read_count(at, o, "maximum", most))
		return -1;
	return 0;
}

static int read_presence(const struct place *at, struct table_field *f, json_t *o)
{
	static const char *const known[] = { "minFraction", "minCount", NULL };

	if (!json_object_get(o, "presence"))
		return 0;
	o = jdoc_get_object(o, "presence", at->where, at->e);
	if (!o || jdoc_check_keys(o, known, at->where, at->e) ||
		read_share(at, o, "minFraction", &f->min_fraction) ||
		read_count(at, o, "minCount", &f->min_count))
		return -1;
	return 0;
}

static int read_check(const struct place *at, struct table_field *f, json_t *o)
{
	static const char *const known[] = { "presence", "domainMass", "distinct", "allowNaN",
		"allowInfinity", "environments", "drift", "skew", "severity", NULL };
	int severity = TABLE_ERROR;

	if (jdoc_check_keys(o, known, at->where, at->e) || read_presence(at, f, o) ||
		read_share(at, o, "domainMass", &f->domain_mass) ||
		read_counts(at, o, "distinct", &f->min_distinct, &f->max_distinct) ||
		jdoc_get_bool_or(o, "allowNaN", at->where, &f->allow_nan, at->e) ||
		jdoc_get_bool_or(o, "allowInfinity", at->where, &f->allow_infinity, at->e) ||
		read_texts(at, o, "environments", &f->environments, &f->has_environments) ||
		read_distance(at, o, "drift", &f->drift) ||
		read_distance(at, o, "skew", &f->skew) ||
		read_word(at, o, "severity", severity_names, 2, &severity))
		return -1;
	f->severity = (enum table_severity)severity;
	return 0;
}

/* Numbers in another notation would be checked wrongly. */
static int refuse_notations(const struct place *at, json_t *o)
{
	const char *decimal = ".";
	bool bare = true;

	if (jdoc_get_text_or(o, "decimalChar", at->where, &decimal, at->e) ||
		jdoc_get_bool_or(o, "bareNumber", at->where, &bare, at->e))
		return -1;
	if (strcmp(decimal, ".") != 0 || !bare || json_object_get(o, "groupChar"))
		return wrong(at, "numbers with decimalChar, groupChar or units are not supported");
	return 0;
}

static int read_format(const struct place *at, struct table_field *f, json_t *o)
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

static int add_text(struct table_texts *t, const char *text, struct err *e)
{
	if (mem_grow(&t->items, &t->cap, t->n + 1, sizeof(*t->items), e))
		return -1;
	t->items[t->n] = mem_dup(text, e);
	if (!t->items[t->n])
		return -1;
	t->n++;
	return 0;
}

static int read_booleans(const struct place *at, struct table_field *f, json_t *o)
{
	static const char *const yes[] = { "true", "True", "TRUE", "1" };
	static const char *const no[] = { "false", "False", "FALSE", "0" };

	for (size_t i = 0; i < COUNT(yes); i++) {
		if (add_text(&f->yes, yes[i], at->e) || add_text(&f->no, no[i], at->e))
			return -1;
	}
	return read_texts(at, o, "trueValues", &f->yes, NULL) ||
			       read_texts(at, o, "falseValues", &f->no, NULL)
		       ? -1
		       : 0;
}

static int read_type(const struct place *at, struct table_field *f, json_t *o)
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

static int read_field(const struct place *at, struct table_schema *s, json_t *o)
{
	struct table_field *f;
	const char *name;
	json_t *part;

	if (!json_is_object(o))
		return wrong(at, "a field must be an object");
	name = jdoc_get_text(o, "name", at->where, at->e);
	if (!name)
		return -1;
	if (table_schema_find(s, name) != SIZE_MAX)
		return wrong(at, "field '%s' is there twice", name);
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
		read_texts(at, o, "missingValues", &f->missing, &f->has_missing) ||
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

/* A name or a list of names. */
static int read_key(const struct place *at, struct table_schema *s, json_t *v, bool is_primary)
{
	size_t n = json_is_array(v) ? json_array_size(v) : 1;
	struct table_key *k;

	if (n == 0)
		return 0;
	if (mem_grow(&s->keys, &s->cap_keys, s->n_keys + 1, sizeof(*k), at->e))
		return -1;
	k = &s->keys[s->n_keys++];
	*k = (struct table_key){ .is_primary = is_primary };
	k->fields = mem_array(n, sizeof(*k->fields), at->e);
	if (!k->fields)
		return -1;
	for (; k->n < n; k->n++) {
		const char *name =
			json_string_value(json_is_array(v) ? json_array_get(v, k->n) : v);

		if (!name)
			return wrong(at, "a key must be a field's name or a list of them");
		k->fields[k->n] = table_schema_find(s, name);
		if (k->fields[k->n] == SIZE_MAX)
			return wrong(at, "key '%s' is not a field", name);
		if (is_primary)
			s->fields[k->fields[k->n]].required = true;
	}
	return 0;
}

static int read_keys(const struct place *at, struct table_schema *s, json_t *o)
{
	json_t *primary = json_object_get(o, "primaryKey"),
	       *keys = json_object_get(o, "uniqueKeys");

	if (primary && read_key(at, s, primary, true))
		return -1;
	if (keys && !json_is_array(keys))
		return wrong(at, "'uniqueKeys' must be a list of lists of names");
	for (size_t i = 0; i < json_array_size(keys); i++) {
		if (read_key(at, s, json_array_get(keys, i), false))
			return -1;
	}
	if (json_array_size(json_object_get(o, "foreignKeys")) > 0)
		diag_say(at->diag, DIAG_WARNING, "%s: foreignKeys are not checked", at->where);
	return 0;
}

static int read_rows(const struct place *at, struct table_schema *s, json_t *o)
{
	static const char *const known[] = { "minimum", "maximum", "driftRatio", NULL };
	json_t *ratio;

	if (!json_object_get(o, "rows"))
		return 0;
	o = jdoc_get_object(o, "rows", at->where, at->e);
	if (!o || jdoc_check_keys(o, known, at->where, at->e) ||
		read_count(at, o, "minimum", &s->min_rows) ||
		read_count(at, o, "maximum", &s->max_rows))
		return -1;
	ratio = json_object_get(o, "driftRatio");
	if (!ratio)
		return 0;
	if (json_array_size(ratio) != 2 || !json_is_number(json_array_get(ratio, 0)) ||
		!json_is_number(json_array_get(ratio, 1)))
		return wrong(at, "'driftRatio' must be two numbers");
	for (size_t i = 0; i < 2; i++)
		s->drift_ratio[i] = json_number_value(json_array_get(ratio, i));
	return 0;
}

static int read_schema_check(const struct place *at, struct table_schema *s, json_t *o)
{
	static const char *const known[] = { "rows", "environments", "newColumns", NULL };
	int new_columns = TABLE_ERROR;

	if (!json_object_get(o, "check"))
		return 0;
	o = jdoc_get_object(o, "check", at->where, at->e);
	if (!o || jdoc_check_keys(o, known, at->where, at->e) || read_rows(at, s, o) ||
		read_texts(at, o, "environments", &s->environments, NULL) ||
		read_word(at, o, "newColumns", severity_names, 3, &new_columns))
		return -1;
	s->new_columns = (enum table_severity)new_columns;
	return 0;
}

/* `fieldsMatch` is a word, in drafts of version 2 a list of one. */
static int read_match(const struct place *at, struct table_schema *s, json_t *o)
{
	json_t *v = json_object_get(o, "fieldsMatch");
	const char *word = json_string_value(json_is_array(v) ? json_array_get(v, 0) : v);

	if (!v)
		return 0;
	for (size_t i = 0; word && i < COUNT(match_names); i++) {
		if (strcmp(match_names[i], word) == 0) {
			s->match = (enum table_match)i;
			return 0;
		}
	}
	return wrong(at, "'fieldsMatch' must be exact, equal, subset, superset or partial");
}

static int read_all(const struct place *at, struct table_schema *s, json_t *o)
{
	json_t *fields;

	if (!json_is_object(o))
		return wrong(at, "not a schema: the document is not an object");
	fields = jdoc_get_array(o, "fields", at->where, at->e);
	if (!fields || add_text(&s->missing, "", at->e) ||
		read_texts(at, o, "missingValues", &s->missing, NULL))
		return -1;
	for (size_t i = 0; i < json_array_size(fields); i++) {
		json_t *field = json_array_get(fields, i);
		const char *name = json_string_value(json_object_get(field, "name"));
		struct buf where = BUF_INIT;
		struct place inner = { NULL, at->diag, at->e };
		int rc;

		buf_addf(&where, "%s: field %zu", at->where, i + 1);
		if (name)
			buf_addf(&where, " '%s'", name);
		inner.where = where.p;
		rc = buf_check(&where, at->e);
		if (rc == 0)
			rc = read_field(&inner, s, field);
		buf_release(&where);
		if (rc)
			return -1;
	}
	return read_match(at, s, o) || read_keys(at, s, o) || read_schema_check(at, s, o) ? -1 : 0;
}

static struct table_schema *from_json(
	json_t *doc, const char *name, struct diag *diag, struct err *e)
{
	const struct place at = { name, diag, e };
	struct table_schema *s = mem_new(sizeof(*s), e);

	if (!s)
		return NULL;
	s->max_rows = UINT64_MAX;
	s->drift_ratio[0] = s->drift_ratio[1] = NAN;
	if (read_all(&at, s, doc)) {
		table_schema_free(s);
		return NULL;
	}
	return s;
}

struct table_schema *table_schema_load(const char *path, struct diag *diag, struct err *e)
{
	json_t *doc = jdoc_load(path, e);
	struct table_schema *s = doc ? from_json(doc, path, diag, e) : NULL;

	json_decref(doc);
	return s;
}

struct table_schema *table_schema_parse(
	struct slice text, const char *name, struct diag *diag, struct err *e)
{
	json_t *doc = jdoc_parse(text, name, e);
	struct table_schema *s = doc ? from_json(doc, name, diag, e) : NULL;

	json_decref(doc);
	return s;
}
