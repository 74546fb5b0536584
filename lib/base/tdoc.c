#include "base/tdoc.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/tdoc_scalar.h"
#include "base/utf8.h"

enum { MAX_DEPTH = 100 };

/* How a table came to be; above 0: by dotted keys below the header of that number. */
enum { BY_PART_OF_HEADER = 0, BY_HEADER = -1 };

/* A table that keys may still be added to. Texts, numbers, lists and inline tables are closed: they are no such. */
struct table {
	json_t *o; /* belongs to the document */
	json_t *kids; /* owned: {name: index of its table} */
	long made;
	bool is_item; /* the last of a list of tables */
	int depth;
};

struct reader {
	struct tdoc_place at;
	struct table *tables; /* [n], the root first */
	size_t n, cap;
	size_t here; /* the table that keys go to */
	long n_headers;
	struct buf part; /* the last part of the key that was read */
	struct err *e;
};

static json_t *read_value(struct reader *r, int depth);

static int refuse(struct reader *r, const char *what)
{
	return err_set(r->e, ERR_INPUT, "'%s' %s", r->part.p, what);
}

/* ---- characters ---- */

static bool is_at(const struct reader *r, char c)
{
	return r->at.p < r->at.end && *r->at.p == c;
}

static int expect(struct reader *r, char c, const char *after)
{
	if (!is_at(r, c))
		return err_set(r->e, ERR_INPUT, "%c is missing behind %s", c, after);
	r->at.p++;
	return 0;
}

static void skip_blanks(struct reader *r)
{
	while (is_at(r, ' ') || is_at(r, '\t'))
		r->at.p++;
}

static int skip_comment(struct reader *r)
{
	if (!is_at(r, '#'))
		return 0;
	for (; r->at.p < r->at.end && *r->at.p != '\n'; r->at.p++) {
		unsigned char c = (unsigned char)*r->at.p;

		if (c == '\r' && r->at.end - r->at.p > 1 && r->at.p[1] == '\n')
			break;
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return err_set(r->e, ERR_INPUT, "a control character in a comment");
	}
	return 0;
}

static bool take_newline(struct reader *r)
{
	if (is_at(r, '\r') && r->at.end - r->at.p > 1 && r->at.p[1] == '\n')
		r->at.p++;
	if (!is_at(r, '\n'))
		return false;
	r->at.p++;
	r->at.line++;
	return true;
}

/* Blanks, comments and line breaks. */
static int skip_lines(struct reader *r)
{
	do {
		skip_blanks(r);
		if (skip_comment(r))
			return -1;
	} while (take_newline(r));
	return 0;
}

/* ---- tables ---- */

static int add_table(struct reader *r, json_t *o, long made, int depth, size_t *t)
{
	json_t *kids;

	if (depth > MAX_DEPTH)
		return refuse(r, "lies too deep");
	if (mem_grow(&r->tables, &r->cap, r->n + 1, sizeof(*r->tables), r->e))
		return -1;
	kids = json_object();
	if (!kids)
		return err_nomem(r->e);
	r->tables[r->n] = (struct table){ o, kids, made, false, depth };
	*t = r->n++;
	return 0;
}

static void drop_tables(struct reader *r, size_t n)
{
	while (r->n > n)
		json_decref(r->tables[--r->n].kids);
}

/* Is there a table of the name r->part in t? */
static bool find_kid(const struct reader *r, size_t t, size_t *kid)
{
	json_t *k = json_object_get(r->tables[t].kids, r->part.p);

	if (k)
		*kid = (size_t)json_integer_value(k);
	return k != NULL;
}

static int note_kid(struct reader *r, size_t t, size_t kid)
{
	return json_object_set_new(r->tables[t].kids, r->part.p, json_integer((json_int_t)kid))
		       ? err_nomem(r->e)
		       : 0;
}

static int add_kid(struct reader *r, size_t t, long made, size_t *kid)
{
	json_t *o;

	if (json_object_get(r->tables[t].o, r->part.p))
		return refuse(r, "is a value already, not a table");
	o = json_object();
	if (json_object_set_new(r->tables[t].o, r->part.p, o))
		return err_nomem(r->e);
	if (add_table(r, o, made, r->tables[t].depth + 1, kid))
		return -1;
	return note_kid(r, t, *kid);
}

