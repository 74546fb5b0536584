/* base/err, base/diag: messages that are safe to print, whole in parts. */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "tap.h"

static void whole_is(const struct err *e, const char *want)
{
	char text[4096];
	size_t n = err_format(e, text, sizeof(text));

	is_text(text, want, "whole message: %s", want);
	is_int(n, strlen(text), "and its length");
}

static void check_parts(void)
{
	struct err e = ERR_INIT;
	char small[12];

	is_int(err_set(&e, ERR_INPUT, "key '%s' is missing", "a\tb"), -1, "err_set returns -1");
	is_int(e.code, ERR_INPUT, "the code is kept");
	whole_is(&e, "key 'a\\tb' is missing");
	is_int(err_at(&e, "line %d", 3), -1, "err_at returns -1");
	err_at(&e, "%s", "x.csv");
	is_int(err_hint(&e, "add it"), -1, "err_hint returns -1");
	whole_is(&e, "x.csv: line 3: key 'a\\tb' is missing; add it");
	is_int(err_format(&e, small, sizeof(small)), 11, "a message is cut at the room");
	is_text(small, "x.csv: line", "and ended");
	err_set(&e, ERR_SYSTEM, "other");
	whole_is(&e, "other");
	err_clear(&e);
	is_int(e.code, ERR_NONE, "cleared");
	whole_is(&e, "");
	is_int(err_nomem(&e), -1, "err_nomem returns -1");
	is_err(&e, ERR_SYSTEM, "out of memory", "out of memory");
}

static void check_errno(void)
{
	static const struct {
		int no;
		enum err_code code;
	} codes[] = { { ENOENT, ERR_INPUT }, { EACCES, ERR_INPUT }, { EISDIR, ERR_INPUT },
		{ ENOTDIR, ERR_INPUT }, { ENOSPC, ERR_SYSTEM }, { EIO, ERR_SYSTEM },
		{ EPIPE, ERR_SYSTEM }, { ENOMEM, ERR_SYSTEM }, { EMFILE, ERR_SYSTEM } };
	struct err e = ERR_INIT;

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		errno = codes[i].no;
		err_errno(&e, "cannot open %d", 5);
		is_int(e.code, codes[i].code, "code of errno %d", codes[i].no);
	}
	errno = ENOENT;
	err_errno(&e, "cannot open");
	whole_is(&e, "cannot open: No such file or directory");
}

static void escaped_is(const char *text, const char *want)
{
	char out[64] = "";

	err_escape(out, sizeof(out), text);
	is_text(out, want, "escaped: %s", want);
}

static void check_escape(void)
{
	char out[8] = "ab";

	escaped_is("plain text", "plain text");
	escaped_is("a\nb\rc\td", "a\\nb\\rc\\td");
	escaped_is("\033[31m\x7f", "\\x1b[31m\\x7f");
	escaped_is("\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80");
	escaped_is("\xc3", "\\xc3");
	escaped_is("\xff\xfe", "\\xff\\xfe");
	escaped_is("\xc0\xaf", "\\xc0\\xaf"); /* overlong */
	escaped_is("\xed\xa0\x80", "\\xed\\xa0\\x80"); /* a surrogate */
	escaped_is("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
	escaped_is("\xc2\x9b"
		   "1m",
		"\\xc2\\x9b1m"); /* the C1 form of ESC [ */
	is_int(err_escape(out, sizeof(out), "cde\xc3\xbc"), 7, "fills the room to the last byte");
	is_text(out, "abcde\xc3\xbc", "appended");
	snprintf(out, sizeof(out), "abc");
	is_int(err_escape(out, sizeof(out), "def\xc3\xbc"), 6, "cut at a whole character");
	is_text(out, "abcdef", "what fits");
	snprintf(out, sizeof(out), "abcd");
	err_escape(out, sizeof(out), "\x01");
	is_text(out, "abcd", "an escape that does not fit is left out whole");
}

static bool has_escape(const char *s)
{
	return strstr(s, "\\x") != NULL;
}

static void check_long(void)
{
	struct err e = ERR_INIT;
	char *text = malloc(5001), whole[4096];

	if (!text)
		return;
	/* Two-byte characters at odd and even offsets: none may be cut in two. */
	for (int shift = 0; shift < 2; shift++) {
		memset(text, 'x', 5000);
		for (int i = shift; i + 1 < 5000; i += 2)
			memcpy(text + i, "\xc3\xbc", 2);
		text[5000] = '\0';
		if (shift == 1)
			text[4999] = '\0';
		err_set(&e, ERR_INPUT, "%s", text);
		ok(!has_escape(e.what) && strlen(e.what) > 1000,
			"a long message is cut at a character");
		err_hint(&e, "%s", text);
		ok(!has_escape(e.hint) && strlen(e.hint) > 500, "so is a long hint");
		for (int i = 0; i < 4; i++)
			err_at(&e, "%s", text);
		ok(!has_escape(e.place) && strlen(e.place) > 500, "and a long place");
		err_format(&e, whole, sizeof(whole));
		ok(strlen(whole) > 2000, "the whole is there");
	}
	free(text);
}

static char said[2048];
static int n_said;

static void collect(struct diag *d, enum diag_level level, const char *text)
{
	(void)d;
	(void)level;
	n_said++;
	snprintf(said, sizeof(said), "%s", text);
}

static void check_diag(void)
{
	struct diag d = { .say = collect, .most = DIAG_NOTE };

	diag_say(&d, DIAG_WARNING, "%d rows\n", 3);
	is_text(said, "3 rows\\n", "a warning is formatted and escaped");
	diag_say(&d, DIAG_NOTE, "note");
	diag_say(&d, DIAG_DETAIL, "detail");
	is_int(n_said, 2, "what is above `most` is swallowed");
	diag_say(NULL, DIAG_WARNING, "nobody hears");
	ok(true, "NULL swallows it");
}

int main(void)
{
	check_parts();
	check_errno();
	check_escape();
	check_long();
	check_diag();
	return done_testing();
}
