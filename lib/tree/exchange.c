#include "tree/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

int tree_exchange_init(
	struct tree_exchange *x, const struct tree_frame *f, size_t n_classes, struct err *e)
{
	size_t n = f->n_bins * (n_classes + 2);

	if (!f->comm)
		return 0;
	x->wide = mem_array_raw(n, sizeof(*x->wide), e);
	x->narrow = x->wide ? mem_array_raw(n, sizeof(*x->narrow), e) : NULL;
	return x->narrow ? 0 : -1;
}

void tree_exchange_release(struct tree_exchange *x)
{
	free(x->wide);
	free(x->narrow);
	memset(x, 0, sizeof(*x));
}

/** The sums of a column into the message, or out of it. Returns how many. */
static size_t copy_column(
	const struct tree_frame_column *c, size_t k, struct tree_hist *h, int64_t *m, bool out)
{
	size_t n = c->n_bins;
	struct tree_hist from = tree_hist_from(h, c->first, k);
	int64_t *grad = from.grad, *hess = from.hess;
	uint32_t *rows = from.n;

	if (h->packed) {
		memcpy(out ? (void *)from.packed : m, out ? m : (void *)from.packed,
			n * sizeof(*m));
		return n;
	}
	if (out) {
		memcpy(grad, m, n * k * sizeof(*m));
		memcpy(hess, m + n * k, n * sizeof(*m));
	} else {
		memcpy(m, grad, n * k * sizeof(*m));
		memcpy(m + n * k, hess, n * sizeof(*m));
	}
	m += n * (k + 1);
	for (size_t i = 0; i < n; i++) {
		if (out)
			rows[i] = (uint32_t)m[i];
		else
			m[i] = rows[i];
	}
	return n * (k + 2);
}

static size_t copy(const struct tree_exchange *x, const struct tree_frame *f,
	struct tree_columns cols, size_t k, struct tree_hist *h, bool out)
{
	size_t n = 0;

	for (size_t i = 0; i < cols.n; i++)
		n += copy_column(&f->cols[cols.list ? cols.list[i] : i], k, h, x->wide + n, out);
	return n;
}

void tree_exchange_sum(struct tree_exchange *x, const struct tree_frame *f,
	struct tree_columns cols, size_t n_classes, uint64_t n_rows, struct tree_hist *h)
{
	size_t n;

	if (!f->comm)
		return;
	n = copy(x, f, cols, n_classes, h, false);
	if (n_rows < TREE_NARROW && !h->packed) {
		/* unsigned sums have the bits of signed ones */
		for (size_t i = 0; i < n; i++)
			x->narrow[i] = (uint32_t)x->wide[i];
		tree_comm_sum_counts(f->comm, x->narrow, n);
		for (size_t i = 0; i < n; i++)
			x->wide[i] = (int32_t)x->narrow[i];
	} else {
		tree_comm_sum(f->comm, x->wide, n);
	}
	copy(x, f, cols, n_classes, h, true);
}
