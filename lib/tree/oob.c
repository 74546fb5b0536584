#include "tree/oob.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

int tree_oob_init(struct tree_oob *o, const struct tree_job *job, size_t n_outputs, bool score,
	bool permutation, struct err *e)
{
	size_t n = job->frame->n_rows;

	*o = (struct tree_oob){ .n_rows = n, .n_outputs = n_outputs, .n_cols = job->frame->n_cols };
	if (score) {
		o->sums = mem_array(n * n_outputs, sizeof(*o->sums), e);
		o->n = o->sums ? mem_array(n, sizeof(*o->n), e) : NULL;
		if (!o->n)
			return -1;
	}
	if (permutation) {
		o->rises = mem_array(o->n_cols, sizeof(*o->rises), e);
		if (!o->rises)
			return -1;
	}
	return 0;
}

void tree_oob_release(struct tree_oob *o)
{
	free(o->sums);
	free(o->n);
	free(o->rises);
	memset(o, 0, sizeof(*o));
}

/** What tasks share. */
struct add {
	struct tree_oob *o;
	const struct tree_job *job;
	const struct tree_oob_tree *t;
	const uint32_t *rows; /* [n] that are shuffled, ascending */
	size_t n;
	double loss; /* of them as they are */
	uint32_t *shuffled; /* [n_workers][n] */
};

/** The leaf of a row, whose value of column `col` is that of row `other`. */
static uint32_t leaf_of(const struct add *a, size_t row, size_t col, size_t other)
{
	const struct tree_grow_node *nodes = a->t->nodes;
	uint32_t i = 0;

	while (nodes[i].left >= 0) {
		const struct tree_split *s = &nodes[i].split;
		uint32_t bin = tree_frame_bin(a->job->frame, s->col, s->col == col ? other : row);

		i = (uint32_t)nodes[i].left + tree_split_right(s, bin);
	}
	return i;
}

static bool is_out(const struct add *a, size_t row)
{
	return !a->t->draws[row] && !tree_is_held_out(&a->job->out, row);
}

/* ---- predictions --------------------------------------------------------------------------------------------- */

static void add_block(void *ctx, size_t block, int worker)
{
	const struct add *a = ctx;
	size_t from = block * TREE_ROW_BLOCK, to = from + TREE_ROW_BLOCK, k = a->o->n_outputs;

	(void)worker;
	if (to > a->o->n_rows)
		to = a->o->n_rows;
	for (size_t i = from; i < to; i++) {
		const float *share;

		if (!is_out(a, i))
			continue;
		share = a->t->shares + leaf_of(a, i, SIZE_MAX, i) * k;
		for (size_t c = 0; c < k; c++)
			a->o->sums[i * k + c] += share[c];
		a->o->n[i]++;
	}
}

/** An array of all processes, one after another, in the place of this one's. */
static int gather(struct tree_comm *c, void **v, size_t len, size_t *all_len, struct err *e)
{
	struct buf all = BUF_INIT;
	int rc = tree_comm_gather(c, *v, len, &all, e);

	if (!rc) {
		free(*v);
		*v = mem_dup_n(all.p, all.len, e);
		*all_len = all.len;
		rc = *v ? 0 : -1;
	}
	buf_release(&all);
	return rc;
}

int tree_oob_gather(struct tree_oob *o, struct tree_comm *c, struct err *e)
{
	void *sums = o->sums, *n = o->n;
	size_t len = 0;
	int rc;

	if (!c)
		return 0;
	rc = gather(c, &sums, o->n_rows * o->n_outputs * sizeof(*o->sums), &len, e) ||
			     gather(c, &n, o->n_rows * sizeof(*o->n), &len, e)
		     ? -1
		     : 0;
	o->sums = sums;
	o->n = n;
	o->n_rows = len / sizeof(*o->n);
	return rc;
}

