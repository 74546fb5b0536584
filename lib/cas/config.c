#include "cas/config.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "base/input.h"
#include "base/mem.h"
#include "base/output.h"
#include "base/path.h"

enum { CONFIG_MAX_BYTES = 1 << 24 };

enum line_kind { LINE_OTHER, LINE_SECTION, LINE_KEY };

struct line {
	enum line_kind kind;
	char *text; /* as in the file, without its newline */
	char *name; /* section or key; NULL for other lines */
	char *value; /* of a key */
};

struct cas_config {
	struct line *lines;
	size_t n, cap;
};

static void line_release(struct line *l)
{
	free(l->text);
	free(l->name);
	free(l->value);
}

void cas_config_free(struct cas_config *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++)
		line_release(&c->lines[i]);
	free(c->lines);
	free(c);
}

/* ---- reading ---- */

/* A quoted value, or one up to a comment; configobj knows no escapes inside quotes. */
static bool parse_value(struct slice s, struct slice *value)
{
	const char *end;

	s = slice_trim(s);
	if (s.len && (s.p[0] == '"' || s.p[0] == '\'')) {
		struct slice rest;

		end = memchr(s.p + 1, s.p[0], s.len - 1);
		if (!end)
			return false;
		*value = (struct slice){ s.p + 1, (size_t)(end - s.p) - 1 };
		rest = slice_trim((struct slice){ end + 1, s.len - value->len - 2 });
		/* A list of quoted values is taken as the text it is. */
		if (rest.len && rest.p[0] != '#')
			*value = s;
		return true;
	}
	end = s.len ? memchr(s.p, '#', s.len) : NULL;
	if (end)
		s.len = (size_t)(end - s.p);
	*value = slice_trim(s);
	return true;
}

/* [name], ['name'] or ["name"], and a comment behind. */
static bool parse_section(struct slice s, struct slice *name)
{
	struct slice rest;
	const char *end;

	if (s.len > 1 && (s.p[1] == '\'' || s.p[1] == '"')) {
		end = memchr(s.p + 2, s.p[1], s.len - 2);
		if (!end || end + 1 >= s.p + s.len || end[1] != ']')
			return false;
		*name = (struct slice){ s.p + 2, (size_t)(end - s.p) - 2 };
		end++;
	} else {
		end = memchr(s.p, ']', s.len);
		if (!end)
			return false;
		*name = slice_trim((struct slice){ s.p + 1, (size_t)(end - s.p) - 1 });
	}
	rest = slice_trim((struct slice){ end + 1, s.len - (size_t)(end + 1 - s.p) });
	return name->len && name->p[0] != '[' && (!rest.len || rest.p[0] == '#');
}

static int parse_line(struct line *l, struct slice text, struct err *e)
{
	struct slice s = slice_trim(text), name = { 0 }, value = { 0 };
	const char *eq;

	*l = (struct line){ .text = mem_dup_n(text.p, text.len, e) };
	if (!l->text)
		return -1;
	if (!s.len || s.p[0] == '#' || s.p[0] == ';')
		return 0;
	if (s.p[0] == '[') {
		l->kind = LINE_SECTION;
		if (!parse_section(s, &name))
			return err_set(e, ERR_INPUT, "this is not a section: '%.*s'",
				(int)(s.len > 80 ? 80 : s.len), s.p);
	} else {
		l->kind = LINE_KEY;
		eq = memchr(s.p, '=', s.len);
		if (eq)
			name = slice_trim((struct slice){ s.p, (size_t)(eq - s.p) });
		if (!name.len ||
			!parse_value(
				(struct slice){ eq + 1, s.len - (size_t)(eq + 1 - s.p) }, &value))
			return err_set(e, ERR_INPUT, "this is not 'key = value': '%.*s'",
				(int)(s.len > 80 ? 80 : s.len), s.p);
		l->value = mem_dup_n(value.p, value.len, e);
		if (!l->value)
			return -1;
	}
	l->name = mem_dup_n(name.p, name.len, e);
	return l->name ? 0 : -1;
}

struct cas_config *cas_config_parse(struct slice text, const char *name, struct err *e)
{
	struct cas_config *c = mem_new(sizeof(*c), e);
	size_t n_lines = 0;
	struct slice part;

	if (!c)
		return NULL;
	if (text.len && memchr(text.p, '\0', text.len)) {
		err_set(e, ERR_INPUT, "a NUL byte is in it");
		err_at(e, "%s", name);
		goto fail;
	}
	if (slice_starts(text, "\xef\xbb\xbf"))
		text = (struct slice){ text.p + 3, text.len - 3 };
	while (slice_cut(&text, '\n', &part)) {
		n_lines++;
		while (slice_ends(part, "\r"))
			part.len--;
		if (!text.p && !part.len)
			break;
		if (mem_grow(&c->lines, &c->cap, c->n + 1, sizeof(*c->lines), e))
			goto fail;
		if (parse_line(&c->lines[c->n++], part, e)) {
			err_at(e, "%s:%zu", name, n_lines);
			goto fail;
		}
	}
	return c;
fail:
	cas_config_free(c);
	return NULL;
}

struct cas_config *cas_config_load(const char *path, struct err *e)
{
	struct buf text = BUF_INIT;
	struct cas_config *c = NULL;

	if (!path_exists(path) || !input_load(path, CONFIG_MAX_BYTES, &text, e))
		c = cas_config_parse(buf_slice(&text), path, e);
	buf_release(&text);
	return c;
}

/* ---- looking up ---- */