/* From t into its table r->part, which is made if it is not there. */
static int descend(struct reader *r, bool in_header, size_t *t)
{
	struct table *kid;
	size_t k;

	if (!find_kid(r, *t, &k))
		return add_kid(r, *t, in_header ? BY_PART_OF_HEADER : r->n_headers, t);
	kid = &r->tables[k];
	if (!in_header) {
		if (kid->is_item || (kid->made != BY_PART_OF_HEADER && kid->made != r->n_headers))
			return refuse(r, "is a table that stands elsewhere: keys go there");
		kid->made = r->n_headers;
	}
	*t = k;
	return 0;
}

static int open_table(struct reader *r, size_t t)
{
	size_t k;

	if (!find_kid(r, t, &k))
		return add_kid(r, t, BY_HEADER, &r->here);
	if (r->tables[k].is_item)
		return refuse(r, "is a list of tables: [[ ]] adds one");
	if (r->tables[k].made != BY_PART_OF_HEADER)
		return refuse(r, "is a table that is there already");
	r->tables[k].made = BY_HEADER;
	r->here = k;
	return 0;
}

static int open_item(struct reader *r, size_t t)
{
	json_t *list = json_object_get(r->tables[t].o, r->part.p), *o;
	size_t k;

	if (find_kid(r, t, &k) ? !r->tables[k].is_item : list != NULL)
		return refuse(r, "is there already, and no list of tables");
	if (!list) {
		list = json_array();
		if (json_object_set_new(r->tables[t].o, r->part.p, list))
			return err_nomem(r->e);
	}
	o = json_object();
	if (json_array_append_new(list, o))
		return err_nomem(r->e);
	if (add_table(r, o, BY_HEADER, r->tables[t].depth + 2, &r->here))
		return -1;
	r->tables[r->here].is_item = true;
	return note_kid(r, t, r->here);
}

/* ---- keys ---- */

static bool is_bare(char c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' ||
	       c == '_';
}

static int read_part(struct reader *r)
{
	const char *from = r->at.p;

	if (is_at(r, '"') || is_at(r, '\''))
		return tdoc_scalar_text(&r->at, false, &r->part, r->e);
	while (r->at.p < r->at.end && is_bare(*r->at.p))
		r->at.p++;
	if (r->at.p == from)
		return err_set(r->e, ERR_INPUT,
			"a key is missing: letters, digits, - and _, or a text in quotes");
	buf_reset(&r->part);
	buf_add(&r->part, from, (size_t)(r->at.p - from));
	return buf_check(&r->part, r->e);
}

/* A key with its points, from table *t; ends with the last part in r->part, and the table that it is of. */
static int read_key(struct reader *r, bool in_header, size_t *t)
{
	for (;;) {
		if (read_part(r))
			return -1;
		skip_blanks(r);
		if (!is_at(r, '.'))
			return 0;
		r->at.p++;
		skip_blanks(r);
		if (descend(r, in_header, t))
			return -1;
	}
}

/* key = value */
static int read_pair(struct reader *r, size_t t)
{
	json_t *v = NULL;
	struct buf key;
	int rc = -1;

	if (read_key(r, false, &t))
		return -1;
	if (json_object_get(r->tables[t].o, r->part.p))
		return refuse(r, "is there twice");
	key = r->part;
	buf_init(&r->part);
	if (!expect(r, '=', "a key")) {
		skip_blanks(r);
		v = read_value(r, r->tables[t].depth + 1);
	}
	if (v)
		rc = json_object_set_new(r->tables[t].o, key.p, v) ? err_nomem(r->e) : 0;
	buf_release(&key);
	return rc;
}

static int read_header(struct reader *r)
{
	size_t t = 0;
	bool is_list;

	r->at.p++;
	is_list = is_at(r, '[');
	r->at.p += is_list;
	r->n_headers++;
	skip_blanks(r);
	if (read_key(r, true, &t) || expect(r, ']', "a table's name") ||
		(is_list && expect(r, ']', "a table's name")))
		return -1;
	return is_list ? open_item(r, t) : open_table(r, t);
}

/* ---- values ---- */

