#include "tree/grown.h"

#include <string.h>

#include "base/mem.h"

static void export_set(struct tree *t, const struct tree_split *s, uint32_t n_categories)
{
	struct tree_set *set = &t->sets[t->n_sets];

	set->first = (uint32_t)t->n_words;
	set->n_words = (n_categories + 63) / 64;
	memcpy(t->words + t->n_words, s->right, set->n_words * sizeof(*t->words));
	t->n_words += set->n_words;
	t->n_sets++;
}

static void export_node(
	const struct tree_frame *f, const struct tree_grow_node *from, struct tree *t, uint32_t i)
{
	const struct tree_split *s = &from[i].split;
	const struct tree_frame_column *c = &f->cols[s->col];
	struct tree_node *n = &t->nodes[i];

	n->left = from[i].left;
	if (n->left < 0)
		return;
	n->split = s->col | (s->default_left ? TREE_DEFAULT_LEFT : 0);
	if (s->is_categorical) {
		n->split |= TREE_CATEGORICAL;
		n->set = t->n_sets;
		export_set(t, s, c->n_categories);
		return;
	}
	n->value = s->bin == c->n_bins - 1 ? c->above : c->cuts[s->bin - 1];
}

int tree_grown_export(const struct tree_frame *f, const struct tree_grow_node *from, uint32_t n,
	struct tree *t, struct err *e)
{
	uint32_t n_sets = 0;
	size_t n_words = 0;

	memset(t, 0, sizeof(*t));
	for (uint32_t i = 0; i < n; i++) {
		const struct tree_split *s = &from[i].split;

		if (from[i].left < 0 || !s->is_categorical)
			continue;
		n_sets++;
		n_words += tree_split_words(&f->cols[s->col]);
	}
	t->nodes = mem_array(n, sizeof(*t->nodes), e);
	t->stats = t->nodes ? mem_array(n, sizeof(*t->stats), e) : NULL;
	t->sets = t->stats ? mem_array(n_sets, sizeof(*t->sets), e) : NULL;
	t->words = t->sets ? mem_array(n_words, sizeof(*t->words), e) : NULL;
	if (!t->words) {
		tree_release(t);
		return -1;
	}
	t->n_nodes = n;
	for (uint32_t i = 0; i < n; i++)
		export_node(f, from, t, i);
	return 0;
}

/** The last bin whose values are below the threshold; 0: it is no edge of a bin. */
static uint32_t bin_below(const struct tree_frame_column *c, float threshold)
{
	uint32_t lo = 0, hi = c->n_bins - 2; /* cuts */

	if (threshold == c->above)
		return c->n_bins - 1;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (c->cuts[mid] < threshold)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < c->n_bins - 2 && c->cuts[lo] == threshold ? lo + 1 : 0;
}

static int import_set(const struct tree_frame_column *c, const struct tree *t, uint32_t set,
	struct tree_split *s, struct err *e)
{
	size_t n = tree_split_words(c), n_there = t->sets[set].n_words;

	s->right = mem_array(n, sizeof(*s->right), e);
	if (!s->right)
		return -1;
	memcpy(s->right, t->words + t->sets[set].first,
		(n_there < n ? n_there : n) * sizeof(*s->right));
	return 0;
}

int tree_grown_import(const struct tree_frame *f, const struct tree *t, uint32_t node,
	struct tree_split *s, struct err *e)
{
	const struct tree_node *n = &t->nodes[node];
	const struct tree_frame_column *c = &f->cols[n->split & TREE_COLUMN];

	*s = (struct tree_split){
		.gain = 1,
		.col = n->split & TREE_COLUMN,
		.default_left = n->split & TREE_DEFAULT_LEFT,
		.is_categorical = n->split & TREE_CATEGORICAL,
	};
	if (s->is_categorical != c->is_categorical)
		return err_set(e, ERR_INPUT,
			"column '%s' has texts in one of them, numbers in the other",
			c->source->name);
	if (s->is_categorical)
		return import_set(c, t, n->set, s, e);
	s->bin = bin_below(c, n->value);
	if (s->bin)
		return 0;
	return err_set(e, ERR_INPUT, "it splits column '%s' where this table has no edge of a bin",
		c->source->name);
}
