#include "base/opt.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"

enum { NAMES_MAX = 256, WORD_MAX = 64 };

/* What a search in the tables finds. */
struct found {
	const struct opt *opt; /* NULL: nothing */
	void *field;
	bool negated; /* --no-NAME */
};

struct parser {
	const struct opt_table *tables;
	size_t n_tables;
	struct opt_result *r;
	struct err *e;
};

/* ---- the nearest name ----------------------------------------------------------------------------- */

/* Levenshtein's distance, on one row of the table; words longer than WORD_MAX are "far". */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], la = strlen(a), lb = strlen(b);

	if (la > WORD_MAX || lb > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t change = diagonal + (a[i - 1] != b[j - 1]);
			size_t drop = row[j] + 1, insert = row[j - 1] + 1;

			diagonal = row[j];
			row[j] = change < drop ? change : drop;
			row[j] = row[j] < insert ? row[j] : insert;
		}
	}
	return row[lb];
}

const char *opt_nearest(const char *word, const char *const *names)
{
	size_t best = strlen(word) / 3 + 2; /* farther is no help */
	const char *nearest = NULL;

	for (; *names; names++) {
		size_t d = distance(word, *names);

		if (d < best) {
			best = d;
			nearest = *names;
		}
	}
	return nearest;
}

/* ---- search --------------------------------------------------------------------------------------- */

static bool is_option(const struct opt *o)
{
	return o->type != OPT_TYPE_HEADING && o->type != OPT_TYPE_ALIAS;
}

static struct found find(const struct parser *p, const char *name, size_t len, char letter)
{
	for (size_t t = 0; t < p->n_tables; t++) {
		char *args = p->tables[t].args;

		for (const struct opt *o = p->tables[t].options; o && o->type != OPT_TYPE_END;
			o++) {
			bool hit = letter ? o->letter == letter
					  : o->name && strlen(o->name) == len &&
						    memcmp(o->name, name, len) == 0;

			if (hit && o->type == OPT_TYPE_ALIAS)
				return find(p, o->arg, strlen(o->arg), 0);
			if (is_option(o) && hit)
				return (struct found){ o, args ? args + o->offset : NULL, false };
		}
	}
	if (!letter && len > 3 && memcmp(name, "no-", 3) == 0) {
		struct found f = find(p, name + 3, len - 3, 0);

		f.negated = true;
		if (f.opt && f.opt->type == OPT_FLAG)
			return f;
	}
	return (struct found){ NULL, NULL, false };
}

static int unknown(const struct parser *p, const char *prefix, const char *name, size_t len)
{
	const char *names[NAMES_MAX + 1];
	char word[WORD_MAX + 1];
	const char *nearest;
	size_t n = 0;

	for (size_t t = 0; t < p->n_tables; t++)
		for (const struct opt *o = p->tables[t].options; o && o->type != OPT_TYPE_END; o++)
			if (o->name && n < NAMES_MAX)
				names[n++] = o->name;
	names[n] = NULL;
	snprintf(word, sizeof(word), "%.*s", (int)(len < WORD_MAX ? len : WORD_MAX), name);
	nearest = opt_nearest(word, names);
	err_set(p->e, ERR_INPUT, "unknown option '%s%s'", prefix, word);
	if (nearest)
		err_hint(p->e, "did you mean '%s%s'?", prefix, nearest);
	return -1;
}

/* ---- values --------------------------------------------------------------------------------------- */

static int bad_value(
	const struct parser *p, const struct opt *o, const char *value, const char *wanted)
{
	return err_set(p->e, ERR_INPUT, "option '--%s': '%s' is not %s", o->name, value, wanted);
}

static int check_range(const struct parser *p, const struct opt *o, double v)
{
	char lo[NUM_TEXT_MAX], hi[NUM_TEXT_MAX];

	if (o->min == o->max || (v >= o->min && v <= o->max))
		return 0;
	num_format_double(lo, o->min);
	num_format_double(hi, o->max);
	return err_set(
		p->e, ERR_INPUT, "option '--%s': must be between %s and %s", o->name, lo, hi);
}

static int set_choice(const struct parser *p, const struct opt *o, int *field, const char *value)
{
	struct slice rest = slice_of(o->arg), word;

	for (int i = 0; slice_cut(&rest, '|', &word); i++) {
		if (slice_is(word, value)) {
			*field = i;
			return 0;
		}
	}
	return err_set(
		p->e, ERR_INPUT, "option '--%s': '%s' is not one of %s", o->name, value, o->arg);
}

