#include "table/encoder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jdoc.h"
#include "base/mem.h"

static const char *const seen_names[] = { "", "number", "text", NULL };

/* The place of `text` among `words`; an unknown one is refused. */
static int word_of(const char *const *words, const char *what, const char *text, const char *where,
	int *index, struct err *e)
{
	for (int i = 0; words[i]; i++) {
		if (strcmp(words[i], text) == 0) {
			*index = i;
			return 0;
		}
	}
	err_set(e, ERR_INPUT, "%s '%s' is not known", what, text);
	return err_at(e, "%s", where);
}

static int refuse(struct err *e, const char *where, const char *what)
{
	err_set(e, ERR_INPUT, "%s", what);
	return err_at(e, "%s", where);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* {"bytes": "ff41"} */
static int read_bytes(json_t *v, const char *where, struct buf *b, struct err *e)
{
	static const char *const known[] = { "bytes", NULL };
	const char *hex;
	size_t n;

	if (jdoc_check_keys(v, known, where, e))
		return -1;
	hex = jdoc_get_text(v, "bytes", where, e);
	if (!hex)
		return -1;
	n = strlen(hex);
	buf_reset(b);
	for (size_t i = 0; i + 1 < n; i += 2) {
		int high = hex_digit(hex[i]), low = hex_digit(hex[i + 1]);

		if (high < 0 || low < 0)
			n = 1;
		else
			buf_add_char(b, (char)(high * 16 + low));
	}
	if (n % 2)
		return refuse(e, where, "'bytes' must be pairs of hexadecimal digits");
	return buf_check(b, e);
}

/* One of the values: a text, or its bytes. */
static int read_value(struct table_rule *r, json_t *v, size_t i, const char *where,
	struct buf *bytes, struct err *e)
{
	struct slice s = { json_string_value(v), json_string_length(v) };
	uint32_t code;

	if (json_is_object(v)) {
		if (read_bytes(v, where, bytes, e))
			return -1;
		s = buf_slice(bytes);
	} else if (!json_is_string(v)) {
		err_set(e, ERR_INPUT, "value %zu is not a text", i);
		return err_at(e, "%s", where);
	}
	if (table_dict_add(&r->values, s, table_dict_hash(s), &code, e))
		return -1;
	if (code != i) {
		err_set(e, ERR_INPUT, "value %zu is the same as value %u", i, code);
		return err_at(e, "%s", where);
	}
	return 0;
}

/* [value, number] */
static int read_numbered(struct table_rule *r, json_t *pair, size_t i, const char *where,
	struct buf *bytes, struct err *e)
{
	json_t *number = json_array_get(pair, 1);

	if (json_array_size(pair) != 2 || !json_is_number(number)) {
		err_set(e, ERR_INPUT, "value %zu is not a value and its number, in brackets", i);
		return err_at(e, "%s", where);
	}
	r->numbers[i] = json_number_value(number);
	if (r->makes == TABLE_MAKES_COUNT &&
		(r->numbers[i] < 0 || r->numbers[i] > 999999999999999 ||
			r->numbers[i] != floor(r->numbers[i]))) {
		err_set(e, ERR_INPUT, "the count of value %zu is not a whole number", i);
		return err_at(e, "%s", where);
	}
	return read_value(r, json_array_get(pair, 0), i, where, bytes, e);
}

static int read_values(struct table_rule *r, json_t *o, const char *where, struct err *e)
{
	bool numbered = r->makes == TABLE_MAKES_COUNT || r->makes == TABLE_MAKES_MEAN;
	json_t *values = jdoc_get_array(o, "values", where, e);
	struct buf bytes = BUF_INIT;
	int rc = 0;

	if (!values)
		return -1;
	if (numbered) {
		r->numbers = mem_array(json_array_size(values) + 1, sizeof(*r->numbers), e);
		if (!r->numbers)
			return -1;
	}
	for (size_t i = 0; i < json_array_size(values) && rc == 0; i++) {
		json_t *v = json_array_get(values, i);

		rc = numbered ? read_numbered(r, v, i, where, &bytes, e)
			      : read_value(r, v, i, where, &bytes, e);
	}
	buf_release(&bytes);
	if (rc == 0 && r->makes == TABLE_MAKES_ONEHOT && r->values.n == 0)
		return refuse(e, where, "there is no value to make a column of");
	return rc;
}

/* A member that may be missing, as a copy. */
static int read_text(json_t *o, const char *key, const char *where, char **to, struct err *e)
{
	const char *text = NULL;

	if (jdoc_get_text_or(o, key, where, &text, e))
		return -1;
	if (text) {
		*to = mem_dup(text, e);
		return *to ? 0 : -1;
	}
	return 0;
}

static int read_codes(struct table_rule *r, json_t *o, const char *where, struct err *e)
{
	static const char *const known[] = { "order", "unknown", "values", NULL };
	const char *order = table_order_names[0];
	int64_t unknown;
	int index;

	if (jdoc_check_keys(o, known, where, e) || jdoc_get_text_or(o, "order", where, &order, e) ||
		word_of(table_order_names, "order", order, where, &index, e) ||
		jdoc_get_int(o, "unknown", where, &unknown, e) || read_values(r, o, where, e))
		return -1;
	r->order = (enum table_order)index;
	if (unknown < 0 || unknown != r->values.n)
		return refuse(e, where, "'unknown' must be the number of values");
	return 0;
}

static int read_mean(struct table_rule *r, json_t *o, const char *where, struct err *e)
{
	static const char *const known[] = { "by", "smooth", "folds", "seed", "unknown", "values",
		NULL };
	int64_t folds, seed;

	if (jdoc_check_keys(o, known, where, e) || !jdoc_get_text(o, "by", where, e) ||
		read_text(o, "by", where, &r->mean.by, e) ||
		jdoc_get_number(o, "smooth", where, &r->mean.smooth, e) ||
		jdoc_get_int(o, "folds", where, &folds, e) ||
		jdoc_get_int(o, "seed", where, &seed, e) ||
		jdoc_get_number(o, "unknown", where, &r->mean.unknown, e))
		return -1;
	if (!(r->mean.smooth >= 0) || folds < 2 || folds > TABLE_MAX_FOLDS || seed < 0)
		return refuse(e, where, "'smooth', 'folds' or 'seed' is out of range");
	r->mean.folds = (uint32_t)folds;
	r->mean.seed = (uint64_t)seed;
	return read_values(r, o, where, e);
}

static int read_split(struct table_rule *r, json_t *o, const char *where, struct err *e)
{
	static const char *const known[] = { "separator", "values", NULL };

	if (jdoc_check_keys(o, known, where, e) || !jdoc_get_text(o, "separator", where, e) ||
		read_text(o, "separator", where, &r->separator, e))
		return -1;
	if (!*r->separator)
		return refuse(e, where, "'separator' is empty");
	return read_values(r, o, where, e);
}

static int read_only_values(struct table_rule *r, json_t *o, const char *where, struct err *e)
{
	static const char *const known[] = { "values", NULL };

	return jdoc_check_keys(o, known, where, e) ? -1 : read_values(r, o, where, e);
}

static int read_parts(struct table_rule *r, json_t *o, const char *where, struct err *e)
{
	json_t *list = jdoc_get_array(o, "parts", where, e);

	if (!list)
		return -1;
	r->date_parts = 0;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));
		int part;

		if (!name)
			return refuse(e, where, "'parts' must be a list of texts");
		if (word_of(table_date_part_names, "part", name, where, &part, e))
			return -1;
		r->date_parts |= 1u << part;
	}
	return r->date_parts ? 0 : refuse(e, where, "'parts' is empty");
}

