/*
 * Patterns and paths are matched part by part ("**" stands for any number of parts), and inside a
 * part character by character ("*" for any number). In both only the last star is ever taken back,
 * so that the time is at most the product of the lengths, whatever the pattern.
 */
#include "cas/ignore.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/input.h"
#include "base/mem.h"
#include "base/output.h"
#include "base/path.h"
#include "base/utf8.h"

enum { IGNORE_MAX_BYTES = 1 << 24 };

struct rule {
	struct slice pattern; /* in the text, without "!", and slashes at its ends */
	bool negated, dir_only, anchored;
};

struct cas_ignore {
	const struct cas_ignore *parent;
	enum cas_ignore_kind kind;
	char *text, *dir;
	struct rule *rules;
	size_t n, cap;
};

/* ---- one part of a path ---- */

/* The character at s.p[*at], which is moved behind it: a byte for git, and where it is not UTF-8. */
static uint32_t next_char(struct slice s, size_t *at, enum cas_ignore_kind kind)
{
	uint32_t c = (unsigned char)s.p[*at];
	size_t n = 0;

	if (kind == CAS_IGNORE_DVC && c >= 0x80)
		n = utf8_first((struct slice){ s.p + *at, s.len - *at }, &c);
	*at += n ? n : 1;
	return c;
}

/* "[a-z]" at `*at`, which is moved behind it. False if it does not match, or has no end. */
static bool match_class(
	struct slice pat, size_t *at, uint32_t c, enum cas_ignore_kind kind, bool *closed)
{
	size_t i = *at + 1;
	bool negated = i < pat.len && (pat.p[i] == '!' || pat.p[i] == '^'), hit = false;

	i += negated;
	for (size_t first = i; i < pat.len && (pat.p[i] != ']' || i == first);) {
		uint32_t lo, hi;

		if (pat.p[i] == '\\' && i + 1 < pat.len)
			i++;
		lo = hi = next_char(pat, &i, kind);
		if (i + 1 < pat.len && pat.p[i] == '-' && pat.p[i + 1] != ']') {
			i++;
			if (pat.p[i] == '\\' && i + 1 < pat.len)
				i++;
			hi = next_char(pat, &i, kind);
		}
		hit = hit || (c >= lo && c <= hi);
	}
	*closed = i < pat.len;
	*at = i + 1;
	return hit != negated;
}

/* The pattern's element at `*p` against the character at `*i`; moves both behind if they match. */
static bool match_one(
	struct slice pat, size_t *p, struct slice s, size_t *i, enum cas_ignore_kind kind)
{
	size_t at = *p, next = *i;
	uint32_t c = next_char(s, &next, kind);
	bool closed = false, hit = false;

	if (pat.p[at] == '[')
		hit = match_class(pat, &at, c, kind, &closed);
	if (!closed) {
		/* A class without an end is a plain character, as in the shell. */
		at = *p;
		hit = pat.p[at] == '?';
		if (pat.p[at] == '\\' && at + 1 < pat.len)
			at++;
		hit = next_char(pat, &at, kind) == c || hit;
	}
	if (hit) {
		*p = at;
		*i = next;
	}
	return hit;
}

static bool match_part(struct slice pat, struct slice s, enum cas_ignore_kind kind)
{
	size_t p = 0, i = 0, star = SIZE_MAX, star_at = 0;

	while (i < s.len) {
		if (p < pat.len && pat.p[p] == '*') {
			star = ++p;
			star_at = i;
		} else if (p < pat.len && match_one(pat, &p, s, &i, kind)) {
			continue;
		} else if (star != SIZE_MAX) {
			p = star;
			i = ++star_at;
		} else {
			return false;
		}
	}
	while (p < pat.len && pat.p[p] == '*')
		p++;
	return p == pat.len;
}

/* ---- a path ---- */

