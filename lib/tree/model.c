#include "tree/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmath.h"
#include "base/input.h"
#include "base/mem.h"

enum base_form { BASE_AS_IS, BASE_LOGIT, BASE_LOG };

static const struct objective {
	const char *name;
	enum tree_task task;
	enum tree_link link;
	enum base_form base;
} objectives[] = {
	{ "binary:logistic", TREE_BINARY, TREE_SIGMOID, BASE_LOGIT },
	{ "reg:squarederror", TREE_REGRESSION, TREE_IDENTITY, BASE_AS_IS },
	{ "reg:linear", TREE_REGRESSION, TREE_IDENTITY, BASE_AS_IS },
	{ "multi:softprob", TREE_MULTICLASS, TREE_SOFTMAX, BASE_AS_IS },
	{ "multi:softmax", TREE_MULTICLASS, TREE_SOFTMAX, BASE_AS_IS },
	{ "reg:logistic", TREE_REGRESSION, TREE_SIGMOID, BASE_LOGIT },
	{ "binary:logitraw", TREE_REGRESSION, TREE_IDENTITY, BASE_AS_IS },
	{ "reg:absoluteerror", TREE_REGRESSION, TREE_IDENTITY, BASE_AS_IS },
	{ "reg:squaredlogerror", TREE_REGRESSION, TREE_IDENTITY, BASE_AS_IS },
	{ "reg:pseudohubererror", TREE_REGRESSION, TREE_IDENTITY, BASE_AS_IS },
	{ "reg:quantileerror", TREE_REGRESSION, TREE_IDENTITY, BASE_AS_IS },
	{ "count:poisson", TREE_REGRESSION, TREE_EXP, BASE_LOG },
	{ "reg:gamma", TREE_REGRESSION, TREE_EXP, BASE_LOG },
	{ "reg:tweedie", TREE_REGRESSION, TREE_EXP, BASE_LOG },
	{ "rank:ndcg", TREE_REGRESSION, TREE_IDENTITY, BASE_AS_IS },
	{ "rank:pairwise", TREE_REGRESSION, TREE_IDENTITY, BASE_AS_IS },
	{ "rank:map", TREE_REGRESSION, TREE_IDENTITY, BASE_AS_IS },
};

struct tree_model *tree_model_new(size_t n_features, size_t n_outputs, struct err *e)
{
	struct tree_model *m = mem_new(sizeof(*m), e);

	if (!m)
		return NULL;
	m->n_parallel = 1;
	m->best_iteration = -1;
	m->has_names = true;
	m->n_features = n_features;
	m->n_outputs = n_outputs;
	m->features = mem_array(n_features, sizeof(*m->features), e);
	if (!m->features)
		goto fail;
	m->base_margin = mem_array(n_outputs, sizeof(*m->base_margin), e);
	if (!m->base_margin)
		goto fail;
	return m;
fail:
	tree_model_free(m);
	return NULL;
}

void tree_release(struct tree *t)
{
	free(t->nodes);
	free(t->stats);
	free(t->sets);
	free(t->words);
	memset(t, 0, sizeof(*t));
}

void tree_model_truncate(struct tree_model *m, size_t n_trees)
{
	while (m->n_trees > n_trees)
		tree_release(&m->trees[--m->n_trees]);
}

void tree_model_free(struct tree_model *m)
{
	size_t i;

	if (!m)
		return;
	tree_model_truncate(m, 0);
	free(m->trees);
	free(m->views);
	input_close(m->file);
	for (i = 0; m->features && i < m->n_features; i++) {
		free(m->features[i].name);
		free(m->features[i].categories);
		free(m->features[i].names);
	}
	free(m->features);
	free(m->base_margin);
	for (i = 0; m->labels && i < m->n_labels; i++)
		free(m->labels[i]);
	free(m->labels);
	free(m->objective);
	free(m->target);
	free(m->run);
	free(m);
}

int tree_model_add(struct tree_model *m, const struct tree *t, struct err *e)
{
	if (mem_grow(&m->trees, &m->cap_trees, m->n_trees + 1, sizeof(*m->trees), e))
		return -1;
	m->trees[m->n_trees++] = *t;
	return 0;
}

