/*
 * reports - what a tool tells: the files that its options ask for, and the text or JSON for its output.
 */
#ifndef CD4ML_EVAL_REPORTS_H
#define CD4ML_EVAL_REPORTS_H

#include "eval/measure.h"
#include "eval/report.h"

/** Names of files; NULL: not asked for. */
struct eval_reports {
	const char *junit; /* of findings */
	const char *markdown; /* of both */
	const char *metrics, *html, *openmetrics; /* of measures */
	const char *title; /* of the HTML page */
	const char *prefix; /* of OpenMetrics' names */
	bool json; /* the output is JSON, else text */
};

/** Writes the files of findings, each whole or not at all. */
int eval_reports_save_findings(
	const struct eval_reports *o, const struct eval_report *r, struct err *e) MUST_CHECK;
/** The same, and adds what goes to the output to `out`. */
int eval_reports_tell_findings(const struct eval_reports *o, const struct eval_report *r,
	struct buf *out, struct err *e) MUST_CHECK;
/** Writes the files of measures, and adds what goes to the output to `out`. */
int eval_reports_tell_measure(const struct eval_reports *o, const struct eval_measure *m,
	struct buf *out, struct err *e) MUST_CHECK;

#endif
