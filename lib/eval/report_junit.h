/*
 * report_junit - findings as JUnit XML, in the form that GitLab shows whole.
 *
 * One failure a test case, its reason as text (a message alone is not shown), no `type`, unique names.
 * A warning is a skipped test case that says so: it is seen and fails nothing.
 */
#ifndef CD4ML_EVAL_REPORT_JUNIT_H
#define CD4ML_EVAL_REPORT_JUNIT_H

#include "eval/report.h"

/** Adds the whole document. */
void eval_report_junit_findings(struct buf *b, const struct eval_report *r);

#endif
