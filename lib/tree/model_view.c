#include "tree/model_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { SET_WORDS = 1 << 22, SET_WORDS_PER_NODE = 1 << 10 }; /* limits of a tree's sets */

static const struct {
	const char *name;
	char type;
} fields[TREE_N_FIELDS] = {
	[TREE_LEFT] = { "left_children", 'l' },
	[TREE_RIGHT] = { "right_children", 'l' },
	[TREE_SPLIT_COLUMN] = { "split_indices", 'l' },
	[TREE_DEFAULT] = { "default_left", 'U' },
	[TREE_SPLIT_TYPE] = { "split_type", 'U' },
	[TREE_CONDITION] = { "split_conditions", 'd' },
	[TREE_GAINS] = { "loss_changes", 'd' },
	[TREE_HESSIANS] = { "sum_hessian", 'd' },
	[TREE_WEIGHTS] = { "base_weights", 'd' },
	[TREE_CATEGORIES] = { "categories", 'l' },
	[TREE_CATEGORY_NODES] = { "categories_nodes", 'l' },
	[TREE_CATEGORY_FIRST] = { "categories_segments", 'L' },
	[TREE_CATEGORY_SIZES] = { "categories_sizes", 'L' },
};

const char *tree_field_name(enum tree_field f)
{
	return fields[f].name;
}

char tree_field_type(enum tree_field f)
{
	return fields[f].type;
}

/* ---- elements ------------------------------------------------------------------------------------------------ */

static uint32_t bits_at(const struct tree_view *v, enum tree_field f, size_t i)
{
	uint32_t bits;

	memcpy(&bits, v->fields[f].p + 4 * i, sizeof(bits));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	bits = __builtin_bswap32(bits);
#endif
	return bits;
}

static int32_t int_at(const struct tree_view *v, enum tree_field f, size_t i)
{
	return (int32_t)bits_at(v, f, i);
}

static float float_at(const struct tree_view *v, enum tree_field f, size_t i)
{
	uint32_t bits = bits_at(v, f, i);
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static int64_t long_at(const struct tree_view *v, enum tree_field f, size_t i)
{
	uint64_t value = 0;

	for (int k = 0; k < 8; k++)
		value = value << 8 | v->fields[f].p[8 * i + k];
	return (int64_t)value;
}

static bool has_set(const struct tree_view *v, size_t node)
{
	return v->fields[TREE_SPLIT_TYPE].n && v->fields[TREE_SPLIT_TYPE].p[node] == 1;
}

/* ---- checks -------------------------------------------------------------------------------------------------- */

int tree_view_check(struct tree_view *v, struct err *e)
{
	size_t n = v->fields[TREE_LEFT].n, n_sets = v->fields[TREE_CATEGORY_NODES].n;

	if (n == 0 || n > INT32_MAX)
		return err_set(e, ERR_INPUT, "a tree without nodes");
	for (int f = 0; f < TREE_CATEGORIES; f++) {
		bool is_optional = f == TREE_SPLIT_TYPE || f > TREE_CONDITION;

		if (v->fields[f].n != n && !(is_optional && v->fields[f].n == 0))
			return err_set(e, ERR_INPUT, "%s has %zu values for %zu nodes",
				fields[f].name, v->fields[f].n, n);
	}
	if (n_sets != v->fields[TREE_CATEGORY_FIRST].n ||
		n_sets != v->fields[TREE_CATEGORY_SIZES].n)
		return err_set(e, ERR_INPUT, "the lists of category sets differ in length");
	v->n_nodes = (uint32_t)n;
	return 0;
}

static int bad_children(size_t node, struct err *e)
{
	return err_set(e, ERR_INPUT, "node %zu: its children are out of range", node);
}

/** Where a set's codes are. */
static int find_codes(
	const struct tree_view *v, size_t set, size_t *first, size_t *size, struct err *e)
{
	int64_t from = long_at(v, TREE_CATEGORY_FIRST, set),
		n = long_at(v, TREE_CATEGORY_SIZES, set);
	int64_t all = (int64_t)v->fields[TREE_CATEGORIES].n;

	if (from < 0 || n < 0 || from > all || n > all - from)
		return err_set(e, ERR_INPUT, "a category set is out of range");
	*first = (size_t)from;
	*size = (size_t)n;
	return 0;
}

/* ---- the order of nodes -------------------------------------------------------------------------------------- */

/** Children side by side, behind their parent, each of one parent, and nothing else. */
static bool is_in_order(const struct tree_view *v, uint8_t *is_child)
{
	uint32_t n = v->n_nodes, n_children = 0;

	for (uint32_t i = 0; i < n; i++) {
		int64_t left = int_at(v, TREE_LEFT, i);

		if (left == -1)
			continue;
		if (left <= i || left >= (int64_t)n - 1 || int_at(v, TREE_RIGHT, i) != left + 1 ||
			is_child[left] || is_child[left + 1])
			return false;
		is_child[left] = is_child[left + 1] = 1;
		n_children += 2;
	}
	return n_children == n - 1;
}

/** Level by level; a node that is reached twice would make more nodes than there are. */
static int list_nodes(const struct tree_view *v, uint32_t *order, uint32_t *n_ours, struct err *e)
{
	int64_t n = v->n_nodes;

	order[0] = 0;
	*n_ours = 1;
	for (uint32_t i = 0; i < *n_ours; i++) {
		int64_t left = int_at(v, TREE_LEFT, order[i]),
			right = int_at(v, TREE_RIGHT, order[i]);

		if (left == -1)
			continue;
		if (left <= 0 || left >= n || right <= 0 || right >= n || *n_ours + 2 > n)
			return bad_children(order[i], e);
		order[(*n_ours)++] = (uint32_t)left;
		order[(*n_ours)++] = (uint32_t)right;
	}
	return 0;
}

/* ---- building ------------------------------------------------------------------------------------------------ */

struct build {
	const struct tree_view *v;
	struct tree *t;
	size_t n_features;
	uint32_t *order; /* [n] node of the file for each of ours; NULL: the same */
	uint32_t *set_of; /* [n_nodes] number of a node's set, behind 0; NULL: there are none */
	uint32_t next; /* of ours, for the next children */
	size_t cap_words;
};

static int index_sets(struct build *b, struct err *e)
{
	size_t n = b->v->fields[TREE_CATEGORY_NODES].n;

	b->t->sets = mem_array(n, sizeof(*b->t->sets), e);
	if (!b->t->sets || n == 0)
		return b->t->sets ? 0 : -1;
	b->set_of = mem_array(b->v->n_nodes, sizeof(*b->set_of), e);
	if (!b->set_of)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int64_t node = int_at(b->v, TREE_CATEGORY_NODES, i);

		if (node < 0 || node >= b->v->n_nodes || i >= UINT32_MAX)
			return err_set(e, ERR_INPUT, "a category set is out of range");
		b->set_of[node] = (uint32_t)i + 1;
	}
	return 0;
}

