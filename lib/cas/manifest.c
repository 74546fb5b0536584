#include "cas/manifest.h"

#include <stdlib.h>

#include "base/jdoc.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"

void cas_manifest_release(struct cas_manifest *m)
{
	free(m->entries);
	arena_release(&m->names);
	*m = (struct cas_manifest)CAS_MANIFEST_INIT;
}

/* ---- building ---- */

struct cas_manifest_entry *cas_manifest_add(
	struct cas_manifest *m, struct slice relpath, struct err *e)
{
	struct cas_manifest_entry *t;

	if (!utf8_is_valid(relpath)) {
		err_set(e, ERR_INPUT, "the name '%.*s' is not UTF-8",
			(int)(relpath.len > 200 ? 200 : relpath.len), relpath.p);
		err_hint(e, "rename the file");
		return NULL;
	}
	if (relpath.len > UINT32_MAX || mem_grow(&m->entries, &m->cap, m->n + 1, sizeof(*t), e))
		return NULL;
	t = &m->entries[m->n];
	*t = (struct cas_manifest_entry){ .len = (uint32_t)relpath.len, .size = -1 };
	t->relpath = arena_dup(&m->names, relpath.p, relpath.len, e);
	if (!t->relpath)
		return NULL;
	m->n++;
	return t;
}

static struct slice entry_path(const struct cas_manifest_entry *t)
{
	return (struct slice){ t->relpath, t->len };
}

/* UTF-8 sorts by bytes as it does by code point. */
static int entry_cmp(const void *a, const void *b)
{
	return slice_cmp(entry_path(a), entry_path(b));
}

/* Sorting by eight bytes at a time: what decides is compared without a look at the paths. */
struct keyed {
	uint64_t key;
	const struct cas_manifest_entry *entry;
};

static int by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

static int by_path(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	return entry_cmp(x->entry, y->entry);
}

/* The paths are the same before `at`. */
static void sort_from(struct keyed *k, size_t n, size_t at)
{
	enum { DEEP = 512 };

	for (size_t i = 0; i < n; i++) {
		const struct cas_manifest_entry *t = k[i].entry;

		k[i].key = 0;
		for (size_t j = at; j < at + 8; j++)
			k[i].key = k[i].key << 8 | (j < t->len ? (unsigned char)t->relpath[j] : 0);
	}
	qsort(k, n, sizeof(*k), by_key);
	for (size_t from = 0, to; from < n; from = to) {
		for (to = from + 1; to < n && k[to].key == k[from].key; to++)
			;
		if (to - from > 1 && at < DEEP)
			sort_from(k + from, to - from, at + 8);
		else if (to - from > 1)
			qsort(k + from, to - from, sizeof(*k), by_path);
	}
}

int cas_manifest_sort(struct cas_manifest *m, struct err *e)
{
	struct cas_manifest_entry *sorted;
	struct keyed *keyed;
	size_t i = 1;

	while (i < m->n && entry_cmp(&m->entries[i - 1], &m->entries[i]) <= 0)
		i++;
	if (i >= m->n)
		return 0;
	keyed = mem_array(m->n, sizeof(*keyed), e);
	sorted = keyed ? mem_array(m->n, sizeof(*sorted), e) : NULL;
	if (!sorted) {
		free(keyed);
		return -1;
	}
	for (i = 0; i < m->n; i++)
		keyed[i].entry = &m->entries[i];
	sort_from(keyed, m->n, 0);
	for (i = 0; i < m->n; i++)
		sorted[i] = *keyed[i].entry;
	free(keyed);
	free(m->entries);
	m->entries = sorted;
	m->cap = m->n;
	return 0;
}

const struct cas_manifest_entry *cas_manifest_find(
	const struct cas_manifest *m, struct slice relpath)
{
	size_t lo = 0, hi = m->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int d = slice_cmp(relpath, entry_path(&m->entries[mid]));

		if (!d)
			return &m->entries[mid];
		if (d < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

int64_t cas_manifest_size(const struct cas_manifest *m)
{
	int64_t sum = 0;

	for (size_t i = 0; i < m->n; i++)
		if (m->entries[i].size > 0)
			sum += m->entries[i].size;
	return sum;
}

/* ---- writing ---- */

static bool is_plain(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c > 0x7e || c == '"' || c == '\\')
			return false;
	}
	return true;
}

