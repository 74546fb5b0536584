/*
 * report_text - findings and measures for people, in columns. Nothing from data reaches a terminal unescaped.
 */
#ifndef CD4ML_EVAL_REPORT_TEXT_H
#define CD4ML_EVAL_REPORT_TEXT_H

#include "eval/measure.h"
#include "eval/report.h"

/** A line for each finding, what failed with its reason below, and a line with the counts. */
void eval_report_text_findings(struct buf *b, const struct eval_report *r);
/** scikit-learn's classification report, the confusion matrix, and the other numbers. */
void eval_report_text_measure(struct buf *b, const struct eval_measure *m);
/** Adds `s` with control characters and malformed UTF-8 escaped. */
void eval_report_text_escape(struct buf *b, struct slice s);

#endif