/** Adds a set of the file as bits to the tree. */
static int add_set(struct build *b, size_t set, struct err *e)
{
	struct tree *t = b->t;
	struct tree_set *s = t->sets + t->n_sets;
	size_t first, n;
	int32_t most = 0;

	if (find_codes(b->v, set, &first, &n, e))
		return -1;
	for (size_t i = 0; i < n; i++) {
		int32_t code = int_at(b->v, TREE_CATEGORIES, first + i);

		if (code < 0 || code >= TREE_MAX_CATEGORY)
			return err_set(e, ERR_INPUT, "category %d is out of range", code);
		most = code > most ? code : most;
	}
	if (t->n_sets == b->v->fields[TREE_CATEGORY_NODES].n)
		return err_set(e, ERR_INPUT, "a node is reached twice");
	s->first = (uint32_t)t->n_words;
	s->n_words = (uint32_t)(most / 64 + 1);
	if (t->n_words + s->n_words > SET_WORDS + (size_t)SET_WORDS_PER_NODE * b->v->n_nodes ||
		t->n_words + s->n_words > UINT32_MAX)
		return err_set(e, ERR_INPUT, "the category sets of a tree are too large");
	if (mem_grow(&t->words, &b->cap_words, t->n_words + s->n_words, sizeof(*t->words), e))
		return -1;
	memset(t->words + t->n_words, 0, s->n_words * sizeof(*t->words));
	for (size_t i = 0; i < n; i++) {
		int32_t code = int_at(b->v, TREE_CATEGORIES, first + i);

		t->words[s->first + code / 64] |= (uint64_t)1 << (code % 64);
	}
	t->n_words += s->n_words;
	t->n_sets++;
	return 0;
}

static float stat_at(const struct tree_view *v, enum tree_field f, size_t i)
{
	return v->fields[f].n ? float_at(v, f, i) : 0;
}

static int fill_node(struct build *b, uint32_t i, struct err *e)
{
	const struct tree_view *v = b->v;
	uint32_t from = b->order ? b->order[i] : i;
	struct tree_node *n = &b->t->nodes[i];
	int32_t left = int_at(v, TREE_LEFT, from), column;

	if (b->t->stats)
		b->t->stats[i] = (struct tree_stat){ stat_at(v, TREE_GAINS, from),
			stat_at(v, TREE_HESSIANS, from), stat_at(v, TREE_WEIGHTS, from) };
	n->value = float_at(v, TREE_CONDITION, from);
	n->left = left;
	n->split = 0;
	if (left == -1) {
		n->value *= v->scale;
		return 0;
	}
	if (b->order) {
		n->left = (int32_t)b->next;
		b->next += 2;
	}
	column = int_at(v, TREE_SPLIT_COLUMN, from);
	if (column < 0 || (size_t)column >= b->n_features)
		return err_set(e, ERR_INPUT, "node %u: column %d is out of range", from, column);
	n->split = (uint32_t)column;
	if (v->fields[TREE_DEFAULT].p[from])
		n->split |= TREE_DEFAULT_LEFT;
	if (!has_set(v, from))
		return 0;
	if (!b->set_of || !b->set_of[from])
		return err_set(e, ERR_INPUT, "node %u has no categories", from);
	n->split |= TREE_CATEGORICAL;
	n->set = b->t->n_sets;
	return add_set(b, b->set_of[from] - 1, e);
}

