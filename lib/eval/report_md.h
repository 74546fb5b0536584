/*
 * report_md - findings and measures as Markdown tables, for a merge request's comment.
 */
#ifndef CD4ML_EVAL_REPORT_MD_H
#define CD4ML_EVAL_REPORT_MD_H

#include "eval/measure.h"
#include "eval/report.h"

/** A table of the findings. */
void eval_report_md_findings(struct buf *b, const struct eval_report *r);
/** A table of the metrics that are defined, and one of the classes. */
void eval_report_md_measure(struct buf *b, const struct eval_measure *m);

#endif
