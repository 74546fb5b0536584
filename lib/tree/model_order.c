#include "tree/model_order.h"

#include <stdlib.h>

#include "base/mem.h"

/** Children side by side, level by level, until there are enough; how many nodes have had their children then. */
static uint32_t list_top(const struct tree *t, uint32_t *order, uint32_t *n)
{
	uint32_t done = 0;

	order[0] = 0;
	for (*n = 1; done < *n && *n < TREE_ORDER_TOP; done++) {
		int32_t left = t->nodes[order[done]].left;

		if (left < 0)
			continue;
		order[(*n)++] = (uint32_t)left;
		order[(*n)++] = (uint32_t)left + 1;
	}
	return done;
}

/** What is below a node, its heavier child first. `stack` has room for a node of each level. */
static void list_below(
	const struct tree *t, uint32_t node, uint32_t *stack, uint32_t *order, uint32_t *n)
{
	uint32_t n_stack = 0;

	stack[n_stack++] = node;
	while (n_stack) {
		int32_t left = t->nodes[stack[--n_stack]].left;
		uint32_t heavy, light;

		if (left < 0)
			continue;
		heavy = light = (uint32_t)left;
		if (t->stats && t->stats[left + 1].hessian > t->stats[left].hessian)
			heavy++;
		else
			light++;
		order[(*n)++] = (uint32_t)left;
		order[(*n)++] = (uint32_t)left + 1;
		stack[n_stack++] = light;
		stack[n_stack++] = heavy;
	}
}

int tree_order(const struct tree *t, struct tree *out, struct err *e)
{
	uint32_t *order = mem_array_raw(t->n_nodes, sizeof(*order), e);
	uint32_t *other = order ? mem_array_raw((size_t)t->n_nodes + 1, sizeof(*other), e) : NULL;
	uint32_t n, done, top;
	int rc = -1;

	*out = *t;
	out->nodes = other ? mem_array_raw(t->n_nodes, sizeof(*out->nodes), e) : NULL;
	out->stats = NULL;
	if (out->nodes && t->stats)
		out->stats = mem_array_raw(t->n_nodes, sizeof(*out->stats), e);
	if (!out->nodes || (t->stats && !out->stats))
		goto out;
	done = list_top(t, order, &n);
	for (top = n; done < top; done++)
		list_below(t, order[done], other, order, &n);
	/* from now on `other` says where each node went */
	for (uint32_t i = 0; i < n; i++)
		other[order[i]] = i;
	for (uint32_t i = 0; i < n; i++) {
		out->nodes[i] = t->nodes[order[i]];
		if (out->nodes[i].left >= 0)
			out->nodes[i].left = (int32_t)other[out->nodes[i].left];
		if (t->stats)
			out->stats[i] = t->stats[order[i]];
	}
	out->n_nodes = n;
	rc = 0;
out:
	if (rc) {
		free(out->nodes);
		free(out->stats);
	}
	free(order);
	free(other);
	return rc;
}
