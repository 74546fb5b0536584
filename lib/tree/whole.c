#include "tree/whole.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

const float *tree_whole_floats(
	struct tree_comm *c, const float *v, size_t n, struct buf *all, struct err *e)
{
	buf_reset(all);
	if (!c)
		return v;
	if (tree_comm_gather(c, v, n * sizeof(*v), all, e))
		return NULL;
	return (const float *)(void *)all->p;
}

/** Groups of all rows. Their numbers are the same in all processes, see tree/share.h. */
static int gather_groups(struct tree_whole *w, const struct tree_truth *t, struct err *e)
{
	const struct score_groups *g = t->groups;
	uint32_t *of = mem_array(t->n_rows, sizeof(*of), e);
	struct buf all = BUF_INIT;
	int rc = -1;

	for (uint32_t i = 0; of && i < g->n; i++)
		for (uint32_t k = g->begin[i]; k < g->begin[i + 1]; k++)
			of[g->rows[k]] = i;
	if (of && !tree_comm_gather(t->comm, of, t->n_rows * sizeof(*of), &all, e))
		rc = score_groups_load(
			&w->groups, (const uint32_t *)(void *)all.p, w->truth.n_rows, g->n, e);
	w->truth.groups = &w->groups;
	free(of);
	buf_release(&all);
	return rc;
}

int tree_whole_init(struct tree_whole *w, const struct tree_truth *t, struct err *e)
{
	memset(w, 0, sizeof(*w));
	w->truth = *t;
	w->truth.comm = NULL;
	if (!t->comm)
		return 0;
	w->truth.n_rows = (size_t)tree_comm_sum_of(t->comm, (int64_t)t->n_rows);
	if ((t->class && tree_comm_gather(
				 t->comm, t->class, t->n_rows * sizeof(*t->class), &w->class, e)) ||
		(t->values && !tree_whole_floats(t->comm, t->values, t->n_rows, &w->values, e)) ||
		(t->weights && !tree_whole_floats(t->comm, t->weights, t->n_rows, &w->weights, e)))
		return -1;
	w->truth.class = t->class ? (const uint32_t *)(void *)w->class.p : NULL;
	w->truth.values = t->values ? (const float *)(void *)w->values.p : NULL;
	w->truth.weights = t->weights ? (const float *)(void *)w->weights.p : NULL;
	return t->groups ? gather_groups(w, t, e) : 0;
}

void tree_whole_release(struct tree_whole *w)
{
	buf_release(&w->class);
	buf_release(&w->values);
	buf_release(&w->weights);
	score_groups_release(&w->groups);
	memset(w, 0, sizeof(*w));
}
