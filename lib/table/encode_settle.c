/*
 * The middle of a fit: all rows are read, and types, fills and values become final.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "table/encode_declare.h"
#include "table/encode_fit.h"

/* ---- order -------------------------------------------------------------------------------------- */

struct sort_ctx {
	const struct table_dict *dict;
	const uint64_t *counts;
	enum table_order order;
};

static bool comes_before(const struct sort_ctx *c, uint32_t a, uint32_t b)
{
	int order = 0;

	if (c->order == TABLE_ORDER_FREQUENCY && c->counts[a] != c->counts[b])
		return c->counts[a] > c->counts[b];
	if (c->order == TABLE_ORDER_SORTED)
		order = slice_cmp(c->dict->items[a], c->dict->items[b]);
	return order != 0 ? order < 0 : a < b;
}

/* Merge sort: qsort has no context. */
static void sort_codes(const struct sort_ctx *c, uint32_t *codes, uint32_t *spare, size_t n)
{
	size_t half = n / 2, i = 0, k = half, to = 0;

	if (n < 2)
		return;
	sort_codes(c, codes, spare, half);
	sort_codes(c, codes + half, spare, n - half);
	memcpy(spare, codes, half * sizeof(*codes));
	while (i < half && k < n)
		codes[to++] = comes_before(c, codes[k], spare[i]) ? codes[k++] : spare[i++];
	memcpy(codes + to, spare + i, (half - i) * sizeof(*codes));
}

/* The codes of a dictionary in an order; to be freed. */
static uint32_t *sorted_codes(const struct table_dict *dict, const uint64_t *counts,
	enum table_order order, struct err *e)
{
	const struct sort_ctx c = { dict, counts, order };
	uint32_t *sorted = mem_array_raw((size_t)dict->n + 1, sizeof(*sorted), e);
	uint32_t *spare = sorted ? mem_array_raw((size_t)dict->n + 1, sizeof(*spare), e) : NULL;

	if (!spare) {
		free(sorted);
		return NULL;
	}
	for (uint32_t i = 0; i < dict->n; i++)
		sorted[i] = i;
	sort_codes(&c, sorted, spare, dict->n);
	free(spare);
	return sorted;
}

/* Final codes, other than by appearance. */
static int settle_codes(struct table_fit *f, struct table_fit_col *col, struct err *e)
{
	struct table_dict *dict = &col->rule->values;
	enum table_order order = table_encode_order(f->o);
	uint32_t *sorted;
	int rc = -1;

	*dict = col->dict;
	col->dict = (struct table_dict)TABLE_DICT_INIT;
	if (order == TABLE_ORDER_APPEARANCE || dict->n == 0)
		return 0;
	sorted = sorted_codes(dict, col->counts, order, e);
	col->order = mem_array_raw(dict->n, sizeof(*col->order), e);
	if (sorted && col->order) {
		for (uint32_t i = 0; i < dict->n; i++)
			col->order[sorted[i]] = i;
		rc = table_dict_reorder(dict, col->order, e);
	}
	free(sorted);
	return rc;
}

/* ---- columns of values and parts --------------------------------------------------------------- */

/* All parts of the values, and in how many rows they are; notes which parts each value has. */
static int split_values(const struct table_rule *r, const struct table_fit_col *from,
	struct table_fit_ones *ones, struct table_dict *parts, uint64_t **counts, struct err *e)
{
	size_t cap_places = 0, cap_counts = 0, n = 0;

