#include "tree/comm.h"

#include <stdlib.h>

#include "base/mem.h"

void tree_comm_sum(struct tree_comm *c, int64_t *v, size_t n)
{
	if (!c)
		return;
	c->calls->sum(v, n);
	c->n_sent += n * sizeof(*v);
}

void tree_comm_sum_counts(struct tree_comm *c, uint32_t *v, size_t n)
{
	if (!c)
		return;
	c->calls->sum_counts(v, n);
	c->n_sent += n * sizeof(*v);
}

void tree_comm_most(struct tree_comm *c, float *v, size_t n)
{
	if (!c)
		return;
	c->calls->most(v, n);
	c->n_sent += n * sizeof(*v);
}

int64_t tree_comm_sum_of(struct tree_comm *c, int64_t v)
{
	tree_comm_sum(c, &v, 1);
	return v;
}

int tree_comm_gather(struct tree_comm *c, const void *p, size_t len, struct buf *all, struct err *e)
{
	size_t one = sizeof(size_t), total = 0, *lens, *ones;
	char *at;
	int rc = -1;

	if (!c) {
		buf_add(all, p, len);
		return buf_check(all, e);
	}
	lens = mem_array((size_t)c->size, sizeof(*lens), e);
	ones = lens ? mem_array((size_t)c->size, sizeof(*ones), e) : NULL;
	if (!ones)
		goto out;
	for (int i = 0; i < c->size; i++)
		ones[i] = one;
	c->calls->gather(&len, ones, c->size, lens);
	for (int i = 0; i < c->size; i++)
		total += lens[i];
	at = buf_reserve(all, total);
	if (!at) {
		err_nomem(e);
		goto out;
	}
	c->calls->gather(p, lens, c->size, at);
	all->len += total;
	c->n_sent += len + one;
	rc = 0;
out:
	free(lens);
	free(ones);
	return rc;
}

void tree_comm_in_turn(
	struct tree_comm *c, void (*f)(void *ctx, void *state), void *ctx, void *state, size_t len)
{
	for (int i = 0; i < (c ? c->size : 1); i++) {
		if (!c || c->rank == i)
			f(ctx, state);
		if (!c)
			continue;
		c->calls->give(state, len, i);
		c->n_sent += c->rank == i ? len : 0;
	}
}

void tree_comm_end(struct tree_comm *c)
{
	if (c)
		c->calls->end();
}
