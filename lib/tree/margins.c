#include "tree/margins.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tree/flat.h"
#include "tree/model_view.h"

enum {
	LANES = 8, /* rows that go down a tree side by side: their loads overlap */
	NODES_PER_ROW =
		64, /* to make a tree flat costs as much as a row's way by so many of its nodes */
};

struct tree_margins {
	const struct tree_model *m;
	size_t n_nodes; /* of all trees */
	pthread_mutex_t lock; /* of the following */
	size_t n_seen; /* rows predicted so far */
	bool is_prepared;
	struct tree_flat *flat; /* NULL: not yet, or the trees do not fit */
	struct tree *built; /* [n_trees] then, of views; NULL: not wanted */
};

struct tree_margins *tree_margins_new(const struct tree_model *m, struct err *e)
{
	struct tree_margins *p = mem_new(sizeof(*p), e);

	if (!p)
		return NULL;
	p->m = m;
	for (size_t i = 0; i < m->n_trees; i++)
		p->n_nodes += m->trees[i].n_nodes + (m->views ? m->views[i].n_nodes : 0);
	pthread_mutex_init(&p->lock, NULL);
	return p;
}

void tree_margins_free(struct tree_margins *p)
{
	if (!p)
		return;
	tree_flat_free(p->flat);
	for (size_t i = 0; p->built && i < p->m->n_trees; i++)
		tree_release(&p->built[i]);
	free(p->built);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

size_t tree_margins_n_nodes(const struct tree_margins *p)
{
	return p->n_nodes;
}

/* ---- few rows --------------------------------------------------------------------------------------- */

static float find_leaf(const struct tree *t, const float *x)
{
	const struct tree_node *n = t->nodes;

	while (n->left >= 0)
		n = t->nodes + n->left + tree_node_right(t, n, x[n->split & TREE_COLUMN]);
	return n->value;
}

/** LANES rows at once, so that the cache misses of one do not wait for those of another. */
static void find_leaves(const struct tree *t, const float *x, size_t stride, float out[LANES])
{
	const struct tree_node *at[LANES];
	bool busy;

	for (int j = 0; j < LANES; j++)
		at[j] = t->nodes;
	do {
		busy = false;
		for (int j = 0; j < LANES; j++) {
			const struct tree_node *n = at[j];

			if (n->left < 0)
				continue;
			at[j] = t->nodes + n->left +
				tree_node_right(
					t, n, x[(size_t)j * stride + (n->split & TREE_COLUMN)]);
			busy = true;
		}
	} while (busy);
	for (int j = 0; j < LANES; j++)
		out[j] = at[j]->value;
}

void tree_add_leaves(const struct tree *t, const float *x, size_t n_rows, size_t n_features,
	float *out, size_t stride)
{
	float leaf[LANES];
	size_t i = 0;

	for (; i + LANES <= n_rows; i += LANES) {
		find_leaves(t, x + i * n_features, n_features, leaf);
		for (size_t j = 0; j < LANES; j++)
			out[(i + j) * stride] += leaf[j];
	}
	for (; i < n_rows; i++)
		out[i * stride] += find_leaf(t, x + i * n_features);
}

/* ---- many rows ------------------------------------------------------------------------------------- */

static bool is_view(const struct tree_margins *p, size_t i)
{
	return p->m->views && p->m->views[i].n_nodes && !p->built;
}

/** The tree, built in `own` from its view if there is no other. */
static const struct tree *get_tree(
	const struct tree_margins *p, size_t i, struct tree *own, struct err *e)
{
	const struct tree_model *m = p->m;

	memset(own, 0, sizeof(*own));
	if (!is_view(p, i))
		return p->built && p->built[i].n_nodes ? &p->built[i] : &m->trees[i];
	if (!tree_view_build(&m->views[i], m->n_features, m->n_outputs, false, own, e))
		return own;
	err_at(e, "tree %zu", i);
	return NULL;
}

enum prepare_step { LOOK, PUT, KEEP };

/** What all threads do with the trees. */
struct prepare {
	struct tree_margins *p;
	enum prepare_step step;
	struct tree_flat *flat;
	struct tree *built; /* KEEP: here */
	pthread_mutex_t lock; /* of looking, and of the following */
	size_t bad; /* the first tree that failed */
	struct err e; /* why */
};

static int prepare_tree(struct prepare *j, size_t i, struct err *e)
{
	struct tree own;
	const struct tree *t = get_tree(j->p, i, &own, e);
	int rc = t ? 0 : -1;

	if (t && j->step == LOOK) {
		pthread_mutex_lock(&j->lock);
		rc = tree_flat_look(j->flat, t, e);
		pthread_mutex_unlock(&j->lock);
	} else if (t && j->step == PUT) {
		rc = tree_flat_put(j->flat, i, t, e);
	} else if (t == &own) {
		j->built[i] = own;
		return 0;
	}
	tree_release(&own);
	return rc;
}

static void prepare_task(void *ctx, size_t i, int worker)
{
	struct prepare *j = ctx;
	struct err e = ERR_INIT;

	(void)worker;
	if (!prepare_tree(j, i, &e))
		return;
	pthread_mutex_lock(&j->lock);
	if (i < j->bad) {
		j->bad = i;
		j->e = e;
	}
	pthread_mutex_unlock(&j->lock);
}

/** One step over all trees. `pool` NULL: by this thread alone. */
static int prepare_all(struct prepare *j, enum prepare_step step, struct pool *pool, struct err *e)
{
	size_t n = j->p->m->n_trees;

	j->step = step;
	j->bad = SIZE_MAX;
	pthread_mutex_init(&j->lock, NULL);
	if (pool)
		pool_for(pool, n, prepare_task, j);
	else
		for (size_t i = 0; i < n; i++)
			prepare_task(j, i, 0);
	pthread_mutex_destroy(&j->lock);
	if (j->bad == SIZE_MAX)
		return 0;
	*e = j->e;
	return -1;
}

static int prepare(struct tree_margins *p, struct pool *pool, struct err *e)
{
	struct prepare j = { .p = p };
	int fits = -1;

	j.flat = tree_flat_new(p->m->n_trees, p->m->n_features, e);
	if (j.flat && !prepare_all(&j, LOOK, pool, e))
		fits = tree_flat_rank(j.flat, e);
	if (fits == 1 && !prepare_all(&j, PUT, pool, e)) {
		p->flat = j.flat;
		return 0;
	}
	tree_flat_free(j.flat);
	if (fits != 0)
		return -1;
	if (!p->m->views)
		return 0;
	j.built = mem_array(p->m->n_trees, sizeof(*j.built), e);
	if (!j.built)
		return -1;
	fits = prepare_all(&j, KEEP, pool, e);
	p->built = j.built;
	return fits;
}

static int prepare_once(struct tree_margins *p, struct pool *pool, struct err *e)
{
	if (!p->is_prepared && prepare(p, pool, e))
		return -1;
	p->is_prepared = true;
	return 0;
}

int tree_margins_prepare(struct tree_margins *p, struct pool *pool, struct err *e)
{
	int rc;

	pthread_mutex_lock(&p->lock);
	rc = prepare_once(p, pool, e);
	pthread_mutex_unlock(&p->lock);
	return rc;
}

/** Counts rows, and prepares the trees if so many have come that it is worth it. Are they? */
static int count_rows(struct tree_margins *p, size_t n_rows, bool *is_prepared, struct err *e)
{
	int rc = 0;

	pthread_mutex_lock(&p->lock);
	p->n_seen += n_rows;
	if (p->n_seen >= p->n_nodes / NODES_PER_ROW / (p->m->n_trees + 1))
		rc = prepare_once(p, NULL, e);
	*is_prepared = p->is_prepared;
	pthread_mutex_unlock(&p->lock);
	return rc;
}

static int add_view(const struct tree_margins *p, size_t i, const float *x, size_t n_rows,
	float *margins, struct err *e)
{
	const struct tree_view *v = &p->m->views[i];
	float leaf;

	if (v->output >= p->m->n_outputs)
		return err_set(e, ERR_INPUT, "tree %zu: its output is out of range", i);
	for (size_t r = 0; r < n_rows; r++) {
		if (tree_view_leaf(v, x + r * p->m->n_features, p->m->n_features, &leaf, e))
			return err_at(e, "tree %zu", i);
		margins[r * p->m->n_outputs + v->output] += leaf;
	}
	return 0;
}

int tree_margins_of(
	struct tree_margins *p, const float *x, size_t n_rows, float *margins, struct err *e)
{
	const struct tree_model *m = p->m;
	size_t k = m->n_outputs;
	bool is_prepared;

	if (count_rows(p, n_rows, &is_prepared, e))
		return -1;
	for (size_t i = 0; i < n_rows; i++)
		memcpy(margins + i * k, m->base_margin, k * sizeof(*margins));
	if (is_prepared && p->flat)
		return tree_flat_add(p->flat, x, n_rows, margins, k, e);
	for (size_t i = 0; i < m->n_trees; i++) {
		const struct tree *t = &m->trees[i];

		if (!is_prepared && m->views && m->views[i].n_nodes) {
			if (add_view(p, i, x, n_rows, margins, e))
				return -1;
			continue;
		}
		if (is_prepared && p->built && p->built[i].n_nodes)
			t = &p->built[i];
		tree_add_leaves(t, x, n_rows, m->n_features, margins + t->output, k);
	}
	return 0;
}
