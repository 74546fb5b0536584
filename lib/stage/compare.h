/*
 * compare - metrics and parameters beside those of a revision of git, as a table.
 *
 *	file               metric     HEAD     now      change
 *	metrics/eval.json  accuracy   0.7441   0.7512   +0.0071
 */
#ifndef CD4ML_STAGE_COMPARE_H
#define CD4ML_STAGE_COMPARE_H

#include "stage/project.h"

enum stage_comparison { STAGE_COMPARE_METRICS, STAGE_COMPARE_PARAMS };

enum stage_compare_format { STAGE_COMPARE_TEXT, STAGE_COMPARE_JSON, STAGE_COMPARE_MARKDOWN };

struct stage_compare {
	enum stage_comparison what;
	enum stage_compare_format format;
	const char *rev; /* revision of git */
	const char *name; /* heads its column; NULL: `rev` */
};

/**
 * Adds the table, for people, in Markdown, or as JSON: [{"file", "name", "old", "new", "change"}]. Metrics are
 * the numbers in the stages' metrics files, at any depth of names; lists are left out. A parameter that is an
 * object is shown by its leaves, as DVC does. A revision that lacks a file counts as one without it; one that
 * is not there is ERR_INPUT.
 */
int stage_compare_format(struct stage_project *p, const struct stage_compare *c, struct buf *b,
	struct err *e) MUST_CHECK;

#endif