static int order_nodes(struct build *b, struct err *e)
{
	uint8_t *is_child = mem_array(b->v->n_nodes, sizeof(*is_child), e);
	bool is_ordered = is_child && is_in_order(b->v, is_child);

	free(is_child);
	b->t->n_nodes = b->v->n_nodes;
	if (!is_child)
		return -1;
	if (is_ordered)
		return 0;
	b->order = mem_array_raw((size_t)b->v->n_nodes + 1, sizeof(*b->order), e);
	return b->order ? list_nodes(b->v, b->order, &b->t->n_nodes, e) : -1;
}

int tree_view_build(const struct tree_view *v, size_t n_features, size_t n_outputs, bool with_stats,
	struct tree *t, struct err *e)
{
	struct build b = { .v = v, .t = t, .n_features = n_features, .next = 1 };
	int rc = -1;

	memset(t, 0, sizeof(*t));
	t->output = v->output;
	if (v->output >= n_outputs)
		return err_set(e, ERR_INPUT, "output %u of a tree is out of range", v->output);
	if (order_nodes(&b, e) || index_sets(&b, e))
		goto out;
	t->nodes = mem_array_raw(t->n_nodes, sizeof(*t->nodes), e);
	if (t->nodes && with_stats)
		t->stats = mem_array_raw(t->n_nodes, sizeof(*t->stats), e);
	if (!t->nodes || (with_stats && !t->stats))
		goto out;
	for (uint32_t i = 0; i < t->n_nodes; i++)
		if (fill_node(&b, i, e))
			goto out;
	rc = 0;
out:
	free(b.order);
	free(b.set_of);
	if (rc)
		tree_release(t);
	return rc;
}

/* ---- one row ------------------------------------------------------------------------------------------------- */

/** The set of a node; the list of nodes ascends, as xgboost writes it, but need not. */
static size_t set_of(const struct tree_view *v, uint32_t node)
{
	size_t lo = 0, hi = v->fields[TREE_CATEGORY_NODES].n, n = hi;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (int_at(v, TREE_CATEGORY_NODES, mid) < (int32_t)node)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < n && int_at(v, TREE_CATEGORY_NODES, lo) == (int32_t)node)
		return lo;
	for (lo = 0; lo < n && int_at(v, TREE_CATEGORY_NODES, lo) != (int32_t)node; lo++)
		;
	return lo;
}

static int is_member(
	const struct tree_view *v, uint32_t node, float value, bool *right, struct err *e)
{
	size_t set = set_of(v, node), first, n;

	if (set == v->fields[TREE_CATEGORY_NODES].n)
		return err_set(e, ERR_INPUT, "node %u has no categories", node);
	*right = false;
	if (find_codes(v, set, &first, &n, e))
		return -1;
	if (value >= 0 && value < TREE_MAX_CATEGORY)
		for (size_t i = 0; i < n && !*right; i++)
			*right = int_at(v, TREE_CATEGORIES, first + i) == (int32_t)value;
	return 0;
}

int tree_view_leaf(
	const struct tree_view *v, const float *x, size_t n_features, float *leaf, struct err *e)
{
	uint32_t at = 0;
	int32_t left;

	for (uint32_t steps = 0; (left = int_at(v, TREE_LEFT, at)) != -1; steps++) {
		int32_t column = int_at(v, TREE_SPLIT_COLUMN, at);
		bool right;
		float value;

		if (column < 0 || (size_t)column >= n_features)
			return err_set(
				e, ERR_INPUT, "node %u: column %d is out of range", at, column);
		value = x[column];
		if (isnan(value))
			right = !v->fields[TREE_DEFAULT].p[at];
		else if (!has_set(v, at))
			right = !(value < float_at(v, TREE_CONDITION, at));
		else if (is_member(v, at, value, &right, e))
			return -1;
		if (right)
			left = int_at(v, TREE_RIGHT, at);
		if (left <= 0 || (uint32_t)left >= v->n_nodes || steps == v->n_nodes)
			return bad_children(at, e);
		at = (uint32_t)left;
	}
	*leaf = float_at(v, TREE_CONDITION, at) * v->scale;
	return 0;
}

void tree_view_columns(const struct tree_view *v, size_t n_features, bool *is_used)
{
	for (uint32_t i = 0; i < v->n_nodes; i++) {
		uint32_t column = bits_at(v, TREE_SPLIT_COLUMN, i);

		if (column < n_features && int_at(v, TREE_LEFT, i) != -1)
			is_used[column] = true;
	}
}
