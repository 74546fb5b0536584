#include "tree/constraint.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

void tree_constraints_release(struct tree_constraints *c)
{
	free(c->monotone);
	free(c->sets);
	memset(c, 0, sizeof(*c));
}

static long find(const struct tree_model *m, struct slice name, const char *option, struct err *e)
{
	for (size_t i = 0; i < m->n_features; i++)
		if (slice_is(name, m->features[i].name))
			return (long)i;
	err_set(e, ERR_INPUT, "--%s: there is no column '%.*s' to learn from", option,
		(int)(name.len < 60 ? name.len : 60), name.p);
	return -1;
}

/** Without blanks and parentheses around it. */
static struct slice bare(const char *text)
{
	struct slice s = slice_trim(slice_of(text));

	if (s.len && s.p[0] == '(')
		s = (struct slice){ s.p + 1, s.len - 1 };
	if (s.len && s.p[s.len - 1] == ')')
		s.len--;
	return slice_trim(s);
}

static int set_way(struct tree_constraints *c, const struct tree_model *m, long col, int64_t way,
	struct err *e)
{
	if (way < -1 || way > 1)
		return err_set(e, ERR_INPUT, "--monotone: a direction is -1, 0 or 1");
	if (way != 0 && m->features[col].is_categorical)
		return err_set(e, ERR_INPUT,
			"--monotone: column '%s' has texts, which have no order",
			m->features[col].name);
	c->monotone[col] = (int8_t)way;
	return 0;
}

static int parse_monotone(struct tree_constraints *c, const struct tree_model *m,
	const struct opt_list *list, struct err *e)
{
	if (!list->n)
		return 0;
	c->monotone = mem_array(m->n_features, sizeof(*c->monotone), e);
	if (!c->monotone)
		return -1;
	for (size_t i = 0; i < list->n; i++) {
		struct slice s = bare(list->items[i]), way = s;
		long col = (long)i;
		int64_t v;

		for (size_t k = s.len; k-- > 0;)
			if (s.p[k] == ':') {
				way = (struct slice){ s.p + k + 1, s.len - k - 1 };
				col = find(m, (struct slice){ s.p, k }, "monotone", e);
				break;
			}
		if (col < 0)
			return -1;
		if (!num_parse_int(way, &v)) {
			err_set(e, ERR_INPUT, "--monotone: '%s' has no direction", list->items[i]);
			return err_hint(e, "say COL:1 for rising, COL:-1 for falling");
		}
		if (way.p == s.p && list->n != m->n_features)
			return err_set(e, ERR_INPUT,
				"--monotone: %zu directions without names for %zu columns", list->n,
				m->n_features);
		if (set_way(c, m, col, v, e))
			return -1;
	}
	return 0;
}

/** Names, "a,b"; blanks and quotes around them are not theirs. */
static int add_set(
	struct tree_constraints *c, const struct tree_model *m, struct slice names, struct err *e)
{
	size_t cap = c->n_sets * c->words;
	struct slice name;

	if (!slice_trim(names).len) {
		err_set(e, ERR_INPUT, "--interaction: a set without columns");
		return err_hint(e, "name those that may meet: COL,COL,...");
	}
	if (mem_grow(&c->sets, &cap, (c->n_sets + 1) * c->words, sizeof(*c->sets), e))
		return -1;
	memset(c->sets + c->n_sets * c->words, 0, c->words * sizeof(*c->sets));
	while (slice_cut(&names, ',', &name)) {
		long col;

		name = slice_trim(name);
		if (name.len >= 2 && (name.p[0] == '"' || name.p[0] == '\'') &&
			name.p[name.len - 1] == name.p[0])
			name = (struct slice){ name.p + 1, name.len - 2 };
		col = find(m, name, "interaction", e);
		if (col < 0)
			return -1;
		c->sets[c->n_sets * c->words + (size_t)col / 64] |= (uint64_t)1 << (col % 64);
	}
	c->n_sets++;
	return 0;
}

/** The sets between the innermost brackets of "[[a,b],[c]]". */
static int add_bracketed(
	struct tree_constraints *c, const struct tree_model *m, struct slice list, struct err *e)
{
	size_t open = 0;

	for (size_t i = 0; i < list.len; i++) {
		if (list.p[i] == '[')
			open = i + 1;
		else if (list.p[i] == ']' && open) {
			if (add_set(c, m, (struct slice){ list.p + open, i - open }, e))
				return -1;
			open = 0;
		}
	}
	return 0;
}

static int parse_sets(struct tree_constraints *c, const struct tree_model *m,
	const struct opt_list *list, struct err *e)
{
	c->words = (m->n_features + 63) / 64;
	for (size_t i = 0; i < list->n; i++) {
		struct slice s = slice_trim(slice_of(list->items[i]));

		if (s.len && s.p[0] == '[' ? add_bracketed(c, m, s, e) : add_set(c, m, s, e))
			return -1;
	}
	return 0;
}

int tree_constraints_parse(struct tree_constraints *c, const struct tree_model *m,
	const struct opt_list *monotone, const struct opt_list *together, struct err *e)
{
	memset(c, 0, sizeof(*c));
	return parse_monotone(c, m, monotone, e) || parse_sets(c, m, together, e) ? -1 : 0;
}

static bool is_in(const uint64_t *part, const uint64_t *set, size_t words)
{
	for (size_t i = 0; i < words; i++)
		if (part[i] & ~set[i])
			return false;
	return true;
}

void tree_constraints_meet(
	const struct tree_constraints *c, const uint64_t *path, uint64_t *allowed)
{
	bool is_root = true;

	for (size_t i = 0; i < c->words; i++)
		is_root &= path[i] == 0;
	if (is_root)
		return;
	for (size_t i = 0; i < c->words; i++) {
		uint64_t may = path[i];

		for (size_t s = 0; s < c->n_sets; s++) {
			const uint64_t *set = c->sets + s * c->words;

			if (is_in(path, set, c->words))
				may |= set[i];
		}
		allowed[i] &= may;
	}
}