static json_t *read_list(struct reader *r, int depth)
{
	json_t *list = json_array();

	if (!list) {
		err_nomem(r->e);
		return NULL;
	}
	r->at.p++;
	for (;;) {
		json_t *v;

		if (skip_lines(r))
			break;
		if (is_at(r, ']')) {
			r->at.p++;
			return list;
		}
		v = read_value(r, depth + 1);
		if (!v)
			break;
		if (json_array_append_new(list, v)) {
			err_nomem(r->e);
			break;
		}
		if (skip_lines(r))
			break;
		if (!is_at(r, ']') && expect(r, ',', "a value of a list, or ]"))
			break;
	}
	json_decref(list);
	return NULL;
}

static json_t *read_inline(struct reader *r, int depth)
{
	json_t *o = json_object();
	size_t n = r->n, t;
	int rc;

	r->at.p++;
	skip_blanks(r);
	rc = o ? add_table(r, o, BY_HEADER, depth, &t) : err_nomem(r->e);
	if (!rc && !is_at(r, '}')) {
		do {
			skip_blanks(r);
			rc = read_pair(r, t);
			skip_blanks(r);
		} while (!rc && is_at(r, ',') && r->at.p++);
	}
	if (!rc)
		rc = expect(r, '}', "a table in one line");
	drop_tables(r, n);
	if (!rc)
		return o;
	json_decref(o);
	return NULL;
}

static json_t *read_text(struct reader *r)
{
	struct buf text = BUF_INIT;
	json_t *v = NULL;

	if (!tdoc_scalar_text(&r->at, true, &text, r->e)) {
		v = json_stringn(text.p, text.len);
		if (!v)
			err_nomem(r->e);
	}
	buf_release(&text);
	return v;
}

static void skip_word(struct reader *r)
{
	while (r->at.p < r->at.end && (is_bare(*r->at.p) || memchr("+.:", *r->at.p, 3)))
		r->at.p++;
}

static json_t *read_word(struct reader *r)
{
	const char *from = r->at.p;

	skip_word(r);
	/* a date and its time may have a blank between them */
	if (tdoc_scalar_is_date((struct slice){ from, (size_t)(r->at.p - from) }) &&
		is_at(r, ' ') && r->at.end - r->at.p > 1 && r->at.p[1] >= '0' &&
		r->at.p[1] <= '9') {
		r->at.p++;
		skip_word(r);
	}
	return tdoc_scalar_word((struct slice){ from, (size_t)(r->at.p - from) }, r->e);
}

static json_t *read_value(struct reader *r, int depth)
{
	if (depth > MAX_DEPTH) {
		err_set(r->e, ERR_INPUT, "a value lies too deep");
		return NULL;
	}
	if (is_at(r, '"') || is_at(r, '\''))
		return read_text(r);
	if (is_at(r, '['))
		return read_list(r, depth);
	if (is_at(r, '{'))
		return read_inline(r, depth);
	return read_word(r);
}

/* ---- documents ---- */

static int read_line(struct reader *r)
{
	if (is_at(r, '[') ? read_header(r) : read_pair(r, r->here))
		return -1;
	skip_blanks(r);
	if (skip_comment(r))
		return -1;
	if (r->at.p < r->at.end && !take_newline(r))
		return err_set(
			r->e, ERR_INPUT, "something stands behind the end of a line's value");
	return 0;
}

static int check_utf8(struct slice text, size_t *line, struct err *e)
{
	while (text.len) {
		size_t n = utf8_first(text, NULL);

		if (!n)
			return err_set(e, ERR_INPUT, "not UTF-8");
		*line += *text.p == '\n';
		text = (struct slice){ text.p + n, text.len - n };
	}
	*line = 1;
	return 0;
}

json_t *tdoc_parse(struct slice text, const char *name, struct err *e)
{
	struct reader r = { .at = { text.p, text.p + text.len, 1 }, .n_headers = 1, .e = e };
	json_t *root = json_object();
	int rc = root ? check_utf8(text, &r.at.line, e) : err_nomem(e);

	buf_init(&r.part);
	if (slice_starts(text, "\xef\xbb\xbf"))
		r.at.p += 3;
	if (!rc)
		rc = add_table(&r, root, BY_HEADER, 0, &r.here) || skip_lines(&r);
	while (!rc && r.at.p < r.at.end)
		rc = read_line(&r) || skip_lines(&r);
	drop_tables(&r, 0);
	free(r.tables);
	buf_release(&r.part);
	if (!rc)
		return root;
	err_at(e, "%s:%zu", name, r.at.line);
	json_decref(root);
	return NULL;
}
