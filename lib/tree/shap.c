#include "tree/shap.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define NO_COLUMN UINT32_MAX

/** A column on the way from the root: shares of what comes through without it, and with it; weight of subsets. */
struct element {
	uint32_t column;
	double zero, one, weight;
};

struct tree_shap {
	const struct tree_model *m;
	double *bias; /* [n_outputs] */
	uint32_t depth; /* of the deepest tree */
};

struct row {
	const struct tree *t;
	const float *x;
	double *out; /* [n_features] of the tree's output */
};

/* ---- life ---------------------------------------------------------------------------------------------------- */

/** The mean of the leaves by cover, and the depth. */
static int measure_tree(const struct tree *t, double *mean, uint32_t *depth, struct err *e)
{
	double *value = mem_array(t->n_nodes, sizeof(*value), e);
	uint32_t *level = value ? mem_array(t->n_nodes, sizeof(*level), e) : NULL;

	if (!level) {
		free(value);
		return -1;
	}
	for (uint32_t i = 0; i < t->n_nodes; i++) {
		*depth = level[i] > *depth ? level[i] : *depth;
		if (t->nodes[i].left >= 0)
			level[t->nodes[i].left] = level[t->nodes[i].left + 1] = level[i] + 1;
	}
	for (uint32_t i = t->n_nodes; i-- > 0;) {
		int32_t l = t->nodes[i].left;
		double a = l >= 0 ? (double)t->stats[l].hessian : 1;
		double b = l >= 0 ? (double)t->stats[l + 1].hessian : 0;

		if (l < 0)
			value[i] = (double)t->nodes[i].value;
		else if (a + b > 0)
			value[i] = (value[l] * a + value[l + 1] * b) / (a + b);
		else
			value[i] = (value[l] + value[l + 1]) / 2;
	}
	*mean = value[0];
	free(value);
	free(level);
	return 0;
}

static int check_tree(const struct tree *t, struct err *e)
{
	if (!t->stats || (t->n_nodes > 1 && !(t->stats[0].hessian > 0))) {
		err_set(e, ERR_INPUT, "the model says nothing of its training rows (sum_hessian)");
		return err_hint(e, "contributions cannot be told without");
	}
	return 0;
}

struct tree_shap *tree_shap_new(const struct tree_model *m, struct err *e)
{
	struct tree_shap *s = mem_new(sizeof(*s), e);

	if (!s)
		return NULL;
	s->m = m;
	s->bias = mem_array(m->n_outputs, sizeof(*s->bias), e);
	if (!s->bias)
		goto fail;
	for (size_t k = 0; k < m->n_outputs; k++)
		s->bias[k] = (double)m->base_margin[k];
	for (size_t i = 0; i < m->n_trees; i++) {
		double mean = 0;

		if (check_tree(&m->trees[i], e) || measure_tree(&m->trees[i], &mean, &s->depth, e))
			goto fail;
		s->bias[m->trees[i].output] += mean;
	}
	if (s->depth > TREE_SHAP_DEPTH) {
		err_set(e, ERR_INPUT, "a tree is %u levels deep, more than %d", s->depth,
			TREE_SHAP_DEPTH);
		err_hint(e, "contributions would take for ever");
		goto fail;
	}
	return s;
fail:
	tree_shap_free(s);
	return NULL;
}

void tree_shap_free(struct tree_shap *s)
{
	if (!s)
		return;
	free(s->bias);
	free(s);
}

/* ---- paths: `n` elements, of which the first is no column ---------------------------------------------------- */

static void extend(struct element *path, uint32_t n, uint32_t column, double zero, double one)
{
	path[n] = (struct element){ column, zero, one, n == 0 };
	for (uint32_t i = n; i-- > 0;) {
		path[i + 1].weight += one * path[i].weight * (i + 1) / (n + 1);
		path[i].weight = zero * path[i].weight * (n - i) / (n + 1);
	}
}

