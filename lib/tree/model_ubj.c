#include "tree/model_ubj.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"

enum { MAX_DEPTH = 64 };

/** A value of the document. Texts and typed arrays point into the file. */
struct node {
	char type; /* UBJSON's marker; '[' array of nodes, '$' typed array */
	char of; /* '$': type of its elements */
	struct slice key;
	struct slice text; /* 'S'; '$': the bytes */
	double number;
	int64_t integer;
	size_t n; /* elements or members */
	struct node **items; /* [n] */
};

struct parser {
	const unsigned char *start, *p, *end;
	struct arena arena;
	struct node **stack; /* items of the containers that are open */
	size_t n_stack, cap_stack;
};

/* ---- parsing --------------------------------------------------------------------------------------- */

static int damaged(const struct parser *u, const char *what, struct err *e)
{
	return err_set(e, ERR_INPUT, "byte %zu: %s", (size_t)(u->p - u->start), what);
}

size_t tree_ubj_width(char type)
{
	switch (type) {
	case 'i':
	case 'U':
		return 1;
	case 'I':
		return 2;
	case 'l':
	case 'd':
		return 4;
	case 'L':
	case 'D':
		return 8;
	default:
		return 0;
	}
}

static uint64_t big_endian(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static double number_at(char type, const unsigned char *p)
{
	uint64_t bits = big_endian(p, tree_ubj_width(type));
	uint32_t bits32 = (uint32_t)bits;
	float f;
	double d;

	switch (type) {
	case 'i':
		return (int8_t)bits;
	case 'I':
		return (int16_t)bits;
	case 'l':
		return (int32_t)bits32;
	case 'L':
		return (double)(int64_t)bits;
	case 'd':
		memcpy(&f, &bits32, sizeof(f));
		return (double)f;
	case 'D':
		memcpy(&d, &bits, sizeof(d));
		return d;
	default:
		return (double)bits;
	}
}

static int64_t integer_at(char type, const unsigned char *p)
{
	double d;

	if (type == 'L')
		return (int64_t)big_endian(p, 8);
	d = number_at(type, p);
	return fabs(d) < 0x1p62 ? (int64_t)d : INT64_MAX;
}

static int parse_length(struct parser *u, size_t *len, struct err *e)
{
	char type;
	int64_t v;

	if (u->p == u->end)
		return damaged(u, "the file ends too early", e);
	type = (char)*u->p;
	if (type == 'd' || type == 'D' || tree_ubj_width(type) == 0)
		return damaged(u, "a length is expected", e);
	if ((size_t)(u->end - u->p) < 1 + tree_ubj_width(type))
		return damaged(u, "the file ends too early", e);
	v = integer_at(type, u->p + 1);
	if (v < 0)
		return damaged(u, "a length is negative", e);
	u->p += 1 + tree_ubj_width(type);
	*len = (size_t)v;
	return 0;
}

static int parse_text(struct parser *u, struct slice *s, struct err *e)
{
	if (parse_length(u, &s->len, e))
		return -1;
	if (s->len > (size_t)(u->end - u->p))
		return damaged(u, "the file ends too early", e);
	s->p = (const char *)u->p;
	u->p += s->len;
	return 0;
}

static struct node *parse_value(struct parser *u, int depth, struct err *e);

static int push(struct parser *u, struct node *n, struct err *e)
{
	if (mem_grow(&u->stack, &u->cap_stack, u->n_stack + 1, sizeof(*u->stack), e))
		return -1;
	u->stack[u->n_stack++] = n;
	return 0;
}

/** Takes what was pushed since `from` as the items of the container. */
static int close_items(struct parser *u, struct node *n, size_t from, struct err *e)
{
	n->n = u->n_stack - from;
	n->items = arena_alloc(&u->arena, n->n * sizeof(*n->items) + 1, e);
	if (!n->items)
		return -1;
	if (n->n)
		memcpy(n->items, u->stack + from, n->n * sizeof(*n->items));
	u->n_stack = from;
	return 0;
}

static bool take(struct parser *u, char c)
{
	if (u->p == u->end || (char)*u->p != c)
		return false;
	u->p++;
	return true;
}

static int parse_object(struct parser *u, struct node *n, int depth, struct err *e)
{
	size_t from = u->n_stack;

	while (!take(u, '}')) {
		struct slice key;
		struct node *v;

		if (parse_text(u, &key, e))
			return -1;
		v = parse_value(u, depth + 1, e);
		if (!v || push(u, v, e))
			return -1;
		v->key = key;
	}
	return close_items(u, n, from, e);
}

static int parse_array(struct parser *u, struct node *n, int depth, struct err *e)
{
	size_t from = u->n_stack, len = 0;
	bool typed = take(u, '$'), counted;
	size_t width = 0;

	if (typed) {
		if (u->p == u->end)
			return damaged(u, "the file ends too early", e);
		n->of = (char)*u->p++;
		width = tree_ubj_width(n->of);
		if (!width)
			return damaged(u, "an array of an unknown type", e);
	}
	counted = take(u, '#');
	if (counted && parse_length(u, &len, e))
		return -1;
	if (typed) {
		if (!counted || len > (size_t)(u->end - u->p) / width)
			return damaged(u, "the file ends too early", e);
		n->type = '$';
		n->n = len;
		n->text = (struct slice){ (const char *)u->p, len * width };
		u->p += len * width;
		return 0;
	}
	while (counted ? len-- > 0 : !take(u, ']')) {
		struct node *v = parse_value(u, depth + 1, e);

		if (!v || push(u, v, e))
			return -1;
	}
	return close_items(u, n, from, e);
}

static struct node *parse_value(struct parser *u, int depth, struct err *e)
{
	struct node *n;
	size_t width;
	int rc = 0;

	if (u->p == u->end) {
		damaged(u, "the file ends too early", e);
		return NULL;
	}
	if (depth > MAX_DEPTH) {
		damaged(u, "nested too deeply", e);
		return NULL;
	}
	n = arena_alloc(&u->arena, sizeof(*n), e);
	if (!n)
		return NULL;
	memset(n, 0, sizeof(*n));
	n->type = (char)*u->p++;
	width = tree_ubj_width(n->type);
	if (n->type == '{')
		rc = parse_object(u, n, depth, e);
	else if (n->type == '[')
		rc = parse_array(u, n, depth, e);
	else if (n->type == 'S')
		rc = parse_text(u, &n->text, e);
	else if (n->type == 'T')
		n->integer = 1;
	else if (width && (size_t)(u->end - u->p) >= width) {
		n->number = number_at(n->type, u->p);
		n->integer = integer_at(n->type, u->p);
		u->p += width;
	} else if (n->type != 'F' && n->type != 'Z')
		rc = damaged(u, width ? "the file ends too early" : "an unknown type", e);
	return rc ? NULL : n;
}

/* ---- looking into it --------------------------------------------------------------------------------- */

static const void *doc_member(const void *object, const char *key)
{
	const struct node *n = object;

	if (!n || n->type != '{')
		return NULL;
	for (size_t i = 0; i < n->n; i++)
		if (slice_is(n->items[i]->key, key))
			return n->items[i];
	return NULL;
}

static size_t doc_length(const void *array)
{
	const struct node *n = array;

	return n && (n->type == '[' || n->type == '$') ? n->n : 0;
}

static const void *doc_item(const void *array, size_t i)
{
	const struct node *n = array;

	return n && n->type == '[' && i < n->n ? n->items[i] : NULL;
}

static bool doc_text(const void *value, struct slice *s)
{
	const struct node *n = value;

	if (!n || n->type != 'S')
		return false;
	*s = n->text;
	return true;
}

static bool is_number(const struct node *n)
{
	return tree_ubj_width(n->type) > 0 || n->type == 'T' || n->type == 'F';
}

static bool doc_typed(const void *array, char type, struct slice *bytes)
{
	const struct node *n = array;

	if (!n || n->type != '$' || n->of != type)
		return false;
	*bytes = n->text;
	return true;
}

static int doc_ints(const void *array, struct tree_numbers *out, struct err *e)
{
	const struct node *a = array;
	size_t n = doc_length(array), width;
	const unsigned char *p;

	if (mem_grow(&out->any, &out->cap, n, sizeof(*out->ints), e))
		return -1;
	out->n = n;
	if (n == 0)
		return 0;
	p = (const unsigned char *)a->text.p;
	width = tree_ubj_width(a->of);
	for (size_t i = 0; i < n; i++) {
		if (a->type == '$')
			out->ints[i] = integer_at(a->of, p + i * width);
		else if (is_number(a->items[i]))
			out->ints[i] = a->items[i]->integer;
		else
			return err_set(e, ERR_INPUT, "element %zu is not a whole number", i);
	}
	return 0;
}

static int doc_floats(const void *array, struct tree_numbers *out, struct err *e)
{
	const struct node *a = array;
	size_t n = doc_length(array), width;
	const unsigned char *p;

	if (mem_grow(&out->any, &out->cap, n, sizeof(*out->floats), e))
		return -1;
	out->n = n;
	if (n == 0)
		return 0;
	p = (const unsigned char *)a->text.p;
	width = tree_ubj_width(a->of);
	for (size_t i = 0; i < n; i++) {
		if (a->type == '$')
			out->floats[i] = (float)number_at(a->of, p + i * width);
		else if (is_number(a->items[i]))
			out->floats[i] = (float)a->items[i]->number;
		else
			return err_set(e, ERR_INPUT, "element %zu is not a number", i);
	}
	return 0;
}

static const struct tree_doc ubj_doc = {
	doc_member,
	doc_length,
	doc_item,
	doc_text,
	doc_typed,
	doc_ints,
	doc_floats,
};

struct tree_model *tree_ubj_parse(
	struct slice data, const char *name, bool keep_views, struct err *e)
{
	struct parser u = { .arena = ARENA_INIT };
	struct tree_model *m = NULL;
	const struct node *root;

	u.start = u.p = (const unsigned char *)data.p;
	u.end = u.p + data.len;
	root = parse_value(&u, 0, e);
	if (root)
		m = tree_raw_model(&ubj_doc, root, keep_views, e);
	if (!m)
		err_at(e, "%s", name);
	free(u.stack);
	arena_release(&u.arena);
	return m;
}