	for (uint32_t c = 0; c < from->dict.n; c++) {
		struct slice rest = from->dict.items[c], part;
		size_t first = n;

		ones->n_parts[c] = 0;
		while (table_rule_next_part(r, &rest, &part)) {
			uint32_t known = parts->n, place;
			bool again = false;

			if (table_dict_add(parts, part, table_dict_hash(part), &place, e) ||
				mem_grow(counts, &cap_counts, parts->n, sizeof(**counts), e) ||
				mem_grow(&ones->places, &cap_places, n + 1, sizeof(*ones->places),
					e))
				return -1;
			if (parts->n > known)
				(*counts)[place] = 0;
			for (size_t i = first; i < n; i++)
				again = again || ones->places[i] == place;
			if (!again) {
				(*counts)[place] += from->counts[c];
				ones->places[n++] = place;
			}
			ones->n_parts[c]++;
		}
		if (n > UINT32_MAX)
			return err_set(e, ERR_INPUT, "more than %u parts", UINT32_MAX);
		ones->ends[c] = (uint32_t)n;
	}
	return 0;
}

/* The most frequent of `all` become the rule's, in the order of the codes; map[i] is the new place. */
static int choose_values(const struct table_fit *f, struct table_rule *r,
	const struct table_dict *all, const uint64_t *counts, uint32_t *map, struct err *e)
{
	uint64_t max =
		f->o->max_categories > 0 ? (uint64_t)f->o->max_categories : TABLE_ENCODE_CATEGORIES;
	uint32_t *by_count = sorted_codes(all, counts, TABLE_ORDER_FREQUENCY, e);
	uint32_t *sorted = by_count ? sorted_codes(all, counts, table_encode_order(f->o), e) : NULL;
	int rc = sorted ? 0 : -1;

	for (uint32_t i = 0; rc == 0 && i < all->n; i++)
		map[by_count[i]] = i < max ? 0 : TABLE_DICT_NONE;
	for (uint32_t i = 0; rc == 0 && i < all->n; i++) {
		struct slice v = all->items[sorted[i]];

		if (map[sorted[i]] != TABLE_DICT_NONE)
			rc = table_dict_add(&r->values, v, table_dict_hash(v), &map[sorted[i]], e);
	}
	free(by_count);
	free(sorted);
	return rc;
}

/* Places among all parts to places among the chosen ones; others are left out. */
static void map_places(struct table_fit_ones *ones, uint32_t n_values, const uint32_t *map)
{
	uint32_t from = 0, to = 0;

	for (uint32_t c = 0; c < n_values; c++) {
		uint32_t end = ones->ends[c];

		for (; from < end; from++) {
			if (map[ones->places[from]] != TABLE_DICT_NONE)
				ones->places[to++] = map[ones->places[from]];
		}
		ones->ends[c] = to;
	}
}

static int settle_ones(struct table_fit *f, struct table_fit_col *col,
	const struct table_fit_col *from, struct err *e)
{
	struct table_rule *r = col->rule;
	size_t n = (size_t)from->dict.n + 1;
	struct table_dict parts = TABLE_DICT_INIT;
	const struct table_dict *all = &from->dict;
	uint64_t *counts = NULL;
	uint32_t *map = NULL;
	int rc = -1;

	col->ones.ends = mem_array(n, sizeof(uint32_t), e);
	col->ones.n_parts = mem_array(n, sizeof(uint32_t), e);
	if (!col->ones.ends || !col->ones.n_parts)
		goto out;
	if (r->separator) {
		all = &parts;
		if (split_values(r, from, &col->ones, &parts, &counts, e))
			goto out;
	} else {
		col->ones.places = mem_array_raw(n, sizeof(uint32_t), e);
		if (!col->ones.places)
			goto out;
		for (uint32_t c = 0; c < from->dict.n; c++) {
			col->ones.places[c] = c;
			col->ones.ends[c] = c + 1;
		}
	}
	map = mem_array_raw((size_t)all->n + 1, sizeof(*map), e);
	if (!map || choose_values(f, r, all, r->separator ? counts : from->counts, map, e))
		goto out;
	map_places(&col->ones, from->dict.n, map);
	diag_say(f->o->diag, DIAG_NOTE, "%s: column '%s': %u of %u %s have a column", f->name,
		r->name, r->values.n, all->n, r->separator ? "parts" : "values");
	rc = 0;
	if (!r->separator && all->n == 0) {
		err_set(e, ERR_INPUT, "column '%s' has no value to make a column of", r->name);
		rc = err_at(e, "%s", f->name);
	}
out:
	table_dict_release(&parts);
	free(counts);
	free(map);
	return rc;
}