/* What the rule makes, if not the column itself: at most one member says so. */
static int read_makes(struct table_rule *r, json_t *o, const char *where, struct err *e)
{
	static const struct {
		const char *key;
		enum table_makes makes;
		int (*read)(struct table_rule *r, json_t *o, const char *where, struct err *e);
	} all[] = {
		{ "codes", TABLE_MAKES_CODES, read_codes },
		{ "count", TABLE_MAKES_COUNT, read_only_values },
		{ "target_mean", TABLE_MAKES_MEAN, read_mean },
		{ "onehot", TABLE_MAKES_ONEHOT, read_only_values },
		{ "split", TABLE_MAKES_SPLIT, read_split },
	};

	if (read_text(o, "date", where, &r->date, e))
		return -1;
	if (r->date) {
		r->makes = TABLE_MAKES_DATE;
		r->date_parts = TABLE_DATE_DEFAULT;
		if (*r->date && csv_value_check_format(r->date, e))
			return err_at(e, "%s", where);
	}
	if (json_object_get(o, "parts")) {
		if (!r->date)
			return refuse(e, where, "'parts' of what is no date");
		if (read_parts(r, o, where, e))
			return -1;
	}
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		json_t *member;

		if (!json_object_get(o, all[i].key))
			continue;
		if (r->makes != TABLE_MAKES_ITSELF)
			return refuse(e, where, "one entry makes two things: give each its own");
		r->makes = all[i].makes;
		member = jdoc_get_object(o, all[i].key, where, e);
		if (!member || all[i].read(r, member, where, e))
			return -1;
	}
	if (r->drop && r->makes != TABLE_MAKES_ITSELF)
		return refuse(e, where, "what is dropped can be nothing else");
	return 0;
}

