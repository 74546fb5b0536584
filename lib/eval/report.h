/*
 * report - findings as data: what was looked at, and how it was judged. Writers: report_text,
 * report_json, report_junit, report_md.
 */
#ifndef CD4ML_EVAL_REPORT_H
#define CD4ML_EVAL_REPORT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"

enum eval_status { EVAL_PASS, EVAL_WARNING, EVAL_FAIL, EVAL_SKIP };

struct eval_finding {
	enum eval_status status;
	const char *name; /* the rule in words; unique in the report */
	const char *observed; /* "2 of 2 expected"; "" if there is nothing to say */
	const char *detail; /* why it is not a pass, with the place; "" for a pass */
};

struct eval_report {
	const char *tool; /* borrowed; "sanity-check" */
	const char *subject; /* borrowed; the file that was judged */
	struct eval_finding *findings; /* [n], in the order in which they were added */
	size_t n, cap;
	struct arena texts;
};

/**
 * Adds a finding; the texts are copied. A name that is there already gets " (2)", " (3)", ...:
 * GitLab drops test cases of the same name.
 */
int eval_report_add(struct eval_report *r, enum eval_status status, const char *name,
	const char *observed, const char *detail, struct err *e) MUST_CHECK;
size_t eval_report_count(const struct eval_report *r, enum eval_status status);
/** "pass", "warning", "fail", "skip". */
const char *eval_report_status(enum eval_status status);
void eval_report_release(struct eval_report *r);

#endif
