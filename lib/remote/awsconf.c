#include "remote/awsconf.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/input.h"
#include "base/mem.h"
#include "base/path.h"

enum { FILE_MAX = 4 << 20 };

struct entry {
	const char *section, *key, *value;
};

struct remote_awsconf {
	struct arena names;
	struct entry *entries;
	size_t n, cap;
};

/* What is being read of one file. */
struct reader {
	struct remote_awsconf *c;
	bool is_credentials;
	const char *section; /* NULL: one that does not concern us */
	const char *parent; /* the key whose indented lines follow, NULL: none */
};

static int add(struct reader *r, struct slice key, struct slice value, struct err *e)
{
	struct remote_awsconf *c = r->c;
	struct buf full = BUF_INIT;
	struct entry entry = { .section = r->section };
	int result = -1;

	if (r->parent)
		buf_addf(&full, "%s.", r->parent);
	buf_add_slice(&full, key);
	if (buf_check(&full, e) || mem_grow(&c->entries, &c->cap, c->n + 1, sizeof(*c->entries), e))
		goto out;
	entry.key = arena_dup(&c->names, full.p, full.len, e);
	entry.value = arena_dup(&c->names, value.p ? value.p : "", value.len, e);
	if (!entry.key || !entry.value)
		goto out;
	c->entries[c->n++] = entry;
	result = 0;
out:
	buf_release(&full);
	return result;
}

/* [default] and, in credentials, [NAME] are profiles; quotes around a name are dropped. */
static int begin_section(struct reader *r, struct slice name, struct err *e)
{
	struct slice rest = slice_trim(name), kind;
	struct buf full = BUF_INIT;
	int result;

	slice_cut(&rest, ' ', &kind);
	if (rest.p)
		rest = slice_trim(rest);
	if (rest.len >= 2 && (rest.p[0] == '"' || rest.p[0] == '\'') &&
		rest.p[rest.len - 1] == rest.p[0]) {
		rest.p++;
		rest.len -= 2;
	}
	if (r->is_credentials || !rest.p)
		buf_addf(&full, "profile %.*s", (int)slice_trim(name).len, slice_trim(name).p);
	else
		buf_addf(&full, "%.*s %.*s", (int)kind.len, kind.p, (int)rest.len, rest.p);
	r->parent = NULL;
	r->section = NULL;
	result = buf_check(&full, e);
	if (result == 0)
		r->section = arena_dup(&r->c->names, full.p, full.len, e);
	buf_release(&full);
	if (!r->section)
		return -1;
	/* A section without keys is still one: remote_awsconf_has(). */
	return add(r, slice_of(""), slice_of(""), e);
}

static int read_line(struct reader *r, struct slice line, struct err *e)
{
	bool indented = line.len && (line.p[0] == ' ' || line.p[0] == '\t');
	struct slice text = slice_trim(line), value, key;

	if (text.len && text.p[text.len - 1] == '\r')
		text = slice_trim((struct slice){ text.p, text.len - 1 });
	if (!text.len || text.p[0] == '#' || text.p[0] == ';')
		return 0;
	if (text.p[0] == '[') {
		const char *close = memchr(text.p, ']', text.len);

		if (!close)
			return err_set(e, ERR_INPUT, "a section without ']'");
		return begin_section(
			r, (struct slice){ text.p + 1, (size_t)(close - text.p - 1) }, e);
	}
	value = text;
	slice_cut(&value, '=', &key);
	if (!value.p || !r->section)
		return err_set(e, ERR_INPUT, "is neither '[section]' nor 'key = value'");
	key = slice_trim(key);
	value = slice_trim(value);
	if (!indented)
		r->parent = NULL;
	if (!indented && value.len == 0) {
		r->parent = arena_dup(&r->c->names, key.p, key.len, e);
		return r->parent ? 0 : -1;
	}
	return add(r, key, value, e);
}

static int read_file(struct remote_awsconf *c, const char *path, bool is_credentials, struct err *e)
{
	struct reader r = { .c = c, .is_credentials = is_credentials };
	struct buf text = BUF_INIT;
	struct slice rest, line;
	int result = 0;

	if (!path || !path_exists(path))
		return 0;
	result = input_load(path, FILE_MAX, &text, e);
	rest = buf_slice(&text);
	for (size_t n = 1; result == 0 && slice_cut(&rest, '\n', &line); n++) {
		result = read_line(&r, line, e);
		if (result)
			err_at(e, "%s:%zu", path, n);
	}
	buf_release(&text);
	return result;
}

struct remote_awsconf *remote_awsconf_load(
	const char *config_path, const char *credentials_path, struct err *e)
{
	struct remote_awsconf *c = mem_new(sizeof(*c), e);

	if (!c)
		return NULL;
	/* The first one found counts, and credentials win. */
	if (read_file(c, credentials_path, true, e) || read_file(c, config_path, false, e)) {
		remote_awsconf_free(c);
		return NULL;
	}
	return c;
}

void remote_awsconf_free(struct remote_awsconf *c)
{
	if (!c)
		return;
	arena_release(&c->names);
	free(c->entries);
	free(c);
}

const char *remote_awsconf_get(const struct remote_awsconf *c, const char *section, const char *key)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->entries[i].section, section) == 0 &&
			strcmp(c->entries[i].key, key) == 0)
			return c->entries[i].value;
	return NULL;
}

bool remote_awsconf_has(const struct remote_awsconf *c, const char *section)
{
	return remote_awsconf_get(c, section, "") != NULL;
}
