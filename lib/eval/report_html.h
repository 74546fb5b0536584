/*
 * report_html - measures as one self-contained page: tables and inline SVG, no script, a few tens of KB.
 */
#ifndef CD4ML_EVAL_REPORT_HTML_H
#define CD4ML_EVAL_REPORT_HTML_H

#include "eval/measure.h"

/** Adds the page; `title` is plain text. */
void eval_report_html_measure(struct buf *b, const struct eval_measure *m, const char *title);

#endif
