#include "tree/model_arrays.h"

#include <stdlib.h>

#include "base/mem.h"

enum { ROOT_PARENT = 2147483647 };

/** One column of a tree's table, made in `v` and written. */
struct column {
	const struct tree_emit *em;
	struct buf *b;
	const struct tree *t;
	union {
		int32_t *ints; /* [max(n_nodes, categories)] */
		float *floats;
	};
};

static void add_links(struct column *c)
{
	const struct tree_emit *em = c->em;
	const struct tree *t = c->t;
	uint32_t n = t->n_nodes;

	em->key(c->b, "left_children");
	for (uint32_t i = 0; i < n; i++)
		c->ints[i] = t->nodes[i].left;
	em->ints(c->b, 'l', c->ints, n);
	em->key(c->b, "right_children");
	for (uint32_t i = 0; i < n; i++)
		c->ints[i] = t->nodes[i].left < 0 ? -1 : t->nodes[i].left + 1;
	em->ints(c->b, 'l', c->ints, n);
	em->key(c->b, "parents");
	c->ints[0] = ROOT_PARENT;
	for (uint32_t i = 0; i < n; i++)
		if (t->nodes[i].left >= 0)
			c->ints[t->nodes[i].left] = c->ints[t->nodes[i].left + 1] = (int32_t)i;
	em->ints(c->b, 'l', c->ints, n);
}

static void add_splits(struct column *c)
{
	const struct tree_emit *em = c->em;
	const struct tree_node *nodes = c->t->nodes;
	uint32_t n = c->t->n_nodes, i;

	em->key(c->b, "split_indices");
	for (i = 0; i < n; i++)
		c->ints[i] = nodes[i].left < 0 ? 0 : (int32_t)(nodes[i].split & TREE_COLUMN);
	em->ints(c->b, 'l', c->ints, n);
	em->key(c->b, "default_left");
	for (i = 0; i < n; i++)
		c->ints[i] = nodes[i].left >= 0 && nodes[i].split & TREE_DEFAULT_LEFT;
	em->ints(c->b, 'U', c->ints, n);
	em->key(c->b, "split_type");
	for (i = 0; i < n; i++)
		c->ints[i] = nodes[i].left >= 0 && nodes[i].split & TREE_CATEGORICAL;
	em->ints(c->b, 'U', c->ints, n);
	em->key(c->b, "split_conditions");
	for (i = 0; i < n; i++)
		c->floats[i] = nodes[i].left >= 0 && nodes[i].split & TREE_CATEGORICAL
				       ? 0
				       : nodes[i].value;
	em->floats(c->b, c->floats, n);
}

static void add_stats(struct column *c)
{
	static const char *const keys[] = { "loss_changes", "sum_hessian", "base_weights" };
	const struct tree *t = c->t;

	for (int k = 0; k < 3; k++) {
		c->em->key(c->b, keys[k]);
		for (uint32_t i = 0; i < t->n_nodes; i++) {
			const struct tree_stat *s = t->stats ? &t->stats[i] : NULL;

			c->floats[i] = !s ? 0 : k == 0 ? s->gain : k == 1 ? s->hessian : s->weight;
		}
		c->em->floats(c->b, c->floats, t->n_nodes);
	}
}

static bool is_set(const struct tree_node *n)
{
	return n->left >= 0 && n->split & TREE_CATEGORICAL;
}

static uint32_t list_set(const struct tree *t, uint32_t set, int32_t *codes)
{
	uint32_t n = 0;

	for (uint32_t c = 0; c < 64 * t->sets[set].n_words; c++)
		if (tree_set_has(t, set, c))
			codes[n++] = (int32_t)c;
	return n;
}

static void add_sets(struct column *c)
{
	const struct tree_emit *em = c->em;
	const struct tree *t = c->t;
	size_t n = 0;
	uint32_t i;

	em->key(c->b, "categories");
	for (i = 0; i < t->n_nodes; i++)
		if (is_set(&t->nodes[i]))
			n += list_set(t, t->nodes[i].set, c->ints + n);
	em->ints(c->b, 'l', c->ints, n);
	em->key(c->b, "categories_nodes");
	for (n = i = 0; i < t->n_nodes; i++)
		if (is_set(&t->nodes[i]))
			c->ints[n++] = (int32_t)i;
	em->ints(c->b, 'l', c->ints, n);
	em->key(c->b, "categories_sizes");
	for (n = i = 0; i < t->n_nodes; i++)
		if (is_set(&t->nodes[i])) {
			int32_t size = 0;

			for (uint32_t b = 0; b < 64 * t->sets[t->nodes[i].set].n_words; b++)
				size += tree_set_has(t, t->nodes[i].set, b);
			c->ints[n++] = size;
		}
	em->ints(c->b, 'L', c->ints, n);
	em->key(c->b, "categories_segments");
	for (size_t k = 0, sum = 0; k < n; k++) {
		int32_t size = c->ints[k];

		c->ints[k] = (int32_t)sum;
		sum += (size_t)size;
	}
	em->ints(c->b, 'L', c->ints, n);
}

int tree_arrays_emit(
	const struct tree_emit *em, struct buf *b, const struct tree *t, size_t id, struct err *e)
{
	size_t room = t->n_nodes > t->n_words * 64 ? t->n_nodes : t->n_words * 64;
	struct column c = { .em = em, .b = b, .t = t };

	c.ints = mem_array_raw(room, sizeof(*c.ints), e);
	if (!c.ints)
		return -1;
	add_sets(&c);
	em->key(b, "id");
	em->integer(b, (int64_t)id);
	add_links(&c);
	add_splits(&c);
	add_stats(&c);
	free(c.ints);
	return 0;
}
