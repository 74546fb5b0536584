/*
 * findings - what validation found, as lines for people and as JSON.
 */
#ifndef CD4ML_TABLE_FINDINGS_H
#define CD4ML_TABLE_FINDINGS_H

#include "base/jdoc.h"
#include "table/anomaly.h"

/**
 * Adds a line for each finding, "FILE: error: COLUMN: ANOMALY: short: detail; N rows (P %)", and
 * one with the counts. Nothing from data reaches a terminal unescaped.
 */
int table_findings_text(
	const struct table_findings *f, const char *file, struct buf *b, struct err *e) MUST_CHECK;

/**
 * {"file", "rows", "columns", "errors", "warnings", "anomalies": [{"column" (null: the table),
 * "anomaly", "severity", "short", "message", "count", "share", "row", "line", "value"}]}; owned by
 * the caller.
 */
json_t *table_findings_json(
	const struct table_findings *f, const char *file, struct err *e) MUST_CHECK;

#endif