static bool match_path(struct slice pat, struct slice path, bool is_dir, enum cas_ignore_kind kind)
{
	struct slice star = { NULL, 0 }, star_path = { NULL, 0 };

	while (path.p) {
		struct slice p_rest = pat, s_rest = path, p_part, s_part;

		slice_cut(&s_rest, '/', &s_part);
		if (pat.p && slice_cut(&p_rest, '/', &p_part)) {
			if (slice_is(p_part, "**")) {
				if (!p_rest.p)
					return true; /* at the end: all that is below */
				star = pat = p_rest;
				star_path = path;
				continue;
			}
			if (match_part(p_part, s_part, kind)) {
				pat = p_rest;
				path = s_rest;
				continue;
			}
		}
		if (!star.p)
			return false;
		slice_cut(&star_path, '/', &s_part);
		pat = star;
		path = star_path;
	}
	return !pat.p || (is_dir && kind == CAS_IGNORE_DVC && slice_is(pat, "**"));
}

static bool rule_matches(
	const struct rule *r, struct slice path, bool is_dir, enum cas_ignore_kind kind)
{
	if (r->dir_only && !is_dir)
		return false;
	if (r->anchored)
		return match_path(r->pattern, path, is_dir, kind);
	for (size_t i = path.len; i-- > 0;)
		if (path.p[i] == '/') {
			path = (struct slice){ path.p + i + 1, path.len - i - 1 };
			break;
		}
	return match_part(r->pattern, path, kind);
}

bool cas_ignore_has(const struct cas_ignore *ig, const char *path, bool is_dir)
{
	for (; ig; ig = ig->parent) {
		struct slice rel = slice_of(path);
		size_t len = strlen(ig->dir);

		if (strcmp(ig->dir, ".") != 0) {
			if (strncmp(path, ig->dir, len) != 0 || path[len] != '/')
				continue;
			rel = (struct slice){ path + len + 1, rel.len - len - 1 };
		}
		for (size_t i = ig->n; i-- > 0;)
			if (rule_matches(&ig->rules[i], rel, is_dir, ig->kind))
				return !ig->rules[i].negated;
	}
	return false;
}

bool cas_ignore_is_empty(const struct cas_ignore *ig)
{
	for (; ig; ig = ig->parent)
		if (ig->n)
			return false;
	return true;
}

bool cas_ignore_has_above(const struct cas_ignore *ig, const char *path, bool is_dir)
{
	struct buf dir = BUF_INIT;
	bool is_ignored = false;

	for (const char *p = strchr(path, '/'); p && !is_ignored; p = strchr(p + 1, '/')) {
		buf_reset(&dir);
		buf_add(&dir, path, (size_t)(p - path));
		is_ignored = !dir.failed && cas_ignore_has(ig, dir.p, true);
	}
	buf_release(&dir);
	return is_ignored || cas_ignore_has(ig, path, is_dir);
}

/* ---- reading ---- */

/* A line without what ends it: to git, blanks count behind a backslash. */
static struct slice trim_line(struct slice s, enum cas_ignore_kind kind)
{
	if (kind == CAS_IGNORE_DVC)
		return slice_trim(s);
	if (slice_ends(s, "\r"))
		s.len--;
	while (s.len && s.p[s.len - 1] == ' ') {
		size_t slashes = 0;

		while (slashes < s.len - 1 && s.p[s.len - 2 - slashes] == '\\')
			slashes++;
		if (slashes % 2)
			break;
		s.len--;
	}
	return s;
}

static bool parse_rule(struct slice s, enum cas_ignore_kind kind, struct rule *r)
{
	*r = (struct rule){ 0 };
	s = trim_line(s, kind);
	if (!s.len || s.p[0] == '#')
		return false;
	if (s.p[0] == '!') {
		r->negated = true;
		s = (struct slice){ s.p + 1, s.len - 1 };
	}
	while (s.len && s.p[s.len - 1] == '/') {
		r->dir_only = true;
		s.len--;
	}
	if (!s.len)
		return false;
	r->anchored = memchr(s.p, '/', s.len);
	if (s.p[0] == '/')
		s = (struct slice){ s.p + 1, s.len - 1 };
	r->pattern = s;
	return s.len > 0;
}

