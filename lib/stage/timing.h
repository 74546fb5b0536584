/*
 * timing - how the last run of each stage's command went: .dvc/tmp/timing/STAGE.json.
 */
#ifndef CD4ML_STAGE_TIMING_H
#define CD4ML_STAGE_TIMING_H

#include "stage/exec.h"
#include "stage/project.h"

/** Writes it down, whether the command succeeded or not. */
int stage_timing_put(struct stage_project *p, const char *stage, const struct stage_exec_result *r,
	struct err *e) MUST_CHECK;
/**
 * Adds a table of all stages in order, those never run here with "-", or JSON: [{"stage", "started"
 * (seconds since 1970), "seconds", "max_rss" (bytes, of the largest process), "status"}].
 */
int stage_timing_format(
	struct stage_project *p, bool json, struct buf *b, struct err *e) MUST_CHECK;

#endif
