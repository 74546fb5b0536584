#include "table/schema.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "table/schema_field.h"

static const char *const kind_types[] = { "ANY", "STRING", "INT", "FLOAT", "BOOL", "DATE",
	"DATETIME", "TIME", "YEAR" };
static const char *const match_names[] = { "equal", "exact", "subset", "superset", "partial" };

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

void table_schema_free(struct table_schema *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_fields; i++) {
		struct table_field *f = &s->fields[i];

		free(f->name);
		free(f->format);
		free(f->pattern);
		table_texts_release(&f->yes);
		table_texts_release(&f->no);
		table_texts_release(&f->missing);
		table_texts_release(&f->environments);
		table_dict_release(&f->domain);
	}
	for (size_t i = 0; i < s->n_keys; i++)
		free(s->keys[i].fields);
	table_texts_release(&s->missing);
	table_texts_release(&s->environments);
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
	return !environment || !f->has_environments ||
	       table_texts_has(&f->environments, slice_of(environment));
}

const char *table_field_type(const struct table_field *f)
{
	return kind_types[f->kind];
}

/* ---- reading ---- */

/* A name or a list of names. */
static int read_key(
	const struct schema_place *at, struct table_schema *s, json_t *v, bool is_primary)
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
			return table_schema_json_fail(
				at, "a key must be a field's name or a list of them");
		k->fields[k->n] = table_schema_find(s, name);
		if (k->fields[k->n] == SIZE_MAX)
			return table_schema_json_fail(at, "key '%s' is not a field", name);
		if (is_primary)
			s->fields[k->fields[k->n]].required = true;
	}
	return 0;
}

static int read_keys(const struct schema_place *at, struct table_schema *s, json_t *o)
{
	json_t *primary = json_object_get(o, "primaryKey"),
	       *keys = json_object_get(o, "uniqueKeys");

	if (primary && read_key(at, s, primary, true))
		return -1;
	if (keys && !json_is_array(keys))
		return table_schema_json_fail(at, "'uniqueKeys' must be a list of lists of names");
	for (size_t i = 0; i < json_array_size(keys); i++) {
		if (read_key(at, s, json_array_get(keys, i), false))
			return -1;
	}
	if (json_array_size(json_object_get(o, "foreignKeys")) > 0)
		diag_say(at->diag, DIAG_WARNING, "%s: foreignKeys are not checked", at->where);
	return 0;
}

static int read_rows(const struct schema_place *at, struct table_schema *s, json_t *o)
{
	static const char *const known[] = { "minimum", "maximum", "driftRatio", NULL };
	json_t *ratio;

	if (!json_object_get(o, "rows"))
		return 0;
	o = jdoc_get_object(o, "rows", at->where, at->e);
	if (!o || jdoc_check_keys(o, known, at->where, at->e) ||
		table_schema_json_get_count(at, o, "minimum", &s->min_rows) ||
		table_schema_json_get_count(at, o, "maximum", &s->max_rows))
		return -1;
	ratio = json_object_get(o, "driftRatio");
	if (!ratio)
		return 0;
	if (json_array_size(ratio) != 2 || !json_is_number(json_array_get(ratio, 0)) ||
		!json_is_number(json_array_get(ratio, 1)))
		return table_schema_json_fail(at, "'driftRatio' must be two numbers");
	for (size_t i = 0; i < 2; i++)
		s->drift_ratio[i] = json_number_value(json_array_get(ratio, i));
	return 0;
}

static int read_schema_check(const struct schema_place *at, struct table_schema *s, json_t *o)
{
	static const char *const known[] = { "rows", "environments", "newColumns", NULL };

	if (!json_object_get(o, "check"))
		return 0;
	o = jdoc_get_object(o, "check", at->where, at->e);
	if (!o || jdoc_check_keys(o, known, at->where, at->e) || read_rows(at, s, o) ||
		table_schema_json_get_texts(at, o, "environments", &s->environments, NULL) ||
		table_schema_json_get_severity(at, o, "newColumns", TABLE_IGNORE, &s->new_columns))
		return -1;
	return 0;
}

/* `fieldsMatch` is a word, in drafts of version 2 a list of one. */
static int read_match(const struct schema_place *at, struct table_schema *s, json_t *o)
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
	return table_schema_json_fail(
		at, "'fieldsMatch' must be exact, equal, subset, superset or partial");
}

static int read_all(const struct schema_place *at, struct table_schema *s, json_t *o)
{
	json_t *fields;

	if (!json_is_object(o))
		return table_schema_json_fail(at, "not a schema: the document is not an object");
	fields = jdoc_get_array(o, "fields", at->where, at->e);
	if (!fields || table_texts_add(&s->missing, "", at->e) ||
		table_schema_json_get_texts(at, o, "missingValues", &s->missing, NULL))
		return -1;
	for (size_t i = 0; i < json_array_size(fields); i++) {
		json_t *field = json_array_get(fields, i);
		const char *name = json_string_value(json_object_get(field, "name"));
		struct buf where = BUF_INIT;
		struct schema_place inner = { NULL, at->diag, at->e };
		int rc;

		buf_addf(&where, "%s: field %zu", at->where, i + 1);
		if (name)
			buf_addf(&where, " '%s'", name);
		inner.where = where.p;
		rc = buf_check(&where, at->e);
		if (rc == 0)
			rc = table_schema_field_read(&inner, s, field);
		buf_release(&where);
		if (rc)
			return -1;
	}
	return read_match(at, s, o) || read_keys(at, s, o) || read_schema_check(at, s, o) ? -1 : 0;
}

static struct table_schema *from_json(
	json_t *doc, const char *name, struct diag *diag, struct err *e)
{
	const struct schema_place at = { name, diag, e };
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