/* The first line of a section from `from` on; c->n if there is none. Remotes' names keep their case. */
static size_t find_section(const struct cas_config *c, const char *section, size_t from)
{
	bool is_plain = !strchr(section, '"');

	for (size_t i = from; i < c->n; i++) {
		const struct line *l = &c->lines[i];

		if (l->kind != LINE_SECTION)
			continue;
		if (is_plain ? !strcasecmp(l->name, section) : !strcmp(l->name, section))
			return i;
	}
	return c->n;
}

/* The line behind the section's last key, blank lines and comments left out. */
static size_t section_end(const struct cas_config *c, size_t at)
{
	size_t end = at + 1;

	for (size_t i = at + 1; i < c->n && c->lines[i].kind != LINE_SECTION; i++)
		if (c->lines[i].kind == LINE_KEY)
			end = i + 1;
	return end;
}

static size_t find_key(const struct cas_config *c, const char *section, const char *key)
{
	size_t found = c->n;

	for (size_t at = find_section(c, section, 0); at < c->n;
		at = find_section(c, section, at + 1))
		for (size_t i = at + 1; i < c->n && c->lines[i].kind != LINE_SECTION; i++)
			if (c->lines[i].kind == LINE_KEY && !strcasecmp(c->lines[i].name, key))
				found = i;
	return found;
}

const char *cas_config_get(const struct cas_config *c, const char *section, const char *key)
{
	size_t at = find_key(c, section, key);

	return at < c->n ? c->lines[at].value : NULL;
}

const char *cas_config_section(const struct cas_config *c, size_t i)
{
	for (size_t at = 0; at < c->n; at++)
		if (c->lines[at].kind == LINE_SECTION && i-- == 0)
			return c->lines[at].name;
	return NULL;
}

/* ---- changing ---- */

static void remove_line(struct cas_config *c, size_t at)
{
	line_release(&c->lines[at]);
	c->n--;
	memmove(c->lines + at, c->lines + at + 1, (c->n - at) * sizeof(*c->lines));
}

static int insert_line(struct cas_config *c, size_t at, struct slice text, struct err *e)
{
	struct line l;

	if (parse_line(&l, text, e) ||
		mem_grow(&c->lines, &c->cap, c->n + 1, sizeof(*c->lines), e)) {
		line_release(&l);
		return -1;
	}
	memmove(c->lines + at + 1, c->lines + at, (c->n - at) * sizeof(*c->lines));
	c->lines[at] = l;
	c->n++;
	return 0;
}

/* Quotes where configobj does: blanks at the ends, '#', ',', quotes, or nothing at all. */
static int format_key(struct buf *b, const char *key, const char *value, struct err *e)
{
	struct slice s = slice_of(value);
	bool has_double = strchr(value, '"'), has_single = strchr(value, '\'');
	const char *quote = "";

	if (strpbrk(value, "\r\n"))
		return err_set(e, ERR_INPUT, "a value cannot hold a line break: '%s'", value);
	if (!s.len || strpbrk(value, "#,'\"") || slice_trim(s).len != s.len)
		quote = has_double ? "'" : "\"";
	if (has_double && has_single)
		return err_set(
			e, ERR_INPUT, "a value cannot hold both kinds of quotes: '%s'", value);
	buf_addf(b, "    %s = %s%s%s", key, quote, value, quote);
	return buf_check(b, e);
}

int cas_config_set(struct cas_config *c, const char *section, const char *key, const char *value,
	struct err *e)
{
	struct buf text = BUF_INIT, head = BUF_INIT;
	size_t at = find_key(c, section, key);
	int r = -1;

	if (!value) {
		for (; at < c->n; at = find_key(c, section, key))
			remove_line(c, at);
		return 0;
	}
	if (strpbrk(section, "\r\n]'") || strpbrk(key, "\r\n=#[]'\"")) {
		err_set(e, ERR_INPUT, "'%s' cannot be a name in a configuration file", section);
		goto out;
	}
	if (format_key(&text, key, value, e))
		goto out;
	if (at < c->n) {
		if (insert_line(c, at, buf_slice(&text), e))
			goto out;
		remove_line(c, at + 1);
	} else {
		at = find_section(c, section, 0);
		if (at == c->n) {
			buf_addf(&head, strchr(section, '"') ? "['%s']" : "[%s]", section);
			if (buf_check(&head, e) || insert_line(c, at, buf_slice(&head), e))
				goto out;
		}
		if (insert_line(c, section_end(c, at), buf_slice(&text), e))
			goto out;
	}
	r = 0;
out:
	buf_release(&text);
	buf_release(&head);
	return r;
}

bool cas_config_remove(struct cas_config *c, const char *section)
{
	bool found = false;

	for (size_t at = find_section(c, section, 0); at < c->n;
		at = find_section(c, section, at)) {
		size_t end = section_end(c, at);

		while (end > at)
			remove_line(c, --end);
		found = true;
	}
	return found;
}

void cas_config_format(const struct cas_config *c, struct buf *b)
{
	for (size_t i = 0; i < c->n; i++) {
		buf_add_text(b, c->lines[i].text);
		buf_add_char(b, '\n');
	}
}

int cas_config_save(const struct cas_config *c, const char *path, struct err *e)
{
	struct buf text = BUF_INIT;
	int r = -1;

	cas_config_format(c, &text);
	if (!buf_check(&text, e))
		r = output_save(path, OUTPUT_SYNC, buf_slice(&text), e);
	buf_release(&text);
	return r;
}
