#include "table/pattern.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

enum { MAX_PATTERN = 1000, MAX_REPEATS = 1000 };

struct translate {
	const char *p; /* what is left */
	struct buf out;
	uint64_t repeats; /* product of all {n,m}: how large the matcher's automaton may become */
	struct err *e;
};

static int refuse(struct translate *t, const char *what)
{
	err_set(t->e, ERR_INPUT, "the pattern has %s, which is not supported", what);
	return err_hint(t->e, "write it as a POSIX extended expression");
}

/* The class of \d and its like, to stand inside of brackets; NULL if it is none. */
static const char *class_of(char c)
{
	switch (c) {
	case 'd':
	case 'D':
		return "0-9";
	case 'w':
	case 'W':
		return "A-Za-z0-9_";
	case 's':
	case 'S':
		return " \t\n\r\f\v";
	default:
		return NULL;
	}
}

static char control_of(char c)
{
	return c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : 0;
}

static int escape(struct translate *t)
{
	char c = *++t->p;

	if (class_of(c)) {
		buf_addf(&t->out, "[%s%s]", c == 'D' || c == 'W' || c == 'S' ? "^" : "",
			class_of(c));
	} else if (control_of(c)) {
		buf_add_char(&t->out, control_of(c));
	} else if (c >= '0' && c <= '9') {
		return refuse(t, "a back reference");
	} else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || !c) {
		return refuse(t, "an escape other than \\d \\w \\s \\t \\n \\r");
	} else {
		/* As a bracket: that is right for any character, also '^'. */
		if (c == '^')
			buf_add_text(&t->out, "\\^");
		else
			buf_addf(&t->out, "[%c]", c);
	}
	t->p++;
	return 0;
}

/* [...]: in POSIX a backslash in there is itself, and ']' must be first. */
static int bracket(struct translate *t)
{
	struct buf members = BUF_INIT;
	bool closing = false, dash = false, caret = false, negated;
	int rc = -1;

	t->p++;
	negated = *t->p == '^';
	t->p += negated;
	for (bool first = true; *t->p && (*t->p != ']' || first); t->p++, first = false) {
		char c = *t->p;

		if (c == '\\') {
			c = *++t->p;
			if (class_of(c) && c >= 'a') {
				buf_add_text(&members, class_of(c));
				continue;
			}
			if (control_of(c))
				c = control_of(c);
			else if (!c || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
				 (c >= 'A' && c <= 'Z')) {
				refuse(t, "such an escape in brackets");
				goto out;
			}
			closing = closing || c == ']';
			dash = dash || c == '-';
			caret = caret || c == '^';
			if (c == ']' || c == '-' || c == '^')
				continue;
		} else if (c == '[' || c == ']') {
			refuse(t,
				c == '[' ? "a '[' in brackets" : "a ']' that is first in brackets");
			goto out;
		}
		buf_add_char(&members, c);
	}
	if (!*t->p++) {
		err_set(t->e, ERR_INPUT, "the pattern has a '[' without ']'");
		goto out;
	}
	if (caret && !negated && !closing && !dash && !members.len)
		buf_add_text(&t->out, "\\^"); /* alone it would negate */
	else
		buf_addf(&t->out, "[%s%s%s%s%s]", negated ? "^" : "", closing ? "]" : "", members.p,
			caret ? "^" : "", dash ? "-" : "");
	rc = buf_check(&members, t->e);
out:
	buf_release(&members);
	return rc;
}

/* {n}, {n,}, {n,m} */
static int repeat(struct translate *t)
{
	const char *end = strchr(t->p, '}');
	uint64_t n, most = 1;
	struct slice inner, part;

	if (!end) {
		err_set(t->e, ERR_INPUT, "the pattern has a '{' without '}'");
		return -1;
	}
	inner = (struct slice){ t->p + 1, (size_t)(end - t->p) - 1 };
	while (slice_cut(&inner, ',', &part)) {
		if (part.len == 0)
			continue;
		if (!num_parse_uint(part, &n) || n > MAX_REPEATS)
			return refuse(t, "a repeat that is no number up to 1000");
		most = n > most ? n : most;
	}
	t->repeats *= most;
	if (t->repeats > MAX_REPEATS)
		return refuse(t, "repeats of more than 1000 together");
	buf_add(&t->out, t->p, (size_t)(end - t->p) + 1);
	t->p = end + 1;
	return 0;
}

static int step(struct translate *t)
{
	switch (*t->p) {
	case '\\':
		return escape(t);
	case '[':
		return bracket(t);
	case '{':
		return repeat(t);
	case '(':
		if (t->p[1] == '?' && t->p[2] != ':')
			return refuse(t, "'(?'");
		buf_add_char(&t->out, '(');
		t->p += t->p[1] == '?' ? 3 : 1;
		return 0;
	case '*':
	case '+':
	case '?':
		if (t->p[1] == '?' || t->p[1] == '+' || t->p[1] == '*' || t->p[1] == '{')
			return refuse(t, "a repeat behind a repeat");
		break;
	default:
		break;
	}
	buf_add_char(&t->out, *t->p++);
	return 0;
}

char *table_pattern_translate(const char *pattern, struct err *e)
{
	struct translate t = { .p = pattern, .out = BUF_INIT, .repeats = 1, .e = e };
	char *posix;

	if (strlen(pattern) > MAX_PATTERN) {
		err_set(e, ERR_INPUT, "the pattern is longer than %d bytes", MAX_PATTERN);
		return NULL;
	}
	buf_add_text(&t.out, "^(");
	while (*t.p) {
		if (step(&t)) {
			buf_release(&t.out);
			return NULL;
		}
	}
	buf_add_text(&t.out, ")$");
	posix = buf_detach(&t.out, e);
	buf_release(&t.out);
	return posix;
}
