/*
 * report_json - findings and measures as JSON documents, owned by the caller. NULL when memory is out.
 *
 * The shapes are told in sanity-check(1) and model-eval(1); they only grow.
 */
#ifndef CD4ML_EVAL_REPORT_JSON_H
#define CD4ML_EVAL_REPORT_JSON_H

#include "base/jdoc.h"
#include "eval/measure.h"
#include "eval/report.h"

/** What was judged, how it came out, and the findings. */
json_t *eval_report_json_findings(const struct eval_report *r, struct err *e) MUST_CHECK;
/** metrics.json: numbers flat at the top, for `dvc metrics show`; what is not defined is null. */
json_t *eval_report_json_measure(const struct eval_measure *m, struct err *e) MUST_CHECK;

#endif