static int list_add(const struct parser *p, struct opt_list *list, const char *item)
{
	struct opt_result *r = p->r;

	if (list->cap == 0) { /* the first item: remember the list, to free it */
		if (mem_grow(&r->lists, &r->cap_lists, r->n_lists + 1, sizeof(*r->lists), p->e))
			return -1;
		list->items = NULL;
		list->n = 0;
		r->lists[r->n_lists++] = list;
	}
	/* One more than asked for: callers may count on a NULL behind the last. */
	if (mem_grow(&list->items, &list->cap, list->n + 2, sizeof(*list->items), p->e))
		return -1;
	list->items[list->n++] = item;
	list->items[list->n] = NULL;
	return 0;
}

static int list_add_cut(const struct parser *p, struct opt_list *list, const char *value)
{
	struct opt_result *r = p->r;
	char *copy = mem_dup(value, p->e), *at;

	if (!copy)
		return -1;
	if (mem_grow(&r->owned, &r->cap_owned, r->n_owned + 1, sizeof(*r->owned), p->e)) {
		free(copy);
		return -1;
	}
	r->owned[r->n_owned++] = copy;
	for (at = copy;;) {
		char *comma = strchr(at, ',');

		if (comma)
			*comma = '\0';
		if (list_add(p, list, at))
			return -1;
		if (!comma)
			return 0;
		at = comma + 1;
	}
}

static int set_value(const struct parser *p, const struct found *f, char **values)
{
	const struct opt *o = f->opt;
	char *value = values ? values[0] : NULL;
	struct slice s = value ? slice_of(value) : (struct slice){ NULL, 0 };

	switch (o->type) {
	case OPT_FLAG:
		*(bool *)f->field = !f->negated;
		return 0;
	case OPT_COUNT:
		++*(int *)f->field;
		return 0;
	case OPT_TEXT:
		*(const char **)f->field = value;
		return 0;
	case OPT_INT:
		if (!num_parse_int(s, f->field))
			return bad_value(p, o, value, "a whole number");
		return check_range(p, o, (double)*(int64_t *)f->field);
	case OPT_NUMBER:
		if (!num_parse_double(s, false, f->field))
			return bad_value(p, o, value, "a number");
		return check_range(p, o, *(double *)f->field);
	case OPT_SIZE:
		if (!num_parse_size(s, f->field))
			return bad_value(p, o, value, "a size such as 512M or 2G");
		return 0;
	case OPT_CHOICE:
		return set_choice(p, o, f->field, value);
	case OPT_LIST:
		return list_add_cut(p, f->field, value);
	case OPT_EACH:
		return list_add(p, f->field, value);
	case OPT_CALL:
		return o->call(f->field, o, values, p->e);
	case OPT_TYPE_END:
	case OPT_TYPE_HEADING:
	case OPT_TYPE_ALIAS:
		break;
	}
	return 0;
}

static bool is_given(const struct opt_result *r, const struct opt *o)
{
	for (size_t i = 0; i < r->n_given; i++)
		if (r->given[i] == o)
			return true;
	return false;
}

static int set_given(const struct parser *p, const struct found *f, char **values)
{
	struct opt_result *r = p->r;

	if (!is_given(r, f->opt)) {
		if (mem_grow(&r->given, &r->cap_given, r->n_given + 1, sizeof(*r->given), p->e))
			return -1;
		r->given[r->n_given++] = f->opt;
	}
	return set_value(p, f, values);
}

static bool takes_value(const struct opt *o)
{
	return o->type != OPT_FLAG && o->type != OPT_COUNT && !(o->type == OPT_CALL && !o->arg);
}

/* ---- the first operand ---------------------------------------------------------------------------- */

/* How many words the options in `word` take with their value: 1 or more; 0 where one is not known. */
static int count_words(const struct parser *p, const char *word)
{
	const char *equals = strchr(word, '=');
	struct found f = { NULL, NULL, false };
	bool is_attached = equals;

	if (word[1] == '-') {
		f = find(p, word + 2, equals ? (size_t)(equals - word) - 2 : strlen(word + 2), 0);
		if (!f.opt)
			return 0;
	}
	for (const char *c = word + 1; !f.opt && *c; c++) {
		f = find(p, NULL, 0, *c);
		if (!f.opt)
			return 0;
		is_attached = c[1];
		if (!takes_value(f.opt) && c[1])
			f.opt = NULL;
	}
	return !takes_value(f.opt) ? 1
				   : 1 + (f.opt->n_values > 1 ? f.opt->n_values : 1) - is_attached;
}

int opt_first_operand(const struct opt_table *tables, size_t n_tables, int argc, char **argv)
{
	const struct parser p = { .tables = tables, .n_tables = n_tables };

	for (int i = 1; i < argc;) {
		int n;

		if (argv[i][0] != '-' || !argv[i][1])
			return i;
		n = strcmp(argv[i], "--") != 0 ? count_words(&p, argv[i]) : 0;
		if (!n)
			return 0;
		i += n;
	}
	return 0;
}

