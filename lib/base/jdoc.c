#include "base/jdoc.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/input.h"
#include "base/num.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/output.h"
#include "base/utf8.h"

/* ---- reading ---- */

json_t *jdoc_parse(struct slice text, const char *name, struct err *e)
{
	json_error_t je;
	json_t *v;

	if (text.len > JDOC_MAX_BYTES) {
		err_set(e, ERR_INPUT, "JSON of more than %d MiB", JDOC_MAX_BYTES >> 20);
		err_at(e, "%s", name);
		return NULL;
	}
	v = json_loadb(
		text.len ? text.p : "", text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &je);
	if (v)
		return v;
	if (json_error_code(&je) == json_error_out_of_memory)
		err_nomem(e);
	else if (!text.len)
		err_set(e, ERR_INPUT, "an empty file is not JSON");
	else
		err_set(e, ERR_INPUT, "not good JSON: %s", je.text);
	err_at(e, "%s:%d", name, je.line > 0 ? je.line : 1);
	return NULL;
}

json_t *jdoc_read(const char *path, jdoc_parser *parse, struct err *e)
{
	struct input *in = input_open(path, e);
	struct slice all;
	json_t *v = NULL;

	if (!in)
		return NULL;
	if (!input_map(in, JDOC_MAX_BYTES, &all, e))
		v = parse(all, input_name(in), e);
	input_close(in);
	return v;
}

json_t *jdoc_load(const char *path, struct err *e)
{
	return jdoc_read(path, jdoc_parse, e);
}

/* ---- typed access ---- */

static const char *type_name(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return "text";
	case JSON_INTEGER:
		return "an integer";
	case JSON_REAL:
		return "a number";
	case JSON_NULL:
		return "null";
	default:
		return "true or false";
	}
}

static json_t *get_member(json_t *o, const char *key, const char *where, struct err *e)
{
	json_t *v = json_object_get(o, key);

	if (v)
		return v;
	if (json_is_object(o))
		err_set(e, ERR_INPUT, "'%s' is missing", key);
	else
		err_set(e, ERR_INPUT, "an object with '%s' is expected, this is %s", key,
			o ? type_name(o) : "nothing");
	err_at(e, "%s", where);
	return NULL;
}

static int wrong_type(
	const json_t *v, const char *key, const char *expected, const char *where, struct err *e)
{
	err_set(e, ERR_INPUT, "'%s' should be %s, not %s", key, expected, type_name(v));
	return err_at(e, "%s", where);
}

json_t *jdoc_get_object(json_t *o, const char *key, const char *where, struct err *e)
{
	json_t *v = get_member(o, key, where, e);

	if (v && !json_is_object(v)) {
		wrong_type(v, key, "an object", where, e);
		return NULL;
	}
	return v;
}

json_t *jdoc_get_array(json_t *o, const char *key, const char *where, struct err *e)
{
	json_t *v = get_member(o, key, where, e);

	if (v && !json_is_array(v)) {
		wrong_type(v, key, "a list", where, e);
		return NULL;
	}
	return v;
}

const char *jdoc_get_text(json_t *o, const char *key, const char *where, struct err *e)
{
	json_t *v = get_member(o, key, where, e);

	if (v && !json_is_string(v)) {
		wrong_type(v, key, "text", where, e);
		return NULL;
	}
	return json_string_value(v);
}

int jdoc_get_int_or(json_t *o, const char *key, const char *where, int64_t *v, struct err *e)
{
	json_t *m = json_object_get(o, key);

	if (!m)
		return 0;
	if (!json_is_integer(m))
		return wrong_type(m, key, "an integer", where, e);
	*v = json_integer_value(m);
	return 0;
}

int jdoc_get_number_or(json_t *o, const char *key, const char *where, double *v, struct err *e)
{
	json_t *m = json_object_get(o, key);

	if (!m)
		return 0;
	if (!json_is_number(m))
		return wrong_type(m, key, "a number", where, e);
	*v = json_number_value(m);
	return 0;
}

int jdoc_get_bool_or(json_t *o, const char *key, const char *where, bool *v, struct err *e)
{
	json_t *m = json_object_get(o, key);

	if (!m)
		return 0;
	if (!json_is_boolean(m))
		return wrong_type(m, key, "true or false", where, e);
	*v = json_is_true(m);
	return 0;
}

int jdoc_get_text_or(json_t *o, const char *key, const char *where, const char **v, struct err *e)
{
	json_t *m = json_object_get(o, key);

	if (!m)
		return 0;
	if (!json_is_string(m))
		return wrong_type(m, key, "text", where, e);
	*v = json_string_value(m);
	return 0;
}

