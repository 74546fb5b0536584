/*
 * report_openmetrics - measures in the text form that GitLab's metrics report reads.
 *
 * One `name value` a line, values as %.6g, no blanks or quotes in names, no timestamps, "# EOF" at the
 * end. GitLab compares both as texts, so the form is fixed.
 */
#ifndef CD4ML_EVAL_REPORT_OPENMETRICS_H
#define CD4ML_EVAL_REPORT_OPENMETRICS_H

#include "eval/measure.h"

/** Names are `prefix` and the metric's; what is not defined is left out. */
void eval_report_openmetrics_measure(
	struct buf *b, const struct eval_measure *m, const char *prefix);

#endif