struct cas_ignore *cas_ignore_parse(struct slice text, enum cas_ignore_kind kind, const char *dir,
	const struct cas_ignore *parent, struct err *e)
{
	struct cas_ignore *ig = mem_new(sizeof(*ig), e);
	struct slice rest, line;
	struct rule r;

	if (!ig)
		return NULL;
	ig->parent = parent;
	ig->kind = kind;
	ig->dir = mem_dup(dir, e);
	ig->text = ig->dir ? mem_dup_n(text.len ? text.p : "", text.len, e) : NULL;
	if (!ig->text)
		goto fail;
	rest = (struct slice){ ig->text, text.len };
	if (slice_starts(rest, "\xef\xbb\xbf"))
		rest = (struct slice){ rest.p + 3, rest.len - 3 };
	while (slice_cut(&rest, '\n', &line)) {
		if (!parse_rule(line, kind, &r))
			continue;
		if (mem_grow(&ig->rules, &ig->cap, ig->n + 1, sizeof(*ig->rules), e))
			goto fail;
		ig->rules[ig->n++] = r;
	}
	return ig;
fail:
	cas_ignore_free(ig);
	return NULL;
}

struct cas_ignore *cas_ignore_load(const struct cas_repo *r, const char *dir,
	enum cas_ignore_kind kind, const struct cas_ignore *parent, struct err *e)
{
	struct buf folder = BUF_INIT, path = BUF_INIT, text = BUF_INIT;
	struct cas_ignore *ig = NULL;

	cas_repo_absolute(r, dir, &folder);
	path_join(&path, folder.p, kind == CAS_IGNORE_GIT ? ".gitignore" : ".dvcignore");
	if (buf_check(&folder, e) || buf_check(&path, e))
		goto out;
	if (!access(path.p, F_OK) && input_load(path.p, IGNORE_MAX_BYTES, &text, e))
		goto out;
	ig = cas_ignore_parse(buf_slice(&text), kind, dir, parent, e);
out:
	buf_release(&folder);
	buf_release(&path);
	buf_release(&text);
	return ig;
}

void cas_ignore_free(struct cas_ignore *ig)
{
	if (!ig)
		return;
	free(ig->rules);
	free(ig->text);
	free(ig->dir);
	free(ig);
}

void cas_ignore_free_all(struct cas_ignore *ig)
{
	while (ig) {
		struct cas_ignore *parent = (struct cas_ignore *)ig->parent;

		cas_ignore_free(ig);
		ig = parent;
	}
}

struct cas_ignore *cas_ignore_load_down(
	const struct cas_repo *r, const char *dir, enum cas_ignore_kind kind, struct err *e)
{
	struct cas_ignore *ig = cas_ignore_load(r, ".", kind, NULL, e), *next;
	struct buf at = BUF_INIT;

	for (const char *p = dir; ig && strcmp(dir, ".") != 0 && p;) {
		p = strchr(p, '/');
		buf_reset(&at);
		buf_add(&at, dir, p ? (size_t)(p - dir) : strlen(dir));
		next = buf_check(&at, e) ? NULL : cas_ignore_load(r, at.p, kind, ig, e);
		if (!next)
			cas_ignore_free_all(ig);
		ig = next;
		p = p ? p + 1 : NULL;
	}
	buf_release(&at);
	return ig;
}

/* ---- .gitignore ---- */

/* "/name", with what gitignore would take as more than itself behind a backslash. */
static int git_line(const char *path, struct buf *line, struct err *e)
{
	const char *name = path_base(path);
	size_t len = strlen(name);

	buf_reset(line);
	if (strpbrk(name, "\r\n")) {
		err_set(e, ERR_INPUT, "'%s' has a line break in its name", path);
		return err_hint(e, ".gitignore cannot say it; rename the file");
	}
	buf_add_char(line, '/');
	for (size_t i = 0; i < len; i++) {
		if (strchr("#!*?[]\\", name[i]) || (name[i] == ' ' && i + 1 == len))
			buf_add_char(line, '\\');
		buf_add_char(line, name[i]);
	}
	return buf_check(line, e);
}

