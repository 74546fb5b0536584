#include "table/encoder.h"

#include <stdlib.h>
#include <string.h>

#include "base/jdoc.h"
#include "base/mem.h"
#include "base/output.h"
#include "table/text.h"

enum { VERSION = 1 };

static const char format_name[] = "cd4ml-encoder";
static const char *const order_names[] = { "appearance", "sorted", "frequency" };
static const char *const seen_names[] = { "", "number", "text" };

struct table_encoder *table_encoder_new(struct err *e)
{
	return mem_new(sizeof(struct table_encoder), e);
}

void table_encoder_free(struct table_encoder *enc)
{
	if (!enc)
		return;
	for (size_t i = 0; i < enc->n_rules; i++) {
		struct table_rule *r = &enc->rules[i];

		free(r->name);
		free(r->rename);
		free(r->fill);
		free(r->date);
		table_dict_release(&r->codes);
	}
	for (size_t i = 0; i < enc->n_missing; i++)
		free(enc->missing[i]);
	free(enc->rules);
	free(enc->missing);
	free(enc);
}

struct table_rule *table_encoder_find(const struct table_encoder *enc, const char *name)
{
	for (size_t i = 0; i < enc->n_rules; i++) {
		if (strcmp(enc->rules[i].name, name) == 0)
			return &enc->rules[i];
	}
	return NULL;
}

struct table_rule *table_encoder_add(struct table_encoder *enc, const char *name, struct err *e)
{
	struct table_rule *r;

	if (table_encoder_find(enc, name)) {
		err_set(e, ERR_INPUT, "column '%s' is there twice", name);
		return NULL;
	}
	if (mem_grow(&enc->rules, &enc->cap_rules, enc->n_rules + 1, sizeof(*r), e))
		return NULL;
	r = &enc->rules[enc->n_rules];
	*r = (struct table_rule){ .codes = TABLE_DICT_INIT };
	r->name = mem_dup(name, e);
	if (!r->name)
		return NULL;
	enc->n_rules++;
	return r;
}

int table_encoder_add_missing(struct table_encoder *enc, const char *text, struct err *e)
{
	if (mem_grow(&enc->missing, &enc->cap_missing, enc->n_missing + 1, sizeof(char *), e))
		return -1;
	enc->missing[enc->n_missing] = mem_dup(text, e);
	if (!enc->missing[enc->n_missing])
		return -1;
	enc->n_missing++;
	return 0;
}

/* ---- reading ---- */

static int word_of(const char *const *words, size_t n, const char *text, int *index)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(words[i], text) == 0) {
			*index = (int)i;
			return 0;
		}
	}
	return -1;
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
	if (n % 2) {
		err_set(e, ERR_INPUT, "'bytes' must be pairs of hexadecimal digits");
		return err_at(e, "%s", where);
	}
	return buf_check(b, e);
}

static int read_values(struct table_rule *r, json_t *values, const char *where, struct err *e)
{
	struct buf bytes = BUF_INIT;
	int rc = -1;

	for (size_t i = 0; i < json_array_size(values); i++) {
		json_t *v = json_array_get(values, i);
		struct slice s = { json_string_value(v), json_string_length(v) };
		uint32_t code;

		if (json_is_object(v)) {
			if (read_bytes(v, where, &bytes, e))
				goto out;
			s = buf_slice(&bytes);
		} else if (!json_is_string(v)) {
			err_set(e, ERR_INPUT, "value %zu is not a text", i);
			err_at(e, "%s", where);
			goto out;
		}
		if (table_dict_add(&r->codes, s, table_dict_hash(s), &code, e))
			goto out;
		if (code != i) {
			err_set(e, ERR_INPUT, "value %zu is the same as value %u", i, code);
			err_at(e, "%s", where);
			goto out;
		}
	}
	rc = 0;
out:
	buf_release(&bytes);
	return rc;
}