int jdoc_get_int(json_t *o, const char *key, const char *where, int64_t *v, struct err *e)
{
	return get_member(o, key, where, e) ? jdoc_get_int_or(o, key, where, v, e) : -1;
}

int jdoc_get_number(json_t *o, const char *key, const char *where, double *v, struct err *e)
{
	return get_member(o, key, where, e) ? jdoc_get_number_or(o, key, where, v, e) : -1;
}

int jdoc_check_keys(json_t *o, const char *const *known, const char *where, struct err *e)
{
	const char *key;
	json_t *v;

	json_object_foreach(o, key, v)
	{
		const char *const *k = known;
		const char *near;

		while (*k && strcmp(*k, key) != 0)
			k++;
		if (*k)
			continue;
		err_set(e, ERR_INPUT, "'%s' is not known here", key);
		err_at(e, "%s", where);
		near = opt_nearest(key, known);
		if (near)
			err_hint(e, "did you mean '%s'?", near);
		return -1;
	}
	return 0;
}

/* ---- numbers as Python's repr ---- */

static void add_real(struct buf *b, double v)
{
	char digits[18];
	size_t n;
	int exp10;

	if (v == 0) {
		buf_add_text(b, signbit(v) ? "-0.0" : "0.0");
		return;
	}
	n = num_shortest_digits(digits, &exp10, v);
	if (v < 0)
		buf_add_char(b, '-');
	if (exp10 < -4 || exp10 >= 16) {
		buf_add_char(b, digits[0]);
		if (n > 1)
			buf_add_char(b, '.');
		buf_add(b, digits + 1, n - 1);
		buf_addf(b, "e%c%02d", exp10 < 0 ? '-' : '+', abs(exp10));
	} else if (exp10 < 0) {
		buf_add_text(b, "0.");
		for (int i = -1; i > exp10; i--)
			buf_add_char(b, '0');
		buf_add(b, digits, n);
	} else {
		size_t whole = (size_t)exp10 + 1;

		buf_add(b, digits, n < whole ? n : whole);
		for (size_t i = n; i < whole; i++)
			buf_add_char(b, '0');
		buf_add_char(b, '.');
		if (n > whole)
			buf_add(b, digits + whole, n - whole);
		else
			buf_add_char(b, '0');
	}
}

void jdoc_format_real(struct buf *b, double v)
{
	if (isnan(v))
		buf_add_text(b, "NaN");
	else if (isinf(v))
		buf_add_text(b, v < 0 ? "-Infinity" : "Infinity");
	else
		add_real(b, v);
}

/* ---- texts ---- */

/* The next character of s from *i on; U+FFFD for one byte of what is not UTF-8. */
static uint32_t next_char(struct slice s, size_t *i)
{
	uint32_t c = 0xfffd;
	size_t n = utf8_first((struct slice){ s.p + *i, s.len - *i }, &c);

	*i += n ? n : 1;
	return c;
}

/* Adds a character that cannot stand for itself. */
static void add_escaped(struct buf *b, uint32_t c)
{
	static const char from[] = "\n\r\t\b\f\"\\", to[] = "nrtbf\"\\";
	const char *k = c && c < 0x80 ? strchr(from, (int)c) : NULL;

	if (k)
		buf_addf(b, "\\%c", to[k - from]);
	else if (c >= 0x10000)
		buf_addf(b, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 + ((c - 0x10000) >> 10),
			0xdc00 + ((c - 0x10000) & 0x3ff));
	else
		buf_addf(b, "\\u%04" PRIx32, c);
}

static void add_text(struct buf *b, struct slice s, bool ascii)
{
	size_t i = 0, done = 0;

	buf_add_char(b, '"');
	while (i < s.len) {
		unsigned char byte = (unsigned char)s.p[i];
		size_t at = i;
		uint32_t c;

		if (byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\') {
			i++;
			continue;
		}
		c = next_char(s, &i);
		if (!ascii && c >= 0x7f && !(c == 0xfffd && i == at + 1))
			continue;
		buf_add(b, s.p + done, at - done);
		done = i;
		if (!ascii && c == 0xfffd)
			buf_add_text(b, "\xef\xbf\xbd");
		else
			add_escaped(b, c);
	}
	buf_add(b, s.p + done, s.len - done);
	buf_add_char(b, '"');
}

void jdoc_format_text(struct buf *b, struct slice s)
{
	add_text(b, s, true);
}