/* Loads the .gitignore beside `path`. */
static int load_git_file(const struct cas_repo *r, const char *path, struct buf *file,
	struct buf *text, struct err *e)
{
	struct buf whole = BUF_INIT, dir = BUF_INIT;
	int result = -1;

	cas_repo_absolute(r, path, &whole);
	path_dir(&dir, whole.p);
	path_join(file, dir.p, ".gitignore");
	buf_reset(text);
	if (!buf_check(&whole, e) && !buf_check(&dir, e) && !buf_check(file, e))
		result = path_exists(file->p) ? input_load(file->p, IGNORE_MAX_BYTES, text, e) : 0;
	buf_release(&whole);
	buf_release(&dir);
	return result;
}

static int is_git_ignored(const struct cas_repo *r, const char *path, struct err *e)
{
	struct cas_ignore *rules;
	struct buf dir = BUF_INIT;
	int result = -1;

	path_dir(&dir, path);
	rules = buf_check(&dir, e) ? NULL : cas_ignore_load_down(r, dir.p, CAS_IGNORE_GIT, e);
	if (rules) {
		struct buf whole = BUF_INIT;

		/* What is not there yet (an output that a stage will make) is taken as a file. */
		cas_repo_absolute(r, path, &whole);
		if (!buf_check(&whole, e))
			result = cas_ignore_has_above(rules, path, path_is_dir(whole.p));
		buf_release(&whole);
	}
	cas_ignore_free_all(rules);
	buf_release(&dir);
	return result;
}

int cas_ignore_add_git(const struct cas_repo *r, const char *path, bool *changed, struct err *e)
{
	struct buf line = BUF_INIT, file = BUF_INIT, text = BUF_INIT;
	int result = -1, known;

	if (changed)
		*changed = false;
	if (!r->git_root)
		return 0;
	if (git_line(path, &line, e))
		goto out;
	known = is_git_ignored(r, path, e);
	if (known) {
		result = known < 0 ? -1 : 0;
		goto out;
	}
	if (load_git_file(r, path, &file, &text, e))
		goto out;
	if (text.len && text.p[text.len - 1] != '\n')
		buf_add_char(&text, '\n');
	buf_add_slice(&text, buf_slice(&line));
	buf_add_char(&text, '\n');
	if (buf_check(&text, e) || output_save(file.p, OUTPUT_SYNC, buf_slice(&text), e))
		goto out;
	if (changed)
		*changed = true;
	result = 0;
out:
	buf_release(&line);
	buf_release(&file);
	buf_release(&text);
	return result;
}

int cas_ignore_remove_git(const struct cas_repo *r, const char *path, bool *changed, struct err *e)
{
	struct buf line = BUF_INIT, file = BUF_INIT, text = BUF_INIT, kept = BUF_INIT;
	struct slice rest, part;
	int result = -1;
	bool found = false;

	if (changed)
		*changed = false;
	if (!r->git_root)
		return 0;
	if (git_line(path, &line, e) || load_git_file(r, path, &file, &text, e))
		goto out;
	for (rest = buf_slice(&text); slice_cut(&rest, '\n', &part);) {
		if (slice_eq(part, buf_slice(&line))) {
			found = true;
			continue;
		}
		buf_add_slice(&kept, part);
		if (rest.p)
			buf_add_char(&kept, '\n');
	}
	if (!found) {
		result = 0;
		goto out;
	}
	if (buf_check(&kept, e))
		goto out;
	if (!kept.len)
		result = unlink(file.p) ? err_errno(e, "cannot remove '%s'", file.p) : 0;
	else
		result = output_save(file.p, OUTPUT_SYNC, buf_slice(&kept), e);
	if (changed)
		*changed = !result;
out:
	buf_release(&line);
	buf_release(&file);
	buf_release(&text);
	buf_release(&kept);
	return result;
}
