/* Which keys the rules let through. */
#include "remote/sync.h"

/* One element of the pattern at `*p` against a character; moves `*p` behind it. */
static bool match_one(const char **p, char c)
{
	const char *s = *p;
	bool negated, hit = false;

	if (*s == '\\' && s[1]) {
		*p = s + 2;
		return s[1] == c;
	}
	*p = s + 1;
	if (*s == '?')
		return true;
	if (*s != '[' || !strchr(s + 2, ']'))
		return *s == c;
	negated = s[1] == '!' || s[1] == '^';
	for (s += 1 + negated; *s && (*s != ']' || s == *p + negated); s++) {
		char lo = *s, hi = *s;

		if (s[1] == '-' && s[2] && s[2] != ']') {
			hi = s[2];
			s += 2;
		}
		hit = hit || ((unsigned char)c >= (unsigned char)lo &&
				     (unsigned char)c <= (unsigned char)hi);
	}
	*p = *s ? s + 1 : s;
	return hit != negated;
}

static bool match(const char *p, const char *s)
{
	const char *star = NULL, *star_s = NULL;

	while (*s) {
		const char *next = p;

		if (*p == '*') {
			star = ++p;
			star_s = s;
		} else if (*p && match_one(&next, *s)) {
			p = next;
			s++;
		} else if (star) {
			p = star;
			s = ++star_s;
		} else {
			return false;
		}
	}
	while (*p == '*')
		p++;
	return !*p;
}

int remote_sync_add_rule(
	struct remote_sync_rules *r, bool include, const char *pattern, struct err *e)
{
	if (r->n == sizeof(r->items) / sizeof(r->items[0]))
		return err_set(e, ERR_INPUT, "more than %zu rules are too many", r->n);
	r->items[r->n++] = (struct remote_sync_rule){ include, pattern };
	return 0;
}

bool remote_sync_includes(const struct remote_sync_rule *rules, size_t n_rules, const char *key)
{
	for (size_t i = n_rules; i-- > 0;)
		if (match(rules[i].pattern, key))
			return rules[i].include;
	return true;
}