/* ---- the command line ----------------------------------------------------------------------------- */

/* One option with its values: `attached` is what stood behind '=' or the letter, NULL if nothing did. */
static int take(const struct parser *p, const struct found *f, char *attached, char ***argv)
{
	const struct opt *o = f->opt;
	int n = o->n_values > 1 ? o->n_values : 1;
	char *values[8];
	int have = 0;

	if (!takes_value(o)) {
		if (attached)
			return err_set(p->e, ERR_INPUT, "option '--%s' takes no value", o->name);
		return set_given(p, f, NULL);
	}
	if (attached)
		values[have++] = attached;
	while (have < n) {
		char *next = (*argv)[1];

		if (!next) {
			err_set(p->e, ERR_INPUT, "option '--%s' lacks its value", o->name);
			return err_hint(p->e, "it wants %s", o->arg);
		}
		values[have++] = next;
		++*argv;
	}
	return set_given(p, f, values);
}

static int take_long(const struct parser *p, char ***argv)
{
	char *name = **argv + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	struct found f = find(p, name, len, 0);

	if (!f.opt)
		return unknown(p, "--", name, len);
	return take(p, &f, equals ? equals + 1 : NULL, argv);
}

static int take_letters(const struct parser *p, char ***argv)
{
	for (char *c = **argv + 1; *c; c++) {
		struct found f = find(p, NULL, 0, *c);

		if (!f.opt)
			return err_set(p->e, ERR_INPUT, "unknown option '-%c'", *c);
		if (takes_value(f.opt))
			return take(p, &f, c[1] ? c + 1 : NULL, argv);
		if (take(p, &f, NULL, argv))
			return -1;
	}
	return 0;
}

int opt_parse(const struct opt_table *tables, size_t n_tables, bool stop, int argc, char **argv,
	struct opt_result *r, struct err *e)
{
	struct parser p = { tables, n_tables, r, e };
	bool only_operands = false;

	*r = (struct opt_result){ 0 };
	r->operands = mem_array((size_t)argc + 1, sizeof(*r->operands), e);
	if (!r->operands)
		return -1;
	if (argc == 0)
		return 0;
	for (argv++; *argv; argv++) {
		const char *a = *argv;
		int status = 0;

		if (only_operands || a[0] != '-' || a[1] == '\0') {
			r->operands[r->n_operands++] = *argv;
			only_operands |= stop;
		} else if (strcmp(a, "--") == 0)
			only_operands = true;
		else if (a[1] == '-')
			status = take_long(&p, &argv);
		else
			status = take_letters(&p, &argv);
		if (status)
			return -1;
	}
	return 0;
}

void opt_free(struct opt_result *r)
{
	for (size_t i = 0; i < r->n_lists; i++) {
		free(r->lists[i]->items);
		*r->lists[i] = (struct opt_list){ 0 };
	}
	for (size_t i = 0; i < r->n_owned; i++)
		free(r->owned[i]);
	free(r->lists);
	free(r->given);
	free(r->owned);
	free(r->operands);
	*r = (struct opt_result){ 0 };
}

static int flag_word(const char *value)
{
	static const char *const words[] = { "false", "true", "no", "yes", "0", "1", "off", "on" };

	for (int i = 0; i < 8; i++)
		if (strcmp(value, words[i]) == 0)
			return i & 1;
	return -1;
}

bool opt_list_has(const struct opt_list *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	return false;
}

int opt_set(const struct opt_table *tables, size_t n_tables, const char *name, const char *value,
	struct opt_result *r, struct err *e)
{
	struct parser p = { tables, n_tables, r, e };
	char word[WORD_MAX + 1];
	char *values[1];
	struct found f;
	size_t len;

	snprintf(word, sizeof(word), "%s", name);
	for (char *c = word; *c; c++)
		if (*c == '_')
			*c = '-';
	len = strlen(word);
	f = find(&p, word, len, 0);
	if (!f.opt)
		return unknown(&p, "", name, strlen(name));
	if (f.opt->type == OPT_FLAG) {
		int on = flag_word(value);

		if (on < 0)
			return bad_value(&p, f.opt, value, "true or false");
		if (!is_given(r, f.opt))
			*(bool *)f.field = on != f.negated;
		return 0;
	}
	if (!takes_value(f.opt) || f.opt->n_values > 1)
		return err_set(e, ERR_INPUT, "option '%s' cannot be set in a file", name);
	if (is_given(r, f.opt))
		return 0;
	memcpy(values, &value, sizeof(value)); /* borrowed, never written to */
	return set_value(&p, &f, values);
}