static int read_codes(struct table_rule *r, json_t *o, const char *where, struct err *e)
{
	static const char *const known[] = { "order", "unknown", "values", NULL };
	const char *order = order_names[0];
	json_t *values;
	int64_t unknown;
	int index;

	if (jdoc_check_keys(o, known, where, e) || jdoc_get_text_or(o, "order", where, &order, e) ||
		jdoc_get_int(o, "unknown", where, &unknown, e))
		return -1;
	values = jdoc_get_array(o, "values", where, e);
	if (!values)
		return -1;
	if (word_of(order_names, 3, order, &index)) {
		err_set(e, ERR_INPUT, "order '%s' is not known", order);
		return err_at(e, "%s", where);
	}
	r->coded = true;
	r->order = (enum table_order)index;
	if (unknown < 0 || (uint64_t)unknown != json_array_size(values)) {
		err_set(e, ERR_INPUT, "'unknown' must be the number of values");
		return err_at(e, "%s", where);
	}
	return read_values(r, values, where, e);
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

static int read_rule(struct table_encoder *enc, json_t *o, const char *where, struct err *e)
{
	static const char *const known[] = { "name", "type", "required", "drop", "fill", "rename",
		"date", "codes", NULL };
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
	if (!r)
		return err_at(e, "%s", where);
	if (jdoc_get_text_or(o, "type", where, &type, e) ||
		jdoc_get_bool_or(o, "required", where, &r->required, e) ||
		jdoc_get_bool_or(o, "drop", where, &r->drop, e) ||
		read_text(o, "fill", where, &r->fill, e) ||
		read_text(o, "rename", where, &r->rename, e) ||
		read_text(o, "date", where, &r->date, e))
		return -1;
	if (word_of(seen_names, 3, type, &index)) {
		err_set(e, ERR_INPUT, "type '%s' is not known", type);
		return err_at(e, "%s", where);
	}
	r->seen = (enum table_seen)index;
	if (r->date && *r->date && csv_value_check_format(r->date, e))
		return err_at(e, "%s", where);
	if (json_object_get(o, "codes")) {
		json_t *codes = jdoc_get_object(o, "codes", where, e);

		if (!codes || read_codes(r, codes, where, e))
			return -1;
	}
	if (r->coded && r->date) {
		err_set(e, ERR_INPUT, "column '%s' cannot be a date and have codes", name);
		return err_at(e, "%s", where);
	}
	return 0;
}

static int read_missing(struct table_encoder *enc, json_t *o, const char *where, struct err *e)
{
	json_t *list;

	if (!json_object_get(o, "missing"))
		return 0;
	list = jdoc_get_array(o, "missing", where, e);
	for (size_t i = 0; list && i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));

		if (!text) {
			err_set(e, ERR_INPUT, "'missing' must be a list of texts");
			return err_at(e, "%s", where);
		}
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

	if (!json_is_object(o)) {
		err_set(e, ERR_INPUT, "not an encoder: the document is not an object");
		return err_at(e, "%s", where);
	}
	format = jdoc_get_text(o, "format", where, e);
	if (!format || jdoc_get_int(o, "version", where, &version, e))
		return -1;
	if (strcmp(format, format_name) != 0 || version != VERSION) {
		err_set(e, ERR_INPUT, "not an encoder of version %d", VERSION);
		err_at(e, "%s", where);
		return err_hint(e, "write it again with --fit");
	}
	if (jdoc_check_keys(o, known, where, e) || read_missing(enc, o, where, e) ||
		jdoc_get_text_or(o, "others", where, &others, e))
		return -1;
	enc->drop_others = strcmp(others, "drop") == 0;
	if (!enc->drop_others && strcmp(others, "pass") != 0) {
		err_set(e, ERR_INPUT, "'others' must be \"pass\" or \"drop\"");
		return err_at(e, "%s", where);
	}
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

/* ---- writing: by hand, so that a value stands on a line of its own without a tree of them ---- */

static void add_member(struct buf *b, const char *key, const char *text)
{
	buf_addf(b, ", \"%s\": ", key);
	table_text_json(b, slice_of(text));
}

static void format_value(struct buf *b, struct slice s)
{
	if (table_text_is_utf8(s)) {
		table_text_json(b, s);
		return;
	}
	buf_add_text(b, "{\"bytes\": \"");
	for (size_t i = 0; i < s.len; i++)
		buf_addf(b, "%02x", (unsigned char)s.p[i]);
	buf_add_text(b, "\"}");
}

static void format_codes(struct buf *b, const struct table_rule *r)
{
	buf_addf(b, ",\n     \"codes\": {\"order\": \"%s\", \"unknown\": %u, \"values\": [",
		order_names[r->order], r->codes.n);
	for (uint32_t i = 0; i < r->codes.n; i++) {
		buf_add_text(b, i ? ",\n       " : "\n       ");
		format_value(b, r->codes.items[i]);
	}
	buf_add_text(b, r->codes.n ? "\n     ]}" : "]}");
}

static void format_rule(struct buf *b, const struct table_rule *r)
{
	buf_add_text(b, "    {\"name\": ");
	table_text_json(b, slice_of(r->name));
	if (r->seen != TABLE_SEEN_NOTHING)
		add_member(b, "type", seen_names[r->seen]);
	if (r->required)
		buf_add_text(b, ", \"required\": true");
	if (r->drop)
		buf_add_text(b, ", \"drop\": true");
	if (r->fill)
		add_member(b, "fill", r->fill);
	if (r->rename)
		add_member(b, "rename", r->rename);
	if (r->date)
		add_member(b, "date", r->date);
	if (r->coded)
		format_codes(b, r);
	buf_add_text(b, "}");
}

int table_encoder_format(const struct table_encoder *enc, struct buf *b, struct err *e)
{
	buf_addf(b, "{\n  \"format\": \"%s\",\n  \"version\": %d,\n  \"missing\": [", format_name,
		VERSION);
	for (size_t i = 0; i < enc->n_missing; i++) {
		buf_add_text(b, i ? ", " : "");
		table_text_json(b, slice_of(enc->missing[i]));
	}
	buf_addf(b, "],\n  \"others\": \"%s\",\n  \"columns\": [\n",
		enc->drop_others ? "drop" : "pass");
	for (size_t i = 0; i < enc->n_rules; i++) {
		format_rule(b, &enc->rules[i]);
		buf_add_text(b, i + 1 < enc->n_rules ? ",\n" : "\n");
	}
	buf_add_text(b, "  ]\n}\n");
	return buf_check(b, e);
}

int table_encoder_save(
	const struct table_encoder *enc, const char *path, unsigned flags, struct err *e)
{
	struct buf b = BUF_INIT;
	int rc = table_encoder_format(enc, &b, e);

	if (rc == 0)
		rc = output_save(path, flags, buf_slice(&b), e);
	buf_release(&b);
	return rc;
}
