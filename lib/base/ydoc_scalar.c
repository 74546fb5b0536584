#include "base/ydoc_scalar.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- what a plain scalar says ---- */

static size_t skip_sign(struct slice s)
{
	return s.len && (s.p[0] == '+' || s.p[0] == '-');
}

static bool is_digit_of(char c, int base)
{
	if (base == 16 && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
		return true;
	return c >= '0' && c < '0' + (base < 10 ? base : 10);
}

/* How many of the characters from `at` on are digits of the base or '_'. */
static size_t span_digits(struct slice s, size_t at, int base)
{
	size_t i = at;

	while (i < s.len && (is_digit_of(s.p[i], base) || s.p[i] == '_'))
		i++;
	return i - at;
}

/* The base of an integer as DVC's reader knows it: 10, +1_000, 017 (decimal), 0x1f, 0o17, 0b11; 0 if it is none. */
static int int_base(struct slice s, size_t *digits_at)
{
	size_t at = skip_sign(s);
	int base = 10;

	if (s.len > at + 2 && s.p[at] == '0' && strchr("xob", s.p[at + 1])) {
		base = s.p[at + 1] == 'x' ? 16 : s.p[at + 1] == 'o' ? 8 : 2;
		at += 2;
	}
	*digits_at = at;
	if (at >= s.len || (s.p[at] == '_' && base == 10 && at == 0))
		return 0;
	return span_digits(s, at, base) == s.len - at ? base : 0;
}

static bool is_special(struct slice s)
{
	static const char *const words[] = { ".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN" };
	size_t at = skip_sign(s);
	struct slice rest = { s.p + at, s.len - at };

	for (size_t i = 0; i < 6; i++)
		if (slice_is(rest, words[i]) && (i < 3 || at == 0))
			return true;
	return false;
}

/* digits with a point or an exponent, as DVC's reader knows them. */
static bool is_real(struct slice s)
{
	size_t at = skip_sign(s), whole, n;
	bool point = false;

	if (at < s.len && s.p[at] == '_')
		return false;
	whole = span_digits(s, at, 10);
	at += whole;
	if (at < s.len && s.p[at] == '.') {
		point = true;
		n = span_digits(s, ++at, 10);
		at += n;
		if (!whole && !n)
			return false;
	}
	if (at == s.len)
		return point;
	if ((!whole && !point) || (s.p[at] != 'e' && s.p[at] != 'E'))
		return false;
	at++;
	if (at < s.len && (s.p[at] == '+' || s.p[at] == '-'))
		at++;
	n = 0;
	while (at + n < s.len && is_digit_of(s.p[at + n], 10))
		n++;
	return n && at + n == s.len;
}

/* yyyy-mm-dd with perhaps a time behind: stays text here, but is quoted, since others read a date. */
static bool is_date(struct slice s)
{
	static const char form[] = "dddd-dd-dd";

	if (s.len < 8 || !is_digit_of(s.p[0], 10))
		return false;
	for (size_t i = 0; i < 10 && i < s.len; i++)
		if (form[i] == 'd' ? !is_digit_of(s.p[i], 10) : s.p[i] != '-')
			return false;
	return s.len == 10 || (s.len > 10 && (s.p[10] == 'T' || s.p[10] == 't' || s.p[10] == ' '));
}

static bool is_word_of(struct slice s, const char *const *words)
{
	for (; *words; words++)
		if (slice_is(s, *words))
			return true;
	return false;
}

static const char *const null_words[] = { "", "~", "null", "Null", "NULL", NULL };
static const char *const true_words[] = { "true", "True", "TRUE", NULL };
static const char *const false_words[] = { "false", "False", "FALSE", NULL };

static void add_without_underscores(struct buf *b, struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] != '_')
			buf_add_char(b, s.p[i]);
}

static json_t *int_value(struct slice s, int base, size_t digits_at, struct err *e)
{
	struct buf digits = BUF_INIT;
	bool negative = s.p[0] == '-';
	uint64_t v = 0, most = negative ? (uint64_t)1 << 63 : INT64_MAX;
	json_t *j = NULL;

	add_without_underscores(&digits, (struct slice){ s.p + digits_at, s.len - digits_at });
	if (buf_check(&digits, e))
		goto out;
	for (const char *p = digits.p; *p; p++) {
		unsigned d = *p <= '9' ? (unsigned)(*p - '0') : (unsigned)((*p | 32) - 'a' + 10);

		if (v > (most - d) / (unsigned)base) {
			err_set(e, ERR_INPUT, "integer '%.*s' does not fit in 64 bits",
				(int)(s.len < 60 ? s.len : 60), s.p);
			err_hint(e, "write it as text, in quotes");
			goto out;
		}
		v = v * (unsigned)base + d;
	}
	j = json_integer(negative ? (json_int_t)(0 - v) : (json_int_t)v);
	if (!j)
		err_nomem(e);
out:
	buf_release(&digits);
	return j;
}

