#include "base/config.h"

#include "base/doc.h"
#include "base/input.h"
#include "base/num.h"
#include "base/path.h"

enum { CONFIG_MAX_BYTES = 16 << 20 };

struct config {
	const struct opt_table *tables;
	size_t n_tables;
	struct opt_result *r;
	struct arena *memory;
};

static int set(const struct config *c, const char *name, struct slice value, struct err *e)
{
	char *copy = arena_dup(c->memory, value.p, value.len, e);

	return copy ? opt_set(c->tables, c->n_tables, name, copy, c->r, e) : -1;
}

static int add_scalar(struct buf *b, const json_t *v, struct err *e)
{
	char text[NUM_TEXT_MAX];

	switch (json_typeof(v)) {
	case JSON_STRING:
		buf_add(b, json_string_value(v), json_string_length(v));
		return 0;
	case JSON_INTEGER:
		buf_add(b, text, num_format_int(text, json_integer_value(v)));
		return 0;
	case JSON_REAL:
		buf_add(b, text, num_format_double(text, json_real_value(v)));
		return 0;
	case JSON_TRUE:
	case JSON_FALSE:
		buf_add_text(b, json_is_true(v) ? "true" : "false");
		return 0;
	default:
		return err_set(e, ERR_INPUT, "is not a text, a number, true or false");
	}
}

/* A list becomes the comma-separated text that the command line would have. */
static int set_json(const struct config *c, const char *name, const json_t *v, struct err *e)
{
	struct buf b = BUF_INIT;
	int result = 0;

	if (json_is_array(v)) {
		for (size_t i = 0; i < json_array_size(v) && result == 0; i++) {
			if (i)
				buf_add_char(&b, ',');
			result = add_scalar(&b, json_array_get(v, i), e);
		}
	} else {
		result = add_scalar(&b, v, e);
	}
	if (result == 0)
		result = buf_check(&b, e) || set(c, name, buf_slice(&b), e) ? -1 : 0;
	buf_release(&b);
	return result;
}

/* The value at a dotted key; NULL and the error if it is not there. */
static json_t *descend(json_t *v, struct slice key, struct err *e)
{
	struct slice part;

	while (slice_cut(&key, '.', &part)) {
		json_t *inner = json_object_getn(v, part.p, part.len);

		if (!inner) {
			err_set(e, ERR_INPUT, "there is no key '%.*s'", (int)part.len, part.p);
			return NULL;
		}
		v = inner;
	}
	return v;
}

static int apply_document(const struct config *c, const char *path, struct slice key, struct err *e)
{
	json_t *root = doc_load(path, e);
	json_t *section = root, *v;
	const char *name;
	int result = -1;

	if (!root)
		return -1;
	if (key.len && !(section = descend(root, key, e)))
		goto out;
	if (!json_is_object(section)) {
		err_set(e, ERR_INPUT, "is not a mapping of options to values");
		goto out;
	}
	result = 0;
	json_object_foreach(section, name, v)
	{
		if (set_json(c, name, v, e)) {
			err_at(e, "%s", name);
			result = -1;
			break;
		}
	}
out:
	if (result)
		err_at(e, "%s", path);
	json_decref(root);
	return result;
}

static struct slice without_comment(struct slice line)
{
	for (size_t i = 0; i < line.len; i++)
		if (line.p[i] == '#' && (i == 0 || line.p[i - 1] == ' ' || line.p[i - 1] == '\t'))
			line.len = i;
	if (line.len && line.p[line.len - 1] == '\r')
		line.len--;
	return slice_trim(line);
}

static int apply_line(const struct config *c, struct slice line, struct err *e)
{
	struct slice value = line, name;
	char *copy;

	slice_cut(&value, '=', &name);
	if (!value.p) {
		err_set(e, ERR_INPUT, "'%.*s' is not 'name = value'", (int)line.len, line.p);
		return -1;
	}
	name = slice_trim(name);
	copy = arena_dup(c->memory, name.p, name.len, e);
	return copy ? set(c, copy, slice_trim(value), e) : -1;
}

static int apply_lines(const struct config *c, const char *path, struct err *e)
{
	struct buf text = BUF_INIT;
	struct slice rest, line;
	int result = input_load(path, CONFIG_MAX_BYTES, &text, e);

	rest = buf_slice(&text);
	for (size_t n = 1; result == 0 && slice_cut(&rest, '\n', &line); n++) {
		line = without_comment(line);
		if (line.len && apply_line(c, line, e)) {
			err_at(e, "%s:%zu", path, n);
			result = -1;
		}
	}
	buf_release(&text);
	return result;
}

int config_apply(const char *file_and_key, const struct opt_table *tables, size_t n_tables,
	struct opt_result *r, struct arena *memory, struct err *e)
{
	struct config c = { tables, n_tables, r, memory };
	struct slice path = slice_of(file_and_key), key = { "", 0 };
	const char *colon = strrchr(file_and_key, ':');
	char *copy;

	/* A colon in the name itself is kept: only FILE.yaml:KEY is cut. */
	if (colon && doc_is_named((struct slice){ path.p, (size_t)(colon - path.p) })) {
		key = slice_of(colon + 1);
		path.len = (size_t)(colon - path.p);
	}
	copy = arena_dup(memory, path.p, path.len, e);
	if (!copy)
		return -1;
	return doc_is_named(path) ? apply_document(&c, copy, key, e) : apply_lines(&c, copy, e);
}