/* ---- writing ---- */

/* A sink of bounded size: a document of a gigabyte is not built up in memory to be saved. */
struct sink {
	struct buf *b;
	struct output *out; /* NULL: all stays in b */
	enum jdoc_style style;
};

static void add_value(struct sink *k, const json_t *v, int depth);

static void drain(struct sink *k)
{
	if (!k->out || k->b->len < 65536 || k->b->failed)
		return;
	output_slice(k->out, buf_slice(k->b));
	buf_reset(k->b);
}

static void add_break(struct sink *k, int depth)
{
	if (k->style != JDOC_PRETTY)
		return;
	buf_add_char(k->b, '\n');
	for (int i = 0; i < depth; i++)
		buf_add_text(k->b, "  ");
}

static void add_member(struct sink *k, const char *key, const json_t *v, bool first, int depth)
{
	if (!first)
		buf_add_text(k->b, k->style == JDOC_PRETTY ? "," : ", ");
	add_break(k, depth + 1);
	add_text(k->b, slice_of(key), k->style != JDOC_PRETTY);
	buf_add_text(k->b, ": ");
	add_value(k, v, depth + 1);
}

/* UTF-8 in the order of bytes is Unicode in the order of code points, which is Python's. */
static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_sorted(struct sink *k, const json_t *o, int depth)
{
	struct err e = ERR_INIT;
	const char **keys = mem_array(json_object_size(o), sizeof(*keys), &e);
	const char *key;
	json_t *v;
	size_t n = 0;

	if (!keys) {
		k->b->failed = true;
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)o, key, v) keys[n++] = key;
	qsort(keys, n, sizeof(*keys), by_text);
	for (size_t i = 0; i < n; i++)
		add_member(k, keys[i], json_object_get(o, keys[i]), i == 0, depth);
	free(keys);
}

static void add_object(struct sink *k, const json_t *o, int depth)
{
	const char *key;
	json_t *v;
	bool first = true;

	buf_add_char(k->b, '{');
	if (k->style == JDOC_SORTED) {
		add_sorted(k, o, depth);
	} else {
		json_object_foreach((json_t *)(uintptr_t)o, key, v)
		{
			add_member(k, key, v, first, depth);
			first = false;
		}
	}
	if (json_object_size(o))
		add_break(k, depth);
	buf_add_char(k->b, '}');
}

static void add_array(struct sink *k, const json_t *a, int depth)
{
	size_t n = json_array_size(a);

	buf_add_char(k->b, '[');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_add_text(k->b, k->style == JDOC_PRETTY ? "," : ", ");
		add_break(k, depth + 1);
		add_value(k, json_array_get(a, i), depth + 1);
	}
	if (n)
		add_break(k, depth);
	buf_add_char(k->b, ']');
}

/* Depth is bounded by jansson's own limit for what was read (2048). */
static void add_value(struct sink *k, const json_t *v, int depth)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		add_object(k, v, depth);
		break;
	case JSON_ARRAY:
		add_array(k, v, depth);
		break;
	case JSON_STRING:
		add_text(k->b, (struct slice){ json_string_value(v), json_string_length(v) },
			k->style != JDOC_PRETTY);
		break;
	case JSON_INTEGER:
		buf_addf(k->b, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		break;
	case JSON_REAL:
		add_real(k->b, json_real_value(v));
		break;
	case JSON_TRUE:
		buf_add_text(k->b, "true");
		break;
	case JSON_FALSE:
		buf_add_text(k->b, "false");
		break;
	case JSON_NULL:
		buf_add_text(k->b, "null");
		break;
	}
	drain(k);
}

void jdoc_format(struct buf *b, const json_t *v, enum jdoc_style style)
{
	struct sink k = { .b = b, .style = style };

	add_value(&k, v, 0);
	if (style == JDOC_PRETTY)
		buf_add_char(b, '\n');
}

int jdoc_save(
	const char *path, const json_t *v, enum jdoc_style style, unsigned flags, struct err *e)
{
	struct buf b = BUF_INIT;
	struct sink k = { .b = &b, .style = style };

	k.out = output_open(path, flags, e);
	if (!k.out)
		return -1;
	add_value(&k, v, 0);
	if (style == JDOC_PRETTY)
		buf_add_char(&b, '\n');
	if (buf_check(&b, e)) {
		output_abandon(k.out);
		buf_release(&b);
		return -1;
	}
	output_slice(k.out, buf_slice(&b));
	buf_release(&b);
	return output_close(k.out, e);
}
