#include "tree/learn.h"

#include "base/mem.h"
#include "base/path.h"
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

/** Each process measures all rows: so all know the same of them. */
int tree_learn_measure(
	struct tree_learn *l, bool valid, bool loss_only, struct tree_measures *out, struct err *e)
{
	size_t n = l->data.target.truth.n_rows * l->m->n_outputs;
	struct tree_measure_input in = {
		.m = l->m,
		.truth = valid ? &l->valid.target.truth : &l->whole.truth,
		.margins = l->valid_margins,
		.loss_only = loss_only,
	};
	struct buf all = BUF_INIT;
	int rc = -1;

	in.n = in.truth->n_rows;
	if (!valid)
		in.margins = tree_whole_floats(l->t->io.comm, l->margins, n, &all, e);
	if (in.margins)
		rc = tree_measure(&in, l->t->io.pool, out, e);
	buf_release(&all);
	return rc;
}

int tree_learn_add_measures(struct tree_learn *l, json_t *o, bool loss_only, struct err *e)
{
	struct tree_measures m;

	for (int valid = 0; valid < 2; valid++) {
		json_t *part;

		if (!(valid ? l->valid_margins : l->margins))
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

int tree_learn_find_checkpoint(const struct tree_learn *l, bool *is_there, struct err *e)
{
	struct tree_comm *c = l->t->io.comm;
	int64_t n = tree_comm_sum_of(c, path_exists(l->p->checkpoint));

	*is_there = n > 0;
	if (!c || n == 0 || n == c->size)
		return 0;
	err_set(e, ERR_INPUT, "%s: %d of %d processes find this checkpoint", l->p->checkpoint,
		(int)n, c->size);
	return err_hint(e, "it must be on a disk that all of them share");
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
