#include "tree/model_json.h"

#include <math.h>
#include <string.h>

#include "base/jdoc.h"
#include "base/mem.h"
#include "base/num.h"

/* ---- reading --------------------------------------------------------------------------------------- */

static const void *doc_member(const void *object, const char *key)
{
	return json_object_get(object, key);
}

static size_t doc_length(const void *array)
{
	return json_array_size(array);
}

static const void *doc_item(const void *array, size_t i)
{
	return json_array_get(array, i);
}

static bool doc_text(const void *value, struct slice *s)
{
	if (!json_is_string((const json_t *)value))
		return false;
	*s = (struct slice){ json_string_value(value), json_string_length(value) };
	return true;
}

static bool doc_typed(const void *array, char type, struct slice *bytes)
{
	(void)array, (void)type, (void)bytes;
	return false;
}

static int doc_ints(const void *array, struct tree_numbers *out, struct err *e)
{
	size_t n = json_array_size(array);

	if (mem_grow(&out->any, &out->cap, n, sizeof(*out->ints), e))
		return -1;
	out->n = n;
	for (size_t i = 0; i < n; i++) {
		const json_t *v = json_array_get(array, i);

		if (json_is_boolean(v))
			out->ints[i] = json_is_true(v);
		else if (json_is_integer(v))
			out->ints[i] = json_integer_value(v);
		else if (json_is_real(v) && fabs(json_real_value(v)) < 0x1p62)
			out->ints[i] = (int64_t)json_real_value(v);
		else
			return err_set(e, ERR_INPUT, "element %zu is not a whole number", i);
	}
	return 0;
}

static int doc_floats(const void *array, struct tree_numbers *out, struct err *e)
{
	size_t n = json_array_size(array);

	if (mem_grow(&out->any, &out->cap, n, sizeof(*out->floats), e))
		return -1;
	out->n = n;
	for (size_t i = 0; i < n; i++) {
		const json_t *v = json_array_get(array, i);

		if (json_is_number(v))
			out->floats[i] = (float)json_number_value(v);
		else if (json_is_null(v))
			out->floats[i] = NAN;
		else
			return err_set(e, ERR_INPUT, "element %zu is not a number", i);
	}
	return 0;
}

static const struct tree_doc json_doc = {
	doc_member,
	doc_length,
	doc_item,
	doc_text,
	doc_typed,
	doc_ints,
	doc_floats,
};

/** Copies the text with NaN as null and Infinity as 1e99, which is infinite as float: JSON has neither. */
static void clean_specials(struct slice data, struct buf *out)
{
	const char *p = data.p, *end = p + data.len;
	bool inside = false;

	while (p < end) {
		size_t left = (size_t)(end - p);

		if (inside && *p == '\\' && left > 1)
			buf_add_char(out, *p++);
		else if (*p == '"')
			inside = !inside;
		else if (!inside && left >= 3 && memcmp(p, "NaN", 3) == 0) {
			buf_add_text(out, "null");
			p += 3;
			continue;
		} else if (!inside && left >= 8 && memcmp(p, "Infinity", 8) == 0) {
			buf_add_text(out, "1e99");
			p += 8;
			continue;
		}
		buf_add_char(out, *p++);
	}
}

static bool has_specials(struct slice data)
{
	const char *p = data.p, *end = p + data.len;

	/* the only places of a capital N or I in most models are these words, or names */
	for (; p < end; p++)
		if ((*p == 'N' && end - p >= 3 && p[1] == 'a' && p[2] == 'N') ||
			(*p == 'I' && end - p >= 8 && memcmp(p, "Infinity", 8) == 0))
			return true;
	return false;
}

struct tree_model *tree_json_parse(struct slice data, const char *name, struct err *e)
{
	struct tree_model *m = NULL;
	struct buf clean = BUF_INIT;
	json_t *root = NULL;

	if (has_specials(data)) {
		clean_specials(data, &clean);
		if (buf_check(&clean, e))
			goto out;
		data = buf_slice(&clean);
	}
	root = jdoc_parse(data, name, e);
	if (!root)
		goto out;
	m = tree_raw_model(&json_doc, root, false, e);
	if (!m)
		err_at(e, "%s", name);
out:
	json_decref(root);
	buf_release(&clean);
	return m;
}

/* ---- writing --------------------------------------------------------------------------------------- */

/** A comma where a value or member stands before. The first byte of a piece is never in want of one. */
static void separate(struct buf *b)
{
	char last = b->len ? b->p[b->len - 1] : '[';

	if (last != '{' && last != '[' && last != ':')
		buf_add_char(b, ',');
}

static void emit_begin_object(struct buf *b)
{
	separate(b);
	buf_add_char(b, '{');
}

static void emit_end_object(struct buf *b)
{
	buf_add_char(b, '}');
}

static void emit_begin_array(struct buf *b, size_t n)
{
	(void)n;
	separate(b);
	buf_add_char(b, '[');
}

static void emit_end_array(struct buf *b)
{
	buf_add_char(b, ']');
}

/** Raw UTF-8; xgboost knows these escapes only. */
static void add_quoted(struct buf *b, struct slice s)
{
	buf_add_char(b, '"');
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (c == '\\' || c == '"')
			buf_add_char(b, '\\');
		else if (c == '\n' || c == '\r' || c == '\t') {
			buf_add_char(b, '\\');
			c = c == '\n' ? 'n' : c == '\r' ? 'r' : 't';
		}
		buf_add_char(b, c);
	}
	buf_add_char(b, '"');
}

static void emit_key(struct buf *b, const char *key)
{
	separate(b);
	add_quoted(b, slice_of(key));
	buf_add_char(b, ':');
}

static void emit_text(struct buf *b, struct slice s)
{
	separate(b);
	add_quoted(b, s);
}

static void emit_integer(struct buf *b, int64_t v)
{
	char text[NUM_TEXT_MAX];

	separate(b);
	buf_add(b, text, num_format_int(text, v));
}

static void emit_ints(struct buf *b, char type, const int32_t *v, size_t n)
{
	(void)type;
	emit_begin_array(b, n);
	for (size_t i = 0; i < n; i++)
		emit_integer(b, v[i]);
	emit_end_array(b);
}

/** Shortest text that reads back, always with a point or exponent: xgboost takes "1" for an integer. */
static void emit_floats(struct buf *b, const float *v, size_t n)
{
	char text[NUM_TEXT_MAX];

	emit_begin_array(b, n);
	for (size_t i = 0; i < n; i++) {
		size_t len;

		separate(b);
		if (isnan(v[i])) {
			buf_add_text(b, "NaN");
			continue;
		}
		if (isinf(v[i])) {
			buf_add_text(b, v[i] < 0 ? "-Infinity" : "Infinity");
			continue;
		}
		len = num_format_float(text, v[i]);
		buf_add(b, text, len);
		if (!memchr(text, '.', len) && !memchr(text, 'e', len))
			buf_add_text(b, ".0");
	}
	emit_end_array(b);
}

const struct tree_emit tree_json_emit = {
	emit_begin_object,
	emit_end_object,
	emit_begin_array,
	emit_end_array,
	emit_key,
	emit_text,
	emit_integer,
	emit_ints,
	emit_floats,
};