int tree_feature_set_categories(
	struct tree_feature *f, const struct slice *names, uint32_t n, struct err *e)
{
	size_t len = 0;
	char *p;
	uint32_t i;

	for (i = 0; i < n; i++)
		len += names[i].len;
	free(f->names);
	free(f->categories);
	f->n_categories = 0;
	f->names = NULL;
	f->categories = mem_array(n, sizeof(*f->categories), e);
	if (!f->categories)
		return -1;
	f->names = p = mem_new(len, e);
	if (!p)
		return -1;
	for (i = 0; i < n; i++) {
		if (names[i].len)
			memcpy(p, names[i].p, names[i].len);
		f->categories[i] = (struct slice){ p, names[i].len };
		p += names[i].len;
	}
	f->n_categories = n;
	f->is_categorical = true;
	return 0;
}

int tree_model_set_objective(struct tree_model *m, const char *name, struct err *e)
{
	const size_t n = sizeof(objectives) / sizeof(objectives[0]);
	char *copy;
	size_t i;

	for (i = 0; i < n && strcmp(objectives[i].name, name) != 0; i++)
		;
	if (i == n) {
		err_set(e, ERR_INPUT, "objective '%s' is not supported", name);
		return err_hint(e, "binary:logistic, multi:softprob, reg:squarederror and some "
				   "others of xgboost are");
	}
	copy = mem_dup(name, e);
	if (!copy)
		return -1;
	free(m->objective);
	m->objective = copy;
	m->task = objectives[i].task;
	m->link = objectives[i].link;
	for (size_t k = 0; k < m->n_outputs; k++) {
		float b = m->base_margin[k];

		if (objectives[i].base == BASE_LOGIT) {
			/* strictly inside (0,1), as xgboost clips it */
			b = fminf(fmaxf(b, 1e-6f), 1 - 1e-6f);
			b = -(float)fmath_log((double)(1.0f / b - 1.0f));
		} else if (objectives[i].base == BASE_LOG) {
			b = (float)fmath_log((double)b);
		}
		m->base_margin[k] = b;
	}
	return 0;
}

long tree_model_feature(const struct tree_model *m, const char *name)
{
	for (size_t i = 0; i < m->n_features; i++)
		if (strcmp(m->features[i].name, name) == 0)
			return (long)i;
	return -1;
}

static int node_check(const struct tree *t, uint32_t i, size_t n_features, struct err *e)
{
	const struct tree_node *n = &t->nodes[i];

	if (n->left < 0)
		return 0;
	if ((uint32_t)n->left <= i || (uint32_t)n->left >= t->n_nodes - 1)
		return err_set(e, ERR_INPUT, "node %u: child %d is out of range", i, n->left);
	if ((n->split & TREE_COLUMN) >= n_features)
		return err_set(e, ERR_INPUT, "node %u: column %u is out of range", i,
			n->split & TREE_COLUMN);
	if (n->split & TREE_CATEGORICAL && n->set >= t->n_sets)
		return err_set(e, ERR_INPUT, "node %u: its categories are missing", i);
	return 0;
}

int tree_check(const struct tree *t, size_t n_features, size_t n_outputs, struct err *e)
{
	uint32_t i;

	if (t->n_nodes == 0 || t->n_nodes > INT32_MAX)
		return err_set(e, ERR_INPUT, "a tree without nodes");
	if (t->output >= n_outputs)
		return err_set(e, ERR_INPUT, "output %u of a tree is out of range", t->output);
	for (i = 0; i < t->n_sets; i++)
		if ((size_t)t->sets[i].first + t->sets[i].n_words > t->n_words)
			return err_set(e, ERR_INPUT, "set %u of a tree is out of range", i);
	for (i = 0; i < t->n_nodes; i++)
		if (node_check(t, i, n_features, e))
			return -1;
	return 0;
}

void tree_importance_add(const struct tree *t, enum tree_importance kind, double *sum)
{
	for (uint32_t i = 0; i < t->n_nodes; i++) {
		double v = 1;

		if (t->nodes[i].left < 0)
			continue;
		if (kind == TREE_GAIN)
			v = t->stats ? (double)t->stats[i].gain : 0;
		else if (kind == TREE_COVER)
			v = t->stats ? (double)t->stats[i].hessian : 0;
		sum[t->nodes[i].split & TREE_COLUMN] += v;
	}
}
