/*
 * report_md - findings and measures as Markdown tables, for a merge request's comment.
 */
#ifndef CD4ML_EVAL_REPORT_MD_H
#define CD4ML_EVAL_REPORT_MD_H

#include "eval/measure.h"
#include "eval/report.h"

void eval_report_md_findings(struct buf *b, const struct eval_report *r);
void eval_report_md_measure(struct buf *b, const struct eval_measure *m);

#endif
