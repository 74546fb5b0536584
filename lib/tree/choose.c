#include "tree/choose.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

enum { STREAM_NODE = 1 << 20 /* beyond all depths */ };

static bool has_sets(const struct tree_choice *c)
{
	return c->constraints && c->constraints->n_sets;
}

static bool draws(double share)
{
	return share > 0 && share < 1;
}

bool tree_choice_is_free(const struct tree_choice *c)
{
	return !draws(c->by_level) && !draws(c->by_node) && !has_sets(c);
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

size_t tree_choose_share(uint32_t *cols, size_t n, double share, uint64_t key, uint64_t stream)
{
	size_t k = (size_t)fmax(1, floor(share * (double)n + 0.5));

	for (size_t i = 0; i < k; i++) {
		size_t j = i + rng_below(key, stream, i, n - i);
		uint32_t swap = cols[i];

		cols[i] = cols[j];
		cols[j] = swap;
	}
	qsort(cols, k, sizeof(*cols), by_number);
	return k;
}

static size_t keep_allowed(
	const struct tree_choice *c, const struct tree_choice_node *node, uint32_t *cols, size_t n)
{
	size_t k = 0;

	memset(node->allowed, 0xff, c->constraints->words * sizeof(*node->allowed));
	tree_constraints_meet(c->constraints, node->path, node->allowed);
	for (size_t i = 0; i < n; i++)
		if (node->allowed[cols[i] / 64] >> (cols[i] % 64) & 1)
			cols[k++] = cols[i];
	return k;
}

size_t tree_choose(const struct tree_choice *c, struct tree_columns all,
	const struct tree_choice_node *node, uint32_t *out)
{
	size_t n = all.n;

	for (size_t i = 0; i < n; i++)
		out[i] = all.list ? all.list[i] : (uint32_t)i;
	if (draws(c->by_level))
		n = tree_choose_share(out, n, c->by_level, node->tree_key, node->depth);
	if (draws(c->by_node))
		n = tree_choose_share(out, n, c->by_node, node->key, STREAM_NODE);
	return has_sets(c) ? keep_allowed(c, node, out, n) : n;
}