static json_t *real_value(struct slice s, struct err *e)
{
	struct buf digits = BUF_INIT;
	json_t *j = NULL;
	double v;

	add_without_underscores(&digits, s);
	if (buf_check(&digits, e))
		goto out;
	v = strtod(digits.p, NULL);
	if (!isfinite(v)) {
		err_set(e, ERR_INPUT, "number '%.*s' is too large", (int)(s.len < 60 ? s.len : 60),
			s.p);
		goto out;
	}
	j = json_real(v);
	if (!j)
		err_nomem(e);
out:
	buf_release(&digits);
	return j;
}

json_t *ydoc_scalar_text(struct slice s, struct err *e)
{
	json_t *v;

	if (memchr(s.p, 0, s.len)) {
		err_set(e, ERR_INPUT, "text with a NUL");
		return NULL;
	}
	v = json_stringn(s.p, s.len);
	if (!v)
		err_nomem(e);
	return v;
}

json_t *ydoc_scalar_parse(struct slice s, struct err *e)
{
	size_t digits_at;
	int base;

	if (is_word_of(s, null_words))
		return json_null();
	if (is_word_of(s, true_words))
		return json_true();
	if (is_word_of(s, false_words))
		return json_false();
	if (is_special(s)) {
		err_set(e, ERR_INPUT, "'%.*s' is not a number that can be compared", (int)s.len,
			s.p);
		return NULL;
	}
	base = int_base(s, &digits_at);
	if (base)
		return int_value(s, base, digits_at, e);
	if (is_real(s))
		return real_value(s, e);
	return ydoc_scalar_text(s, e);
}

/* ---- what a text needs ---- */

/* Would a plain scalar with this text be read back as anything else than text (by DVC too)? */
static bool is_ambiguous(struct slice s)
{
	size_t digits_at;

	return is_word_of(s, null_words) || is_word_of(s, true_words) ||
	       is_word_of(s, false_words) || is_special(s) || int_base(s, &digits_at) ||
	       is_real(s) || is_date(s) || slice_is(s, "=") || slice_is(s, "<<");
}

/* Controls, and the line breaks and marks of Unicode, are seen only in double quotes. */
static bool needs_escapes(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];
		struct slice rest = { s.p + i, s.len - i };

		if (c < 0x20 || c == 0x7f)
			return true;
		if (c == 0xc2 && i + 1 < s.len && (unsigned char)s.p[i + 1] < 0xa0)
			return true;
		if (c >= 0xe2 &&
			(slice_starts(rest, "\xe2\x80\xa8") || slice_starts(rest, "\xe2\x80\xa9") ||
				slice_starts(rest, "\xef\xbb\xbf") ||
				slice_starts(rest, "\xef\xbf\xbe") ||
				slice_starts(rest, "\xef\xbf\xbf")))
			return true;
	}
	return false;
}

static bool needs_quotes(struct slice s)
{
	if (!s.len || is_ambiguous(s) || s.p[0] == ' ' || s.p[s.len - 1] == ' ')
		return true;
	if (strchr("#,[]{}&*!|>'\"%@`", s.p[0]))
		return true;
	if (strchr("-?:", s.p[0]) && (s.len == 1 || s.p[1] == ' '))
		return true;
	if (slice_starts(s, "---") || slice_starts(s, "..."))
		return true;
	for (size_t i = 1; i < s.len; i++) {
		if (s.p[i] == ':' && (i + 1 == s.len || s.p[i + 1] == ' '))
			return true;
		if (s.p[i] == '#' && s.p[i - 1] == ' ')
			return true;
	}
	return false;
}

yaml_scalar_style_t ydoc_scalar_style(struct slice s)
{
	if (needs_escapes(s))
		return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
	if (!needs_quotes(s))
		return YAML_PLAIN_SCALAR_STYLE;
	/* DVC's emitter takes double quotes where a text in single ones would begin with three of them */
	return s.len && s.p[0] == '\'' ? YAML_DOUBLE_QUOTED_SCALAR_STYLE
				       : YAML_SINGLE_QUOTED_SCALAR_STYLE;
}
