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