size_t tree_oob_finish(struct tree_oob *o, size_t n_trees, uint32_t *rows)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n_rows; i++) {
		if (!o->n[i])
			continue;
		rows[n++] = (uint32_t)i;
		for (size_t c = 0; c < o->n_outputs; c++)
			o->sums[i * o->n_outputs + c] *= (float)n_trees / (float)o->n[i];
	}
	return n;
}

/* ---- shuffled columns ---------------------------------------------------------------------------------------- */

/** Squared distance of a leaf from the truth of a row. */
static double loss_of(const struct add *a, size_t row, uint32_t leaf)
{
	const struct tree_truth *t = a->job->truth;
	size_t k = a->o->n_outputs;
	double sum = 0;

	for (size_t c = 0; c < k; c++) {
		double p = (double)a->t->shares[leaf * k + c] * (double)a->t->n_trees;
		double y = t->loss == TREE_LOSS_SQUARED ? (double)t->values[row]
			   : k == 1                     ? (double)t->class[row]
							: t->class[row] == c;

		sum += (p - y) * (p - y);
	}
	return t->weights ? sum * (double)t->weights[row] : sum;
}

/** Task: how the loss rises when the column is shuffled. */
static void shuffle_column(void *ctx, size_t col, int worker)
{
	const struct add *a = ctx;
	uint32_t *other = a->shuffled + (size_t)worker * a->n;
	double loss = 0;

	memcpy(other, a->rows, a->n * sizeof(*other));
	for (size_t i = a->n; i > 1; i--) {
		size_t k = rng_below(a->t->key, col, i, i);
		uint32_t swap = other[i - 1];

		other[i - 1] = other[k];
		other[k] = swap;
	}
	for (size_t i = 0; i < a->n; i++)
		loss += loss_of(a, a->rows[i], leaf_of(a, a->rows[i], col, other[i]));
	a->o->rises[col] += (loss - a->loss) / (double)a->n;
}

/** Up to TREE_OOB_ROWS of the tree's rows, spread evenly. */
static size_t choose_rows(const struct add *a, uint32_t *rows)
{
	size_t n_out = 0, n = 0, seen = 0;

	for (size_t i = 0; i < a->o->n_rows; i++)
		n_out += is_out(a, i);
	for (size_t i = 0; i < a->o->n_rows && n < TREE_OOB_ROWS; i++) {
		if (!is_out(a, i))
			continue;
		if (n_out <= TREE_OOB_ROWS || seen * TREE_OOB_ROWS / n_out >= n)
			rows[n++] = (uint32_t)i;
		seen++;
	}
	return n;
}

static int shuffle_columns(struct add *a, struct err *e)
{
	uint32_t *rows = mem_array(TREE_OOB_ROWS, sizeof(*rows), e);
	size_t n_workers = (size_t)pool_size(a->job->pool);

	a->shuffled = rows ? mem_array(n_workers * TREE_OOB_ROWS, sizeof(*rows), e) : NULL;
	if (!a->shuffled) {
		free(rows);
		return -1;
	}
	a->rows = rows;
	a->n = choose_rows(a, rows);
	a->loss = 0;
	for (size_t i = 0; i < a->n; i++)
		a->loss += loss_of(a, rows[i], leaf_of(a, rows[i], SIZE_MAX, rows[i]));
	if (a->n) {
		pool_for(a->job->pool, a->o->n_cols, shuffle_column, a);
		a->o->n_trees++;
	}
	free(a->shuffled);
	free(rows);
	return 0;
}

double tree_oob_permutation(const struct tree_oob *o, size_t col)
{
	return o->n_trees ? o->rises[col] / (double)o->n_trees : 0;
}

int tree_oob_add(struct tree_oob *o, const struct tree_job *job, const struct tree_oob_tree *t,
	struct err *e)
{
	struct add a = { .o = o, .job = job, .t = t };

	if (o->sums)
		pool_for(job->pool, tree_n_blocks(o->n_rows), add_block, &a);
	return o->rises ? shuffle_columns(&a, e) : 0;
}
