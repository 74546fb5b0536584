/*
 * experiment - the pipeline with other parameters, in a working tree of its own (stage/copy.h).
 *
 * It begins at HEAD with the changes of tracked files that are not committed. When it ended well, its
 * parameters, dvc.lock and metrics are a commit, refs/cd4ml/exp/NAME in git, whose parent is what it
 * began with; its outputs are in the cache, and its working tree is gone. One that failed keeps its
 * working tree, .dvc/tmp/exp/NAME, to look at.
 */
#ifndef CD4ML_STAGE_EXPERIMENT_H
#define CD4ML_STAGE_EXPERIMENT_H

#include "cas/refs.h"
#include "stage/copy.h"
#include "stage/project.h"

struct stage_experiment {
	const char *name; /* NULL: exp-1, exp-2, ... */
	const char *const
		*set; /* [n_set] "KEY=VALUE" of params.yaml, "FILE:KEY=VALUE" of another */
	size_t n_set;
	const char *command; /* what runs the pipeline: "make repro" */
	const char *shell; /* as stage/exec.h */
};

/**
 * Runs one; any number may run side by side. Adds its name and what became of it to `b`. ERR_INPUT: the
 * name is taken, there is no such parameter, the command failed. After a signal (`stopped_by` of `r`)
 * it is -1 too.
 */
int stage_experiment_run(struct cas_worktree *w, const struct stage_experiment *x,
	struct stage_exec_result *r, struct buf *b, struct err *e) MUST_CHECK;
/**
 * Brings an experiment's files into the workspace. ERR_INPUT, with `force` false, when one was changed
 * there since it began.
 */
int stage_experiment_apply(struct cas_worktree *w, const char *name, bool force, struct buf *b,
	struct err *e) MUST_CHECK;
/** Forgets one, with its working tree if it has one. ERR_INPUT if there is none. */
int stage_experiment_remove(struct cas_worktree *w, const char *name, struct err *e) MUST_CHECK;
/**
 * Adds a table of the workspace and all experiments, the oldest first: parameters in which they differ,
 * and metrics: those of the names in `metrics` if any run has one of them, else all. As JSON:
 * [{"name", "state", "params", "metrics"}] with all of both; `state` is "workspace", "done" or "unfinished".
 */
int stage_experiment_show(struct stage_project *p, bool json, const struct opt_list *metrics,
	struct buf *b, struct err *e) MUST_CHECK;

#endif