/* The same of one column twice, or two things in its place. */
static int refuse_twice(const struct table_encoder *enc, const char *where, struct err *e)
{
	const struct table_rule *last = &enc->rules[enc->n_rules - 1];

	for (const struct table_rule *r = enc->rules; r < last; r++) {
		if (strcmp(r->name, last->name) == 0 &&
			(r->makes == last->makes ||
				(!table_rule_is_beside(r) && !table_rule_is_beside(last)))) {
			err_set(e, ERR_INPUT, "column '%s' is there twice", r->name);
			return err_at(e, "%s", where);
		}
	}
	return 0;
}

static int read_rule(struct table_encoder *enc, json_t *o, const char *where, struct err *e)
{
	static const char *const known[] = { "name", "type", "required", "drop", "fill", "rename",
		"date", "parts", "codes", "count", "target_mean", "onehot", "split", NULL };
	const char *type = seen_names[0];
	const char *name;
	struct table_rule *r;
	int index;

	if (jdoc_check_keys(o, known, where, e))
		return -1;
	name = jdoc_get_text(o, "name", where, e);
	if (!name)
		return -1;
	r = table_encoder_add(enc, name, e);
	if (!r || jdoc_get_text_or(o, "type", where, &type, e) ||
		word_of(seen_names, "type", type, where, &index, e) ||
		jdoc_get_bool_or(o, "required", where, &r->required, e) ||
		jdoc_get_bool_or(o, "drop", where, &r->drop, e) ||
		read_text(o, "fill", where, &r->fill, e) ||
		read_text(o, "rename", where, &r->rename, e))
		return -1;
	r->seen = (enum table_seen)index;
	return read_makes(r, o, where, e) ? -1 : refuse_twice(enc, where, e);
}

static int read_missing(struct table_encoder *enc, json_t *o, const char *where, struct err *e)
{
	json_t *list;

	if (!json_object_get(o, "missing"))
		return 0;
	list = jdoc_get_array(o, "missing", where, e);
	for (size_t i = 0; list && i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));

		if (!text)
			return refuse(e, where, "'missing' must be a list of texts");
		if (table_encoder_add_missing(enc, text, e))
			return -1;
	}
	return list ? 0 : -1;
}

static int read_head(struct table_encoder *enc, json_t *o, const char *where, struct err *e)
{
	static const char *const known[] = { "format", "version", "missing", "others", "columns",
		NULL };
	const char *others = "pass";
	const char *format;
	int64_t version;

	if (!json_is_object(o))
		return refuse(e, where, "not an encoder: the document is not an object");
	format = jdoc_get_text(o, "format", where, e);
	if (!format || jdoc_get_int(o, "version", where, &version, e))
		return -1;
	if (strcmp(format, TABLE_ENCODER_FORMAT) != 0 || version < 1 ||
		version > TABLE_ENCODER_VERSION) {
		err_set(e, ERR_INPUT, "not an encoder of version 1 to %d", TABLE_ENCODER_VERSION);
		err_at(e, "%s", where);
		return err_hint(e, "write it again with --fit");
	}
	if (jdoc_check_keys(o, known, where, e) || read_missing(enc, o, where, e) ||
		jdoc_get_text_or(o, "others", where, &others, e))
		return -1;
	enc->drop_others = strcmp(others, "drop") == 0;
	if (!enc->drop_others && strcmp(others, "pass") != 0)
		return refuse(e, where, "'others' must be \"pass\" or \"drop\"");
	return 0;
}

static struct table_encoder *from_json(json_t *doc, const char *name, struct err *e)
{
	struct table_encoder *enc = table_encoder_new(e);
	json_t *columns;

	if (!enc || read_head(enc, doc, name, e))
		goto fail;
	columns = jdoc_get_array(doc, "columns", name, e);
	if (!columns)
		goto fail;
	for (size_t i = 0; i < json_array_size(columns); i++) {
		struct buf where = BUF_INIT;
		int rc;

		buf_addf(&where, "%s: column %zu", name, i + 1);
		rc = buf_check(&where, e);
		if (rc == 0)
			rc = read_rule(enc, json_array_get(columns, i), where.p, e);
		buf_release(&where);
		if (rc)
			goto fail;
	}
	return enc;
fail:
	table_encoder_free(enc);
	return NULL;
}

struct table_encoder *table_encoder_parse(struct slice text, const char *name, struct err *e)
{
	json_t *doc = jdoc_parse(text, name, e);
	struct table_encoder *enc = doc ? from_json(doc, name, e) : NULL;

	json_decref(doc);
	return enc;
}

struct table_encoder *table_encoder_load(const char *path, struct err *e)
{
	json_t *doc = jdoc_load(path, e);
	struct table_encoder *enc = doc ? from_json(doc, path, e) : NULL;

	json_decref(doc);
	return enc;
}
