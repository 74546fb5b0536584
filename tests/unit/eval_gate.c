/* eval/gate and eval/baseline: the edges of better, and a store that is whole or not at all. */
#include "eval/gate.h"

#include <math.h>
#include <stdlib.h>

#include "tap.h"

static enum eval_verdict judge(double value, double base, double min_delta, int direction)
{
	struct eval_baseline b = { .value = base };
	struct eval_gate_rule rule = {
		.metric = "x", .min_delta = min_delta, .direction = direction
	};
	struct eval_gate_result r = { .verdict = EVAL_NEW_TEST };
	struct err e = ERR_INIT;
	json_t *m = json_pack("{s:f}", "x", value);

	ok(!eval_gate_judge(m, "m", &b, &rule, NULL, &r, &e), "%g against %g", value, base);
	json_decref(m);
	return r.verdict;
}

static void check_edges(void)
{
	is_int(judge(0.5, 0.5, 0, EVAL_HIGHER), EVAL_SAME, "equal is the same");
	is_int(judge(nextafter(0.5, 1), 0.5, 0, EVAL_HIGHER), EVAL_BETTER,
		"the next double is better");
	is_int(judge(nextafter(0.5, 0), 0.5, 0, EVAL_HIGHER), EVAL_WORSE,
		"the one before is worse");
	is_int(judge(0.4, 0.5, 0, EVAL_LOWER), EVAL_BETTER, "lower is better");
	is_int(judge(0.5, 0.5, 0, EVAL_LOWER), EVAL_SAME, "equal is the same, lower");
	for (int i = 1; i < 100; i++)
		if (judge((i + 1) / 100.0, i / 100.0, 0.01, EVAL_HIGHER) != EVAL_BETTER)
			ok(false, "%d hundredths: one more is 0.01 more", i);
	is_int(judge(0.509, 0.5, 0.01, EVAL_HIGHER), EVAL_TOO_LITTLE, "too little");
}

static void check_number(void)
{
	struct err e = ERR_INIT;
	double v;

	ok(!eval_baseline_parse(slice_of("0.5\n"), "f", &v, &e) && v == 0.5, "a line");
	ok(!eval_baseline_parse(slice_of(" \t-1e-3\r\n\n"), "f", &v, &e) && v == -1e-3,
		"blanks around");
	ok(eval_baseline_parse(slice_of("0.5 0.6"), "f", &v, &e) == -1, "two numbers");
	is_err(&e, ERR_INPUT, "f: '0.5 0.6' is not a number", "with the place");
	ok(eval_baseline_parse(slice_of("nan"), "f", &v, &e) == -1, "nan is none");
	ok(eval_baseline_parse((struct slice){ "0.5\0", 4 }, "f", &v, &e) == -1, "a NUL is none");
}

static int save_once(void *ctx, struct err *e)
{
	json_t *record = json_pack("{s:f}", "value", 0.7);
	int rc = eval_baseline_save("b.txt", 0.7, record, e);

	(void)ctx;
	json_decref(record);
	return rc;
}

static int load_once(void *ctx, struct err *e)
{
	struct eval_baseline b;
	int rc = eval_baseline_load(&b, "b.txt", e);

	(void)ctx;
	eval_baseline_release(&b);
	return rc;
}

static void check_store(void)
{
	struct eval_baseline b;
	struct err e = ERR_INIT;

	write_text("b.txt", "0.7");
	write_text("b.json", "{\"value\": 0.7, \"metric\": \"auc\", \"direction\": \"lower\", "
			     "\"test_hash\": null}");
	ok(!eval_baseline_load(&b, "b.txt", &e) && b.is_recorded, "a record that agrees counts");
	is_text(b.metric, "auc", "its metric");
	is_int(b.direction, EVAL_LOWER, "its direction");
	ok(!b.test_hash, "null is not known");
	eval_baseline_release(&b);
	write_text("b.txt", "0.71");
	ok(!eval_baseline_load(&b, "b.txt", &e) && !b.is_recorded && !b.metric,
		"one that does not agree is left out");
	eval_baseline_release(&b);
	write_text("b.json", "{\"value\": \"x\"}");
	ok(eval_baseline_load(&b, "b.txt", &e) == -1, "one that is damaged is an error");
	is_err(&e, ERR_INPUT, "b.json", "with its name");
	eval_baseline_release(&b);
	survives_oom(save_once, NULL, "storing");
	survives_oom(load_once, NULL, "loading");
	is_int(count_files("."), 2, "nothing is left beside the two files");
}

int main(void)
{
	scratch();
	check_edges();
	check_number();
	check_store();
	return done_testing();
}
