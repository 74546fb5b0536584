/*
 * eval/gate: a number, a newline, then one JSON document that is both the metrics and the record. Whatever they are: a
 * message or a verdict; what passes fails when it is judged against itself.
 */
#include <string.h>

#include "eval/gate.h"
#include "fuzz.h"

static void judge(json_t *doc, struct eval_baseline *b)
{
	struct eval_gate_rule rule = { .metric = "a.b", .allow_new_test = true };
	struct eval_gate_result r;
	struct err e = ERR_INIT;

	rule.direction = b->is_recorded ? EVAL_AUTO : EVAL_HIGHER;
	if (eval_gate_judge(doc, "fuzz", b, &rule, NULL, &r, &e)) {
		MUST(e.code == ERR_INPUT);
		return;
	}
	if (r.verdict == EVAL_BETTER) {
		b->value = r.value;
		MUST(!eval_gate_judge(doc, "fuzz", b, &rule, NULL, &r, &e));
		MUST(r.verdict == EVAL_SAME);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = size ? memchr(p, '\n', size) : NULL;
	struct eval_baseline b = EVAL_BASELINE_INIT;
	struct err e = ERR_INIT;
	json_t *doc;

	if (!end)
		return 0;
	if (eval_baseline_parse((struct slice){ p, (size_t)(end - p) }, "fuzz", &b.value, &e)) {
		MUST(e.code == ERR_INPUT);
		return 0;
	}
	doc = jdoc_parse((struct slice){ end + 1, size - (size_t)(end + 1 - p) }, "fuzz", &e);
	if (!doc)
		return 0;
	if (!eval_baseline_parse_record(&b, doc, "fuzz", &e))
		judge(doc, &b);
	json_decref(doc);
	eval_baseline_release(&b);
	return 0;
}
