#include "tree/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void tree_exchange_reset(struct tree_exchange *x)
{
	x->n_wide = x->n_narrow = 0;
}

void tree_exchange_release(struct tree_exchange *x)
{
	free(x->wide);
	free(x->narrow);
	memset(x, 0, sizeof(*x));
}

static const struct tree_frame_column *column_of(const struct tree_exchange_leaf *l, size_t i)
{
	return &l->f->cols[l->cols.list ? l->cols.list[i] : i];
}

static bool is_narrow(const struct tree_exchange_leaf *l)
{
	return !l->is_packed && l->n_rows < TREE_NARROW;
}

int tree_exchange_reserve(struct tree_exchange *x, struct tree_exchange_leaf *l, struct err *e)
{
	size_t n = 0, *used = is_narrow(l) ? &x->n_narrow : &x->n_wide;

	for (size_t i = 0; i < l->cols.n; i++)
		n += column_of(l, i)->n_bins * (l->is_packed ? 1 : l->n_classes + 2);
	l->at = *used;
	*used += n;
	return is_narrow(l) ? mem_grow(&x->narrow, &x->cap_narrow, *used, sizeof(*x->narrow), e)
			    : mem_grow(&x->wide, &x->cap_wide, *used, sizeof(*x->wide), e);
}

/* Unsigned sums have the bits of signed ones. */

static void put_narrow(uint32_t *to, const struct tree_hist *h, size_t n, size_t k)
{
	for (size_t i = 0; i < n * k; i++)
		*to++ = (uint32_t)h->grad[i];
	for (size_t i = 0; i < n; i++)
		*to++ = (uint32_t)h->hess[i];
	memcpy(to, h->n, n * sizeof(*to));
}

static void get_narrow(const uint32_t *from, struct tree_hist *h, size_t n, size_t k)
{
	for (size_t i = 0; i < n * k; i++)
		h->grad[i] = (int32_t)*from++;
	for (size_t i = 0; i < n; i++)
		h->hess[i] = (int32_t)*from++;
	memcpy(h->n, from, n * sizeof(*from));
}

static void put_wide(int64_t *to, const struct tree_hist *h, size_t n, size_t k)
{
	memcpy(to, h->grad, n * k * sizeof(*to));
	memcpy(to + n * k, h->hess, n * sizeof(*to));
	for (size_t i = 0; i < n; i++)
		to[n * (k + 1) + i] = h->n[i];
}

static void get_wide(const int64_t *from, struct tree_hist *h, size_t n, size_t k)
{
	memcpy(h->grad, from, n * k * sizeof(*from));
	memcpy(h->hess, from + n * k, n * sizeof(*from));
	for (size_t i = 0; i < n; i++)
		h->n[i] = (uint32_t)from[n * (k + 1) + i];
}

void tree_exchange_put(
	struct tree_exchange *x, const struct tree_exchange_leaf *l, const struct tree_hist *h)
{
	size_t at = l->at, k = l->n_classes;

	for (size_t i = 0; i < l->cols.n; i++) {
		const struct tree_frame_column *c = column_of(l, i);
		struct tree_hist part = tree_hist_from(h, c->first, k);

		if (l->is_packed)
			memcpy(x->wide + at, part.packed, c->n_bins * sizeof(*x->wide));
		else if (is_narrow(l))
			put_narrow(x->narrow + at, &part, c->n_bins, k);
		else
			put_wide(x->wide + at, &part, c->n_bins, k);
		at += c->n_bins * (l->is_packed ? 1 : k + 2);
	}
}

void tree_exchange_run(struct tree_exchange *x, struct tree_comm *c)
{
	if (x->n_wide)
		tree_comm_sum(c, x->wide, x->n_wide);
	if (x->n_narrow)
		tree_comm_sum_counts(c, x->narrow, x->n_narrow);
}

void tree_exchange_get(
	const struct tree_exchange *x, const struct tree_exchange_leaf *l, struct tree_hist *h)
{
	size_t at = l->at, k = l->n_classes;

	for (size_t i = 0; i < l->cols.n; i++) {
		const struct tree_frame_column *c = column_of(l, i);
		struct tree_hist part = tree_hist_from(h, c->first, k);

		if (l->is_packed)
			memcpy(part.packed, x->wide + at, c->n_bins * sizeof(*x->wide));
		else if (is_narrow(l))
			get_narrow(x->narrow + at, &part, c->n_bins, k);
		else
			get_wide(x->wide + at, &part, c->n_bins, k);
		at += c->n_bins * (l->is_packed ? 1 : k + 2);
	}
}
