/*
 * project - a pipeline with all that judging and running its stages needs: repository, dvc.lock,
 * graph, files of parameters.
 */
#ifndef CD4ML_STAGE_PROJECT_H
#define CD4ML_STAGE_PROJECT_H

#include "cas/worktree.h"
#include "stage/graph.h"
#include "stage/lockfile.h"
#include "stage/params.h"

struct stage_project {
	struct cas_worktree *tree;
	struct stage_pipeline pipeline;
	struct stage_graph graph;
	struct stage_params params;
	json_t *lock;
	char *yaml_path, *lock_path; /* absolute */
};

/**
 * Opens the pipeline of the current folder. `doc` (borrowed) is the document of its dvc.yaml where
 * that is known better than from the file; NULL: the file is read, which must be there. `pool` and
 * `diag` are borrowed.
 */
int stage_project_open(struct stage_project *p, const json_t *doc, struct pool *pool,
	struct diag *diag, struct err *e) MUST_CHECK;
/** Takes a zeroed one too. */
void stage_project_close(struct stage_project *p);
/** Reads dvc.lock again, as another process may have changed it. */
int stage_project_reload(struct stage_project *p, struct err *e) MUST_CHECK;

/** Replaces the stage's entry (borrowed) in the newest dvc.lock, under DVC's lock. */
int stage_project_record(
	struct stage_project *p, const char *stage, json_t *entry, struct err *e) MUST_CHECK;

/** What is at the path, or not: 1, 0, -1. */
int stage_project_hash(
	struct stage_project *p, const char *full, struct cas_content *c, struct err *e) MUST_CHECK;
/**
 * What dvc.lock or a .dvc file says should be at the path: 1; 0 nothing says anything; 2 something
 * does, but the list of the folder that it lies in is not in the cache; -1.
 */
int stage_project_recorded(
	struct stage_project *p, const char *full, struct cas_content *c, struct err *e) MUST_CHECK;

/**
 * The recorded output, or .dvc file's output, that `full` is or lies in: its path into the emptied `holder`,
 * and what it should hold. 1, 0 there is none (or no hash yet), -1.
 */
int stage_project_holder(struct stage_project *p, const char *full, struct buf *holder,
	struct cas_content *c, struct err *e) MUST_CHECK;

/** An item of `deps` or `outs` as dvc.lock has it. Owned by the caller; NULL: no memory. */
json_t *stage_project_item(const char *path, const struct cas_content *c, struct err *e) MUST_CHECK;

#endif
