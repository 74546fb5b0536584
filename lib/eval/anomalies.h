/*
 * anomalies - what data-check found, as findings of a report: for JUnit.
 */
#ifndef CD4ML_EVAL_ANOMALIES_H
#define CD4ML_EVAL_ANOMALIES_H

#include "eval/report.h"
#include "table/anomaly.h"

/**
 * Adds a finding for each anomaly ("age: INT_TYPE_SMALL_INT"), and a pass for each column that has
 * none. `file` goes before the names if it is not NULL, for reports of several files.
 */
int eval_anomalies_add(struct eval_report *r, const struct table_findings *f, const char *file,
	struct err *e) MUST_CHECK;

#endif