void cas_manifest_format(const struct cas_manifest *m, struct buf *b)
{
	char hex[HASH_MD5_HEX + 1];

	buf_add_char(b, '[');
	for (size_t i = 0; i < m->n; i++) {
		const struct cas_manifest_entry *t = &m->entries[i];

		if (i)
			buf_add(b, ", ", 2);
		buf_add(b, "{\"md5\": \"", 9);
		hash_md5_format(t->md5, hex);
		buf_add(b, hex, HASH_MD5_HEX);
		buf_add(b, "\", \"relpath\": ", 14);
		if (is_plain(entry_path(t))) {
			buf_add_char(b, '"');
			buf_add(b, t->relpath, t->len);
			buf_add_char(b, '"');
		} else {
			jdoc_format_text(b, entry_path(t));
		}
		buf_add_char(b, '}');
	}
	buf_add_char(b, ']');
}

int cas_manifest_id(
	const struct cas_manifest *m, struct buf *text, struct cas_id *id, struct err *e)
{
	buf_reset(text);
	cas_manifest_format(m, text);
	if (buf_check(text, e))
		return -1;
	*id = (struct cas_id){ .is_dir = true };
	hash_md5_of(buf_slice(text), id->md5);
	return 0;
}

/* ---- reading ----
 *
 * A million entries as a tree of JSON values would cost a gigabyte, hence a reader of just this: an
 * array of objects whose members are texts, numbers or words.
 */

struct reader {
	struct slice text;
	size_t at;
	struct buf value; /* the last text, unescaped */
};

static void skip_blanks(struct reader *r)
{
	while (r->at < r->text.len && strchr(" \t\r\n", r->text.p[r->at]) && r->text.p[r->at])
		r->at++;
}

static bool take(struct reader *r, char c)
{
	skip_blanks(r);
	if (r->at >= r->text.len || r->text.p[r->at] != c)
		return false;
	r->at++;
	return true;
}

static bool take_hex(struct reader *r, unsigned *v)
{
	*v = 0;
	if (r->text.len - r->at < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		int digit = num_hex_digit(r->text.p[r->at++]);

		if (digit < 0)
			return false;
		*v = *v << 4 | (unsigned)digit;
	}
	return true;
}

static bool take_escape(struct reader *r)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	unsigned c, low;
	const char *p;
	char k;

	if (r->at >= r->text.len)
		return false;
	k = r->text.p[r->at++];
	p = k ? strchr(from, k) : NULL;
	if (p) {
		buf_add_char(&r->value, to[p - from]);
		return true;
	}
	if (k != 'u' || !take_hex(r, &c) || !c)
		return false;
	if (c >= 0xd800 && c < 0xdc00) {
		if (r->text.len - r->at < 2 || r->text.p[r->at] != '\\' ||
			r->text.p[r->at + 1] != 'u')
			return false;
		r->at += 2;
		if (!take_hex(r, &low) || low < 0xdc00 || low > 0xdfff)
			return false;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	} else if (c >= 0xdc00 && c < 0xe000) {
		return false;
	}
	utf8_add(&r->value, c);
	return true;
}

static bool take_text(struct reader *r)
{
	if (!take(r, '"'))
		return false;
	buf_reset(&r->value);
	while (r->at < r->text.len) {
		size_t from = r->at;

		while (r->at < r->text.len && r->text.p[r->at] != '"' && r->text.p[r->at] != '\\' &&
			(unsigned char)r->text.p[r->at] >= 0x20)
			r->at++;
		buf_add(&r->value, r->text.p + from, r->at - from);
		if (r->at >= r->text.len || (unsigned char)r->text.p[r->at] < 0x20)
			return false;
		if (r->text.p[r->at++] == '"')
			return true;
		if (!take_escape(r))
			return false;
	}
	return false;
}

