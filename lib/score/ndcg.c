#include "score/ndcg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmath.h"
#include "base/mem.h"

int score_groups_load(struct score_groups *g, const uint32_t *group_of, size_t n_rows,
	size_t n_groups, struct err *e)
{
	memset(g, 0, sizeof(*g));
	g->begin = mem_array(n_groups + 2, sizeof(*g->begin), e);
	g->rows = g->begin ? mem_array_raw(n_rows, sizeof(*g->rows), e) : NULL;
	if (!g->rows)
		return -1;
	g->n = n_groups;
	/* begin[k + 1] is where group k goes on; one step ahead, so that it ends as the next one's begin */
	for (size_t i = 0; i < n_rows; i++)
		g->begin[group_of[i] + 2]++;
	for (size_t k = 0; k < n_groups; k++)
		g->begin[k + 2] += g->begin[k + 1];
	for (size_t i = 0; i < n_rows; i++)
		g->rows[g->begin[group_of[i] + 1]++] = (uint32_t)i;
	return 0;
}

void score_groups_release(struct score_groups *g)
{
	free(g->begin);
	free(g->rows);
	memset(g, 0, sizeof(*g));
}

double score_ndcg_gain(double relevance)
{
	return ldexp(1, (int)relevance) - 1;
}

double score_ndcg_discount(size_t place)
{
	return 0x1.62e42fefa39efp-1 /* log 2 */ / fmath_log((double)place + 2);
}

static int falling(const void *a, const void *b)
{
	const float *x = a, *y = b;

	return *x > *y ? -1 : *x < *y;
}

/* The largest sum that the first `k` places can have. Sorts the relevances, the largest first. */
static double ideal_sum(float *relevance, size_t n, size_t k)
{
	double sum = 0;

	qsort(relevance, n, sizeof(*relevance), falling);
	for (size_t i = 0; i < n && i < k && relevance[i] > 0; i++)
		sum += score_ndcg_gain((double)relevance[i]) * score_ndcg_discount(i);
	return sum;
}

struct place {
	double score;
	uint32_t row;
};

static int by_score(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

/** Of one group; `order` and `relevance` have room for its rows. */
static struct score_order measure_group(const struct score_values *in, const uint32_t *rows,
	size_t n, size_t k, struct place *order, float *relevance)
{
	struct score_order o = { 1, 1, 1, 1, 1 };
	double gain = 0, precision = 0, ideal;
	size_t n_relevant = 0, n_found = 0, first = n;

	for (size_t i = 0; i < n; i++) {
		order[i] = (struct place){ in->predicted[rows[i]], rows[i] };
		relevance[i] = (float)in->truth[rows[i]];
		n_relevant += relevance[i] > 0;
	}
	if (!n_relevant)
		return o;
	ideal = ideal_sum(relevance, n, k);
	qsort(order, n, sizeof(*order), by_score);
	for (size_t i = 0; i < n && i < k; i++) {
		double r = in->truth[order[i].row];

		if (!(r > 0))
			continue;
		gain += score_ndcg_gain(r) * score_ndcg_discount(i);
		precision += (double)++n_found / (double)(i + 1);
		first = first < i ? first : i;
	}
	o.ndcg = gain / ideal;
	o.map = precision / (double)(n_relevant < k ? n_relevant : k);
	o.mrr = n_found ? 1 / (double)(first + 1) : 0;
	o.n_irrelevant = 0;
	return o;
}

int score_ndcg_order(const struct score_values *in, const struct score_groups *g,
	const uint8_t *mask, size_t k, struct score_order *out, struct err *e)
{
	size_t most = 0;
	struct place *order;
	float *relevance;
	double all = 0;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < g->n; i++)
		if (g->begin[i + 1] - g->begin[i] > most)
			most = g->begin[i + 1] - g->begin[i];
	order = mem_array(most, sizeof(*order), e);
	relevance = order ? mem_array(most, sizeof(*relevance), e) : NULL;
	for (size_t i = 0; relevance && i < g->n; i++) {
		const uint32_t *rows = g->rows + g->begin[i];
		size_t n = g->begin[i + 1] - g->begin[i];
		struct score_order o;
		double w;

		if (n == 0 || (mask && !mask[rows[0]]))
			continue;
		w = in->weights ? (double)in->weights[rows[0]] : 1;
		o = measure_group(in, rows, n, k, order, relevance);
		out->ndcg += w * o.ndcg;
		out->map += w * o.map;
		out->mrr += w * o.mrr;
		out->n_groups++;
		out->n_irrelevant += o.n_irrelevant;
		all += w;
	}
	out->ndcg = all > 0 ? out->ndcg / all : NAN;
	out->map = all > 0 ? out->map / all : NAN;
	out->mrr = all > 0 ? out->mrr / all : NAN;
	free(order);
	free(relevance);
	return relevance ? 0 : -1;
}
