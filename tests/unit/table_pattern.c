/*
 * Patterns of schemas on POSIX's matcher.
 */
#include "table/pattern.h"

#include <regex.h>
#include <stdlib.h>

#include "tap.h"

static bool matches(const char *pattern, const char *text)
{
	struct err e = ERR_INIT;
	char *posix = table_pattern_translate(pattern, &e);
	regex_t re;
	bool good;

	no_err(&e, "%s", pattern);
	if (!posix)
		return false;
	good = regcomp(&re, posix, REG_EXTENDED | REG_NOSUB) == 0;
	ok(good, "%s compiles as %s", pattern, posix);
	free(posix);
	if (!good)
		return false;
	good = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return good;
}

static void refused(const char *pattern, const char *why)
{
	struct err e = ERR_INIT;
	char *posix = table_pattern_translate(pattern, &e);

	ok(!posix, "%s is refused", pattern);
	is_err(&e, ERR_INPUT, why, "with the reason");
	free(posix);
}

int main(void)
{
	ok(matches("[a-z]+[0-9]+", "a1") && !matches("[a-z]+[0-9]+", "a1x"), "the whole value");
	ok(matches("a|bc", "bc") && !matches("a|bc", "abc"), "alternatives too");
	ok(matches("\\d{4}-\\d\\d", "2020-01") && !matches("\\d+", "x"), "digits");
	ok(matches("\\w+\\s\\S", "a_1 !") && matches("\\D\\W", "x!"), "classes");
	ok(matches("[\\d\\-x]+", "1-x") && matches("[\\]^]+", "]^") && matches("[\\^]", "^"),
		"escapes in brackets");
	ok(matches("[^\\]a]", "b") && !matches("[^\\]a]", "]"), "and in what they exclude");
	ok(matches("a\\.b\\\\\\$\\^", "a.b\\$^"), "escaped characters");
	ok(matches("(?:ab)+", "abab"), "groups that do not count");
	ok(matches("a\\tb", "a\tb"), "a tab");
	refused("(?=a)", "'(?'");
	refused("a+?", "a repeat behind a repeat");
	refused("(a)\\1", "a back reference");
	refused("\\p{L}", "an escape");
	refused("\\bx", "an escape");
	refused("((a{100}){100}){100}", "repeats of more than 1000");
	refused("a{2000}", "a repeat that is no number");
	refused("[a", "a '[' without ']'");
	refused("[[:alpha:]]", "a '[' in brackets");
	return done_testing();
}
