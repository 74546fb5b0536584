/*
 * run - a stage's life: judged, restored or run, its outputs stored, dvc.lock written.
 *
 * A stage that fails leaves dvc.lock as it was, and what it wrote where it is. While its command
 * runs, its paths are claimed as DVC does (cas_repo_claim); dvc.lock and pointers change under
 * DVC's lock. Where another process has claimed one of the paths, it is waited for, and the stage
 * judged again: the other may have made the same.
 */
#ifndef CD4ML_STAGE_RUN_H
#define CD4ML_STAGE_RUN_H

#include "base/output.h"
#include "stage/change.h"
#include "stage/exec.h"

struct stage_run_options {
	bool force; /* run though nothing changed, and ask no run cache */
	bool dry; /* only say what would be done */
	bool no_run_cache; /* neither look there nor store there */
	bool pull; /* bring what is needed, and only the remote has */
	bool allow_missing; /* outputs that are nowhere here do not make a stage run */
	double wait_s; /* for paths that another process has claimed; negative: for ever */
	const char *shell; /* as stage/exec.h */
	struct output *out; /* what is done is told here, a line each; NULL: nowhere */
	int verbose; /* 1: also that nothing was to do */
};

enum stage_outcome { STAGE_WAS_SAME, STAGE_RESTORED, STAGE_FROM_RUN_CACHE, STAGE_RAN };

struct stage_run_result {
	enum stage_outcome outcome;
	struct stage_exec_result exec;
};

/**
 * Brings one stage up to date, those that it needs taken as they are. ERR_INPUT: the command
 * failed, a dependency or parameter is missing, an output was not made. After a signal (result's
 * exec.stopped_by) it is -1 too; the caller raises the signal again.
 */
int stage_run_one(struct stage_project *p, const struct stage_spec *s,
	const struct stage_run_options *o, struct stage_run_result *r, struct err *e) MUST_CHECK;

#endif
