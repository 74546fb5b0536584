/*
 * score/ndcg: values worked out by hand.
 */
#include <math.h>

#include "score/ndcg.h"
#include "tap.h"

int main(void)
{
	static const uint32_t group_of[] = { 1, 0, 1, 0, 1, 2 };
	static const double truth[] = { 0, 2, 1, 1, 3, 0 }, scores[] = { 3, 1, 2, 5, 1, 9 };
	static const uint8_t mask[] = { 1, 0, 1, 0, 1, 0 };
	struct score_values in = { 6, scores, truth, NULL };
	struct score_groups g;
	struct err e = ERR_INIT;
	struct score_order o;
	double log3 = log(3) / log(2), zero, one;

	is_int(score_groups_load(&g, group_of, 6, 3, &e), 0, "grouped");
	ok(g.begin[0] == 0 && g.begin[1] == 2 && g.begin[2] == 5 && g.begin[3] == 6, "sizes");
	ok(g.rows[0] == 1 && g.rows[1] == 3 && g.rows[2] == 0 && g.rows[4] == 4,
		"rows in their order");
	/* group 0: relevances in order 1, 2; group 1: 0, 1, 3; group 2 has no relevant row */
	zero = (1 + 3 / log3) / (3 + 1 / log3);
	one = (1 / log3 + 7.0 / 2) / (7 + 1 / log3);
	is_int(score_ndcg_order(&in, &g, NULL, 10, &o, &e), 0, "measured");
	ok(fabs(o.ndcg - (zero + one + 1) / 3) < 1e-12, "the mean over groups");
	ok(fabs(o.map - (1 + (1.0 / 2 + 2.0 / 3) / 2 + 1) / 3) < 1e-12, "average precision");
	ok(fabs(o.mrr - (1 + 1.0 / 2 + 1) / 3) < 1e-12, "reciprocal rank");
	ok(o.n_groups == 3 && o.n_irrelevant == 1, "groups");
	is_int(score_ndcg_order(&in, &g, mask, 10, &o, &e), 0, "measured");
	ok(fabs(o.ndcg - one) < 1e-12 && o.n_groups == 1, "only masked groups");
	is_int(score_ndcg_order(&in, &g, mask, 1, &o, &e), 0, "measured");
	ok(o.ndcg == 0 && o.map == 0 && o.mrr == 0, "the first place has nothing");
	is_int(score_ndcg_order(&in, &g, mask, 2, &o, &e), 0, "measured");
	ok(fabs(o.map - 1.0 / 4) < 1e-12, "two relevant rows could stand in two places");
	score_groups_release(&g);
	return done_testing();
}
