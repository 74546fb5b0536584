#include "tree/learn.h"

#include "base/mem.h"
#include "tree/predict.h"

struct apply {
	struct tree_learn *l;
	const struct tree *tree;
	size_t output;
};

static void apply_block(void *ctx, size_t block, int worker)
{
	struct apply *a = ctx;
	struct tree_rows *v = &a->l->valid;
	size_t from = block * TREE_ROW_BLOCK, k = a->l->m->n_outputs;
	size_t n = v->n - from < TREE_ROW_BLOCK ? v->n - from : TREE_ROW_BLOCK;

	(void)worker;
	tree_add_leaves(a->tree, v->x + from * a->l->m->n_features, n, a->l->m->n_features,
		a->l->valid_margins + from * k + a->output, k);
}

void tree_learn_apply(struct tree_learn *l, const struct tree *tree, size_t output)
{
	struct apply a = { .l = l, .tree = tree, .output = output };

	if (l->valid_margins)
		pool_for(l->t->io.pool, tree_n_blocks(l->valid.n), apply_block, &a);
}

int tree_learn_measure(
	struct tree_learn *l, bool valid, bool loss_only, struct tree_measures *out, struct err *e)
{
	struct tree_measure_input in = {
		.m = l->m,
		.truth = valid ? &l->valid.target.truth : &l->data.target.measured,
		.margins = valid ? l->valid_margins : l->margins,
		.n = valid ? l->valid.n : l->data.target.truth.n_rows,
		.loss_only = loss_only,
	};

	return tree_measure(&in, l->t->io.pool, out, e);
}

int tree_learn_add_measures(struct tree_learn *l, json_t *o, bool loss_only, struct err *e)
{
	struct tree_measures m;

	for (int valid = 0; valid < 2; valid++) {
		json_t *part;

		/* of rows to learn from each process has a share only */
		if (!(valid ? l->valid_margins : l->margins) || (!valid && l->t->io.comm))
			continue;
		if (tree_learn_measure(l, valid, loss_only, &m, e))
			return -1;
		part = tree_measures_json(&m, e);
		if (!part)
			return -1;
		if (json_object_set_new(o, valid ? "valid" : "train", part))
			return err_nomem(e);
	}
	return 0;
}

int tree_learn_start_valid(struct tree_learn *l, struct err *e)
{
	size_t k = l->m->n_outputs;

	if (!l->p->valid)
		return 0;
	if (tree_rows_load(&l->valid, l->m, l->p, l->p->valid, &l->t->io, e))
		return -1;
	if (!l->valid.n) {
		err_set(e, ERR_INPUT, "no rows to measure on");
		return err_at(e, "%s", l->p->valid);
	}
	l->valid_margins = mem_array(l->valid.n * k, sizeof(*l->valid_margins), e);
	if (!l->valid_margins)
		return -1;
	for (size_t i = 0; i < l->valid.n * k; i++)
		l->valid_margins[i] = l->m->base_margin[i % k];
	return 0;
}
