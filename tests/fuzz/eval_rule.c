/*
 * eval/rule: whatever the document is, the rules are refused with a message or complete; each has a name and
 * what its check needs.
 */
#include "base/ydoc.h"
#include "eval/rule.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct eval_rules rules = { 0 };
	struct err e = ERR_INIT;
	json_t *doc = ydoc_parse((struct slice){ (const char *)data, size }, "fuzz", &e);
	int rc;

	if (!doc)
		return 0;
	rc = eval_rule_parse(&rules, doc, "fuzz", &e);
	json_decref(doc);
	MUST((rc == 0) == (e.code == ERR_NONE));
	for (size_t i = 0; i < rules.n && !rc; i++) {
		const struct eval_rule *r = &rules.rules[i];
		bool folds = r->check == EVAL_CHECK_OUTLIER || r->check == EVAL_CHECK_FOLDS;

		MUST(r->name);
		MUST(folds == (r->metrics != NULL));
		MUST((r->column != NULL) == (!folds && r->check != EVAL_CHECK_ROWS));
		MUST(r->check != EVAL_CHECK_IN || r->n_values > 0);
		MUST(r->check != EVAL_CHECK_SHARE || r->n_values == 1);
		MUST(r->bound.has_expected || r->bound.low <= r->bound.high);
	}
	eval_rule_release(&rules);
	return 0;
}