/* ---- the rest ----------------------------------------------------------------------------------- */

/* The values of a column, and how often each is there. */
static int settle_counts(struct table_fit_col *col, const struct table_fit_col *from, struct err *e)
{
	struct table_rule *r = col->rule;
	uint32_t *map = mem_array_raw((size_t)from->dict.n + 1, sizeof(*map), e);
	int rc = map ? table_dict_merge(&r->values, &from->dict, map, e) : -1;

	free(map);
	if (rc)
		return -1;
	r->numbers = mem_array((size_t)from->dict.n + 1, sizeof(*r->numbers), e);
	if (!r->numbers)
		return -1;
	for (uint32_t i = 0; r->makes == TABLE_MAKES_COUNT && i < from->dict.n; i++)
		r->numbers[i] = (double)from->counts[i];
	return 0;
}

static int settle_type(struct table_fit *f, struct table_fit_col *col, struct err *e)
{
	struct table_rule *r = col->rule;
	const char *fill = col->is_text ? f->o->fill_text : f->o->fill_number;

	if (!col->by_type)
		return 0;
	r->seen = col->is_text ? TABLE_SEEN_TEXT : TABLE_SEEN_NUMBER;
	if (table_fit_makes_codes(f, col)) {
		r->required = true;
		r->makes = TABLE_MAKES_CODES;
		r->order = table_encode_order(f->o);
	}
	if (fill && !r->fill) {
		r->fill = mem_dup(fill, e);
		return r->fill ? 0 : -1;
	}
	return 0;
}

static void report(const struct table_fit *f, const struct table_fit_col *col, uint64_t n_missing)
{
	const struct table_rule *r = col->rule;
	bool learns = r->makes == TABLE_MAKES_CODES || r->makes == TABLE_MAKES_MEAN;

	if (r->fill && n_missing > 0)
		diag_say(f->o->diag, DIAG_NOTE,
			"%s: column '%s': %llu missing values filled with '%s'", f->name, r->name,
			(unsigned long long)n_missing, r->fill);
	if (r->makes == TABLE_MAKES_CODES)
		diag_say(f->o->diag, DIAG_NOTE, "%s: column '%s': %u codes", f->name, r->name,
			r->values.n);
	if (learns && f->n_rows >= 1000 && r->values.n > f->n_rows - f->n_rows / 10)
		diag_say(f->o->diag, DIAG_WARNING,
			"%s: column '%s' has another value in nearly every row: its %s say "
			"nothing about other data; leave it out with --drop or --plain",
			f->name, r->name, r->makes == TABLE_MAKES_CODES ? "codes" : "means");
}

int table_fit_settle(struct table_fit *f, struct pool *pool, struct err *e)
{
	/* What is beside a column uses its dictionary: first. */
	for (size_t i = 0; i < f->n_out; i++) {
		struct table_fit_col *col = &f->cols[i];
		const struct table_fit_col *owner = &f->cols[col->owner];
		int rc = settle_type(f, col, e);

		if (rc == 0 && col->rule->makes >= TABLE_MAKES_ONEHOT)
			rc = settle_ones(f, col, owner, e);
		else if (rc == 0 && table_rule_is_beside(col->rule))
			rc = settle_counts(col, owner, e);
		if (rc)
			return -1;
	}
	if (table_fit_means(f, pool, e))
		return -1;
	for (size_t i = 0; i < f->n_out; i++) {
		struct table_fit_col *col = &f->cols[i];

		if (col->rule->makes == TABLE_MAKES_CODES && settle_codes(f, col, e))
			return -1;
		report(f, col, f->cols[col->owner].n_missing);
	}
	return 0;
}