/* A value of a member that we do not know: a text, or a number or word. */
static bool take_other(struct reader *r)
{
	size_t from;

	skip_blanks(r);
	if (r->at < r->text.len && r->text.p[r->at] == '"')
		return take_text(r);
	from = r->at;
	while (r->at < r->text.len && r->text.p[r->at] &&
		strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", r->text.p[r->at]))
		r->at++;
	return r->at > from;
}

/*
 * No way out of the directory: "..", ".", empty parts, "/" at an end, NUL; and no .git, whose configuration
 * would be run.
 */
static bool is_safe(struct slice path)
{
	struct slice rest = path, part;

	if (!path.len || path.p[path.len - 1] == '/' || memchr(path.p, '\0', path.len))
		return false;
	while (slice_cut(&rest, '/', &part))
		if (!part.len || slice_is(part, ".") || slice_is(part, "..") ||
			slice_is(part, ".git"))
			return false;
	return true;
}

static int read_entry(struct reader *r, struct cas_manifest *m, struct err *e)
{
	struct cas_manifest_entry *t = NULL;
	uint8_t md5[HASH_MD5_LEN];
	bool has_md5 = false;

	if (!take(r, '{'))
		return err_set(e, ERR_INPUT, "byte %zu: an entry should begin here", r->at);
	do {
		bool is_md5, is_path;

		if (!take_text(r) || !take(r, ':'))
			return err_set(e, ERR_INPUT, "byte %zu: a name should be here", r->at);
		if (buf_check(&r->value, e))
			return -1;
		is_md5 = slice_is(buf_slice(&r->value), "md5");
		is_path = slice_is(buf_slice(&r->value), "relpath");
		if ((is_md5 && has_md5) || (is_path && t))
			return err_set(e, ERR_INPUT, "byte %zu: a name comes twice", r->at);
		if (is_md5 || is_path ? !take_text(r) : !take_other(r))
			return err_set(e, ERR_INPUT, "byte %zu: a value should be here", r->at);
		if (buf_check(&r->value, e))
			return -1;
		if (is_md5) {
			has_md5 = hash_md5_parse(buf_slice(&r->value), md5);
			if (!has_md5)
				return err_set(e, ERR_INPUT, "'%s' is not an MD5", r->value.p);
		} else if (is_path) {
			if (!is_safe(buf_slice(&r->value)))
				return err_set(e, ERR_INPUT,
					"the path '%s' does not stay inside of the directory",
					r->value.p);
			t = cas_manifest_add(m, buf_slice(&r->value), e);
			if (!t)
				return -1;
		}
	} while (take(r, ','));
	if (!take(r, '}') || !has_md5 || !t)
		return err_set(e, ERR_INPUT, "byte %zu: an entry is not complete", r->at);
	memcpy(t->md5, md5, HASH_MD5_LEN);
	return 0;
}

static int read_all(struct reader *r, struct cas_manifest *m, struct err *e)
{
	if (!take(r, '['))
		return err_set(e, ERR_INPUT, "is not a list of files");
	if (!take(r, ']')) {
		do {
			if (read_entry(r, m, e))
				return -1;
		} while (take(r, ','));
		if (!take(r, ']'))
			return err_set(e, ERR_INPUT, "byte %zu: the list does not end", r->at);
	}
	skip_blanks(r);
	if (r->at < r->text.len)
		return err_set(e, ERR_INPUT, "byte %zu: something stands behind the list", r->at);
	return 0;
}

/* A path that is there twice, or that is also the folder of another, cannot be checked out. */
static int check_tree(const struct cas_manifest *m, struct err *e)
{
	struct slice before = { "", 0 };

	for (size_t i = 0; i < m->n; i++) {
		struct slice path = entry_path(&m->entries[i]), dir = path;

		if (i && slice_eq(path, entry_path(&m->entries[i - 1])))
			return err_set(
				e, ERR_INPUT, "the path '%s' comes twice", m->entries[i].relpath);
		while (dir.len && dir.p[dir.len - 1] != '/')
			dir.len--;
		if (!dir.len || slice_eq(dir, before))
			continue;
		before = dir;
		for (size_t k = 1; k < dir.len; k++)
			if (dir.p[k] == '/' && cas_manifest_find(m, (struct slice){ dir.p, k }))
				return err_set(e, ERR_INPUT, "'%.*s' is both a file and a folder",
					(int)k, dir.p);
	}
	return 0;
}

int cas_manifest_parse(struct cas_manifest *m, struct slice text, const char *name, struct err *e)
{
	struct reader r = { .text = text, .value = BUF_INIT };
	int result;

	m->n = 0;
	arena_reset(&m->names);
	result = read_all(&r, m, e);
	if (!result)
		result = cas_manifest_sort(m, e) ? -1 : check_tree(m, e);
	if (result) {
		err_at(e, "%s", name);
		cas_manifest_release(m);
	}
	buf_release(&r.value);
	return result;
}
