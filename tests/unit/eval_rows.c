/* eval/rows, measure, tally, rule, check: out of memory, and labels in their order. */
#include "eval/check.h"

#include <math.h>
#include <stdlib.h>

#include "eval/measure.h"
#include "eval/report_html.h"
#include "eval/report_text.h"
#include "tap.h"

static const struct csv_dialect plain = CSV_DIALECT_DEFAULT;

static int load(struct eval_rows *r, const char *text, const char *positive, struct err *e)
{
	struct eval_rows_options o = {
		.dialect = &plain, .target = "y", .positive = positive, .threshold = NAN
	};
	struct pool *pool = pool_new(1, e);
	int rc = -1;

	*r = (struct eval_rows){ 0 };
	write_text("p.csv", text);
	if (pool)
		rc = eval_rows_load(r, "p.csv", &o, pool, e);
	pool_free(pool);
	return rc;
}

static void check_order(void)
{
	struct eval_rows r;
	struct err e = ERR_INIT;

	ok(!load(&r,
		   "y,prediction,probability_10,probability_9,probability_-1\n9,10,.5,.3,.2\n10,9,."
		   "1,.8,.1\n",
		   NULL, &e),
		"several labels");
	is_int(r.n_labels, 3, "as many as there are columns");
	ok(slice_is(r.labels[0], "-1") && slice_is(r.labels[1], "9") && slice_is(r.labels[2], "10"),
		"in order as numbers");
	ok(r.scores[0] == 0.2 && r.scores[1] == 0.3 && r.scores[2] == 0.5,
		"scores in the same order");
	ok(r.truth[0] == 1 && r.predicted[0] == 2 && r.truth[1] == 2, "and so are the codes");
	eval_rows_release(&r);
	ok(!load(&r, "y,prediction,probability_b,probability_a\nc,a,.4,.6\na,b,.8,.2\n", NULL, &e),
		"a label of the truth that the model does not know");
	is_int(r.n_labels, 3, "is a label");
	is_num(r.scores[2], 0, "of probability 0");
	eval_rows_release(&r);
	ok(!load(&r, "y,prediction,probability\nno,no,0.2\nno,no,0.4\n", NULL, &e), "one label");
	is_int(r.positive, r.n_labels, "is not positive if probabilities are low");
	eval_rows_release(&r);
	ok(!load(&r, "y,prediction,probability\nyes,yes,0.9\nyes,yes,0.7\n", NULL, &e),
		"another one");
	is_int(r.positive, 0, "is, if they are high");
	eval_rows_release(&r);
	ok(load(&r, "y,prediction,probability_b,probability_a\nA,a,.4,.6\nB,b,.8,.2\n", NULL, &e) ==
			-1,
		"labels that never meet");
	is_err(&e, ERR_INPUT, "no label of the predictions", "are refused");
	eval_rows_release(&r);
}

static int measure_once(void *ctx, struct err *e)
{
	struct eval_rows r;
	struct eval_measure m = { 0 };
	struct buf b = BUF_INIT;
	int rc = load(&r, ctx, NULL, e);

	if (!rc)
		rc = eval_measure_rows(&m, &r, &(struct eval_measure_options){ 0.95, 10 }, NULL, e);
	if (!rc) {
		eval_report_text_measure(&b, &m);
		eval_report_html_measure(&b, &m, "x");
		rc = buf_check(&b, e);
	}
	buf_release(&b);
	eval_measure_release(&m);
	eval_rows_release(&r);
	return rc;
}

static int check_once(void *ctx, struct err *e)
{
	struct eval_check_options o = { .dialect = &plain, .folds = ctx, .folds_name = "cv" };
	struct eval_report report = { .tool = "t", .subject = "p.csv" };
	struct eval_rules rules = { 0 };
	struct pool *pool = pool_new(1, e);
	int rc = -1;

	if (pool && !eval_rule_load(&rules, "r.json", e))
		rc = eval_check_run(&rules, "p.csv", &o, pool, &report, e);
	eval_report_release(&report);
	eval_rule_release(&rules);
	pool_free(pool);
	return rc;
}

int main(void)
{
	json_t *cv =
		json_pack("{s:{s:[f,f]}, s:[i,i]}", "metrics", "auc", 0.7, 0.71, "rows", 10, 10);

	scratch();
	check_order();
	survives_oom(measure_once, "y,prediction,probability\n1,1,0.9\n0,0,0.2\n1,0,0.4\n",
		"two labels");
	survives_oom(measure_once,
		"y,prediction,probability_a,probability_b\na,a,.6,.4\nb,b,.2,.8\n",
		"several labels");
	survives_oom(measure_once, "y,prediction\n1,1.5\n2,2\n4,3\n", "numbers");
	write_text("p.csv", "v\n1\n2\n2\n");
	write_text("r.json", "[{\"column\": \"v\", \"in\": [1, \"2\"]}, {\"column\": \"v\", "
			     "\"constant\": false},"
			     "{\"column\": \"v\", \"distinct\": {\"like\": {\"file\": \"p.csv\"}}},"
			     "{\"column\": \"v\", \"share\": {\"value\": 2, \"between\": [0, 1]}},"
			     "{\"rows\": {\"expected\": 3}}, {\"cv\": \"all\", \"outlier\": {}}]");
	survives_oom(check_once, cv, "rules");
	json_decref(cv);
	return done_testing();
}
