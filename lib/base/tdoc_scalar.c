#include "base/tdoc_scalar.h"

#include <stdint.h>

#include "base/num.h"
#include "base/utf8.h"

/* ---- texts ---- */

static bool at_three(const struct tdoc_place *at, char quote)
{
	return at->end - at->p >= 3 && at->p[0] == quote && at->p[1] == quote && at->p[2] == quote;
}

static bool is_digit(char c, int base)
{
	int d = num_hex_digit(c);

	return d >= 0 && d < base;
}

/* \uXXXX, \UXXXXXXXX: `p` stands behind the u. */
static int read_code(struct tdoc_place *at, int n_digits, struct buf *text, struct err *e)
{
	uint32_t c = 0;

	for (int i = 0; i < n_digits; i++) {
		int d = at->p < at->end ? num_hex_digit(*at->p) : -1;

		if (d < 0)
			return err_set(e, ERR_INPUT, "\\%c takes %d hexadecimal digits",
				n_digits == 4 ? 'u' : 'U', n_digits);
		c = c << 4 | (uint32_t)d;
		at->p++;
	}
	if (!c || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return err_set(e, ERR_INPUT, "U+%04X cannot be in a text", c);
	utf8_add(text, c);
	return 0;
}

/* A line that ends in \ goes on at the next character that is not blank. */
static int skip_break(struct tdoc_place *at, struct err *e)
{
	size_t line = at->line;

	for (; at->p < at->end; at->p++) {
		if (*at->p == '\n')
			at->line++;
		else if (*at->p != ' ' && *at->p != '\t' && *at->p != '\r')
			break;
		else if (*at->p == '\r' && !(at->end - at->p > 1 && at->p[1] == '\n'))
			break;
	}
	return at->line > line ? 0 : err_set(e, ERR_INPUT, "\\ before a blank means nothing");
}

static int read_escape(struct tdoc_place *at, bool many_lines, struct buf *text, struct err *e)
{
	static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
	char c = at->end - at->p > 1 ? at->p[1] : '\0';
	const char *known = c ? memchr(from, c, sizeof(from) - 1) : NULL;

	at->p++;
	if (many_lines && (c == ' ' || c == '\t' || c == '\n' || c == '\r'))
		return skip_break(at, e);
	at->p += c != '\0';
	if (c == 'u' || c == 'U')
		return read_code(at, c == 'u' ? 4 : 8, text, e);
	if (!known)
		return err_set(e, ERR_INPUT, "unknown escape in a text; \\\\ is a backslash");
	buf_add_char(text, to[known - from]);
	return 0;
}

/* One character, or escape, of a text. */
static int read_one(
	struct tdoc_place *at, char quote, bool many_lines, struct buf *text, struct err *e)
{
	unsigned char c = (unsigned char)*at->p;

	if (c == '\\' && quote == '"')
		return read_escape(at, many_lines, text, e);
	if (c == '\r' && many_lines && at->end - at->p > 1 && at->p[1] == '\n')
		c = (unsigned char)*++at->p;
	if (c == '\n' && many_lines)
		at->line++;
	else if (c == '\n' || c == '\r')
		return err_set(e, ERR_INPUT, "a text is not closed by %c", quote);
	else if ((c < 0x20 && c != '\t') || c == 0x7f)
		return err_set(e, ERR_INPUT, "a control character in a text: write \\u%04X", c);
	buf_add_char(text, (char)c);
	at->p++;
	return 0;
}

static int read_lines(struct tdoc_place *at, char quote, struct buf *text, struct err *e)
{
	at->p += 3;
	if (at->end - at->p > 1 && at->p[0] == '\r' && at->p[1] == '\n')
		at->p++;
	if (at->p < at->end && *at->p == '\n') {
		at->p++;
		at->line++;
	}
	while (at->p < at->end) {
		if (at_three(at, quote)) {
			at->p += 3;
			/* one or two quotes may stand before those that close it */
			for (int i = 0; i < 2 && at->p < at->end && *at->p == quote; i++, at->p++)
				buf_add_char(text, quote);
			return 0;
		}
		if (read_one(at, quote, true, text, e))
			return -1;
	}
	return err_set(e, ERR_INPUT, "a text is not closed by %c%c%c", quote, quote, quote);
}

int tdoc_scalar_text(struct tdoc_place *at, bool many_lines, struct buf *text, struct err *e)
{
	char quote = *at->p;

	buf_reset(text);
	if (many_lines && at_three(at, quote))
		return read_lines(at, quote, text, e) ? -1 : buf_check(text, e);
	for (at->p++; at->p < at->end;) {
		if (*at->p == quote) {
			at->p++;
			return buf_check(text, e);
		}
		if (read_one(at, quote, false, text, e))
			return -1;
	}
	return err_set(e, ERR_INPUT, "a text is not closed by %c", quote);
}

/* ---- dates and times ---- */

/* Has it the form, where d is a digit? */
static bool has_form(struct slice s, const char *form)
{
	if (s.len != strlen(form))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (form[i] == 'd' ? s.p[i] < '0' || s.p[i] > '9' : s.p[i] != form[i])
			return false;
	return true;
}

static int two_digits(const char *p)
{
	return (p[0] - '0') * 10 + p[1] - '0';
}

bool tdoc_scalar_is_date(struct slice s)
{
	struct num_date day;

	return has_form(s, "dddd-dd-dd") && num_parse_date(s, &day);
}

/* hh:mm:ss with any digits behind a point. */
static bool is_time(struct slice s)
{
	struct slice whole = { s.p, s.len < 8 ? s.len : 8 };

	if (!has_form(whole, "dd:dd:dd") || two_digits(s.p) > 23 || two_digits(s.p + 3) > 59 ||
		two_digits(s.p + 6) > 59)
		return false;
	for (size_t i = 9; i < s.len; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.len == 8 || (s.p[8] == '.' && s.len > 9);
}

/* A date, a blank or T, a time, and perhaps Z or an offset. */
static bool is_moment(struct slice s)
{
	struct slice offset;

	if (s.len < 19 || !tdoc_scalar_is_date((struct slice){ s.p, 10 }) ||
		!memchr("Tt ", s.p[10], 3))
		return false;
	s = (struct slice){ s.p + 11, s.len - 11 };
	if (slice_ends(s, "Z") || slice_ends(s, "z")) {
		s.len--;
	} else if (s.len > 6) {
		offset = (struct slice){ s.p + s.len - 5, 5 };
		if ((offset.p[-1] == '+' || offset.p[-1] == '-') && has_form(offset, "dd:dd") &&
			two_digits(offset.p) < 24 && two_digits(offset.p + 3) < 60)
			s.len -= 6;
	}
	return is_time(s);
}

/* ---- numbers ---- */

/* Digits with single _ between them, off the front of `*s` and without the _ into `b`. */
static bool take_digits(struct slice *s, int base, struct buf *b)
{
	size_t i = 0;

	for (; i < s->len; i++) {
		bool is_line = s->p[i] == '_' && i > 0 && s->p[i - 1] != '_' && i + 1 < s->len &&
			       is_digit(s->p[i + 1], base);

		if (is_digit(s->p[i], base))
			buf_add_char(b, s->p[i]);
		else if (!is_line)
			break;
	}
	*s = (struct slice){ s->p + i, s->len - i };
	return i > 0;
}

/* What a word can be beside text. */
struct number {
	bool is_real;
	int64_t i;
	double x;
};

static bool parse_based(struct slice s, int base, struct number *n)
{
	struct buf b = BUF_INIT;
	uint64_t v = 0;
	bool good;

	s = (struct slice){ s.p + 2, s.len - 2 };
	good = take_digits(&s, base, &b) && !s.len;
	for (size_t i = 0; i < b.len && good; i++) {
		good = v <= (uint64_t)INT64_MAX / (uint64_t)base;
		v = v * (uint64_t)base + (uint64_t)num_hex_digit(b.p[i]);
		good = good && v <= INT64_MAX;
	}
	buf_release(&b);
	n->i = (int64_t)v;
	return good;
}

static bool take_sign(struct slice *s, struct buf *b)
{
	if (!s->len || (*s->p != '+' && *s->p != '-'))
		return false;
	buf_add_char(b, *s->p);
	*s = (struct slice){ s->p + 1, s->len - 1 };
	return true;
}

/* 12, -1_000, 6.5, 1e-3. False: it is none, or does not fit. */
static bool parse_decimal(struct slice s, struct number *n)
{
	struct buf b = BUF_INIT;
	bool good;

	take_sign(&s, &b);
	good = s.len && !(s.len > 1 && s.p[0] == '0' && (is_digit(s.p[1], 10) || s.p[1] == '_'));
	good = good && take_digits(&s, 10, &b);
	if (good && s.len && *s.p == '.') {
		buf_add_char(&b, '.');
		s = (struct slice){ s.p + 1, s.len - 1 };
		good = n->is_real = take_digits(&s, 10, &b);
	}
	if (good && s.len && (*s.p | 32) == 'e') {
		buf_add_char(&b, 'e');
		s = (struct slice){ s.p + 1, s.len - 1 };
		take_sign(&s, &b);
		good = n->is_real = take_digits(&s, 10, &b);
	}
	good = good && !s.len &&
	       (n->is_real ? num_parse_double(buf_slice(&b), false, &n->x)
			   : num_parse_int(buf_slice(&b), &n->i));
	buf_release(&b);
	return good;
}

static bool parse_number(struct slice s, struct number *n)
{
	if (slice_starts(s, "0x"))
		return parse_based(s, 16, n);
	if (slice_starts(s, "0o"))
		return parse_based(s, 8, n);
	if (slice_starts(s, "0b"))
		return parse_based(s, 2, n);
	return parse_decimal(s, n);
}

static void refuse_word(struct slice word, struct err *e)
{
	struct slice body = word;

	if (word.len && (*word.p == '+' || *word.p == '-'))
		body = (struct slice){ word.p + 1, word.len - 1 };
	if (slice_is(body, "inf") || slice_is(body, "nan"))
		err_set(e, ERR_INPUT, "'%.*s' cannot be kept here", (int)word.len, word.p);
	else if (!word.len)
		err_set(e, ERR_INPUT, "a value is missing");
	else
		err_set(e, ERR_INPUT, "'%.*s' is no value; a text stands in quotes",
			word.len > 60 ? 60 : (int)word.len, word.p);
}

json_t *tdoc_scalar_word(struct slice word, struct err *e)
{
	struct number n = { .is_real = false };
	json_t *v;

	if (slice_is(word, "true") || slice_is(word, "false")) {
		v = json_boolean(word.p[0] == 't');
	} else if (tdoc_scalar_is_date(word) || is_time(word) || is_moment(word)) {
		v = json_stringn(word.p, word.len);
	} else if (parse_number(word, &n)) {
		v = n.is_real ? json_real(n.x) : json_integer(n.i);
	} else {
		refuse_word(word, e);
		return NULL;
	}
	if (!v)
		err_nomem(e);
	return v;
}