/** Takes element k out of `n`. */
static void unwind(struct element *path, uint32_t n, uint32_t k)
{
	double one = path[k].one, zero = path[k].zero, next = path[n - 1].weight;

	for (uint32_t i = n - 1; i-- > 0;) {
		if (one != 0) {
			double w = path[i].weight;

			path[i].weight = next * n / ((i + 1) * one);
			next = w - path[i].weight * zero * (n - 1 - i) / n;
		} else {
			path[i].weight = path[i].weight * n / (zero * (n - 1 - i));
		}
	}
	for (uint32_t i = k; i + 1 < n; i++) {
		path[i].column = path[i + 1].column;
		path[i].zero = path[i + 1].zero;
		path[i].one = path[i + 1].one;
	}
}

/** The sum of the weights that unwind() would leave. */
static double unwound_sum(const struct element *path, uint32_t n, uint32_t k)
{
	double one = path[k].one, zero = path[k].zero, next = path[n - 1].weight, sum = 0;

	for (uint32_t i = n - 1; i-- > 0;) {
		if (one != 0) {
			double w = next * n / ((i + 1) * one);

			sum += w;
			next = path[i].weight - w * zero * (n - 1 - i) / n;
		} else {
			sum += path[i].weight * n / (zero * (n - 1 - i));
		}
	}
	return sum;
}

/* ---- a tree -------------------------------------------------------------------------------------------------- */

static double share_of(const struct tree *t, uint32_t child, uint32_t node)
{
	double all = (double)t->stats[node].hessian;

	return all > 0 ? (double)t->stats[child].hessian / all : 0.5;
}

/**
 * Follows the path of `n` elements, to which the last one is added, to all leaves below the node. Each level works on a
 * copy behind that of the one above: their sizes add up to no more than (depth + 2)^2 / 2.
 */
static void follow(const struct row *r, uint32_t node, const struct element *above, uint32_t n,
	struct element last)
{
	const struct tree_node *at = &r->t->nodes[node];
	struct element *path = (struct element *)(uintptr_t)above + n;
	double zero = 1, one = 1;
	uint32_t column, hot, cold;

	if (last.zero == 0 && last.one == 0)
		return; /* nothing comes here, with the column or without */
	memcpy(path, above, n * sizeof(*path));
	extend(path, n++, last.column, last.zero, last.one);
	if (at->left < 0) {
		for (uint32_t i = 1; i < n; i++)
			r->out[path[i].column] += unwound_sum(path, n, i) *
						  (path[i].one - path[i].zero) * (double)at->value;
		return;
	}
	column = at->split & TREE_COLUMN;
	hot = (uint32_t)at->left + tree_node_right(r->t, at, r->x[column]);
	cold = hot == (uint32_t)at->left ? hot + 1 : hot - 1;
	for (uint32_t i = 1; i < n; i++)
		if (path[i].column == column) {
			zero = path[i].zero;
			one = path[i].one;
			unwind(path, n--, i);
			break;
		}
	follow(r, hot, path, n,
		(struct element){ column, zero * share_of(r->t, hot, node), one, 0 });
	follow(r, cold, path, n,
		(struct element){ column, zero * share_of(r->t, cold, node), 0, 0 });
}

int tree_shap_rows(
	const struct tree_shap *s, const float *x, size_t n_rows, float *out, struct err *e)
{
	const struct tree_model *m = s->m;
	size_t n = m->n_features, k = m->n_outputs, depth = s->depth;
	struct element *path = mem_array((depth + 3) * (depth + 4) / 2 + 1, sizeof(*path), e);
	double *sums = path ? mem_array(k * n, sizeof(*sums), e) : NULL;

	if (!sums) {
		free(path);
		return -1;
	}
	for (size_t i = 0; i < n_rows; i++) {
		memset(sums, 0, k * n * sizeof(*sums));
		for (size_t t = 0; t < m->n_trees; t++) {
			struct row r = { &m->trees[t], x + i * n, sums + m->trees[t].output * n };

			follow(&r, 0, path, 0, (struct element){ NO_COLUMN, 1, 1, 0 });
		}
		for (size_t o = 0; o < k; o++) {
			for (size_t c = 0; c < n; c++)
				*out++ = (float)sums[o * n + c];
			*out++ = (float)s->bias[o];
		}
	}
	free(sums);
	free(path);
	return 0;
}
